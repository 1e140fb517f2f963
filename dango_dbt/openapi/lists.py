"""Finds a description's list endpoints, with their names, keys and parents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dango_dbt.openapi.answers import Answer, answer_of
from dango_dbt.openapi.keys import Cursor, Key, field_of, key_of
from dango_dbt.openapi.names import (
    free,
    header,
    identifier,
    plain,
    resource_name,
    segments,
    shared_start,
    singular,
)
from dango_dbt.openapi.pagination import Pages, asks_for_pages, pages_of
from dango_dbt.openapi.schemas import Document, types
from dango_dbt.openapi.specification import Operation, Parameter

__all__ = ["LeftOut", "Listed", "find_lists", "find_parents"]


@dataclass(frozen=True)
class LeftOut:
    """An endpoint that is not read, and why."""

    path: str
    reason: str


@dataclass
class Listed:
    """A list endpoint.

    Attributes:
        detail: the parameter that the path of a single such thing ends with.
        cursor: what new rows are asked for by.
        parent: the resource whose rows its path, or a needed parameter, asks for.
        fields: parameter → the field of the parent's rows that it takes.
        unknown: needed parameters that nothing in the description gives.
    """

    name: str
    operation: Operation
    answer: Answer
    pages: Pages
    detail: str | None
    key: Key | None
    cursor: Cursor | None = None
    parent: Listed | None = None
    fields: dict[str, str] = field(default_factory=dict)
    unknown: list[Parameter] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The endpoint's path, as the description has it."""
        return self.operation.path

    def column(self, name: str) -> str:
        """Name the column that a field of this resource has in its children, as dlt does."""
        return f"_{self.name}_{name}"


def find_lists(
    document: Document, asked: Sequence[Operation]
) -> tuple[list[Listed], list[LeftOut]]:
    """Find the list endpoints; gives those that are none too, with the reason."""
    found: list[tuple[Operation, Answer]] = []
    out: list[LeftOut] = []
    for operation in asked:
        reason = _hindrance(operation)
        answer = answer_of(document, operation, pages=asks_for_pages(operation))
        if reason or isinstance(answer, str):
            out.append(LeftOut(operation.path, reason or _WORDS[str(answer)]))
        else:
            found.append((operation, answer))
    details = _details(asked)
    skip = shared_start(operation.path for operation, _ in found)
    lists: dict[str, Listed] = {}
    for operation, answer in found:
        pages = pages_of(document, operation, answer)
        if not _all_plain(answer, pages):
            out.append(LeftOut(operation.path, "names in its answer are no plain names"))
            continue
        name = free(resource_name(operation.path, skip), lists)
        detail = details.get(_plain(operation.path))
        key = key_of(document, answer.item, name, detail)
        lists[name] = Listed(name, operation, answer, pages, detail, key)
    return list(lists.values()), out


def find_parents(document: Document, lists: Sequence[Listed]) -> None:
    """Find out for each list which other gives what its path asks for: `/users/{user_id}/orders`.

    dlt knows one parent of a list; what else it needs may be what the parent itself has taken from
    its own. What no list gives is kept as unknown.
    """
    by_path = {_plain(one.path): one for one in lists}
    for child in sorted(lists, key=lambda one: one.path.count("{")):
        in_path = _in_order(child.operation)
        for param in reversed(in_path):
            before = child.path.partition(f"{{{param.name}}}")[0]
            parent = by_path.get(_plain(before))
            if child.parent is None and parent is not None and parent is not child:
                _take(document, child, param, parent)
        needed = [one for one in _needed(child.operation) if one.name not in child.pages.uses]
        for param in reversed([*in_path, *needed]):
            if child.parent is None:
                _take_by_name(document, child, param, lists)
        left = [one for one in [*in_path, *needed] if one.name not in child.fields]
        for param in left:
            inherited = _inherited(child, param)
            if inherited:
                child.fields[param.name] = inherited
            else:
                child.unknown.append(param)


_WORDS: Mapping[str, str] = {
    "no schema": "its answer is not described as JSON",
    "a single thing": "it gives a single thing, no list",
    "no list of records": "its answer holds no list of records",
}


