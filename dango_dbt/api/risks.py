"""Which columns a plan retypes or takes away: models may rely on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from dango_dbt import yaml_files
from dango_dbt.files import Change
from dango_dbt.results import SchemaChange
from dango_dbt.schema import SourceTables
from dango_dbt.staging import staged

__all__ = ["Risk", "removed_columns", "retyped_columns"]


@dataclass(frozen=True)
class Risk:
    """A column that models may rely on.

    Attributes:
        source: name of the source.
        table: name of its table; None: the column is a staging model's.
        model: name of the staging model; None: the table has none.
        column: its name; None: the model goes as a whole.
        change: what becomes of it, in words.
    """

    source: str
    table: str | None
    model: str | None
    column: str | None
    change: str


def retyped_columns(source: SourceTables, changes: Collection[SchemaChange]) -> Iterator[Risk]:
    """Find the columns whose values come in another type now, and are not merged into one again."""
    models = {model.table.name: model for model in staged(source)}
    for change in changes:
        if change.kind == "added" or change.column is None:
            continue
        model = models.get(change.table)
        column = model.column(change.column) if model else None
        merged = column is not None and column.variants and change.kind == "variant"
        if not merged:
            name = model.name if model else None
            yield Risk(source.name, change.table, name, change.column, change.change)


def removed_columns(changes: Collection[Change]) -> Iterator[Risk]:
    """Find the columns that generated properties have declared and will declare no more."""
    for change in changes:
        if not change.path.name.endswith("__models.yml"):
            continue
        in_conflict = change.action == "conflict"
        before = _columns(change.base if in_conflict else change.before)
        after = _columns(change.wanted if in_conflict else change.after)
        for model, columns in before.items():
            gone = [column for column in columns if column not in after.get(model, ())]
            for column in gone if model in after else (None,):
                yield Risk(change.path.parent.name, None, model, column, "removed")


def _columns(text: str | None) -> dict[str, list[str]]:
    """Read the models of a properties file, and their columns."""
    try:
        found: Any = yaml.load(text or "", Loader=yaml_files.LOADER) or {}  # noqa: S506 - a safe loader
        return {
            model["name"]: [column["name"] for column in model.get("columns") or ()]
            for model in found.get("models") or ()
        }
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        return {}  # the user's edits: what is wrong with them is told where it is merged
