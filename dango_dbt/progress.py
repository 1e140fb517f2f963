"""What a run tells while it is under way; `report` shows it, a library caller may leave it out."""

from __future__ import annotations

from dango_dbt.results import BuildResult, FileResult, NodeResult, SyncResult

__all__ = ["PassedOn", "Progress"]


class Progress:
    """Receives events and shows nothing of them; what shows something overrides its methods.

    Events come from several threads at once: implementations lock for themselves.
    """

    def sync_started(self, sources: list[str]) -> None:
        """These sources are about to be loaded."""

    def source_stage(self, source: str, stage: str) -> None:
        """The source has entered a stage: prepare, extract, normalize or load."""

    def source_rows(self, source: str, rows: int) -> None:
        """So many rows have gone through the current stage in all."""

    def source_finished(self, result: SyncResult) -> None:
        """The source is loaded, or has failed."""

    def files_written(self, files: list[FileResult]) -> None:
        """All planned files have been compared with the disk."""

    def build_started(self, command: str) -> None:
        """dbt is about to run."""

    def nodes_total(self, total: int) -> None:
        """dbt has parsed the project and will run so many nodes."""

    def node_started(self, unique_id: str) -> None:
        """dbt has started a node."""

    def node_finished(self, node: NodeResult) -> None:
        """dbt has finished a node."""

    def build_finished(self, result: BuildResult) -> None:
        """dbt has ended."""

    def warning(self, message: str) -> None:
        """Something that the user should know, and that is no failure."""


class PassedOn(Progress):
    """Passes everything on; what listens in overrides its methods.

    Args:
        shown: what shows it.
    """

    def __init__(self, shown: Progress) -> None:
        self._shown = shown

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
        """Pass it on."""
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
        """Pass it on."""
        self._shown.warning(message)
