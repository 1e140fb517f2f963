"""One cast as SQL. Pure."""

from __future__ import annotations

import re

from dango_dbt.layout import Call, Doc, Words

__all__ = ["cast_call"]


def cast_call(function: str, value: Doc, data_type: str) -> Call:
    """Write a cast to a type, in sqlfmt's way of writing types and on one line."""
    written = data_type.lower().replace("timestamp with time zone", "timestamptz")
    name, bracket, sizes = written.partition("(")
    target: Doc = f"as {written}"
    if bracket and sizes.endswith(")"):
        target = Call(f"as {name}(", tuple(re.split(r", *", sizes[:-1])))
    return Call(f"{function}(", (Words((value, target)),))
