"""What a run has told so far: all that is known of one that is interrupted."""

from __future__ import annotations

from threading import Lock

from dango_dbt.progress import PassedOn, Progress
from dango_dbt.results import BuildResult, NodeResult, SyncResult

__all__ = ["SeenProgress"]


class SeenProgress(PassedOn):
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
        super().__init__(shown or Progress())
        self._building = False
        self._nodes: list[NodeResult] = []
        self._lock = Lock()

    @property
    def build(self) -> BuildResult | None:
        """The build as far as it had come, where one is under way."""
        if not self._building:
            return None
        return BuildResult("failed", tuple(self._nodes), reason="interrupted")

    def source_finished(self, result: SyncResult) -> None:
        """Keep the source."""
        with self._lock:
            self.sources.append(result)
        self._shown.source_finished(result)

    def build_started(self, command: str) -> None:
        """Begin with no node: where packages are installed first, this is the second command."""
        with self._lock:
            self._building, self._nodes = True, []
        self._shown.build_started(command)

    def node_finished(self, node: NodeResult) -> None:
        """Keep the node."""
        with self._lock:
            self._nodes.append(node)
        self._shown.node_finished(node)

    def warning(self, message: str) -> None:
        """Keep the warning."""
        with self._lock:
            if message not in self.warnings:
                self.warnings.append(message)
        self._shown.warning(message)
