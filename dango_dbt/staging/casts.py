"""How a value of one of dlt's types becomes one of another type, and else null. Pure.

No engine casts everything: some refuse a pair of types when they compile a query, and that fails a
model whatever its rows are. So but for pairs that all of them know (numbers and truth values, dates
and timestamps) a value goes over text. What each one takes:

- Athena: https://trino.io/docs/current/functions/conversion.html
- BigQuery: https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules
- Databricks: https://docs.databricks.com/sql/language-manual/functions/cast.html
- Redshift: https://docs.aws.amazon.com/redshift/latest/dg/r_TRY_CAST.html
- Snowflake: https://docs.snowflake.com/en/sql-reference/functions/try_cast
- T-SQL: https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dango_dbt.layout import Call, Doc, Words
from dango_dbt.schema import Column
from dango_dbt.staging import postgres_casts
from dango_dbt.staging.cast_call import cast_call

__all__ = ["NUMBERS", "cast", "fits"]

#: Types that hold what the ones before them hold.
NUMBERS = ("bigint", "wei", "decimal", "double")
_COUNTED = frozenset({"bool", *NUMBERS})
_MOMENTS = frozenset({"date", "timestamp"})


@dataclass(frozen=True)
class _Engine:
    """How a dialect casts.

    Attributes:
        text: the type of text of any length.
        whole: the type of whole numbers that every truth value can be cast to.
        safe: the function that casts, and gives null where it cannot.
        text_only: `safe` takes nothing but text, or there is none.
    """

    text: str
    whole: str = "integer"
    safe: str = "try_cast"
    text_only: bool = False


_ENGINES: Mapping[str, _Engine] = {
    "athena": _Engine("varchar"),
    "bigquery": _Engine("string", whole="int64", safe="safe_cast"),
    "clickhouse": _Engine("String", whole="Int64"),
    "databricks": _Engine("string"),
    "duckdb": _Engine("varchar"),
    "fabric": _Engine("varchar(max)"),
    "postgres": _Engine("varchar", text_only=True),
    "redshift": _Engine("varchar(max)"),
    "snowflake": _Engine("varchar", text_only=True),
    "tsql": _Engine("nvarchar(max)"),
}
_T_SQL = frozenset({"fabric", "tsql"})


def fits(column: Column, into: Column) -> bool:
    """Tell whether no value of a column becomes null in another column's type."""
    if column.data_type == into.data_type or into.kind == "json" or _is_text(into):
        return True
    if column.kind in _COUNTED and into.kind in _COUNTED:
        return into.kind == "bool" or _holds(into, column)
    return {column.kind, into.kind} == _MOMENTS


def cast(column: Column, into: Column, dialect: str, value: Doc) -> Doc:
    """Write a value in another type, null where it has no like there.

    Args:
        column: the column that it comes from.
        into: the column whose type it gets; text may come out longer than that type has it.
        dialect: sqlglot's name of the dialect.
        value: the value as SQL.
    """
    if into.kind == "json":
        return value if column.kind == "json" else _json(column, into, dialect, value)
    if column.data_type == into.data_type:
        return value
    if _is_text(into):
        return _text(column, dialect, value)
    if column.kind in _COUNTED and into.kind in _COUNTED:
        return _number(column, into, dialect, value)
    if {column.kind, into.kind} == _MOMENTS:
        return _as(value, into.data_type, dialect, safe=not _ENGINES[dialect].text_only)
    return _parsed(_text(column, dialect, value, scalar=True), into, dialect)


def _is_text(column: Column) -> bool:
    """Whether a column is text to the warehouse, which some have JSON and times as too."""
    return column.data_type.lower().startswith(("string", "varchar", "nvarchar"))


#: How many digits any number may have that a type of whole numbers holds.
_WHOLE_DIGITS = {
    **dict.fromkeys(("tinyint", "int8"), 2),
    **dict.fromkeys(("smallint", "int16"), 4),
    **dict.fromkeys(("int", "integer", "int32"), 9),
    **dict.fromkeys(("bigint", "int64"), 18),
    "hugeint": 38,
    "bignumeric": 38,
}


