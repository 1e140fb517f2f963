"""A dbt target → where dlt loads: one row of data a warehouse, in `adapters`.

The dbt target is the one place that says where data lives; dlt's destination follows from it.
dlt is imported inside functions only.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, cast

from dango_dbt.destinations.adapters import ADAPTERS, Adapter
from dango_dbt.destinations.duckdb_file import duckdb_file, motherduck, open_duckdb
from dango_dbt.destinations.logins import Settings, settings, value_of
from dango_dbt.destinations.remote import is_installed, open_remote, refuse_missing
from dango_dbt.destinations.warehouse import Warehouse
from dango_dbt.errors import ConfigError
from dango_dbt.project import Target

if TYPE_CHECKING:
    from dlt.common.destination import DestinationCapabilitiesContext

__all__ = [
    "ADAPTERS",
    "Adapter",
    "Warehouse",
    "adapter",
    "capabilities",
    "is_installed",
    "login",
    "same_database",
    "warehouse",
]


def adapter(adapter_type: str) -> Adapter:
    """Look up a dbt adapter type.

    Raises:
        ConfigError: it is not mapped.
    """
    try:
        return ADAPTERS[adapter_type]
    except KeyError as error:
        raise ConfigError(
            f"dbt adapter `{adapter_type}` is not supported yet",
            hint=f"supported: {', '.join(sorted(ADAPTERS))}",
        ) from error


def login(target: Target) -> Settings:
    """Say how dlt logs in to a target that is no DuckDB file.

    Raises:
        ConfigError: the adapter is not mapped, or dlt cannot log in so.
    """
    if token := motherduck(target) if target.type == "duckdb" else None:
        return Settings(token, {})
    row = adapter(target.type)
    return settings(target, row.logins, row.credentials, row.query, row.options)


def warehouse(target: Target) -> Warehouse:
    """Say where to load for a resolved dbt target; connects to nothing yet.

    Raises:
        ConfigError: the adapter is not mapped, its fields do not say where, or its driver is not
            installed.
    """
    row = adapter(target.type)
    if target.type == "duckdb":
        found = motherduck(target)
        return open_duckdb(target) if found is None else open_remote("motherduck", found, {})
    refuse_missing(target.type, row.driver, row.extra)
    given = login(target)
    staging = value_of(target.fields, row.staging) if row.staging else None
    return open_remote(row.destination, given.credentials, given.options, staging)


def same_database(one: Target, other: Target) -> bool:
    """Tell whether what is loaded into two targets lands in one database."""
    if one.type not in ADAPTERS or one.type != other.type:
        return False
    database = _database(one)
    return database is not None and database == _database(other)


def _database(target: Target) -> Hashable | None:
    """What a target's database is known by; None: nobody can share it, or it is not known."""
    if target.type == "duckdb":
        return duckdb_file(target)
    row = ADAPTERS[target.type]
    found = tuple(value_of(target.fields, source) for source in row.database)
    return None if not found or None in found else tuple(map(str, found))


def capabilities(adapter_type: str) -> DestinationCapabilitiesContext:
    """Tell dlt's types, quoting and naming of a warehouse; needs no connection and no driver."""
    from dlt import destinations

    factory = getattr(destinations, adapter(adapter_type).destination)
    return cast("DestinationCapabilitiesContext", factory().capabilities())
