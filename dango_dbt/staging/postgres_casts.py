"""How Postgres casts what may be no value of a type: it has no cast that gives null. Pure.

`pg_input_is_valid` came with version 16. So text is looked at first: a pattern gives what a cast
takes, or null. How large a number may be is asked of it as a number, by a JSON path (version 12).
"""

from __future__ import annotations

import re

from dango_dbt.layout import Call, Doc
from dango_dbt.schema import Column
from dango_dbt.staging.cast_call import cast_call

__all__ = ["number", "parsed"]

# What is in the first brackets is what `substring` gives. `\d` and `\s` may take digits and spaces
# of all scripts, which a cast does not: so no `\d`, and spaces stay outside of the brackets. Nor
# does a cast take numbers without end.
_WHOLE = r"^(?!.{255})\s*([-+]?[0-9]+)\s*$"
_NUMBER = r"^(?!.{255})\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)\s*$"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DATE = (
    "(?:(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    "|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    f"|{_LEAP_YEAR}-02-29)"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_ZONE = "(?:Z|[-+](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)"
_PATTERNS = {
    "bool": r"(?i)^\s*(true|false|t|f|yes|no|y|n|on|off|1|0)\s*$",
    "date": rf"^\s*({_DATE})\s*$",
    "time": rf"^\s*({_TIME})\s*$",
    "timestamp": rf"^\s*({_DATE}(?:[ T]{_TIME})?{_ZONE}?)\s*$",
}
_WHOLE_RANGES = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
#: The least number that is not zero, and the greatest one.
_DOUBLE_RANGE = "@ == 0 || @.abs() >= 5e-324 && @.abs() <= 1.7976931348623157e308"


def parsed(text: Doc, into: Column) -> Doc:
    """Read text, null where it is no value of the type."""
    if into.kind == "binary":
        return Call("convert_to(", (text, "'utf8'"))
    if pattern := _PATTERNS.get(into.kind):
        return cast_call("cast", _matching(text, pattern), into.data_type)
    pattern = _WHOLE if into.kind == "bigint" else _NUMBER
    return number(cast_call("cast", _matching(text, pattern), "numeric"), into)


def number(numeric: Doc, into: Column) -> Doc:
    """Cast a `numeric` to another type of numbers, null where it is out of its range."""
    condition = _DOUBLE_RANGE
    if limit := _WHOLE_RANGES.get(into.data_type):
        condition = f"@ >= {-limit} && @ <= {limit - 1}"
    elif found := re.search(r"\((\d+), *(\d+)\)", into.data_type):
        numeric = Call("round(", (numeric, found[2]))
        condition = f"@.abs() < 1e{int(found[1]) - int(found[2])}"
    json = Call("to_jsonb(", (numeric,))
    found_json = Call("jsonb_path_query_first(", (json, f"'$ ? ({condition})'"))
    return cast_call("cast", found_json, into.data_type)


def _matching(text: Doc, pattern: str) -> Doc:
    return Call("substring(", (text, f"'{pattern}'"))
