"""A place to load into, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.common.destination import Destination

__all__ = ["Warehouse"]


@dataclass(frozen=True)
class Warehouse:
    """A place to load into.

    Attributes:
        destination: opens a dlt destination for one stage of a sync and releases it afterwards.
        check: raises SyncError where it cannot be reached; creates nothing.
        reserved: dataset names that this warehouse cannot hold.
        staging: makes the place that dlt stages data in, where the warehouse needs one.
        secrets: what logs in to it: no message may hold them.
    """

    destination: Callable[[], AbstractContextManager[Destination[Any, Any]]]
    check: Callable[[], None]
    reserved: frozenset[str] = frozenset()
    staging: Callable[[], Destination[Any, Any]] | None = None
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
