"""The commands about sources.yml."""

from __future__ import annotations

from pathlib import Path

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import run_source_list, run_source_remove
from dango_dbt.cli.sampling import discover, test
from dango_dbt.cli.source_add import source_add
from dango_dbt.cli.source_catalog import source_catalog
from dango_dbt.cli.source_configure import source_configure

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


@source.command("remove", short_help="Take a source out of sources.yml.")
@click.argument("name")
@options.project_dir
def source_remove(project_dir: Path | None, name: str) -> None:
    """Take the source NAME out of sources.yml, whose other text stays as it is.

    Its code, its generated models and its data stay; what stays on disk is named.
    """
    run_source_remove(project_dir, name)


for _command in (source_catalog, source_add, source_configure, discover, test):
    source.add_command(_command)