def _holds(into: Column, column: Column) -> bool:
    """Whether a number of one column is never too large for the type of another one."""
    if into.kind == "double":
        return True
    return column.kind != "double" and 0 < _longest(column) <= _digits(into)


def _digits(column: Column) -> int:
    """Count the digits before the point that a column has room for; 0: unknown, or none."""
    if found := re.search(r"\((\d+), *(\d+)\)", column.data_type):
        return int(found[1]) - int(found[2])
    return _WHOLE_DIGITS.get(column.data_type.lower(), 0)


def _longest(column: Column) -> int:
    """Count the digits before the point of the largest value that a column can have."""
    if column.kind == "bool":
        return 1
    return _digits(column) + (column.data_type.lower() in _WHOLE_DIGITS)


def _number(column: Column, into: Column, dialect: str, value: Doc) -> Doc:
    """Cast between numbers and truth values, of which true is 1 and false is 0."""
    engine = _ENGINES[dialect]
    if into.kind == "bool":
        if dialect in _T_SQL:  # where a condition is no value
            return _as(value, into.data_type, dialect, safe=False)
        truth = Words((value, "<> 0"))
        # There a condition is a small number.
        return _as(truth, into.data_type, dialect) if dialect == "clickhouse" else truth
    held = _holds(into, column)
    if column.kind == "bool":
        column = replace(column, kind="bigint", data_type=engine.whole)
        value = _as(value, engine.whole, dialect, safe=False)
        if engine.whole.lower() == into.data_type.lower():
            return value
    if held:
        return _as(value, into.data_type, dialect, safe=False)
    if dialect == "postgres":
        return postgres_casts.number(_as(value, "numeric", dialect, safe=False), into)
    if engine.text_only or dialect == "clickhouse":  # which fails where a decimal is too large
        value = _text(column, dialect, value)
    return _as(value, into.data_type, dialect)


# ------------------------------------------------------------------------------------- text

_Writer = Callable[[Doc], Doc]

#: Where a plain cast to text is refused, fails, or loses something.
_TEXT: Mapping[tuple[str, str], _Writer] = {
    ("athena", "binary"): lambda value: Call("from_utf8(", (value,)),
    ("bigquery", "binary"): lambda value: Call("safe_convert_bytes_to_string(", (value,)),
    ("bigquery", "json"): lambda value: Call("to_json_string(", (value,)),
    ("fabric", "binary"): lambda value: Call("convert(", ("varchar(max)", value, "1")),
    ("fabric", "double"): lambda value: Call("convert(", ("varchar(max)", value, "3")),
    ("redshift", "binary"): lambda value: Call("from_varbyte(", (value, "'hex'")),
    ("redshift", "bool"): lambda value: Call(
        "decode(", (value, "true", "'true'", "false", "'false'")
    ),
    ("redshift", "json"): lambda value: Call("json_serialize(", (value,)),
    ("tsql", "binary"): lambda value: Call("convert(", ("nvarchar(max)", value, "1")),
    ("tsql", "double"): lambda value: Call("convert(", ("nvarchar(max)", value, "3")),
}


def _text(column: Column, dialect: str, value: Doc, *, scalar: bool = False) -> Doc:
    """Write any value as text; of JSON, if `scalar`, what it holds where that is one value."""
    if _is_text(column):
        return value
    if scalar and (dialect, column.kind) == ("bigquery", "json"):
        return Call("json_value(", (value,))
    if dialect == "clickhouse":
        return Call("toString(", (value,))
    if writer := _TEXT.get((dialect, column.kind)):
        return writer(value)
    return _as(value, _ENGINES[dialect].text, dialect, safe=False)


# -------------------------------------------------------------------------------- from text

#: Where text is not just cast to bytes or truth values.
_FROM_TEXT: Mapping[tuple[str, str], _Writer] = {
    ("athena", "binary"): lambda text: Call("to_utf8(", (text,)),
    # Its cast makes 1 March of 29 February.
    ("clickhouse", "date"): lambda text: _as(
        Call("parseDateTimeOrNull(", (text, "'%Y-%m-%d'")), "Date", "clickhouse"
    ),
    ("duckdb", "binary"): lambda text: Call("encode(", (text,)),
    ("redshift", "bool"): lambda text: Call(
        "decode(",
        (
            Call("lower(", (text,)),
            "'true'",
            "true",
            "'1'",
            "true",
            "'false'",
            "false",
            "'0'",
            "false",
        ),
    ),
    ("redshift", "binary"): lambda text: Call("to_varbyte(", (text, "'utf-8'")),
    ("snowflake", "binary"): lambda text: Call("try_to_binary(", (text, "'utf-8'")),
}


