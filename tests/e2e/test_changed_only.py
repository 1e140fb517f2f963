"""`--changed-only` builds what new rows or new code lead to, and forgets no failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt import unbuilt

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Api, Workspace

pytestmark = pytest.mark.slow

SOURCE = """
    import dlt
    from dlt.sources.helpers import requests

    def listing(base_url, name):
        def items(id=dlt.sources.incremental("id")):
            yield requests.get(f"{base_url}/{name}", params={"limit": 100}).json()[name]

        return dlt.resource(items, name=name, primary_key="id")

    @dlt.source
    def shop(base_url: str):
        return [listing(base_url, name) for name in ("orders", "customers")]

    @dlt.resource(write_disposition="replace")
    def prices(base_url: str):
        yield requests.get(f"{base_url}/prices", params={"limit": 100}).json()["prices"]
"""


@pytest.fixture
def lists(serve: Callable[..., Any]) -> Iterator[Api]:
    with serve(
        {
            "orders": [{"id": 1, "lines": [{"sku": "a"}]}],
            "customers": [{"id": 1}],
            "prices": [],
        },
        page=100,
    ) as api:
        yield api


def _project(workspace: Workspace, api: Api) -> None:
    workspace.code("shop", SOURCE)
    kwargs = {"base_url": api.url}
    workspace.declare(
        shop={"kwargs": kwargs},
        prices={"module": "shop", "function": "prices", "kwargs": kwargs, "on_empty": "allow"},
    )
    workspace.mart("fct_orders", "select id from {{ ref('stg_shop__orders') }}")
    workspace.mart("fct_lines", "select sku from {{ ref('stg_shop__orders__lines') }}")
    workspace.mart(
        "customer_orders",
        "select o.id from {{ ref('fct_orders') }} as o cross join {{ ref('stg_shop__customers') }}",
    )
    workspace.mart("calendar", "select 1 as id")


def models(result: RunResult) -> set[str]:
    assert result.build is not None
    assert result.build.error is None, result.build.error
    return {
        node.unique_id.rpartition(".")[2]
        for node in result.build.nodes
        if node.unique_id.startswith("model.")
    }


ORDERS = {
    "stg_shop__orders",
    "stg_shop__orders__lines",
    "fct_orders",
    "fct_lines",
    "customer_orders",
}


def test_only_what_new_rows_lead_to_is_built(workspace: Workspace, lists: Api) -> None:
    _project(workspace, lists)
    everything = workspace.run()
    assert everything.exit_code == 0, everything
    assert models(everything) == {"calendar", "stg_shop__customers", *ORDERS}
    assert not unbuilt.read(workspace.root / ".dango/state/dev")

    idle = workspace.run(changed_only=True)
    assert (idle.exit_code, models(idle)) == (0, set())
    assert idle.build is not None
    assert idle.build.reason == "nothing has changed since the last build"

    lists.lists["orders"].append({"id": 2, "lines": []})
    # the nested table may have lost rows with its parents': it counts as changed, too
    assert models(workspace.run(changed_only=True)) == ORDERS
    assert models(workspace.run(changed_only=True)) == set()

    lists.lists["customers"].append({"id": 2})
    selected = workspace.run(changed_only=True, select=["+customer_orders"])
    assert models(selected) == {"stg_shop__customers", "customer_orders"}
    again = workspace.run(changed_only=True, select=["+customer_orders"])
    assert (models(again), again.exit_code) == (set(), 0)
    assert workspace.count("main_marts.customer_orders") == 4


def test_what_failed_or_was_not_built_is_built_the_next_time(
    workspace: Workspace, lists: Api
) -> None:
    _project(workspace, lists)
    assert workspace.run().exit_code == 0
    good = workspace.root / "dbt_project/models/marts/fct_lines.sql"
    text = good.read_text()
    good.write_text("select nothing_of_the_kind from {{ ref('stg_shop__orders__lines') }}")
    lists.lists["orders"].append({"id": 2, "lines": [{"sku": "b"}]})
    assert workspace.run(changed_only=True).exit_code == 1
    assert workspace.run(changed_only=True).exit_code == 1, "no new row makes it no better"
    good.write_text(text)
    mended = workspace.run(changed_only=True)
    assert mended.exit_code == 0
    assert models(mended) >= {"fct_lines"}
    assert workspace.count("main_marts.fct_lines") == 2
    assert models(workspace.run(changed_only=True)) == set()

    lists.lists["customers"].append({"id": 3})
    assert workspace.sync().exit_code == 0
    assert models(workspace.run(changed_only=True)) == {"stg_shop__customers", "customer_orders"}

    # what is generated has changed, and no row has come
    config = workspace.root / ".dango/sources.yml"
    config.write_text(
        config.read_text().replace(
            "- name: shop\n",
            "- name: shop\n  staging: {tables: {customers: {dlt_columns: hide}}}\n",
        )
    )
    assert models(workspace.run(changed_only=True)) == {"stg_shop__customers", "customer_orders"}


def test_a_table_that_is_emptied_has_changed(workspace: Workspace, lists: Api) -> None:
    lists.lists["prices"].append({"id": 1})
    _project(workspace, lists)
    workspace.mart("fct_prices", "select id from {{ ref('stg_prices__prices') }}")
    assert workspace.run().exit_code == 0
    lists.lists["prices"].clear()
    emptied = workspace.run(changed_only=True)
    assert (emptied.exit_code, models(emptied)) == (0, {"stg_prices__prices", "fct_prices"})
    assert workspace.count("main_marts.fct_prices") == 0
    assert models(workspace.run(changed_only=True)) == set()
