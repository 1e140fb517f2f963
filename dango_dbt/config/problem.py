"""What is wrong in sources.yml, and with which of its sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dango_dbt.config.models import KeyPath
from dango_dbt.errors import ConfigError

__all__ = ["Problem", "in_one"]


@dataclass(frozen=True)
class Problem:
    """Something that is wrong in the file.

    Attributes:
        entries: indexes of the entries of `sources:` that cannot be used for it; none: the whole
            file cannot.
    """

    error: ConfigError
    entries: frozenset[int] = frozenset()

    @property
    def order(self) -> tuple[int, int]:
        """Where it stands, to sort by."""
        return _order(self.error)

    @classmethod
    def at(cls, path: KeyPath, error: ConfigError) -> Problem:
        """Make the problem of what stands at a path: an entry's own, or the file's."""
        match path:
            case ("sources", int(index), *_):
                return cls(error, frozenset({index}))
        return cls(error)


def in_one(errors: Iterable[ConfigError]) -> ConfigError:
    """Make one error of several (at least one), in the order of their places.

    A single one stays as it is; of more, the message has a line each.
    """
    found = sorted(dict.fromkeys(errors), key=_order)
    if len(found) == 1:
        return found[0]
    lines = [f"{error} ({error.hint})" if error.hint else str(error) for error in found]
    return ConfigError("\n".join([f"{len(found)} problems", *lines]))


def _order(error: ConfigError) -> tuple[int, int]:
    place = error.place
    return (place.line or 0, place.column or 0) if place else (0, 0)
