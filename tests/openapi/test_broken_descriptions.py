"""A description that breaks its own rules is an error of the user's, or becomes less; no more."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from dango_dbt.connectors import filled, with_references
from dango_dbt.errors import ConfigError
from dango_dbt.openapi import Specification, derive, read_specification
from tests.openapi.conftest import HERE, described, listing

WRONG: list[Any] = [
    None,
    True,
    -1,
    1.5,
    10**400,
    float("nan"),
    float("inf"),
    "",
    "{a}",
    "${b}",
    "https://[broken",
    [],
    ["a"],
    {},
    {"$ref": "#/paths"},
    {"$ref": "#"},
    {"$ref": 3},
    {"type": 7},
    {"enum": 7},
    {"format": {}},
    {"properties": []},
    {"required": "id"},
    {"type": "array"},
    {"allOf": [{"$ref": "#/components/schemas/Thing"}]},
]


def places(document: object) -> list[tuple[Any, Any]]:
    """Every place in a document, as its holder and its key there."""
    found, waiting = [], [document]
    while waiting:
        holder = waiting.pop()
        keys = (
            holder
            if isinstance(holder, dict)
            else range(len(holder))
            if isinstance(holder, list)
            else ()
        )
        for key in list(keys):
            found.append((holder, key))
            waiting.append(holder[key])  # type: ignore[index]
    return found


@pytest.mark.parametrize("name", ["parcels.yaml", "depot.json", "library.yaml"])
def test_any_broken_description_is_an_error_or_a_connector_that_dlt_takes(name: str) -> None:
    from dlt.sources.rest_api import rest_api_resources

    whole = dict(read_specification(str(HERE / name)).document)
    chance = random.Random(name)  # noqa: S311 - the same each time
    made = 0
    for _ in range(40):
        broken = copy.deepcopy(whole)
        for holder, key in chance.sample(places(broken), chance.choice([1, 3, 10, 30])):
            holder[key] = copy.deepcopy(chance.choice(WRONG))
        if not isinstance(broken.get("paths"), dict):
            continue  # refused when it is read
        try:
            connector = derive(Specification(broken, name), "api").connector
        except ConfigError as error:
            assert "no endpoint in it gives a list" in error.message  # noqa: PT017 - or a connector
            continue
        made += 1
        if made % 5:
            continue  # dlt takes its time to look at one
        values = {one: given.default or "x" for one, given in connector.credentials.items()}
        assert connector.load.rest_api is not None
        full = with_references(connector.load.rest_api, connector.relationships)
        assert rest_api_resources(filled(full, values))
    assert made >= 10


def test_schemas_that_are_made_of_themselves_end() -> None:
    circle = {"allOf": [{"$ref": "#/components/schemas/A"}] * 3, "properties": {"id": {}}}
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/A"}}
    document = {"paths": {"/rows": listing(rows)}, "components": {"schemas": {"A": circle}}}
    connector = derive(described(document), "api").connector
    assert [one.primary_key for one in connector.resources] == [("id",)]
