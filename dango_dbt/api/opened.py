"""A project on disk, opened: what all of the facade's methods begin with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dango_dbt import build as dbt
from dango_dbt import credentials
from dango_dbt.config import SourcesConfig, in_one, load_sound
from dango_dbt.progress import Progress
from dango_dbt.project import SOURCES_FILE, DbtProject, ProjectLayout, find_root

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["OpenedProject"]


@dataclass(frozen=True)
class OpenedProject:
    """Where a project is, and what its sources.yml says."""

    layout: ProjectLayout
    config: SourcesConfig

    @classmethod
    def find(cls, start: str | Path | None = None) -> Self:
        """Open the project that a folder (default: the current one) lies in.

        Loads the project's `.env` into the process's environment, overriding nothing. Where the
        entry of one source is wrong, `sync` and `sync_and_build` go on without that source,
        `list_sources` tells it, and the other methods refuse to work.

        Raises:
            ConfigError: there is no project, or its files are wrong.
        """
        root = find_root(Path(start or "."))
        credentials.load_env_file(root)
        config = load_sound(root / SOURCES_FILE)
        dbt_project = DbtProject.named(root, config.dbt_project, config.place("dbt_project"))
        return cls(ProjectLayout(root, dbt_project), config)

    def _alone(
        self, command: str, target: str, timeout: float | None, progress: Progress
    ) -> AbstractContextManager[None]:
        from dango_dbt.locking import alone

        return alone(self.layout.state(target), command, timeout, progress)

    def _refuse_broken(self) -> None:
        if problems := [problem for source in self.config.broken for problem in source.problems]:
            raise in_one(problems)

    def _target_name(self, target: str | None) -> str:
        """Name a target without rendering it: the one that is given, or that dbt takes.

        Raises:
            ConfigError: the profile is wrong, or there is no such target.
        """
        name = target or dbt.taken_target(self.layout.dbt)
        dbt.adapter_type(self.layout.dbt, name)  # refuses a target that is not there
        return name
