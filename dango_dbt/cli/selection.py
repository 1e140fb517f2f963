"""dbt's options of node selection, which take several criteria each, as dbt's do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

__all__ = ["SelectingCommand", "selection"]

_MANY = frozenset({"-s", "--select", "--exclude"})


class SelectingCommand(click.Command):
    """Takes `--select a b` as `--select a --select b`: so does dbt, and click does not."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its values."""
        return super().parse_args(ctx, list(_repeated(args)))


def _repeated(args: Sequence[str]) -> Iterator[str]:
    option, has_value = None, False
    for arg in args:
        if arg.startswith("-"):
            option, has_value = (arg if arg in _MANY else None), False
        elif option is not None:
            if has_value:
                yield option
            has_value = True
        yield arg


def selection(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command dbt's options of node selection."""
    for option in (
        click.option(
            "--state",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help="dbt's: the folder with the artefacts that `state:` compares with.",
        ),
        click.option(
            "--selector", metavar="NAME", help="dbt's: a selector of selectors.yml, instead."
        ),
        click.option(
            "--exclude", multiple=True, metavar="CRITERIA...", help="dbt's: what not to select."
        ),
        click.option(
            "-s",
            "--select",
            multiple=True,
            metavar="CRITERIA...",
            help="dbt's: what to select, such as +fct_orders, tag:daily, state:modified+. The"
            " sources' tables in it are loaded.",
        ),
    ):
        command = option(command)
    return command
