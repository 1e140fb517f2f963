"""Guess which columns point at which others, by comparing their values; pure.

A guess says no more than was seen: how many of the distinct values of one column are among those of
another one, which is unique in the sample. Names, and how far numbers are apart, decide only
whether that is worth telling: small whole numbers are in every table's `id`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

from dango_dbt.sampled import FoundReference
from dango_dbt.sampling.names import SAME, SOME, WELL, name_fit

__all__ = ["ColumnValues", "guessed"]

#: dlt's types whose values can be keys.
_KINDS = frozenset({"bigint", "text"})
#: So many distinct values of a text say something with no help from names, or with some.
_TELLING, _FEW = 10, 2
#: Numbers are close together where less than one in so many is missing; longer ones are texts.
_SPREAD, _LONGEST = 10, 20


@dataclass(frozen=True)
class ColumnValues:
    """What one column holds in a sample.

    Attributes:
        kind: dlt's word for its type.
        values: its distinct values, without null.
        unique: no two rows have the same, and none has null.
        complete: the sample holds all rows of its table.
        points: a reference of it is known already, or it can be none.
    """

    table: str
    column: str
    kind: str
    values: frozenset[Hashable]
    unique: bool
    complete: bool
    points: bool = False


def guessed(
    columns: Sequence[ColumnValues], related: Collection[tuple[str, str]] = ()
) -> list[FoundReference]:
    """Say for each column which unique one its values are in, if that is more than chance.

    Where the other table was read in part, some of the values are enough for a column that is named
    after it.

    Args:
        columns: of all tables.
        related: pairs of tables of which the first is known to point at the second. Between these,
            and those where a name fits well, no other name counts: beside a key there are often
            copies of what it points at.
    """
    unique = [column for column in columns if column.unique and column.kind in _KINDS]
    found: list[tuple[ColumnValues, ColumnValues, int]] = []
    for column in columns:
        if column.points or column.kind not in _KINDS or len(column.values) < _FEW:
            continue
        ranked = [
            (_rank(column, other), other)
            for other in unique
            if other is not column and other.kind == column.kind and _tells(column, other)
        ]
        best = max((rank for rank, _ in ranked), default=None)
        found += [(column, other, rank[1]) for rank, other in ranked if rank == best]
    pairs = {(column.table, other.table) for column, other, fit in found if fit == WELL}
    pairs.update(related)
    return [
        _reference(column, other)
        for column, other, fit in found
        if fit == WELL or (column.table, other.table) not in pairs
    ]


def _tells(column: ColumnValues, other: ColumnValues) -> bool:
    """Whether the values, with the names, are more than chance."""
    whole = column.values <= other.values
    if not whole and (other.complete or column.values.isdisjoint(other.values)):
        return False
    fit = name_fit(column.table, column.column, other.table, other.column)
    if not whole:
        return fit == WELL
    if fit >= SAME:
        return True
    return not _close(other.values) and (fit == SOME or len(column.values) >= _TELLING)


def _close(values: Collection[Hashable]) -> bool:
    """Whether they are whole numbers close together, which other numbers are among by chance."""
    numbers = [
        int(value)
        for value in map(str, values)
        if value.isascii() and value.isdecimal() and len(value) < _LONGEST
    ]
    if len(numbers) < len(values):
        return False
    return max(numbers) - min(numbers) < _SPREAD * len(numbers)


def _rank(column: ColumnValues, other: ColumnValues) -> tuple[bool, int, float]:
    """Order candidates: all values there, the names, and how much of the other table is used."""
    included = len(column.values & other.values)
    whole = included == len(column.values)
    fit = name_fit(column.table, column.column, other.table, other.column)
    return whole, fit, included / max(len(other.values), 1)


def _reference(column: ColumnValues, other: ColumnValues) -> FoundReference:
    included, distinct = len(column.values & other.values), len(column.values)
    evidence = (
        f"{included:,} of {distinct:,} distinct values of {column.table}.{column.column} are in"
        f" {other.table}.{other.column}, which is unique in its {len(other.values):,} rows"
    )
    if not other.complete:
        evidence += " of the sample"
    return FoundReference(
        column.table,
        (column.column,),
        other.table,
        (other.column,),
        "guess",
        evidence,
        included,
        distinct,
    )
