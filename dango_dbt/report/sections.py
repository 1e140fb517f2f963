"""The parts of the summary as lines of styled text; what they look like on a terminal is `text`'s.

Every function here gives no line where it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dango_dbt.errors import ExitCode
from dango_dbt.report.words import (
    Verbosity,
    clean,
    count,
    duration,
    failure_text,
    file_counts,
    node_label,
    node_type,
    one_line,
    outcome,
    outcomes,
    use_text,
)
from dango_dbt.results import (
    NOT_BUILT,
    BuildResult,
    Failure,
    FileResult,
    Impact,
    NodeResult,
    RunResult,
    SourceChanges,
    SyncResult,
)

__all__ = [
    "Line",
    "build",
    "closing",
    "diffs",
    "failed",
    "files",
    "impacts",
    "schema_changes",
    "sources",
]

_LIMIT = 10
_UPDATE = "run `dango-dbt generate`"
#: What one should not miss comes first.
_ORDER = ("removed", "created", "merged", "updated", "unchanged")
_CONFLICT = "yours stays: see .dango/conflicts/; `dango-dbt generate --accept mine|theirs FILE`"
_OK, _FAILED, _WARNING, _SKIPPED = ("✓", "green"), ("✗", "red"), ("!", "yellow"), ("-", "dim")
_SOURCE_MARKS = {"success": _OK, "failed": _FAILED, "held": _WARNING, "skipped": _SKIPPED}
_NODE_MARKS = {"pass": _OK, "fail": _FAILED, "error": _FAILED, "warn": _WARNING}


@dataclass(frozen=True)
class Line:
    """One line: its parts, plain or with a style of rich, after some spaces."""

    parts: tuple[str | tuple[str, str], ...]
    indent: int = 0


def sources(results: Sequence[SyncResult], verbosity: Verbosity) -> list[Line]:
    """One row a source, each followed by its error."""
    if verbosity == Verbosity.QUIET:
        results = [result for result in results if result.status in ("failed", "held")]
    lines = [_heading("Sources")] if results else []
    rows = _aligned([_source_cells(result) for result in results])
    for result, (row, dataset) in zip(results, rows, strict=True):
        lines.append(Line((_SOURCE_MARKS[result.status], f" {row}  ", (dataset, "dim")), 2))
        if verbosity == Verbosity.VERBOSE:
            tables = [(clean(name), f"{rows:,}", "") for name, rows in result.tables.items()]
            lines += [Line((text,), 6) for text, _ in _aligned(tables)]
        if result.error:
            lines += _failure(result.error, 6)
    return lines


def schema_changes(
    results: Sequence[SyncResult | SourceChanges], verbosity: Verbosity
) -> list[Line]:
    """What is new in the data, by source and table."""
    lines = []
    for result in results:
        if result.schema_changes and verbosity != Verbosity.QUIET:
            lines.append(Line((clean(result.name),), 2))
            changes = [Line((text,), 4) for text in _changes(result)]
            lines += _limited(changes, verbosity)
    return [_heading("Schema changes"), *lines] if lines else []


def impacts(results: Sequence[Impact], verbosity: Verbosity) -> list[Line]:
    """What uses the columns that are retyped or go."""
    if not results or verbosity == Verbosity.QUIET:
        return []
    lines = []
    for impact in results:
        mark = ("breaking", "red") if impact.breaking else ("nothing relies on it", "dim")
        what = ".".join(filter(None, (impact.table, impact.column)))
        name = clean(f"{impact.source}: {what} {impact.change}  ")
        lines.append(Line((name, mark), 2))
        width = max((len(use.name) for use in impact.uses), default=0)
        users = [
            f"{use.kind:<8}  {clean(use.name):<{width}}  {clean(use_text(use))}".rstrip()
            for use in impact.uses
        ]
        lines += _limited([Line((user,), 4) for user in users], verbosity)
        if impact.unknown:
            lines += _text(f"what uses it is not known: {impact.unknown}", 4)
    return [_heading("Impact"), *lines]


def files(
    results: Sequence[FileResult], verbosity: Verbosity, heading: str = "Files"
) -> list[Line]:
    """How many files there are, and which have changed; conflicts first."""
    conflicts = [_file(file) for file in results if file.action == "conflict"]
    if conflicts:
        conflicts += _hint(_CONFLICT, 4)
    if verbosity == Verbosity.QUIET:
        return [_heading(heading), *conflicts] if conflicts else []
    if not results:
        return []
    listed = [
        _file(file)
        for action in _ORDER
        for file in results
        if file.action == action and (verbosity == Verbosity.VERBOSE or file.action != "unchanged")
    ]
    counts = Line((file_counts(results),), 2)
    return [_heading(heading), counts, *conflicts, *_limited(listed, verbosity)]


def diffs(results: Sequence[FileResult]) -> list[Line]:
    """How files change, line by line, where that was asked for."""
    styles = {"+": "green", "-": "red", "@": "cyan"}
    return [
        Line(((clean(line), styles.get(line[:1], "")),))
        for file in results
        for line in (file.diff or "").splitlines()
    ]


def build(result: BuildResult, verbosity: Verbosity) -> list[Line]:
    """How many nodes of each type came out how, then those that did not pass, with dbt's words."""
    lines = []
    if verbosity != Verbosity.QUIET:
        lines += _node_counts(result.nodes)
        if verbosity == Verbosity.VERBOSE:
            fine = [node for node in result.nodes if not node.failed and outcome(node) != "warn"]
            lines += [_node(node, duration(node.seconds)) for node in fine]
    for node in result.nodes:
        if node.failed:
            lines.append(_node(node, node.status))
            lines += _text(node.message or "", 6)
    if verbosity != Verbosity.QUIET:
        left = [node for node in result.nodes if (node.message or "").startswith(NOT_BUILT)]
        lines += _limited([_node(node, node.message or "") for node in left], verbosity)
        warned = [node for node in result.nodes if outcome(node) == "warn"]
        warnings = [_node(node, one_line(node.message or "")) for node in warned]
        lines += _limited(warnings, verbosity)
    if result.error:
        what = "dbt did not run" if result.status == "not_run" else "dbt did not get to its end"
        lines += [Line((_FAILED, f" {what}"), 2), *_failure(result.error, 6)]
    elif result.status == "not_run" and verbosity != Verbosity.QUIET:
        reason = f": {clean(result.reason)}" if result.reason else ""
        lines.append(Line((_SKIPPED, f" not run{reason}"), 2))
    return [_heading("Build"), *lines] if lines else []


