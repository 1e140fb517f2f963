"""The tables of a source and how they point at each other → an ER diagram of Mermaid's.

Its grammar: https://mermaid.js.org/syntax/entityRelationshipDiagram.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dango_dbt.report.words import one_line
from dango_dbt.sampled import Discovery, FoundColumn, FoundReference, FoundTable

__all__ = ["discovery_mermaid"]

#: What a type or a column's name may not have, and what a quoted text may not.
_NOT_WORD = re.compile(r"[^A-Za-z0-9_()\[\]-]")
#: How one may begin; a key's mark is none.
_WORD_START = re.compile(r"(?!(PK|FK|UK)\b)[A-Za-z_]")
_NOT_QUOTED = re.compile(r'["%\\]')


def discovery_mermaid(found: Discovery) -> str:
    """Give the diagram, without a newline at its end; a dotted line is a guess."""
    keys = {table.name: f"t{index}" for index, table in enumerate(found.tables)}
    lines = ["erDiagram"]
    for table in found.tables:
        lines += _entity(table, keys[table.name], found.references)
    for reference in found.references:
        if reference.table in keys and reference.referenced_table in keys:
            lines.append(_line(reference, keys))
    return "\n".join(lines)


def _entity(table: FoundTable, key: str, references: Sequence[FoundReference]) -> Iterator[str]:
    """Draw a table; what dlt adds is left out, but for what nested tables hang on."""
    name = f'{key}["{_quoted(table.name)}"]'
    columns = [column for column in table.columns if not column.system]
    if not columns:
        yield f"    {name}"
        return
    pointing = {
        column
        for reference in references
        if reference.table == table.name and reference.kind == "declared"
        for column in reference.columns
    }
    yield f"    {name} {{"
    for column in columns:
        yield f"        {_attribute(column, foreign=column.name in pointing)}"
    yield "    }"


def _attribute(column: FoundColumn, *, foreign: bool) -> str:
    data_type, name = _word(column.data_type), _word(column.name)
    keys = [
        *(["PK"] if column.primary_key else []),
        *(["FK"] if foreign else []),
        *(["UK"] if column.unique else []),
    ]
    exact = [
        text for text, word in ((column.data_type, data_type), (column.name, name)) if text != word
    ]
    comment = f' "{_quoted(", ".join(exact))}"' if exact else ""
    return f"{data_type} {name}{' ' + ', '.join(keys) if keys else ''}{comment}"


def _line(reference: FoundReference, keys: dict[str, str]) -> str:
    shape = "||..o{" if reference.kind == "guess" else "||--o{"
    label = "nested" if reference.kind == "nested" else ", ".join(reference.columns)
    if reference.kind == "guess":
        label += f" (guess: {reference.included} of {reference.distinct} values)"
    ends = f"{keys[reference.referenced_table]} {shape} {keys[reference.table]}"
    return f'    {ends} : "{_quoted(label)}"'


def _word(text: str) -> str:
    """Make a word of a name or a type; what it really is, is in the comment."""
    word = _NOT_WORD.sub("_", text)
    return word if _WORD_START.match(word) else f"_{word}"


def _quoted(text: str) -> str:
    """Take out what a quoted text cannot hold; never empty."""
    return _NOT_QUOTED.sub("'", one_line(text)) or "_"
