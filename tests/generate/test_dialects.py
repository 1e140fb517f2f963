"""Names and types of each warehouse that code can be generated for, with no connection to it."""

from __future__ import annotations

from typing import Any

import dlt  # noqa: TID253 - the real one
import pytest
import yaml

from dango_dbt import dlt_schema
from dango_dbt.destinations import ADAPTERS
from dango_dbt.dialects import Dialect
from dango_dbt.errors import ConfigError
from dango_dbt.naming import relation_name
from dango_dbt.schema import SourceTables, Table
from dango_dbt.source_properties import sources_yaml
from tests.generate.rendering import models_of

NAMES = ["id", "order", "1st", "Mixed", "größe"]


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        ("duckdb", ["id", '"order"', '"1st"', '"Mixed"', '"größe"']),
        # dlt stores upper case, which is what a name without quotes means
        ("snowflake", ["id", '"ORDER"', '"1ST"', '"MIXED"', '"GRÖSSE"']),
        ("postgres", ["id", '"order"', '"1st"', '"mixed"', '"größe"']),
        ("bigquery", ["id", "`order`", "`1st`", "`Mixed`", "`größe`"]),
    ],
)
def test_a_name_is_quoted_in_the_case_that_is_stored(adapter: str, expected: list[str]) -> None:
    dialect = Dialect.of(adapter)
    assert [dialect.quoted(name) for name in NAMES] == expected


def test_names_that_keep_their_case_are_quoted_where_the_warehouse_changes_it() -> None:
    snowflake = Dialect.of("snowflake", case_sensitive=True)
    postgres = Dialect.of("postgres", case_sensitive=True)
    assert [snowflake.quoted(name) for name in ("id", "Mixed")] == ['"id"', '"Mixed"']
    assert [postgres.quoted(name) for name in ("id", "Mixed")] == ["id", '"Mixed"']


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
@pytest.mark.parametrize("word", ["order", "select", "group", "from", "where", "1st", "a b", "Ä"])
def test_what_no_dialect_takes_bare_is_quoted_in_all(adapter: str, word: str) -> None:
    assert Dialect.of(adapter).quoted(word)[0] in '"`'


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_ordinary_names_are_bare_in_all(adapter: str) -> None:
    dialect = Dialect.of(adapter)
    for name in ("id", "user_id", "_dlt_id", "name", "status", "created_at", "carts__items"):
        assert dialect.quoted(name) == dialect.name(name) == name


def test_the_case_of_names_is_remembered_only_where_it_counts() -> None:
    schema = dlt.Schema("shop")
    assert "case_sensitive" not in dlt_schema.export(schema)
    schema._normalizers_config["names"] = "direct"
    schema.update_normalizers()
    exported = dlt_schema.export(schema)
    assert exported["case_sensitive"] is True
    merged = dlt_schema.merge(exported, exported)
    assert merged is not None
    assert merged["case_sensitive"] is True


def stored(name: str = "t", **columns: Any) -> dict[str, Any]:  # noqa: ANN401 - dlt's hints
    return {"name": "s", "tables": {name: {"columns": columns}}}


def test_a_type_that_the_warehouse_lacks_is_an_error_that_names_the_column() -> None:
    schema = stored(big={"data_type": "bigint", "precision": 128})
    with pytest.raises(ConfigError, match=r"column `t\.big` has no type in postgres: .*128"):
        dlt_schema.tables(schema, "postgres")
    assert dlt_schema.tables(schema, "duckdb")[0].columns[0].data_type == "HUGEINT"


def test_what_dlt_says_about_precision_stays_out_of_the_terminal(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    schema = stored(at={"data_type": "timestamp", "precision": 3})
    assert dlt_schema.tables(schema, "bigquery")[0].columns[0].data_type == "TIMESTAMP"
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        ("duckdb", {"name": "order", "quoting": {"identifier": True}}),
        ("snowflake", {"name": "order", "identifier": "ORDER", "quoting": {"identifier": True}}),
    ],
)
def test_a_table_that_needs_quotes_is_declared_with_them(
    adapter: str, expected: dict[str, Any]
) -> None:
    """dbt quotes no names on Snowflake unless told to."""
    schema = stored("order", id={"data_type": "bigint"})
    source = SourceTables("s", "raw_s", dlt_schema.tables(schema, adapter))
    (declared,) = yaml.safe_load(sources_yaml(source))["sources"][0]["tables"]
    assert {key: declared[key] for key in ("name", "identifier", "quoting") if key in declared} == (
        expected
    )


def test_tests_of_keys_and_references_name_columns_as_sql_does() -> None:
    key: dict[str, Any] = {
        "order": {"data_type": "bigint", "primary_key": True},
        "id": {"data_type": "bigint", "primary_key": True},
    }
    points = {"columns": ["order"], "referenced_table": "u", "referenced_columns": ["group"]}
    schema = stored(**key)
    schema["tables"]["t"] |= {"references": [points], "write_disposition": "merge"}
    schema["tables"]["u"] = {"columns": {"group": {"data_type": "bigint"}}}
    source = SourceTables("s", "raw_s", dlt_schema.tables(schema, "snowflake"))
    model = yaml.safe_load(models_of(source))["models"][0]
    combination = model["data_tests"][0]["dango_unique_combination"]
    assert combination["arguments"]["columns"] == ['"ORDER"', "id"]
    (order, _) = model["columns"]
    assert (order["name"], order["quote"]) == ("ORDER", True)
    (link,) = [test for test in order["data_tests"] if "relationships" in test]
    assert link["relationships"]["arguments"]["field"] == '"GROUP"'


def test_a_model_whose_name_is_too_long_gets_a_shorter_relation() -> None:
    tables = tuple(Table(f"{'deep__' * 9}{name}", ()) for name in ("items", "units"))
    source = SourceTables("shop", "raw_shop", tables, longest_name=63)
    models = yaml.safe_load(models_of(source))["models"]
    aliases = [model["config"]["alias"] for model in models]
    assert [model["name"] for model in models] == [f"stg_shop__{table.name}" for table in tables]
    assert len(set(aliases)) == 2
    assert {len(alias) for alias in aliases} == {63}
    assert relation_name("stg_shop__carts", 63) == "stg_shop__carts"
