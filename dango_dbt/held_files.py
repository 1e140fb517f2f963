"""Who holds a DuckDB file, from the engine's own words: dlt's side and dbt's both meet them."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["held_hint"]

#: DuckDB's "Conflicting lock is held in /usr/bin/python3.11 (PID 123)".
_HELD = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


def held_hint(message: str) -> str | None:
    """Say what to do where a file is held; whoever reads it keeps all others from writing.

    Args:
        message: DuckDB's.

    Returns:
        What to do; None: the message is about something else.
    """
    if held := _HELD.search(message):
        return (
            f"{Path(held['program']).name} (PID {held['pid']}) has the file open, be it only to"
            " read: close it there, and try again"
        )
    if "lock on file" in message:
        return "close the other program that has the file open, and try again"
    return None
