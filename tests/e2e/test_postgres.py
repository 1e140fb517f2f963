"""The same project on a real Postgres: the same rows, healing, guard, history, edits."""

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
class OnPostgres:
    """A project whose target `pg` is a database of its own on Postgres, beside `dev` on DuckDB."""

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
def on_postgres(workspace: Workspace, postgres: Server) -> OnPostgres:
    return OnPostgres(workspace, postgres.database())


def use_postgres(project: OnPostgres) -> None:
    point_at(project.workspace, "pg", "pg", pg=project.fields)


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


def test_the_same_project_gives_the_same_rows_on_duckdb_and_on_postgres(
    on_postgres: OnPostgres, api: Api
) -> None:
    workspace = on_postgres.workspace
    workspace.ecommerce(api.url)
    for name, sql in MARTS.items():
        workspace.mart(name, sql)
    fields = on_postgres.fields
    point_at(workspace, "dev", "dev", pg=fields)
    on_duckdb = workspace.run(target="dev")
    assert on_duckdb.exit_code == 0, failed(on_duckdb)
    # generated for DuckDB, the code builds on Postgres as it is, too
    twice = [workspace.run(target="pg") for _ in range(2)]
    assert [result.exit_code for result in twice] == [0, 0], failed(twice[0])
    for mart in MARTS:
        expected = workspace.rows(f"select * from main_marts.{mart}")
        found = on_postgres.rows(f"select * from main_marts.{mart}")
        assert len(expected) > 1
        assert sorted([same(value) for value in row] for row in found) == sorted(
            [same(value) for value in row] for row in expected
        )


LOADS = """
    import os

    import dlt
    import pyarrow

    ROUND = int(os.environ["ROUND"])

    @dlt.source
    def shop():
        rows = [{"id": n, "round": ROUND, "parts": [{"p": n}] * n} for n in range(ROUND, ROUND + 3)]
        price = {"price": "dear"} if ROUND == 3 else {"price": 1.5}
        arrow = pyarrow.table({"id": [ROUND, ROUND + 1], "name": ["a, \\"b\\"", None]})
        return [
            dlt.resource(rows, name="appended", primary_key="id", write_disposition="append"),
            dlt.resource(rows, name="merged", primary_key="id", write_disposition="merge"),
            dlt.resource(rows, name="replaced", primary_key="id", write_disposition="replace"),
            dlt.resource(
                [{"id": n, "name": f"v{ROUND if n else 0}"} for n in range(2)],
                name="history",
                write_disposition={"disposition": "merge", "strategy": "scd2"},
            ),
            dlt.resource([{"id": ROUND, **price}], name="prices", write_disposition="append"),
            dlt.resource(arrow, name="arrow", write_disposition="append"),
            dlt.resource(
                [{"id": 1, "order": "x", "text": "Ümläut, \\"quoted\\"\\n\\\\N and 'single'"}],
                name="odd",
                write_disposition="replace",
            ),
        ]
"""


