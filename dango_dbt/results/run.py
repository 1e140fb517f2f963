"""What a run did: each source, file and node, and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dango_dbt.errors import ExitCode
from dango_dbt.results.changes import Impact, SchemaChange, SourceChanges
from dango_dbt.results.failure import Failure

__all__ = [
    "DONE_NODE_STATUSES",
    "FAILED_NODE_STATUSES",
    "NOT_BUILT",
    "BuildResult",
    "BuildStatus",
    "FileAction",
    "FileResult",
    "Interrupted",
    "NodeResult",
    "RunResult",
    "ScheduledSource",
    "SyncResult",
    "SyncStatus",
]

SyncStatus = Literal["success", "failed", "skipped", "held"]
FileAction = Literal["created", "updated", "merged", "unchanged", "removed", "conflict"]
BuildStatus = Literal["success", "failed", "not_run"]

#: How the message of a node begins that was left out, since what it needs has failed.
NOT_BUILT = "not built: "

#: Those of a node that is built, or of a test that lets the build go on.
DONE_NODE_STATUSES = frozenset({"no-op", "pass", "reused", "success", "warn"})

#: dbt's node statuses that make a build fail (dbt_artifacts: RunStatus, TestStatus).
FAILED_NODE_STATUSES = frozenset({"error", "fail", "runtime error", "partial success"})


@dataclass(frozen=True)
class SyncResult:
    """What became of one source.

    Attributes:
        dataset: where it is loaded; None where its entry in sources.yml names none that can be.
        tables: rows loaded by this run, by table name; dlt's own tables are left out.
        changed: the tables that other rows are in now, or may be; with a table those that are
            nested in it, since their rows go with their parents'.
        seconds: wall time by stage: prepare, extract, normalize, load.
    """

    name: str
    status: SyncStatus
    dataset: str | None
    tables: Mapping[str, int] = field(default_factory=dict)
    schema_changes: tuple[SchemaChange, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    error: Failure | None = None
    changed: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows loaded into all tables together."""
        return sum(self.tables.values())


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while sources were loaded; what was done by then is not lost."""

    def __init__(self, sources: tuple[SyncResult, ...]) -> None:
        super().__init__("interrupted")
        self.sources = sources


@dataclass(frozen=True)
class FileResult:
    """What became of one generated file; the path is relative to the project's root.

    Attributes:
        diff: how the file changes, as a unified diff; None: nobody has asked.
    """

    path: str
    action: FileAction
    diff: str | None = None


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node, in dbt's own words for its status.

    Attributes:
        path: the file that defines it, relative to the dbt project's folder; told only of nodes of
            the project itself that did not pass.
    """

    unique_id: str
    status: str
    seconds: float
    message: str | None
    path: str | None = None

    @property
    def failed(self) -> bool:
        """Whether this status makes the build fail."""
        return self.status in FAILED_NODE_STATUSES


@dataclass(frozen=True)
class BuildResult:
    """What dbt did. `error` is set where it did not get to its nodes: status `not_run`.

    Attributes:
        nodes: what became of each; those that were left out since what they need has failed, too.
        reason: why dbt was not asked to run, where nothing is wrong with it.
        invocation: dbt's id of the run, which its artefacts have too.
    """

    status: BuildStatus
    nodes: tuple[NodeResult, ...] = ()
    error: Failure | None = None
    seconds: float = 0.0
    reason: str | None = None
    invocation: str | None = None


@dataclass(frozen=True)
class ScheduledSource:
    """Whether a source was due in a run that loads only what is.

    Attributes:
        schedule: as in sources.yml; None: it has none, and is never due.
        next_due: the first time after now at which it is due, on the clocks of sources.yml's time
            zone, as ISO 8601 with the offset; None where it has no schedule.
    """

    name: str
    schedule: str | None
    due: bool
    next_due: str | None


@dataclass(frozen=True)
class RunResult:
    """All that one command did; a part that the command has not is None.

    Attributes:
        schema_changes: what is behind changed files, where no source was loaded to tell it.
        impacts: what retyped and removed columns do to the dbt project.
        held: tables, as `source.table`, whose descendants are not built, since a breaking change
            waits to be accepted; of sources that this run has not loaded, too.
        schedules: whether each source that might have been loaded was due; None: all are loaded,
            due or not.
    """

    command: str
    target: str | None = None
    sources: tuple[SyncResult, ...] | None = None
    files: tuple[FileResult, ...] | None = None
    build: BuildResult | None = None
    error: Failure | None = None
    error_code: ExitCode = ExitCode.SUCCESS
    seconds: float = 0.0
    schema_changes: tuple[SourceChanges, ...] | None = None
    impacts: tuple[Impact, ...] | None = None
    held: tuple[str, ...] = ()
    schedules: tuple[ScheduledSource, ...] | None = None

    @property
    def nothing_due(self) -> bool:
        """Whether the run was to load what is due, and nothing is."""
        return self.schedules is not None and not any(each.due for each in self.schedules)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that follows from all parts: 2, then 1, then 3."""
        codes = [self.error_code]
        if any(source.status in ("failed", "held") for source in self.sources or ()):
            codes.append(ExitCode.FAILURE)
        if any(file.action == "conflict" for file in self.files or ()):
            codes.append(ExitCode.OUT_OF_DATE)
        if self.build is not None:
            if self.build.error is not None:
                codes.append(ExitCode.USAGE)
            elif self.build.status == "failed":
                codes.append(ExitCode.FAILURE)
        return ExitCode.worst(*codes)

    @property
    def status(self) -> Literal["success", "failed"]:
        """`success` exactly where the exit code is 0."""
        return "success" if self.exit_code == ExitCode.SUCCESS else "failed"
