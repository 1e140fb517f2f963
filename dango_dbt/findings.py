"""What looking at a project has found, as frozen facts; nothing has been loaded or built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dango_dbt.errors import DangoError, ExitCode
from dango_dbt.results import SchemaChange

__all__ = [
    "Freshness",
    "GraphMember",
    "JoinedGraph",
    "ListedSource",
    "ProjectStatus",
    "SourceList",
    "SourceStatus",
    "Unreferenced",
    "Validation",
]


#: In dbt's words.
Freshness = Literal["pass", "warn", "error"]


@dataclass(frozen=True)
class SourceStatus:
    """How one source stands in a target.

    Attributes:
        loaded: when its last load was finished, as the warehouse says (or, where that cannot be
            reached, this machine's state), as UTC in ISO form; None: never.
        dataset: None where its entry is broken, and does not say.
        rows: rows by table that are in the warehouse now; None: it does not say, or was not asked.
        freshness: how old that is by the source's thresholds; None: it has none, or no load.
        last_run: what became of the last run on this machine; None: there was none.
        error: why that failed.
        pending: load packages that an interrupted run has left, and that the next one loads.
        code: `up to date`, `out of date`, `in conflict` or `never generated`; of a source whose
            entry is broken `unknown`.
        schema_changes: what `generate` would take in.
        unbuilt: tables that have changed since all that depends on them was built.
    """

    name: str
    enabled: bool
    dataset: str | None
    loaded: str | None
    rows: Mapping[str, int] | None
    freshness: Freshness | None
    last_run: str | None
    error: str | None
    pending: int
    code: str
    schema_changes: tuple[SchemaChange, ...] = ()
    unbuilt: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProjectStatus:
    """How all sources stand in a target.

    Attributes:
        sources: in the order of sources.yml; those whose entries are broken come last.
        unreachable: why the warehouse could not be asked; None: it could.
        warnings: of broken entries, and of what is generated.
        running: the run that works on the target just now, in words; None: nobody does.
    """

    target: str
    sources: tuple[SourceStatus, ...]
    unreachable: str | None
    warnings: tuple[str, ...] = ()
    running: str | None = None

    @property
    def exit_code(self) -> ExitCode:
        """0, or 1 where the warehouse could not be asked."""
        return ExitCode.FAILURE if self.unreachable else ExitCode.SUCCESS


@dataclass(frozen=True)
class GraphMember:
    """Something that data goes through: a resource of dlt's, or a node of dbt's.

    Attributes:
        id: dbt's unique id; of a resource `resource.<source>.<resource>`.
        kind: `resource`, or dbt's word for what it is: `source` is a source's table.
        name: what people call it: `source.resource`, `source.table`, or the node's name.
        parents: the ids of what it comes from, as far as that is shown.
        disabled: it is of a source that is, which is neither loaded nor built from.
    """

    id: str
    kind: str
    name: str
    parents: tuple[str, ...]
    disabled: bool = False


@dataclass(frozen=True)
class JoinedGraph:
    """dlt's resources and dbt's nodes as one graph; tests are left out.

    Attributes:
        target: the dbt target that was parsed for.
        members: parents first.
        never_generated: sources that dbt does not know of, since they were never loaded.
        disabled: sources that are, of which something is shown or nothing was ever loaded.
    """

    target: str
    members: tuple[GraphMember, ...]
    never_generated: tuple[str, ...]
    disabled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unreferenced:
    """A file of custom_sources/ with a source function, which no entry of sources.yml names.

    Attributes:
        path: the file, relative to the project's root.
        module: what `source_module` would name.
        function: what `source_function` would name.
    """

    path: str
    module: str
    function: str


@dataclass(frozen=True)
class ListedSource:
    """A source of sources.yml, and what its last sync has left.

    Attributes:
        type: with the module, the function and the dataset None where the entry is broken, and
            does not say.
        last_sync: when it was last loaded, or failed to be, as UTC in ISO form; None: never.
        rows: rows that this sync has loaded; None where it failed or never was.
        state: `never synced`, `disabled`, `broken`, or the last sync's status.
    """

    name: str
    type: str | None
    module: str | None
    function: str | None
    enabled: bool
    dataset: str | None
    last_sync: str | None
    rows: int | None
    state: str


@dataclass(frozen=True)
class SourceList:
    """All sources of a project, and the files that are none yet.

    Attributes:
        warnings: what is wrong with broken entries, each with its place.
    """

    target: str
    sources: tuple[ListedSource, ...]
    unreferenced: tuple[Unreferenced, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Validation:
    """What is wrong with a project before anything runs.

    Attributes:
        problems: each with its place, where it has one, and what to do; in the order of places.
        warnings: what the user should know, and that is no problem.
        sources: names of the sources that sources.yml declares; broken entries are left out.
    """

    problems: tuple[DangoError, ...]
    warnings: tuple[str, ...]
    unreferenced: tuple[Unreferenced, ...]
    sources: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """0 where there is no problem, else 2."""
        return ExitCode.USAGE if self.problems else ExitCode.SUCCESS
