"""What staging SQL looks like, and that it means what it says."""

from __future__ import annotations

from typing import Any

import duckdb  # noqa: TID253 - the engine judges
import pytest
import sqlglot  # noqa: TID253 - the parser judges
from hypothesis import given
from hypothesis import strategies as st

from dango_dbt import dlt_schema
from dango_dbt.schema import Column, Table
from tests.generate.rendering import sql_of

CARTS = """\
with
    source as (select * from {{ source("shop", "carts") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            user_id,
            "order",
            total,
            code,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
"""

ONLY_KEYS = """\
with
    source as (select * from {{ source("shop", "slots") }}),
    renamed as (
        select
            -- keys
            day, place
        from source
    )
select *
from renamed
"""


NESTED = """\
with
    source as (select * from {{ source("shop", "carts__items") }}),
    renamed as (
        select
            -- keys
            _carts_id,
            -- columns
            sku,
            -- loaded by dlt
            _dlt_parent_id,
            _dlt_list_idx,
            _dlt_id
        from source
    )
select *
from renamed
"""


@pytest.mark.parametrize(
    ("table", "expected"), [("carts", CARTS), ("slots", ONLY_KEYS), ("carts__items", NESTED)]
)
def test_the_layout_is_golden(shop: dict[str, Any], table: str, expected: str) -> None:
    tables = {found.name: found for found in dlt_schema.tables(shop, "duckdb")}
    assert sql_of(tables[table]) == expected


def rendered(table: Table) -> str:
    """The SQL as dbt would render it: Jinja evaluated, `source()` gives the table called raw."""
    import jinja2

    sql = sql_of(table)
    return jinja2.Environment(autoescape=False).from_string(sql).render(source=lambda *_: "raw")  # noqa: S701 - SQL, not HTML


names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)


@given(st.lists(names, min_size=1, max_size=5, unique_by=str.lower))
def test_any_column_name_reads_its_column(columns: list[str]) -> None:
    """Quotes, Jinja marks, reserved words and emoji are names like any other."""
    schema = {
        "name": "shop",
        "tables": {"t": {"columns": {name: {"data_type": "text"} for name in columns}}},
    }
    (table,) = dlt_schema.tables(schema, "duckdb")
    sql = rendered(table)
    with duckdb.connect() as connection:
        quoted = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name in columns]
        values = ", ".join(f"'{index}' as {name}" for index, name in enumerate(quoted))
        connection.execute(f"create table raw as select {values}")
        result = connection.sql(sql)
        row = result.fetchone()
        assert row is not None
        found = dict(zip(result.columns, row, strict=True))
    assert found == {name: str(index) for index, name in enumerate(columns)}


@given(names, names)
def test_names_of_source_and_table_stay_data(source: str, table: str) -> None:
    import jinja2

    sql = sql_of(Table(table, (Column("a", "a", "INT"),)), source=source)
    seen = []
    jinja2.Environment(autoescape=False).from_string(sql).render(  # noqa: S701 - SQL, not HTML
        source=lambda *arguments: seen.append(arguments)
    )
    assert seen == [(source, table)]


def test_every_generated_model_parses(shop: dict[str, Any]) -> None:
    for table in dlt_schema.tables(shop, "duckdb"):
        parsed = sqlglot.parse_one(rendered(table), dialect="duckdb")
        assert isinstance(parsed, sqlglot.exp.Select)
