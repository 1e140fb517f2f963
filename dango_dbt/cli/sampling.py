"""The commands that look at a sample of a source."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import errors_told
from dango_dbt.cli.streams import only_for_the_document

if TYPE_CHECKING:
    from dango_dbt.progress import Progress

__all__ = ["discover", "test"]


def _sample(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which sample to take."""
    decorated = command
    for option in (
        options.as_json,
        options.project_dir,
        click.option(
            "--limit",
            "pages",
            type=click.IntRange(min=1),
            default=3,
            show_default=True,
            metavar="PAGES",
            help="How many pages of each resource to read at most; rows that a source yields one by"
            " one count as pages of a hundred.",
        ),
        click.option(
            "--resource",
            "resources",
            multiple=True,
            metavar="NAME",
            help="Only this resource; may be given several times. Default: all that are loaded.",
        ),
        click.argument("name"),
    ):
        decorated = option(decorated)
    return decorated


@click.command("discover", short_help="Show what is in a source, by a sample of it.")
@_sample
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "mermaid"]),
    default="text",
    help="mermaid: an ER diagram, for instance for a README.",
)
def discover(
    format_: str,
    name: str,
    project_dir: Path | None,
    *,
    as_json: bool,
    **sample: Any,  # noqa: ANN401 - click's
) -> None:
    """Show what is in the source NAME: tables, columns, keys, relationships and some rows.

    A few pages of each resource are loaded into a temporary folder: nothing of the project, its
    state or its warehouse changes. Relationships that the source does not declare are guessed by
    comparing values, each with its evidence.
    """
    from dango_dbt import report
    from dango_dbt.api import Project

    if format_ == "mermaid" and as_json:
        raise click.UsageError("--format mermaid and --json exclude each other")
    with _reported("source discover", project_dir, as_json=as_json) as (stdout, progress):
        found = Project.find(project_dir).source(name).discover(progress=progress, **sample)
        if as_json:
            click.echo(report.discovery_json(found), file=stdout)
    if format_ == "mermaid":
        click.echo(report.discovery_mermaid(found))
    elif not as_json:
        report.source_discovered(found, report.console_on(sys.stdout))


@click.command("test", short_help="Load a sample of a source twice, and check how that goes.")
@_sample
def test(
    name: str,
    project_dir: Path | None,
    *,
    as_json: bool,
    **sample: Any,  # noqa: ANN401 - click's
) -> NoReturn:
    """Load a sample of the source NAME twice, and check that it loads as it says.

    Checks declared keys, cursors, what the second load brings, types, empty resources, and tables
    that are too wide or too deep. A few pages of each resource are loaded into a temporary folder:
    nothing of the project, its state or its warehouse changes. What a sample cannot tell is said,
    and is no finding. Exits with 1 where something is found.
    """
    from dango_dbt import report
    from dango_dbt.api import Project

    with _reported("source test", project_dir, as_json=as_json) as (stdout, progress):
        found = Project.find(project_dir).source(name).test(progress=progress, **sample)
        if as_json:
            click.echo(report.source_test_json(found), file=stdout)
    if not as_json:
        report.source_tested(found, report.console_on(sys.stdout))
    sys.exit(int(found.exit_code))


@contextmanager
def _reported(
    command: str, project_dir: Path | None, *, as_json: bool
) -> Iterator[tuple[TextIO, Progress]]:
    """Show progress on stderr; give stdout, which --json keeps for the document."""
    from dango_dbt import report

    with (
        only_for_the_document(as_json=as_json) as stdout,
        errors_told(command if as_json else None, stdout, project_dir),
        report.progress_for(
            report.Verbosity.NORMAL, json_output=as_json, stream=sys.stderr
        ) as progress,
    ):
        yield stdout, progress
