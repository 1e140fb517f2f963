"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from dango_dbt.cli.running import Reporting

__all__ = [
    "allow_empty",
    "as_json",
    "due",
    "fail_fast",
    "full_refresh",
    "junit_xml",
    "lock_timeout",
    "parallel",
    "project_dir",
    "prune",
    "reporting",
    "source",
    "target",
    "threads",
]

project_dir = click.option(
    "--project-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Project to work on; default: the one that the current folder lies in.",
)
as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else."
)
target = click.option(
    "-t", "--target", metavar="NAME", help="dbt target; default: the profile's default."
)
source = click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME",
    help="Only this source; may be given several times. Default: all that are enabled.",
)
due = click.option(
    "--due",
    is_flag=True,
    help="Load only the sources that are due by their `schedule:`, since their last load that"
    " succeeded; never one without a schedule.",
)
fail_fast = click.option(
    "-x",
    "--fail-fast",
    is_flag=True,
    help="Stop at the first failure: begin with no other source, and build nothing more.",
)
lock_timeout = click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long to wait for another run on this target; default: until it is done.",
)
junit_xml = click.option(
    "--junit-xml",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write what became of each source, node and test as JUnit XML, for CI services.",
)
threads = click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="dbt's threads; default: the profile's.",
)
full_refresh = click.option(
    "-f",
    "--full-refresh",
    is_flag=True,
    help="dbt's: rebuild incremental models and seeds. Never touches raw data.",
)
allow_empty = click.option(
    "--allow-empty",
    is_flag=True,
    help="Load although a filled table becomes empty by it; default: refuse, as on_empty says.",
)
prune = click.option(
    "--prune",
    is_flag=True,
    help="Remove what was generated for tables whose resource a source does not have any more.",
)
parallel = click.option(
    "--parallel-sources",
    "parallel",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    metavar="N",
    help="How many sources to load at the same time.",
)


def reporting(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a `Reporting`, made of the options that every command that reports takes."""

    @wraps(command)
    def with_reporting(  # noqa: PLR0913 - one for each option
        *,
        project_dir: Path | None,
        as_json: bool,
        verbose: bool,
        quiet: bool,
        log_format: str,
        junit_xml: Path | None = None,
        **arguments: Any,  # noqa: ANN401 - each command's own
    ) -> None:
        name = str(click.get_current_context().info_name)
        reporting = Reporting(
            name,
            project_dir,
            as_json,
            verbose,
            quiet,
            as_lines=log_format == "json",
            junit_xml=junit_xml,
        )
        command(reporting, **arguments)

    decorated: Callable[..., None] = with_reporting
    for option in (
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            default="text",
            help="json: progress and outcome as JSON, one object a line, on stderr; no summary.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Print failures only."),
        click.option("-v", "--verbose", is_flag=True, help="Print every file and every node."),
        as_json,
        project_dir,
    ):
        decorated = option(decorated)
    return decorated
