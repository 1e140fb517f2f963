"""Which rows a staging model has, and how it takes over new ones. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from dango_dbt.naming import staging_model
from dango_dbt.schema import Table
from dango_dbt.staging.model import Gone, Incremental, Latest, Link, StagingModel, Within

__all__ = ["incremental_of", "latest_of", "within_of"]


def latest_of(table: Table) -> Latest | None:
    """Keep the latest row of a key, as a merge would.

    It is the one of the last load and, within it, the one that the source's own sorting puts first.
    """
    key = tuple(column for column in table.columns if column.primary_key)
    if not table.staging.deduplicate or table.parent or table.write_disposition != "append":
        return None
    if not key:
        return None
    order = [(column, True) for column in table.columns if column.name == table.load_id]
    order += [(column, column.sort == "desc") for column in table.columns if column.sort]
    order += [(column, False) for column in table.columns if column.name == table.row_key]
    deleted = next((column for column in table.columns if column.hard_delete), None)
    return Latest(key, tuple(order), deleted) if order else None


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


def incremental_of(model: StagingModel) -> Incremental | None:
    """Say how a model takes over only what is new; None: it is a view.

    A `replace` brings everything anew, and a history changes rows of older loads. Where merged
    variants have given a column a wider type, a table with the old one would round new values.
    """
    table = model.table
    widened = any(column.data_type != column.column.data_type for column in model.columns)
    if not table.staging.incremental or table.load_id is None or table.history or widened:
        return None
    if table.write_disposition == "merge":
        return _merged(table, _quoted(table, table.load_id))
    if table.write_disposition == "append":
        return _appended(model, _quoted(table, table.load_id))
    return None


def _merged(table: Table, load_id: str) -> Incremental | None:
    """Rows are replaced and deleted one by one.

    A row that replaces another one has its id (dlt's upsert) or a new one (delete-insert).
    """
    key = table.row_key or (table.primary_key[0] if len(table.primary_key) == 1 else None)
    if key is None:
        return None
    return Incremental(load_id, (_quoted(table, key),), Gone(_quoted(table, key)))


def _appended(model: StagingModel, load_id: str) -> Incremental | None:
    """Rows go only with their load, or with the parent row that they are nested in."""
    if model.latest:
        if model.latest.deleted:
            return None  # a key that is deleted later has no row that would tell
        key = tuple(column.quoted for column in model.latest.key)
        return Incremental(load_id, key, Gone(load_id))
    if model.within:
        *above, link = model.within.links
        if above:
            return None
        return Incremental(load_id, (), Gone(link.column, model.within.model, link.parent_column))
    return Incremental(load_id, (), Gone(load_id))
