"""Which console, and which progress, suits a stream."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TextIO

from dango_dbt.progress import Progress
from dango_dbt.report.live import LiveProgress
from dango_dbt.report.plain import PlainProgress
from dango_dbt.report.words import Verbosity

if TYPE_CHECKING:
    from dango_dbt.report.console import SerialConsole

__all__ = ["console_on", "progress_for"]


def console_on(stream: TextIO) -> SerialConsole:
    """Give a console that shows text as it is: no markup, no emoji codes, no guessed colours.

    Colours appear on a terminal only, and not with NO_COLOR.
    """
    from dango_dbt.report.console import SerialConsole

    return SerialConsole(file=stream, markup=False, emoji=False, highlight=False)


def progress_for(
    verbosity: Verbosity, *, json_output: bool, stream: TextIO
) -> AbstractContextManager[Progress]:
    """Choose how progress is shown; use it in a `with`, around the run only.

    Args:
        verbosity: QUIET shows only failures, and nothing at all with JSON.
        json_output: stdout is for JSON; progress is plain lines.
        stream: where progress goes: stderr, so that stdout can be piped on.
    """
    if json_output and verbosity == Verbosity.QUIET:
        return nullcontext(Progress())
    if not json_output and verbosity != Verbosity.QUIET and _can_redraw(stream):
        return LiveProgress(console_on(stream))
    return nullcontext(PlainProgress(stream, verbosity))


def _can_redraw(stream: TextIO) -> bool:
    """Whether it is a terminal that moves its cursor; FORCE_COLOR does not make one of a log."""
    if not stream.isatty():
        return False
    console = console_on(stream)
    return console.is_interactive and console.encoding.startswith("utf")
