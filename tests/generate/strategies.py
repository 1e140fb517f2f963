"""Arbitrary stored schemas: names, types, nesting and descriptions, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dango_dbt.dialects import _keywords
from dango_dbt.dlt_schema.accepted import LOAD_ID_HINT, VARIANT_HINT

# No dialect but DuckDB, Postgres and SQL Server takes these in a name, however it is quoted.
_IN_NO_NAME = "\x00\\`"

WORDS = sorted(_keywords("duckdb") | _keywords("snowflake"))
PLAIN = st.from_regex(r"[a-z_][a-z0-9_]{0,70}", fullmatch=True)

names = st.one_of(
    PLAIN,
    st.sampled_from(WORDS),
    st.sampled_from(["1st", "Größe", "{{ x }}", "{% if %}", "{# c #}", 'a"b', "a'b", "--", "a]b"]),
    st.text(
        st.characters(codec="utf-8", exclude_characters=_IN_NO_NAME, exclude_categories=["Cc"]),
        min_size=1,
        max_size=20,
    ),
)

descriptions = st.none() | st.text(
    st.sampled_from("{}%#\"'\n:- \\ab") | st.characters(codec="utf-8", categories=["L", "P"]),
    min_size=1,
    max_size=30,
)


@st.composite
def hints(draw: st.DrawFn) -> dict[str, Any]:
    """One column as dlt describes it, with what every warehouse has a type for."""
    column: dict[str, Any] = draw(
        st.sampled_from(
            [
                *({"data_type": name} for name in ("text", "bigint", "double", "bool", "date")),
                *({"data_type": name} for name in ("timestamp", "time", "json", "binary", "wei")),
                {"data_type": "timestamp", "timezone": False},
                {"data_type": "decimal"},
                {"data_type": "decimal", "precision": 12, "scale": 3},
                {"data_type": "bigint", "precision": 16},
                {"data_type": "text", "precision": 40},
            ]
        )
    )
    marks = draw(st.sets(st.sampled_from(["primary_key", "unique", "hard_delete", "incremental"])))
    description = draw(descriptions)
    described = {"description": description} if description else {}
    return {**column, **described, **dict.fromkeys(marks, True)}


def _same(name: str) -> str:
    """What no warehouse tells apart; some fold to upper case, others to lower."""
    return name.upper().lower()


@st.composite
def variants(draw: st.DrawFn, columns: dict[str, Any]) -> dict[str, Any]:
    """Some of the columns have values in columns of their own, as dlt would name them."""
    found = {}
    for name in columns:
        for data_type in draw(st.sets(st.sampled_from(["text", "double", "bigint"]), max_size=2)):
            if len(name) < 50 and data_type != columns[name]["data_type"]:
                hint = {"variant": True, VARIANT_HINT: name}
                found[f"{name}__v_{data_type}"] = {"data_type": data_type, **hint}
    taken = {_same(name) for name in columns}
    return {name: hints for name, hints in found.items() if _same(name) not in taken}


@st.composite
def schemas(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> dict[str, Any]:
    """A chain of tables, each nested in the one before it, and their system columns."""
    tables: dict[str, Any] = {}
    parent = None
    for table in draw(st.lists(name, min_size=1, max_size=4, unique_by=_same)):
        known = draw(st.lists(name, min_size=1, max_size=5, unique_by=_same))
        columns = {column: draw(hints()) for column in known if not column.startswith("_dlt_")}
        columns |= draw(variants(columns))
        stored: dict[str, Any] = {}
        if description := draw(descriptions):
            stored["description"] = description
        if parent is None:
            columns |= _of_root(draw, stored)
        else:
            stored["parent"] = parent
            columns["_dlt_parent_id"] = {"data_type": "text", "parent_key": True}
            columns["_dlt_id"] = {"data_type": "text", "row_key": True, "unique": True}
            if draw(st.booleans()):
                columns["_root_load_id"] = {"data_type": "text", LOAD_ID_HINT: "_dlt_load_id"}
        tables[table] = {**stored, "columns": columns}
        parent = table
    return {"name": "shop", "tables": tables}


def _of_root(draw: st.DrawFn, stored: dict[str, Any]) -> dict[str, Any]:
    """Choose how a root table is loaded, and give the columns that follow from it."""
    disposition = draw(st.sampled_from(["append", "append", "replace", "merge", "scd2"]))
    load_id = {"_dlt_load_id": {"data_type": "text"}}
    if disposition != "scd2":
        stored["write_disposition"] = disposition
        return {**load_id, "_dlt_id": {"data_type": "text", "row_key": True, "unique": True}}
    stored |= {"write_disposition": "merge", "x-merge-strategy": "scd2"}
    active = draw(st.sampled_from([{}, {"x-active-record-timestamp": "9999-12-31"}]))
    return {
        "_dlt_valid_from": {"data_type": "timestamp", "x-valid-from": True},
        "_dlt_valid_to": {"data_type": "timestamp", "x-valid-to": True, **active},
        **load_id,
        "_dlt_id": {"data_type": "text", "x-row-version": True},
    }


stagings = st.fixed_dictionaries(
    {},
    optional={
        "deduplicate": st.booleans(),
        "incremental": st.booleans(),
        "variants": st.sampled_from(["keep", "coalesce"]),
        "dlt_columns": st.sampled_from(["keep", "hide"]),
        "exclude": st.lists(st.sampled_from(["?", "*a*", "[a-m]*"]), min_size=1),
    },
)
