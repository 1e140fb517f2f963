"""`dango-dbt dev`, which runs until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from dango_dbt.cli import options
from dango_dbt.cli.selection import SelectingCommand

__all__ = ["dev"]


@click.command(
    "dev", cls=SelectingCommand, short_help="Watch the project, and run what each change affects."
)
@click.option(
    "-s",
    "--select",
    multiple=True,
    metavar="CRITERIA...",
    help="dbt's: build nothing that is not selected.",
)
@click.option("--exclude", multiple=True, metavar="CRITERIA...", help="dbt's: what not to build.")
@options.target
@options.threads
@click.option(
    "--sync",
    is_flag=True,
    help="First load what is selected, or all sources; default: those that were never loaded.",
)
@options.project_dir
def dev(  # noqa: PLR0913 - an option each
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    target: str | None,
    threads: int | None,
    project_dir: Path | None,
    *,
    sync: bool,
) -> None:
    """Watch the project, and run what each change affects, until Ctrl-C.

    A file of the dbt project: builds what it changes, and what is downstream. Code in
    custom_sources/: loads the sources that use it. sources.yml: loads the sources whose entries
    have changed, or generates. At the start, builds what has changed since the last time. A failure
    is told, and the next change tries again. Ctrl-C ends it: with 0, or with 130 where it has
    stopped a run.
    """
    from dango_dbt import report
    from dango_dbt.dev import DevOptions, Round, watch
    from dango_dbt.errors import DangoError, ExitCode
    from dango_dbt.report import Verbosity

    console = report.console_on(sys.stdout)

    def tell(done: Round) -> None:
        report.round_done(done.changed, done.result, time.strftime("%H:%M:%S"), console)
        sys.stdout.flush()

    try:
        watch(
            project_dir,
            DevOptions(select, exclude, target, threads, sync),
            tell,
            showing=lambda: report.progress_for(
                Verbosity.NORMAL, json_output=False, stream=sys.stderr
            ),
        )
    except DangoError as error:
        report.error(error, report.console_on(sys.stderr))
        sys.exit(int(error.exit_code))
    except KeyboardInterrupt:
        # A source that did not stop in time is still running: shutting down below it can abort.
        click.echo("Interrupted; the next run picks up from here")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(ExitCode.INTERRUPTED))
