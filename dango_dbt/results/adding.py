"""What adding a source has written, and whether its credentials work."""

from __future__ import annotations

from dataclasses import dataclass

from dango_dbt.results.run import FileResult

__all__ = ["AddedSource", "Proof"]


@dataclass(frozen=True)
class Proof:
    """Whether a source answers, asked for one page of one resource.

    Attributes:
        resource: which one; None: the source could not be made.
        rows: how many rows came.
        error: why none did; None: it answered.
        hint: what to do.
    """

    resource: str | None
    rows: int
    error: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class AddedSource:
    """A source that has become part of the project.

    Attributes:
        name: what it is called in the project.
        origin: what it was made from, in words.
        module: what `source_module` names; None: it is declared, with no code.
        function: what `source_function` names.
        files: what was written; a package's folder ends with a slash.
        requirements: lines that are new in requirements.txt.
        secrets: keys that are new in .dlt/secrets.toml under `[sources.<name>]`, to be filled in.
        config: likewise in .dlt/config.toml.
        notes: what else the user should know.
        variables: the variables in its arguments.
        verified: of a verified source what it is called in the repository at `location`.
    """

    name: str
    origin: str
    module: str | None
    function: str | None
    files: tuple[FileResult, ...]
    requirements: tuple[str, ...]
    secrets: tuple[str, ...]
    config: tuple[str, ...]
    notes: tuple[str, ...]
    variables: tuple[str, ...] = ()
    verified: str | None = None
    location: str | None = None

    @property
    def next_steps(self) -> tuple[str, ...]:
        """The commands to run once everything is filled in."""
        install = ("pip install -r requirements.txt",) if self.requirements else ()
        fill = (f"dango-dbt source configure {self.name}",) if self.secrets or self.config else ()
        return (*install, *fill, "dango-dbt sync-and-build")
