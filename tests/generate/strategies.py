"""Arbitrary stored schemas: names, types, nesting and descriptions, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dango_dbt.dialects import _keywords

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
    marks = draw(st.sets(st.sampled_from(["primary_key", "unique"])))
    description = draw(descriptions)
    described = {"description": description} if description else {}
    return {**column, **described, **dict.fromkeys(marks, True)}


def _same(name: str) -> str:
    """What no warehouse tells apart; some fold to upper case, others to lower."""
    return name.upper().lower()


@st.composite
def schemas(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> dict[str, Any]:
    """A chain of tables, each nested in the one before it, and their system columns."""
    tables: dict[str, Any] = {}
    parent = None
    for table in draw(st.lists(name, min_size=1, max_size=4, unique_by=_same)):
        known = draw(st.lists(name, min_size=1, max_size=5, unique_by=_same))
        columns = {column: draw(hints()) for column in known if not column.startswith("_dlt_")}
        columns["_dlt_id"] = {"data_type": "text", "row_key": True, "unique": True}
        stored: dict[str, Any] = {"columns": columns}
        if description := draw(descriptions):
            stored["description"] = description
        if parent is None:
            stored["write_disposition"] = draw(st.sampled_from(["append", "replace", "merge"]))
        else:
            stored["parent"] = parent
            columns["_dlt_parent_id"] = {"data_type": "text", "parent_key": True}
        tables[table] = stored
        parent = table
    return {"name": "shop", "tables": tables}
