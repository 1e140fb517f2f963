"""From sources.yml to jobs for `sync`: what can be refused is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.credentials import Expanded, expand, unset_error
from dango_dbt.errors import ConfigError
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout, Target
from dango_dbt.results import SyncResult

if TYPE_CHECKING:
    from dango_dbt.destinations import Warehouse
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
    expanded = [_arguments(config, source) for source in sources]
    from_secrets = _from_secrets(layout, sources, expanded)

    from dango_dbt import destinations

    warehouse = destinations.warehouse(target)
    _check_datasets(config, sources, warehouse)

    from dango_dbt import dlt_schema
    from dango_dbt.sync import SyncJob, sync_all

    jobs = [
        SyncJob(
            source=source,
            kwargs=arguments.kwargs,
            from_secrets=found,
            secrets=arguments.secrets,
            accepted=dlt_schema.load(layout.accepted_schema(source.name)),
            custom_sources=layout.custom_sources,
            state=layout.state(target.name),
            live_schema=layout.live_schema(target.name, source.name),
            refresh=refresh,
            allow_empty=allow_empty,
        )
        for source, arguments, found in zip(sources, expanded, from_secrets, strict=True)
    ]
    return sync_all(jobs, warehouse, root=layout.root, parallel=parallel, progress=progress)


def _arguments(config: SourcesConfig, source: SourceConfig) -> Expanded:
    """Expand the `${VAR}`s in a source's arguments."""
    return expand(
        source.dlt_native.function_kwargs,
        source.name,
        lambda path: config.place_of(source, "dlt_native", "function_kwargs", *path),
    )


def _from_secrets(
    layout: ProjectLayout, sources: Sequence[SourceConfig], expanded: Sequence[Expanded]
) -> list[Mapping[str, Any]]:
    """Find what stands in for each source's unset `${VAR}`s in dlt's configuration.

    Raises:
        ConfigError: nothing does, for one of them.
    """
    if not any(arguments.unset for arguments in expanded):
        return [{} for _ in sources]

    from dango_dbt.sync import dlt_context, secrets

    with dlt_context(layout.root):
        return [
            _stand_ins(source, arguments, secrets.find)
            for source, arguments in zip(sources, expanded, strict=True)
        ]


def _stand_ins(
    source: SourceConfig, arguments: Expanded, find: Callable[[SourceConfig, str], Any]
) -> Mapping[str, Any]:
    # A value within a list or mapping has no name that could stand in a secrets file.
    named = {str(item.path[0]): item for item in arguments.unset if len(item.path) == 1}
    found = {key: find(source, key) for key in named}
    missing = [
        item for item in arguments.unset if len(item.path) > 1 or found[str(item.path[0])] is None
    ]
    if missing:
        raise unset_error(source.name, missing)
    return found


def _check_datasets(
    config: SourcesConfig, sources: Sequence[SourceConfig], warehouse: Warehouse
) -> None:
    for source in sources:
        if source.dataset.lower() in warehouse.reserved:
            raise ConfigError(
                f"dataset `{source.dataset}` is named like the warehouse file, and DuckDB cannot"
                " tell the two apart",
                place=config.place_of(source),
                hint="give the source another `dataset_name:`, or the file another name",
            )
