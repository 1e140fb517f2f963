"""Text in files that dbt renders: data stays data, whatever marks of Jinja's are in it. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

__all__ = ["JinjaSpan", "as_text", "jinja_spans", "jinja_string", "jinja_text"]

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


@dataclass(frozen=True)
class JinjaSpan:
    """Where Jinja stands in a text: `text[start:end]`."""

    start: int
    end: int
    kind: str

    @property
    def is_expression(self) -> bool:
        """Whether it gives text: `{{ … }}`; statements and comments give none by themselves."""
        return self.kind == "variable"


def jinja_spans(text: str) -> list[JinjaSpan]:
    """Find the Jinja in a text, as Jinja's own lexer does: strings in it may hold its marks.

    Raises:
        ValueError: it is no Jinja, such as for a mark that is never closed.
    """
    import jinja2

    environment = jinja2.Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - nothing is rendered
    found, place, start = [], 0, 0
    try:
        for _, token, value in environment.lex(text):
            at = text.index(value, place)  # the lexer leaves out white space around `-`
            place = at + len(value)
            kind, _, edge = token.rpartition("_")
            if edge == "begin":
                start = at
            elif edge == "end":
                found.append(JinjaSpan(start, place, kind))
    except jinja2.TemplateSyntaxError as error:
        raise ValueError(str(error)) from error
    return found
