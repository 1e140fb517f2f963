"""The macros that are shipped, each in a real dbt run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb  # noqa: TID253 - the warehouse is looked into
import pytest

from dango_dbt import macros
from dango_dbt.build import build
from dango_dbt.progress import Progress
from dango_dbt.project import DbtProject
from dango_dbt.results import BuildResult

Write = Callable[[Mapping[str, str]], DbtProject]

SHIPPED = {f"macros/dango/{name}": text for name, text in macros.texts().items()}
SCHEMA_NAME = Path(macros.__file__).parent / "templates" / "generate_schema_name.sql"


def values(*rows: str) -> str:
    return f'select * from (values {", ".join(rows)}) as t (a, "order")'


def run(project: DbtProject) -> BuildResult:
    return build(project, target=None, threads=None, full_refresh=False, progress=Progress())


def failing_rows(write: Write, files: Mapping[str, str]) -> int:
    """Build a project that has one test; how many rows fail it."""
    result = run(write({**SHIPPED, **files}))
    (test,) = [node for node in result.nodes if node.unique_id.startswith("test.")]
    if test.status == "pass":
        return 0
    said = re.fullmatch(r"Got (\d+) results?, .*", test.message or "")
    assert said, test
    return int(said[1])


COMBINATION = """\
    models:
      - name: t
        data_tests:
          - dango_unique_combination:
              name: combination
              arguments: {columns: [a, '"order"']}
    """


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(["(1, 'x')", "(1, 'y')", "(2, 'x')"], 0, id="each differs in one"),
        pytest.param(["(1, 'x')", "(1, 'x')", "(1, 'x')", "(2, 'x')"], 1, id="repeated"),
        pytest.param(["(1, null)", "(2, null)"], 0, id="null differs from nothing else"),
        pytest.param(["(1, null)", "(1, null)"], 1, id="nulls agree"),
    ],
)
def test_a_combination_is_unique(project: Write, rows: list[str], expected: int) -> None:
    files = {"models/t.sql": values(*rows), "models/t.yml": COMBINATION}
    assert failing_rows(project, files) == expected


RELATIONSHIP = """\
    models:
      - name: child
        data_tests:
          - dango_relationship:
              name: link
              arguments:
                columns: ['"order"', a]
                to: ref('parent')
                to_columns: ['"order"', a]
    """


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(["(1, 'x')", "(2, 'y')"], 0, id="all are there"),
        pytest.param(["(1, 'y')", "(3, 'z')", "(3, 'z')"], 3, id="two columns of different rows"),
        pytest.param(["(9, null)", "(null, 'x')", "(null, null)"], 0, id="null points nowhere"),
    ],
)
def test_a_relationship_of_several_columns(project: Write, rows: list[str], expected: int) -> None:
    files = {
        "models/child.sql": values(*rows),
        "models/parent.sql": values("(1, 'x')", "(2, 'y')", "(null, null)"),
        "models/child.yml": RELATIONSHIP,
    }
    assert failing_rows(project, files) == expected


@pytest.mark.parametrize(
    ("models", "properties", "expected"),
    [
        ({"t": values("(1, 'x')", "(1, 'x')", "(2, 'x')", "(2, 'x')")}, COMBINATION, 1),
        ({"child": values("(1, 'y')", "(2, 'y')"), "parent": values("(3, 'z')")}, RELATIONSHIP, 1),
    ],
    ids=["combination", "relationship"],
)
def test_a_condition_of_dbts_limits_a_test(
    project: Write, models: dict[str, str], properties: str, expected: int
) -> None:
    """`config: {where: …}` puts a query in the model's place."""
    limited = properties.replace("arguments:", "config: {where: a = 1}\n              arguments:")
    files = {f"models/{name}.sql": sql for name, sql in models.items()}
    assert failing_rows(project, {**files, "models/all.yml": limited}) == expected


INCREMENTAL = """\
    {{ config(materialized="incremental", unique_key="id", post_hook="{{ HOOK }}") }}
    select * from {{ source("raw", "rows") }}
    {% if is_incremental() %}
    where load_id > (select coalesce(max(load_id), '') from {{ this }})
    {% endif %}
    """
