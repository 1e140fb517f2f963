"""What was not due is told with when it will be, and nothing is said where all was loaded."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from dango_dbt import report
from dango_dbt.report import Verbosity
from dango_dbt.results import BuildResult, RunResult, ScheduledSource, SyncResult

DUE = ScheduledSource("orders", "0 2 * * *", due=True, next_due="2026-03-03T02:00+01:00")
LATER = ScheduledSource("tickets", "0 4 * * *", due=False, next_due="2026-03-02T04:00+01:00")
NEVER = ScheduledSource("users", None, due=False, next_due=None)


def summary(verbosity: Verbosity, *schedules: ScheduledSource) -> list[str]:
    stream = io.StringIO()
    run = RunResult(
        "sync-and-build",
        sources=(SyncResult("orders", "success", "raw_orders"),),
        build=BuildResult("not_run", reason="no source is due"),
        schedules=schedules or None,
    )
    report.summary(run, Console(file=stream, width=200), verbosity)
    return stream.getvalue().splitlines()


def test_it_names_what_is_not_due() -> None:
    lines = summary(Verbosity.NORMAL, DUE, LATER, NEVER)
    begin = lines.index("Not due")
    assert lines[begin + 1 : begin + 4] == [
        "  - tickets  next at 2026-03-02 04:00+01:00  0 4 * * *",
        "  - users    has no `schedule:`, and is never loaded by --due",
        "",
    ]


@pytest.mark.parametrize(
    ("verbosity", "schedules"),
    [(Verbosity.NORMAL, (DUE,)), (Verbosity.NORMAL, ()), (Verbosity.QUIET, (DUE, LATER))],
)
def test_it_says_nothing_otherwise(
    verbosity: Verbosity, schedules: tuple[ScheduledSource, ...]
) -> None:
    assert "Not due" not in summary(verbosity, *schedules)
