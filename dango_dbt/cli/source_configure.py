"""`source configure`: asks for what a source wants, and writes it where dlt looks for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dango_dbt.cli import options
from dango_dbt.cli.running import errors_told

if TYPE_CHECKING:
    from dango_dbt.configuring import Configuration, Wanted
    from dango_dbt.results import Proof

__all__ = ["source_configure"]


@click.command("configure", short_help="Fill in the credentials of a source.")
@click.argument("name")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="KEY=VALUE",
    help="A value; may be given several times. It stands in the shell's history: see --stdin.",
)
@click.option(
    "--stdin", is_flag=True, help="Read lines of KEY=VALUE, to the letter, from the standard input."
)
@click.option("--check", is_flag=True, help="Then ask for one page, which proves the credentials.")
@options.project_dir
@options.as_json
def source_configure(  # noqa: PLR0913 - an option each
    name: str,
    given: tuple[str, ...],
    project_dir: Path | None,
    *,
    stdin: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Fill in the credentials of the source NAME, and its settings.

    Asks for each that is missing; what is typed is not shown. Secrets go to .dlt/secrets.toml,
    which only you may read, settings to .dlt/config.toml, under [sources.NAME]; what is there
    stays. Refuses where git would track the secrets.
    """
    from dango_dbt import report
    from dango_dbt.api import Project

    values = _given(given, stdin=stdin)
    with errors_told("source configure" if as_json else None, start=project_dir):
        source = Project.find(project_dir).source(name)
        found = source.configuration()
        if not values and not (check and not found.missing):
            values = _asked(found, as_json=as_json)
        written: tuple[str, ...] = found.write(values) if values else ()
        found = source.configuration()
        proof = source.prove() if check else None
    if as_json:
        click.echo(json.dumps(_document(found, values, written, proof), indent=2))
    else:
        lines = report.configuration_lines(found, list(values), written, proof)
        report.lines(lines, report.console_on(sys.stdout))
    sys.exit(1 if proof is not None and proof.error else 0)


def _given(pairs: tuple[str, ...], *, stdin: bool) -> dict[str, str]:
    """Take values as they are written: a secret may hold quotes, `#` and backslashes."""
    values = dict(_pair(pair, "--set takes KEY=VALUE.") for pair in pairs)
    if stdin:
        usage = "--stdin takes lines of KEY=VALUE."
        lines = [line.rstrip("\r") for line in sys.stdin.read().split("\n")]
        given = dict(_pair(line, usage) for line in lines if line.strip())
        if not given:
            raise click.UsageError(usage)
        values |= given
    return values


def _pair(text: str, usage: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found or not key.strip():
        raise click.UsageError(usage)
    return key.strip(), value


def _asked(found: Configuration, *, as_json: bool) -> dict[str, str]:
    """Ask for what is missing.

    Raises:
        UsageError: there is nobody to ask.
    """
    if not found.missing:
        return {}
    if as_json or not sys.stdin.isatty():
        names = ", ".join(one.name for one in found.missing)
        raise click.UsageError(
            f"Missing: {names}. Give each with --set KEY=VALUE, or as lines with --stdin."
        )
    return {one.name: _ask(one) for one in found.missing}


def _ask(one: Wanted) -> str:
    if one.about:
        click.echo(one.about, err=True)
    value: str = click.prompt(one.name, hide_input=one.secret, err=True)
    return value


def _document(
    found: Configuration, values: dict[str, str], written: tuple[str, ...], proof: Proof | None
) -> dict[str, object]:
    return {
        "command": "source configure",
        "status": "failed" if proof is not None and proof.error else "success",
        "exit_code": 1 if proof is not None and proof.error else 0,
        "source": found.source,
        "set": list(values),
        "files": list(written),
        "keys": [
            {"name": one.name, "secret": one.secret, "state": one.state} for one in found.wanted
        ],
        "check": proof and {"resource": proof.resource, "rows": proof.rows, "error": proof.error},
    }
