"""Nested tables repeat the key of their root table."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dango_dbt.progress import Progress

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


@pytest.mark.slow
@pytest.mark.parametrize(
    "disposition",
    [
        pytest.param("append", marks=pytest.mark.exhaustive),
        pytest.param("replace", marks=pytest.mark.exhaustive),
        "merge",
    ],
)
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
def shop():
    @dlt.resource({hints})
    def orders():
        yield {rows}

    return orders
"""


ROW = '{"id": 1, "items": [{"sku": "a"}]}'
KEY = 'primary_key="id"'


class Warnings(Progress):
    """Keeps the warnings."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def warning(self, message: str) -> None:
        self.told.append(message)


def _sync(
    workspace: Workspace,
    rows: str = ROW,
    hints: str = KEY,
    **entry: Any,  # noqa: ANN401 - keys of sources.yml
) -> str:
    """Load orders; gives the warnings."""
    workspace.code("shop", ORDERS.format(rows=rows, hints=hints))
    workspace.declare(shop=entry)
    warnings = Warnings()
    result = workspace.sync(progress=warnings)
    assert result.exit_code == 0, [source.error for source in result.sources or ()]
    return "\n".join(warnings.told)


def _columns(workspace: Workspace, table: str = "orders__items") -> dict[str, tuple[str, str]]:
    found = workspace.rows(
        "select column_name, data_type, is_nullable from information_schema.columns"
        f" where table_schema = 'raw_shop' and table_name = '{table}'"
    )
    return {str(name): (str(data_type), str(nullable)) for name, data_type, nullable in found}


def _keys(workspace: Workspace, column: str = "_orders_id") -> list[Any]:
    rows = workspace.rows(f"select {column} from raw_shop.orders__items order by all nulls first")
    return [key for (key,) in rows]


def test_the_column_is_a_described_key_beside_dlts_own(workspace: Workspace) -> None:
    assert not _sync(workspace)
    models = yaml.safe_load(
        (workspace.root / "dbt_project/models/staging/shop/_shop__models.yml").read_text("utf-8")
    )
    items = {column["name"]: column for column in models["models"][1]["columns"]}
    assert items["_orders_id"] == {
        "name": "_orders_id",
        "description": "Key `id` of the row of `orders` that this one belongs to.",
        "data_type": "BIGINT",
    }
    assert {"_dlt_parent_id", "_dlt_list_idx"} <= set(items)
    assert "relationships" in items["_dlt_parent_id"]["data_tests"][0]


def test_rows_of_earlier_versions_stay_null_and_the_next_are_filled(workspace: Workspace) -> None:
    _sync(workspace, nested_keys=False)
    assert "_orders_id" not in _columns(workspace)
    assert not _sync(workspace, rows='{"id": 2, "items": [{"sku": "b"}]}')
    assert _keys(workspace) == [None, 2]
    assert _columns(workspace)["_orders_id"] == ("BIGINT", "YES")


def test_a_source_may_switch_it_off_and_on_again(workspace: Workspace) -> None:
    _sync(workspace)
    _sync(workspace, nested_keys=False)
    assert _keys(workspace) == [None, 1]
    assert not _sync(workspace)
    assert _keys(workspace) == [None, 1, 1]


def test_a_lost_state_folder_does_not_make_the_column_a_foreign_one(workspace: Workspace) -> None:
    _sync(workspace)
    shutil.rmtree(workspace.root / ".dango/state")
    assert not _sync(workspace)
    assert _keys(workspace) == [1, 1]


DYING = """
import os
import signal
from dlt.extract.extract import Extract

if "DIE" in os.environ:
    def commit(self, real=Extract.commit_packages):
        real(self)
        os.kill(os.getpid(), signal.SIGKILL)

    Extract.commit_packages = commit
