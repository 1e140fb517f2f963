"""The commands, one function each."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import (
    Reporting,
    run,
    run_init,
    run_plain,
)
from dango_dbt.cli.selection import SelectingCommand, selection

__all__ = [
    "build",
    "dbt",
    "generate",
    "init",
    "plan",
    "sync",
    "sync_and_build",
]

#: dlt's words (https://dlthub.com/docs/general-usage/pipeline#refresh-pipeline-data-and-state).
_REFRESH = ("drop_data", "drop_resources", "drop_sources")


@click.command("init", short_help="Create a working project.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option(
    "--dbt-project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="PATH",
    help="Set up beside this existing dbt project, which stays as it is.",
)
def init(directory: Path, dbt_project: Path | None) -> None:
    """Create a working project in DIRECTORY (default: the current folder).

    No file that exists is overwritten.
    """
    run_init(directory, dbt_project)


@click.command(
    "sync-and-build",
    cls=SelectingCommand,
    short_help="Load sources, generate dbt code, run dbt build.",
)
@selection
@options.source
@options.due
@options.target
@options.full_refresh
@options.threads
@options.allow_empty
@options.parallel
@click.option(
    "--frozen",
    is_flag=True,
    help="Build the dbt code as it is committed; tell schema changes, and write none of them.",
)
@click.option(
    "--changed-only",
    is_flag=True,
    help="Build only what depends on tables that have changed since it was built.",
)
@options.fail_fast
@options.lock_timeout
@options.junit_xml
@options.reporting
def sync_and_build(reporting: Reporting, **arguments: Any) -> None:  # noqa: ANN401 - click's
    """Load sources, generate dbt code from them, and run dbt build.

    With --select and the like, loads exactly the sources' tables that dbt's selection contains, and
    builds just that selection: `+fct_orders` is the model with all that it needs, `fct_orders`
    loads nothing. `--source shop` is `--select source:shop+`. A source that fails takes only its
    own descendants out of the build. With --due, dbt does not run where no source is due.
    """
    run(
        reporting,
        lambda project, progress: project.sync_and_build(progress=progress, **arguments),
    )


@click.command(
    "sync",
    cls=SelectingCommand,
    short_help="Load sources and generate dbt code; do not build.",
)
@selection
@options.source
@options.due
@options.target
@click.option("--no-generate", is_flag=True, help="Only load; leave the dbt project as it is.")
@click.option(
    "--refresh",
    type=click.Choice(_REFRESH),
    help="Drop raw data first, in dlt's words: the rows, also the tables, also the source's state.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before raw data is dropped.")
@options.allow_empty
@options.parallel
@options.fail_fast
@options.lock_timeout
@options.junit_xml
@options.reporting
def sync(
    reporting: Reporting,
    *,
    no_generate: bool,
    yes: bool,
    **arguments: Any,  # noqa: ANN401 - click's
) -> None:
    """Load sources into the warehouse and generate dbt code from them.

    With --select and the like, loads exactly the sources' tables that dbt's selection contains.
    """
    if arguments["refresh"] and not yes:
        _confirm(arguments["refresh"], _meant(**arguments))
    run(
        reporting,
        lambda project, progress: project.sync(
            progress=progress, generate=not no_generate, **arguments
        ),
    )


def _meant(
    sources: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    selector: str | None,
    *,
    due: bool,
    **_: object,
) -> str:
    """Say what is to be loaded, as it was given."""
    given = [*sources, *(f"`{criterion}`" for criterion in select)]
    given += [f"selector `{selector}`"] if selector else []
    without = f" without {', '.join(f'`{criterion}`' for criterion in exclude)}" if exclude else ""
    of_these = ", of what is due" if due else ""
    return (", ".join(given) or "all enabled sources") + without + of_these


def _confirm(refresh: str, of: str) -> None:
    """Ask before raw data is dropped; where no one can answer, --yes is the answer."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"--refresh {refresh} drops raw data of {of}: confirm with --yes")
    click.confirm(f"Drop raw data of {of} ({refresh}) before loading?", abort=True, err=True)


