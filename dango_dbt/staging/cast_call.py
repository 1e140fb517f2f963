"""One cast as SQL. Pure."""

from __future__ import annotations

import re

from dango_dbt.layout import Call, Doc, Words

__all__ = ["cast_call"]


def cast_call(function: str, value: Doc, data_type: str) -> Call:
    """Write a cast to a type, in sqlfmt's way of writing types and on one line."""
    written = re.sub(r",(?=\S)", ", ", data_type.lower())
    written = written.replace("timestamp with time zone", "timestamptz")
    return Call(f"{function}(", (Words((value, f"as {written}")),))
