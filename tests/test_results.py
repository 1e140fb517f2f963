"""The exit code follows from what happened: 130, then 2, 1, 3, 0."""

from __future__ import annotations

import pytest

from dango_dbt.errors import ExitCode
from dango_dbt.results import BuildResult, Failure, FileResult, NodeResult, RunResult, SyncResult

GOOD = SyncResult("a", "success", "raw_a")
FAILED = SyncResult("b", "failed", "raw_b", error=Failure("SyncError", "no"))
KEPT, CONFLICT = FileResult("x", "unchanged"), FileResult("y", "conflict")
BUILT = BuildResult("success", (NodeResult("model.p.m", "success", 0.1, None),))
RED = BuildResult("failed", (NodeResult("model.p.m", "error", 0.1, "no"),))
BROKEN = BuildResult("not_run", error=Failure("BuildError", "does not parse"))


@pytest.mark.parametrize(
    ("result", "code"),
    [
        pytest.param(RunResult("x"), ExitCode.SUCCESS, id="nothing"),
        pytest.param(
            RunResult("x", None, (GOOD,), (KEPT,), BUILT), ExitCode.SUCCESS, id="all good"
        ),
        pytest.param(RunResult("x", None, (GOOD, FAILED)), ExitCode.FAILURE, id="a source"),
        pytest.param(RunResult("x", build=RED), ExitCode.FAILURE, id="a node"),
        pytest.param(RunResult("x", build=BROKEN), ExitCode.USAGE, id="dbt did not run"),
        pytest.param(RunResult("x", build=BuildResult("not_run")), ExitCode.SUCCESS, id="no need"),
        pytest.param(RunResult("x", files=(CONFLICT,)), ExitCode.OUT_OF_DATE, id="a conflict"),
        pytest.param(
            RunResult("x", files=(CONFLICT,), build=RED), ExitCode.FAILURE, id="1 before 3"
        ),
        pytest.param(
            RunResult("x", None, (FAILED,), build=BROKEN), ExitCode.USAGE, id="2 before 1"
        ),
        pytest.param(
            RunResult("x", None, (FAILED,), error_code=ExitCode.INTERRUPTED),
            ExitCode.INTERRUPTED,
            id="interrupted",
        ),
    ],
)
def test_the_exit_code_is_the_worst_of_the_parts(result: RunResult, code: ExitCode) -> None:
    assert result.exit_code == code
    assert result.status == ("success" if code == ExitCode.SUCCESS else "failed")


@pytest.mark.parametrize(
    ("status", "failed"),
    [
        ("success", False),
        ("pass", False),
        ("warn", False),
        ("skipped", False),
        ("error", True),
        ("fail", True),
        ("runtime error", True),
        ("partial success", True),
    ],
)
def test_a_node_fails_by_dbts_status(status: str, failed: bool) -> None:  # noqa: FBT001 - a table's column
    assert NodeResult("model.p.m", status, 0.0, None).failed is failed
