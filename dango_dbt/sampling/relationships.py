"""Guess which columns point at which others, by comparing their values; pure.

A guess says no more than was seen: how many of the distinct values of one column are among those of
another one, which is unique in the sample. Names decide only whether that is worth telling: small
whole numbers are in every table's `id`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass

from dango_dbt.sampled import FoundReference

__all__ = ["ColumnValues", "guessed", "name_fit"]

#: dlt's types whose values can be keys.
_KINDS = frozenset({"bigint", "text"})
#: So many distinct values of a text say something with no help from names, or with some.
_TELLING, _FEW = 10, 2
#: Words that begin the name of a number, and not of a key.
_COUNTS = frozenset({"avg", "count", "max", "min", "n", "num", "sum", "total"})
#: Words that end the name of a key, by their stems.
_KEY_WORDS = frozenset({"id", "key", "cod", "uuid", "guid", "no", "number", "ref"})
#: Likewise: names that columns of any table may have.
_GENERIC = _KEY_WORDS | {"email", "nam", "status", "titl", "typ"}
#: How well names fit: not at all; the column is named like a key, like the other one, or after
#: the other table.
_NONE, _SOME, _SAME, _WELL = 0, 1, 2, 3


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

    Where the other table was read in part, some of the values are enough if the names fit well.

    Args:
        columns: of all tables.
        related: pairs of tables of which the first is known to point at the second: between these
            only names that fit well count, since copied texts are often beside a key.
    """
    unique = [column for column in columns if column.unique and column.kind in _KINDS]
    found: list[FoundReference] = []
    for column in columns:
        if column.points or column.kind not in _KINDS or len(column.values) < _FEW:
            continue
        ranked = [
            (_rank(column, other), other)
            for other in unique
            if other is not column and other.kind == column.kind and _tells(column, other, related)
        ]
        if ranked:
            best = max(rank for rank, _ in ranked)
            found += [_reference(column, other) for rank, other in ranked if rank == best]
    return found


def name_fit(table: str, column: str, other_table: str, other_column: str) -> int:
    """Tell how well a column's name fits one that it may point at, from 0 (not) to 3 (well).

    Args:
        table: the table of the column that may point.
        column: its name.
        other_table: the table that it may point at.
        other_column: the column there.
    """
    words, key = _words(column), _words(other_column)
    others = _words(other_table.rpartition("__")[2])
    if not words or words[0] in _COUNTS:
        return _NONE
    if _ends_with(words, [*others, *key]):
        return _WELL  # user_id, billing_user_id → users.id
    named_key = len(words) > 1 and words[-1] in _KEY_WORDS
    one = not column.lower().endswith("s") or words[-1] == column.lower().rpartition("_")[2]
    if _ends_with(words[:-1] if named_key else words, others) and (named_key or one):
        return _WELL  # user, user_key → users.id; but users is how many there are
    if words == key and not (len(key) == 1 and key[0] in _GENERIC):
        return _SAME  # tailnum → planes.tailnum
    same = _words(table.rpartition("__")[2]) == others
    if words == key and same and key[0] in _KEY_WORDS:
        return _WELL  # carts__products.id → products.id
    return _SOME if named_key else _NONE


def _tells(column: ColumnValues, other: ColumnValues, related: Collection[tuple[str, str]]) -> bool:
    """Whether the values, with the names, are more than chance."""
    fit = name_fit(column.table, column.column, other.table, other.column)
    if (column.table, other.table) in related and fit < _SAME:
        return False
    included = len(column.values & other.values)
    if included < len(column.values):
        return bool(included) and not other.complete and fit >= _SAME
    if column.kind == "text":
        return fit > _NONE or included >= _TELLING
    return fit > _NONE


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


def _words(name: str) -> list[str]:
    """Split a name into words, each by what its singular and its plural share."""
    return [_stem(word) for word in name.lower().split("_") if word]


def _stem(word: str) -> str:
    """Take off what makes an English plural, as far as that is regular, and a silent e."""
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004 - "ties", not "categories"
        return word[:-3] + "y"
    if word.endswith("es"):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word.removesuffix("s").removesuffix("e")


def _ends_with(words: Sequence[str], end: Iterable[str]) -> bool:
    tail = list(end)
    return bool(tail) and list(words[-len(tail) :]) == tail
