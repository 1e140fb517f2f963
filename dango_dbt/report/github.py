"""What GitHub Actions reads in a job's log: annotations, and nothing that only looks like one.

The format: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dango_dbt.report.words import clean, count, failure_text, node_label, one_line, outcome
from dango_dbt.results import Failure, NodeResult, RunResult

__all__ = ["github_annotations", "inert", "on_github"]

#: GitHub shows so many annotations of a kind for each step, and drops all that come later.
_LIMIT = 10

#: The runner takes `::error` at the beginning of a line and, for old tools, `##[error]` anywhere.
_COMMAND = re.compile(r"^(\s*):(?=:)|##(?=\[)", re.MULTILINE)


def on_github() -> bool:
    """Whether this process is a step of a job on GitHub."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def inert(text: str) -> str:
    """Change text so that no line of it is a command to the runner; elsewhere it stays as it is."""
    return _COMMAND.sub(_apart, text) if on_github() else text


def _apart(found: re.Match[str]) -> str:
    return "## " if found[0] == "##" else f"{found[0]} "


def github_annotations(
    result: RunResult, warnings: Sequence[str], *, root: Path | None, dbt: Path | None
) -> list[str]:
    """Give the lines that GitHub shows beside the code and on the page of a run.

    Errors are what failed, at the place where it is to be mended; warnings are dbt's and ours, and
    columns that have changed; notices tell what is new in the data.

    Args:
        result: the run.
        warnings: what was warned of meanwhile.
        root: the project's root; None: there is no project.
        dbt: the dbt project's folder.
    """
    errors = [*_failed_sources(result, root), *_failed_nodes(result, dbt), *_whole(result, root)]
    warned = [_command("warning", "dango-dbt", text) for text in warnings]
    warned += [
        _command("warning", node_label(node.unique_id), node.message or "", _file(dbt, node.path))
        for node in _nodes(result)
        if outcome(node) == "warn"
    ]
    warned += _changed(result, "warning", {"retyped", "variant"}, root)
    notices = list(_changed(result, "notice", {"added"}, root))
    return [
        *_limited("error", errors),
        *_limited("warning", warned),
        *_limited("notice", notices),
    ]


def _failed_sources(result: RunResult, root: Path | None) -> Iterator[str]:
    for source in result.sources or ():
        if source.status == "failed":
            yield _failure(f"source {source.name}", source.error, root)


def _failed_nodes(result: RunResult, dbt: Path | None) -> Iterator[str]:
    for node in _nodes(result):
        if node.failed:
            what = f"{node_label(node.unique_id)}: {node.status}"
            yield _command("error", what, node.message or node.status, _file(dbt, node.path))


def _whole(result: RunResult, root: Path | None) -> Iterator[str]:
    if result.build and result.build.error:
        yield _failure("dbt build", result.build.error, root)
    if result.error:
        yield _failure(f"dango-dbt {result.command}", result.error, root)
    for file in result.files or ():
        if file.action == "conflict":
            text = "what is generated is in conflict with your edits: see .dango/conflicts/"
            yield _command("error", "generated file", text, _file(root, file.path))


def _changed(result: RunResult, kind: str, changes: set[str], root: Path | None) -> Iterator[str]:
    for source in result.schema_changes or result.sources or ():
        texts = [
            f"{'.'.join(filter(None, (change.table, change.column)))} {change.change}"
            for change in source.schema_changes
            if change.kind in changes
        ]
        if texts:
            where = _file(root, ".dango/sources.yml")
            yield _command(kind, f"source {source.name}: schema", "\n".join(texts), where)


def _nodes(result: RunResult) -> Sequence[NodeResult]:
    return result.build.nodes if result.build else ()


def _failure(title: str, failure: Failure | None, root: Path | None) -> str:
    if failure is None:
        return _command("error", title, "failed", _file(root, ".dango/sources.yml"))
    place, hint = failure.place, f"\n→ {failure.hint}" if failure.hint else ""
    file = _file(root, str(place.path)) if place else {}
    if file and place and place.line:
        file["line"] = str(place.line)
    return _command("error", title, failure_text(failure) + hint, file)


def _file(folder: Path | None, path: str | None) -> dict[str, str]:
    """Name a file as GitHub does: from the repository's root; nothing for one outside of it."""
    if folder is None or path is None:
        return {}
    repository = os.path.realpath(os.environ.get("GITHUB_WORKSPACE") or ".")
    relative = Path(os.path.relpath(os.path.realpath(folder / path), repository)).as_posix()
    return {} if relative.startswith("../") else {"file": relative}


def _command(kind: str, title: str, message: str, place: dict[str, str] | None = None) -> str:
    properties = ",".join(
        f"{key}={_escaped(one_line(value)).replace(':', '%3A').replace(',', '%2C')}"
        for key, value in {**(place or {}), "title": title}.items()
    )
    return f"::{kind} {properties}::{_escaped(clean(message).strip())}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _limited(kind: str, lines: list[str]) -> list[str]:
    if len(lines) <= _LIMIT:
        return lines
    more = len(lines) - _LIMIT + 1
    noun = "notice" if kind == "notice" else kind
    text = f"and {count(more, f'more {noun}')}: see the log"
    return [*lines[: _LIMIT - 1], _command(kind, "dango-dbt", text)]
