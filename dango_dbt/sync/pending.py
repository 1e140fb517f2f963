"""What an earlier run, or a run on another machine, has left behind is dealt with first."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import dlt
from dlt.pipeline.exceptions import PipelineStepFailed

from dango_dbt.destinations import Place
from dango_dbt.errors import SyncError
from dango_dbt.progress import Progress
from dango_dbt.sync import guard, healing, nested_keys, steps
from dango_dbt.sync.collector import RowCounter
from dango_dbt.sync.job import SyncJob
from dango_dbt.sync.messages import redacted, step_error
from dango_dbt.sync.packages import UnreadableError, normalized, row_counts

__all__ = ["settle"]


def settle(
    job: SyncJob, place: Place, schema_name: str, progress: Progress
) -> tuple[dlt.Pipeline, Mapping[str, int]]:
    """Open a source's pipeline, with the state that the destination has and nothing pending.

    Args:
        job: what to load.
        place: where to.
        schema_name: name of the source's dlt schema.
        progress: is told what could not be finished.

    Returns:
        The pipeline, and the rows by table that were loaded for an earlier run.
    """
    pipeline = _open(job, place, progress)
    if job.refresh and pipeline.has_pending_data:
        with suppress(SyncError):  # the tables are dropped
            healing.delete_pending(pipeline)
        pipeline = _anew(pipeline, job, place, progress)
        pipeline.sync_destination()
    _heal(pipeline, job, schema_name)
    if pipeline.has_pending_data:
        rows = _finish(pipeline, schema_name, job, progress)
        return _open(job, place, progress), rows
    if pipeline.list_normalized_load_packages():
        pipeline.abort_packages()  # one that died while it was given up
    return pipeline, {}


def _open(job: SyncJob, place: Place, progress: Progress) -> dlt.Pipeline:
    """Attach to the local state, and bring it to where the destination is."""
    pipeline = _attach(job, place, progress)
    match healing.standing(pipeline):
        case "ahead":
            pipeline = _anew(pipeline, job, place, progress)
        case "overtaken":
            # What was pending has been loaded by someone else; dlt would load it as well.
            healing.delete_pending(pipeline)
            pipeline = _anew(pipeline, job, place, progress)
        case "level":
            pass
    pipeline.sync_destination()
    return pipeline


def _attach(job: SyncJob, place: Place, progress: Progress) -> dlt.Pipeline:
    return dlt.pipeline(
        job.source.pipeline,
        pipelines_dir=str(job.state),
        dataset_name=job.source.dataset,
        destination=place.destination,
        staging=place.staging,
        progress=RowCounter(job.source.name, progress),
    )


def _anew(pipeline: dlt.Pipeline, job: SyncJob, place: Place, progress: Progress) -> dlt.Pipeline:
    """Forget the local state."""
    pipeline.deactivate()
    shutil.rmtree(pipeline.working_dir)
    return _attach(job, place, progress)


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


def _finish(
    pipeline: dlt.Pipeline, schema_name: str, job: SyncJob, progress: Progress
) -> Mapping[str, int]:
    """Load what an interrupted run has left behind, so that nothing is lost.

    What cannot be loaded is given up, and extracted anew: the source may have been mended since.
    """
    try:
        nested_keys.normalize(pipeline, schema_name, job, progress)
        rows = row_counts(normalized(pipeline))  # dlt's own counts are gone after a restart
        guard.refuse_to_empty(pipeline, job)
        steps.load(pipeline)
    except PipelineStepFailed as error:
        if steps.passes(error.exception):
            raise
        _warn(str(step_error(error, job)), job, progress)
        return {}
    except UnreadableError as error:
        steps.give_up(pipeline)
        _warn(str(error), job, progress)
        return {}
    return rows


def _warn(reason: str, job: SyncJob, progress: Progress) -> None:
    progress.warning(
        f"source `{job.source.name}`: what an earlier run left behind could not be loaded, and is"
        f" extracted anew: {redacted(reason, job)}"
    )
