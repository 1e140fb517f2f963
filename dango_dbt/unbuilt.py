"""Which tables have changed since what depends on them was built, kept with the target's state.

A run that loads rows and then fails, or is stopped, before all of it is built leaves something to
do. `--changed-only` does that too, so that no failure is forgotten because no new row has come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from dango_dbt.files import write_atomic

__all__ = ["built", "changed", "read"]

_FILE = "unbuilt.json"


def read(state: Path) -> Mapping[str, frozenset[str]]:
    """Read the tables, as `source.table`, and which nodes were built since each has changed.

    Args:
        state: the state folder of a target.
    """
    try:
        raw = json.loads((state / _FILE).read_text(encoding="utf-8"))
        return {str(table): frozenset(map(str, nodes)) for table, nodes in raw.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # state may be removed at any time; what is not ours counts as removed


def changed(state: Path, tables: Iterable[str]) -> None:
    """Note that tables have changed, their rows or what is generated for them.

    Raises:
        GenerateError: the file cannot be written.
    """
    if new := {table: frozenset[str]() for table in tables}:
        _write(state, {**read(state), **new})


def built(state: Path, nodes: Mapping[str, Iterable[str]]) -> None:
    """Note which nodes downstream of changed tables have been built.

    Args:
        state: the state folder of a target.
        nodes: for a table the nodes that have been built; a table that is not there is done with.

    Raises:
        GenerateError: the file cannot be written.
    """
    before = read(state)
    after = {table: before[table] | set(more) for table, more in nodes.items() if table in before}
    if after != before:
        _write(state, after)


def _write(state: Path, tables: Mapping[str, Iterable[str]]) -> None:
    document = {table: sorted(tables[table]) for table in sorted(tables)}
    write_atomic(state / _FILE, f"{json.dumps(document, indent=2)}\n")
