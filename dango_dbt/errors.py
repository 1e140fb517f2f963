"""What can go wrong, as a tree, and the exit codes.

    DangoError
    ├── ConfigError      sources.yml, the project's files, the profile or the options are wrong
    ├── SyncError        a source could not be loaded
    ├── GenerateError    dbt code could not be generated
    ├── LockError        another run works on the target
    └── BuildError       dbt did not run at all (a node that fails is a result, not an error)

Each carries a message (what is wrong), an optional place (`file:line:column`) and an optional hint
(what to do). The command line prints the three and no traceback.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

__all__ = [
    "BuildError",
    "ConfigError",
    "DangoError",
    "ExitCode",
    "GenerateError",
    "LockError",
    "Place",
    "SyncError",
    "first_line",
    "seen_from",
]


class ExitCode(IntEnum):
    """The process's exit codes, part of the interface."""

    SUCCESS = 0
    FAILURE = 1
    """A source, a model or a test failed, or something was held back."""
    USAGE = 2
    """Wrong usage or configuration: nothing, or not everything, could be tried."""
    OUT_OF_DATE = 3
    """Generated files are out of date or in conflict with the user's edits."""
    INTERRUPTED = 130

    @classmethod
    def worst(cls, *codes: ExitCode) -> ExitCode:
        """Of several codes that apply, the one to exit with: 130, then 2, 1, 3, 0."""
        order = [cls.INTERRUPTED, cls.USAGE, cls.FAILURE, cls.OUT_OF_DATE]
        return next((code for code in order if code in codes), cls.SUCCESS)


@dataclass(frozen=True)
class Place:
    """Where in a file: 1-based line and column, as editors count."""

    path: Path
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part)


def seen_from(root: Path, place: Place) -> Place:
    """Name a place as seen from a project's root; one that lies elsewhere stays as it is."""
    if place.path.is_relative_to(root):
        return replace(place, path=place.path.relative_to(root))
    return place


class DangoError(Exception):
    """Base of all errors that a user can cause or mend."""

    exit_code = ExitCode.FAILURE

    def __init__(
        self, message: str, *, place: Place | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class ConfigError(DangoError):
    """sources.yml, the project's files, the profile or the options are wrong."""

    exit_code = ExitCode.USAGE


class SyncError(DangoError):
    """A source could not be loaded."""


class GenerateError(DangoError):
    """dbt code could not be generated."""


class LockError(DangoError):
    """Another run works on the target, and was not done in time: nothing has been tried."""


class BuildError(DangoError):
    """dbt did not run: wrong arguments, or a project that does not parse."""

    exit_code = ExitCode.USAGE


def first_line(error: BaseException) -> str:
    """Give the first line of an error's message that says something; dlt's go on for pages.

    What ends with a colon goes on with the next line.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
