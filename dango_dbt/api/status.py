"""How each source stands: its last load, its rows, its age, and what waits to be done."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from dango_dbt import destinations, dlt_schema, last_runs
from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.errors import DangoError
from dango_dbt.files import Change
from dango_dbt.findings import Freshness, ProjectStatus, SourceStatus
from dango_dbt.freshness import thresholds
from dango_dbt.naming import staging_folder
from dango_dbt.project import ProjectLayout, Target
from dango_dbt.schema import Age

if TYPE_CHECKING:
    from dango_dbt.api.planning import GenerationPlan
    from dango_dbt.sync.standing import Standing

__all__ = ["status_of"]


def status_of(
    layout: ProjectLayout, config: SourcesConfig, target: Target, plan: GenerationPlan
) -> ProjectStatus:
    """Say how each source stands in a target, from the warehouse and from files.

    Args:
        layout: where things are.
        config: which sources there are.
        target: the target.
        plan: what `generate` would do.
    """
    from dango_dbt.sync.standing import pending_packages, standings

    schemas = {
        source.name: dlt_schema.load(layout.accepted_schema(source.name))
        for source in config.sources
    }
    asked = [(source, schemas[source.name]) for source in config.sources]
    unreachable, found = None, dict[str, "Standing"]()
    try:
        warehouse = destinations.warehouse(target)
        found.update(standings(asked, warehouse, root=layout.root))
    except DangoError as error:
        unreachable = f"{error}" + (f" ({error.hint})" if error.hint else "")
    state = layout.state(target.name)
    statuses = []
    for source in config.sources:
        last, standing = last_runs.read(state, source.name), found.get(source.name)
        loaded = standing.loaded if standing else None
        if unreachable and last and last.status != "failed":
            loaded = datetime.fromisoformat(last.finished)
        statuses.append(
            SourceStatus(
                name=source.name,
                enabled=source.enabled,
                dataset=source.dataset,
                loaded=loaded.isoformat(timespec="seconds") if loaded else None,
                rows=dict(standing.rows) if standing else None,
                freshness=_freshness(source, loaded),
                last_run=last.status if last else None,
                error=last.error if last else None,
                pending=pending_packages(state, source.pipeline),
                code=_code(layout, source.name, plan, generated=schemas[source.name] is not None),
            )
        )
    return ProjectStatus(target.name, tuple(statuses), unreachable, plan.warnings)


def _freshness(source: SourceConfig, loaded: datetime | None) -> Freshness | None:
    """Compare a source's age with its thresholds, as `dbt source freshness` does."""
    limits = thresholds(source)
    if limits is None or loaded is None:
        return None
    age = datetime.now(timezone.utc) - loaded
    if limits.error_after and age > _length(limits.error_after):
        return "error"
    if limits.warn_after and age > _length(limits.warn_after):
        return "warn"
    return "pass"


def _length(age: Age) -> timedelta:
    return timedelta(**{f"{age.period}s": age.count})


def _code(layout: ProjectLayout, source: str, plan: GenerationPlan, *, generated: bool) -> str:
    folder = layout.dbt.models / staging_folder(source)

    def is_of_it(change: Change) -> bool:
        return change.path.parent == folder or change.path == layout.accepted_schema(source)

    actions = {change.action for change in plan.changes if is_of_it(change)}
    if "conflict" in actions:
        return "in conflict"
    if actions - {"unchanged"}:
        return "out of date"
    return "up to date" if generated else "never generated"
