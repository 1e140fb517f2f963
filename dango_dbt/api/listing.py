"""What sources there are, from files alone: neither dlt, dbt nor the user's code is imported."""

from __future__ import annotations

from dango_dbt import last_runs
from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.findings import ListedSource
from dango_dbt.project import ProjectLayout

__all__ = ["list_sources"]


def list_sources(
    layout: ProjectLayout, config: SourcesConfig, target: str
) -> tuple[ListedSource, ...]:
    """Describe all sources, in the file's order, with what was last loaded into a target."""
    return tuple(_listed(layout, source, target) for source in config.sources)


def _listed(layout: ProjectLayout, source: SourceConfig, target: str) -> ListedSource:
    last = last_runs.read(layout.state(target), source.name)
    state = last.status if last else "never synced"
    return ListedSource(
        name=source.name,
        type=source.type,
        module=source.dlt_native.source_module,
        function=source.dlt_native.source_function,
        enabled=source.enabled,
        dataset=source.dataset,
        last_sync=last.finished if last else None,
        rows=last.rows if last and last.status != "failed" else None,
        state=state if source.enabled else "disabled",
    )
