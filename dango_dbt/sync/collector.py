"""dlt's progress collector → our progress events."""

from __future__ import annotations

import threading

from dlt.common.runtime.collector import NullCollector

from dango_dbt.progress import Progress

__all__ = ["RowCounter"]

#: Counters of dlt that count something else than rows of a table.
_NOT_ROWS = frozenset({"Resources", "Files", "Jobs"})


class RowCounter(NullCollector):
    """Adds up the rows that dlt reports while it extracts and normalizes one source."""

    def __init__(self, source: str, progress: Progress) -> None:
        """Count for one source."""
        self._source = source
        self._progress = progress
        self._lock = threading.Lock()
        self._rows = 0

    def _start(self, step: str) -> None:  # noqa: ARG002 - dlt's signature
        with self._lock:
            self._rows = 0

    def update(  # noqa: PLR0913, PLR0917 - dlt's signature
        self,
        name: str,
        inc: int = 1,
        total: int | None = None,  # noqa: ARG002 - dlt's signature
        inc_total: int | None = None,  # noqa: ARG002 - dlt's signature
        message: str | None = None,  # noqa: ARG002 - dlt's signature
        label: str | None = None,
    ) -> None:
        """Take one of dlt's counts."""
        if name in _NOT_ROWS or name.startswith("_dlt_") or label:
            return
        with self._lock:
            self._rows += inc
            self._progress.source_rows(self._source, self._rows)
