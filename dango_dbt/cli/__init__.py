"""The command line: options → one call of the API → report → exit code.

Only click and the standard library are imported here; a command imports the rest when it runs, so
that `--help` answers at once.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from dango_dbt import __version__
from dango_dbt.cli import commands, looking, sources
from dango_dbt.cli.asked import Asked
from dango_dbt.cli.deploy import deploy
from dango_dbt.cli.dev import dev

__all__ = ["main"]

_ASKED = f"{__name__}.asked"


class _Main(click.Group):
    """Lists commands in the order in which a user meets them; tells wrong usage as asked."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands as they were added."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note how to report from the arguments: a command that refuses them cannot say."""
        ctx.meta[_ASKED] = Asked.of(self, args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's
        """Run the command; before click tells wrong usage, give the document that was asked for.

        Where lines of JSON were asked for, they are all that is told. Ctrl-C while a command
        imports, or at a question, is Ctrl-C as well: to click it would be any failure.
        """
        asked: Asked = ctx.meta[_ASKED]
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            asked.tell_wrong_usage(error)
            if asked.as_lines:
                ctx.exit(error.exit_code)
            raise
        except click.Abort as error:
            if not isinstance(error.__context__, KeyboardInterrupt):
                raise
        except KeyboardInterrupt:
            pass
        sys.exit(asked.tell_interrupted())


@click.group(
    cls=_Main,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 all good; 1 a source, model or test failed, something is held back,"
    " or another run was not done in time (--lock-timeout); 2 wrong usage or configuration;"
    " 3 generated files are out of date (--check), or in conflict with your edits, or a change is"
    " breaking (plan --fail-on); 130 interrupted.",
)
@click.version_option(__version__, prog_name="dango-dbt", message="%(prog)s %(version)s")
def main() -> None:
    """Load sources with dlt, generate dbt staging models from what was loaded, build with dbt."""


for command in (
    commands.init,
    commands.sync_and_build,
    commands.sync,
    commands.generate,
    commands.plan,
    commands.build,
    dev,
    looking.status,
    looking.ls,
    looking.validate,
    deploy,
    commands.dbt,
    sources.source,
):
    main.add_command(command)
