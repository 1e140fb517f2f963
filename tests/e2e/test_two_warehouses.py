"""One project on DuckDB and on Postgres: the same rows, side by side, and a move with all edits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Api, Workspace
    from tests.postgres import Database, Server

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Both:
    """A project with a target on DuckDB, and one on Postgres."""

    workspace: Workspace
    database: Database

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the database."""
        return self.database.rows(sql)

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a dbt target, whose schema is like that on DuckDB."""
        return {**self.database.fields, "schema": "main"}

    def count(self, table: str) -> int:
        """Count the rows of a table or view."""
        return int(self.rows(f"select count(*) from {table}")[0][0])


def point_at(workspace: Workspace, default: str, generate: str, **outputs: Any) -> None:  # noqa: ANN401 - YAML
    """Write a profile, and the target that code is generated for."""
    duck = {"type": "duckdb", "path": "../data/warehouse.duckdb", "schema": "main", "threads": 2}
    profile = {"shop": {"target": default, "outputs": {"dev": duck, **outputs}}}
    workspace.write("dbt_project/profiles.yml", yaml.safe_dump(profile))
    config = workspace.root / ".dango/sources.yml"
    text = re.sub(r"^generate:.*\n", "", config.read_text("utf-8"), flags=re.MULTILINE)
    config.write_text(f"{text}generate: {{target: {generate}}}\n", "utf-8")


@pytest.fixture
def both(workspace: Workspace, postgres: Server) -> Both:
    return Both(workspace, postgres.database())


def failed(result: RunResult) -> list[str]:
    nodes = result.build.nodes if result.build else ()
    found = [f"{node.unique_id}: {node.message}" for node in nodes if node.failed]
    found += [str(source.error) for source in result.sources or () if source.error]
    return [*found, str(result.error), str(result.build and result.build.error)]


def same(value: Any) -> Any:  # noqa: ANN401 - any value
    """Values of two drivers that mean the same are the same."""
    if isinstance(value, (Decimal, float)):
        return round(float(value), 6)
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value


MARTS = {
    "products_by_category": """
        select category, count(*) as products, sum(price) as price, max(rating) as rating
        from {{ ref('stg_ecommerce__products') }} group by category
    """,
    "cart_lines": """
        select cart._dlt_id is not null as has_id, cart.id, line.title, line.quantity, line.total
        from {{ ref('stg_ecommerce__carts') }} as cart
        join {{ ref('stg_ecommerce__carts__products') }} as line
            on line._dlt_parent_id = cart._dlt_id
    """,
    "reviews": """
        select rating, count(*) as reviews from {{ ref('stg_ecommerce__products__reviews') }}
        group by rating
    """,
}


def test_the_same_project_gives_the_same_rows_on_duckdb_and_both(both: Both, api: Api) -> None:
    workspace = both.workspace
    workspace.ecommerce(api.url)
    for name, sql in MARTS.items():
        workspace.mart(name, sql)
    fields = both.fields
    point_at(workspace, "dev", "dev", pg=fields)
    on_duckdb = workspace.run(target="dev")
    assert on_duckdb.exit_code == 0, failed(on_duckdb)
    # generated for DuckDB, the code builds on Postgres as it is, too
    twice = [workspace.run(target="pg") for _ in range(2)]
    assert [result.exit_code for result in twice] == [0, 0], failed(twice[0])
    for mart in MARTS:
        expected = workspace.rows(f"select * from main_marts.{mart}")
        found = both.rows(f"select * from main_marts.{mart}")
        assert len(expected) > 1
        assert sorted([same(value) for value in row] for row in found) == sorted(
            [same(value) for value in row] for row in expected
        )


def test_a_project_moves_to_postgres_and_keeps_every_edit(both: Both, api: Api) -> None:
    """`dev` on DuckDB and `prod` on Postgres of one project, each with its own data and state."""
    from dango_dbt import Project

    workspace = both.workspace
    workspace.ecommerce(api.url)
    assert workspace.run().exit_code == 0
    folder = workspace.root / "dbt_project/models/staging/ecommerce"
    model, properties = folder / "stg_ecommerce__products.sql", folder / "_ecommerce__models.yml"
    sql = model.read_text("utf-8").replace("title,", "title as product_title,  -- ours", 1)
    model.write_text(sql, "utf-8")
    text = properties.read_text("utf-8").replace("name: title", "name: product_title", 1)
    text = text.replace("data_type: double", "data_type: double  # checked", 1)
    properties.write_text(text, "utf-8")
    assert workspace.run().exit_code == 0

    prod = both.fields
    point_at(workspace, "prod", "prod", prod=prod)
    moved = Project.find(workspace.root).generate()
    assert moved.exit_code == 0, moved
    assert "title as product_title,  -- ours" in model.read_text("utf-8")
    after = properties.read_text("utf-8")
    assert "name: product_title" in after
    assert "double precision" in after
    result = workspace.run()
    assert result.exit_code == 0, failed(result)
    (source,) = Project.find(workspace.root).status().sources
    assert source.rows is not None
    assert source.rows["products"] == len(api.lists["products"])
    assert (source.code, source.pending) == ("up to date", 0)
    columns = both.rows(
        "select column_name from information_schema.columns"
        " where table_schema = 'main_staging' and table_name = 'stg_ecommerce__products'"
    )
    assert ("product_title",) in columns
    # both stay as they are, side by side
    assert both.count("raw_ecommerce.products") == len(api.lists["products"])
    assert workspace.count("raw_ecommerce.products") == len(api.lists["products"])
    assert {path.name for path in (workspace.root / ".dango/state").iterdir()} >= {"dev", "prod"}
    api.lists["products"].append({**api.lists["products"][0], "id": 999})
    assert workspace.run(target="dev").exit_code == 0
    assert workspace.count("main_staging.stg_ecommerce__products") == len(api.lists["products"])
    assert both.count("raw_ecommerce.products") == len(api.lists["products"]) - 1
