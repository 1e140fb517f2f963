"""Whether the name of a column says that it points at another one; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

__all__ = ["NOT", "SAME", "SOME", "WELL", "identifies", "name_fit"]

#: What points from a row to another one of its table is named so.
_TREE = frozenset({"ancestor", "manager", "parent", "previous", "root"})
#: Words that begin the name of a number, and not of a key.
_COUNTS = frozenset({"avg", "count", "max", "min", "n", "num", "sum", "total"})
#: Words that end the name of a key, by their stems.
_KEY_WORDS = frozenset({"id", "key", "cod", "uuid", "guid", "no", "number", "ref"})
#: Likewise: names that columns of any table may have.
_GENERIC = _KEY_WORDS | {"email", "nam", "status", "titl", "typ"}
#: Likewise: what a thing is told by beside its key.
_SECOND_KEYS = frozenset({"cod", "email", "isbn", "login", "number", "sku", "slug", "uuid"})
#: How well names fit: not at all; the column is named like a key, like the other one, or after
#: the other table.
NOT, SOME, SAME, WELL = 0, 1, 2, 3


def name_fit(table: str, column: str, other_table: str, other_column: str) -> int:
    """Tell how well a column's name fits one that it may point at, from 0 (not) to 3 (well).

    Args:
        table: the table of the column that may point.
        column: its name.
        other_table: the table that it may point at.
        other_column: the column there.
    """
    words, key = _words(column), _words(other_column)
    if not words or words[0] in _COUNTS:
        return NOT
    others = _words(other_table.rpartition("__")[2])
    named_key = len(words) > 1 and words[-1] in _KEY_WORDS
    one = not column.lower().endswith("s") or column.lower().endswith(words[-1])
    same_key, same_table = words == key, _words(table.rpartition("__")[2]) == others
    rules = (
        (WELL, _ends_with(words, [*others, *key])),  # billing_user_id → users.id
        (WELL, named_key and _ends_with(words[:-1], others)),  # user_key → users.id
        (WELL, one and _ends_with(words, others)),  # user → users.id; users is how many
        (WELL, same_key and same_table and key[0] in _KEY_WORDS),  # carts__products.id
        (SAME, same_key and not (len(key) == 1 and key[0] in _GENERIC)),  # planes.tailnum
        (SAME, named_key and table == other_table and words[-2] in _TREE),  # parent_id → id
        (SOME, named_key),
    )
    return next((fit for fit, holds in rules if holds), NOT)


def identifies(column: str, other_column: str) -> bool:
    """Tell whether both are named like what identifies a thing: `buyer_email` and `email`."""
    words, key = _words(column), _words(other_column)
    return bool(key) and key[-1] in _SECOND_KEYS and _ends_with(words, key)


@cache
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
