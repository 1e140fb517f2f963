"""Hears what a run tells, for the loop, and passes it on to what shows it."""

from __future__ import annotations

from collections.abc import Callable

from dango_dbt.progress import Progress
from dango_dbt.results import BuildResult, FileResult, NodeResult, SyncResult

__all__ = ["Listening"]

#: What dbt says of a selection in which nothing is: as a rule nothing was to be built there.
_EMPTY = ("does not match any enabled nodes", "Nothing to do.")


class Listening(Progress):
    """Passes everything on.

    Args:
        shown: shows it.
        on_files: receives what was generated as soon as it is written.
    """

    def __init__(self, shown: Progress, on_files: Callable[[list[FileResult]], None]) -> None:
        self._shown = shown
        self._on_files = on_files

    def sync_started(self, sources: list[str]) -> None:
        """Pass it on."""
        self._shown.sync_started(sources)

    def source_stage(self, source: str, stage: str) -> None:
        """Pass it on."""
        self._shown.source_stage(source, stage)

    def source_rows(self, source: str, rows: int) -> None:
        """Pass it on."""
        self._shown.source_rows(source, rows)

    def source_finished(self, result: SyncResult) -> None:
        """Pass it on."""
        self._shown.source_finished(result)

    def files_written(self, files: list[FileResult]) -> None:
        """Pass it on, once it is noted."""
        self._on_files(files)
        self._shown.files_written(files)

    def build_started(self, command: str) -> None:
        """Pass it on."""
        self._shown.build_started(command)

    def nodes_total(self, total: int) -> None:
        """Pass it on."""
        self._shown.nodes_total(total)

    def node_started(self, unique_id: str) -> None:
        """Pass it on."""
        self._shown.node_started(unique_id)

    def node_finished(self, node: NodeResult) -> None:
        """Pass it on."""
        self._shown.node_finished(node)

    def build_finished(self, result: BuildResult) -> None:
        """Pass it on."""
        self._shown.build_finished(result)

    def warning(self, message: str) -> None:
        """Pass it on, unless it says that nothing was selected."""
        if not any(words in message for words in _EMPTY):
            self._shown.warning(message)
