"""Text in files that dbt renders: data stays data, whatever marks of Jinja's are in it. Pure."""

from __future__ import annotations

import json
import re

__all__ = ["as_text", "jinja_string", "jinja_text"]

_MARKS = re.compile(r"\{\{|\{%|\{#")


def as_text(data: str) -> str:
    """Write data into a properties file, of which dbt renders every text."""
    return _MARKS.sub(lambda mark: "{{ '" + mark.group() + "' }}", data)


def jinja_string(text: str) -> str:
    """Write text as a Jinja string, as JSON's are written: a name stays data.

    Like black, it takes single quotes where that saves escapes.
    """
    written = json.dumps(text, ensure_ascii=False)
    if '"' in text and "'" not in text:
        return "'" + written[1:-1].replace('\\"', '"') + "'"
    return written


def jinja_text(sql: str) -> str:
    """Write a piece of SQL so that Jinja leaves it as it is.

    The filter changes nothing; a bare string would be a docstring to black, which adds a space
    where it ends with a quote.
    """
    if sql.isprintable() and not _MARKS.search(sql):
        return sql
    return f"{{{{ {jinja_string(sql)} | string }}}}"
