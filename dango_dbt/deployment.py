"""What `deploy` has written and what is left to do, as frozen facts."""

from __future__ import annotations

from dataclasses import dataclass

from dango_dbt.results import FileResult

__all__ = ["Deployment", "Variable"]


@dataclass(frozen=True)
class Variable:
    """An environment variable that a project needs where it runs.

    Attributes:
        required: it has no default in some place.
        used_by: the files that name it, or whose place it takes.
    """

    name: str
    required: bool
    used_by: tuple[str, ...]


@dataclass(frozen=True)
class Deployment:
    """The file with which a platform runs a project by its schedules.

    Attributes:
        file: what became of it; its path is relative to the project's root.
        command: what the platform runs.
        schedule: when, as five fields of cron on clocks of UTC.
        variables: what the command needs.
        notes: what else the user should know.
        next_steps: what is left to the user.
    """

    platform: str
    file: FileResult
    command: str
    schedule: str
    variables: tuple[Variable, ...]
    notes: tuple[str, ...]
    next_steps: tuple[str, ...]