"""


@pytest.mark.parametrize("damaged", [False, True])
def test_what_a_killed_run_has_extracted_gets_its_keys(
    workspace: Workspace,
    damaged: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    _sync(workspace, nested_keys=False)
    workspace.code("shop", ORDERS.format(rows=ROW, hints=KEY) + DYING)
    workspace.declare(shop={})
    assert workspace.command("sync", DIE="1").returncode == -9
    state = workspace.root / ".dango/state/dev/shop/normalize"
    (file,) = state.rglob("orders.*.typed-jsonl.gz")
    if damaged:
        file.write_bytes(file.read_bytes()[:-12])
    assert ("could not be loaded" in _sync(workspace)) == damaged
    assert _keys(workspace) == ([None, 1] if damaged else [None, 1, 1])


@pytest.mark.parametrize("key", ["_orders_id", "_OrdersId", "-orders id"])
def test_a_column_of_the_items_own_is_kept(workspace: Workspace, key: str) -> None:
    rows = '{"id": 1, "items": [{"KEY": 77}]}'.replace("KEY", key)
    refused = "source `shop`: nested tables of `orders` do not get its key: "
    first, second = _sync(workspace, rows=rows), _sync(workspace, rows=rows)
    assert first.startswith(f"{refused}its items have a `_orders_id` already (`nested_keys: false`")
    assert second.startswith(f"{refused}`orders__items` has a column `_orders_id` of its own (")
    assert _keys(workspace) == [77, 77]


@pytest.mark.parametrize("columns", ["freeze", "discard_row", "discard_value"])
def test_a_contract_is_kept(workspace: Workspace, columns: str) -> None:
    hints = f'primary_key="id", schema_contract={{"columns": "{columns}"}}'
    assert not _sync(workspace, hints=hints)
    assert "the schema contract of `orders` lets no column join" in _sync(workspace, hints=hints)
    assert workspace.count("raw_shop.orders__items") == 2
    assert "_orders_id" not in _columns(workspace)


def test_a_contract_that_came_later_does_not_stop_the_column(workspace: Workspace) -> None:
    _sync(workspace)
    assert not _sync(workspace, hints='primary_key="id", schema_contract="freeze"')
    assert _keys(workspace) == [1, 1]


@pytest.mark.parametrize(
    ("data_type", "value", "expected"),
    [
        ("text", "7", "VARCHAR"),
        ("decimal", "7", "DECIMAL(38,9)"),
        ("timestamp", "'2026-01-01T00:00:00Z'", "TIMESTAMP WITH TIME ZONE"),
        ("date", "'2026-01-01'", "DATE"),
    ],
)
def test_the_type_is_the_roots(
    workspace: Workspace, data_type: str, value: str, expected: str
) -> None:
    hints = f'primary_key="id", columns={{"id": {{"data_type": "{data_type}"}}}}'
    assert not _sync(workspace, rows=ROW.replace("1", value, 1), hints=hints)
    assert _columns(workspace)["_orders_id"] == (expected, "YES")
    assert _columns(workspace, "orders")["id"][0] == expected
    assert workspace.count("raw_shop.orders join raw_shop.orders__items on id = _orders_id") == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ('{"data_type": "decimal", "precision": 38, "scale": 12}', '"1.123456789012"'),
        ('{"data_type": "timestamp", "timezone": False}', '"2026-01-01T00:00:00"'),
    ],
)
def test_a_key_that_would_lose_something_is_not_repeated(
    workspace: Workspace, column: str, value: str
) -> None:
    hints = f'primary_key="id", columns={{"id": {column}}}'
    rows = ROW.replace("1", value, 1)
    _sync(workspace, rows=rows, hints=hints)
    assert "do not get its key: `id`" in _sync(workspace, rows=rows, hints=hints)
    assert "_orders_id" not in _columns(workspace)


@pytest.mark.parametrize("table", ["dlt", "dlt_parent"])
def test_no_column_of_dlts_own_is_overwritten(workspace: Workspace, table: str) -> None:
    hints = f'primary_key="id", table_name="{table}"'
    _sync(workspace, hints=hints)
    assert "would look like a column of dlt's own" in _sync(workspace, hints=hints)
    assert workspace.rows(f"select distinct _dlt_parent_id = '1' from raw_shop.{table}__items") == [
        (False,)
    ]


def test_names_are_those_of_the_warehouse(workspace: Workspace) -> None:
    rows = '{"Meta": {"Order Id": 5}, "Lines": [1, 2]}'
    _sync(workspace, rows=rows, hints='primary_key="Meta__Order Id"')
    found = workspace.rows("select _orders_meta_order_id from raw_shop.orders__lines")
    assert found == [(5,), (5,)]


def test_a_table_named_by_the_data_gets_keys_as_well(workspace: Workspace) -> None:
    rows = 'from [{"kind": "big", "id": 1, "items": [1]}, {"kind": "small", "id": 2, "items": [2]}]'
    assert not _sync(workspace, rows=rows, hints='primary_key="id", table_name=lambda r: r["kind"]')
    assert workspace.rows("select _big_id, value from raw_shop.big__items") == [(1, 1)]
    assert workspace.rows("select _small_id, value from raw_shop.small__items") == [(2, 2)]


def test_a_key_that_comes_with_the_data_is_repeated(workspace: Workspace) -> None:
    rows = f'dlt.mark.with_hints({ROW}, dlt.mark.make_hints(primary_key="id"))'
    assert not _sync(workspace, rows=rows, hints="")
    assert _keys(workspace) == [1]


def test_what_the_source_itself_propagates_is_kept(workspace: Workspace) -> None:
    code = ORDERS.format(rows=ROW.replace("{", '{"day": 3, ', 1), hints='primary_key=("id", "day")')
    config = """
    from dlt.common.normalizers.json.relational import DataItemNormalizer

    propagation = {"tables": {"orders": {"id": "order_no"}}}
    DataItemNormalizer.update_normalizer_config(
        dlt.current.source_schema(), {"propagation": propagation}
    )
"""
    workspace.code("shop", code.replace("def shop():\n", "def shop():" + config))
    workspace.declare(shop={})
    assert workspace.sync().exit_code == 0
    assert workspace.rows("select order_no, _orders_day from raw_shop.orders__items") == [(1, 3)]
    sql = _staging(workspace, "stg_shop__orders__items")
    assert sql.index("-- keys") < sql.index("order_no") < sql.index("-- columns")


def test_levels_that_become_json_need_no_key(workspace: Workspace) -> None:
    assert not _sync(workspace, max_table_nesting=0)
    assert workspace.relations("raw_shop") == {"orders"}


def test_a_history_and_an_arrow_table_load_as_before(workspace: Workspace) -> None:
    scd2 = 'primary_key="id", write_disposition={"disposition": "merge", "strategy": "scd2"}'
    assert not _sync(workspace, hints=scd2)
    assert not _sync(workspace, rows=ROW.replace("a", "b"), hints=scd2)
    assert _keys(workspace) == [1, 1]
    arrow = '__import__("pyarrow").table({"id": [1]})'
    assert not _sync(workspace, rows=arrow, name="shop", dataset_name="raw_arrow")
