"""How values that came in another type than their column's find back into it. Pure.

dlt puts them into a column of their own: `price__v_text` beside `price`
(https://dlthub.com/docs/general-usage/schema-evolution). Where both are numbers, the wider type
holds all of them; any other value is cast where it can be, and else null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from dango_dbt.layout import Call, Doc, Words
from dango_dbt.schema import Column

__all__ = ["coalesced", "merged_type", "remark_on"]

#: Types that hold what the ones before them hold.
_WIDENING = ("bigint", "wei", "decimal", "double")

#: What text must look like for Postgres, which has no cast that gives null, to cast it.
_NUMBER = r"^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?\s*$"
_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
_POSTGRES = {
    "bigint": r"^\s*[-+]?\d{1,18}\s*$",
    "wei": _NUMBER,
    "decimal": _NUMBER,
    "double": _NUMBER,
    "bool": r"(?i)^\s*(?:true|false|t|f|yes|no|y|n|on|off|1|0)\s*$",
    "date": rf"^\s*{_DATE}\s*$",
    "time": rf"^\s*{_TIME}\s*$",
    "timestamp": rf"^\s*{_DATE}(?:[ T]{_TIME})?(?:Z|[-+][01]\d(?::?[0-5]\d)?)?\s*$",
}
_TO_JSON = {"duckdb": "to_json", "postgres": "to_jsonb"}
#: These take nothing but text where a cast may fail.
_FROM_TEXT_ONLY = {"postgres": "text", "snowflake": "varchar"}


def merged_type(column: Column, variants: Sequence[Column]) -> Column:
    """Tell which of a column and its variants has the type that the merged values have."""
    if column.kind not in _WIDENING:
        return column
    numbers = [other for other in (column, *variants) if other.kind in _WIDENING]
    return max(numbers, key=lambda other: _WIDENING.index(other.kind))


def remark_on(column: Column, variants: Sequence[Column]) -> str | None:
    """Say which values may become null."""
    into = merged_type(column, variants)
    lossy = [f"`{variant.name}`" for variant in variants if not _fits(variant, into)]
    if not lossy:
        return None
    return f"Values of {' and '.join(lossy)} that are no {into.data_type} are null."


def coalesced(
    column: Column, variants: Sequence[Column], dialect: str, name: Callable[[Column], str]
) -> Doc:
    """Write the merged values of a column and its variants, of which a row has one at most.

    Args:
        column: the column.
        variants: its variants.
        dialect: sqlglot's name of the dialect.
        name: how a column's name is written.
    """
    into = merged_type(column, variants)
    values = [_cast(other, into, dialect, name(other)) for other in (column, *variants)]
    return Call("coalesce(", tuple(values))


def _fits(column: Column, into: Column) -> bool:
    """Whether all values of a column have their like in the type that is merged into."""
    if into.kind in {column.kind, "text"}:
        return True
    return column.kind in _WIDENING and into.kind in _WIDENING


def _cast(column: Column, into: Column, dialect: str, value: Doc) -> Doc:
    if column.data_type == into.data_type:
        return value
    if dialect == "clickhouse":  # its `cast` takes no null
        quoted = into.data_type.replace("'", "''")
        return Call("accurateCastOrNull(", (value, f"'{quoted}'"))
    if _fits(column, into):
        return _call("cast", value, into.data_type)
    if into.kind == "json" and dialect in _TO_JSON:
        return Call(f"{_TO_JSON[dialect]}(", (value,))
    if dialect in _FROM_TEXT_ONLY and column.kind != "text":
        value = _call("cast", value, _FROM_TEXT_ONLY[dialect])
    if dialect == "postgres":
        if pattern := _POSTGRES.get(into.kind):
            value = Call("substring(", (value, f"'{pattern}'"))
        return _call("cast", value, into.data_type)
    return _call("safe_cast" if dialect == "bigquery" else "try_cast", value, into.data_type)


def _call(function: str, value: Doc, data_type: str) -> Call:
    return Call(f"{function}(", (Words((value, f"as {_type(data_type)}")),))


def _type(data_type: str) -> str:
    """Write a type as sqlfmt does, and on one line."""
    written = re.sub(r",(?=\S)", ", ", data_type.lower())
    return written.replace("timestamp with time zone", "timestamptz")
