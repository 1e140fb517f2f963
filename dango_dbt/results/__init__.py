"""What a run did, as frozen facts: what the API returns and reports are made of."""

from __future__ import annotations

from dango_dbt.results.adding import AddedSource, Proof
from dango_dbt.results.changes import Impact, SchemaChange, SourceChanges, Use
from dango_dbt.results.failure import Failure
from dango_dbt.results.run import (
    DONE_NODE_STATUSES,
    FAILED_NODE_STATUSES,
    NOT_BUILT,
    BuildResult,
    BuildStatus,
    FileAction,
    FileResult,
    Interrupted,
    NodeResult,
    RunResult,
    ScheduledSource,
    SyncResult,
    SyncStatus,
)

__all__ = [
    "DONE_NODE_STATUSES",
    "FAILED_NODE_STATUSES",
    "NOT_BUILT",
    "AddedSource",
    "BuildResult",
    "BuildStatus",
    "Failure",
    "FileAction",
    "FileResult",
    "Impact",
    "Interrupted",
    "NodeResult",
    "Proof",
    "RunResult",
    "ScheduledSource",
    "SchemaChange",
    "SourceChanges",
    "SyncResult",
    "SyncStatus",
    "Use",
]
