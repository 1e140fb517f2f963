"""What the facade finds by looking at a project; nothing is loaded, built or written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dango_dbt import build as dbt
from dango_dbt.api.listing import list_sources, warnings_of_broken
from dango_dbt.api.one_source import ProjectSource
from dango_dbt.api.opened import OpenedProject
from dango_dbt.discovery import unreferenced
from dango_dbt.findings import (
    JoinedGraph,
    ProjectStatus,
    SourceList,
    Unreferenced,
    Validation,
)
from dango_dbt.progress import Progress
from dango_dbt.project import find_root
from dango_dbt.selection import Selection
from dango_dbt.validation import validate

__all__ = ["LookingProject"]


@dataclass(frozen=True)
class LookingProject(OpenedProject):
    """A project that can be looked at."""

    @staticmethod
    def problems(
        start: str | Path | None = None, *, target: str | None = None, offline: bool = False
    ) -> Validation:
        """Check the project that a folder lies in; unlike `find`, opens one that is broken.

        Args:
            start: the folder; default: the current one.
            target: name of the dbt target; None: the one that dbt takes.
            offline: connect to nothing, and do not let dbt parse the project.

        Raises:
            ConfigError: there is no project.
        """
        return validate(find_root(Path(start or ".")), target=target, offline=offline)

    def list_sources(self, *, target: str | None = None) -> SourceList:
        """List the sources and what was last loaded, from files alone; broken entries too.

        Args:
            target: name of the dbt target whose loads to tell; None: the one that dbt takes.

        Raises:
            ConfigError: the profile is wrong, or there is no such target.
        """
        name = self._target_name(target)
        listed = list_sources(self.layout, self.config, name)
        warnings = warnings_of_broken(self.config)
        return SourceList(name, listed, tuple(self.unreferenced()), warnings)

    def status(self, *, target: str | None = None, rows: bool = True) -> ProjectStatus:
        """Say how each source stands in a target; changes nothing.

        Args:
            target: name of the dbt target; None: the one that dbt takes.
            rows: whether to count the rows of all tables.

        Raises:
            ConfigError: the project or the profile is wrong.
            GenerateError: a file cannot be read.
        """
        from dango_dbt.api.status import status_of

        resolved = dbt.resolve_target(self.layout.dbt, target)
        return status_of(self.layout, self.config, resolved, rows=rows)

    def graph(  # noqa: PLR0913 - the command's options
        self,
        *,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        selector: str | None = None,
        state: str | Path | None = None,
        target: str | None = None,
        progress: Progress | None = None,
    ) -> JoinedGraph:
        """Join dlt's resources and dbt's nodes into one graph; the arguments are those of `sync`.

        Raises:
            ConfigError: the project or an argument is wrong.
            BuildError: dbt cannot parse the project, or the selection is wrong.
        """
        from dango_dbt.api.joining import joined_graph

        self._refuse_broken()
        name = self._target_name(target)
        selection = Selection.of(select, exclude, selector, state)
        return joined_graph(self.layout, self.config, selection, name, progress or Progress())

    def source(self, name: str) -> ProjectSource:
        """Look at one source, enabled or not.

        Raises:
            ConfigError: there is no such source, or its entry is broken.
        """
        return ProjectSource(self.layout, self.config, name)

    def unreferenced(self) -> list[Unreferenced]:
        """Find source functions in custom_sources/ that no entry of sources.yml names."""
        return unreferenced(self.layout.root, self.layout.custom_sources, self.config.modules)
