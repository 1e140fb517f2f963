"""One run of the loop: load, generate and build what is affected, and no more."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from dango_dbt import build as dbt
from dango_dbt import unbuilt
from dango_dbt.api import PARALLEL_SOURCES, Project
from dango_dbt.api.building import BuildOptions, build_after
from dango_dbt.api.generating import generate_after
from dango_dbt.api.loading import LoadOptions
from dango_dbt.api.running import Selected, sync_and_generate
from dango_dbt.api.targets import adapter_followed, target_to_load
from dango_dbt.dev.built import Built
from dango_dbt.errors import BuildError
from dango_dbt.locking import alone
from dango_dbt.progress import Progress
from dango_dbt.project import Target
from dango_dbt.results import BuildResult, Failure, RunResult
from dango_dbt.selection import Selection, downstream_of

__all__ = ["Work", "run"]

_MODIFIED = "state:modified+"
_NOTHING_CHANGED = "nothing that the default selector selects has changed"


@dataclass(frozen=True)
class Work:
    """What there is to do.

    Attributes:
        load: what to load; None: nothing.
        generate: whether to generate; what is loaded, is.
        seeds: paths of seeds that have changed, relative to the dbt project. Of large ones dbt does
            not see it.
        everything: build all, whatever was built before.
        build: whether there is anything to build.
    """

    load: Selected | None = None
    generate: bool = False
    seeds: tuple[Path, ...] = ()
    everything: bool = False
    build: bool = True


def run(  # noqa: PLR0913 - all that it depends on
    project: Project,
    work: Work,
    selection: Selection,
    *,
    target: str | None,
    threads: int | None,
    progress: Progress,
) -> RunResult:
    """Do it; what fails is part of the result.

    Args:
        project: as it is now.
        work: what to do.
        selection: limits what is built.
        target: name of the dbt target; None: the one that dbt takes.
        threads: dbt's.
        progress: is told what happens.

    Raises:
        DangoError: something is wrong that can be known before anything runs.
        KeyboardInterrupt: Ctrl-C.
    """
    started = time.perf_counter()
    resolved = target_to_load(project.layout, project.config, target)
    with alone(project.layout.state(resolved.name), "dev", None, progress):
        result = _before_the_build(project, work, resolved, progress)
        if result.error is None:
            result = replace(
                result, build=_build(project, work, result, selection, threads, progress)
            )
    return replace(result, seconds=time.perf_counter() - started)


def _before_the_build(
    project: Project, work: Work, target: Target, progress: Progress
) -> RunResult:
    layout, config = project.layout, project.config
    result = RunResult("dev", target.name)
    if work.load is not None:
        options = LoadOptions(None, allow_empty=False, parallel=PARALLEL_SOURCES, fail_fast=False)
        loaded = sync_and_generate(project, work.load, options, target, progress)
        return replace(loaded, command="dev")
    if work.generate:
        return generate_after(layout, config, result, adapter_followed(layout, config), progress)
    return result


def _build(  # noqa: PLR0913, PLR0917 - as above
    project: Project,
    work: Work,
    result: RunResult,
    selection: Selection,
    threads: int | None,
    progress: Progress,
) -> BuildResult:
    """Build what was changed since it was built: its code or, after a load, its data."""
    target = str(result.target)
    if not work.build:
        return BuildResult("not_run", reason="no source in sources.yml uses this code")
    built = Built(project.layout, target)
    asked = selection
    if built.folder is not None and not work.everything:
        criteria = [_MODIFIED, *(f"path:{path.as_posix()}+" for path in work.seeds)]
        if work.load is not None or work.generate:
            tables = unbuilt.read(project.layout.state(target))
            criteria += downstream_of(project.layout.dbt.name, tables)
        asked = replace(selection.within(criteria), state=built.folder)
        if not selection and dbt.has_default_selector(project.layout.dbt):
            try:
                asked = _by_default(project, asked, target)
            except BuildError as error:  # dbt cannot parse the project
                return BuildResult("not_run", error=Failure.of(error))
            if not asked:
                return BuildResult("not_run", reason=_NOTHING_CHANGED)
    options = BuildOptions(threads=threads)
    with dbt.few_artefacts():
        found = build_after(
            project.layout, project.config, result, Selected((), asked), options, progress
        )
    built.take(found)
    return found


def _by_default(project: Project, changed: Selection, target: str) -> Selection:
    """Select what has changed of what the default selector selects; dbt takes it alone only."""
    whole, part = (
        dbt.list_nodes(project.layout.dbt, each, target=target).nodes
        for each in (Selection(), changed)
    )
    names = (part[each].criterion for each in sorted(part) if each in whole and part[each].is_built)
    return Selection(tuple(names), state=changed.state, alone=True)
