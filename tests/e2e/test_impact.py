"""A column that changes its type: what uses it is named, and held back in a run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

CODE = """\
import os
import dlt

@dlt.source
def shop():
    price = {"numbers": 2, "text": "two"}[os.environ["PRICE"]]
    rows = [{"id": 1, "price": 1, "name": "a"}, {"id": 2, "price": price, "name": "b"}]
    yield dlt.resource(rows, name="orders", primary_key="id", write_disposition="replace")
    yield dlt.resource(
        [{"id": 1, "city": "x"}, {"id": 2, "city": "y"}], name="shops", write_disposition="replace"
    )
"""
MARTS = {
    "enriched": """\
        with orders as (select * from {{ ref("stg_shop__orders") }})
        select orders.*, shops.city
        from orders left join {{ ref("stg_shop__shops") }} as shops on orders.id = shops.id
        """,
    "totals": "select city, sum(price) as total from {{ ref('enriched') }} group by city",
    "names": "select id, name from {{ ref('enriched') }}",
    "growing": """\
        {{ config(materialized="incremental", unique_key="id") }}
        select id, price as latest_price from {{ ref("stg_shop__orders") }}
        {% if is_incremental() %}
        where id > (select max(id) from {{ this }})
            and price not in (select latest_price from {{ this }})
        {% endif %}
        """,
    "cities": "select city from {{ ref('stg_shop__shops') }}",
}
PROPERTIES = """\
models:
  - name: totals
    columns:
      - {name: total, data_tests: [{not_null: {config: {severity: warn}}}]}
      - {name: city, data_tests: [not_null]}
exposures:
  - {name: board, type: dashboard, owner: {name: ada}, depends_on: [ref('totals')]}
  - {name: list, type: dashboard, owner: {name: ada}, depends_on: [ref('names')]}
"""


@pytest.fixture(scope="module")
def built(new_workspace: Callable[[], Workspace]) -> tuple[Workspace, Path]:
    """Build a shop with numbers for prices, and keep a copy of it."""
    workspace = new_workspace()
    workspace.code("shop", CODE)
    workspace.declare(shop={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRICE", "numbers")
        assert workspace.run().exit_code == 0
        for name, sql in MARTS.items():
            workspace.mart(name, sql)
        workspace.write("dbt_project/models/marts/marts.yml", PROPERTIES)
        assert workspace.run().exit_code == 0
    copy = workspace.root.with_name("copy")
    shutil.copytree(workspace.root, copy)
    return workspace, copy


@pytest.fixture
def shop(built: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Give a shop that was built with numbers for prices; then they come as text."""
    workspace, copy = built
    workspace.start_from(copy)
    monkeypatch.setenv("PRICE", "text")
    return workspace


def total(workspace: Workspace) -> object:
    return workspace.rows("select sum(total) from main_marts.totals")[0][0]


def test_a_run_holds_back_what_relies_on_it_until_it_is_accepted(shop: Workspace) -> None:
    for _ in range(2):  # a second run is no way to accept it
        process = shop.command("sync-and-build", "--json")
        assert process.returncode == 1, process.stderr
        document = json.loads(process.stdout)
        assert document["held"] == ["shop.orders"]
        assert [source["status"] for source in document["sources"]] == ["held"]
        nodes = document["build"]["nodes"]
        built = {node["unique_id"] for node in nodes if node["status"] != "skipped"}
        why = {node["message"] for node in nodes if node["status"] == "skipped"}
        assert why == {"not built: `shop.orders` is held back"}
        assert "model.shop.cities" in built
        assert not built & {
            f"model.shop.{name}" for name in ("stg_shop__orders", "totals", "names")
        }
        assert total(shop) == 3
        assert (
            "price__v_text"
            not in shop.generated()["dbt_project/models/staging/shop/stg_shop__orders.sql"].decode()
        )
        for said in (
            "`orders.price`",
            "bigint to text",
            "`totals`",
            "coalesce",
            "generate` accepts",
        ):
            assert said in process.stderr, process.stderr
        assert "`names`" not in process.stderr
    assert shop.command("generate").returncode == 0
    accepted = shop.command("sync-and-build")
    assert accepted.returncode == 0, accepted.stdout
    assert total(shop) == 1
    assert shop.command("plan", "--fail-on", "breaking").returncode == 0


def test_merged_variants_end_it(shop: Workspace) -> None:
    shop.declare(shop={"staging": {"variants": "coalesce"}})
    assert shop.run().exit_code == 0
    assert total(shop) == 1


def test_frozen_holds_back_too_and_writes_nothing(shop: Workspace) -> None:
    before = shop.generated()
    result = shop.run(frozen=True)
    assert (result.exit_code, result.held) == (1, ("shop.orders",))
    assert shop.generated() == before
    assert total(shop) == 3