def test_all_dispositions_over_three_rounds(
    on_postgres: OnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dango_dbt import Project

    workspace = on_postgres.workspace
    workspace.code("shop", LOADS)
    staging = {
        "incremental": True,
        "variants": "coalesce",
        "tables": {"appended": {"deduplicate": True}},
    }
    workspace.declare(shop={"staging": staging})
    use_postgres(on_postgres)
    for number in (1, 2, 3):
        monkeypatch.setenv("ROUND", str(number))
        result = workspace.run()
        assert result.exit_code == 0, failed(result)
    count = on_postgres.count
    assert count("raw_shop.appended") == 9
    assert count("main_staging.stg_shop__appended") == 5, "the latest row of each key"
    assert count("raw_shop.merged") == count("main_staging.stg_shop__merged") == 5
    assert count("raw_shop.replaced") == count("main_staging.stg_shop__replaced") == 3
    assert count("raw_shop.history") == 4
    assert count("main_staging.stg_shop__arrow") == 6
    assert on_postgres.rows(
        "select count(*), count(distinct _dlt_load_id) from raw_shop.arrow where name is null"
    ) == [(3, 3)]
    ((text,),) = on_postgres.rows("select text from main_staging.stg_shop__odd")
    assert text == "Ümläut, \"quoted\"\n\\N and 'single'"
    prices = on_postgres.rows("select id, price from main_staging.stg_shop__prices order by id")
    assert prices == [(1, 1.5), (2, 1.5), (3, None)], "what is no number is null"
    for table, key in (("merged", "_shop_id"), ("appended", "id")):
        orphans = on_postgres.rows(
            f"select count(*) from main_staging.stg_shop__{table}__parts as part"
            f" left join main_staging.stg_shop__{table} as root"
            " on root._dlt_id = part._dlt_parent_id where root._dlt_id is null"
        )
        assert orphans == [(0,)], key
    # every column has its exact type: dbt compares them with the database's own
    properties = workspace.root / "dbt_project/models/staging/shop/_shop__models.yml"
    document = yaml.safe_load(properties.read_text("utf-8"))
    for model in document["models"]:
        model["config"] = {"contract": {"enforced": True}}
    properties.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    contracts = Project.find(workspace.root).build(full_refresh=True)
    assert contracts.exit_code == 0, failed(contracts)


def test_a_killed_load_is_healed_and_a_filled_table_is_guarded(
    on_postgres: OnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.e2e.killing import KILLING, NESTING

    workspace = on_postgres.workspace
    workspace.write("custom_sources/killing.py", KILLING)
    workspace.declare(killing={})
    use_postgres(on_postgres)
    monkeypatch.setenv("UPTO", "10")
    first = workspace.sync()
    assert first.exit_code == 0, failed(first)
    died = workspace.command("sync", UPTO="20", DIE_AT="after merged.csv")
    died = died if died.returncode == -9 else workspace.command("sync", UPTO="20", DIE_AT="loaded")
    assert died.returncode == -9, died.stdout + died.stderr
    monkeypatch.setenv("UPTO", "20")
    healed = workspace.sync()
    assert healed.exit_code == 0, failed(healed)
    for table in NESTING:
        ids = on_postgres.rows(f"select id from raw_killing.{table} order by 1")
        assert ids == [(id_,) for id_ in range(20)], table
        assert on_postgres.count(f"raw_killing.{table}__parts") == 40, table


EMPTYING = """
    import os

    import dlt

    @dlt.resource(write_disposition="replace")
    def emptying():
        yield [{"id": n} for n in range(int(os.environ["ROWS"]))]
"""


def test_the_guard_refresh_and_the_schemas_that_come_back(
    on_postgres: OnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dango_dbt import Project

    workspace = on_postgres.workspace
    workspace.code("emptying", EMPTYING)
    workspace.declare(emptying={})
    use_postgres(on_postgres)
    monkeypatch.setenv("ROWS", "3")
    assert workspace.run().exit_code == 0
    monkeypatch.setenv("ROWS", "0")
    refused = workspace.sync()
    assert refused.exit_code == 1
    assert "`emptying` (3 rows)" in str((refused.sources or ())[0].error)
    assert on_postgres.count("raw_emptying.emptying") == 3
    assert workspace.sync(allow_empty=True).exit_code == 0
    assert on_postgres.count("raw_emptying.emptying") == 0
    monkeypatch.setenv("ROWS", "2")
    refreshed = workspace.sync(refresh="drop_sources")
    assert refreshed.exit_code == 0, failed(refreshed)
    assert on_postgres.count("raw_emptying.emptying") == 2

    # a fresh clone, with only the warehouse
    models = workspace.generated()
    for name in (".dango/state", ".dango/schemas", ".dango/generated", "dbt_project/models"):
        workspace.remove(name)
    result = Project.find(workspace.root).generate(from_destination=True)
    assert result.exit_code == 0, failed(result)
    assert workspace.generated() == models
    workspace.remove(".dango/state")
    (source,) = Project.find(workspace.root).status().sources
    assert (source.rows, source.code, source.pending) == ({"emptying": 2}, "up to date", 0)
    assert source.loaded is not None
    assert workspace.run().exit_code == 0
    assert Project.problems(workspace.root).problems == ()


def test_a_warehouse_that_cannot_be_reached_is_told_without_the_password(
    workspace: Workspace, on_postgres: OnPostgres
) -> None:
    from dango_dbt import Project

    workspace.code("emptying", EMPTYING)
    workspace.declare(emptying={})
    fields = {**on_postgres.fields, "dbname": "no_such_database"}
    point_at(workspace, "pg", "pg", pg=fields)
    (problem,) = Project.problems(workspace.root).problems
    assert "no_such_database" in str(problem)
    done = workspace.command("sync-and-build", ROWS="1")
    assert done.returncode == 1
    assert "no_such_database" in done.stdout
    for text in (str(problem), done.stdout, done.stderr):
        assert str(fields["pass"]) not in text
        assert "Traceback" not in text


def test_a_project_moves_to_postgres_and_keeps_every_edit(
    on_postgres: OnPostgres, api: Api
) -> None:
    """`dev` on DuckDB and `prod` on Postgres of one project, each with its own data and state."""
    from dango_dbt import Project

    workspace = on_postgres.workspace
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

    prod = on_postgres.fields
    point_at(workspace, "prod", "prod", prod=prod)
    moved = Project.find(workspace.root).generate()
    assert moved.exit_code == 0, moved
    assert "title as product_title,  -- ours" in model.read_text("utf-8")
    after = properties.read_text("utf-8")
    assert "name: product_title" in after
    assert "double precision" in after
    result = workspace.run()
    assert result.exit_code == 0, failed(result)
    columns = on_postgres.rows(
        "select column_name from information_schema.columns"
        " where table_schema = 'main_staging' and table_name = 'stg_ecommerce__products'"
    )
    assert ("product_title",) in columns
    # both stay as they are, side by side
    assert on_postgres.count("raw_ecommerce.products") == len(api.lists["products"])
    assert workspace.count("raw_ecommerce.products") == len(api.lists["products"])
    assert {path.name for path in (workspace.root / ".dango/state").iterdir()} >= {"dev", "prod"}
    api.lists["products"].append({**api.lists["products"][0], "id": 999})
    assert workspace.run(target="dev").exit_code == 0
    assert workspace.count("main_staging.stg_ecommerce__products") == len(api.lists["products"])
    assert on_postgres.count("raw_ecommerce.products") == len(api.lists["products"]) - 1
