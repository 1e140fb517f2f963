"""What was not loaded since it is not due → lines."""

from __future__ import annotations

from collections.abc import Sequence

from dango_dbt.report.sections import Line
from dango_dbt.report.words import Verbosity, clean
from dango_dbt.results import ScheduledSource

__all__ = ["not_due"]


def not_due(found: Sequence[ScheduledSource], verbosity: Verbosity) -> list[Line]:
    """One row for each source that is not due, with the time at which it will be."""
    left_out = [each for each in found if not each.due]
    if not left_out or verbosity == Verbosity.QUIET:
        return []
    width = max(len(clean(each.name)) for each in left_out)
    lines = [Line((("Not due", "bold"),))]
    for each in left_out:
        text = f" {clean(each.name):<{width}}  {_when(each)}"
        lines.append(Line((("-", "dim"), text, (f"  {each.schedule or ''}".rstrip(), "dim")), 2))
    return lines


def _when(each: ScheduledSource) -> str:
    if each.next_due is None:
        return "has no `schedule:`, and is never loaded by --due"
    return f"next at {each.next_due.replace('T', ' ')}"
