"""`source catalog`."""

from __future__ import annotations

import sys

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import errors_told

__all__ = ["source_catalog"]


@click.command("catalog", short_help="List the connectors that `source add --connector` knows.")
@click.argument("name", required=False)
@options.as_json
def source_catalog(name: str | None, *, as_json: bool) -> None:
    """List the connectors that `source add --connector` knows, or tell all of one.

    With a NAME: its credentials and where to get them, its resources and keys, and what it has been
    tested against.
    """
    from dango_dbt import report
    from dango_dbt.connectors import connector, names

    with errors_told("source catalog" if as_json else None):
        if name is None:
            found = {each: connector(each) for each in names()}
        else:
            found = {name: connector(name)}
    if as_json:
        text = report.connector_json(name, found[name]) if name else report.catalogue_json(found)
        click.echo(text)
    elif name:
        report.lines(report.connector_lines(name, found[name]), report.console_on(sys.stdout))
    else:
        report.lines(report.catalogue_lines(found), report.console_on(sys.stdout))
