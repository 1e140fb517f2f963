"""One call of the API: its result, whatever ends it, and what was told meanwhile."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dango_dbt.cli.streams import handing_over
from dango_dbt.errors import DangoError, ExitCode, seen_from
from dango_dbt.results import Failure, Interrupted, RunResult

if TYPE_CHECKING:
    from dango_dbt.api import Project
    from dango_dbt.cli.running import Reporting
    from dango_dbt.progress import Progress
    from dango_dbt.report import LineProgress

__all__ = ["Attempt", "attempted"]


@dataclass(frozen=True)
class Attempt:
    """What came of a command.

    Attributes:
        project: None where none was found.
        warnings: what was warned of.
    """

    result: RunResult
    project: Project | None = None
    warnings: Sequence[str] = ()

    @property
    def root(self) -> Path | None:
        """The project's root."""
        return self.project.layout.root if self.project else None

    @property
    def dbt_folder(self) -> Path | None:
        """The dbt project's folder."""
        return self.project.layout.dbt.directory if self.project else None


def attempted(
    reporting: Reporting,
    action: Callable[[Project, Progress], RunResult],
    lines: LineProgress | None,
) -> Attempt:
    """Run the action; what ends it early is part of the result, beside what was done by then."""
    from dango_dbt import report
    from dango_dbt.api import Project

    started = time.perf_counter()
    project, seen = None, report.SeenProgress()
    showing: AbstractContextManager[Progress]
    if lines:
        showing = nullcontext(lines)
    else:
        showing = report.progress_for(
            reporting.verbosity, json_output=reporting.as_json, stream=sys.stderr
        )
    try:
        with handing_over(lines.output) if lines else nullcontext():
            project = Project.find(reporting.project_dir)
            with showing as shown:
                seen = report.SeenProgress(shown)
                return Attempt(action(project, seen), project, seen.warnings)
    except DangoError as error:
        if project and error.place:
            error.place = seen_from(project.layout.root, error.place)
        result = RunResult(
            reporting.command,
            sources=tuple(seen.sources) or None,
            error=Failure.of(error),
            error_code=error.exit_code,
            seconds=time.perf_counter() - started,
        )
        return Attempt(result, project, seen.warnings)
    except KeyboardInterrupt as error:
        interrupted = error.sources if isinstance(error, Interrupted) else None
        result = RunResult(
            reporting.command,
            sources=interrupted or tuple(seen.sources) or None,
            build=seen.build,
            error=Failure("KeyboardInterrupt", "interrupted", "the next run picks up from here"),
            error_code=ExitCode.INTERRUPTED,
            seconds=time.perf_counter() - started,
        )
        return Attempt(result, project, seen.warnings)
