"""Plain data and placeholders → Python source, laid out as ruff and black leave it; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from dango_dbt.connectors import PLACEHOLDER

__all__ = ["docstring", "literal", "text_literal"]

#: What a line may be long, by the default of ruff and black.
_WIDTH = 88


def literal(value: Any, indent: int, names: Collection[str], *, used: int = 0) -> str:  # noqa: ANN401 - plain data
    """Write a value as Python would have it.

    Args:
        value: plain data; `${name}` in a text stands for a variable.
        indent: how far the line is indented that it begins on.
        names: the variables that there are; other placeholders stay text.
        used: how much of that line stands before it, with its indentation.
    """
    line = _in_line(value, names)
    if used + len(line) + 1 <= _WIDTH or not isinstance(value, (Mapping, list)) or not value:
        return line
    inner = indent + 4
    space = " " * inner
    if isinstance(value, Mapping):
        parts = [
            f"{space}{key}: {literal(item, inner, names, used=inner + len(key) + 2)},\n"
            for key, item in ((text_literal(str(key)), item) for key, item in value.items())
        ]
        return "{\n" + "".join(parts) + " " * indent + "}"
    parts = [f"{space}{literal(item, inner, names, used=inner)},\n" for item in value]
    return "[\n" + "".join(parts) + " " * indent + "]"


def _in_line(value: Any, names: Collection[str]) -> str:  # noqa: ANN401 - plain data
    if isinstance(value, Mapping):
        items = (
            f"{text_literal(str(key))}: {_in_line(item, names)}" for key, item in value.items()
        )
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_in_line(item, names) for item in value) + "]"
    return _text(value, names) if isinstance(value, str) else repr(value)


def _text(value: str, names: Collection[str]) -> str:
    """Write a text, as an f-string where variables stand in it, or the variable alone."""
    found = [match for match in PLACEHOLDER.finditer(value) if match[1] in names]
    if not found:
        return text_literal(value)
    if found[0][0] == value:
        return found[0][1]
    pieces, end = [], 0
    for match in found:
        pieces += [_braced(value[end : match.start()]), f"{{{match[1]}}}"]
        end = match.end()
    pieces.append(_braced(value[end:]))
    return f'f"{"".join(pieces)}"'


def _braced(text: str) -> str:
    """Write text that stands in an f-string of double quotes."""
    return _escaped(text).replace("{", "{{").replace("}", "}}")


def text_literal(text: str) -> str:
    """Write a text in double quotes, or in single ones where that saves backslashes."""
    if '"' in text and "'" not in text:
        return repr(text)
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Escape what may not stand in double quotes; what can be read stays."""
    quoted = json.dumps(text, ensure_ascii=False)[1:-1]
    # What JSON leaves as it is and Python cannot print or keep in a line.
    return re.sub(r"[^\x20-\x7e]", _unprintable, quoted)


def _unprintable(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else repr(match[0])[1:-1]


def docstring(text: str) -> str:
    """Make text safe between three double quotes, on one line."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    printable = " ".join(printable.split())
    escaped = printable.replace("\\", "\\\\").replace('"""', "'''")
    return f"{escaped}." if escaped.endswith('"') else escaped
