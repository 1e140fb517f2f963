"""What became of each source's last load, kept in the state folder of its target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from dango_dbt.files import write_atomic
from dango_dbt.results import SyncResult

__all__ = ["LastRun", "read", "record"]


@dataclass(frozen=True)
class LastRun:
    """A source's last load.

    Attributes:
        finished: when it ended, as UTC in ISO form.
        error: why it failed, without secrets; None where it did not.
    """

    status: str
    finished: str
    tables: Mapping[str, int]
    error: str | None

    @property
    def rows(self) -> int:
        """Rows loaded into all tables together."""
        return sum(self.tables.values())


def record(state: Path, result: SyncResult) -> None:
    """Keep what became of a source that has just been loaded, or has failed.

    Args:
        state: the state folder of the target that was loaded into.
        result: its messages are free of secrets.

    Raises:
        GenerateError: the file cannot be written.
    """
    document = {
        "status": result.status,
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "rows": result.rows,
        "tables": dict(sorted(result.tables.items())),
        "error": result.error.message if result.error else None,
    }
    text = json.dumps(document, indent=2)  # in ASCII: a message may hold what is no UTF-8
    write_atomic(_file(state, result.name), f"{text}\n")


def read(state: Path, source: str) -> LastRun | None:
    """Read what became of a source; None where it was never loaded into this target."""
    try:
        raw = json.loads(_file(state, source).read_text(encoding="utf-8"))
        datetime.fromisoformat(raw["finished"])
        tables = {str(table): int(rows) for table, rows in raw["tables"].items()}
        return LastRun(str(raw["status"]), str(raw["finished"]), tables, raw["error"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # state may be removed at any time; what is not ours counts as removed


def _file(state: Path, source: str) -> Path:
    return state / f"{source}.last.json"
