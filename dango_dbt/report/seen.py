"""What a run has told so far: all that is known of one that is interrupted."""

from __future__ import annotations

from threading import Lock

from dango_dbt.progress import Progress
from dango_dbt.results import BuildResult, FileResult, NodeResult, SyncResult

__all__ = ["SeenProgress"]


class SeenProgress(Progress):
    """Hands every event on, and keeps what has ended.

    Args:
        shown: what shows the events, if anything does.

    Attributes:
        sources: the sources that were loaded, or have failed.
        warnings: all warnings, once each.
    """

    def __init__(self, shown: Progress | None = None) -> None:
        self.sources: list[SyncResult] = []
        self.warnings: list[str] = []
        self._shown = shown or Progress()
        self._building = False
        self._nodes: list[NodeResult] = []
        self._lock = Lock()

    @property
    def build(self) -> BuildResult | None:
        """The build as far as it had come, where one is under way."""
        if not self._building:
            return None
        return BuildResult("failed", tuple(self._nodes), reason="interrupted")

    def sync_started(self, sources: list[str]) -> None:
        """Hand it on."""
        self._shown.sync_started(sources)

    def source_stage(self, source: str, stage: str) -> None:
        """Hand it on."""
        self._shown.source_stage(source, stage)

    def source_rows(self, source: str, rows: int) -> None:
        """Hand it on."""
        self._shown.source_rows(source, rows)

    def source_finished(self, result: SyncResult) -> None:
        """Keep the source."""
        with self._lock:
            self.sources.append(result)
        self._shown.source_finished(result)

    def files_written(self, files: list[FileResult]) -> None:
        """Hand it on."""
        self._shown.files_written(files)

    def build_started(self, command: str) -> None:
        """Begin with no node: where packages are installed first, this is the second command."""
        with self._lock:
            self._building, self._nodes = True, []
        self._shown.build_started(command)

    def nodes_total(self, total: int) -> None:
        """Hand it on."""
        self._shown.nodes_total(total)

    def node_started(self, unique_id: str) -> None:
        """Hand it on."""
        self._shown.node_started(unique_id)

    def node_finished(self, node: NodeResult) -> None:
        """Keep the node."""
        with self._lock:
            self._nodes.append(node)
        self._shown.node_finished(node)

    def build_finished(self, result: BuildResult) -> None:
        """Hand it on."""
        self._shown.build_finished(result)

    def warning(self, message: str) -> None:
        """Keep the warning."""
        with self._lock:
            if message not in self.warnings:
                self.warnings.append(message)
        self._shown.warning(message)
