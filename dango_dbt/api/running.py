"""Load what is selected, and generate from it: what `sync` and `sync-and-build` have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from dango_dbt import build as dbt
from dango_dbt.api.due import also_due, due_only, scheduled
from dango_dbt.api.first import list_selected
from dango_dbt.api.generating import generate_after
from dango_dbt.api.left_out import explained, known, warn_of_removed
from dango_dbt.api.loading import LoadOptions, refuse_unknown, sync_sources
from dango_dbt.api.selecting import (
    ToLoad,
    disabled_in,
    never_generated,
    nothing_selected,
    to_load,
    with_sources,
)
from dango_dbt.api.targets import adapter_followed
from dango_dbt.config import SourcesConfig
from dango_dbt.discovery import unreferenced_text
from dango_dbt.errors import BuildError, ConfigError, ExitCode
from dango_dbt.graph import Graph
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout, Target
from dango_dbt.results import BuildResult, Failure, RunResult
from dango_dbt.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from dango_dbt.api.project import Project

__all__ = ["Selected", "sync_and_generate"]


@dataclass(frozen=True)
class Selected:
    """What a user has selected: sources by name, nodes by dbt's selection, or both.

    Attributes:
        sources: the names; `--source x` means `source:x+`.
        nodes: the rest.
        due: load only those of the sources that are due by their schedules.
        now: the time to go by; None: that of this machine's clock, once it is the run's turn.
    """

    sources: tuple[str, ...]
    nodes: Selection
    due: bool = False
    now: datetime | None = None

    @property
    def clock(self) -> datetime | None:
        """The time that `due` goes by; None: whether a source is due does not matter."""
        return (self.now or datetime.now(timezone.utc)) if self.due else None

    def __bool__(self) -> bool:
        """Whether anything is selected."""
        return bool(self.sources or self.nodes)

    def for_dbt(self, layout: ProjectLayout) -> Selection:
        """Give all of it as dbt's selection, without sources that dbt does not know of yet."""
        sources = [name for name in self.sources if known(layout, name)]
        return with_sources(self.nodes, layout.dbt.name, sources)


def sync_and_generate(  # noqa: PLR0913 - all that it depends on
    project: Project,
    selected: Selected,
    options: LoadOptions,
    target: Target,
    progress: Progress,
    *,
    generate: bool = True,
    frozen: bool = False,
) -> RunResult:
    """Load what is selected, or all that is enabled, then generate dbt code.

    Args:
        project: the project.
        selected: dbt is asked which of the sources' tables are in it.
        options: how to load.
        target: where to load.
        progress: is told what happens.
        generate: whether to generate.
        frozen: tell what would be held back, and write nothing.

    Returns:
        What was loaded and generated; where nothing is selected, why there is nothing to build.

    Raises:
        ConfigError: the project or an argument is wrong; nothing has been loaded then.
        BuildError: dbt cannot tell what is selected; nothing has been loaded then.
    """
    layout, config = project.layout, project.config
    follows = adapter_followed(layout, config) if generate or frozen else None
    _warn_of_unreferenced(project, progress)
    schedules = scheduled(layout, config, target, selected.clock)
    run = RunResult("sync", target.name, sources=(), schedules=schedules)
    chosen = ToLoad(selected.sources or None)
    if selected.nodes:
        refuse_unknown(config, selected.sources)

        def load_first(names: list[str]) -> list[str] | None:
            nonlocal run
            if first := also_due(names, run):
                progress.warning(_loaded_first(first))
                run = _load(project, run, ToLoad(tuple(first)), target, options, progress)
                run = generate_after(layout, config, run, str(follows), progress)
            return None if run.error or (options.fail_fast and run.exit_code) else first

        listed = list_selected(
            layout,
            lambda: selected.for_dbt(layout),
            never_generated(layout, config) if follows and not frozen else [],
            selected.sources,
            load_first,
            target=target.name,
            progress=progress,
        )
        if listed.error is not None:
            return _unlisted(project, run, listed.error)
        if listed.nodes is None:
            return run
        if not listed.nodes.nodes:
            everything = dbt.list_nodes(layout.dbt, EVERYTHING, target=target.name)
            reason = nothing_selected(selected.nodes, everything, never_generated(layout, config))
            return replace(run, build=BuildResult("not_run", reason=reason))
        _warn_of_disabled(config, listed.nodes, progress)
        chosen = to_load(layout, config, listed.nodes, target.name).without(listed.first)
    chosen, run = due_only(config, chosen, run, progress)
    if run.nothing_due and not chosen.names:
        return run
    run = _load(project, run, chosen, target, options, progress)
    if frozen:  # generation warns by itself
        warn_of_removed(layout, config, progress)
    if follows is not None:
        run = generate_after(layout, config, run, follows, progress, frozen=frozen)
    return run


def _load(  # noqa: PLR0913, PLR0917 - as above
    project: Project,
    run: RunResult,
    chosen: ToLoad,
    target: Target,
    options: LoadOptions,
    progress: Progress,
) -> RunResult:
    """Load some sources, and add what has become of them to a run."""
    if options.refresh == "drop_sources" and chosen.resources:
        parts = ", ".join(f"`{name}`" for name in chosen.resources)
        raise ConfigError(
            f"--refresh drop_sources drops all of a source, and only a part of {parts} is selected",
            hint="select `source:NAME`, or drop no more than is selected: --refresh drop_resources",
        )
    loaded = sync_sources(project.layout, project.config, chosen, target, options, progress)
    code = ExitCode.USAGE if loaded.refused else ExitCode.SUCCESS
    return replace(
        run,
        sources=(*(run.sources or ()), *loaded.refused, *loaded.tried),
        error_code=ExitCode.worst(run.error_code, code),
    )


def _unlisted(project: Project, run: RunResult, error: BuildError) -> RunResult:
    """Add to a run that dbt cannot parse the project, though sources have been loaded for that."""
    failed = [source.name for source in run.sources or () if source.status == "failed"]
    broken = BuildResult("not_run", error=Failure.of(error))
    failure = explained(project.layout, project.config, broken, failed).error
    return replace(run, error=failure, error_code=ExitCode.worst(run.error_code, error.exit_code))


def _warn_of_unreferenced(project: Project, progress: Progress) -> None:
    if found := project.unreferenced():
        progress.warning(unreferenced_text(found, project.config.names))


def _warn_of_disabled(config: SourcesConfig, nodes: Graph, progress: Progress) -> None:
    for name in disabled_in(config, nodes):
        progress.warning(f"source `{name}` is disabled: it is neither loaded nor built from")


def _loaded_first(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    plural = len(names) > 1
    return (
        f"source{'s' if plural else ''} {listed} {'were' if plural else 'was'} never generated, and"
        f" {'are' if plural else 'is'} loaded first: dbt does not know"
        f" {'their' if plural else 'its'} tables yet"
    )
