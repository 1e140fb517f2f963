"""One project, several warehouses: the same rows in all, and none knows of the others."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dango_dbt import Project
from tests.e2e.conftest import REPOSITORY, OnPostgres, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.e2e.conftest import Api
    from tests.postgres import Server

pytestmark = pytest.mark.slow

CUSTOMERS = """\
select users.id, users.last_name, count(*) as carts, sum(carts.total) as total
from {{ ref("stg_ecommerce__carts") }} as carts
inner join {{ ref("stg_ecommerce__users") }} as users on carts.user_id = users.id
group by users.id, users.last_name
"""
DUCKDB = {"type": "duckdb", "path": "../data/warehouse.duckdb", "schema": "main", "threads": 2}


def _plain(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Compare numbers by value, whichever type a warehouse computes with."""
    return sorted(
        (
            tuple(
                round(float(value), 6) if isinstance(value, (int, float, Decimal)) else value
                for value in row
            )
            for row in rows
        ),
        key=repr,
    )


def test_the_bundled_project_has_the_same_rows_on_duckdb_and_on_postgres(
    tmp_path: Path, postgres: Server, api: Api
) -> None:
    """All its sources, all its marts; the flights are the first of each file."""
    root = tmp_path / "bundled"
    ignored = shutil.ignore_patterns("state", "target", "logs", "data", "__pycache__")
    for folder in (".dango", ".dlt", "custom_sources", "dbt_project"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=ignored)
    sources = root / ".dango/sources.yml"
    text = sources.read_text("utf-8").replace("enabled: false", "enabled: true")
    sources.write_text(text.replace("https://dummyjson.com", api.url), "utf-8")
    flights = root / "custom_sources/nyc_flights.py"
    code, whole = flights.read_text("utf-8"), "yield _read(file, FLIGHTS)"
    assert whole in code
    flights.write_text(code.replace(whole, f"{whole}.slice(0, 20_000)"), "utf-8")
    (root / "dbt_project/models/marts/customers.sql").write_text(CUSTOMERS, "utf-8")

    database = postgres.database()
    outputs = {"dev": DUCKDB, "prod": database.fields}
    profiles = {"dango_demo": {"target": "dev", "outputs": outputs}}
    (root / "dbt_project/profiles.yml").write_text(yaml.safe_dump(profiles), "utf-8")
    marts = sorted(path.stem for path in (root / "dbt_project/models/marts").glob("*.sql"))
    assert len(marts) == 6
    found: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
    for target, workspace in (
        ("dev", Workspace(root)),
        ("prod", OnPostgres(root, database)),
    ):
        result = Project.find(root).sync_and_build(target=target)
        failed = [
            (node.unique_id, node.message)
            for node in (result.build.nodes if result.build else ())
            if node.status not in {"success", "pass", "warn"}
        ]
        assert result.exit_code == 0, (target, failed, result)
        assert workspace.relations("marts") == set(marts)
        found[target] = {
            mart: _plain(workspace.rows(f"select * from marts.{mart}")) for mart in marts
        }
    for mart in marts:
        assert found["dev"][mart] or mart == "missing_requirements", mart  # none may be missing
        assert found["prod"][mart] == found["dev"][mart], mart


SHOP = """\
import dlt

AT = "2026-01-02T03:04:05Z"

@dlt.resource(primary_key="id", write_disposition="merge")
def shop(count=1):
    yield [{"id": id, "order": id, "name": "n", "at": AT, "sold": AT} for id in range(count)]
"""


def _profiles(workspace: Workspace, **outputs: dict[str, Any]) -> None:
    profiles = {"shop": {"target": next(iter(outputs)), "outputs": outputs}}
    workspace.write("dbt_project/profiles.yml", yaml.safe_dump(profiles, sort_keys=False))


def _count(workspace: Workspace, count: int) -> None:
    workspace.declare(shop={"kwargs": {"count": count}, "staging": {"incremental": True}})


def test_dev_and_prod_have_state_datasets_and_staging_of_their_own(
    workspace: Workspace, postgres: Server
) -> None:
    prod = OnPostgres(workspace.root, postgres.database())
    _profiles(workspace, dev=DUCKDB, prod=prod.database.fields)
    workspace.code("shop", SHOP)
    _count(workspace, 3)
    assert workspace.run().exit_code == 0
    _count(workspace, 5)
    assert workspace.run(target="prod").exit_code == 0
    _count(workspace, 4)
    assert workspace.sync(refresh="drop_sources").exit_code == 0

    assert workspace.count("raw_shop.shop") == 4
    assert workspace.count("main_staging.stg_shop__shop") == 3, "dev is not built since"
    assert prod.count("raw_shop.shop") == 5
    assert prod.count("analytics_staging.stg_shop__shop") == 5
    states = {path.name for path in (workspace.root / ".dango/state").iterdir() if path.is_dir()}
    assert {"dev", "prod"} <= states
    assert workspace.command("validate", "--target", "prod").returncode == 0


MODELS = "dbt_project/models/staging/shop/_shop__models.yml"
MODEL = "dbt_project/models/staging/shop/stg_shop__shop.sql"


def test_a_project_moves_to_postgres_with_each_edit_kept(
    workspace: Workspace, postgres: Server
) -> None:
    """The profile changes, `generate: {target: …}` names it, and one `generate` does the rest."""
    workspace.code("shop", SHOP)
    workspace.declare(shop={"kwargs": {"count": 3}})
    workspace.mart("named", "select id, upper(name) as name from {{ ref('stg_shop__shop') }}")
    assert workspace.run().exit_code == 0
    before = workspace.rows("select * from main_marts.named order by 1")
    model, models = workspace.root / MODEL, workspace.root / MODELS
    sql, text = model.read_text("utf-8"), models.read_text("utf-8")
    assert "data_type: TIMESTAMP WITH TIME ZONE" in text
    assert "data_type: VARCHAR" in text
    assert '            "at",\n' in sql
    edited = sql.replace("            name,\n", "            trim(name) as name,\n")
    model.write_text(
        "-- ours\n" + edited.replace("            sold,\n", "            sold as sold_at,\n")
    )
    models.write_text(
        text.replace("- name: sold\n", "- name: sold_at\n        description: When it was sold.\n")
        .replace("- name: id\n", "- name: id\n        meta: {owner: me}\n")
        .replace("Rows of `shop` as shop delivers them.", "All that we sell.")
    )

    moved = OnPostgres(workspace.root, postgres.database())
    _profiles(workspace, prod=moved.database.fields)
    declared = workspace.root / ".dango/sources.yml"
    declared.write_text("generate: {target: prod}\n" + declared.read_text("utf-8"), "utf-8")
    done = workspace.command("generate")
    assert done.returncode == 0, done
    sql, text = model.read_text("utf-8"), models.read_text("utf-8")
    for kept in ("-- ours\n", "trim(name) as name,", "sold as sold_at,", '"order",'):
        assert kept in sql
    for kept in ("description: When it was sold.", "meta: {owner: me}", "All that we sell."):
        assert kept in text
    assert "data_type: timestamp with time zone" in text
    assert "data_type: varchar" in text
    # the entry of a column that was renamed by hand is the person's own, its type included
    assert text.count("TIMESTAMP WITH TIME ZONE") == 1
    assert "            at,\n" in sql, "Postgres needs no quotes here"
    assert workspace.command("generate", "--check").returncode == 0

    assert moved.run().exit_code == 0
    assert moved.rows("select * from analytics_marts.named order by 1") == before
    assert moved.rows("select sold_at is null from analytics_staging.stg_shop__shop limit 1") == [
        (False,)
    ]