def _all_plain(answer: Answer, pages: Pages) -> bool:
    """Tell whether no name would be taken for a place where a value is put in."""
    return all(plain(text) for text in (answer.selector.removeprefix("$"), *pages.names()))


#: Ends of paths that give again what is listed elsewhere.
_SEARCHES = frozenset({"search", "scroll", "find", "lookup", "suggest", "autocomplete"})


def _hindrance(operation: Operation) -> str | None:
    """Say why an endpoint cannot be read at all; None where it can."""
    path = operation.path
    last = identifier(segments(path)[-1]) if segments(path) else ""
    fixed = re.sub(r"\{[^{}]+\}", "", path)
    reasons = {
        "it is deprecated": operation.deprecated,
        "it asks for a body": operation.needs_body,
        "it is served at an address of its own": operation.elsewhere,
        "it searches in what other endpoints list": last in _SEARCHES,
        "its path is no plain path": not re.fullmatch(r"/[^\s\\]*", fixed) or not plain(fixed),
    }
    found = next((reason for reason, so in reasons.items() if so), None)
    impossible = (_impossible(one) for one in operation.parameters)
    return found or next((reason for reason in impossible if reason), None)


def _impossible(param: Parameter) -> str | None:
    """Say why a parameter cannot be given, which an endpoint needs; None where it can."""
    if not param.required or param.where == "path":
        return None
    if param.where == "cookie":
        return f"it needs the cookie `{param.name}`"
    if "object" in types(param.schema):
        return f"it needs `{param.name}`, an object"
    good = header(param.name) if param.where == "header" else plain(param.name)
    return None if good else "it needs a parameter whose name is no plain name"


def _plain(path: str) -> str:
    """Write a path so that two that mean the same are equal."""
    return "/".join("{}" if "{" in part else part for part in segments(path))


def _details(asked: Sequence[Operation]) -> dict[str, str]:
    """Give the parameter that names a single thing, by the path of the list before it.

    `/users/{login}` says so, and so does `/users/{login}/orders` where the former is not described.
    """
    found: dict[str, str] = {}
    for operation in sorted(asked, key=lambda one: len(segments(one.path))):
        parts = segments(operation.path)
        for at, part in enumerate(parts):
            single = re.fullmatch(r"\{([^{}]+)\}", part)
            if single:
                found.setdefault(_plain("/".join(parts[:at])), single[1])
    return found


def _in_order(operation: Operation) -> list[Parameter]:
    """Give the parameters of a path, as they stand in it."""
    by_name = {one.name: one for one in operation.named("path")}
    return [by_name[name] for name in re.findall(r"\{([^{}]+)\}", operation.path)]


def _needed(operation: Operation) -> list[Parameter]:
    return [one for one in operation.named("query", "header") if one.required]


def _take(document: Document, child: Listed, param: Parameter, parent: Listed) -> None:
    """Let a parameter take a field of the parent's rows, where they have one for it."""
    key = parent.key.name if parent.key else None
    found = field_of(document, parent.answer.item, parent.name, param.name, key)
    if found is not None:
        child.parent = parent
        child.fields[param.name] = found


def _take_by_name(
    document: Document, child: Listed, param: Parameter, lists: Sequence[Listed]
) -> None:
    """Let `location_id` take the key of `locations`, where there is one such list."""
    thing = re.fullmatch(r"(\w+)_(id|uuid|guid|key)", identifier(param.name))
    if thing is None:
        return
    fit = [
        one
        for one in lists
        if singular(one.name) == thing[1]
        and one is not child
        and "{" not in one.path
        and not _needed(one.operation)
    ]
    if len(fit) == 1:
        _take(document, child, param, fit[0])
        if child.parent is not None:
            child.guesses.append(f"`{param.name}` is taken from `{fit[0].name}`, by its name")


def _inherited(child: Listed, param: Parameter) -> str | None:
    """Name the column in which the parent's rows hold what the parent has taken from its own."""
    parent = child.parent
    if parent is None or parent.parent is None or param.name not in parent.fields:
        return None
    if param.where == "path":
        same = parent.path.startswith(child.path.partition(f"{{{param.name}}}")[0])
    else:
        same = child.path.startswith(f"{parent.path}/")
    if not same:
        return None
    return parent.parent.column(parent.fields[param.name])
