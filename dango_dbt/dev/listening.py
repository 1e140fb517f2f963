"""Hears what a run tells, for the loop, and passes it on to what shows it."""

from __future__ import annotations

from collections.abc import Callable

from dango_dbt.progress import PassedOn, Progress
from dango_dbt.results import FileResult

__all__ = ["Listening"]

#: What dbt says of a selection in which nothing is: as a rule nothing was to be built there.
_EMPTY = ("does not match any enabled nodes", "Nothing to do.")


class Listening(PassedOn):
    """Passes everything on.

    Args:
        shown: shows it.
        on_files: receives what was generated as soon as it is written.
    """

    def __init__(self, shown: Progress, on_files: Callable[[list[FileResult]], None]) -> None:
        super().__init__(shown)
        self._on_files = on_files

    def files_written(self, files: list[FileResult]) -> None:
        """Pass it on, once it is noted."""
        self._on_files(files)
        self._shown.files_written(files)

    def warning(self, message: str) -> None:
        """Pass it on, unless it says that nothing was selected."""
        if not any(words in message for words in _EMPTY):
            self._shown.warning(message)
