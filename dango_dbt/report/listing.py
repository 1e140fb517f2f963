"""A list of sources → lines and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from dango_dbt.findings import SourceList
from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean

__all__ = ["source_list_json", "source_list_lines"]

_HEADINGS = ("name", "type", "module", "enabled", "dataset", "last sync", "rows", "state")
_ROWS = _HEADINGS.index("rows")
_STYLES = {
    "success": "green",
    "failed": "red",
    "broken": "red",
    "disabled": "dim",
    "never synced": "dim",
}


def source_list_lines(found: SourceList) -> list[Line]:
    """One row a source below the columns' headings."""
    if not found.sources:
        return [Line(("no source yet: add one to .dango/sources.yml",))]
    rows = [
        (
            clean(source.name),
            source.type or "",
            clean(source.module or ""),
            "yes" if source.enabled else "no",
            source.dataset or "",
            _time(source.last_sync),
            "" if source.rows is None else f"{source.rows:,}",
            clean(source.state),
        )
        for source in found.sources
    ]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    return [
        Line(((_row(_HEADINGS, widths), "bold"),)),
        *(
            Line((_row(row[:-1], widths) + "  ", (row[-1], _STYLES.get(row[-1], "yellow"))))
            for row in rows
        ),
    ]


def source_list_json(found: SourceList) -> str:
    """Give the list as a JSON document, without a newline at its end."""
    document = {
        "command": "source list",
        "target": found.target,
        "sources": [asdict(source) for source in found.sources],
        "unreferenced": [asdict(file) for file in found.unreferenced],
        "warnings": list(found.warnings),
    }
    return json.dumps(document, indent=2)


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(
        cell.rjust(width) if index == _ROWS else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=False))
    )


def _time(iso: str | None) -> str:
    """Give a time in the reader's own zone, to the minute."""
    try:
        return f"{datetime.fromisoformat(iso).astimezone():%Y-%m-%d %H:%M}" if iso else ""
    except ValueError:
        return clean(str(iso))
