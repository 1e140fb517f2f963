"""`source add`: options → a draft → files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import errors_told

if TYPE_CHECKING:
    from dango_dbt.adding import Draft
    from dango_dbt.results import AddedSource

__all__ = ["source_add"]

#: How many resources a note names.
_NAMED = 3
_VERIFIED = "https://dlthub.com/docs/dlt-ecosystem/verified-sources"


@click.command("add", short_help="Add a source: from the catalogue, an API, a database, code.")
@click.argument("name")
@click.option("--connector", metavar="CONNECTOR", help="One of `dango-dbt source catalog`.")
@click.option(
    "--openapi",
    metavar="FILE_OR_URL",
    help="A description of a REST API: its lists, pages, keys and logins are taken from it.",
)
@click.option(
    "--resource",
    "resources",
    multiple=True,
    metavar="NAME",
    help="With --openapi: only this resource, and what it is read by; may be given several times.",
)
@click.option("--rest-api", metavar="URL", help="One endpoint of a REST API, to begin with.")
@click.option(
    "--sql-database", metavar="URL", help="A database, such as postgresql://user:password@host/db."
)
@click.option("--python", is_flag=True, help="Code to be written by hand, that shows how.")
@click.option(
    "--verified", metavar="SOURCE", help=f"A dlt verified source, such as hubspot: {_VERIFIED}"
)
@click.option(
    "--location",
    metavar="PATH_OR_URL",
    help="With --verified: git repository to take it from, laid out like dlt's; default: that.",
)
@click.option(
    "--declarative",
    is_flag=True,
    help="Describe the source in sources.yml, instead of writing code for it.",
)
@options.project_dir
@options.as_json
def source_add(
    name: str,
    project_dir: Path | None,
    resources: tuple[str, ...],
    *,
    as_json: bool,
    **given: str | bool | None,
) -> None:
    """Add a source NAME to the project.

    Its code goes to custom_sources/NAME.py and is yours to change (with --declarative there is
    none: it is described in sources.yml); the keys of its secrets go to .dlt/secrets.toml, of its
    settings to .dlt/config.toml, what it needs to requirements.txt, and an entry to
    .dango/sources.yml. Nothing that is there is overwritten.
    """
    from dango_dbt import report

    _check_usage(given)
    if resources and not given["openapi"]:
        raise click.UsageError("--resource goes with --openapi.")
    with errors_told("source add" if as_json else None, start=project_dir):
        added = _added(project_dir or Path(), name, resources, given)
    if as_json:
        click.echo(report.source_add_json(added))
    else:
        report.source_added(added, report.console_on(sys.stdout))


_WAYS = ("connector", "openapi", "rest_api", "sql_database", "python", "verified")


def _check_usage(given: dict[str, str | bool | None]) -> None:
    chosen = [way for way in _WAYS if given[way]]
    named = ", ".join(f"--{way.replace('_', '-')}" for way in _WAYS)
    if len(chosen) != 1:
        raise click.UsageError(f"Say where the source comes from with one of {named}.")
    if given["location"] and not given["verified"]:
        raise click.UsageError("--location goes with --verified.")
    if given["declarative"] and (given["verified"] or given["python"]):
        raise click.UsageError(f"--declarative does not go with --{chosen[0]}, which is code.")


def _added(
    start: Path, name: str, resources: tuple[str, ...], given: dict[str, str | bool | None]
) -> AddedSource:
    from dango_dbt import adding
    from dango_dbt.connectors import connector

    declarative = bool(given["declarative"])
    verified = given["verified"]
    location = given["location"]
    if given["connector"]:
        known = connector(str(given["connector"])).load.verified
        if known is None:
            draft = adding.of_catalogue(name, str(given["connector"]), declarative=declarative)
            return adding.add_draft(start, name, draft)
        verified = known.name
    if verified:
        click.echo(f"Fetching verified source `{verified}` …", err=True)
        where = str(location) if location else None
        return adding.add_verified(start, name, str(verified), location=where)
    if given["openapi"]:
        draft = _of_description(name, str(given["openapi"]), resources, declarative=declarative)
    elif given["sql_database"]:
        draft = adding.of_database(name, str(given["sql_database"]), declarative=declarative)
    elif given["rest_api"]:
        draft = adding.of_address(name, str(given["rest_api"]), declarative=declarative)
    else:
        draft = adding.of_python(name)
    return adding.add_draft(start, name, draft)


def _of_description(name: str, location: str, only: tuple[str, ...], *, declarative: bool) -> Draft:
    """Draft a source of an API's own description; what was guessed and left out becomes notes."""
    from dataclasses import replace

    from dango_dbt import adding
    from dango_dbt.openapi import derive, read_specification

    specification = read_specification(location)
    found = derive(specification, name, only)
    origin = f"the description {specification.location}"
    draft = adding.of_connector(name, found.connector, origin, declarative=declarative)
    guesses = [f"guessed{_of(guess.resources)}: {guess.text}" for guess in found.guesses]
    left_out = [f"left out: {one.path}: {one.reason}" for one in found.left_out]
    return replace(draft, notes=(*draft.notes, *guesses, *left_out))


def _of(resources: tuple[str, ...]) -> str:
    shown = ", ".join(resources[:_NAMED])
    more = f" and {len(resources) - _NAMED} more" if len(resources) > _NAMED else ""
    return f" of {shown}{more}" if resources else ""
