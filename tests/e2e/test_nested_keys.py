"""Nested tables repeat the key of their root table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Workspace

DEEP = """\
import dlt


@dlt.source
def shop(disposition="merge", first=0, last=3):
    @dlt.resource(primary_key=("region", "OrderId"), write_disposition=disposition)
    def orders():
        for number in range(first, last):
            parts = [{"name": name, "notes": ["x", "y"]} for name in "ab"]
            yield {"region": "eu", "OrderId": number, "items": [{"sku": "s", "parts": parts}]}

    return orders
"""
NESTED = {
    "orders__items": 1,
    "orders__items__parts": 2,
    "orders__items__parts__notes": 4,
}


def _run(workspace: Workspace, **options: Any) -> RunResult:  # noqa: ANN401 - the API's options
    result = workspace.run(**options)
    assert result.exit_code == 0, [source.error for source in result.sources or ()]
    return result


def _staging(workspace: Workspace, model: str, source: str = "shop") -> str:
    path = workspace.root / f"dbt_project/models/staging/{source}/{model}.sql"
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("disposition", ["append", "replace", "merge"])
def test_all_nested_tables_get_a_composite_key(workspace: Workspace, disposition: str) -> None:
    workspace.code("shop", DEEP)
    workspace.declare(shop={"kwargs": {"disposition": disposition}})
    _run(workspace)
    workspace.declare(shop={"kwargs": {"disposition": disposition, "first": 2, "last": 5}})
    _run(workspace)
    keys = {"append": [0, 1, 2, 2, 3, 4], "replace": [2, 3, 4], "merge": [0, 1, 2, 3, 4]}
    for table, count in NESTED.items():
        found = workspace.rows(
            "select _orders_region, _orders_order_id"
            f" from main_staging.stg_shop__{table} order by all"
        )
        assert found == [("eu", key) for key in keys[disposition] for _ in range(count)]
        sql = _staging(workspace, f"stg_shop__{table}")
        assert sql.index("-- keys") < sql.index("_orders_order_id") < sql.index("-- columns")


ORDERS = """\
import dlt


@dlt.source
def shop({arguments}):
    @dlt.resource({hints})
    def orders():
        yield {rows}

    return orders
"""


def _orders(
    workspace: Workspace,
    rows: str = '{"id": 1, "items": [{"sku": "a"}]}',
    hints: str = 'primary_key="id"',
    **entry: Any,  # noqa: ANN401 - keys of sources.yml
) -> None:
    code = ORDERS.format(rows=rows, hints=hints, arguments="")
    workspace.code("shop", code)
    workspace.declare(shop=entry)


def _sync(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> str:
    """Load in this process; gives the warnings."""
    from dango_dbt import Project
    from dango_dbt.progress import Progress

    class Warnings(Progress):
        def warning(self, message: str) -> None:
            print(message)

    capsys.readouterr()
    result = Project.find(workspace.root).sync(progress=Warnings())
    assert result.exit_code == 0, [source.error for source in result.sources or ()]
    return capsys.readouterr().out


def _columns(workspace: Workspace, table: str = "orders__items") -> dict[str, tuple[str, str]]:
    found = workspace.rows(
        "select column_name, data_type, is_nullable from information_schema.columns"
        f" where table_schema = 'raw_shop' and table_name = '{table}'"
    )
    return {str(name): (str(data_type), str(nullable)) for name, data_type, nullable in found}