def failed(failure: Failure | None) -> list[Line]:
    """Why the whole run ended before its parts were done."""
    if failure is None or failure.type == KeyboardInterrupt.__name__:
        return []  # the closing line says all there is to say
    first, *rest = failure_text(failure).splitlines() or [""]
    lines = [Line((("Error: ", "bold red"), first)), *(Line((line,), 2) for line in rest)]
    return [*lines, *_hint(failure.hint, 0)]


def closing(result: RunResult, verbosity: Verbosity) -> list[Line]:
    """The last line: how it went, in one glance."""
    if result.exit_code == ExitCode.SUCCESS:
        nodes = result.build.nodes if result.build else ()
        warnings = sum(outcome(node) == "warn" for node in nodes)
        text = f" Done in {duration(result.seconds)}"
        text += f", {count(warnings, 'warning')}" if warnings else ""
        return [] if verbosity == Verbosity.QUIET else [Line((_OK, text))]
    if result.exit_code == ExitCode.INTERRUPTED:
        return [Line((_FAILED, f" Interrupted after {duration(result.seconds)}"))]
    reasons = ", ".join(_reasons(result))
    text = f" Failed{': ' if reasons else ''}{reasons} ({duration(result.seconds)})"
    return [Line((_FAILED, text))]


def _reasons(result: RunResult) -> Iterable[str]:
    statuses = [source.status for source in result.sources or ()]
    if failures := statuses.count("failed"):
        yield count(failures, "source")
    if held := statuses.count("held"):
        yield f"{count(held, 'source')} held back"
    elif result.held:
        yield f"{count(len(result.held), 'table')} held back"
    if conflicts := sum(file.action == "conflict" for file in result.files or ()):
        yield f"{count(conflicts, 'file')} in conflict"
    elif result.error_code == ExitCode.OUT_OF_DATE:
        broken = result.command == "plan" and any(i.breaking for i in result.impacts or ())
        yield "a change is breaking" if broken else f"generated files are out of date: {_UPDATE}"
    if result.build is not None and (result.build.error or result.build.status == "failed"):
        nodes = sum(node.failed for node in result.build.nodes)
        yield count(nodes, "node") if nodes else "dbt"


