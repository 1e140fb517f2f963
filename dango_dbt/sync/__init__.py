"""Load sources with dlt: each by itself, several side by side.

Importing this package imports dlt: `api` does so only when something is to be loaded.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from dlt.common.runtime import signals

from dango_dbt import last_runs, sources
from dango_dbt.destinations import Warehouse
from dango_dbt.errors import GenerateError
from dango_dbt.progress import Progress
from dango_dbt.results import Interrupted, SyncResult
from dango_dbt.sync.context import dlt_context
from dango_dbt.sync.job import Refresh, SyncJob
from dango_dbt.sync.logs import redacted_logs
from dango_dbt.sync.one import sync_one
from dango_dbt.sync.restoring import stored_schemas

__all__ = ["Refresh", "SyncJob", "dlt_context", "stored_schemas", "sync_all"]

#: How long an interrupted run waits for its sources to stop by themselves, in seconds.
_GRACE = 5.0


def sync_all(
    jobs: Sequence[SyncJob],
    warehouse: Warehouse,
    *,
    root: Path,
    parallel: int,
    progress: Progress,
) -> list[SyncResult]:
    """Load several sources, `parallel` at a time, and give their results in the same order.

    Raises:
        Interrupted: Ctrl-C; each source has been told to stop and has had time to.
    """
    if not jobs:
        return []
    progress.sync_started([job.source.name for job in jobs])
    with dlt_context(root), redacted_logs(jobs), signals.intercepted_signals():
        sources.forget_modules(jobs[0].custom_sources)
        modules = [(job.source.dlt_native.source_module, job.source.name) for job in jobs]
        sources.import_modules(modules, jobs[0].custom_sources)
        results = _run_in_threads(jobs, warehouse, parallel, progress)
    return [results[job.source.name] for job in jobs]


def _run_in_threads(
    jobs: Sequence[SyncJob], warehouse: Warehouse, parallel: int, progress: Progress
) -> dict[str, SyncResult]:
    """Run the jobs in daemon threads: one that hangs in a network call must not keep us waiting.

    The main thread only waits, since Python runs signal handlers nowhere else.
    """
    waiting: queue.SimpleQueue[SyncJob] = queue.SimpleQueue()
    done: queue.SimpleQueue[SyncResult | BaseException] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)

    def work() -> None:
        while not signals.was_signal_received():
            try:
                done.put(sync_one(waiting.get_nowait(), warehouse, progress))
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
        _record(jobs[0].state, outcome, progress)
        progress.source_finished(outcome)
        results[outcome.name] = outcome
    return results


def _record(state: Path, result: SyncResult, progress: Progress) -> None:
    """Keep the result for `source list`; a full disk must not take the other results along."""
    try:
        last_runs.record(state, result)
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
