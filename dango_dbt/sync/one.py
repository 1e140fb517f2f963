"""Load one source, stage by stage: each stage is timed, shown and checked."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import dlt
from dlt.pipeline.exceptions import PipelineStepFailed

from dango_dbt import dlt_schema, sources
from dango_dbt.config import SourceConfig
from dango_dbt.credentials import redact
from dango_dbt.destinations import Warehouse
from dango_dbt.dlt_schema import StoredSchema
from dango_dbt.errors import DangoError, Place, SyncError, first_line
from dango_dbt.files import write_atomic
from dango_dbt.progress import Progress
from dango_dbt.results import Failure, SyncResult
from dango_dbt.sync import guard, healing, secrets, steps
from dango_dbt.sync.collector import RowCounter
from dango_dbt.sync.packages import normalized, row_counts

if TYPE_CHECKING:
    from dlt.common.destination import Destination
    from dlt.common.schema.typing import TTableSchema
    from dlt.extract import DltSource

__all__ = ["Refresh", "SyncJob", "sync_one"]

Refresh = Literal["drop_sources", "drop_resources", "drop_data"]


@dataclass(frozen=True)
class SyncJob:
    """One source to load.

    Attributes:
        kwargs: its `function_kwargs`, with `${VAR}` expanded.
        from_secrets: those whose `${VAR}` is unset, as dlt's configuration has them.
        secrets: values among them that must not appear in any message.
        accepted: its accepted schema, to tell what a load brought; None before the first.
        state: dlt's working folders of the target.
        live_schema: where to keep the schema of the last successful load, for `generate`.
        place_of: says where the value of a key of its entry stands in sources.yml.
        refresh: what raw data to drop first, in dlt's words.
        allow_empty: let a load empty a filled table, whatever the source's `on_empty`.
    """

    source: SourceConfig
    kwargs: Mapping[str, Any] = field(repr=False)
    from_secrets: Mapping[str, Any] = field(repr=False)
    secrets: frozenset[str] = field(repr=False)
    accepted: StoredSchema | None
    custom_sources: Path
    state: Path
    live_schema: Path
    place_of: Callable[..., Place]
    refresh: Refresh | None = None
    allow_empty: bool = False


def sync_one(job: SyncJob, warehouse: Warehouse, progress: Progress) -> SyncResult:
    """Load one source; its failure is part of the result, so that the other sources go on.

    Raises:
        KeyboardInterrupt: the run was interrupted.
    """
    stages = _Stages(job.source.name, progress)
    name, dataset = job.source.name, job.source.dataset
    try:
        with secrets.loading(name):
            rows, live = _run(job, warehouse, stages)
    except PipelineStepFailed as error:
        if isinstance(error.exception, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        failure = Failure.of(_step_error(error, job))
    except DangoError as error:
        failure = Failure.of(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - one source's failure is its own
        failure = Failure.of(_own_error(error, job))
    else:
        return SyncResult(
            name,
            "success",
            dataset,
            tables=rows,
            schema_changes=dlt_schema.changes(job.accepted, live),
            seconds=stages.seconds,
        )
    _forget_trace(job)
    failure = replace(failure, message=_redacted(failure.message, job))
    return SyncResult(name, "failed", dataset, seconds=stages.seconds, error=failure)


def _redacted(message: str, job: SyncJob) -> str:
    return redact(message, job.secrets | secrets.values(job.from_secrets))


def _forget_trace(job: SyncJob) -> None:
    """Remove dlt's trace of a failed run: it holds messages as they were, secrets included."""
    (job.state / job.source.pipeline / "trace.pickle").unlink(missing_ok=True)


def _run(
    job: SyncJob, warehouse: Warehouse, stages: _Stages
) -> tuple[Mapping[str, int], StoredSchema]:
    """Go through the stages; gives the rows loaded by table, and the schema as loaded."""
    rows: Counter[str] = Counter()
    with stages("prepare"):
        source = sources.load(
            job.source, job.kwargs, job.custom_sources, job.from_secrets, job.place_of
        )
        with warehouse.destination() as destination:
            pipeline = _open(job, destination, stages.progress)
            rows.update(_settle(pipeline, job, source.schema.name, stages.progress))
    try:
        with stages("extract"):
            pipeline.extract(source, refresh=job.refresh)
        with stages("normalize"):
            rows.update(steps.normalize(pipeline))
        with stages("load"), warehouse.destination() as destination:
            pipeline.destination = destination
            _refuse_to_empty(pipeline, job)
            steps.load(pipeline)
            live = _complete(pipeline, source.schema.name, job.accepted)
        write_atomic(job.live_schema, dlt_schema.dump(live))
        return _by_table(rows, live, source), live
    finally:
        pipeline.deactivate()


