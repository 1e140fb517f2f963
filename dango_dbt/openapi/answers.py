"""Finds the list in an answer: where it stands, what its items are, and what stands around it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dango_dbt.openapi.names import identifier, segments, singular
from dango_dbt.openapi.schemas import Document, Level, level, properties, types
from dango_dbt.openapi.specification import Operation
from dango_dbt.openapi.vocabulary import AROUND, BESIDE, RECORDS

__all__ = ["Answer", "Path", "answer_of", "json_path", "scalar"]

Path: TypeAlias = tuple[str, ...]

#: How deep in an answer a list, or what leads to its next page, is looked for.
_DEEPEST = 3
_MOST_FIELDS = 500


@dataclass(frozen=True)
class Answer:
    """An answer that holds a list.

    Attributes:
        at: the list's place in it; empty where the answer is the list.
        item: one level of the items' schema.
        around: every other field, with its place; empty where the answer is the list.
        required: the places of fields that are always there.
    """

    at: Path
    item: Level = field(repr=False)
    around: dict[Path, Level] = field(default_factory=dict, repr=False)
    required: frozenset[Path] = frozenset()

    @property
    def selector(self) -> str:
        """The list's JSONPath, as dlt reads it."""
        return json_path(self.at) if self.at else "$"


def answer_of(
    document: Document, operation: Operation, *, pages: bool
) -> Answer | Literal["no schema", "a single thing", "no list of records"]:
    """Find the list in an operation's answer; else say what is there.

    Args:
        document: the description.
        operation: one of its.
        pages: its parameters ask for pages, so that there must be a list.
    """
    whole = level(document, operation.answer)
    if "array" in types(whole):
        return Answer((), level(document, whole.get("items")))
    if not properties(whole):
        return "no schema" if not whole else "no list of records"
    fields = dict(_fields(document, whole))
    lists = {
        place: level(document, found.get("items"))
        for place, (found, _) in fields.items()
        if "array" in types(found) and identifier(place[-1]) not in BESIDE
    }
    ends = segments(operation.path)[-1:]
    detail = bool(ends) and "{" in ends[0]
    if detail and not pages:
        return "a single thing"
    names = {identifier(part) for part in segments(operation.path) if "{" not in part}
    place = _chosen(lists, fields, names, pages=pages)
    if place is None:
        return "no list of records"
    around = {at: found for at, (found, _) in fields.items() if at != place}
    required = frozenset(at for at, (_, always) in fields.items() if always)
    return Answer(place, lists[place], around, required)


def json_path(place: Path) -> str:
    """Write a place as a JSONPath; names that are no plain words are put in quotes."""
    plain = re.compile(r"[A-Za-z_]\w*", flags=re.ASCII)
    return ".".join(name if plain.fullmatch(name) else _quoted(name) for name in place)


def scalar(found: Level) -> bool:
    """Tell whether a level is neither a list nor an object, nor could be one."""
    named = types(found)
    return bool(named) and not named & {"array", "object"}


def _quoted(name: str) -> str:
    return f"'{name}'" if "'" not in name else f'"{name}"'


def _fields(document: Document, whole: Level) -> Iterator[tuple[Path, tuple[Level, bool]]]:
    """Give the fields of an answer, outer ones first, and whether each is always there."""
    waiting: deque[tuple[Path, Level, bool]] = deque([((), whole, True)])
    given = 0
    while waiting and given < _MOST_FIELDS:
        place, outer, always = waiting.popleft()
        needed = outer.get("required")
        for name, schema in properties(outer).items():
            found = level(document, schema)
            there = always and isinstance(needed, list) and name in needed
            there = there and found.get("nullable") is not True
            yield (*place, name), (found, there)
            given += 1
            if "array" not in types(found) and len(place) + 1 < _DEEPEST:
                waiting.append(((*place, name), found, there))


def _within_record(place: Path, fields: Mapping[Path, object]) -> bool:
    """Tell whether a list belongs to a thing of its own within the answer."""
    return any((*place[:depth], "id") in fields for depth in range(1, len(place)))


def _chosen(
    lists: dict[Path, Level],
    fields: dict[Path, tuple[Level, bool]],
    names: set[str],
    *,
    pages: bool,
) -> Path | None:
    """Choose the list of records among an answer's lists; None where it has none."""

    def named(place: Path) -> bool:
        name = identifier(place[-1])
        return name in RECORDS or name in names or name in {singular(one) for one in names}

    top = {identifier(place[-1]) for place in fields if len(place) == 1}
    single = "id" in top or "uuid" in top
    good = [place for place in lists if named(place) and not _within_record(place, fields)]
    good = [place for place in good if not single or pages]
    # Outer ones come first; among those of a depth, a list of objects is meant.
    good.sort(key=lambda place: (len(place), scalar(lists[place])))
    if good and (pages or not scalar(lists[good[0]]) or len(lists) == 1):
        return good[0]
    outer = [place for place in lists if len(place) == 1 and not scalar(lists[place])]
    rest = [
        place
        for place in fields
        if len(place) == 1
        and place not in outer
        and not re.fullmatch(AROUND, identifier(place[-1]))
    ]
    return outer[0] if len(outer) == 1 and not single and (pages or not rest) else None
