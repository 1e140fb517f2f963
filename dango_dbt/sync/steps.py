"""dlt's steps normalize and load, and what becomes of a package that they cannot finish."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import dlt
from dlt.common.exceptions import TransientException
from dlt.pipeline.exceptions import PipelineStepFailed

from dango_dbt.errors import SyncError
from dango_dbt.sync import healing, packages, refreshing

if TYPE_CHECKING:
    from dlt.common.pipeline import LoadInfo, NormalizeInfo

__all__ = ["give_up", "load", "normalize", "passes"]


def normalize(pipeline: dlt.Pipeline) -> Mapping[str, int]:
    """Normalize; gives the rows by table.

    Raises:
        PipelineStepFailed: it failed; unless that passes, nothing is pending any more.
    """
    with _give_up_if_hopeless(pipeline):
        info = cast("NormalizeInfo | None", pipeline.normalize())
    return info.row_counts if info else {}


def load(
    pipeline: dlt.Pipeline, extracted: Sequence[str] = (), schema_name: str | None = None
) -> None:
    """Load what is normalized.

    Args:
        pipeline: with the destination to load into.
        extracted: ids of the loads that this run has extracted. Where none of them brought
            anything, dlt writes nothing into `_dlt_loads`, and so nothing would tell that the
            source was asked: it is written here then.
        schema_name: the schema that they belong to.

    Raises:
        PipelineStepFailed: it failed; unless that passes, nothing is pending any more.
    """
    with _give_up_if_hopeless(pipeline):
        info = cast("LoadInfo | None", pipeline.load())
    loaded = info.loads_ids if info else []
    if schema_name and extracted and not set(extracted) & set(loaded):
        pipeline.sync_schema(schema_name)  # the first load of all may be empty
        with healing.client_of(pipeline, pipeline.schemas[schema_name]) as client:
            client.complete_load(extracted[0])
    _tidy(pipeline)


def give_up(pipeline: dlt.Pipeline) -> None:
    """Drop what is pending, with the rows that it has appended.

    The cursors go back with the packages, so that their rows are extracted anew. Where the package
    has begun to refresh tables, the old cursors would not fit any more: they are forgotten.
    """
    refreshed = any(map(refreshing.has_begun, packages.normalized(pipeline)))
    healing.delete_pending(pipeline)
    pipeline.abort_packages()
    _tidy(pipeline)
    if refreshed:
        (Path(pipeline.working_dir) / "state.json").unlink()


def _tidy(pipeline: dlt.Pipeline) -> None:
    """Remove what dlt keeps of packages that are done with: of given up ones all their data."""
    if dlt.config.get("load.delete_completed_jobs", bool):
        for load_id in pipeline.list_completed_load_packages():
            shutil.rmtree(pipeline.get_load_package_info(load_id).package_path)


def passes(error: BaseException) -> bool:
    """Whether it is something that passes (the network, the disk, Ctrl-C)."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, (TransientException, OSError, MemoryError, KeyboardInterrupt)):
            return True
        seen = seen.__cause__
    return False


@contextmanager
def _give_up_if_hopeless(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Give up a package that can never be loaded; dlt would try it again before all others.

    One that was stopped by something that passes is kept, and finished by the next run.
    """
    try:
        yield
    except PipelineStepFailed as error:
        if not passes(error.exception):
            with suppress(SyncError):  # what went wrong first is what counts
                give_up(pipeline)
        raise
