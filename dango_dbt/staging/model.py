"""A staging model as data: what its SQL, its properties and its tests have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dango_dbt.schema import Column, Table

__all__ = [
    "Finished",
    "Gone",
    "Group",
    "Incremental",
    "Latest",
    "Link",
    "StagedColumn",
    "StagingModel",
    "Within",
    "is_bit",
]

Group = Literal["keys", "columns", "history", "loaded by dlt"]


@dataclass(frozen=True)
class StagedColumn:
    """One column of a staging model.

    Attributes:
        name: as dbt and people call it; `quoted`: as SQL needs it.
        column: the table's column that it is made of.
        variants: the table's columns whose values are merged into it.
        flag: says whether the row is current: `column` is then compared with what marks the end.
    """

    name: str
    quoted: str
    data_type: str
    group: Group
    column: Column
    variants: tuple[Column, ...] = ()
    flag: bool = False
    description: str | None = None

    @property
    def escaped(self) -> bool:
        """Whether the name has quotes in it, which dbt puts into SQL as they are."""
        return len(self.quoted) > len(self.name) + 2


@dataclass(frozen=True)
class Latest:
    """Only the latest row of each key is kept.

    Attributes:
        key: the columns that rows of one key agree in.
        order: how rows of one key are sorted, the latest first; `True`: descending.
        deleted: the column that says of the latest row that its key is deleted.
    """

    key: tuple[Column, ...]
    order: tuple[tuple[Column, bool], ...]
    deleted: Column | None


@dataclass(frozen=True)
class Link:
    """How rows of a nested table find their parent's: columns as SQL needs them."""

    child: str
    column: str
    parent_column: str


@dataclass(frozen=True)
class Within:
    """Only rows are kept whose parent row is kept.

    Attributes:
        model: the staging model of the nearest ancestor that has one.
        links: the way down from there, one for each level; the last one is the model's own.
    """

    model: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Gone:
    """How an incremental model finds its rows that are not there any more.

    Attributes:
        column: the model's column, as SQL needs it.
        model: the staging model whose `other` column it must be in; None: the source's table.
        other: that column; None: the one of the same name.
    """

    column: str
    model: str | None = None
    other: str | None = None


@dataclass(frozen=True)
class Finished:
    """How the loads are found that dlt has finished: names as SQL needs them.

    Attributes:
        table: what dbt calls dlt's table of loads.
        schema: the value that `schema_name` has for loads of this source.
    """

    table: str
    load_id: str
    schema_name: str
    status: str
    schema: str


@dataclass(frozen=True)
class Incremental:
    """How a model takes over only what is new.

    Attributes:
        load_id: the column with the load's id, as SQL needs it.
        nullable: whether rows that were loaded before the column was there have null in it.
        unique_key: columns whose values one row has only; none: new rows replace no older ones.
        gone: how rows are found that are to be deleted.
        finished: how the loads are found that have come as a whole.
    """

    load_id: str
    nullable: bool
    unique_key: tuple[str, ...]
    gone: Gone
    finished: Finished


@dataclass(frozen=True)
class StagingModel:
    """One staging model.

    Attributes:
        name: its name in dbt.
        source: name of the dbt source.
        table: what it selects from.
        columns: what it has.
    """

    name: str
    source: str
    table: Table
    columns: tuple[StagedColumn, ...]
    latest: Latest | None = None
    within: Within | None = None
    incremental: Incremental | None = None

    def column(self, name: str) -> StagedColumn | None:
        """Find what a column of the table has become; None: it is not in the model."""
        return next(
            (staged for staged in self.columns if staged.column.name == name and not staged.flag),
            None,
        )

    @property
    def current(self) -> str | None:
        """What holds for rows that are current, as SQL; None: the table keeps no history."""
        flag = next((column for column in self.columns if column.flag), None)
        if flag is None:
            return None
        return f"{flag.name} = 1" if is_bit(flag.data_type) else flag.name

    @property
    def kept_unique(self) -> bool:
        """Whether a row replaces an earlier one with its key.

        Not where dlt appends, unless only the latest is kept here, nor where it keeps a history.
        A merge without any key appends, too.
        """
        table = self.table
        if table.history:
            return table.validity is not None  # among the rows that are current
        if table.write_disposition == "merge":
            return table.keyed
        return table.write_disposition == "replace" or self.latest is not None


def is_bit(data_type: str) -> bool:
    """Whether truth values are numbers, as in T-SQL: there, a condition is no value."""
    return data_type.lower() == "bit"
