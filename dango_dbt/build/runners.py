"""Two ways to run dbt behind one seam: in this process, and any `dbt` executable."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dango_dbt.build.rendering import dbt_is_installed
from dango_dbt.errors import ConfigError
from dango_dbt.project import DbtProject

__all__ = ["Event", "Outcome", "Runner", "environment", "runner"]

#: One of dbt's log events in the form of its JSON log: `info` and `data`.
Event = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How dbt ended.

    Attributes:
        exit_code: dbt's: 0, 1 where a node failed, 2 where dbt did not run.
        error: what it said where it failed, if the events do not say it.
    """

    exit_code: int
    error: str | None = None


class Runner(Protocol):
    """Runs dbt inside the project's folder, as a plain `dbt` there would."""

    def run(
        self, project: DbtProject, args: Sequence[str], on_event: Callable[[Event], None]
    ) -> Outcome:
        """Run a command that prints nothing on stdout; its events are handed over as they come.

        Raises:
            KeyboardInterrupt: dbt was interrupted, and has ended.
        """

    def pass_on(self, project: DbtProject, args: Sequence[str], target: str | None) -> int:
        """Run a command with dbt's usual output, and return its exit code.

        Raises:
            KeyboardInterrupt: dbt was interrupted, and has ended.
        """


def runner() -> Runner:
    """Choose: the executable that DANGO_DBT names, else dbt in this process.

    Raises:
        ConfigError: DANGO_DBT names no executable, or it is unset and dbt is not installed.
    """
    if named := os.environ.get("DANGO_DBT"):
        from dango_dbt.build.executable import ExecutableRunner

        found = shutil.which(Path(named).expanduser())
        if found is None:
            raise ConfigError(
                f"DANGO_DBT is {named!r}, which is no executable",
                hint="give it the path of a `dbt` executable, or unset it",
            )
        return ExecutableRunner(Path(found).absolute())
    if not dbt_is_installed():
        raise ConfigError(
            "dbt is not installed in this environment",
            hint="install dbt-core and an adapter, or name a `dbt` executable as DANGO_DBT",
        )
    from dango_dbt.build.in_process import InProcessRunner

    return InProcessRunner()


def environment(project: DbtProject, target: str | None = None) -> dict[str, str]:
    """The variables that dbt needs beyond those that are set.

    dbt runs in another folder than this process was started in: the folders that it takes from
    the environment are made absolute. The log file keeps its level and format, which otherwise
    follow the terminal's.
    """
    variables = {
        name: os.environ.get(name, "debug")
        for name in ("DBT_LOG_LEVEL_FILE", "DBT_LOG_FORMAT_FILE")
    }
    if "DBT_PROFILES_DIR" in os.environ:
        variables["DBT_PROFILES_DIR"] = str(project.profiles_dir)
    if "DBT_PROJECT_DIR" in os.environ:
        variables["DBT_PROJECT_DIR"] = str(project.directory)
    if target is not None:
        variables |= {"DBT_TARGET": target, "DBT_ENGINE_TARGET": target}
    return variables