def test_new_columns_of_a_table_that_is_held_are_taken_in(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.code("shop", CODE.replace('"name": "b"', '"name": "b", "vip": True'))
    assert shop.run().held == ("shop.orders",)
    model = "dbt_project/models/staging/shop/stg_shop__orders.sql"
    text = shop.generated()[model].decode()
    assert "vip" in text
    assert "price__v_text" not in text
    monkeypatch.setenv("PRICE", "numbers")  # the source was mended: rows are replaced
    assert shop.command("generate").returncode == 0
    assert shop.run().exit_code == 0
    assert total(shop) == 3


def test_where_nothing_relies_on_it_the_run_goes_on(shop: Workspace) -> None:
    for name in ("totals", "enriched", "names", "growing"):
        (shop.root / f"dbt_project/models/marts/{name}.sql").unlink()
    (shop.root / "dbt_project/models/marts/marts.yml").unlink()
    result = shop.run()
    assert result.exit_code == 0
    assert [impact.breaking for impact in result.impacts or ()] == [False]
    assert (
        "price__v_text"
        in shop.generated()["dbt_project/models/staging/shop/stg_shop__orders.sql"].decode()
    )


def test_a_plan_names_what_uses_it(shop: Workspace) -> None:
    asking = "{% set last = run_query('select max(id) from ' ~ ref('stg_shop__orders')) %}"
    for name in ("asking", "asking_too"):
        shop.mart(name, f"{asking} select {{{{ last.columns[0][0] if execute else 1 }}}} as id")
    assert shop.sync(generate=False).exit_code == 0
    shop.warehouse.write_bytes(b"no database")  # a plan connects to nothing
    process = shop.command("plan", "--json")
    assert process.returncode == 0, process.stderr
    document = json.loads(process.stdout)
    (impact,) = document["impacts"]
    assert (impact["table"], impact["column"], impact["breaking"]) == ("orders", "price", True)
    assert impact["unknown"] is None
    unread = {use["name"] for use in impact["uses"] if use["unread"]}
    assert unread == {"asking", "asking_too"}  # they ask the warehouse while they are compiled
    uses = {
        use["name"]: (use["columns"], use["rows"]) for use in impact["uses"] if not use["unread"]
    }
    assert uses == {
        "stg_shop__orders": (["price"], False),
        "enriched": (["price"], False),
        "totals": (["total"], False),
        "growing": (["latest_price"], False),
        "not_null_totals_total": (uses["not_null_totals_total"][0], True),
        "board": ([], True),
    }
    shown = shop.command("plan", "--fail-on", "breaking")
    assert shown.returncode == 3
    for said in (
        "Impact\n",
        "  shop: orders.price changed from bigint to text  breaking\n",
        "    model     totals                 column total\n",
        "    exposure  board\n",
        "✗ Failed: a change is breaking",
    ):
        assert said in shown.stdout, shown.stdout
    markdown = shop.command("plan", "--format", "markdown", "--diff")
    assert markdown.returncode == 0
    for said in (
        "**1 breaking change.**\n",
        "- `shop.orders.price` changed from bigint to text: **breaking**\n",
        "  - model `totals` column total\n",
        "| `dbt_project/models/staging/shop/stg_shop__orders.sql` | updated |\n",
        "\n```diff\n",
    ):
        assert said in markdown.stdout, markdown.stdout


def test_a_column_that_goes_is_named_too(shop: Workspace) -> None:
    shop.mart("ids", "select _dlt_id as row_id, city from {{ ref('stg_shop__shops') }}")
    shop.declare(shop={"staging": {"dlt_columns": "hide"}})
    from dango_dbt import Project

    result = Project.find(shop.root).plan(fail_on="breaking")
    assert result.exit_code == 3
    found = {
        (impact.table, impact.column): [use.name for use in impact.uses if use.kind == "model"]
        for impact in result.impacts or ()
        if impact.breaking
    }
    assert found == {
        ("stg_shop__shops", "_dlt_id"): ["ids"],
        ("stg_shop__orders", "_dlt_id"): ["enriched"],  # it has a star
        ("stg_shop__orders", "_dlt_load_id"): ["enriched"],
    }


def test_a_model_that_goes_breaks_what_refers_to_it(shop: Workspace) -> None:
    shop.mart("counted", "select count(*) as n from {{ ref('stg_shop__orders') }}")
    shop.declare(shop={"staging": {"exclude": ["orders"]}})
    process = shop.command("plan", "--fail-on", "breaking")
    assert process.returncode == 3
    assert "  shop: stg_shop__orders removed  breaking\n" in process.stdout
    assert "model     counted" in process.stdout


def test_a_project_that_stays_with_an_older_text_is_held_too(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dango_dbt import generate

    monkeypatch.setattr(generate, "GENERATOR_VERSION", 2)
    path = shop.root / ".dango/sources.yml"
    path.write_text("generator_version: 1\n" + path.read_text("utf-8"), "utf-8")
    result = shop.run()
    assert (result.exit_code, result.held) == (1, ("shop.orders",))
    assert total(shop) == 3


def test_another_source_is_not_red_for_it(shop: Workspace) -> None:
    shop.code("other", CODE.replace("def shop", "def other"))
    shop.declare(shop={}, other={})
    assert shop.run("shop").exit_code == 1
    result = shop.run("other")
    assert (result.exit_code, result.held) == (0, ("shop.orders",))
    assert total(shop) == 3


def test_where_dbt_cannot_tell_the_change_is_breaking(shop: Workspace) -> None:
    assert shop.sync(generate=False).exit_code == 0
    shop.mart("broken", "select * from {{ ref('nobody') }}")
    process = shop.command("plan", "--fail-on", "breaking")
    assert process.returncode == 3
    assert "what uses it is not known" in process.stdout


def test_without_such_a_change_no_dbt_is_started(shop: Workspace) -> None:
    code = (
        "import sys; from dango_dbt import Project; Project.find().plan();"
        "print([name for name in sys.modules if name.split('.')[0] == 'dbt'])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=shop.root, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "[]"
