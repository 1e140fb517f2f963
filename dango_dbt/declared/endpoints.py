"""What dlt's types do not show of a REST configuration: values that it trips over later, or takes.

All look at a configuration in dlt's words, whose types are right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, TypeAlias

from dlt.common.jsonpath import compile_path
from dlt.sources.rest_api.config_setup import build_resource_dependency_graph, create_paginator
from jsonpath_ng.exceptions import JSONPathError

from dango_dbt.declared.checking import Mistake
from dango_dbt.declared.spelling import CURSOR, INCREMENTAL_WORDS
from dango_dbt.errors import first_line

__all__ = ["cursors", "doubtful", "paginators", "selectors"]

_KeyPath: TypeAlias = tuple[str | int, ...]

_SHARED = (
    "has one cursor for all its parents: where there are several, rows of one that are older than"
    " the newest of another, such as those of a new parent, are left out"
)
_APART = "leave `incremental` out, and say `write_disposition: replace`, or `merge` with a key"
_ONCE = (
    "say `write_disposition: replace`, or `merge` with a `primary_key`; or `append`, if that is"
    " meant"
)

_MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)")


def _endpoints(config: Mapping[str, Any]) -> Iterator[tuple[_KeyPath, Mapping[str, Any]]]:
    """Give all endpoints that are mappings, the default one first."""
    resources: list[tuple[_KeyPath, Any]] = [
        (("resource_defaults",), config.get("resource_defaults")),
        *((("resources", index), one) for index, one in enumerate(config["resources"])),
    ]
    for path, resource in resources:
        endpoint = resource.get("endpoint") if isinstance(resource, Mapping) else None
        if isinstance(endpoint, Mapping):
            yield (*path, "endpoint"), endpoint


def _parts(config: Mapping[str, Any]) -> Iterator[tuple[_KeyPath, Mapping[str, Any]]]:
    """Give all that may have a paginator."""
    yield ("client",), config["client"]
    yield from _endpoints(config)


def paginators(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find paginators that lack something, or whose paths are none."""
    for path, part in _parts(config):
        try:
            create_paginator(deepcopy(part.get("paginator")))
        except (TypeError, ValueError, JSONPathError) as error:
            lacking = _MISSING.search(str(error))
            keys = lacking[1].replace("'", "`") if lacking else ""
            what = f"missing key {keys} in `paginator`" if lacking else first_line(error)
            yield Mistake((*path, "paginator"), what)


def selectors(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find a `data_selector` that is no JSONPath."""
    for path, endpoint in _endpoints(config):
        try:
            if selector := endpoint.get("data_selector"):
                compile_path(selector)
        except JSONPathError as error:
            what = f"`data_selector` is no JSONPath: {first_line(error)}"
            yield Mistake((*path, "data_selector"), what, "such as data.items")


def cursors(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find `{incremental.updated_at}` of a field that is not the endpoint's cursor."""
    for path, endpoint in _endpoints(config):
        cursor = (endpoint.get("incremental") or {}).get("cursor_path")
        for name, value in (endpoint.get("params") or {}).items():
            for field in CURSOR.findall(value) if isinstance(value, str) else ():
                if field not in INCREMENTAL_WORDS:
                    why = f"the cursor is `{cursor}`" if cursor else "it is within a text"
                    yield Mistake(
                        (*path, "params", name),
                        f"`{{incremental.{field}}}` is not filled in: {why}",
                        "name the cursor in `incremental: {cursor_path: …, initial_value: …}`, and"
                        " write {incremental.start_value} where its last value goes",
                    )


def doubtful(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find what dlt takes, and what adds rows twice, or leaves some out."""
    for path, part in _parts(config):
        paginator = part.get("paginator")
        given = paginator if isinstance(paginator, Mapping) else {"type": paginator}
        if given.get("type") == "page_number" and not {"base_page", "page"} & given.keys():
            what = "the first page is number 0"
            yield Mistake((*path, "paginator"), what, "say `base_page: 1`, or 0, if that is so")
    parts: Any = deepcopy(config)
    defaults: Any = parts.get("resource_defaults") or {}
    _, merged, parents = build_resource_dependency_graph(defaults, parts["resources"])
    again: dict[str, int] = {}
    for index, one in enumerate(config["resources"]):
        name = one["name"] if isinstance(one, Mapping) else one
        resource: Any = merged[name]
        if parents[name] and _is_incremental(resource["endpoint"]):
            yield Mistake(("resources", index), f"resource `{name}` {_SHARED}", _APART)
        if resource.get("selected") is not False and _adds_again(resource):
            again[name] = index
    if again:
        listed = ", ".join(f"`{name}`" for name in again)
        path = ("resources", next(iter(again.values())))
        yield Mistake(path, f"each load adds all rows again: {listed}", _ONCE)


def _adds_again(resource: Mapping[str, Any]) -> bool:
    """Tell whether a resource is loaded whole, and appended, and nobody has said so."""
    given = resource.get("write_disposition")
    disposition = given.get("disposition") if isinstance(given, Mapping) else given
    if disposition == "merge":
        return not _has_key(resource)
    return disposition is None and not _is_incremental(resource["endpoint"])


def _is_incremental(endpoint: Mapping[str, Any]) -> bool:
    values = (endpoint.get("params") or {}).values()
    of_type = (isinstance(one, Mapping) and one.get("type") == "incremental" for one in values)
    return bool(endpoint.get("incremental")) or any(of_type)


def _has_key(resource: Mapping[str, Any]) -> bool:
    columns = resource.get("columns") or ()
    hints = columns.values() if isinstance(columns, Mapping) else columns
    in_columns = any(one.get("primary_key") or one.get("merge_key") for one in hints)
    return bool(resource.get("primary_key") or resource.get("merge_key")) or in_columns
