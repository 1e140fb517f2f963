"""Load sources with dlt: each by itself, several side by side.

Importing this package imports dlt: `api` does so only when something is to be loaded.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from dlt.common.runtime import signals

from dango_dbt import last_runs, sources, unbuilt
from dango_dbt.destinations import Warehouse
from dango_dbt.errors import GenerateError, SyncError
from dango_dbt.progress import Progress
from dango_dbt.results import Failure, Interrupted, SyncResult
from dango_dbt.sync.context import dlt_context
from dango_dbt.sync.job import Refresh, SyncJob
from dango_dbt.sync.logs import redacted_logs
from dango_dbt.sync.one import sync_one
from dango_dbt.sync.restoring import stored_schemas

__all__ = ["Refresh", "SyncJob", "dlt_context", "stored_schemas", "sync_all"]

#: How long an interrupted run waits for its sources to stop by themselves, in seconds.
_GRACE = 5.0


def sync_all(  # noqa: PLR0913 - all that it depends on
    jobs: Sequence[SyncJob],
    warehouse: Warehouse,
    *,
    root: Path,
    parallel: int,
    fail_fast: bool,
    progress: Progress,
) -> list[SyncResult]:
    """Load several sources, `parallel` at a time, and give their results in the same order.

    With `fail_fast`, no other source is begun once one has failed; those that have begun are
    loaded to their end.

    Raises:
        Interrupted: Ctrl-C; each source has been told to stop and has had time to.
    """
    if not jobs:
        return []
    progress.sync_started([job.source.name for job in jobs])
    with dlt_context(root), redacted_logs(jobs), signals.intercepted_signals():
        sources.forget_modules(jobs[0].custom_sources)
        modules = [(job.source.code.module, job.source.name) for job in jobs]
        sources.import_modules(modules, jobs[0].custom_sources)
        if len(jobs) > 1 and find_spec("pandas"):
            # pyarrow does so by itself, in one thread, while dlt in another looks for a class in
            # what is only half imported.
            import_module("pandas")
        results = _run_in_threads(jobs, warehouse, parallel, progress, fail_fast=fail_fast)
    return [results[job.source.name] for job in jobs]


def _run_in_threads(
    jobs: Sequence[SyncJob],
    warehouse: Warehouse,
    parallel: int,
    progress: Progress,
    *,
    fail_fast: bool,
) -> dict[str, SyncResult]:
    """Run the jobs in daemon threads: one that hangs in a network call must not keep us waiting.

    The main thread only waits, since Python runs signal handlers nowhere else.
    """
    turns = _Turns(jobs, fail_fast=fail_fast)
    done: queue.SimpleQueue[SyncResult | BaseException] = queue.SimpleQueue()

    def work() -> None:
        while not signals.was_signal_received():
            try:
                done.put(turns.take(warehouse, progress))
            except queue.Empty:
                return
            except BaseException as error:  # noqa: BLE001 - raised again in the main thread
                done.put(error)

    threads = [
        threading.Thread(target=work, name=f"sync-{number}", daemon=True)
        for number in range(min(parallel, len(jobs)))
    ]
    for thread in threads:
        thread.start()
    results: dict[str, SyncResult] = {}
    while len(results) < len(jobs):
        outcome = _next(done)
        if outcome is None or isinstance(outcome, KeyboardInterrupt):
            _stop(threads)
            raise Interrupted(tuple(results.values()))
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome.status != "skipped":
            _record(jobs[0].state, outcome, progress)
        progress.source_finished(outcome)
        results[outcome.name] = outcome
    return results


class _Turns:
    """The sources that wait for a thread, each for its turn."""

    def __init__(self, jobs: Iterable[SyncJob], *, fail_fast: bool) -> None:
        self._waiting: queue.SimpleQueue[SyncJob] = queue.SimpleQueue()
        self._fail_fast = fail_fast
        self._failed: str | None = None
        for job in jobs:
            self._waiting.put(job)

    def take(self, warehouse: Warehouse, progress: Progress) -> SyncResult:
        """Load the next source, unless one has failed that was to be the last.

        Raises:
            queue.Empty: there is none.
            KeyboardInterrupt: the run was interrupted.
        """
        job = self._waiting.get_nowait()
        if self._failed is not None:
            reason = f"not loaded, since source `{self._failed}` failed (--fail-fast)"
            failure = Failure(SyncError.__name__, reason)
            return SyncResult(job.source.name, "skipped", job.source.dataset, error=failure)
        result = sync_one(job, warehouse, progress)
        if self._fail_fast and result.status == "failed":
            self._failed = job.source.name
        return result


def _record(state: Path, result: SyncResult, progress: Progress) -> None:
    """Keep the result for `source list`; a full disk must not take the other results along."""
    try:
        last_runs.record(state, result)
        unbuilt.changed(state, (f"{result.name}.{table}" for table in result.changed))
    except GenerateError as error:
        progress.warning(str(error))


def _next(
    done: queue.SimpleQueue[SyncResult | BaseException],
) -> SyncResult | BaseException | None:
    """Wait for the next result; None when the run has been interrupted."""
    while not signals.was_signal_received():
        try:
            return done.get(timeout=0.2)
        except queue.Empty:
            continue
    return None


def _stop(threads: Sequence[threading.Thread]) -> None:
    """Give the sources time to stop by themselves; dlt looks for the signal in its loops."""
    signals.wake_all()
    deadline = time.monotonic() + _GRACE
    for thread in threads:
        thread.join(timeout=max(0.0, deadline - time.monotonic()))
