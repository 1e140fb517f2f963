"""The command line: options → one call of the API → report → exit code.

Only click and the standard library are imported here; a command imports the rest when it runs, so
that `--help` answers at once.
"""

from __future__ import annotations

import click

from dango_dbt import __version__
from dango_dbt.cli import commands, sources

__all__ = ["main"]


class _InOrder(click.Group):
    """Lists commands in the order in which a user meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands as they were added."""
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 all good; 1 a source, model or test failed; 2 wrong usage or"
    " configuration; 3 generated files are in conflict with your edits; 130 interrupted.",
)
@click.version_option(__version__, prog_name="dango-dbt", message="%(prog)s %(version)s")
def main() -> None:
    """Load sources with dlt, generate dbt staging models from what was loaded, build with dbt."""


for command in (
    commands.init,
    commands.sync_and_build,
    commands.sync,
    commands.generate,
    commands.build,
    commands.validate,
    commands.dbt,
    sources.source,
):
    main.add_command(command)
