"""Run one API call for a command: show its progress, print its result, exit with its code."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

import click

from dango_dbt.cli.streams import only_for_the_document, own_stderr

if TYPE_CHECKING:
    from dango_dbt.api import Project
    from dango_dbt.errors import DangoError
    from dango_dbt.findings import Unreferenced
    from dango_dbt.progress import Progress
    from dango_dbt.report import Verbosity
    from dango_dbt.results import RunResult

__all__ = [
    "Reporting",
    "errors_told",
    "run",
    "run_init",
    "run_plain",
    "run_source_list",
    "run_source_remove",
    "warn_unreferenced",
]


@dataclass(frozen=True)
class Reporting:
    """How a command was asked to report."""

    command: str
    project_dir: Path | None
    as_json: bool
    verbose: bool
    quiet: bool
    as_markdown: bool = False
    as_lines: bool = False
    junit_xml: Path | None = None

    @property
    def verbosity(self) -> Verbosity:
        """How much to show; quiet wins over verbose."""
        from dango_dbt.report import Verbosity

        if self.quiet:
            return Verbosity.QUIET
        return Verbosity.VERBOSE if self.verbose else Verbosity.NORMAL


def run(reporting: Reporting, action: Callable[[Project, Progress], RunResult]) -> NoReturn:
    """Open the project, run the action with progress, print the result and exit."""
    from dango_dbt import report
    from dango_dbt.cli.attempt import attempted
    from dango_dbt.cli.reports import annotate, summarize, with_junit
    from dango_dbt.errors import ExitCode

    junit_xml = reporting.junit_xml and reporting.junit_xml.absolute()
    with only_for_the_document(as_json=reporting.as_json) as stdout, own_stderr() as stderr:
        lines = report.LineProgress(stderr, reporting.verbosity) if reporting.as_lines else None
        attempt = with_junit(attempted(reporting, action, lines), junit_xml)
        result = attempt.result
        summarize(attempt)
        if lines:
            lines.run_finished(result)
        if reporting.as_json:
            stdout.write(report.to_json(result) + "\n")
            stdout.flush()
    if reporting.as_markdown:
        click.echo(report.plan_to_markdown(result), nl=False)
    elif not (reporting.as_json or lines):
        report.summary(result, report.console_on(sys.stdout), reporting.verbosity)
        sys.stdout.flush()
    annotate(attempt, as_json=reporting.as_json, as_lines=reporting.as_lines)
    if result.exit_code == ExitCode.INTERRUPTED:
        # A source that did not stop in time is still running: shutting down below it can abort.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(result.exit_code))
    sys.exit(int(result.exit_code))


def run_plain(project_dir: Path | None, dbt_args: Sequence[str]) -> NoReturn:
    """Hand a dbt command on; its output is dbt's own."""
    from dango_dbt.api import Project

    with errors_told(start=project_dir):
        sys.exit(Project.find(project_dir).dbt(dbt_args))


def run_init(directory: Path, dbt_project: Path | None) -> None:
    """Create a project and say what to do next."""
    from dango_dbt import report
    from dango_dbt.scaffold import scaffold

    with errors_told():
        result = scaffold(directory, dbt_project=dbt_project)
    here = directory.resolve() == Path.cwd().resolve()
    command = "dango-dbt sync-and-build"
    next_step = command if here else f"cd {shlex.quote(str(directory))} && {command}"
    report.created(result.files, result.notes, next_step, report.console_on(sys.stdout))


def run_source_list(project_dir: Path | None, target: str | None, *, as_json: bool) -> None:
    """Print what sources there are; what is no source yet is told on stderr, and first."""
    from dango_dbt import report
    from dango_dbt.api import Project

    with errors_told("source list" if as_json else None, start=project_dir):
        project = Project.find(project_dir)
        found = project.list_sources(target=target)
    warn_unreferenced(found.unreferenced, [source.name for source in found.sources])
    for warning in found.warnings:
        report.PlainProgress(sys.stderr).warning(warning)
    if as_json:
        click.echo(report.source_list_json(found))
    else:
        report.source_list(found, report.console_on(sys.stdout))


def run_source_remove(project_dir: Path | None, name: str) -> None:
    """Take a source out of sources.yml and say which of its files stay."""
    from dango_dbt.api import Project

    with errors_told(start=project_dir):
        stay = Project.find(project_dir).remove_source(name)
    click.echo(f"removed source {name} from .dango/sources.yml")
    for path in stay:
        click.echo(f"  {path} stays")
    click.echo("  what was generated from it goes with the next dango-dbt generate")


def warn_unreferenced(found: Sequence[Unreferenced], names: Sequence[str]) -> None:
    """Tell which files of custom_sources/ no source names."""
    from dango_dbt import report
    from dango_dbt.discovery import unreferenced_text

    if found:
        report.PlainProgress(sys.stderr).warning(unreferenced_text(found, names))


@contextmanager
def errors_told(
    json_for: str | None = None, stdout: TextIO | None = None, start: Path | None = None
) -> Iterator[None]:
    """Print an error as all commands do, and exit with its code.

    Args:
        json_for: the command whose JSON document is to hold the error; None: text on stderr.
        stdout: where the document goes; None: stdout.
        start: the folder that the project lies in; None: the current one.
    """
    from dango_dbt import report
    from dango_dbt.errors import DangoError
    from dango_dbt.results import Failure, RunResult

    try:
        yield
    except DangoError as error:
        _place_from_root(error, start)
        if json_for:
            failure, code = Failure.of(error), error.exit_code
            result = RunResult(json_for, error=failure, error_code=code)
            click.echo(report.to_json(result), file=stdout)
            sys.exit(int(code))
        report.error(error, report.console_on(sys.stderr))
        sys.exit(int(error.exit_code))


def _place_from_root(error: DangoError, start: Path | None) -> None:
    from dango_dbt.errors import ConfigError, seen_from
    from dango_dbt.project import find_root

    if error.place is not None:
        with suppress(ConfigError):  # there is no project
            error.place = seen_from(find_root(start or Path()), error.place)
