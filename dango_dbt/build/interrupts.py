"""Ctrl-C while dbt runs in this process.

dbt cancels once, and then waits for its threads. DuckDB cancels the query that runs at that moment:
one that is about to begin is missed, and would run to its end, which may take hours. (A Postgres
ends the whole connection, so that the next query on it fails.)
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

__all__ = ["interrupts"]

#: How long dbt has for its own cancelling, and how often to repeat that, in seconds.
_AGAIN = 0.5


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """Note Ctrl-C, and see to it that dbt ends.

    dbt may end with the query that it stops, and call that a failed model: so whoever runs dbt
    looks whether there is something in the list.
    """
    seen: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield seen
        return
    handler: Callable[[int, FrameType | None], Any] = before
    interrupted, ended = threading.Event(), threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        interrupted.set()
        handler(number, frame)

    def cancel() -> None:
        interrupted.wait()
        while not ended.wait(_AGAIN):
            _cancel_queries()

    cancelling = threading.Thread(target=cancel, name="cancels queries", daemon=True)
    cancelling.start()
    signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)
        ended.set()
        interrupted.set()
        cancelling.join()


def _cancel_queries() -> None:
    from dbt.adapters.factory import FACTORY
    from dbt_common.exceptions import DbtBaseException

    adapter: Any = FACTORY.adapters.get("duckdb")
    if adapter is None:
        return

    import duckdb

    # One that is just being closed cannot be cancelled.
    with suppress(DbtBaseException, duckdb.Error):
        adapter.cancel_open_connections()