def _open(job: SyncJob, destination: Destination[Any, Any], progress: Progress) -> dlt.Pipeline:
    """Open the source's pipeline, with the state that the destination has."""

    def open_() -> dlt.Pipeline:
        pipeline = dlt.pipeline(
            job.source.pipeline,
            pipelines_dir=str(job.state),
            dataset_name=job.source.dataset,
            destination=destination,
            progress=RowCounter(job.source.name, progress),
        )
        pipeline.sync_destination()
        return pipeline

    pipeline = open_()
    if healing.is_ahead(pipeline):
        pipeline.deactivate()
        shutil.rmtree(pipeline.working_dir)
        pipeline = open_()
    return pipeline


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


def _settle(
    pipeline: dlt.Pipeline, job: SyncJob, schema_name: str, progress: Progress
) -> Mapping[str, int]:
    """Deal with what an earlier run has left behind; gives the rows that are loaded for it."""
    if job.refresh:
        if pipeline.has_pending_data:
            steps.give_up(pipeline)
        return {}
    _heal(pipeline, job, schema_name)
    if pipeline.has_pending_data:
        rows = _finish_pending(pipeline, job, progress)
        pipeline.sync_destination()
        return rows
    if pipeline.list_normalized_load_packages():
        pipeline.abort_packages()  # one that died while it was given up
    return {}


def _heal(pipeline: dlt.Pipeline, job: SyncJob, schema_name: str) -> None:
    """Delete rows that would be loaded twice.

    Which loads are unfinished is known from their packages. Only where our own folder is new (it
    was lost, or this is another machine) the tables are asked. That says nothing where another
    pipeline loads, or has loaded, into the dataset: its rows are not ours to delete.
    """
    healing.heal_pending(pipeline)
    known = Path(pipeline.working_dir) / "dango_healed"
    if not known.exists():
        if not pipeline.has_pending_data and job.source.pipeline == job.source.name:
            healing.heal_unknown(pipeline, schema_name)
        known.touch()


def _finish_pending(pipeline: dlt.Pipeline, job: SyncJob, progress: Progress) -> Mapping[str, int]:
    """Load what an interrupted run has left behind, so that nothing is lost.

    What cannot be loaded is given up, and extracted anew: the source may have been mended since.
    """
    try:
        steps.normalize(pipeline)
        rows = row_counts(normalized(pipeline))  # dlt's own counts are gone after a restart
        _refuse_to_empty(pipeline, job)
        steps.load(pipeline)
    except PipelineStepFailed as error:
        if steps.passes(error.exception):
            raise
        progress.warning(
            f"source `{job.source.name}`: what an earlier run left behind could not be loaded, and"
            f" is extracted anew: {_redacted(_step_error(error, job).message, job)}"
        )
        return {}
    return rows


def _refuse_to_empty(pipeline: dlt.Pipeline, job: SyncJob) -> None:
    """Give up a load that would empty a filled table.

    Raises:
        SyncError: it would have.
    """
    if job.allow_empty or job.refresh or job.source.on_empty == "allow":
        return
    if tables := guard.emptied(pipeline):
        steps.give_up(pipeline)
        raise guard.refusal(tables, job.source.name)


def _by_table(rows: Mapping[str, int], live: StoredSchema, source: DltSource) -> Mapping[str, int]:
    """Count rows for each table of this source, 0 where this run brought none."""
    selected = set(source.selected_resources)
    return {
        name: rows.get(name, 0)
        for name in live["tables"]
        if dlt_schema.root_table(name, live).get("resource") in selected
    }


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


def _step_error(error: PipelineStepFailed, job: SyncJob) -> SyncError:
    """Say in one line what went wrong in which stage, and where in the user's code."""
    cause: BaseException = error.exception
    resource = getattr(cause, "pipe_name", None)
    while cause.__cause__ is not None:
        cause = cause.__cause__
        resource = getattr(cause, "pipe_name", resource)
    where = f"resource `{resource}`: " if resource else ""
    what = f"{error.step} failed: {where}{type(cause).__name__}: {first_line(cause)}"
    hint = next((hint for part, hint in _HINTS.items() if part in str(cause)), None)
    return SyncError(what, place=sources.user_frame(error, job.custom_sources), hint=hint)


#: What to do about some messages of dlt's and the warehouse's, by a part of the message.
_HINTS = {
    "Rescaling Decimal value": "declare how exact the decimal columns are, such as"
    ' columns={"price": {"data_type": "decimal", "precision": 38, "scale": 18}}',
    "Adding columns with constraints": "the table is there with other columns, and takes none that"
    " must not be null: load it anew with `dango-dbt sync --refresh drop_resources`",
}


def _own_error(error: BaseException, job: SyncJob) -> SyncError:
    """Say in one line what was raised outside of dlt's steps."""
    what = f"{type(error).__name__}: {first_line(error)}"
    return SyncError(what, place=sources.user_frame(error, job.custom_sources))
