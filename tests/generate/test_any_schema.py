"""Whatever a source is like, what is generated from it parses, loads and gives its rows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import duckdb  # noqa: TID253 - the engine judges
import jinja2
import pytest
import sqlglot  # noqa: TID253 - the parser judges
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dango_dbt import destinations, dlt_schema
from dango_dbt.config import StagingConfig
from dango_dbt.destinations import ADAPTERS
from dango_dbt.dialects import Dialect
from dango_dbt.generate import plan_source
from dango_dbt.schema import Column, SourceTables, Table
from dango_dbt.staging import StagingModel, staged, staging_sql
from dango_dbt.staging_options import with_options
from tests.generate.strategies import schemas, stagings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

pytestmark = pytest.mark.slow

JINJA = jinja2.Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - SQL, not HTML


def rendered(text: str, relation: str = "raw", *, incremental: bool = False) -> str:
    """As dbt renders a model or a description."""
    return JINJA.from_string(text).render(
        source=lambda *_: relation,
        ref=lambda _: relation,
        this="this",
        config=lambda **_: "",
        is_incremental=lambda: incremental,
    )


def column_names(schema: dict[str, Any]) -> list[str]:
    return [name for table in schema["tables"].values() for name in table["columns"]]


def source_of(
    schema: dict[str, Any], adapter: str, staging: Mapping[str, Any] | None = None
) -> SourceTables:
    tables = with_options(
        dlt_schema.tables(schema, adapter), StagingConfig.model_validate(staging or {})
    )
    return SourceTables("shop", "raw_shop", tables, loads=dlt_schema.loads(schema, adapter))


@settings(max_examples=20, deadline=None)
@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
@given(schemas(), stagings, st.booleans())
def test_the_sql_parses_in_its_dialect_and_selects_every_column(
    adapter: str,
    schema: dict[str, Any],
    staging: dict[str, Any],
    incremental: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    # BigQuery takes no dot in a column's name, and sqlglot reads one as a path.
    assume(adapter != "bigquery" or not any("." in name for name in column_names(schema)))
    dialect = destinations.adapter(adapter).dialect
    for model in staged(source_of(schema, adapter, staging)):
        sql = rendered(staging_sql(model, dialect), incremental=incremental)
        query = sqlglot.parse_one(sql, dialect=dialect)
        assert isinstance(query, sqlglot.exp.Select)
        renamed = next(cte for cte in query.ctes if cte.alias == "renamed").this
        assert sorted(renamed.named_selects) == sorted(column.name for column in model.columns)


@settings(max_examples=40, deadline=None)
@given(schemas(), st.sampled_from(["append", "merge"]), st.booleans())
def test_the_configuration_of_a_model_names_its_columns_and_its_table(
    schema: dict[str, Any],
    disposition: str,
    deduplicate: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    next(iter(schema["tables"].values()))["write_disposition"] = disposition
    staging = {"incremental": True, "deduplicate": deduplicate}
    for model in staged(source_of(schema, "duckdb", staging)):
        if (new := model.incremental) is None:
            continue
        config: dict[str, Any] = {}
        JINJA.from_string(staging_sql(model, "duckdb")).render(
            source=lambda *_: "",
            ref=lambda _: "",
            is_incremental=lambda: False,
            config=config.update,
        )
        assert config["materialized"] == "incremental"
        keys = config.get("unique_key", [])
        assert new.unique_key == ((keys,) if isinstance(keys, str) else tuple(keys))
        hook = Mock(return_value="")
        JINJA.from_string(config["post_hook"]).render(
            source=lambda *names: names,
            ref=lambda name: name,
            dango_delete_gone=hook,
        )
        if new.gone.model:
            hook.assert_called_once_with(new.gone.column, new.gone.model, new.gone.other)
        else:
            nullable = new.nullable and new.gone.column == new.load_id
            table = (model.source, model.table.name)
            hook.assert_called_once_with(
                new.gone.column, table, **({"nullable": True} if nullable else {})
            )


@settings(max_examples=40, deadline=None)
@given(schemas(), stagings, st.sampled_from(sorted(ADAPTERS)))
def test_all_yaml_loads_and_tests_only_what_is_there(
    schema: dict[str, Any], staging: dict[str, Any], adapter: str
) -> None:
    source = source_of(schema, adapter, staging)
    texts = [file for file in plan_source(source, "duckdb") if file.path.suffix == ".yml"]
    files = {file.path.name: yaml.safe_load(file.text) for file in texts}
    models = files.get("_shop__models.yml", {}).get("models", [])
    names = {model["name"]: {c["name"] for c in model["columns"]} for model in models}
    assert list(names) == [model.name for model in staged(source)]
    tests = [
        test["relationships"]["arguments"]
        for model in models
        for column in model["columns"]
        for test in column.get("data_tests", [])
        if "relationships" in test
    ]
    for arguments in tests:
        parent = arguments["to"].removeprefix("ref('").removesuffix("')")
        assert arguments["field"].strip('"`[]').lower() in {n.lower() for n in names[parent]}


@settings(max_examples=40, deadline=None)
@given(schemas(), st.sampled_from(sorted(ADAPTERS)))
def test_the_yaml_loads_and_says_what_the_schema_says(schema: dict[str, Any], adapter: str) -> None:
    source = source_of(schema, adapter)
    sources, models, *_ = plan_source(source, destinations.adapter(adapter).dialect)
    (declared,) = yaml.safe_load(sources.text)["sources"]
    dialect = Dialect.of(adapter)
    for found in (declared["tables"], yaml.safe_load(models.text)["models"]):
        for entry, stored in zip(found, schema["tables"].values(), strict=True):
            described = {
                rendered(column["name"]): (
                    rendered(column["description"]) if "description" in column else None,
                    column["data_type"],
                    column.get("quote", False),
                )
                for column in entry["columns"]
            }
            of_model = found is not declared["tables"]
            for name, hints in stored["columns"].items():
                renamed = of_model and ("x-valid-from" in hints or "x-valid-to" in hints)
                called = name.removeprefix("_dlt_") if renamed else name
                description, data_type, quote = described[dialect.name(called)]
                assert data_type
                assert quote == (dialect.quoted(called) != called)
                if "description" in hints:
                    assert description == hints["description"]
            if "description" in stored:
                assert rendered(entry["description"]).startswith(stored["description"])


@given(schemas())
@settings(max_examples=20, deadline=None)
def test_generating_twice_gives_the_same_bytes(schema: dict[str, Any]) -> None:
    first, again = (plan_source(source_of(schema, "duckdb"), "duckdb") for _ in range(2))
    assert first == again


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "VARCHAR": st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5),
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "SMALLINT": st.integers(-(2**15), 2**15 - 1),
    "DOUBLE": st.floats(allow_nan=False),
    "BOOLEAN": st.booleans(),
    "DATE": st.dates(),
    "TIME": st.times(),
    "TIMESTAMP": st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)),  # noqa: DTZ001 - without a time zone is the point
    "TIMESTAMP WITH TIME ZONE": st.just("2026-01-02 03:04:05+01"),
    "JSON": st.sampled_from(["{}", '[1, "a"]', "null"]),
    "BLOB": st.binary(max_size=4),
    "DECIMAL(38,0)": st.integers(-(10**37), 10**37),
    "DECIMAL(38,9)": st.integers(-(10**28), 10**28),
    "DECIMAL(12,3)": st.decimals(-(10**8), 10**8, places=3),
}


FEW: dict[str, st.SearchStrategy[Any]] = {
    "VARCHAR": st.sampled_from(["a", "b"]),
    "BIGINT": st.sampled_from([1, 2]),
    "DOUBLE": st.sampled_from([1.5, 2.5]),
}


def raw_table(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], rows: Sequence[Sequence[Any]]
) -> None:
    declared = ", ".join(
        '"' + column.name.replace('"', '""') + f'" {column.data_type}' for column in columns
    )
    connection.execute(f"create or replace table raw ({declared})")
    for row in rows:
        connection.execute(f"insert into raw values ({', '.join('?' * len(columns))})", row)


@settings(max_examples=40, deadline=None)
@given(schemas(), st.data())
def test_the_built_model_has_the_rows_of_the_raw_table(
    schema: dict[str, Any], data: st.DataObject
) -> None:
    with duckdb.connect() as connection:
        for model in staged(source_of(schema, "duckdb")):
            rows = data.draw(st.lists(st.tuples(*values_of(model.table)), max_size=3))
            raw_table(connection, model.table.columns, rows)
            build(connection, model)
            same = [column for column in model.columns if not column.flag]
            raw = select(connection, "raw", [column.column.name for column in same])
            built = select(connection, "model", [column.name for column in same])
            assert built.fetchall() == raw.fetchall()
            assert built.types == raw.types
            declared = {column.name: column.data_type for column in model.columns}
            kept = [column.name for column in model.columns]
            for name, data_type in zip(kept, select(connection, "model", kept).types, strict=True):
                assert str(data_type) == declared[name].replace("VARCHAR(40)", "VARCHAR")


@settings(max_examples=40, deadline=None)
@given(schemas(), st.data())
def test_a_deduplicated_model_has_one_row_of_each_key_the_latest(
    schema: dict[str, Any], data: st.DataObject
) -> None:
    root = next(iter(schema["tables"].values()))
    root["write_disposition"] = "append"
    (key, hints), *_ = root["columns"].items()
    hints["primary_key"] = True
    source = source_of(schema, "duckdb", {"deduplicate": True, "variants": "coalesce"})
    model = next(model for model in staged(source) if not model.table.parent)
    assume(not model.table.history)
    names = [column.name for column in model.table.columns]
    keys = [column.name for column in model.table.columns if column.primary_key]
    rows = [
        dict(zip(names, row, strict=True))
        | {"_dlt_load_id": f"{number % 3}", "_dlt_id": f"{number}"}
        for number, row in enumerate(
            data.draw(st.lists(st.tuples(*values_of(model.table, few=True)), max_size=6))
        )
    ]
    with duckdb.connect() as connection:
        raw_table(connection, model.table.columns, [tuple(row.values()) for row in rows])
        build(connection, model)
        found = select(connection, "model", ["_dlt_id"]).fetchall()
    latest: dict[Any, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["_dlt_load_id"], reverse=True):
        same = latest.setdefault(tuple(str(row[name]) for name in keys), [])
        if not same or same[0]["_dlt_load_id"] == row["_dlt_load_id"]:
            same.append(row)
    assert key in names
    deleted = model.latest and model.latest.deleted
    ids = {row["_dlt_id"] for same in latest.values() for row in same}
    assert {found_id for (found_id,) in found} <= ids
    if not deleted:
        assert len(found) == len(latest)
    for (found_id,) in found:
        (row,) = [row for row in rows if row["_dlt_id"] == found_id]
        if deleted:
            assert row[deleted.name] in {None, False}


def values_of(table: Table, *, few: bool = False) -> list[st.SearchStrategy[Any]]:
    """Give what rows may hold; of `few` values, so that keys repeat."""
    values = [VALUES[column.data_type] for column in table.columns]
    if few:
        values = [st.sampled_from([False, True]) if v is VALUES["BOOLEAN"] else v for v in values]
        return [
            st.none() | FEW.get(column.data_type, value)
            for column, value in zip(table.columns, values, strict=True)
        ]
    return [st.none() | value for value in values]


def build(connection: duckdb.DuckDBPyConnection, model: StagingModel) -> None:
    connection.execute(f"create or replace view model as {rendered(staging_sql(model, 'duckdb'))}")


def select(
    connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]
) -> duckdb.DuckDBPyRelation:
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    return connection.sql(f"select {columns} from {relation} order by all")