def _parsed(text: Doc, into: Column, dialect: str) -> Doc:
    """Read text, null where it is no value of the type."""
    if dialect == "postgres":
        return postgres_casts.parsed(text, into)
    if dialect == "redshift" and into.kind != "binary":  # whose `try_cast` takes no blanks
        text = Call("trim(", (text,))
    if writer := _FROM_TEXT.get((dialect, into.kind)):
        return writer(text)
    if dialect in {*_T_SQL, "redshift"} and into.kind != "binary":
        text = Call("nullif(", (text, "''"))  # which is zero and 1900-01-01 to T-SQL
    return _as(text, into.data_type, dialect)


# ------------------------------------------------------------------------------------- JSON

#: dlt has read text that is JSON by itself: text that is left is a JSON string, with quotes.
_JSON: Mapping[str, _Writer] = {
    "athena": lambda value: Call("json_format(", (_as(value, "json", "athena", safe=False),)),
    # `to_json(null)` is JSON's null, which is a value.
    "bigquery": lambda value: Call(
        "if(", (Words((value, "is null")), "null", Call("to_json(", (value,)))
    ),
    "clickhouse": lambda value: Call("toJSONString(", (value,)),
    "databricks": lambda value: Call(
        "to_json(", (_as(value, "variant", "databricks", safe=False),)
    ),
    "duckdb": lambda value: Call("to_json(", (value,)),
    "postgres": lambda value: Call("to_jsonb(", (value,)),
    "redshift": lambda value: _as(value, "super", "redshift", safe=False),
    "snowflake": lambda value: Call("to_variant(", (value,)),
}


def _json(column: Column, into: Column, dialect: str, value: Doc) -> Doc:
    """Write any value as JSON, in the type that the warehouse has it in."""
    if dialect in _T_SQL:
        return _t_sql_json(column, into, dialect, value)
    if (dialect, column.kind) == ("athena", "binary") or (
        dialect == "redshift" and column.kind not in _COUNTED
    ):
        value = _text(column, dialect, value)
    return _JSON[dialect](value)


def _t_sql_json(column: Column, into: Column, dialect: str, value: Doc) -> Doc:
    """Write a value as JSON by hand: T-SQL's functions for it make lists and objects only."""
    if column.kind == "bool":
        json: Doc = Call("choose(", (Words((value, "+ 1")), "'false'", "'true'"))
    elif column.kind in NUMBERS:
        json = _text(column, dialect, value)
    else:
        escaped = Call("string_escape(", (_text(column, dialect, value), "'json'"))
        # `concat` would make a value of null, and `replace` cuts what is no `max` at 8000 bytes.
        quotes = _as("'\"_\"'", _ENGINES[dialect].text, dialect, safe=False)
        json = Call("replace(", (quotes, "'_'", escaped))
    if column.kind in NUMBERS and _is_text(into):
        return json
    return _as(json, into.data_type, dialect, safe=not _is_text(into))


# -------------------------------------------------------------------------------------- SQL


def _as(value: Doc, data_type: str, dialect: str, *, safe: bool = True) -> Call:
    """Write a cast, one that gives null where it fails if `safe`."""
    if dialect == "clickhouse":
        quoted = data_type.replace("'", "''")
        if safe:
            return Call("accurateCastOrNull(", (value, f"'{quoted}'"))
        return Call("cast(", (value, f"'Nullable({quoted})'"))  # no other type takes null
    if dialect == "athena":
        data_type = _ATHENA.get(data_type, data_type)
    return cast_call(_ENGINES[dialect].safe if safe else "cast", value, data_type)


#: Athena's queries have Trino's words for types, its DDL has Hive's. A timestamp stays without a
#: precision: one of its own would keep Hive tables from being made of the model.
_ATHENA = {"string": "varchar", "int": "integer", "binary": "varbinary"}
