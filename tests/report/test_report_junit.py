"""A run as JUnit XML, read back and held against what its readers take."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dango_dbt.errors import ConfigError, ExitCode, Place
from dango_dbt.report import to_junit
from dango_dbt.results import BuildResult, BuildStatus, Failure, NodeResult, RunResult, SyncResult
from tests.report.junit_schema import check


def read(run: RunResult, dbt_folder: str = "dbt_project") -> ET.Element:
    root = ET.fromstring(to_junit(run, dbt_folder))  # noqa: S314 - our own
    check(root)
    return root


def outcomes(root: ET.Element) -> dict[str, dict[str, str]]:
    return {
        suite.get("name", ""): {
            case.get("name", ""): case[0].tag if len(case) else "passed" for case in suite
        }
        for suite in root
    }


def test_each_part_of_a_run_is_a_suite_with_dbts_words_in_junits(failed_run: RunResult) -> None:
    root = read(failed_run)

    assert outcomes(root) == {
        "sources": {
            "shop": "passed",
            "payments_api": "error",
            "prices": "failure",
            "old": "skipped",
        },
        "dbt nodes": {
            "stg_shop__carts": "passed",
            "codes": "passed",
            "sales": "error",
            "sales_by_day.v2": "skipped",
        },
        "dbt tests": {
            "unique_stg_shop__carts_id": "passed",
            "parent_exists": "system-out",
            "no_gaps": "failure",
        },
        "run": {"dbt_project/models/staging/shop/stg_shop__orders.sql": "failure"},
    }
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "12",
        "failures": "3",
        "errors": "2",
        "skipped": "2",
    }
    error = root.find(".//testcase[@name='payments_api']/error")
    assert error is not None
    assert error.get("type") == "SyncError"
    assert error.get("message") == "extract failed: 401 [bold]no[/bold] [/] → set KEY in .env"
    assert error.text == "extract failed:\n401 [bold]no[/bold] [/]\n→ set KEY in .env"


def test_a_case_names_its_file() -> None:
    error = Failure("SyncError", "no", place=Place(Path("a.py"), 7))
    nodes = (NodeResult("model.demo.sales", "error", 0.2, "no", "models/marts/sales.sql"),)
    run = RunResult(
        "sync-and-build",
        sources=(SyncResult("shop", "failed", None, error=error),),
        build=BuildResult("failed", nodes),
    )

    cases = {case.get("name"): case.attrib for case in read(run, "../dbt").iter("testcase")}

    assert (cases["shop"]["file"], cases["shop"]["line"]) == ("a.py", "7")
    assert cases["sales"]["file"] == "../dbt/models/marts/sales.sql"
    assert cases["sales"]["classname"] == "demo.model"


@pytest.mark.parametrize(
    "text",
    ["\x00\x01\x0b\x1f", "\ufffe\uffff", "\udc80", "]]> <a> & \"'", "\x1b[31mred\x1b[0m", "𝄞 é"],
    ids=["control", "noncharacters", "surrogate", "markup", "colour", "unicode"],
)
def test_what_xml_cannot_hold_breaks_nothing(text: str) -> None:
    run = RunResult(
        "sync",
        sources=(SyncResult(text, "failed", None, error=Failure(text, text, text)),),
        build=BuildResult("failed", (NodeResult(f"model.{text}.a", text, 0, text, text),)),
        error=Failure(text, text),
        error_code=ExitCode.FAILURE,
    )

    assert len(list(read(run).iter("testcase"))) == 3


def test_tests_of_one_name_are_two() -> None:
    nodes = [NodeResult(f"test.demo.same.{'ab' * 5}{n}", "pass", 0.1, None) for n in range(2)]
    root = read(RunResult("build", build=BuildResult("success", tuple(nodes))))

    assert outcomes(root)["dbt tests"] == {
        "same.ababababab0": "passed",
        "same.ababababab1": "passed",
    }


def test_a_run_that_did_not_begin_is_an_error_not_an_empty_report() -> None:
    error = Failure.of(ConfigError("no project", hint="init"))
    root = read(RunResult("sync", error=error, error_code=ExitCode.USAGE))

    assert outcomes(root) == {"run": {"sync": "error"}}


def test_dbt_that_did_not_run_is_an_error() -> None:
    build = BuildResult("not_run", error=Failure("BuildError", "Compilation Error"))
    root = read(RunResult("build", build=build))

    assert outcomes(root) == {"dbt nodes": {"dbt build": "error"}, "dbt tests": {}}


def test_an_interrupted_run_tells_what_was_done() -> None:
    run = RunResult(
        "sync-and-build",
        sources=(SyncResult("shop", "success", "raw_shop"),),
        error=Failure("KeyboardInterrupt", "interrupted"),
        error_code=ExitCode.INTERRUPTED,
    )

    assert outcomes(read(run)) == {
        "sources": {"shop": "passed"},
        "run": {"sync-and-build": "error"},
    }


@pytest.mark.parametrize(("status", "skipped"), [("not_run", "1"), ("failed", "0")])
def test_a_build_that_was_not_asked_for_is_skipped_with_why(
    status: BuildStatus, skipped: str
) -> None:
    """As with --fail-fast, where a source has failed; a build that was interrupted did run."""
    build = BuildResult(status, reason="source `crm` failed (--fail-fast)")
    root = read(RunResult("sync-and-build", build=build))
    assert root.get("skipped") == skipped
    told = [case.get("message") for case in root.iter("skipped")]
    assert told == (["not run: source `crm` failed (--fail-fast)"] if skipped == "1" else [])