SOURCES = """\
    sources:
      - name: raw
        tables: [{name: rows}, {name: others}]
    """


@pytest.mark.parametrize(
    ("hook", "gone", "kept"),
    [
        pytest.param("'id', source('raw', 'rows')", "id = 1", {2, 3, 4}, id="a row"),
        pytest.param("'load_id', source('raw', 'rows')", "load_id = 'a'", {3, 4}, id="a load"),
        pytest.param(
            "'load_id', source('raw', 'rows'), nullable=true",
            "load_id is null",
            {1, 2, 3},
            id="a null",
        ),
        pytest.param(
            "'load_id', source('raw', 'rows'), nullable=true",
            "load_id = 'a'",
            {3, 4},
            id="a null stays",
        ),
        pytest.param(
            "'id', source('raw', 'others'), 'other'", "false", {3}, id="what another has not"
        ),
    ],
)
def test_rows_that_are_gone_leave_an_incremental_model(
    project: Write, hook: str, gone: str, kept: set[int]
) -> None:
    model = INCREMENTAL.replace("HOOK", f"dango_delete_gone({hook})")
    written = project({**SHIPPED, "models/t.sql": model, "models/raw.yml": SOURCES})
    file = str(written.directory.parent / "data" / "dev.duckdb")

    def execute(sql: str) -> list[tuple[int]]:
        with duckdb.connect(file) as connection:
            return connection.execute(sql).fetchall()

    execute(
        "create schema raw; create table raw.rows as select * from (values (1, 'a'), (2, 'a'),"
        " (3, 'b'), (4, null)) as t (id, load_id);"
        "create table raw.others as select 3 as other union all select null"
    )
    assert run(written).status == "success"
    assert {found for (found,) in execute("select id from main.t")} == {1, 2, 3, 4}
    execute(f"delete from raw.rows where {gone}")
    assert run(written).status == "success"
    assert {found for (found,) in execute("select id from main.t")} == kept

    # dbt lets the model see nothing of its source: no reason to delete
    result = build(
        written,
        args=["--empty"],
        target=None,
        threads=None,
        full_refresh=False,
        progress=Progress(),
    )
    assert result.status == "success"
    assert {found for (found,) in execute("select id from main.t")} == kept


SCHEMA_FILES = {
    "macros/generate_schema_name.sql": SCHEMA_NAME.read_text(encoding="utf-8"),
    "models/plain.sql": "select 1 as id",
    "models/mart.sql": "{{ config(schema='marts') }} select 1 as id",
}


def test_schemas_have_plain_names_on_duckdb(project: Write) -> None:
    written = project({**SHIPPED, **SCHEMA_FILES})
    assert run(written).status == "success"
    with duckdb.connect(str(written.directory.parent / "data" / "dev.duckdb")) as connection:
        found = connection.sql(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    assert set(found) == {("main", "plain"), ("marts", "mart")}


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("dev", "snowflake", "dbt_ada_marts"),
        ("prod", "snowflake", "marts"),
        ("dev", "duckdb", "marts"),
    ],
)
def test_people_who_share_a_warehouse_are_kept_apart(name: str, kind: str, expected: str) -> None:
    """Rendered as dbt does it; there is no shared warehouse here to run it in."""
    from types import SimpleNamespace

    import jinja2

    target = SimpleNamespace(name=name, type=kind, schema="dbt_ada")
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
    module = environment.from_string(
        SCHEMA_NAME.read_text(encoding="utf-8"), {"target": target}
    ).module
    schema_name = module.generate_schema_name  # type: ignore[attr-defined]
    assert schema_name(" marts ", None).strip() == expected
    assert schema_name(None, None).strip() == "dbt_ada"


def test_every_macro_says_what_it_does() -> None:
    for text in (*macros.texts().values(), SCHEMA_NAME.read_text(encoding="utf-8")):
        assert text.startswith("{#-")
