"""A Postgres as the warehouse: what is loaded, staged and built is what DuckDB has."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt import Project
from dango_dbt.destinations import ADAPTERS
from dango_dbt.errors import ConfigError
from dango_dbt.findings import Validation
from tests.e2e.killing import ARROW, KILLING, NESTING
from tests.e2e.test_incremental_staging import CODE as ROUNDS
from tests.e2e.test_incremental_staging import STAGING
from tests.postgres import PASSWORD

if TYPE_CHECKING:
    from tests.e2e.conftest import OnPostgres, Workspace

pytestmark = pytest.mark.slow

#: What two loads of the same rows have each to itself.
_OWN = ("_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_load_id", "_root_load_id")
_OWN_TIMES = ("_dlt_valid_from", "_dlt_valid_to", "valid_from", "valid_to")


def content(workspace: Workspace, schema: str) -> dict[str, list[tuple[str, ...]]]:
    """Give all rows of all tables and views of a schema as text, but for what dlt adds."""
    found = {}
    for table in workspace.relations(schema):
        names = [
            name
            for (name,) in workspace.rows(
                "select column_name from information_schema.columns where table_schema ="
                f" '{schema}' and table_name = '{table}' order by column_name"
            )
            if name not in (*_OWN, *_OWN_TIMES)
        ]
        listed = ", ".join(f'"{name}"' for name in names)
        rows = workspace.rows(f"select {listed} from {schema}.{table}")
        found[table] = sorted(tuple(map(_text, row)) for row in rows)
    return found


def _text(value: Any) -> str:  # noqa: ANN401 - any value of a warehouse
    if hasattr(value, "astimezone"):
        from datetime import timezone

        return str(value.astimezone(timezone.utc))
    return str(value)


def test_each_way_to_load_and_to_stage_gives_the_rows_that_duckdb_has(
    workspace: Workspace, on_postgres: OnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Append, merge in all its ways, SCD2, replace, Arrow, variants, nested tables, deletions.

    Two rounds, staged incrementally, with rows deduplicated and deleted.
    """
    for project in (workspace, on_postgres):
        project.code("shop", ROUNDS)
        project.declare(shop={"staging": STAGING})
        project.mart("rounds", "select count(*) as n from {{ ref('stg_shop__merged__parts') }}")
        for number in ("1", "2"):
            monkeypatch.setenv("ROUND", number)
            result = project.run()
            assert result.exit_code == 0, (project, number, result)
    for schemas in (("raw_shop", "raw_shop"), ("main_staging", "analytics_staging")):
        on_duckdb, here = content(workspace, schemas[0]), content(on_postgres, schemas[1])
        assert here.keys() == on_duckdb.keys()
        for table, rows in here.items():
            assert rows == on_duckdb[table], table


