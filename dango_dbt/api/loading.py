"""From sources.yml to jobs for `sync`: what can be refused is refused before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from dango_dbt.arguments import read_arguments
from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.credentials import unset_error
from dango_dbt.errors import ConfigError
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout, Target
from dango_dbt.results import SyncResult
from dango_dbt.validation import dataset_problems

if TYPE_CHECKING:
    from dango_dbt.sync import Refresh

__all__ = ["selected", "sync_sources"]


def selected(config: SourcesConfig, names: Sequence[str]) -> list[SourceConfig]:
    """Find the sources to load, in the file's order; no names: all that are enabled.

    Raises:
        ConfigError: a name is unknown, or the source is disabled.
    """
    known = {source.name: source for source in config.sources}
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            there_are = f"there are: {', '.join(known) or 'none'}"
            raise ConfigError(
                f"there is no source `{name}`",
                hint=f"did you mean `{close[0]}`?" if close else there_are,
            )
        if not known[name].enabled:
            raise ConfigError(
                f"source `{name}` is disabled",
                place=config.place_of(known[name]),
                hint="set `enabled: true` to load it",
            )
    return [
        source
        for source in config.sources
        if source.enabled and (not names or source.name in names)
    ]


def sync_sources(  # noqa: PLR0913, PLR0917 - all that a load depends on
    layout: ProjectLayout,
    config: SourcesConfig,
    names: Sequence[str],
    target: Target,
    refresh: Refresh | None,
    parallel: int,
    allow_empty: bool,  # noqa: FBT001 - passed on as the others are
    progress: Progress,
) -> list[SyncResult]:
    """Load the named sources, or all that are enabled.

    Raises:
        ConfigError: something is wrong that can be known before anything runs.
    """
    sources = selected(config, names)
    if not sources:
        progress.warning("no source is enabled: nothing to load")
        return []
    arguments = read_arguments(config, sources, layout.root)
    for source, given in zip(sources, arguments, strict=True):
        if given.broken:
            raise given.broken
        if given.unset:
            raise unset_error(source.name, given.unset)

    from dango_dbt import destinations

    warehouse = destinations.warehouse(target)
    for problem in dataset_problems(config, sources, warehouse):
        raise problem

    from dango_dbt import dlt_schema
    from dango_dbt.sync import SyncJob, sync_all

    jobs = [
        SyncJob(
            source=source,
            kwargs=given.kwargs,
            from_secrets=given.from_secrets,
            secrets=given.secrets,
            accepted=dlt_schema.load(layout.accepted_schema(source.name)),
            custom_sources=layout.custom_sources,
            state=layout.state(target.name),
            live_schema=layout.live_schema(target.name, source.name),
            refresh=refresh,
            allow_empty=allow_empty,
        )
        for source, given in zip(sources, arguments, strict=True)
    ]
    return sync_all(jobs, warehouse, root=layout.root, parallel=parallel, progress=progress)
