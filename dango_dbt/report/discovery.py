"""What is in a source → lines and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dango_dbt.report.document import without_commands
from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean, count, one_line
from dango_dbt.sampled import Discovery, FoundReference, FoundTable, ResourceSeen

__all__ = ["discovery_json", "discovery_lines"]

_BLANK = Line(())


def discovery_lines(found: Discovery, width: int) -> list[Line]:
    """Describe resources, tables and relationships; rows are cut to a width."""
    lines = [
        Line(((f"source {clean(found.source)}", "bold"), f"  types of {found.adapter}")),
        _BLANK,
        Line((("Resources", "bold"),)),
        *_resources(found),
    ]
    for table in found.tables:
        lines += [_BLANK, *_table(table, found.references, width)]
    if not found.tables:
        lines += [_BLANK, Line(("no row came, so no table is known",))]
    guesses = [reference for reference in found.references if reference.kind == "guess"]
    if guesses:
        lines += [_BLANK, Line((("Likely relationships", "bold"), ", guessed from the values"))]
        lines += [
            Line((f"{_ends(one)}  ", (one_line(one.evidence or ""), "dim")), 2) for one in guesses
        ]
    return lines


def discovery_json(found: Discovery) -> str:
    """Give what was found as a JSON document, without a newline at its end."""
    document = {
        "command": "source discover",
        "status": "success",
        "exit_code": 0,
        "source": found.source,
        "pages": found.pages,
        "adapter": found.adapter,
        "resources": [_resource_document(resource) for resource in found.resources],
        "tables": [asdict(table) for table in found.tables],
        "relationships": [asdict(reference) for reference in found.references],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return without_commands(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def _resource_document(resource: ResourceSeen) -> dict[str, object]:
    return {
        "name": resource.name,
        "rows": resource.rows,
        "pages": resource.pages,
        "rows_per_page": round(resource.rows / resource.pages, 1) if resource.pages else None,
        "complete": resource.ended,
        "cursor": resource.cursor.path if resource.cursor else None,
        "parent": resource.parent,
        "loaded": resource.selected,
    }


def _resources(found: Discovery) -> Iterator[Line]:
    width = max((len(clean(one.name)) for one in found.resources), default=0)
    for one in found.resources:
        rows = f"{'' if one.ended else 'at least '}{count(one.rows, 'row')}"
        parts = [f"{rows}, read in {count(one.pages, 'page')}"]
        if one.pages > 1:
            parts.append(f"{one.rows / one.pages:,.1f} rows a page")
        if not one.ended:
            parts.append("not read to its end")
        if one.cursor:
            parts.append(f"cursor {clean(one.cursor.path)}")
        if one.parent:
            parts.append(f"fed by {clean(one.parent)}")
        if not one.selected:
            parts.append("not loaded itself")
        yield Line(((clean(one.name).ljust(width), "cyan"), f"  {', '.join(parts)}"), 2)


def _table(table: FoundTable, references: Sequence[FoundReference], width: int) -> Iterator[Line]:
    rows = f"{'' if table.complete else 'at least '}{count(table.rows, 'row')}"
    nested = f", nested in {clean(table.parent)}" if table.parent else ""
    about = f"  {rows}, {table.write_disposition}{nested}"
    yield Line(((clean(table.name), "bold"), about))
    if table.description:
        yield Line(((_cut(one_line(table.description), width - 4), "dim"),), 2)
    own = [column for column in table.columns if not column.system]
    names = max((len(clean(column.name)) for column in own), default=0)
    types = max((len(column.data_type) for column in own), default=0)
    for column in own:
        marks = [
            *(["key"] if column.primary_key else []),
            *(["unique"] if column.unique else []),
            *(["cursor"] if column.cursor else []),
            *(
                f"→ {_target(one)}"
                for one in references
                if one.kind == "declared" and one.table == table.name
                if column.name in one.columns
            ),
            *([f"null in {column.nulls:,}"] if column.nulls else []),
        ]
        text = f"{clean(column.name).ljust(names)}  {column.data_type.ljust(types)}"
        yield Line((text, (f"  {', '.join(marks)}", "dim")) if marks else (text.rstrip(),), 2)
    system = [clean(column.name) for column in table.columns if column.system]
    if system:
        yield Line(((f"and {', '.join(system)}", "dim"),), 2)
    for row in table.samples:
        yield Line(((_cut(_row(row), width - 6), "dim"),), 4)


def _row(row: Mapping[str, Any]) -> str:
    shown = (f"{name}: {'null' if value is None else value}" for name, value in row.items())
    return one_line(" | ".join(shown))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


def _ends(reference: FoundReference) -> str:
    columns = ", ".join(reference.columns)
    return f"{clean(reference.table)}.{clean(columns)} → {_target(reference)}"


def _target(reference: FoundReference) -> str:
    return clean(f"{reference.referenced_table}.{', '.join(reference.referenced_columns)}")
