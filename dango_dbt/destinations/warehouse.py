"""A place to load into, whichever warehouse it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.common.destination import Destination

__all__ = ["Place", "Warehouse"]


@dataclass(frozen=True)
class Place:
    """Where dlt loads.

    Attributes:
        destination: dlt's destination.
        staging: where dlt puts files for it to read, if it cannot do without.
    """

    destination: Destination[Any, Any]
    staging: Destination[Any, Any] | None = None


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
