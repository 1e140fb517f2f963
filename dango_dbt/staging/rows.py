"""Which rows a staging model has, and how it takes over new ones. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from dango_dbt.naming import staging_model
from dango_dbt.schema import SourceTables, Table
from dango_dbt.staging.model import (
    Finished,
    Gone,
    Incremental,
    Latest,
    Link,
    StagingModel,
    Within,
)

__all__ = [
    "incremental_of",
    "latest_of",
    "reason_not_deduplicated",
    "reason_not_incremental",
    "within_of",
]


def latest_of(table: Table) -> Latest | None:
    """Keep the latest row of a key, as a merge would.

    It is the one of the last load and, within it, the one that the source's own sorting puts first.
    """
    if not table.staging.deduplicate or reason_not_deduplicated(table):
        return None
    key = tuple(column for column in table.columns if column.primary_key)
    order = [(column, True) for column in table.columns if column.name == table.load_id]
    order += [(column, column.sort == "desc") for column in table.columns if column.sort]
    order += [(column, False) for column in table.columns if column.name == table.row_key]
    deleted = next((column for column in table.columns if column.hard_delete), None)
    return Latest(key, tuple(order), deleted)


def reason_not_deduplicated(table: Table) -> str | None:
    """Say why a table cannot be deduplicated, or need not be; None: it can."""
    if table.parent:
        return f"it is nested, and follows `{table.parent}`"
    if table.write_disposition != "append":
        return f"`{table.write_disposition}` keeps no older rows of a key"
    if not table.primary_key:
        return "it has no primary key"
    if table.load_id or table.row_key or any(column.sort for column in table.columns):
        return None
    return "nothing tells which of two rows is the latest"


def within_of(source: str, table: Table, tables: Mapping[str, Table]) -> Within | None:
    """Keep rows of a nested table only if their root's row is kept, where not all of them are."""
    links: list[Link] = []
    while parent := tables.get(table.parent or ""):
        link = _link(table, parent)
        if link is None:
            return None
        links.insert(0, link)
        if parent.staging.include:
            kept = latest_of(parent) or within_of(source, parent, tables)
            return Within(staging_model(source, parent.name), tuple(links)) if kept else None
        table = parent
    return None


def _link(table: Table, parent: Table) -> Link | None:
    for reference in table.references:
        if reference.nested:
            (column,), (parent_column,) = reference.columns, reference.referenced
            return Link(table.name, _quoted(table, column), _quoted(parent, parent_column))
    return None


def _quoted(table: Table, name: str) -> str:
    return next(column.quoted for column in table.columns if column.name == name)


def incremental_of(model: StagingModel, source: SourceTables) -> Incremental | None:
    """Say how a model takes over only what is new; None: it is a view."""
    table, loads = model.table, source.loads
    if not table.staging.incremental or reason_not_incremental(model):
        return None
    if table.load_id is None or loads is None:
        return None
    load_id = _quoted(table, table.load_id)
    nullable = table.parent is not None
    key, gone = _merged(table) if table.write_disposition == "merge" else _appended(model, load_id)
    loads_load_id, schema_name, status, *_ = (column.quoted for column in loads.columns)
    schema = source.dlt_name or source.name
    finished = Finished(loads.name, loads_load_id, schema_name, status, schema)
    return Incremental(load_id, nullable, key, gone, finished)


def reason_not_incremental(model: StagingModel) -> str | None:
    """Say why a model cannot be incremental, or would gain nothing; None: it can.

    A `replace` brings everything anew, and a history changes rows of older loads. Where merged
    variants have given a column a wider type, a table with the old one would round new values.
    """
    table, latest = model.table, model.latest
    merged, deleted = table.write_disposition == "merge", latest and latest.deleted
    widened = [
        column.name
        for column in model.columns
        if column.data_type != column.column.data_type and not column.flag
    ]
    reasons = {
        "a new version changes rows of older loads": table.history,
        "each load replaces all of it": table.write_disposition == "replace",
        "its rows do not tell which load has brought them": table.load_id is None,
        "its rows have no id by which those that are replaced are found": (
            merged and _row_key(table) is None
        ),
        "of a key that is deleted, no row is left that would tell": deleted,
        f"`{table.parent}`, which it is nested in, is excluded": (
            model.within and len(model.within.links) > 1
        ),
        "dbt leaves the quotes in its columns' names as they are": any(
            column.escaped for column in model.columns
        ),
        f"its older rows do not have the wider type of `{''.join(widened[:1])}`": widened,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _row_key(table: Table) -> str | None:
    """Find the column that tells a merged row from the others: dlt's id, or a key of one column."""
    return table.row_key or (table.primary_key[0] if len(table.primary_key) == 1 else None)


def _merged(table: Table) -> tuple[tuple[str, ...], Gone]:
    """Rows are replaced and deleted one by one.

    A row that replaces another one has its id (dlt's upsert) or a new one (delete-insert).
    """
    key = _quoted(table, _row_key(table) or "")
    return (key,), Gone(key)


def _appended(model: StagingModel, load_id: str) -> tuple[tuple[str, ...], Gone]:
    """Rows go only with their load, or with the parent row that they are nested in."""
    if model.latest:
        return tuple(column.quoted for column in model.latest.key), Gone(load_id)
    if model.within:
        (link,) = model.within.links
        return (), Gone(link.column, model.within.model, link.parent_column)
    return (), Gone(load_id)
