"""The accepted schema: what it keeps, how it grows, and the tables that follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt  # noqa: TID253 - the real one
import pytest

from dango_dbt import dlt_schema
from dango_dbt.errors import ConfigError
from dango_dbt.results import SchemaChange
from dango_dbt.schema import Reference


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dlt.Schema:
    """The schema after a real load: nested lists, an empty resource, a column of nulls."""
    folder = tmp_path_factory.mktemp("pipeline")

    @dlt.source(name="shop")
    def shop() -> Any:  # noqa: ANN401 - dlt's
        carts = [{"id": 1, "Total": 2.5, "nothing": None, "items": [{"sku": "a"}, {"sku": "b"}]}]
        return (
            dlt.resource(carts, name="carts", primary_key="id", write_disposition="replace"),
            dlt.resource([], name="empty"),
        )

    pipeline = dlt.pipeline(
        "shop",
        destination=dlt.destinations.duckdb(str(folder / "w.duckdb")),
        pipelines_dir=str(folder),
        dataset_name="raw_shop",
    )
    pipeline.run(shop())
    return pipeline.default_schema


def test_only_what_was_loaded_is_exported(loaded: dlt.Schema) -> None:
    exported = dlt_schema.export(loaded)
    assert list(exported["tables"]) == ["carts", "carts__items"]
    carts = exported["tables"]["carts"]["columns"]
    assert list(carts) == ["id", "total", "_dlt_load_id", "_dlt_id"]
    assert carts["id"] == {"data_type": "bigint", "primary_key": True}
    assert carts["total"] == {"data_type": "double"}


def test_a_timestamp_without_a_time_zone_stays_one() -> None:
    schema = dlt.Schema("shop")
    columns: Any = {
        "at": {"name": "at", "data_type": "timestamp", "timezone": False},
        "seen_at": {"name": "seen_at", "data_type": "timestamp", "timezone": True},
    }
    schema.update_table({"name": "t", "columns": columns, "x-normalizer": {"seen-data": True}})
    (table,) = dlt_schema.tables(dlt_schema.export(schema), "duckdb")
    assert [column.data_type for column in table.columns] == [
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
    ]


def test_the_file_brings_back_what_was_written(loaded: dlt.Schema, tmp_path: Path) -> None:
    exported = dlt_schema.export(loaded)
    path = tmp_path / "shop.yaml"
    path.write_text(dlt_schema.dump(exported), encoding="utf-8")
    assert dlt_schema.load(path) == exported
    assert dlt_schema.dump(exported) == path.read_text(encoding="utf-8")


def test_tables_of_a_real_load(loaded: dlt.Schema) -> None:
    carts, items = dlt_schema.tables(dlt_schema.export(loaded), "duckdb")
    assert [(column.name, column.data_type) for column in carts.columns] == [
        ("id", "BIGINT"),
        ("total", "DOUBLE"),
        ("_dlt_load_id", "VARCHAR"),
        ("_dlt_id", "VARCHAR"),
    ]
    assert (carts.primary_key, carts.row_key, carts.parent) == (("id",), "_dlt_id", None)
    assert (items.parent, items.write_disposition) == ("carts", "replace")
    assert items.references == (Reference(("_dlt_parent_id",), "carts", ("_dlt_id",), nested=True),)


def test_a_reference_to_what_was_never_loaded_is_dropped(shop: dict[str, Any]) -> None:
    carts = next(table for table in dlt_schema.tables(shop, "duckdb") if table.name == "carts")
    assert carts.references == (Reference(("user_id",), "users", ("id",)),)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ("a-x b-y", ["ab-xy"]),
        ("a-x b-x", ["a-x", "b-x"]),
        ("a-x b-y c-x d-y", ["ab-xy", "cd-xy"]),
        ("a-x b-x gone-x", ["a-x", "b-x"]),
    ],
    ids=["one of two columns", "two", "two of two columns", "one was never loaded"],
)
def test_several_references_to_one_table_are_told_apart(pairs: str, expected: list[str]) -> None:
    """dlt joins them: two foreign keys to one table would be tested as if they were one."""
    text = {"data_type": "text"}
    columns, referenced = zip(*(pair.split("-") for pair in pairs.split()), strict=True)
    keys = {"referenced_table": "t", "columns": columns, "referenced_columns": referenced}
    tables = {
        "s": {"columns": dict.fromkeys("abcd", text), "references": [keys]},
        "t": {"columns": dict.fromkeys("xy", text)},
    }
    table, _ = dlt_schema.tables({"name": "shop", "tables": tables}, "duckdb")
    found = ["".join(one.columns) + "-" + "".join(one.referenced) for one in table.references]
    assert found == expected


@pytest.mark.parametrize(
    "name", ["order", "at", "by", "show", "table", "1st", "Größe", "a b", 'q"q']
)
def test_a_name_that_needs_quotes_has_them(name: str) -> None:
    schema = {"name": "s", "tables": {"t": {"columns": {name: {"data_type": "text"}}}}}
    (column,) = dlt_schema.tables(schema, "duckdb")[0].columns
    assert column.quoted == '"' + name.replace('"', '""') + '"'


def columns(**types: str) -> dict[str, Any]:
    hints = {name: {"data_type": data_type} for name, data_type in types.items()}
    return {"name": "s", "tables": {"t": {"columns": hints}}}


def test_the_accepted_schema_only_grows() -> None:
    accepted, live = columns(b="text", a="text"), columns(a="text", c="bigint")
    live["tables"]["u"] = {"columns": {"x": {"data_type": "text"}}}
    merged = dlt_schema.merge(accepted, live)
    assert merged is not None
    assert list(merged["tables"]) == ["t", "u"]
    assert list(merged["tables"]["t"]["columns"]) == ["b", "a", "c"], (
        "known columns keep their place"
    )


@pytest.mark.parametrize(
    ("accepted", "live", "expected"),
    [
        (None, columns(a="text"), [SchemaChange("t", None, "added")]),
        (columns(a="text"), columns(a="text"), []),
        (columns(a="text", b="text"), columns(a="text"), []),
        (columns(a="text"), columns(a="text", b="text"), [SchemaChange("t", "b", "added")]),
        (
            columns(a="text"),
            columns(a="bigint"),
            [SchemaChange("t", "a", "changed from text to bigint", "retyped")],
        ),
    ],
)
def test_changes_are_what_a_load_brought(
    accepted: dict[str, Any] | None, live: dict[str, Any], expected: list[SchemaChange]
) -> None:
    assert list(dlt_schema.changes(accepted, live)) == expected


def with_variant(**types: str) -> dict[str, Any]:
    """A schema in which values of `a` have come as text."""
    schema = columns(**types)
    schema["tables"]["t"]["columns"]["a__v_text"] = {
        "data_type": "text",
        "variant": True,
        "x-dango-variant-of": "a",
    }
    return schema


def test_a_variant_is_a_change_of_its_columns_type() -> None:
    changes = dlt_schema.changes(columns(a="bigint"), with_variant(a="bigint"))
    assert list(changes) == [
        SchemaChange("t", "a__v_text", "added"),
        SchemaChange("t", "a", "changed from bigint to text", "variant"),
    ]


@pytest.mark.parametrize("live", [with_variant(a="bigint", b="text"), columns(a="text", b="text")])
def test_what_is_new_can_be_taken_in_without_changes_of_types(live: dict[str, Any]) -> None:
    accepted = columns(a="bigint")
    kept = dlt_schema.without_retyped(accepted, live, ["t", "u"])
    assert kept == columns(a="bigint", b="text")
    assert dlt_schema.without_retyped(accepted, live, []) == live
    assert dlt_schema.without_retyped(accepted, None, ["t"]) is None


@pytest.mark.parametrize("text", ["a: [", "just text", "tables: 3", "<<<<<<< ours\na: 1\n"])
def test_a_broken_accepted_schema_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"shop\.yaml") as raised:
        dlt_schema.load(path)
    assert raised.value.hint
