"""The commands about sources.yml."""

from __future__ import annotations

from pathlib import Path

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import run_source_list

__all__ = ["source"]


@click.group("source", short_help="List the sources.")
def source() -> None:
    """Look at the sources of .dango/sources.yml."""


@source.command("list", short_help="List all sources and what their last sync brought.")
@options.target
@options.project_dir
@options.as_json
def source_list(target: str | None, project_dir: Path | None, *, as_json: bool) -> None:
    """List all sources: where their code is, and what their last sync into the target brought.

    Reads files only: it connects to nothing, and imports no source's code.
    """
    run_source_list(project_dir, target, as_json=as_json)
