"""A dbt target → where dlt loads: one row of data a warehouse (`adapters`).

The dbt target is the one place that says where data lives; dlt's destination follows from it.
dlt is imported inside functions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from dango_dbt.destinations.adapters import ADAPTERS, Adapter, adapter
from dango_dbt.destinations.fields import secrets
from dango_dbt.destinations.warehouse import Place, Warehouse, driver_errors
from dango_dbt.project import Target

if TYPE_CHECKING:
    from dlt.common.destination import DestinationCapabilitiesContext

__all__ = [
    "ADAPTERS",
    "Adapter",
    "Place",
    "Warehouse",
    "adapter",
    "capabilities",
    "driver_errors",
    "same_database",
    "secrets",
    "warehouse",
]


def warehouse(target: Target) -> Warehouse:
    """Say where to load for a resolved dbt target; connects to nothing yet.

    Raises:
        ConfigError: the adapter is not mapped or not installed, its fields do not say where, or
            dlt cannot log in that way.
    """
    return adapter(target.type).open(target)


def same_database(one: Target, other: Target) -> bool:
    """Tell whether what is loaded into two targets lands in one database."""
    known = ADAPTERS.get(one.type)
    if known is None or one.type != other.type:
        return False
    database = known.database(one)
    return database is not None and database == known.database(other)


def capabilities(adapter_type: str) -> DestinationCapabilitiesContext:
    """Tell dlt's types, quoting and naming of a warehouse; needs no connection and no driver."""
    from dlt import destinations

    factory = getattr(destinations, adapter(adapter_type).destination)
    return cast("DestinationCapabilitiesContext", factory().capabilities())
