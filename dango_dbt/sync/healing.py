"""Take away what an unfinished load has appended, before its rows are loaded again.

Between the commit of a job's rows and dlt's own marker for it lies a moment; a process that dies
there leaves rows that dlt would load once more. So a package that was begun and not finished is
loaded anew from its first job, after all that it has appended is gone. Two facts make that right:

- A row is known by its `_dlt_load_id`, a nested row by its root row: no other load's is touched.
- Where rows are replaced, or merged by a key, loading them twice leaves them once. Only tables that
  *append* (a merge without any key does, too) keep both, so only from them are rows ever deleted:
  what the others hold cannot be wrong for long, and deleting it could lose it.
"""

# ruff: noqa: S608 - all names and values in the statements are quoted by dlt

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from dlt.common.destination.exceptions import (
    DestinationException,
    DestinationUndefinedEntity,
)
from dlt.common.destination.utils import resolve_merge_strategy
from dlt.common.schema import Schema
from dlt.common.schema.utils import (
    get_first_column_name_with_prop,
    get_nested_tables,
    has_column_with_prop,
    is_nested_table,
    normalize_schema_name,
)

from dango_dbt.errors import SyncError, first_line
from dango_dbt.sync.packages import normalized, restart

if TYPE_CHECKING:
    import dlt
    from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset

__all__ = ["client_of", "delete_pending", "heal_pending", "heal_unknown", "standing"]

_LOAD_ID = "_dlt_load_id"


def heal_pending(pipeline: dlt.Pipeline) -> None:
    """Put the packages that were begun back to their beginning, and take away their rows."""
    for package in normalized(pipeline):
        if package.begun:
            with client_of(pipeline, package.schema) as client:
                _delete(_Dataset(client), package.load_id)
            restart(package)


def delete_pending(pipeline: dlt.Pipeline) -> None:
    """Delete what the pending packages have appended, before they are given up.

    The cursors go back with the packages, so that their rows are extracted and loaded anew.
    """
    for package in normalized(pipeline):
        if package.begun:
            with client_of(pipeline, package.schema) as client:
                _delete(_Dataset(client), package.load_id)


def heal_unknown(pipeline: dlt.Pipeline, schema_name: str) -> None:
    """Delete what an unfinished load has appended of which no package is left on this machine.

    At most one load can be unfinished, and it is the newest. So rows go only where there is exactly
    one load id that is not in `_dlt_loads`, and newer than all there of this schema (or the only
    one at all, where no load has been finished). Then nested rows that have lost their root row go.
    """
    schema = _stored_schema(pipeline, schema_name)
    if schema is None:
        return
    with client_of(pipeline, schema) as client:
        dataset = _Dataset(client)
        _delete(dataset, _unknown_load(dataset, pipeline.pipeline_name))


def standing(pipeline: dlt.Pipeline) -> Literal["level", "ahead", "overtaken"]:
    """Compare the local state with the warehouse's, which dlt has not brought together yet.

    Returns:
        `ahead`: the local state knows of loads that the warehouse does not. So it is when the
        warehouse was put back to an older copy of itself: dlt keeps to the newer state, and the
        rows in between would never come. `overtaken`: something is pending here, and another
        machine has loaded since: dlt would load it all the same.
    """
    if pipeline.first_run or not pipeline.config.restore_from_destination:
        return "level"
    with client_of(pipeline, Schema(normalize_schema_name(pipeline.pipeline_name))) as client:
        try:
            stored = client.get_stored_state(pipeline.pipeline_name)
        except DestinationUndefinedEntity:
            return "level"
    if stored is None:
        return "level"
    if not pipeline.has_pending_data:
        ahead = stored.version < pipeline.state["_state_version"]
        return "ahead" if ahead else "level"
    theirs = stored.version > _version_before(pipeline)
    ours = stored._dlt_load_id in pipeline.list_normalized_load_packages()  # noqa: SLF001 - its name in the table
    return "overtaken" if theirs and not ours else "level"


def _version_before(pipeline: dlt.Pipeline) -> int:
    """Tell which version of the state the pending packages were extracted from."""
    copies = Path(pipeline.working_dir).glob("*/*/*/.restore/state.json")  # dlt's, for aborting
    versions = [json.loads(path.read_bytes())["_state_version"] for path in copies]
    return int(min([pipeline.state["_state_version"], *versions]))


@contextmanager
def client_of(pipeline: dlt.Pipeline, schema: Schema) -> Iterator[SqlJobClientWithStagingDataset]:
    """Open dlt's client for the destination, with a schema that the pipeline may not know."""
    client = pipeline._get_destination_clients(schema)[0]  # noqa: SLF001 - there is no public way
    with client:
        yield cast("SqlJobClientWithStagingDataset", client)


