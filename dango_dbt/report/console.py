"""A console that several threads print to, below which something is redrawn; imports rich."""

from __future__ import annotations

from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SerialConsole"]


class SerialConsole(Console):
    """Lets one thread at a time compose and write its output.

    rich works out where the cursor is, and writes only later: lines of two threads that print while
    a `Live` is on can come in between and spoil the display. All that rich prints is inside
    `with console:`; so is each redrawing here (not by rich's own thread, which would take the two
    locks in the other order).
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - rich's own
        self._turn = RLock()
        super().__init__(**settings)

    def __enter__(self) -> Self:
        """Wait for the other threads' output."""
        self._turn.acquire()
        super().__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write, and let the others write."""
        try:
            super().__exit__(exc_type, exc_value, traceback)
        finally:
            self._turn.release()
