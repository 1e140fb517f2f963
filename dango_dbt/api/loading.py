"""From sources.yml to jobs for `sync`: what can be refused is refused before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from dango_dbt.api.selecting import ToLoad
from dango_dbt.arguments import read_arguments
from dango_dbt.config import BrokenSource, SourceConfig, SourcesConfig, in_one
from dango_dbt.credentials import secret_values, unset_error
from dango_dbt.errors import ConfigError
from dango_dbt.files import write_atomic
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout, Target
from dango_dbt.results import Failure, SyncResult
from dango_dbt.validation import dataset_problem

if TYPE_CHECKING:
    from dango_dbt.sync import Refresh, SyncJob

__all__ = [
    "LoadOptions",
    "Loaded",
    "jobs_for",
    "refuse_unknown",
    "restore_schemas",
    "selected_sources",
    "sync_sources",
]


@dataclass(frozen=True)
class LoadOptions:
    """How sources are loaded.

    Attributes:
        refresh: what raw data to drop first, in dlt's words; None: nothing.
        allow_empty: load although a filled table becomes empty by it.
        parallel: how many sources to load at the same time.
        fail_fast: begin with no other source once one has failed.
    """

    refresh: Refresh | None
    allow_empty: bool
    parallel: int
    fail_fast: bool


@dataclass(frozen=True)
class Loaded:
    """What became of the sources of a run.

    Attributes:
        refused: those that were not tried, since their entry in sources.yml is wrong.
        tried: the others.
    """

    refused: tuple[SyncResult, ...] = ()
    tried: tuple[SyncResult, ...] = ()


def sync_sources(  # noqa: PLR0913, PLR0917 - all that a load depends on
    layout: ProjectLayout,
    config: SourcesConfig,
    chosen: ToLoad,
    target: Target,
    options: LoadOptions,
    progress: Progress,
) -> Loaded:
    """Load some sources, or all that are enabled.

    What is wrong with one source's entry is told before anything runs, and keeps no other source
    from loading.

    Raises:
        ConfigError: something is wrong that can be known before anything runs, and it is not one
            entry's own; or a variable is unset.
        SyncError: the DuckDB file cannot be opened: no source could be loaded.
    """
    from dango_dbt import destinations

    sources, broken = selected_sources(config, chosen.names)
    if not sources and not broken:
        if chosen.names is None:
            progress.warning("no source is enabled: nothing to load")
        return Loaded()
    warehouse = destinations.warehouse(target)
    refused = [_refused(source, source.problems, progress) for source in broken]
    refused += [
        _refused(source, [problem], progress)
        for source in sources
        if (problem := dataset_problem(config, source, warehouse))
    ]
    without = {result.name for result in refused}
    sources = [source for source in sources if source.name not in without]

    jobs = jobs_for(layout, config, sources, target, chosen, options)
    if jobs and warehouse.one_by_one:
        warehouse.check()  # whoever has the file open keeps all sources from it: told once

    from dango_dbt.sync import sync_all

    tried = sync_all(
        jobs,
        warehouse,
        root=layout.root,
        parallel=options.parallel,
        fail_fast=options.fail_fast,
        progress=progress,
    )
    return Loaded(tuple(refused), tuple(tried))


def jobs_for(  # noqa: PLR0913, PLR0917 - all that a load depends on
    layout: ProjectLayout,
    config: SourcesConfig,
    sources: Sequence[SourceConfig],
    target: Target,
    chosen: ToLoad,
    options: LoadOptions,
) -> list[SyncJob]:
    """Give what there is to load of each source, with its arguments.

    Raises:
        ConfigError: a variable is unset, or something else is wrong with arguments.
    """
    from dango_dbt import destinations, dlt_schema

    arguments = read_arguments(config, sources, layout.root)
    problems = [
        given.broken or unset_error(source.name, given.unset)
        for source, given in zip(sources, arguments, strict=True)
        if given.broken or given.unset
    ]
    if problems:
        raise in_one(problems)

    from dango_dbt.sync import SyncJob

    # In all messages: what one source is given, another's code may come across too.
    secrets = secret_values([source.code.kwargs for source in config.sources])
    secrets |= destinations.secrets(target)
    return [
        SyncJob(
            source=source,
            kwargs=given.kwargs,
            from_secrets=given.from_secrets,
            secrets=secrets,
            accepted=dlt_schema.load(layout.accepted_schema(source.name)),
            custom_sources=layout.custom_sources,
            state=layout.state(target.name),
            live_schema=layout.live_schema(target.name, source.name),
            place_of=partial(config.place_of, source),
            resources=chosen.resources.get(source.name),
            refresh=options.refresh,
            allow_empty=options.allow_empty,
        )
        for source, given in zip(sources, arguments, strict=True)
    ]


def restore_schemas(
    layout: ProjectLayout,
    config: SourcesConfig,
    names: Sequence[str],
    target: Target,
    progress: Progress,
) -> None:
    """Take in the schemas that are stored in a warehouse as if they had been loaded from here.

    Args:
        layout: where things are.
        config: which sources there are.
        names: only these; none: all.
        target: the target whose warehouse to ask.
        progress: is told of sources that have none there.

    Raises:
        SyncError: the warehouse cannot be reached or read.
        GenerateError: a schema cannot be kept.
    """
    from dango_dbt import destinations, dlt_schema
    from dango_dbt.sync import stored_schemas

    sources = [source for source in config.sources if not names or source.name in names]
    warehouse = destinations.warehouse(target)
    warehouse.check()
    found = stored_schemas(sources, warehouse, root=layout.root)
    for source in sources:
        if source.name in found:
            path = layout.live_schema(target.name, source.name)
            write_atomic(path, dlt_schema.dump(found[source.name]))
        else:
            progress.warning(
                f"source `{source.name}`: dlt has stored no schema in {source.dataset}: it was"
                f" never loaded into target `{target.name}`"
            )


def refuse_unknown(config: SourcesConfig, names: Sequence[str]) -> None:
    """Refuse names that no source has.

    Raises:
        ConfigError: one of them is unknown.
    """
    for name in names:
        if name not in config.names:
            close = get_close_matches(name, config.names, n=1)
            there_are = f"there are: {', '.join(config.names) or 'none'}"
            raise ConfigError(
                f"there is no source `{name}`",
                hint=f"did you mean `{close[0]}`?" if close else there_are,
            )


def selected_sources(
    config: SourcesConfig, names: Sequence[str] | None
) -> tuple[list[SourceConfig], list[BrokenSource]]:
    """Find the sources to load, in the file's order; None: all that are enabled.

    Raises:
        ConfigError: a name is unknown, or the source is disabled.
    """
    if names is None:
        return (
            [source for source in config.sources if source.enabled],
            [source for source in config.broken if source.enabled],
        )
    refuse_unknown(config, names)
    known = {source.name: source for source in config.sources}
    for name in names:
        if name in known and not known[name].enabled:
            raise ConfigError(
                f"source `{name}` is disabled",
                place=config.place_of(known[name]),
                hint="set `enabled: true` to load it",
            )
    return (
        [source for source in config.sources if source.name in names],
        [source for source in config.broken if source.name in names],
    )


def _refused(
    source: SourceConfig | BrokenSource, problems: Sequence[ConfigError], progress: Progress
) -> SyncResult:
    """Tell at once what keeps a source from being tried."""
    for problem in problems:
        advice = f" ({problem.hint})" if problem.hint else ""
        progress.warning(f"source `{source.name}` is not loaded: {problem}{advice}")
    return SyncResult(source.name, "failed", source.dataset, error=Failure.of(in_one(problems)))