class _Dataset:
    """The tables of a schema that are really there."""

    def __init__(self, client: SqlJobClientWithStagingDataset) -> None:
        self.schema = client.schema
        self.capabilities = client.capabilities
        self.sql = client.sql_client
        names = self.schema.data_table_names(include_incomplete=True)
        names += [self.schema.loads_table_name, self.schema.state_table_name]
        self._columns: Mapping[str, Mapping[str, Any]] = dict(client.get_storage_tables(names))

    def has(self, table: str, column: str) -> bool:
        """Whether a table is there, and has a column."""
        return column in self._columns.get(table, {})

    def name(self, table: str) -> str:
        """Name a table in SQL."""
        return self.sql.make_qualified_table_name(table)

    def column(self, name: str) -> str:
        """Name a column in SQL."""
        return self.sql.escape_column_name(name)

    def literal(self, value: str) -> str:
        """Write a text in SQL."""
        return str(self.capabilities.escape_literal(value))

    def appended(self) -> list[str]:
        """List the root tables in which a row that is loaded twice is twice."""
        return [
            name
            for name in self.schema.data_table_names()
            if not is_nested_table(self.schema.tables[name])
            and self.has(name, _LOAD_ID)
            and _appends(name, self)
        ]


def _delete(dataset: _Dataset, load_id: str | None) -> None:
    """Delete what a load has appended, in one transaction.

    Args:
        dataset: where.
        load_id: the load; None: there is none, but there may be nested rows of one.

    Raises:
        SyncError: the warehouse does not let us.
    """
    roots = dataset.appended()
    statements = _of_load(load_id, roots, dataset) if load_id else []
    for root in roots:
        statements += _orphans(root, dataset)
    try:
        with dataset.sql.begin_transaction():
            for statement in statements:
                dataset.sql.execute_sql(statement)
    except DestinationException as error:
        raise SyncError(
            f"what an unfinished load has brought cannot be deleted: {first_line(error)}",
            hint="mend the tables, or load them anew: `dango-dbt sync --refresh drop_resources`",
        ) from error


def _of_load(load_id: str, roots: Sequence[str], dataset: _Dataset) -> list[str]:
    """Say how to delete root rows of a load, and dlt's own rows that say that it was finished."""
    by_load = [(table, _LOAD_ID) for table in (*roots, dataset.schema.state_table_name)]
    by_load.append((dataset.schema.loads_table_name, "load_id"))
    value = dataset.literal(load_id)
    return [
        f"DELETE FROM {dataset.name(table)} WHERE {dataset.column(column)} = {value}"
        for table, column in by_load
        if dataset.has(table, column)
    ]


def _orphans(root: str, dataset: _Dataset) -> Iterator[str]:
    """Say how to delete nested rows whose parent row is not there, from the outer to the inner.

    A nested table may have been committed before its root table.
    """
    tables = dataset.schema.tables
    for table in get_nested_tables(tables, root, include_self=False):
        name, parent = str(table["name"]), str(table["parent"])
        key = get_first_column_name_with_prop(table, "parent_key")
        row_key = get_first_column_name_with_prop(tables[parent], "row_key")
        if key and row_key and dataset.has(name, key) and dataset.has(parent, row_key):
            key, row_key = map(dataset.column, (key, row_key))
            yield (
                f"DELETE FROM {dataset.name(name)} WHERE {key} IS NOT NULL AND {key} NOT IN"
                f" (SELECT {row_key} FROM {dataset.name(parent)} WHERE {row_key} IS NOT NULL)"
            )


def _appends(name: str, dataset: _Dataset) -> bool:
    root = dataset.schema.tables[name]
    disposition = root.get("write_disposition", "append")
    if disposition != "merge":
        return disposition == "append"
    keyed = has_column_with_prop(root, "primary_key") or has_column_with_prop(root, "merge_key")
    strategy = resolve_merge_strategy(dataset.schema.tables, root, dataset.capabilities)
    return not keyed and strategy == "delete-insert"


def _stored_schema(pipeline: dlt.Pipeline, name: str) -> Schema | None:
    """Read the newest schema of this name from the destination; None where there is none."""
    with client_of(pipeline, Schema(name)) as client:
        try:
            stored = client.get_stored_schema(name)
        except DestinationUndefinedEntity:
            return None
    return Schema.from_dict(json.loads(stored.schema)) if stored else None


def _unknown_load(dataset: _Dataset, pipeline_name: str) -> str | None:
    """Find the one load id that is newer than all finished loads, and is none of another schema."""
    schema = dataset.schema
    loads = dataset.name(schema.loads_table_name)
    ((newest,),) = _query(
        dataset,
        f"SELECT max(load_id) FROM {loads} WHERE schema_name = {dataset.literal(schema.name)}",
    )
    # Several pipelines may keep their state in a dataset.
    ours = f" AND pipeline_name = {dataset.literal(pipeline_name)}"
    state = schema.state_table_name
    found = {
        row[0]
        for table in (*dataset.appended(), state)
        if dataset.has(table, _LOAD_ID)
        for row in _query(
            dataset,
            f"SELECT DISTINCT {_LOAD_ID} FROM {dataset.name(table)}"
            f" WHERE {_LOAD_ID} > {dataset.literal(newest or '')}"
            f" AND {_LOAD_ID} NOT IN (SELECT load_id FROM {loads})"
            f"{ours if table == state else ''}",
        )
    }
    return found.pop() if len(found) == 1 else None


def _query(dataset: _Dataset, sql: str) -> Sequence[Sequence[Any]]:
    return dataset.sql.execute_sql(sql) or []
