"""What a sample of a source has shown, as frozen facts: of its data, and of how it loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dango_dbt.errors import ExitCode

__all__ = [
    "Check",
    "CheckStatus",
    "CursorSeen",
    "Discovery",
    "FoundColumn",
    "FoundReference",
    "FoundTable",
    "ResourceSeen",
    "SourceTest",
]

#: `unchecked`: the sample cannot tell, or there is nothing to check; that is no failure.
CheckStatus = Literal["passed", "finding", "unchecked"]


@dataclass(frozen=True)
class CursorSeen:
    """The values of a resource's cursor, in the order in which they came.

    Attributes:
        path: where it stands in an item.
        start: where this run was to begin; None: at the very first row.
        ascending: what dlt takes for the later one of two values: the higher, or the lower one;
            None: the source has a function of its own for that.
        row_order: the order that the source declares, `asc` or `desc`; dlt stops reading by it.
        values: those that are not null.
        missing: rows without one.
    """

    path: str
    start: Any
    ascending: bool | None
    row_order: str | None
    values: Sequence[Any]
    missing: int


@dataclass(frozen=True)
class ResourceSeen:
    """What a resource yielded in one run.

    Attributes:
        pages: the lists or tables; rows that were yielded one by one count as pages of a hundred.
        rows: in these pages, before dlt's cursor has left out any.
        parent: the resource that feeds it, of a transformer.
        ended: it has no more, nor has what feeds it.
        selected: it is loaded itself; else only what is made of it.
        key_nulls: of the columns of its declared key, in how many rows they are null or missing;
            None: its rows go to tables that it chooses while it runs.
        repeated: pages with exactly the rows of the page before; None: they were not compared.
    """

    name: str
    pages: int
    rows: int
    parent: str | None
    ended: bool
    selected: bool
    key_nulls: Mapping[str, int] | None
    cursor: CursorSeen | None
    repeated: int | None = None


@dataclass(frozen=True)
class FoundColumn:
    """A column as it would be loaded into the warehouse.

    Attributes:
        data_type: in the words of the warehouse that code is generated for.
        primary_key: part of the key that the source declares.
        unique: declared unique on its own.
        cursor: its resource's cursor.
        system: added by dlt or by us.
        nulls: in how many of the sample's rows it is null.
    """

    name: str
    data_type: str
    primary_key: bool = False
    unique: bool = False
    cursor: bool = False
    system: bool = False
    nulls: int = 0
    description: str | None = None


@dataclass(frozen=True)
class FoundTable:
    """A table as it would be loaded.

    Attributes:
        resource: where it comes from; None: unknown.
        parent: the table that it is nested in.
        rows: in the sample.
        complete: the sample holds all its rows.
        samples: the first rows, without what dlt adds; long texts are cut.
    """

    name: str
    resource: str | None
    parent: str | None
    write_disposition: str
    columns: tuple[FoundColumn, ...]
    rows: int
    complete: bool
    samples: tuple[Mapping[str, Any], ...] = ()
    description: str | None = None


@dataclass(frozen=True)
class FoundReference:
    """Columns of one table that point at columns of another one.

    Attributes:
        kind: `nested`: kept by dlt; `declared`: by the source; `guess`: from the values alone.
        evidence: what a guess rests on, in words.
        included: of a guess, how many distinct values are there.
        distinct: of a guess, how many distinct values there are.
    """

    table: str
    columns: tuple[str, ...]
    referenced_table: str
    referenced_columns: tuple[str, ...]
    kind: Literal["nested", "declared", "guess"]
    evidence: str | None = None
    included: int | None = None
    distinct: int | None = None


@dataclass(frozen=True)
class Discovery:
    """What is in a source, by a sample of it.

    Attributes:
        pages: how many pages of each resource were read at most.
        adapter: the warehouse whose types the columns have, as dbt calls it.
    """

    source: str
    pages: int
    adapter: str
    resources: tuple[ResourceSeen, ...]
    tables: tuple[FoundTable, ...]
    references: tuple[FoundReference, ...]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what was checked, such as `key-unique`.
        subject: the resource, the table, or the column as `table.column`.
        evidence: what was seen, in words.
        hint: what to do about a finding.
    """

    name: str
    subject: str
    status: CheckStatus
    evidence: str
    hint: str | None = None


@dataclass(frozen=True)
class SourceTest:
    """What two loads of a sample have shown.

    Attributes:
        pages: how many pages of each resource were read at most, in each of the two.
    """

    source: str
    pages: int
    resources: tuple[ResourceSeen, ...]
    checks: tuple[Check, ...]

    @property
    def findings(self) -> tuple[Check, ...]:
        """The checks that found something."""
        return tuple(check for check in self.checks if check.status == "finding")

    @property
    def exit_code(self) -> ExitCode:
        """1 where something was found, else 0."""
        return ExitCode.FAILURE if self.findings else ExitCode.SUCCESS
