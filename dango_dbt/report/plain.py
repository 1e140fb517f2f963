"""Progress as plain lines, one for each event that means something: for logs and pipes."""

from __future__ import annotations

from threading import Lock
from typing import TextIO

from dango_dbt.progress import Progress
from dango_dbt.report.github import inert
from dango_dbt.report.words import (
    Verbosity,
    clean,
    count,
    duration,
    failure_text,
    file_counts,
    node_label,
    node_type,
    notice,
    one_line,
    outcome,
    outcomes,
)
from dango_dbt.results import BuildResult, FileResult, NodeResult, SyncResult

__all__ = ["PlainProgress"]


class PlainProgress(Progress):
    """Writes lines without colour, each flushed.

    Args:
        stream: where to, as a rule stderr.
        verbosity: QUIET writes only what failed; VERBOSE also writes the tests that pass.
    """

    def __init__(self, stream: TextIO, verbosity: Verbosity = Verbosity.NORMAL) -> None:
        self._stream = stream
        self._verbosity = verbosity
        self._lock = Lock()
        self._width = 0
        self._command = "dbt"
        self._total = 0
        self._done = 0

    def sync_started(self, sources: list[str]) -> None:
        """Say how many sources there are."""
        self._width = max(map(len, sources), default=0)
        if sources:
            self._line(f"sync  {count(len(sources), 'source')}: {', '.join(sources)}")

    def source_stage(self, source: str, stage: str) -> None:
        """Say which stage a source has entered."""
        self._line(self._of(source, stage))

    def source_rows(self, source: str, rows: int) -> None:
        """Say nothing: rows are told when the source is loaded."""

    def source_finished(self, result: SyncResult) -> None:
        """Say what came of a source."""
        spent = duration(sum(result.seconds.values()))
        if result.status == "success":
            tables, rows = count(len(result.tables), "table"), count(result.rows, "row")
            self._line(self._of(result.name, f"loaded {tables}, {rows} in {spent}"))
            return
        why = f": {one_line(failure_text(result.error))}" if result.error else ""
        failure = result.status != "skipped"
        self._line(self._of(result.name, f"{result.status}{why}"), failure=failure)

    def files_written(self, files: list[FileResult]) -> None:
        """Say how many files were written, and name those in conflict."""
        counts = f" ({file_counts(files)})" if files else ""
        self._line(f"generated {count(len(files), 'file')}{counts}")
        for file in files:
            if file.action == "conflict":
                self._line(f"conflict  {file.path}", failure=True)

    def build_started(self, command: str) -> None:
        """Say which command of dbt runs."""
        self._command = command
        self._line(command)

    def nodes_total(self, total: int) -> None:
        """Keep the number for the nodes' lines."""
        with self._lock:
            self._total = total

    def node_started(self, unique_id: str) -> None:
        """Say nothing: a node is told when it ends."""

    def node_finished(self, node: NodeResult) -> None:
        """Say how a node came out; of tests that pass, only where all is asked for."""
        with self._lock:
            self._done += 1
            done, total = str(self._done), str(self._total or "?")
        came_out = outcome(node)
        passed_test = came_out == "pass" and node_type(node.unique_id).endswith("test")
        if passed_test and self._verbosity != Verbosity.VERBOSE:
            return
        label, spent = node_label(node.unique_id), duration(node.seconds)
        self._line(
            f"{done.rjust(len(total))}/{total}  {came_out:5}  {label}  {spent}", failure=node.failed
        )

    def build_finished(self, result: BuildResult) -> None:
        """Say how the nodes came out together, or why dbt did not run."""
        if result.error:
            self._line(f"{self._command}  {one_line(failure_text(result.error))}", failure=True)
        if result.nodes:
            counts = f"{count(len(result.nodes), 'node')} in {duration(result.seconds)}"
            self._line(f"{self._command}  {counts}: {outcomes(result.nodes)}")

    def warning(self, message: str) -> None:
        """Say what the user should know; one with paragraphs is there to be copied from."""
        if "\n\n" not in message:
            self._line(f"warning: {message}")
        elif self._verbosity != Verbosity.QUIET:
            with self._lock:
                text = inert(notice(message, self._stream.encoding))
                print(f"{text}\n", file=self._stream, flush=True)

    def _of(self, source: str, what: str) -> str:
        return f"sync  {source.ljust(self._width)}  {what}"

    def _line(self, text: str, *, failure: bool = False) -> None:
        if failure or self._verbosity != Verbosity.QUIET:
            with self._lock:
                print(inert(" ".join(clean(text).splitlines())), file=self._stream, flush=True)
