"""Why something failed."""

from __future__ import annotations

from dataclasses import dataclass, field

from dango_dbt.errors import DangoError, Place

__all__ = ["Failure"]


@dataclass(frozen=True)
class Failure:
    """Why something failed: the error's type, its message and, where known, what to do.

    Attributes:
        place: the place again that is part of the message, or where else to look.
    """

    type: str
    message: str
    hint: str | None = None
    place: Place | None = field(default=None, compare=False)

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe an error; its place, where it has one, is part of the message."""
        name, text = type(error).__name__, str(error)
        if isinstance(error, DangoError):
            return cls(name, text or name, error.hint, error.place)
        return cls(name, text or name)
