"""List endpoints → dlt's configuration of a REST API, in the form of a connector's file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dango_dbt.openapi.keys import FIRST_TIME, Cursor
from dango_dbt.openapi.lists import Listed
from dango_dbt.openapi.settings import Settings

__all__ = ["configuration", "resource_of", "start_setting"]

_Resource = dict[str, Any]

_SINGLE = {"type": "single_page"}

#: Settings for what loading begins with, by the value that they have.
_STARTS: Mapping[str | int, tuple[str, str]] = {
    FIRST_TIME: ("start_date", "Load rows from this time on"),
    FIRST_TIME[:10]: ("start_day", "Load rows from this day on"),
}


def start_setting(cursor: Cursor) -> tuple[str, dict[str, Any]] | None:
    """Give the setting that a cursor begins with; None where it begins with a number."""
    if cursor.initial not in _STARTS:
        return None
    name, title = _STARTS[cursor.initial]
    return name, {"title": title, "secret": False, "default": cursor.initial}


def resource_of(listed: Listed, settings: Settings, params: Mapping[str, str]) -> _Resource:
    """Write one list endpoint as dlt's resource.

    Args:
        listed: the endpoint.
        settings: where needed parameters are looked up, and new ones added.
        params: what every request is sent.
    """
    values = {
        name: f"{{resources.{listed.parent.name}.{field}}}" if listed.parent else field
        for name, field in listed.fields.items()
    }
    values.update(
        (one.name, settings.value(one, listed.path, listed.name)) for one in listed.unknown
    )
    path = re.sub(r"\{([^{}]+)\}", lambda match: values[match[1]], listed.path).lstrip("/")
    where = {one.name: one.where for one in listed.operation.parameters if one.name in values}
    endpoint: dict[str, Any] = {"path": path}
    sent = {name: value for name, value in values.items() if where[name] == "query"}
    if all_params := {**params, **sent, **listed.pages.params}:
        endpoint["params"] = all_params
    if headers := {name: value for name, value in values.items() if where[name] == "header"}:
        endpoint["headers"] = headers
    endpoint["data_selector"] = listed.answer.selector
    endpoint["paginator"] = listed.pages.paginator
    if listed.cursor:
        endpoint["incremental"] = _incremental(listed.cursor)
    resource: _Resource = {"name": listed.name}
    if listed.parent:
        resource["include_from_parent"] = list(dict.fromkeys(listed.fields.values()))
    key = primary_key(listed)
    if key:
        resource["primary_key"] = key[0] if len(key) == 1 else key
    resource["write_disposition"] = "merge" if key else "replace"
    return {**resource, "endpoint": endpoint}


def primary_key(listed: Listed) -> list[str]:
    """Give the columns of a resource's key; a child's is its own within its parent's.

    One thing may be listed under several parents: a contact of two companies.
    """
    if listed.key is None:
        return []
    if listed.parent is None:
        return [listed.key.name]
    above = [listed.parent.column(field) for field in dict.fromkeys(listed.fields.values())]
    return [*above, listed.key.name]


def configuration(client: Mapping[str, Any], resources: Sequence[_Resource]) -> dict[str, Any]:
    """Join resources into a configuration; what all of them say is said once.

    The commonest paginator becomes the client's.
    """
    client, resources = dict(client), [dict(one) for one in resources]
    for one in resources:
        one["endpoint"] = dict(one["endpoint"])
    defaults: dict[str, Any] = {}
    for key in ("primary_key", "write_disposition"):
        _hoist(key, resources, defaults)
    endpoint: dict[str, Any] = {}
    for key in ("params", "data_selector"):
        _hoist(key, [one["endpoint"] for one in resources], endpoint)
    if endpoint:
        defaults["endpoint"] = endpoint
    for one in resources if "params" in endpoint else ():
        # dlt writes a cursor's parameter into the defaults of all where there are none of its own.
        if "incremental" in one["endpoint"]:
            one["endpoint"].setdefault("params", {})
    # dlt takes a path that ends with a parameter for a single thing, unless it has its own.
    plain = [
        one["endpoint"]
        for one in resources
        if "{" not in one["endpoint"]["path"].rpartition("/")[2]
    ]
    counted = Counter(str(one["paginator"]) for one in plain if one["paginator"] != _SINGLE)
    for commonest, many in counted.most_common(1):
        same = [one for one in plain if str(one["paginator"]) == commonest and many > 1]
        for one in same:
            client["paginator"] = one.pop("paginator")
    found = {"client": client, "resources": list(resources)}
    return {**found, "resource_defaults": defaults} if defaults else found


def _hoist(key: str, holders: Sequence[dict[str, Any]], defaults: dict[str, Any]) -> None:
    """Move what all of several holders say to the defaults."""
    values = [one.get(key) for one in holders]
    if len(values) > 1 and values[0] and all(value == values[0] for value in values):
        defaults[key] = values[0]
        for one in holders:
            del one[key]


def _incremental(cursor: Cursor) -> dict[str, Any]:
    start = start_setting(cursor)
    return {
        "cursor_path": cursor.path,
        "start_param": cursor.param,
        "initial_value": f"${{{start[0]}}}" if start else cursor.initial,
    }
