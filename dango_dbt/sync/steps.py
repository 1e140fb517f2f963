"""dlt's steps normalize and load, and what becomes of a package that they cannot finish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from dlt.common.exceptions import TransientException
from dlt.pipeline.exceptions import PipelineStepFailed

from dango_dbt.sync import healing

if TYPE_CHECKING:
    import dlt
    from dlt.common.pipeline import NormalizeInfo

__all__ = ["give_up", "load", "normalize", "passes"]


def normalize(pipeline: dlt.Pipeline) -> Mapping[str, int]:
    """Normalize; gives the rows by table.

    Raises:
        PipelineStepFailed: it failed; unless that passes, nothing is pending any more.
    """
    with _give_up_if_hopeless(pipeline):
        info = cast("NormalizeInfo | None", pipeline.normalize())
    return info.row_counts if info else {}


def load(pipeline: dlt.Pipeline) -> None:
    """Load what is normalized.

    Raises:
        PipelineStepFailed: it failed; unless that passes, nothing is pending any more.
    """
    with _give_up_if_hopeless(pipeline):
        pipeline.load()


def give_up(pipeline: dlt.Pipeline) -> None:
    """Drop what is pending, with the rows that it has appended.

    The cursors go back with the packages, so that their rows are extracted anew.
    """
    healing.delete_pending(pipeline)
    pipeline.abort_packages()


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
            give_up(pipeline)
        raise
