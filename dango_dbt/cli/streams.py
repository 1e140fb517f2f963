"""What goes to stdout and stderr, whoever writes there: sources, dbt and what they start, too.

It is done to the file descriptors, since not only Python writes to them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex
from threading import Event, Thread
from typing import TextIO

__all__ = ["handing_over", "only_for_the_document", "own_stderr"]


@contextmanager
def only_for_the_document(*, as_json: bool) -> Iterator[TextIO]:
    """Under --json, keep stdout for the document: what anything else prints goes to stderr."""
    if not as_json:
        yield sys.stdout
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w", encoding="utf-8") as document:
            yield document
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def own_stderr() -> Iterator[TextIO]:
    """Give a stream to where stderr leads now, and goes on to whatever stderr itself becomes."""
    with os.fdopen(os.dup(2), "w", encoding="utf-8") as stream:
        yield stream


@contextmanager
def handing_over(take: Callable[[str], None]) -> Iterator[None]:
    """Hand over what is printed to stdout and stderr, line by line, instead of printing it."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(descriptor, os.dup(descriptor)) for descriptor in (1, 2)]
    reading, writing = os.pipe()
    for descriptor, _ in kept:
        os.dup2(writing, descriptor)
    # The pipe itself need not end: multiprocessing starts a process that keeps stderr open.
    mark, done = token_hex(), Event()
    args = (reading, take, mark, done)
    Thread(target=_read, args=args, name="output", daemon=True).start()
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, copy in kept:
            os.dup2(copy, descriptor)
            os.close(copy)
        with os.fdopen(writing, "w") as last:
            last.write(f"\n{mark}\n")
        done.wait(timeout=5)


def _read(descriptor: int, take: Callable[[str], None], mark: str, done: Event) -> None:
    """Read on to the end of the pipe, so that whoever still writes is not killed for it."""
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            text = line.rstrip()
            if text == mark:
                done.set()
            elif text and not done.is_set():
                take(text)
