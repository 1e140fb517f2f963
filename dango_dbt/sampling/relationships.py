"""Guess which columns point at which others, by comparing their values; pure.

A guess says no more than was seen: how many of the distinct values of one column are among those of
another one, which is unique in the sample. Names, and how far numbers are apart, decide only
whether that is worth telling: small whole numbers are in every table's `id`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dango_dbt.sampled import FoundReference
from dango_dbt.sampling.names import SAME, SOME, WELL, identifies, name_fit

__all__ = ["ColumnValues", "guessed"]

#: dlt's types whose values can be keys.
_KINDS = frozenset({"bigint", "text"})
#: So many distinct values of a text say something with no help from names, or with some.
_TELLING, _FEW = 10, 2
#: Numbers are close together where less than one in so many is missing; longer ones are texts.
_SPREAD, _LONGEST = 10, 20

_Rank: TypeAlias = tuple[bool, int, int, bool, float, int]


@dataclass(frozen=True)
class ColumnValues:
    """What one column holds in a sample.

    Attributes:
        kind: dlt's word for its type.
        values: its distinct values, without null.
        unique: no two rows have the same, and none has null.
        complete: the sample holds all rows of its table.
        points: a reference of it is known already, or it can be none.
        key: the key of its table: 2 if it is declared so, 1 if it is the `id` of a table without a
            declared key, 0 if it is none.
    """

    table: str
    column: str
    kind: str
    values: frozenset[Hashable]
    unique: bool
    complete: bool
    points: bool = False
    key: int = 0


def guessed(
    columns: Sequence[ColumnValues], related: Collection[tuple[str, str]] = ()
) -> list[FoundReference]:
    """Say for each column which unique one its values are in, if that is more than chance.

    Where the other table was read in part, some of the values are enough for a column that is named
    after it.

    Args:
        columns: of all tables.
        related: pairs of tables of which the first is known to point at the second. Between these,
            and those where a name fits well or a key is pointed at, no other name counts: beside a
            key there are often copies of what it points at.
    """
    keyed = {column.table for column in columns if column.key}
    targets = [
        column
        for column in columns
        if column.unique and column.kind in _KINDS and not column.points
    ]
    found: list[_Guess] = []
    for column in columns:
        if column.points or column.kind not in _KINDS or len(column.values) < _FEW:
            continue
        guesses = [
            _Guess(column, other, _rank(column, other))
            for other in targets
            if other is not column
            and other.kind == column.kind
            and other.key >= column.key  # nothing else is what a key refers to
            and _tells(column, other, keyed=other.table in keyed)
        ]
        best = max((guess.rank for guess in guesses), default=None)
        found += [guess for guess in guesses if guess.rank == best]
    to_keys = _both_ways(guess.tables for guess in found if guess.other.key)
    to_any = _both_ways([*(guess.tables for guess in found if guess.fit == WELL), *related])
    kept: set[tuple[ColumnValues, ColumnValues]] = set()
    for guess in sorted(found, key=lambda guess: guess.rank, reverse=True):
        named = guess.fit == WELL or guess.tables not in to_any
        tells = guess.other.key or (named and guess.tables not in to_keys)
        if tells and (guess.other, guess.column) not in kept:
            kept.add((guess.column, guess.other))
    return [_reference(one.column, one.other) for one in found if (one.column, one.other) in kept]


@dataclass(frozen=True)
class _Guess:
    """A column, the one that it may point at, and how good a guess that is."""

    column: ColumnValues
    other: ColumnValues
    rank: _Rank

    @property
    def fit(self) -> int:
        return self.rank[1]

    @property
    def tables(self) -> tuple[str, str]:
        return self.column.table, self.other.table


def _both_ways(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    return {either for one, other in pairs for either in ((one, other), (other, one))}


def _tells(column: ColumnValues, other: ColumnValues, *, keyed: bool) -> bool:
    """Whether the values, with the names, are more than chance.

    Where the other table has a key (`keyed`) and this is not it, it is unique by chance more often
    than not, and a name has to say that it is meant: `customer_email` → `customers.email`.
    """
    whole = column.values <= other.values
    if not whole and (other.complete or column.values.isdisjoint(other.values)):
        return False
    fit = name_fit(column.table, column.column, other.table, other.column)
    if not whole or (keyed and not other.key and not identifies(column.column, other.column)):
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


def _rank(column: ColumnValues, other: ColumnValues) -> _Rank:
    """Order candidates.

    By all values being there, the names, keys, how much of the other table is used, and nesting.
    """
    included = len(column.values & other.values)
    whole = included == len(column.values)
    fit = name_fit(column.table, column.column, other.table, other.column)
    share = included / max(len(other.values), 1)
    known = identifies(column.column, other.column)
    return whole, fit, other.key, known, share, -other.table.count("__")


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
