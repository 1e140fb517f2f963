"""What a warehouse and the state folder say of each source; changes nothing in either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dlt.common.destination.exceptions import DestinationException
from dlt.common.normalizers.naming.exceptions import UnknownNamingModule
from dlt.common.schema import Schema
from dlt.common.storages import LoadStorage, NormalizeStorage

from dango_dbt.config import SourceConfig
from dango_dbt.destinations import Place, Warehouse
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
        rows: rows by table, of those that are there.
    """

    loaded: datetime | None
    rows: Mapping[str, int]


def standings(
    sources: Sequence[tuple[SourceConfig, StoredSchema | None]], warehouse: Warehouse, *, root: Path
) -> Mapping[str, Standing]:
    """Ask a warehouse for the last load of each source, and for the rows of its tables.

    Args:
        sources: each with its accepted schema; None: it was never generated.
        warehouse: where they are loaded.
        root: the project's root.

    Raises:
        SyncError: the warehouse cannot be reached or read.
    """
    with dlt_context(root), warehouse.look() as place:
        if place is None:
            return {}
        return {source.name: _standing(source, schema, place) for source, schema in sources}


def pending_packages(state: Path, pipeline: str) -> int:
    """Count the load packages that an interrupted run has left, and the next one will load."""
    folders = (
        Path("normalize", NormalizeStorage.EXTRACTED_FOLDER),
        Path("load", LoadStorage.NORMALIZED_FOLDER),
    )
    return sum(
        package.is_dir()
        for folder in folders
        if (state / pipeline / folder).is_dir()
        for package in (state / pipeline / folder).iterdir()
    )


def _standing(source: SourceConfig, stored: StoredSchema | None, place: Place) -> Standing:
    name = str(stored["name"]) if stored else source.name
    with _client(source, name, place) as client:
        sql = client.sql_client
        tables = sorted(stored["tables"]) if stored else []
        loads = client.schema.loads_table_name
        there = {table for table, columns in client.get_storage_tables([*tables, loads]) if columns}
        if loads not in there:
            return Standing(None, {})
        of_schema = (
            f" AND schema_name = {client.capabilities.escape_literal(name)}" if stored else ""
        )
        query = (
            f"SELECT max(inserted_at) FROM {sql.make_qualified_table_name(loads)}"  # noqa: S608 - names and values are quoted by dlt
            f" WHERE status = 0{of_schema}"
        )
        ((loaded,),) = sql.execute_sql(query) or [(None,)]
        rows: dict[str, int] = {}
        for table in tables:
            if table in there:
                count = f"SELECT count(*) FROM {sql.make_qualified_table_name(table)}"  # noqa: S608 - likewise
                ((number,),) = sql.execute_sql(count) or [(0,)]
                rows[table] = int(number)
    return Standing(_utc(loaded), rows)


@contextmanager
def _client(
    source: SourceConfig, schema: str, place: Place
) -> Iterator[SqlJobClientWithStagingDataset]:
    """Open dlt's client for a source's dataset.

    Raises:
        SyncError: the warehouse cannot be reached or read.
    """
    destination: Any = place.destination
    failures: tuple[type[BaseException], ...] = (DestinationException, OSError, UnknownNamingModule)
    try:
        config = destination.spec()._bind_dataset_name(dataset_name=source.dataset)  # noqa: SLF001 - dlt's own way to name it
        client = cast("SqlJobClientWithStagingDataset", destination.client(Schema(schema), config))
        driver = getattr(client.sql_client, "dbapi", None)  # its errors come through as they are
        failures = (*failures, *((driver.Error,) if driver else ()))
        with client:
            yield client
    except failures as error:
        raise SyncError(f"source `{source.name}` cannot be read: {first_line(error)}") from error


def _utc(moment: datetime | str | None) -> datetime | None:
    """Give a moment in UTC, in which dlt writes it, whatever the driver makes of it."""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if found is None:
        return None
    return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)
