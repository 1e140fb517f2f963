"""Descriptions: dlt's hints, then the docstring of the resource function, then a default."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

CODE = '''\
import dlt


@dlt.source
def shop():
    @dlt.resource(columns={"id": {"description": "From a column's hint."}})
    def documented():
        """All rows
        that are documented.

        How they are fetched is no part of it.
        """
        yield {"id": 1, "other": 2}

    @dlt.resource
    def hinted():
        """The docstring of this one is for programmers."""
        yield {"id": 1, "items": [{"sku": 1}]}

    @dlt.resource
    def bare():
        yield {"id": 1}

    hinted.apply_hints(additional_table_hints={"description": "From a table's hint."})
    return documented, hinted, bare
'''


def test_what_describes_a_table_and_a_column(workspace: Workspace) -> None:
    workspace.code("shop", CODE)
    workspace.declare(shop={})
    assert workspace.sync().exit_code == 0
    folder = workspace.root / "dbt_project/models/staging/shop"
    models = _read(folder / "_shop__models.yml", "models")
    (source,) = _read(folder / "_shop__sources.yml", "sources")
    described = {each["name"]: each["description"] for each in source["tables"]}
    assert described == {
        "documented": "All rows that are documented.",
        "hinted": "From a table's hint.",
        "hinted__items": "Lists nested in `hinted`, one row an item.",
        "bare": "Rows of `bare` as shop delivers them.",
    }
    assert {each["name"].removeprefix("stg_shop__"): each["description"] for each in models} == (
        described
    )
    (documented,) = (each for each in source["tables"] if each["name"] == "documented")
    columns = {each["name"]: each.get("description") for each in documented["columns"]}
    assert columns == {
        "id": "From a column's hint.",
        "other": None,
        "_dlt_load_id": "Id of the load that brought the row.",
        "_dlt_id": "Unique id of the row, given by dlt.",
    }


def _read(path: Path, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))[key]
    return found
