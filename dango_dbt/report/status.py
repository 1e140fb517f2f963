"""How sources stand → lines and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone

from dango_dbt.findings import ProjectStatus, SourceStatus
from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean, count, one_line

__all__ = ["status_json", "status_lines"]

_HEADINGS = ("source", "last load", "age", "rows", "freshness", "code")
_ROWS = _HEADINGS.index("rows")
_STYLES = {"error": "red", "warn": "yellow", "pass": "green"}
_CODE_STYLES = {
    "out of date": "yellow",
    "in conflict": "red",
    "never generated": "dim",
    "unknown": "red",
}
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
#: How many names to give of many.
_LIMIT = 5


def status_lines(found: ProjectStatus) -> list[Line]:
    """One row a source below the columns' headings, then what is to be done."""
    if not found.sources:
        return [Line(("no source yet: add one to .dango/sources.yml",))]
    reached = found.unreachable is None
    rows = [_cells(source, reached=reached) for source in found.sources]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    lines = [Line((f"target {clean(found.target)}",)), Line(())]
    lines.append(Line(((_row(_HEADINGS, widths), "bold"),)))
    for source, row in zip(found.sources, rows, strict=True):
        freshness = row[-2].ljust(widths[-2])
        lines.append(
            Line(
                (
                    _row(row[:-2], widths) + "  ",
                    (freshness, _STYLES.get(source.freshness or "", "")),
                    "  ",
                    (row[-1], _CODE_STYLES.get(source.code, "")),
                )
            )
        )
    notes = [
        Line((("! ", "yellow"), f"{clean(source.name)}: {note}"))
        for source in found.sources
        for note in _notes(source, reached=reached)
    ]
    if found.running and found.running not in (found.unreachable or ""):
        notes.append(Line((("! ", "yellow"), f"{clean(found.running)} works on this target")))
    if found.unreachable:
        notes.append(Line((("! ", "yellow"), one_line(found.unreachable))))
        notes.append(Line(("this is what is known here; other machines may have loaded since",), 2))
    return [*lines, Line(()), *notes] if notes else lines


def status_json(found: ProjectStatus) -> str:
    """Give the status as a JSON document, without a newline at its end."""
    document = {
        "command": "status",
        "target": found.target,
        "sources": [
            {**asdict(source), "rows": None if source.rows is None else dict(source.rows)}
            for source in found.sources
        ],
        "running": found.running,
        "unreachable": found.unreachable,
        "warnings": list(found.warnings),
    }
    return json.dumps(document, indent=2)


def _cells(source: SourceStatus, *, reached: bool) -> tuple[str, ...]:
    loaded = datetime.fromisoformat(source.loaded) if source.loaded else None
    age = datetime.now(timezone.utc) - loaded if loaded else None
    return (
        clean(source.name),
        f"{loaded.astimezone():%Y-%m-%d %H:%M}" if loaded else "never" if reached else "",
        _age(age) if age else "",
        "" if source.rows is None else f"{sum(source.rows.values()):,}",
        source.freshness or "",
        source.code if source.enabled else f"{source.code}, disabled",
    )


def _age(age: timedelta) -> str:
    """Give an age in the longest unit that it is some of."""
    seconds = max(0, round(age.total_seconds()))
    unit, length = next((unit for unit in _UNITS if seconds >= unit[1]), _UNITS[-1])
    return f"{seconds // length} {unit}"


def _notes(source: SourceStatus, *, reached: bool) -> list[str]:
    """Say what is to be done.

    Args:
        source: the source.
        reached: whether the warehouse could be asked.
    """
    notes = []
    if reached and not source.loaded and source.last_run not in (None, "failed"):
        notes.append("it was loaded from here, and the warehouse has no load of it")
    if source.pending:
        packages = count(source.pending, "load package")
        notes.append(f"{packages} left by an interrupted run: the next sync loads them")
    if source.last_run == "failed" and source.error:
        notes.append(f"the last run here failed: {one_line(source.error)}")
    if source.schema_changes:
        changes = [
            f"{change.table}{f'.{change.column}' if change.column else ''} {change.change}"
            for change in source.schema_changes
        ]
        notes.append(f"to be taken into its code: {_some(changes)}")
    if source.code == "out of date":
        notes.append("`dango-dbt generate` brings its code up to date; `dango-dbt plan` shows how")
    if source.code == "in conflict":
        notes.append("a generated file is in conflict with your edits: see .dango/conflicts/")
    if source.unbuilt:
        notes.append(f"not built with what is in it now: {_some(source.unbuilt)}")
    return notes


def _some(names: Sequence[str]) -> str:
    more = len(names) - _LIMIT
    return one_line(", ".join(names[:_LIMIT])) + (f" and {more} more" if more > 0 else "")


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(
        cell.rjust(width) if index == _ROWS else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=False))
    )
