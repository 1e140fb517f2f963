"""The commands about sources.yml."""

from __future__ import annotations

from pathlib import Path

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import run_source_add, run_source_list, run_source_remove
from dango_dbt.cli.sampling import discover, test

__all__ = ["source"]


@click.group("source", short_help="List, add, look into, test or remove sources.")
def source() -> None:
    """Look at the sources of .dango/sources.yml and into them, add one, or remove one."""


@source.command("list", short_help="List all sources and what their last sync brought.")
@options.target
@options.project_dir
@options.as_json
def source_list(target: str | None, project_dir: Path | None, *, as_json: bool) -> None:
    """List all sources: where their code is, and what their last sync into the target brought.

    Reads files only: it connects to nothing, and imports no source's code.
    """
    run_source_list(project_dir, target, as_json=as_json)


@source.command("add", short_help="Bring a dlt verified source into the project.")
@click.argument("name")
@click.option(
    "--verified",
    required=True,
    metavar="SOURCE",
    help="The verified source, such as hubspot: https://dlthub.com/docs/dlt-ecosystem/verified-sources",
)
@click.option(
    "--location",
    metavar="PATH_OR_URL",
    help="git repository to take it from, laid out like dlt's; default: dlt's own.",
)
@options.project_dir
@options.as_json
def source_add(
    name: str, verified: str, location: str | None, project_dir: Path | None, *, as_json: bool
) -> None:
    """Bring a dlt verified source into the project, as source NAME, with `dlt init`.

    Its code goes to custom_sources/NAME/, what it needs to requirements.txt, the keys of its
    secrets to .dlt/secrets.toml, of its settings to .dlt/config.toml, and an entry to
    .dango/sources.yml. Nothing that is there is overwritten.
    """
    run_source_add(project_dir, name, verified, location, as_json=as_json)


source.add_command(discover)
source.add_command(test)


@source.command("remove", short_help="Take a source out of sources.yml.")
@click.argument("name")
@options.project_dir
def source_remove(project_dir: Path | None, name: str) -> None:
    """Take the source NAME out of sources.yml, whose other text stays as it is.

    Its code, its generated models and its data stay; what stays on disk is named.
    """
    run_source_remove(project_dir, name)