def test_a_killed_process_is_healed(
    on_postgres: OnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_postgres.write("custom_sources/killing.py", KILLING)
    on_postgres.declare(killing={})
    assert on_postgres.sync().exit_code == 0
    for point, state in (
        ("after appended.insert_values", "kept"),
        ("after arrow_appended.insert_values", "lost"),
    ):
        before = on_postgres.rows("select count(*) from raw_killing.appended")[0][0]
        upto = str(before + 10)
        died = on_postgres.command("sync", UPTO=upto, DIE_AT=point)
        assert died.returncode == -9, (point, died.stdout, died.stderr)
        if state == "lost":
            shutil.rmtree(on_postgres.root / ".dango/state")
        monkeypatch.setenv("UPTO", upto)
        healed = on_postgres.sync()
        assert [source.error for source in healed.sources or ()] == [None], point
        for table in (*NESTING, *ARROW):
            ids = on_postgres.rows(f"select id from raw_killing.{table} order by 1")
            assert ids == [(id_,) for id_ in range(int(upto))], (point, table)
        for table in NESTING:
            assert on_postgres.count(f"raw_killing.{table}__parts") == 2 * int(upto), (point, table)


SHOP = """\
import os

import dlt

@dlt.source
def {name}():
    @dlt.resource(primary_key="id", write_disposition="merge")
    def carts(at=dlt.sources.incremental("at", initial_value=0)):
        yield [
            {{"id": id, "at": id, "text": "" if id else None, "items": [{{"n": 1}}, {{"n": 2}}]}}
            for id in range(int(os.environ.get("CARTS", "3")))
        ]

    @dlt.resource(write_disposition="replace")
    def rates():
        yield [{{"id": 1}}] if "EMPTY" not in os.environ else []

    return [carts, rates]
"""


def test_guard_refresh_restoring_and_validate(
    on_postgres: OnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("one", "two", "three")
    for name in names:
        on_postgres.code(name, SHOP.format(name=name))
    on_postgres.declare(**{name: {} for name in names})
    # three threads, each with connections of its own
    assert on_postgres.run(parallel=3).exit_code == 0
    for name in names:
        assert on_postgres.count(f"raw_{name}.carts__items") == 6
    texts = on_postgres.rows("select id, text from raw_one.carts order by 1")
    assert texts == [(0, None), (1, ""), (2, "")], "an empty text is no null"

    monkeypatch.setenv("EMPTY", "1")
    refused = on_postgres.sync("one")
    (source,) = refused.sources or ()
    assert "`rates` (1 rows)" in str(source.error)
    assert on_postgres.count("raw_one.rates") == 1
    assert on_postgres.sync("one", allow_empty=True).exit_code == 0
    assert on_postgres.count("raw_one.rates") == 0
    monkeypatch.delenv("EMPTY")

    # dbt's views use the tables that are dropped
    monkeypatch.setenv("CARTS", "2")
    for refresh, left in ((None, 3), ("drop_data", 2), ("drop_resources", 2), ("drop_sources", 2)):
        assert on_postgres.sync("two", refresh=refresh).exit_code == 0
        assert on_postgres.count("raw_two.carts") == left, refresh
        views = on_postgres.relations("analytics_staging")
        assert ("stg_two__carts" in views) == (refresh in {None, "drop_data"})
    assert on_postgres.run("two", refresh="drop_sources").exit_code == 0
    assert on_postgres.count("analytics_staging.stg_two__carts") == 2

    # a machine that has nothing but the warehouse
    before = on_postgres.generated()
    shutil.rmtree(on_postgres.root / ".dango/state")
    shutil.rmtree(on_postgres.root / ".dango/schemas")
    Project.find(on_postgres.root).generate(from_destination=True)
    assert on_postgres.generated() == before
    assert Project.problems(on_postgres.root).problems == ()


def _problems(workspace: OnPostgres) -> str:
    found: Validation = Project.problems(workspace.root)
    return "\n".join(f"{problem} ({problem.hint})" for problem in found.problems)


def test_what_is_wrong_is_told_without_the_password(
    on_postgres: OnPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    on_postgres.code(
        "shop",
        "import dlt\n\n@dlt.resource\ndef shop():\n    raise ValueError("
        "str(dlt.current.pipeline().destination_client().config.credentials.password))\n",
    )
    on_postgres.declare(shop={})
    told = on_postgres.sync()
    (source,) = told.sources or ()
    assert "ValueError: ***" in str(source.error)

    profile, text = on_postgres.root / "dbt_project/profiles.yml", on_postgres.profiles
    port = f"port: {on_postgres.database.port}"
    assert port in text
    profile.write_text(text.replace(port, "port: 1"), "utf-8")
    for wrong, said in (
        (text.replace(port, "port: 1"), "Connection refused"),
        (text.replace("dbname: shop", "dbname: gone"), 'database "gone" does not exist'),
        (text.replace("#1", "#2"), "password authentication failed"),
    ):
        profile.write_text(wrong, "utf-8")
        problems = _problems(on_postgres)
        assert "profiles.yml:3:5: target `dev` cannot be reached: " in problems
        (source,) = on_postgres.sync().sources or ()
        for text_ in (problems, str(source.error)):
            assert said in text_
            assert "p@ss" not in text_
            assert "p%40ss" not in text_
    assert PASSWORD not in caplog.text


def test_names_are_cut_as_dlt_cuts_them_and_datasets_are_not(on_postgres: OnPostgres) -> None:
    table, column = "a_table_of_" + "very_" * 14 + "long_name", "c_" + "long_" * 14 + "name"
    on_postgres.code(
        "shop",
        "import dlt\n\n@dlt.resource(name=TABLE, primary_key='id')\ndef shop():\n"
        "    yield {'id': 1, COLUMN: 1, 'parts': [{COLUMN: 2}]}\n".replace("TABLE", repr(table))
        .replace("COLUMN", repr(column))
        .replace("name=TABLE", f"name={table!r}"),
    )
    on_postgres.declare(shop={})
    result = on_postgres.run()
    assert result.exit_code == 0, result
    names = on_postgres.relations("raw_shop")
    assert len(names) == 2
    assert all(len(name) <= 63 for name in names)

    longest = ADAPTERS["postgres"].longest_name
    assert longest == 63
    on_postgres.declare(shop={"dataset_name": "d" * 52})
    (source,) = on_postgres.sync().sources or ()
    assert "52" in str(source.error)
    on_postgres.declare(shop={"dataset_name": "d" * 51})
    assert on_postgres.sync().exit_code == 0
    assert on_postgres.count("d" * 51 + "." + min(names)) == 1


def test_what_dbt_cannot_be_given_is_refused_before_anything_runs(on_postgres: OnPostgres) -> None:
    on_postgres.code("shop", "import dlt\n\n@dlt.resource\ndef shop():\n    yield {'id': 1}\n")
    on_postgres.declare(shop={})
    profile = on_postgres.root / "dbt_project/profiles.yml"
    lines = on_postgres.profiles.splitlines(keepends=True)
    profile.write_text("".join(line for line in lines if "pass:" not in line), "utf-8")
    with pytest.raises(ConfigError, match=r"profiles.yml:3:5: target `dev` has no `password:`"):
        on_postgres.sync()