@click.command("generate", short_help="Write dbt sources and staging models.")
@options.source
@options.target
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 where a file would change.")
@click.option(
    "--accept",
    type=(click.Choice(["mine", "theirs"]), click.Path(path_type=Path)),
    metavar="mine|theirs FILE",
    help="Settle a conflict: FILE stays as you have it, or gets what is generated.",
)
@options.prune
@click.option(
    "--from-destination",
    is_flag=True,
    help="First take in the schemas that dlt keeps in the target's warehouse.",
)
@click.option(
    "--upgrade",
    is_flag=True,
    help="Go over to this dango-dbt's version of the text, if sources.yml stays with an older one.",
)
@options.lock_timeout
@options.reporting
def generate(
    reporting: Reporting,
    accept: tuple[Literal["mine", "theirs"], Path] | None,
    lock_timeout: float | None,
    **arguments: Any,  # noqa: ANN401 - click's
) -> None:
    """Write dbt sources and staging models from the schemas of what was loaded.

    Needs no data and no connection: it works from .dango/schemas/ and what is known of the last
    loads. What you have edited is merged with what is new; where both have changed one thing, your
    file stays and what is proposed goes to .dango/conflicts/.
    """
    if arguments["upgrade"] and arguments["sources"]:
        raise click.UsageError("--upgrade is for all sources: leave out --source")
    if accept:
        if any(arguments.values()):
            raise click.UsageError("--accept takes no other option but --lock-timeout")
        side, file = accept
        run(
            reporting,
            lambda project, progress: project.accept(
                side, file, lock_timeout=lock_timeout, progress=progress
            ),
        )
    run(
        reporting,
        lambda project, progress: project.generate(
            lock_timeout=lock_timeout, progress=progress, **arguments
        ),
    )


@click.command("plan", short_help="Say what generate would do, and write nothing.")
@options.source
@options.target
@click.option("--diff", is_flag=True, help="Show line by line how files would change.")
@options.prune
@click.option(
    "--fail-on",
    type=click.Choice(["breaking"]),
    help="Exit with 3 where a column is retyped or goes that something uses.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown"]),
    default="text",
    help="markdown: for a comment on a pull request.",
)
@options.reporting
def plan(
    reporting: Reporting,
    format_: str,
    **arguments: Any,  # noqa: ANN401 - click's
) -> None:
    """Say what `generate` would do, before anything is written.

    Names the files that it would change, the schema changes that are behind that and, of columns
    whose type changes or that go, what uses them downstream. Needs no connection.
    """
    if format_ == "markdown" and reporting.as_json:
        raise click.UsageError("--format markdown and --json exclude each other")
    reporting = replace(reporting, as_markdown=format_ == "markdown")
    run(reporting, lambda project, progress: project.plan(progress=progress, **arguments))


@click.command(
    "build",
    context_settings={"ignore_unknown_options": True},
    short_help="Run dbt build; further arguments go to dbt.",
)
@options.target
@options.full_refresh
@options.threads
@options.lock_timeout
@options.junit_xml
@options.reporting
@click.argument("dbt_args", nargs=-1, type=click.UNPROCESSED, metavar="[DBT_ARGS]...")
def build(
    reporting: Reporting,
    dbt_args: tuple[str, ...],
    **arguments: Any,  # noqa: ANN401 - click's
) -> None:
    """Run dbt build; further arguments go to dbt.

    For instance: dango-dbt build --select marts
    """
    run(
        reporting,
        lambda project, progress: project.build(dbt_args, progress=progress, **arguments),
    )


@click.command(
    "dbt",
    context_settings={
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
        "help_option_names": [],
    },
    options_metavar="[--project-dir DIR]",
    short_help="Run any dbt command in the project.",
)
@options.project_dir
@click.argument("dbt_args", nargs=-1, type=click.UNPROCESSED, metavar="DBT_ARGS...")
def dbt(project_dir: Path | None, dbt_args: tuple[str, ...]) -> None:
    """Run any dbt command in the project, with its .env, profile and warehouse.

    For instance: dango-dbt dbt docs generate
    """
    run_plain(project_dir, dbt_args)
