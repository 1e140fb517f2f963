"""Everything that can be known to be wrong before a run, found in one go.

Files are read, nothing of the user's is imported, and neither dlt nor dbt is, unless a connection
and a parse are asked for (or the profile has Jinja to render, or a source needs no code).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dango_dbt import build as dbt
from dango_dbt import credentials, destinations
from dango_dbt.config import SourcesConfig, load_valid
from dango_dbt.discovery import unreferenced
from dango_dbt.errors import DangoError, Place
from dango_dbt.findings import Unreferenced, Validation
from dango_dbt.project import SOURCES_FILE, DbtProject, ProjectLayout, Target
from dango_dbt.shared_targets import shared_database
from dango_dbt.validation.code import code_problems
from dango_dbt.validation.connected import parse_problem
from dango_dbt.validation.entries import (
    arguments_of,
    dataset_problem,
    declarations,
    dlt_file_problems,
    placeholder_problems,
    variable_problems,
)

__all__ = ["dataset_problem", "validate"]

_T = TypeVar("_T")


def validate(root: Path, *, target: str | None = None, offline: bool = False) -> Validation:
    """Check a project; a problem in one part does not hide those in another.

    Args:
        root: the project's root. Its `.env` is loaded into the environment, overriding nothing.
        target: name of the dbt target; None: the one that dbt takes.
        offline: connect to nothing, and do not run dbt.
    """
    root = root.resolve()
    return _Check(root, target, offline=offline).run()


class _Check:
    """One pass over a project, and what it comes across."""

    def __init__(self, root: Path, target: str | None, *, offline: bool) -> None:
        self.root = root
        self.target = target
        self.offline = offline
        self.problems: list[DangoError] = []
        self.warnings: list[str] = []

    def run(self) -> Validation:
        self.attempt(lambda: credentials.load_env_file(self.root))
        self.problems += dlt_file_problems(self.root)
        config, found = load_valid(self.root / SOURCES_FILE)
        self.problems += found
        custom_sources = self.root / "custom_sources"
        self.problems += code_problems(config, custom_sources)
        given = self.attempt(lambda: arguments_of(config, self.root)) or ()
        self.problems += variable_problems(given)
        declared = declarations(config, given)
        self.problems += declared.problems
        self.warnings += declared.doubts
        self.problems += placeholder_problems(config, self.root)
        project = self.attempt(
            lambda: DbtProject.named(self.root, config.dbt_project, config.place("dbt_project"))
        )
        if project is not None:
            self.check_target(config, ProjectLayout(self.root, project))
        return Validation(
            problems=tuple(self.in_order()),
            warnings=tuple(self.warnings),
            unreferenced=self.unreferenced(config, custom_sources, readable=not found),
            sources=tuple(source.name for source in config.sources),
        )

    def unreferenced(
        self, config: SourcesConfig, custom_sources: Path, *, readable: bool
    ) -> tuple[Unreferenced, ...]:
        if not readable and not config.names:
            return ()  # which files a broken file names cannot be told
        return tuple(unreferenced(self.root, custom_sources, config.modules))

    def check_target(self, config: SourcesConfig, layout: ProjectLayout) -> None:
        """Check the target to load into, and the one that generated code follows."""
        target = self.attempt(lambda: dbt.resolve_target(layout.dbt, self.target))
        if config.sources:
            self.attempt(lambda: _followed_adapter(config, layout.dbt))
        if target is not None and config.sources:
            self.check_sharing(config, layout.dbt, target)
            self.check_warehouse(config, target)
        if target is not None and not self.offline:
            self.check_parse(config, layout)

    def check_sharing(self, config: SourcesConfig, project: DbtProject, target: Target) -> None:
        others = self.attempt(lambda: dbt.other_targets(project, target)) or ()
        if error := shared_database(target, others, config):
            self.problems.append(error)

    def check_warehouse(self, config: SourcesConfig, target: Target) -> None:
        warehouse = self.attempt(lambda: destinations.warehouse(target))
        if warehouse is None:
            return
        found = (dataset_problem(config, source, warehouse) for source in config.sources)
        self.problems += filter(None, found)
        if not self.offline:
            self.attempt(warehouse.check)

    def check_parse(self, config: SourcesConfig, layout: ProjectLayout) -> None:
        found = self.attempt(lambda: parse_problem(config, layout, self.target))
        if isinstance(found, DangoError):
            self.problems.append(found)
        elif found is not None:
            self.warnings.append(found)

    def attempt(self, check: Callable[[], _T]) -> _T | None:
        """Call a check; keep what it raises."""
        try:
            return check()
        except DangoError as error:
            self.problems.append(error)
            return None

    def in_order(self) -> list[DangoError]:
        """Give each problem once, by its place as people should see it."""
        shown = [_placed(error, self.seen(error.place)) for error in self.problems]
        once = {str(error): error for error in shown}
        return sorted(once.values(), key=_order)

    def seen(self, place: Place | None) -> Place | None:
        """Name a place as seen from the project's root, where it is in it."""
        if place is None or not place.path.is_relative_to(self.root):
            return place
        return Place(place.path.relative_to(self.root), place.line, place.column)


def _followed_adapter(config: SourcesConfig, project: DbtProject) -> None:
    name = config.generate.target or dbt.default_target(project)
    destinations.adapter(dbt.adapter_type(project, name))


def _placed(error: DangoError, place: Place | None) -> DangoError:
    return type(error)(error.message, place=place, hint=error.hint)


def _order(error: DangoError) -> tuple[bool, str, int, int]:
    place = error.place
    if place is None:
        return (True, "", 0, 0)
    return (False, place.path.as_posix(), place.line or 0, place.column or 0)
