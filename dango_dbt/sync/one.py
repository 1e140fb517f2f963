"""Load one source, stage by stage: each stage is timed, shown and checked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from dlt.pipeline.exceptions import PipelineStepFailed

from dango_dbt import dlt_schema, sources
from dango_dbt.destinations import Warehouse
from dango_dbt.dlt_schema import StoredSchema
from dango_dbt.errors import DangoError
from dango_dbt.files import write_atomic
from dango_dbt.progress import Progress
from dango_dbt.results import Failure, SyncResult
from dango_dbt.sync import guard, nested_keys, pending, refreshing, secrets, steps, together
from dango_dbt.sync.job import SyncJob
from dango_dbt.sync.messages import own_error, redacted, step_error

if TYPE_CHECKING:
    import dlt
    from dlt.common.schema.typing import TTableSchema
    from dlt.extract import DltSource

__all__ = ["sync_one"]


def sync_one(job: SyncJob, warehouse: Warehouse, progress: Progress) -> SyncResult:
    """Load one source; its failure is part of the result, so that the other sources go on.

    Raises:
        KeyboardInterrupt: the run was interrupted.
    """
    stages = _Stages(job.source.name, progress)
    name, dataset = job.source.name, job.source.dataset
    try:
        with secrets.loading(name):
            loaded = _run(job, warehouse, stages)
    except PipelineStepFailed as error:
        if isinstance(error.exception, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        failure = Failure.of(step_error(error, job))
    except DangoError as error:
        failure = Failure.of(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - one source's failure is its own
        failure = Failure.of(own_error(error, job))
    else:
        return SyncResult(
            name,
            "success",
            dataset,
            tables=loaded.rows,
            schema_changes=dlt_schema.changes(job.accepted, loaded.live),
            seconds=stages.seconds,
            changed=loaded.changed,
        )
    _forget_trace(job)
    place = failure.place or job.place_of()
    failure = replace(failure, message=redacted(failure.message, job), place=place)
    return SyncResult(name, "failed", dataset, seconds=stages.seconds, error=failure)


def _forget_trace(job: SyncJob) -> None:
    """Remove dlt's trace of a failed run: it holds messages as they were, secrets included."""
    with suppress(OSError):  # none, or a name that is too long for a folder
        (job.state / job.source.pipeline / "trace.pickle").unlink()


@dataclass(frozen=True)
class _Loaded:
    """What a load has brought: rows by table, the schema as loaded, tables with other rows."""

    rows: Mapping[str, int]
    live: StoredSchema
    changed: tuple[str, ...]


def _run(job: SyncJob, warehouse: Warehouse, stages: _Stages) -> _Loaded:
    """Go through the stages."""
    rows: Counter[str] = Counter()
    with stages("prepare"):
        source = sources.load(
            job.source, job.kwargs, job.custom_sources, job.from_secrets, job.place_of
        )
        allowed = tuple(source.selected_resources)
        if job.resources is not None:
            source = sources.limited(source, job.source.name, job.resources)
        if job.prepare is not None:
            job.prepare(source)
        with warehouse.place() as place:
            pipeline, settled = pending.settle(job, place, source.schema.name, stages.progress)
            rows.update(settled)
    try:
        with stages("extract"):
            if job.resources is not None:
                together.complete(source, allowed, pipeline, refresh=job.refresh is not None)
            if job.refresh:
                together.refresh_selected_only(source)
            extracted = pipeline.extract(source, refresh=job.refresh)
        with stages("normalize"):
            rows.update(nested_keys.normalize(pipeline, source.schema.name, job, stages.progress))
        with stages("load"), warehouse.place() as place:
            pipeline.destination = place.destination
            emptied = guard.refuse_to_empty(pipeline, job)
            if job.refresh and (views := refreshing.drop_views(pipeline)):
                stages.progress.warning(
                    f"source `{job.source.name}`: views that use its tables are dropped with them,"
                    f" until the next build: {', '.join(views)}"
                )
            if job.refresh and job.source.resources is None and job.resources is None:
                refreshing.forget(pipeline)
            steps.load(pipeline, extracted.loads_ids, source.schema.name)
            live = _complete(pipeline, source.schema.name, job.accepted)
            live = dlt_schema.yielded(live, source.resources)
        write_atomic(job.live_schema, dlt_schema.dump(live))
        by_table = _by_table(rows, live, source)
        changed = by_table if job.refresh else _changed({*emptied, *+rows}, live)
        return _Loaded(by_table, live, tuple(changed))
    finally:
        pipeline.deactivate()


def _complete(
    pipeline: dlt.Pipeline, schema_name: str, accepted: StoredSchema | None
) -> StoredSchema:
    """Create the accepted tables and columns that this warehouse has never seen, empty.

    A load that brings less than another environment's (empty lists, nulls) must not break the
    models that are generated from the accepted schema. Gives the schema as it is then.
    """
    schema = pipeline.schemas[schema_name]
    live = dlt_schema.export(schema)
    missing = dlt_schema.missing(accepted, live)
    if not missing:
        return live
    for table in missing:
        schema.update_table(cast("TTableSchema", table), normalize_identifiers=False)
    pipeline.schemas.save_schema(schema)
    pipeline.sync_schema(schema_name)
    return dlt_schema.export(schema)


def _by_table(rows: Mapping[str, int], live: StoredSchema, source: DltSource) -> Mapping[str, int]:
    """Count rows for each table of this source, 0 where this run brought none."""
    selected = set(source.selected_resources)
    return {
        name: rows.get(name, 0)
        for name in live["tables"]
        if dlt_schema.root_table(name, live).get("resource") in selected
    }


def _changed(tables: Collection[str], live: StoredSchema) -> list[str]:
    """Name some tables, and all that are nested in the same root tables."""
    known = [name for name in tables if name in live["tables"]]
    roots = {dlt_schema.root_name(name, live) for name in known}
    return [name for name in live["tables"] if dlt_schema.root_name(name, live) in roots]


class _Stages:
    """Times the stages of one source, and tells which one it is in."""

    def __init__(self, source: str, progress: Progress) -> None:
        self.source = source
        self.progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self.progress.source_stage(self.source, stage)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = time.perf_counter() - started
