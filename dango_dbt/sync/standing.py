"""What a warehouse and the state folder say of each source; changes nothing in either."""

# ruff: noqa: S608 - all names in the statements are quoted by dlt

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from dlt.common.destination.exceptions import DestinationException
from dlt.common.normalizers.naming.exceptions import UnknownNamingModule
from dlt.common.schema import Schema
from dlt.common.storages import FileStorage, LoadStorage, NormalizeStorage
from dlt.common.storages.load_package import PackageStorage
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from dango_dbt.config import SourceConfig
from dango_dbt.destinations import Place, Warehouse, driver_errors
from dango_dbt.dlt_schema import StoredSchema
from dango_dbt.errors import SyncError, first_line
from dango_dbt.sync.context import dlt_context

if TYPE_CHECKING:
    from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset

__all__ = ["Standing", "pending_packages", "standings"]


@dataclass(frozen=True)
class Standing:
    """What a warehouse holds of a source.

    Attributes:
        loaded: when its last load was finished, in UTC; None: never.
        began: when that began, or the one that was last to begin; None: as above.
        rows: rows by table, of those that are there; None: not counted.
    """

    loaded: datetime | None
    began: datetime | None
    rows: Mapping[str, int] | None


def standings(
    sources: Sequence[tuple[SourceConfig, StoredSchema | None]],
    warehouse: Warehouse,
    *,
    root: Path,
    rows: bool,
) -> Mapping[str, Standing]:
    """Ask a warehouse for the last load of each source, and for the rows of its tables.

    Args:
        sources: each with its accepted schema; None: it was never generated.
        warehouse: where they are loaded.
        root: the project's root.
        rows: whether to count the rows.

    Raises:
        SyncError: the warehouse cannot be reached or read.
    """
    with dlt_context(root), warehouse.look() as place:
        if place is None or not sources:
            return {}
        with _client(sources[0][0].dataset, place) as client:
            return {
                source.name: _standing(source, schema, client, rows=rows)
                for source, schema in sources
            }


def pending_packages(state: Path, pipeline: str) -> int:
    """Count the load packages that an interrupted run has left, and the next one will load."""
    places = (
        state / pipeline / "normalize" / NormalizeStorage.EXTRACTED_FOLDER,
        state / pipeline / "load" / LoadStorage.NORMALIZED_FOLDER,
    )
    storages = [PackageStorage(FileStorage(str(p)), "normalized") for p in places if p.is_dir()]
    return sum(
        not storage.has_abort_flag(load_id)  # one that is given up is removed
        for storage in storages
        for load_id in storage.list_packages()
    )


@contextmanager
def _client(dataset: str, place: Place) -> Iterator[SqlJobClientWithStagingDataset]:
    """Open dlt's client, with one connection for all sources; the dataset need not be there.

    Raises:
        SyncError: the warehouse cannot be reached or read.
    """
    failures: tuple[type[BaseException], ...] = (DestinationException, OSError, UnknownNamingModule)
    try:
        client = place.client(dataset)
        failures = (*failures, *driver_errors(client))
        with client:
            yield client
    except failures as error:
        raise SyncError(f"the warehouse cannot be read: {first_line(error)}") from error


def _standing(
    source: SourceConfig,
    accepted: StoredSchema | None,
    client: SqlJobClientWithStagingDataset,
    *,
    rows: bool,
) -> Standing:
    names = client.schema
    tables = {names.loads_table_name, names.version_table_name, names.state_table_name}
    with client.sql_client.with_alternative_dataset_name(source.dataset):
        there = _there(tables, client)
        name = str(accepted["name"]) if accepted else None
        if name is None and tables <= there:
            # Who has generated nothing yet learns from dlt's state what it calls the source.
            state = load_pipeline_state_from_destination(source.pipeline, client)
            name = state.get("default_schema_name") if state else None
        if name is None or not tables - {names.state_table_name} <= there:
            return Standing(None, None, {} if rows else None)
        loaded, began = _loaded(name, client)
        return Standing(loaded, began, _rows(name, client) if rows else None)


def _there(tables: Iterable[str], client: SqlJobClientWithStagingDataset) -> set[str]:
    """Name those of some tables that are there."""
    return {table for table, columns in client.get_storage_tables(tables) if columns}


def _loaded(
    schema: str, client: SqlJobClientWithStagingDataset
) -> tuple[datetime | None, datetime | None]:
    """Ask when a schema was last loaded, and when the load began.

    dlt names a load after the time at which it extracts. What a run finishes that an earlier one
    has extracted is loaded now, and began then.
    """
    sql, naming = client.sql_client, client.schema.naming
    inserted_at, load_id, status, schema_name = (
        sql.escape_column_name(naming.normalize_identifier(column))
        for column in ("inserted_at", "load_id", "status", "schema_name")
    )
    loads = sql.make_qualified_table_name(client.schema.loads_table_name)
    query = (
        f"SELECT max({inserted_at}), max({load_id}) FROM {loads}"
        f" WHERE {status} = 0 AND {schema_name} = %s"
    )
    ((last, named),) = sql.execute_sql(query, schema) or [(None, None)]
    loaded = _utc(last)
    if loaded is None:
        return None, None
    try:
        return loaded, min(loaded, datetime.fromtimestamp(float(named), timezone.utc))
    except (ValueError, OverflowError, OSError):  # another pipeline's, which names its loads itself
        return loaded, loaded


def _rows(schema: str, client: SqlJobClientWithStagingDataset) -> Mapping[str, int]:
    """Count the rows of all tables in one statement; which there are, dlt has stored with them."""
    stored = client.get_stored_schema(schema)
    known = Schema.from_dict(json.loads(stored.schema)).data_table_names() if stored else []
    tables = sorted(_there(known, client))
    if not tables:
        return {}
    sql = client.sql_client
    counts = [
        f"SELECT {number} AS n, count(*) AS c FROM {sql.make_qualified_table_name(table)}"
        for number, table in enumerate(tables)
    ]
    found = sql.execute_sql(" UNION ALL ".join(counts)) or ()
    by_number = {int(number): int(count) for number, count in found}
    return {table: by_number[number] for number, table in enumerate(tables)}


def _utc(moment: datetime | str | None) -> datetime | None:
    """Give a moment in UTC, in which dlt writes it, whatever the driver makes of it."""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if found is None:
        return None
    return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)
