"""One load of a sample → what is in the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from math import isfinite
from typing import Any

from dango_dbt.sampled import (
    Discovery,
    FoundColumn,
    FoundReference,
    FoundTable,
    ResourceSeen,
)
from dango_dbt.sampling.relationships import ColumnValues, guessed
from dango_dbt.sampling.rows import SampleRows, content
from dango_dbt.schema import Column, Table

__all__ = ["described"]

#: How many rows of each table are shown, and how much of a text.
_SAMPLES, _LONGEST = 3, 200


def described(
    sample: tuple[str, int, str],
    resources: Sequence[ResourceSeen],
    tables: Sequence[tuple[Table, Table]],
    rows: SampleRows,
) -> Discovery:
    """Describe what is in a source.

    Args:
        sample: the source's name, how many pages of each resource were read at most, and the
            warehouse that code is generated for, as dbt calls it.
        resources: what they yielded.
        tables: each as DuckDB has it, and as that warehouse would.
        rows: the sample.
    """
    by_name = {resource.name: resource for resource in resources}
    found = tuple(
        _table(here, there, by_name.get(here.resource or ""), rows) for here, there in tables
    )
    known = [reference for _, there in tables for reference in _known(there)]
    columns = [
        values
        for (here, there), one in zip(tables, found, strict=True)
        for values in _values(here, there, rows, complete=one.complete)
    ]
    related = {(one.table, one.referenced_table) for one in known if one.kind == "declared"}
    guesses = guessed(columns, related)
    return Discovery(*sample, tuple(resources), found, (*known, *guesses))


def _table(
    here: Table, there: Table, resource: ResourceSeen | None, rows: SampleRows
) -> FoundTable:
    now = rows.now(here)
    nulls = rows.nulls(now, here.columns)
    cursor = resource.cursor.path if resource and resource.cursor and not here.parent else None
    shown = content(here)
    return FoundTable(
        name=there.name,
        resource=there.resource,
        parent=there.parent,
        write_disposition=there.write_disposition,
        columns=tuple(
            _column(column, empty, cursor)
            for column, empty in zip(there.columns, nulls, strict=True)
        ),
        rows=rows.count(now),
        complete=resource is not None and resource.ended,
        samples=tuple(
            {column.name: _shown(value) for column, value in zip(shown, row, strict=True)}
            for row in rows.first(now, shown, _SAMPLES)
        ),
        description=there.description,
    )


def _column(column: Column, nulls: int, cursor: str | None) -> FoundColumn:
    return FoundColumn(
        name=column.name,
        data_type=column.data_type,
        primary_key=column.primary_key,
        unique=column.unique,
        cursor=cursor is not None and _letters(column.name) == _letters(cursor),
        system=column.system or column.root_key is not None,
        nulls=nulls,
        description=column.description,
    )


def _letters(name: str) -> str:
    """Reduce a name to what its normalised form shares with it: `meta.updatedAt`, `_updated_at`."""
    return "".join(filter(str.isalnum, name)).lower()


def _known(table: Table) -> Iterator[FoundReference]:
    for reference in table.references:
        yield FoundReference(
            table.name,
            reference.columns,
            reference.table,
            reference.referenced,
            "nested" if reference.nested else "declared",
        )


def _values(
    here: Table, there: Table, rows: SampleRows, *, complete: bool
) -> Iterator[ColumnValues]:
    """Give what each column of the source's own holds."""
    pointing = {column for reference in there.references for column in reference.columns}
    now = rows.now(here)
    total = rows.count(now)
    declared = [column.name for column in there.columns if column.primary_key]
    for column, named in zip(here.columns, there.columns, strict=True):
        if column.system or column.root_key is not None or column.kind not in {"bigint", "text"}:
            continue
        values = frozenset(rows.distinct(now, column))
        yield ColumnValues(
            table=there.name,
            column=named.name,
            kind=column.kind,
            values=values,
            unique=len(values) == total > 0,
            complete=complete,
            points=named.name in pointing,
            key=_key(named.name, declared),
        )


def _key(column: str, declared: Sequence[str]) -> int:
    """Tell whether a column is the key of its table, as `ColumnValues` has it."""
    if declared:
        return 2 if [column] == declared else 0
    return 1 if column.lower() == "id" else 0


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever is in a column
    """Give a value as JSON can hold it; a long text is cut."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