def _heading(title: str) -> Line:
    return Line(((title, "bold"),))


def _source_cells(result: SyncResult) -> tuple[str, ...]:
    loaded = result.status in ("success", "held")
    what = count(len(result.tables), "table") if result.status == "success" else result.status
    return (
        clean(result.name),
        what,
        count(result.rows, "row") if loaded else "",
        duration(sum(result.seconds.values())) if result.seconds else "",
        clean(result.dataset or ""),
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Pad cells to columns, the first to the left and others to the right; the last one apart.

    By hand, since a table of rich's folds or cuts cells where a log is narrow.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        (
            "  ".join(
                cell.rjust(width) if index else cell.ljust(width)
                for index, (cell, width) in enumerate(zip(row[:-1], widths, strict=False))
            ),
            row[-1],
        )
        for row in rows
    ]


def _changes(result: SyncResult | SourceChanges) -> Iterable[str]:
    """One line for all tables, and all columns of a table, that changed in the same way."""
    together: dict[tuple[str | None, str], list[str]] = {}
    for change in result.schema_changes:
        if change.column is None:
            together.setdefault((None, change.change), []).append(change.table)
        else:
            together.setdefault((change.table, change.change), []).append(change.column)
    for (table, how), names in together.items():
        what = "table" if table is None else "column"
        where = "" if table is None else f"{table}: "
        plural = "" if len(names) == 1 else "s"
        yield clean(f"{where}{what}{plural} {', '.join(names)} {how}")


def _file(file: FileResult) -> Line:
    style = {"conflict": "red", "unchanged": "dim"}.get(file.action, "")
    return Line(((file.action.ljust(9), style), f" {clean(file.path)}"), 4)


def _node_counts(nodes: Sequence[NodeResult]) -> list[Line]:
    by_type: dict[str, list[NodeResult]] = {}
    for node in nodes:
        by_type.setdefault(node_type(node.unique_id), []).append(node)
    rows = [(_plural(kind), outcomes(found)) for kind, found in sorted(by_type.items())]
    return [Line((f"{kind}  {counts}",), 2) for kind, counts in _aligned(rows)]


def _plural(kind: str) -> str:
    return {"analysis": "analyses", "saved query": "saved queries"}.get(kind, f"{kind}s")


def _node(node: NodeResult, note: str) -> Line:
    mark = _NODE_MARKS.get(outcome(node), _SKIPPED)
    return Line((mark, f" {node_label(node.unique_id)}", (f"  {note}" if note else "", "dim")), 2)


def _failure(failure: Failure, indent: int) -> list[Line]:
    return [*_text(failure_text(failure), indent), *_hint(failure.hint, indent)]


def _text(text: str, indent: int) -> list[Line]:
    return [Line((line.rstrip(),), indent) for line in clean(text).strip().splitlines()]


def _hint(hint: str | None, indent: int) -> list[Line]:
    if not hint:
        return []
    first, *rest = clean(hint).strip().splitlines() or [""]
    return [Line((("→ ", "cyan"), first), indent), *(Line((line,), indent + 2) for line in rest)]


def _limited(lines: list[Line], verbosity: Verbosity) -> list[Line]:
    more = 0 if verbosity == Verbosity.VERBOSE else len(lines) - _LIMIT
    if more <= 0:
        return lines
    return [*lines[:_LIMIT], Line(((f"and {more:,} more", "dim"),), lines[0].indent)]
