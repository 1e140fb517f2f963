"""The commands that look at a project, and change nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import errors_told, warn_unreferenced
from dango_dbt.cli.selection import SelectingCommand, selection
from dango_dbt.cli.streams import only_for_the_document

if TYPE_CHECKING:
    from dango_dbt.progress import Progress

__all__ = ["ls", "status", "validate"]


@click.command("status", short_help="Say how each source stands.")
@options.target
@click.option("--no-rows", is_flag=True, help="Do not count rows, which may take long.")
@options.project_dir
@options.as_json
def status(
    project_dir: Path | None, target: str | None, *, no_rows: bool, as_json: bool
) -> NoReturn:
    """Say how each source stands: last load, rows, freshness, and what waits to be done.

    The warehouse is asked, so loads from other machines are seen; it is only read. Exits with 0,
    whatever it tells, and with 1 where the warehouse cannot be asked: it tells what this machine
    knows then. `dango-dbt dbt source freshness` fails on old data, `generate --check` on old code.
    """
    from dango_dbt import report
    from dango_dbt.api import Project

    with _telling("status", project_dir, as_json=as_json) as (stdout, progress):
        found = Project.find(project_dir).status(target=target, rows=not no_rows)
        for warning in found.warnings:
            progress.warning(warning)
        if as_json:
            click.echo(report.status_json(found), file=stdout)
        else:
            report.project_status(found, report.console_on(stdout))
    sys.exit(int(found.exit_code))


@click.command(
    "ls", cls=SelectingCommand, short_help="Show what comes of what, from resources to exposures."
)
@selection
@options.target
@click.option(
    "--format",
    "format_",
    type=click.Choice(["tree", "mermaid"]),
    default="tree",
    help="mermaid: a flowchart, for instance for a README.",
)
@options.project_dir
@options.as_json
def ls(project_dir: Path | None, format_: str, *, as_json: bool, **arguments: Any) -> None:  # noqa: ANN401 - click's
    """Show what comes of what: dlt resource, source table, staging, marts, exposures.

    Tests are left out. Connects to nothing.
    """
    from dango_dbt import report
    from dango_dbt.api import Project

    with _telling("ls", project_dir, as_json=as_json) as (stdout, progress):
        found = Project.find(project_dir).graph(progress=progress, **arguments)
        if as_json:
            click.echo(report.graph_json(found), file=stdout)
        elif format_ == "mermaid":
            click.echo(report.graph_mermaid(found), file=stdout)
        else:
            report.joined_graph(found, report.console_on(stdout))


@click.command("validate", short_help="Check everything that can be known before a run.")
@options.target
@click.option("--offline", is_flag=True, help="Connect to nothing, and do not parse with dbt.")
@options.project_dir
@options.as_json
def validate(
    target: str | None, project_dir: Path | None, *, offline: bool, as_json: bool
) -> NoReturn:
    """Check everything that can be known before a run, and tell all problems in one go.

    Checks sources.yml, variables, the code of every source (disabled ones too, without importing
    it), profile and target and, unless --offline, the warehouse and whether dbt parses the project.
    Exits with 0 where there is no problem, else with 2.
    """
    from dango_dbt import report
    from dango_dbt.api import Project

    with _telling("validate", project_dir, as_json=as_json) as (stdout, progress):
        found = Project.problems(project_dir, target=target, offline=offline)
        warn_unreferenced(found.unreferenced, found.sources)
        for warning in found.warnings:
            progress.warning(warning)
        if as_json:
            click.echo(report.validation_json(found), file=stdout)
        else:
            report.validation(found, report.console_on(stdout))
    sys.exit(int(found.exit_code))


@contextmanager
def _telling(
    command: str, project_dir: Path | None, *, as_json: bool
) -> Iterator[tuple[TextIO, Progress]]:
    """Give what a command that looks at a project tells its result and its warnings to."""
    from dango_dbt import report

    with (
        only_for_the_document(as_json=as_json) as stdout,
        errors_told(command if as_json else None, stdout, project_dir),
    ):
        yield stdout, report.PlainProgress(sys.stderr)
