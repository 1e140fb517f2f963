from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from dango_dbt.errors import ExitCode
from dango_dbt.progress import Progress
from dango_dbt.report import LineProgress, SeenProgress, Verbosity
from dango_dbt.results import BuildResult, Failure, NodeResult, RunResult, SyncResult


def tell(progress: Progress, run: RunResult) -> None:
    """Let a run happen."""
    progress.sync_started([source.name for source in run.sources or ()])
    for source in run.sources or ():
        progress.source_stage(source.name, "extract")
        progress.source_rows(source.name, 7)
        progress.source_finished(source)
    progress.files_written(list(run.files or ()))
    assert run.build
    progress.build_started("dbt build")
    progress.nodes_total(len(run.build.nodes))
    for node in run.build.nodes:
        progress.node_started(node.unique_id)
        progress.node_finished(node)
    progress.build_finished(run.build)
    progress.warning("three\nlines ##[error]\n\n::error::no")


def lines(run: RunResult, verbosity: Verbosity = Verbosity.NORMAL) -> list[dict[str, Any]]:
    stream = StringIO()
    progress = LineProgress(stream, verbosity)
    tell(progress, run)
    progress.output("printed by a source")
    progress.run_finished(run)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_names_and_fields_are_part_of_the_interface(failed_run: RunResult) -> None:
    found = lines(failed_run, Verbosity.VERBOSE)

    common = ["time", "level", "event"]
    assert all(list(line)[:3] == common for line in found)
    assert {line["event"]: sorted(set(line) - set(common)) for line in found} == {
        "sync_started": ["sources"],
        "source_stage": ["source", "stage"],
        "source_rows": ["rows", "source"],
        "source_finished": ["dataset", "error", "rows", "seconds", "source", "status", "tables"],
        "files_written": ["conflicts", "files"],
        "build_started": ["command"],
        "nodes_total": ["total"],
        "node_started": ["node"],
        "node_finished": ["message", "node", "seconds", "status"],
        "build_finished": ["error", "nodes", "seconds", "status"],
        "warning": ["message"],
        "output": ["message"],
        "run_finished": [
            "command",
            "error",
            "exit_code",
            "files",
            "held",
            "nodes",
            "rows",
            "seconds",
            "sources",
            "status",
            "target",
        ],
    }
    levels = {(line["event"], line.get("status")): line["level"] for line in found}
    assert levels["source_finished", "success"] == "info"
    assert levels["source_finished", "held"] == "warning"
    assert levels["source_finished", "failed"] == "error"
    assert levels["node_finished", "warn"] == "warning"
    assert levels["node_finished", "fail"] == "error"
    assert levels["node_started", None] == "debug"
    assert levels["files_written", None] == "error"


def test_the_last_line_is_the_outcome(failed_run: RunResult) -> None:
    last = lines(failed_run)[-1]

    assert last["event"] == "run_finished"
    assert (last["status"], last["exit_code"], last["target"]) == ("failed", 1, "dev")
    assert last["sources"] == {"success": 1, "failed": 1, "held": 1, "skipped": 1}
    assert last["files"] == {"created": 1, "conflict": 1, "unchanged": 1}
    assert last["nodes"] == {
        "success": 2,
        "pass": 1,
        "warn": 1,
        "fail": 1,
        "error": 1,
        "skipped": 1,
    }


def test_time_is_utc_and_iso(good_run: RunResult) -> None:
    for line in lines(good_run):
        assert line["time"].endswith("Z")
        told = datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
        assert abs(datetime.now(timezone.utc) - told) < timedelta(minutes=1)


def test_quiet_leaves_errors_and_the_outcome(failed_run: RunResult, good_run: RunResult) -> None:
    assert {line["level"] for line in lines(failed_run, Verbosity.QUIET)} == {"error"}
    assert [line["event"] for line in lines(good_run, Verbosity.QUIET)] == ["run_finished"]


def test_debug_is_for_verbose(good_run: RunResult) -> None:
    assert "debug" not in {line["level"] for line in lines(good_run)}


def test_a_line_is_ascii_and_no_command_of_a_ci_service() -> None:
    stream = StringIO()
    progress = LineProgress(stream)
    progress.warning("ü\u2028\x85\udc80 ##[error]x")

    (line,) = stream.getvalue().splitlines()
    assert line.isascii()
    assert "##[" not in line
    assert json.loads(line)["message"].endswith("##[error]x")


class _Heard(Progress):
    """Notes which of its methods are called."""

    def __init__(self) -> None:
        self.called: set[str] = set()

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - Python's signature
        if hasattr(Progress, name) and not name.startswith("_"):
            self.called.add(name)
        return super().__getattribute__(name)


def test_what_is_noted_is_handed_on_too(failed_run: RunResult) -> None:
    heard = _Heard()
    seen = SeenProgress(heard)
    tell(seen, failed_run)
    seen.warning("again")
    seen.warning("again")

    assert heard.called == {name for name in vars(Progress) if not name.startswith("_")}
    assert tuple(seen.sources) == failed_run.sources
    assert seen.build is not None
    assert failed_run.build is not None
    assert seen.build.nodes == failed_run.build.nodes
    assert seen.warnings[1:] == ["again"]


def test_nothing_is_known_of_a_build_that_has_not_begun() -> None:
    assert SeenProgress().build is None


@pytest.mark.parametrize("text", ["", "plain", "a\nb"])
def test_errors_come_as_in_the_document(text: str) -> None:
    failure = Failure("SyncError", text, "hint")
    run = RunResult(
        "sync",
        sources=(SyncResult("shop", "failed", None, error=failure),),
        build=BuildResult("not_run", (NodeResult("model.a.b", "error", 1, text),), failure),
        error=failure,
        error_code=ExitCode.USAGE,
    )

    expected = {"type": "SyncError", "message": text, "hint": "hint"}
    told = [line["error"] for line in lines(run) if "error" in line]
    assert told == [expected] * 3


def test_the_documentation_names_every_event_and_key(failed_run: RunResult) -> None:
    page = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)`(?: \(debug\))? \| (.*) \|$", page, re.MULTILINE))
    for line in lines(failed_run, Verbosity.VERBOSE):
        keys = set(line) - {"time", "level", "event"}
        assert {key for key in keys if f"`{key}`" not in rows[line["event"]]} == set(), line
