"""`deploy`: a file for the platform that runs the project by its schedules."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import errors_told

__all__ = ["deploy"]


@click.command("deploy", short_help="Write the file with which a platform runs the schedules.")
@click.argument("platform", type=click.Choice(["github", "cron", "airflow", "dagster"]))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it; default: .github/workflows/dango.yml, or a file in deploy/.",
)
@click.option(
    "--cron",
    "schedule",
    metavar="CRON",
    help="When to run, in UTC; default: as often as the finest of the schedules needs, and hourly"
    " at least.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that is not ours, or has your edits.")
@options.target
@options.project_dir
@options.as_json
def deploy(  # noqa: PLR0913 - one for each option
    platform: str,
    output: Path | None,
    schedule: str | None,
    target: str | None,
    project_dir: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Write the file with which a platform runs `sync-and-build --frozen --due`.

    One job serves all schedules of sources.yml: it runs often, and loads only what is due. Secrets
    come from the platform's own place: GitHub's secrets, the project's .env for cron, Airflow's
    Variables, the environment of dagster's deployment. The variables that are needed are named. A
    file that is not ours, or that you have edited, is not overwritten.
    """
    from dango_dbt import report
    from dango_dbt.api import Project

    with errors_told("deploy" if as_json else None, start=project_dir):
        done = Project.find(project_dir).deploy(
            platform,  # type: ignore[arg-type] # click has checked it
            target=target,
            output=output,
            schedule=schedule,
            force=force,
        )
    if as_json:
        click.echo(report.deployment_json(done))
    else:
        report.deployed(done, report.console_on(sys.stdout))
