"""How each source stands: its last load, its rows, its age, and what waits to be done."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from dango_dbt import destinations, dlt_schema, last_runs, unbuilt
from dango_dbt.api.listing import warnings_of_broken
from dango_dbt.api.planning import plan_generation
from dango_dbt.api.targets import adapter_followed
from dango_dbt.config import BrokenSource, SourceConfig, SourcesConfig, is_source_name
from dango_dbt.errors import DangoError, SyncError, seen_from
from dango_dbt.files import Change
from dango_dbt.findings import Freshness, ProjectStatus, SourceStatus
from dango_dbt.freshness import thresholds
from dango_dbt.locking import undisturbed
from dango_dbt.naming import staging_folder
from dango_dbt.project import ProjectLayout, Target
from dango_dbt.schema import Age

if TYPE_CHECKING:
    from dango_dbt.api.planning import GenerationPlan
    from dango_dbt.dlt_schema import StoredSchema
    from dango_dbt.sync.standing import Standing

__all__ = ["status_of"]


def status_of(
    layout: ProjectLayout, config: SourcesConfig, target: Target, *, rows: bool
) -> ProjectStatus:
    """Say how each source stands in a target, from the warehouse and from files.

    Args:
        layout: where things are.
        config: which sources there are.
        target: the target.
        rows: whether to count the rows of all tables.

    Raises:
        ConfigError: a schema file is broken, or an adapter is not mapped.
        GenerateError: a file cannot be read.
    """
    plan = plan_generation(layout, config, target.name, adapter_followed(layout, config))
    schemas = {
        source.name: dlt_schema.load(layout.accepted_schema(source.name))
        for source in config.sources
    }
    with undisturbed(layout.state(target.name)) as running:
        pass
    unreachable, found = None, dict[str, "Standing"]()
    try:
        found.update(_asked(layout, config, target, schemas, rows=rows))
    except DangoError as error:
        if error.place:
            error.place = seen_from(layout.root, error.place)
        unreachable = f"{error}" + (f" ({error.hint})" if error.hint else "")
    sources = [
        _status(
            layout,
            source,
            target.name,
            plan,
            found.get(source.name),
            here_only=unreachable is not None,
            generated=schemas[source.name] is not None,
        )
        for source in config.sources
    ]
    return ProjectStatus(
        target.name,
        (*sources, *(_broken(layout, source, target.name) for source in config.broken)),
        unreachable,
        (*warnings_of_broken(config), *plan.warnings),
        running,
    )


def _asked(
    layout: ProjectLayout,
    config: SourcesConfig,
    target: Target,
    schemas: Mapping[str, StoredSchema | None],
    *,
    rows: bool,
) -> Mapping[str, Standing]:
    """Ask the warehouse.

    Raises:
        DangoError: it cannot be asked.
    """
    from dango_dbt.sync.standing import standings

    warehouse = destinations.warehouse(target)
    asked = [(source, schemas[source.name]) for source in config.sources]
    state = layout.state(target.name)
    # A run that wants to write while the file is read would fail: so it is one or the other.
    with undisturbed(state) if warehouse.one_by_one else nullcontext() as running:
        if running:
            raise SyncError(
                f"the DuckDB file is not read while it may be written: by {running}",
                hint="ask again when that is done",
            )
        return standings(asked, warehouse, root=layout.root, rows=rows)


def _status(  # noqa: PLR0913 - all that is known of it
    layout: ProjectLayout,
    source: SourceConfig,
    target: str,
    plan: GenerationPlan,
    standing: Standing | None,
    *,
    here_only: bool,
    generated: bool,
) -> SourceStatus:
    from dango_dbt.sync.standing import pending_packages

    state = layout.state(target)
    last = last_runs.read(state, source.name)
    loaded = standing.loaded if standing else None
    if here_only and last and last.status != "failed":
        loaded = datetime.fromisoformat(last.finished)
    return SourceStatus(
        name=source.name,
        enabled=source.enabled,
        dataset=source.dataset,
        loaded=loaded.isoformat(timespec="seconds") if loaded else None,
        rows=standing.rows if standing else None,
        freshness=_freshness(source, loaded),
        last_run=last.status if last else None,
        error=last.error if last else None,
        pending=pending_packages(state, source.pipeline),
        code=_code(layout, source.name, plan, generated=generated),
        schema_changes=tuple(
            change
            for changes in plan.schema_changes
            if changes.name == source.name
            for change in changes.schema_changes
        ),
        unbuilt=tuple(
            table.partition(".")[2]
            for table in sorted(unbuilt.read(state))
            if table.partition(".")[0] == source.name
        ),
    )


def _broken(layout: ProjectLayout, source: BrokenSource, target: str) -> SourceStatus:
    # What stands as a name in a broken entry need not be one that a file can have.
    named = is_source_name(source.name)
    last = last_runs.read(layout.state(target), source.name) if named else None
    return SourceStatus(
        name=source.name,
        enabled=source.enabled,
        dataset=source.dataset,
        loaded=None,
        rows=None,
        freshness=None,
        last_run=last.status if last else None,
        error=last.error if last else None,
        pending=0,
        code="unknown",
    )


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
