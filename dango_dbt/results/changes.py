"""How schemas have changed, and what uses what has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Impact", "SchemaChange", "SourceChanges", "Use"]


@dataclass(frozen=True)
class SchemaChange:
    """A difference between the accepted schema and what was loaded.

    Attributes:
        column: None: the whole table.
        change: what has happened, in words.
        kind: `retyped`: the column has another type; `variant`: it has not, and some of its values
            have come in another type, which are in columns of their own.
    """

    table: str
    column: str | None
    change: str
    kind: Literal["added", "retyped", "variant"] = "added"


@dataclass(frozen=True)
class SourceChanges:
    """How a source's schema differs from the accepted one."""

    name: str
    schema_changes: tuple[SchemaChange, ...]


@dataclass(frozen=True)
class Use:
    """How one dbt node uses a column.

    Attributes:
        kind: dbt's word for what it is: `model`, `snapshot`, `test` or `exposure`.
        columns: its own columns that are made of it.
        rows: which rows it has depends on it: it filters, joins or groups by it.
        unread: its SQL cannot be read: it may use the column.
    """

    unique_id: str
    name: str
    kind: str
    columns: tuple[str, ...] = ()
    rows: bool = False
    unread: bool = False


@dataclass(frozen=True)
class Impact:
    """What a change of a column, or the end of a model, does to the dbt project.

    Attributes:
        source: name of the source.
        table: the table, or the staging model, that the column is of.
        column: the column; None: the staging model goes as a whole.
        change: what becomes of it, in words.
        uses: what uses it downstream, parents first.
        breaking: something uses it that was not generated from the table alone.
        unknown: why it is not known what uses it; that counts as breaking.
    """

    source: str
    table: str
    column: str | None
    change: str
    uses: tuple[Use, ...] = ()
    breaking: bool = False
    unknown: str | None = None
