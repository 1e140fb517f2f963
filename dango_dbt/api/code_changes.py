"""For which tables a plan changes the generated code: what is built from it is out of date then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from dango_dbt import yaml_files
from dango_dbt.files import Change
from dango_dbt.naming import staging_model
from dango_dbt.schema import SourceTables

__all__ = ["tables_with_new_code"]

_WRITTEN = frozenset({"created", "updated", "merged"})


def tables_with_new_code(source: SourceTables, changes: Iterable[Change]) -> list[str]:
    """Name the tables, as `source.table`, whose model or declaration changes.

    Args:
        source: a source's tables.
        changes: of the source's files.
    """
    written = [change for change in changes if change.action in _WRITTEN]
    found = {change.path.stem for change in written if change.path.suffix == ".sql"}
    for change in written:
        if change.path.suffix != ".sql":
            found.update(_differing(change))
    names = {
        table.name: {table.name, staging_model(source.name, table.name)} for table in source.tables
    }
    return [f"{source.name}.{table}" for table, known in names.items() if known & found]


def _differing(change: Change) -> Iterator[str]:
    """Name the models and tables that are declared in another way than before."""
    before, after = _entries(change.before), _entries(change.after)
    return (name for name, entry in after.items() if before.get(name) != entry)


def _entries(text: str | None) -> Mapping[str, Any]:
    try:
        found: Any = yaml.load(text or "", Loader=yaml_files.LOADER) or {}  # noqa: S506 - a safe loader
        entries = [*(found.get("models") or ())]
        for source in found.get("sources") or ():
            entries += source.get("tables") or ()
        return {entry["name"]: entry for entry in entries}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        return {}  # the user's edits: what is wrong with them is told where it is merged
