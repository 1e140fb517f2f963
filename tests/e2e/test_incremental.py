"""Two syncs of orders, of which 25 have changed in between and 10 are new."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Api, Workspace

TILL = """\
import dlt
import requests


@dlt.source
def till(base_url):
    def orders():
        return requests.get(f"{base_url}/orders?limit=1000", timeout=10).json()["orders"]

    @dlt.resource(write_disposition="merge", primary_key="id")
    def merged(changed=dlt.sources.incremental("changed")):
        yield orders()

    @dlt.resource(write_disposition="merge", primary_key="id")
    def merged_anew():
        yield orders()

    @dlt.resource(write_disposition="append")
    def appended(cursor=dlt.sources.incremental("id")):
        yield orders()

    return merged, merged_anew, appended
"""


def _order(id_: int, changed: int, state: str) -> dict[str, Any]:
    lines = [{"sku": f"{state}-{line}"} for line in range(id_ % 3)]
    return {"id": id_, "changed": changed, "state": state, "lines": lines}


def test_merge_gives_the_final_rows_and_a_cursor_only_the_new_ones(
    workspace: Workspace, api: Api, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    workspace.code("till", TILL)
    workspace.declare(till={"kwargs": {"base_url": api.url}})
    api.page = 1000
    before = [_order(id_, id_, "open") for id_ in range(1, 101)]
    paid = [_order(id_, 200 + id_, "paid") for id_ in range(2, 101, 4)]
    new = [_order(id_, 400 + id_, "new") for id_ in range(101, 111)]
    after = {order["id"]: order for order in (*before, *paid, *new)}
    assert (len(paid), len(new), len(after)) == (25, 10, 110)

    tables = ("merged", "merged_anew", "appended")
    for orders, loaded in ((before, (100, 100, 100)), ([*after.values()], (35, 110, 10))):
        api.lists["orders"] = orders
        result = workspace.sync(generate=False)
        assert result.exit_code == 0, result
        rows = source_of(result, "till").tables
        assert tuple(rows[table] for table in tables) == loaded

    for table, final in (
        ("merged", [*after.values()]),
        ("merged_anew", [*after.values()]),
        ("appended", [*before, *new]),
    ):
        assert workspace.rows(
            f"select id, changed, state from raw_till.{table} order by all"
        ) == sorted((order["id"], order["changed"], order["state"]) for order in final)
        assert workspace.rows(
            f"select o.id, l.sku from raw_till.{table}__lines l"
            f" join raw_till.{table} o on o._dlt_id = l._dlt_parent_id order by all"
        ) == sorted((order["id"], line["sku"]) for order in final for line in order["lines"])
        nested = sum(len(order["lines"]) for order in final)
        assert workspace.count(f"raw_till.{table}__lines") == nested
