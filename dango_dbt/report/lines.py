"""Progress as JSON Lines, for programs that read a log: one object a line, in ASCII.

Every line has `time` (ISO 8601, UTC), `level` (`debug`, `info`, `warning`, `error`) and `event`;
the other keys are the event's own, and listed in docs/ci.md. Keys may be added, none is renamed or
left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timezone
from threading import Lock
from typing import Literal, TextIO

from dango_dbt.progress import Progress
from dango_dbt.report.document import failure_document, without_commands
from dango_dbt.report.words import Verbosity, clean, outcome
from dango_dbt.results import BuildResult, FileResult, NodeResult, RunResult, SyncResult

__all__ = ["LineProgress"]

Level = Literal["debug", "info", "warning", "error"]

_LEVELS: dict[str, Level] = {"failed": "error", "held": "warning"}
_NODE_LEVELS: dict[str, Level] = {"fail": "error", "error": "error", "warn": "warning"}


class LineProgress(Progress):
    """Writes each event as a line, flushed; then, as the last one, how the run ended.

    Args:
        stream: where to, as a rule stderr.
        verbosity: QUIET writes errors and the last line; VERBOSE also what has level `debug`.
    """

    def __init__(self, stream: TextIO, verbosity: Verbosity = Verbosity.NORMAL) -> None:
        self._stream = stream
        self._verbosity = verbosity
        self._lock = Lock()

    def sync_started(self, sources: list[str]) -> None:
        """Name the sources."""
        self._tell("info", "sync_started", sources=sources)

    def source_stage(self, source: str, stage: str) -> None:
        """Say which stage a source has entered."""
        self._tell("info", "source_stage", source=source, stage=stage)

    def source_rows(self, source: str, rows: int) -> None:
        """Say how many rows have gone through the stage; there is a line for every batch."""
        self._tell("debug", "source_rows", source=source, rows=rows)

    def source_finished(self, result: SyncResult) -> None:
        """Say what came of a source."""
        self._tell(
            _LEVELS.get(result.status, "info"),
            "source_finished",
            source=result.name,
            status=result.status,
            dataset=result.dataset,
            tables=dict(sorted(result.tables.items())),
            rows=result.rows,
            seconds=_rounded(sum(result.seconds.values())),
            error=failure_document(result.error),
        )

    def files_written(self, files: list[FileResult]) -> None:
        """Count the files, and name those in conflict."""
        conflicts = [file.path for file in files if file.action == "conflict"]
        level: Level = "error" if conflicts else "info"
        self._tell(level, "files_written", files=_actions(files), conflicts=conflicts)

    def build_started(self, command: str) -> None:
        """Name the command of dbt."""
        self._tell("info", "build_started", command=command)

    def nodes_total(self, total: int) -> None:
        """Say how many nodes there are."""
        self._tell("info", "nodes_total", total=total)

    def node_started(self, unique_id: str) -> None:
        """Name the node."""
        self._tell("debug", "node_started", node=unique_id)

    def node_finished(self, node: NodeResult) -> None:
        """Say how a node came out."""
        self._tell(
            _NODE_LEVELS.get(outcome(node), "info"),
            "node_finished",
            node=node.unique_id,
            status=node.status,
            seconds=_rounded(node.seconds),
            message=node.message,
        )

    def build_finished(self, result: BuildResult) -> None:
        """Count the nodes by status, or say why dbt did not run."""
        self._tell(
            "info" if result.status == "success" else "error",
            "build_finished",
            status=result.status,
            nodes=_statuses(result.nodes),
            seconds=_rounded(result.seconds),
            error=failure_document(result.error),
        )

    def warning(self, message: str) -> None:
        """Say what the user should know."""
        self._tell("warning", "warning", message=clean(message))

    def output(self, text: str) -> None:
        """Hand on a line that something else has printed: a source, a library."""
        self._tell("info", "output", message=clean(text))

    def run_finished(self, result: RunResult) -> None:
        """Say how the run ended: always, and last."""
        build = result.build
        self._tell(
            "info" if result.status == "success" else "error",
            "run_finished",
            command=result.command,
            target=result.target,
            status=result.status,
            exit_code=int(result.exit_code),
            sources=dict(Counter(source.status for source in result.sources or ())),
            rows=sum(source.rows for source in result.sources or ()),
            files=_actions(result.files or ()),
            nodes=_statuses(build.nodes if build else ()),
            held=list(result.held),
            seconds=_rounded(result.seconds),
            error=failure_document(result.error),
            last=True,
        )

    def _tell(self, level: Level, event: str, *, last: bool = False, **fields: object) -> None:
        wanted = {
            Verbosity.QUIET: level == "error",
            Verbosity.NORMAL: level != "debug",
            Verbosity.VERBOSE: True,
        }
        if not (last or wanted[self._verbosity]):
            return
        with self._lock:
            now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
            line = {"time": now.replace("+00:00", "Z"), "level": level, "event": event, **fields}
            print(without_commands(json.dumps(line)), file=self._stream, flush=True)


def _rounded(seconds: float) -> float:
    return round(seconds, 3)


def _actions(files: Iterable[FileResult]) -> dict[str, int]:
    return dict(Counter(file.action for file in files))


def _statuses(nodes: Iterable[NodeResult]) -> dict[str, int]:
    return dict(Counter(node.status for node in nodes))
