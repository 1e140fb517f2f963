"""A place to load into, whichever warehouse it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dlt.common.destination import Destination
    from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset

__all__ = ["Place", "Warehouse", "driver_errors"]


@dataclass(frozen=True)
class Place:
    """Where dlt loads.

    Attributes:
        destination: dlt's destination.
        staging: where dlt puts files for it to read, if it cannot do without.
    """

    destination: Destination[Any, Any]
    staging: Destination[Any, Any] | None = None

    def __post_init__(self) -> None:
        """Have it looked up once what the destination's capabilities depend on."""
        object.__setattr__(self, "destination", _looking_up_once(self.destination))

    def client(self, dataset: str) -> SqlJobClientWithStagingDataset:
        """Give dlt's client for a dataset, which need not be there; connects to nothing yet."""
        from dlt.common.schema import Schema

        destination: Any = self.destination
        config = destination.spec()._bind_dataset_name(dataset_name=dataset)  # noqa: SLF001 - dlt's own way to name it
        return cast(
            "SqlJobClientWithStagingDataset", destination.client(Schema("dango_dbt"), config)
        )


def _looking_up_once(destination: Destination[Any, Any]) -> Destination[Any, Any]:
    """Keep what a destination's capabilities are found from.

    Each step of a pipeline asks for them anew, a dozen times in a sync, and dlt goes through every
    place where each field's value may stand: a fifth of the time of a small sync.
    """
    look_up = destination.configuration
    found: list[Any] = []

    def configuration(initial_config: Any, accept_partial: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - dlt's
        if not accept_partial:  # for a client: of one schema and dataset
            return look_up(initial_config)
        if not found:
            found.append(look_up(initial_config, accept_partial=True))
        return found[0]

    kept = copy(destination)
    kept.configuration = configuration  # type: ignore[method-assign]
    return kept


def driver_errors(client: SqlJobClientWithStagingDataset) -> tuple[type[BaseException], ...]:
    """Give the errors of a client's driver, which come through dlt as they are."""
    driver = getattr(client.sql_client, "dbapi", None)
    return (driver.Error,) if driver else ()


@dataclass(frozen=True)
class Warehouse:
    """A place to load into, not opened yet.

    Attributes:
        place: opens it for one stage of a sync and releases it afterwards.
        look: opens it to read only; None: there is nothing yet. Raises SyncError where it cannot be
            reached.
        check: raises SyncError where it cannot be reached; creates nothing.
        reserved: dataset names that this warehouse cannot hold.
        longest_name: how many characters a dataset's name may have; None: nobody has said.
        one_by_one: whoever reads it keeps others from writing meanwhile.
    """

    place: Callable[[], AbstractContextManager[Place]]
    look: Callable[[], AbstractContextManager[Place | None]]
    check: Callable[[], None]
    reserved: frozenset[str] = frozenset()
    longest_name: int | None = None
    one_by_one: bool = False
