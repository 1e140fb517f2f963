"""The bundled e-commerce source over HTTP, from an empty folder to a built project."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Api, Workspace

MART = """\
select users.last_name, sum(carts.total) as spent
from {{ ref('stg_ecommerce__carts') }} as carts
join {{ ref('stg_ecommerce__users') }} as users on users.id = carts.user_id
group by all
"""
STAGING = "dbt_project/models/staging/ecommerce"


@dataclass(frozen=True)
class Shop:
    """One project, built twice; what the generated files were, and when they were written."""

    workspace: Workspace
    first: RunResult
    second: RunResult
    files: tuple[dict[str, bytes], dict[str, bytes]]
    written: tuple[dict[str, int], dict[str, int]]
    tables: Counter[str]


def _stamps(workspace: Workspace) -> dict[str, int]:
    return {name: (workspace.root / name).stat().st_mtime_ns for name in workspace.generated()}


def _rows_by_table(api: Api) -> Counter[str]:
    """Count what the server has, a table for each list and for each list in it."""
    rows: Counter[str] = Counter()

    def add(table: str, item: Any) -> None:  # noqa: ANN401 - any JSON
        for key, value in item.items() if isinstance(item, dict) else ():
            if isinstance(value, list):
                rows.update({f"{table}__{key}": len(value)} if value else {})
                for inner in value:
                    add(f"{table}__{key}", inner)
            elif isinstance(value, dict):
                add(f"{table}__{key}", value)

    for name, items in api.lists.items():
        rows[name] = len(items)
        for item in items:
            add(name, item)
    return rows


@pytest.fixture(scope="module")
def shop(shared_api: Api, new_workspace: Callable[[], Workspace]) -> Shop:
    workspace = new_workspace()
    workspace.ecommerce(shared_api.url)
    workspace.mart("customers", MART)
    first = workspace.run()
    files, written = workspace.generated(), _stamps(workspace)
    second = workspace.run()
    return Shop(
        workspace,
        first,
        second,
        (files, workspace.generated()),
        (written, _stamps(workspace)),
        _rows_by_table(shared_api),
    )


def test_the_run_says_what_was_loaded_created_and_built(shop: Shop) -> None:
    assert shop.first.exit_code == 0, shop.first
    (source,) = shop.first.sources or ()
    assert (source.status, source.dataset, source.error) == ("success", "raw_ecommerce", None)
    assert source.tables == shop.tables
    assert {change.table for change in source.schema_changes} == set(shop.tables)
    assert {(change.column, change.change) for change in source.schema_changes} == {(None, "added")}
    assert {file.action for file in shop.first.files or ()} == {"created"}
    assert shop.first.build is not None
    assert {node.status for node in shop.first.build.nodes} == {"success", "pass"}
    models = {node.unique_id for node in shop.first.build.nodes if "model." in node.unique_id}
    staging = {f"model.shop.stg_ecommerce__{table}" for table in shop.tables}
    assert models == {*staging, "model.shop.customers"}


def test_all_that_the_server_has_is_in_the_warehouse_once(shop: Shop) -> None:
    tables = shop.workspace.relations("raw_ecommerce")
    assert tables == set(shop.tables)
    counts = {table: shop.workspace.count(f"raw_ecommerce.{table}") for table in tables}
    assert counts == shop.tables


def test_every_table_has_a_staging_model_with_the_same_rows(shop: Shop) -> None:
    workspace = shop.workspace
    assert workspace.relations("main_staging") == {f"stg_ecommerce__{name}" for name in shop.tables}
    for table in shop.tables:
        raw = workspace.rows(f"describe raw_ecommerce.{table}")
        columns = ", ".join(f'"{column[0]}"' for column in raw)
        select = f"select {columns} from {{}} order by all"
        staged = workspace.rows(select.format(f"main_staging.stg_ecommerce__{table}"))
        assert staged == workspace.rows(select.format(f"raw_ecommerce.{table}"))
    assert workspace.count("main_marts.customers") > 0


def test_every_staging_model_is_described_and_has_a_tested_key(shop: Shop) -> None:
    text = (shop.workspace.root / STAGING / "_ecommerce__models.yml").read_text("utf-8")
    models = yaml.safe_load(text)["models"]
    assert len(models) == len(shop.tables)
    for model in models:
        assert model["description"]
        tests = [model.get("data_tests", [])]
        tests += [column.get("data_tests", []) for column in model["columns"]]
        names = {name for each in tests for test in each for name in test}
        assert {"unique", "dango_unique_combination"} & names, model["name"]
        assert "not_null" in names, model["name"]


def test_the_files_reported_are_the_files_on_disk(shop: Shop) -> None:
    reported = {file.path for file in shop.first.files or ()}
    on_disk = shop.workspace.files("dbt_project/models/staging", "dbt_project/macros")
    accepted = shop.workspace.files(".dango/schemas")
    assert reported == {*on_disk, *accepted}
    names = {name.removeprefix(f"{STAGING}/") for name in reported if name.startswith(STAGING)}
    assert names == {
        "_ecommerce__sources.yml",
        "_ecommerce__models.yml",
        *(f"stg_ecommerce__{table}.sql" for table in shop.tables),
    }


def test_a_second_run_writes_nothing_and_doubles_nothing(shop: Shop) -> None:
    assert shop.second.exit_code == 0, shop.second
    assert {file.action for file in shop.second.files or ()} == {"unchanged"}
    assert len(shop.second.files or ()) == len(shop.first.files or ())
    assert shop.files[0] == shop.files[1]
    assert shop.written[0] == shop.written[1]
    (source,) = shop.second.sources or ()
    assert source.schema_changes == ()
    assert source.tables == shop.tables


def test_the_document_says_the_same_as_the_result(shop: Shop) -> None:
    from dango_dbt.report import to_json

    document = json.loads(to_json(shop.first))
    assert document["exit_code"] == 0
    assert document["target"] == "dev"
    assert document["sources"][0]["tables"] == shop.tables
    assert {file["action"] for file in document["files"]} == {"created"}
    assert shop.first.build is not None
    nodes = [(node.unique_id, node.status) for node in shop.first.build.nodes]
    assert [(node["unique_id"], node["status"]) for node in document["build"]["nodes"]] == nodes
