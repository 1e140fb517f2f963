"""The tables that dbt code is generated for: what generation needs and nothing else. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Age",
    "Column",
    "Freshness",
    "Reference",
    "RootKey",
    "SourceTables",
    "StagingOptions",
    "Table",
    "Validity",
]

Period = Literal["minute", "hour", "day"]
WriteDisposition = Literal["append", "replace", "merge"]


@dataclass(frozen=True)
class RootKey:
    """A column of a root table's key, of which a nested table has a copy."""

    table: str
    column: str


@dataclass(frozen=True)
class Column:
    """One column of a loaded table.

    Attributes:
        name: the name as the warehouse stores it; where SQL needs no quotes for it, in lower case.
        quoted: the name as SQL needs it: bare where the dialect allows, else quoted.
        data_type: the type in the warehouse's own words, such as `DECIMAL(18,2)`.
        primary_key: part of the key that the source declares.
        unique: declared unique on its own.
        system: added by dlt (`_dlt_id`, `_dlt_load_id`, …), not delivered by the source.
        root_key: which column of the root table it repeats, in a nested table.
        kind: dlt's word for the type, the same in all warehouses: `text`, `bigint`, ….
        variant_of: the column whose values it holds where they do not fit that one's type.
        hard_delete: says of a row that its key is deleted: true or, in another type, not null.
        sort: which of two rows with one key counts: the one with the higher value (desc) or the
            lower one; None: the column does not tell.
    """

    name: str
    quoted: str
    data_type: str
    description: str | None = None
    primary_key: bool = False
    unique: bool = False
    system: bool = False
    root_key: RootKey | None = None
    kind: str = "text"
    variant_of: str | None = None
    hard_delete: bool = False
    sort: Literal["asc", "desc"] | None = None


@dataclass(frozen=True)
class Reference:
    """Columns of one table that point at columns of another one of the same source.

    Attributes:
        nested: dlt keeps it itself, from a nested table to its parent; else the source declares it.
    """

    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...]
    nested: bool = False


@dataclass(frozen=True)
class Validity:
    """When each version of a row was valid (dlt's SCD2 strategy).

    Attributes:
        valid_from: name of the column with its begin.
        valid_to: name of the column with its end.
        active: what `valid_to` holds in rows that are current, as SQL; None: null.
        flag_type: the type of truth values in the warehouse's own words.
    """

    valid_from: str
    valid_to: str
    active: str | None
    flag_type: str


@dataclass(frozen=True)
class StagingOptions:
    """What the user wants of a table's staging model; see `staging:` in sources.yml.

    Attributes:
        include: whether it has one.
        deduplicate: keep the latest row of each key only, where rows are appended.
        incremental: take over what is new, instead of a view.
        coalesce_variants: bring the values of variant columns back into their column.
        hide_dlt_columns: leave dlt's own columns out.
    """

    include: bool = True
    deduplicate: bool = False
    incremental: bool = False
    coalesce_variants: bool = False
    hide_dlt_columns: bool = False


@dataclass(frozen=True)
class Table:
    """One table of a dataset: a root table, or one nested in `parent`.

    Attributes:
        row_key: dlt's own id of a row, None where a table has none (loaded from Arrow). It is
            unique but for a table with `validity`, where versions that are the same share it.
        load_id: the column that tells which load has brought a row, or the row that it is nested
            in; null in rows that were loaded before the column was there.
        resource: the dlt resource that it comes from, for nested tables the root's; None: unknown.
        history: keeps several versions of a row (dlt's SCD2 strategy), so that keys repeat.
        identifier: the name as the warehouse stores it, where SQL has to quote it; else None.
        validity: when each version of a row was valid; in a root table that keeps a history.
        keyed: a merge has a key to find older rows by; without one, dlt appends the new ones.
        staging: what the user wants of its staging model.
    """

    name: str
    columns: tuple[Column, ...]
    write_disposition: WriteDisposition = "append"
    description: str | None = None
    parent: str | None = None
    references: tuple[Reference, ...] = ()
    row_key: str | None = None
    load_id: str | None = None
    history: bool = False
    resource: str | None = None
    identifier: str | None = None
    validity: Validity | None = None
    keyed: bool = True
    staging: StagingOptions = StagingOptions()

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Names of the declared key's columns, in the table's order; empty where none is."""
        return tuple(column.name for column in self.columns if column.primary_key)


@dataclass(frozen=True)
class Age:
    """An age as dbt writes it: `count` of `period`s."""

    count: int
    period: Period


@dataclass(frozen=True)
class Freshness:
    """How old the last sync may be before `dbt source freshness` warns, and before it fails."""

    warn_after: Age | None = None
    error_after: Age | None = None


@dataclass(frozen=True)
class SourceTables:
    """One configured source, with the dataset that it is loaded into and its tables.

    Attributes:
        dlt_name: what dlt calls the source, and its schema in `_dlt_loads`; None: as we do.
        dlt_name_shared: another configured source comes from a dlt source of that name too.
        pipeline: the name of the dlt pipeline; None: the source's.
        longest_name: how many characters a relation's name may have in the warehouse.
        loads: dlt's table of the loads that it has finished; None: not known.
    """

    name: str
    dataset: str
    tables: tuple[Table, ...]
    description: str | None = None
    dlt_name: str | None = None
    dlt_name_shared: bool = False
    pipeline: str | None = None
    freshness: Freshness | None = None
    longest_name: int = 65536
    loads: Table | None = None
