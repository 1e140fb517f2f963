"""Write docs/cli.md from the commands themselves; with --check, fail where it is out of date.

Run as: python scripts/cli_reference.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dango_dbt.cli import main

REFERENCE = Path(__file__).parents[1] / "docs" / "cli.md"
HEAD = """# Command line

Generated from the commands by `make docs`: do not edit.
"""


def sections(command: click.Command, name: str, parent: click.Context | None) -> list[str]:
    """Render a command's help, then its subcommands'."""
    settings = {**command.context_settings, "terminal_width": 90, "max_content_width": 90}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    text = f"## `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```\n"
    found = [text]
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found += sections(command.commands[sub], sub, context)
    return found


def render() -> str:
    """Render the whole page."""
    return "\n".join([HEAD, *sections(main, "dango-dbt", None)])


if __name__ == "__main__":
    text = render()
    if "--check" in sys.argv[1:]:
        current = REFERENCE.read_text(encoding="utf-8") if REFERENCE.exists() else ""
        if current != text:
            sys.exit("docs/cli.md is out of date: run `make docs`")
    else:
        REFERENCE.write_text(text, encoding="utf-8")
