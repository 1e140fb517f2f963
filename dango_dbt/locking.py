"""One run at a time works on a target of a project; the next one waits, and says for whom.

Two runs would take each other's load packages for crashed ones and write the same files. The lock
is a file in the target's state folder, which the system releases when a process dies. The words
about its holder lie beside it: they only describe, the system decides.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from dango_dbt.errors import GenerateError, LockError
from dango_dbt.files import write_atomic
from dango_dbt.progress import Progress

__all__ = ["alone", "undisturbed"]

_LOCK, _HOLDER = "run.lock", "run.holder.json"
#: How often to look whether the lock is free, in seconds.
_POLL = 0.1
#: How long to wait for whom nothing is written of: who only looks, or has just begun, in seconds.
_MOMENT = 1.0


@contextmanager
def alone(state: Path, command: str, timeout: float | None, progress: Progress) -> Iterator[None]:
    """Keep other runs from a target meanwhile.

    Args:
        state: the target's state folder.
        command: what runs, for who waits for it.
        timeout: how long to wait for another run, in seconds; None: until it is done.
        progress: is told whom this run waits for.

    Raises:
        LockError: the other run was not done in time, or the state folder cannot be written to.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(state / _LOCK)
        if not _acquired(lock, state):
            _wait(lock, state, timeout, progress)
    except OSError as error:
        raise LockError(
            f"cannot lock {state}: {error.strerror or error}",
            hint="make the folder writable: it holds what dlt must not forget",
        ) from error
    try:
        _describe(state, command)
        yield
    finally:
        with suppress(OSError):
            (state / _HOLDER).unlink()
        lock.release()


@contextmanager
def undisturbed(state: Path) -> Iterator[str | None]:
    """Keep runs from a target for the moment that it takes to look at it; writes nothing.

    Gives:
        Who works on the target just now; None: nobody, and nobody begins meanwhile.
    """
    lock, holder = FileLock(state / _LOCK), None
    if (state / _LOCK).exists():  # where no run ever was, there is nothing to hold
        with suppress(OSError):  # in a folder that cannot be written to, no run can work either
            holder = None if _acquired(lock, state) else _holder(state)
    try:
        yield holder
    finally:
        lock.release()


def _acquired(lock: FileLock, state: Path) -> bool:
    try:
        lock.acquire(timeout=0 if (state / _HOLDER).exists() else _MOMENT, poll_interval=0.02)
    except Timeout:
        return False
    return True


def _wait(lock: FileLock, state: Path, timeout: float | None, progress: Progress) -> None:
    holder = _holder(state)
    if timeout != 0:
        progress.warning(f"waiting for {holder} to be done with target `{state.name}`")
    try:
        lock.acquire(timeout=-1 if timeout is None else timeout, poll_interval=_POLL)
    except Timeout as error:
        waited = f" after {timeout:g} s" if timeout else ""
        raise LockError(
            f"target `{state.name}` is still in use{waited}: by {_holder(state)}",
            hint="wait until it is done, or stop it; --lock-timeout says how long to wait",
        ) from error


def _describe(state: Path, command: str) -> None:
    document = {
        "command": command,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    try:
        write_atomic(state / _HOLDER, f"{json.dumps(document)}\n")
    except GenerateError as error:
        raise LockError(str(error)) from error


def _holder(state: Path) -> str:
    """Say who holds the lock; the file may be that of an earlier holder for a moment."""
    try:
        raw = json.loads((state / _HOLDER).read_text(encoding="utf-8"))
        since = datetime.fromisoformat(raw["since"]).astimezone()
        where = f"PID {raw['pid']}, {raw['host']}, since {since:%H:%M:%S}"
        return f"`dango-dbt {raw['command']}` ({where})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
