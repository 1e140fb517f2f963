"""Who holds a DuckDB file that is to be written, told from DuckDB's own message; pure.

DuckDB lets one process write, or several read: whoever reads keeps us from writing, and the other
way round.
"""

from __future__ import annotations

import re
from pathlib import PurePath

__all__ = ["held_hint"]

_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_LOCKED = ("Could not set lock on file", "being used by another process")


def held_hint(message: str) -> str | None:
    """Say who holds the file and what to do, if that is what a message is about.

    Args:
        message: DuckDB's, as it is or within dbt's.
    """
    holder = _HOLDER.search(message)
    if holder is None and not any(part in message for part in _LOCKED):
        return None
    who = "another program"
    if holder is not None:
        who = f"`{PurePath(holder['program']).name}` (PID {holder['pid']})"
    return (
        f"{who} has the DuckDB file open: close it there, or end that program, and run again."
        " One that only reads holds the file as well (`read_only=True` changes nothing): let it"
        " open the file for each query, or read a copy"
    )
