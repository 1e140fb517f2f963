"""What a pipeline reads: lines of JSON, a JUnit file, GitHub's annotations and its summary."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.report.junit_schema import check

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

CODE = """\
import os
import subprocess

import dlt

@dlt.resource(primary_key="id", write_disposition="replace")
def good():
    print("printed by the source")
    os.write(2, b"written to fd 2\\n")
    subprocess.run(["echo", "::error::echoed by a child"], check=True)
    yield [{"id": 1}, {"id": 2}]

@dlt.resource
def bad():
    yield {"id": 1}
    raise ValueError("100% <wrong>")
"""


@pytest.fixture(scope="module")
def project(new_workspace: Callable[[], Workspace]) -> Workspace:
    """Give a project where a source, a model and a test fail, and a test warns."""
    workspace = new_workspace()
    workspace.code("shop", CODE)
    workspace.declare(
        good={"module": "shop", "function": "good"}, bad={"module": "shop", "function": "bad"}
    )
    workspace.mart("broken", "select nothing")
    for name, severity in (("none", "error"), ("few", "warn")):
        config = f"{{{{ config(severity='{severity}') }}}}"
        workspace.write(
            f"dbt_project/tests/{name}.sql",
            f"{config} select * from {{{{ ref('stg_good__good') }}}}",
        )
    return workspace


@pytest.fixture(scope="module")
def done(project: Workspace) -> subprocess.CompletedProcess[str]:
    """Run it on GitHub, with all that there is to read."""
    return project.command(
        "sync-and-build",
        "--json",
        "--log-format=json",
        "--junit-xml=out/junit.xml",
        GITHUB_ACTIONS="true",
        GITHUB_WORKSPACE=str(project.root),
        GITHUB_STEP_SUMMARY=str(project.root / "summary.md"),
    )


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.slow
def test_stdout_is_the_document_and_stderr_lines_of_json(
    done: subprocess.CompletedProcess[str],
) -> None:
    document, lines = json.loads(done.stdout), _lines(done.stderr)

    assert done.returncode == document["exit_code"] == 1
    printed = [line["message"] for line in lines if line["event"] == "output"]
    assert set(printed) >= {
        "printed by the source",
        "written to fd 2",
        "::error::echoed by a child",
    }
    last = lines[-1]
    assert (last["event"], last["exit_code"], last["status"]) == ("run_finished", 1, "failed")
    assert last["sources"] == {"success": 1, "failed": 1}
    finished = [line["node"] for line in lines if line["event"] == "node_finished"]
    assert set(finished) >= {"model.shop.broken", "test.shop.none", "test.shop.few"}
    paths = {node["unique_id"]: node["path"] for node in document["build"]["nodes"]}
    assert paths["model.shop.broken"] == "models/marts/broken.sql"
    assert paths["test.shop.few"] == "tests/few.sql"
    assert paths["model.shop.stg_good__good"] is None


@pytest.mark.slow
def test_the_junit_file_has_all_of_it(
    project: Workspace, done: subprocess.CompletedProcess[str]
) -> None:
    assert done.returncode == 1
    root = ET.parse(project.root / "out/junit.xml").getroot()  # noqa: S314 - our own

    check(root)
    assert {suite.get("name"): suite.get("errors") for suite in root} == {
        "sources": "1",
        "dbt nodes": "1",
        "dbt tests": "0",
    }
    files = {case.get("name"): case.get("file") for case in root.iter("testcase")}
    assert files["bad"] == "custom_sources/shop.py"
    assert files["broken"] == "dbt_project/models/marts/broken.sql"


@pytest.mark.slow
def test_the_summary_of_the_step_is_added(
    project: Workspace, done: subprocess.CompletedProcess[str]
) -> None:
    assert done.returncode == 1
    text = (project.root / "summary.md").read_text(encoding="utf-8")

    assert text.startswith("### ❌ dango-dbt sync-and-build\n")
    assert "- `model broken` error (`models/marts/broken.sql`)\n" in text


@pytest.mark.parametrize("format_", ["text", "json"])
def test_annotations_are_on_the_stream_that_is_free(workspace: Workspace, format_: str) -> None:
    # no source: the quickest run that fails
    done = workspace.command(
        "sync",
        "--target=none",
        f"--log-format={format_}",
        "--junit-xml=junit.xml",
        GITHUB_ACTIONS="true",
        GITHUB_WORKSPACE=str(workspace.root),
    )

    assert done.returncode == 2
    stream, other = (done.stdout, done.stderr) if format_ == "json" else (done.stderr, done.stdout)
    (line,) = [each for each in stream.splitlines() if each.startswith("::")]
    assert line.startswith("::error ")
    assert "::error" not in other
    if format_ == "json":
        assert stream == f"{line}\n"
        assert _lines(other)[-1]["error"]["type"] == "ConfigError"
    assert ET.parse(workspace.root / "junit.xml").getroot().get("errors") == "1"  # noqa: S314 - our own


def test_off_github_there_are_no_annotations(workspace: Workspace) -> None:
    done = workspace.command("sync", "--target=none", GITHUB_ACTIONS="false")

    assert done.returncode == 2
    assert "::" not in done.stdout + done.stderr


def test_wrong_usage_is_a_line_too(tmp_path: Path, workspace: Workspace) -> None:
    done = workspace.command("sync", "--log-format", "json", "--none", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = _lines(done.stderr)
    assert (line["event"], line["exit_code"]) == ("run_finished", 2)
    assert line["error"]["type"] == "UsageError"


def test_a_junit_file_that_cannot_be_written_fails_the_run(workspace: Workspace) -> None:
    workspace.declare()
    workspace.write("file", "")
    done = workspace.command("sync", "--json", "--no-generate", "--junit-xml=file/junit.xml")

    assert done.returncode == 2, done.stderr
    assert "cannot be written" in json.loads(done.stdout)["error"]["message"]


@pytest.mark.parametrize("junit", [["--junit-xml=out/junit.xml"], ["--junit-xml", "out/junit.xml"]])
def test_wrong_usage_is_in_the_junit_file_too(workspace: Workspace, junit: list[str]) -> None:
    """A pipeline that reads the file is not to take that of an earlier run for this one's."""
    done = workspace.command("sync", *junit, "--refresh", "all")

    assert done.returncode == 2
    root = ET.parse(workspace.root / "out/junit.xml").getroot()  # noqa: S314 - our own
    check(root)
    assert root.find(".//testsuite[@name='run']//error[@type='UsageError']") is not None


def test_a_place_in_profiles_yml_is_seen_from_the_projects_root(workspace: Workspace) -> None:
    workspace.declare()
    done = workspace.command("sync", "--target=none", "--json", "--junit-xml=junit.xml")

    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["message"].startswith("dbt_project/profiles.yml:3:3: ")
    (case,) = ET.parse(workspace.root / "junit.xml").getroot().iter("testcase")  # noqa: S314 - our own
    assert (case.get("file"), case.get("line")) == ("dbt_project/profiles.yml", "3")
    for command in ("status", "ls", "source list"):
        done = workspace.command(*command.split(), "--target=none", cwd=workspace.root / ".dlt")
        assert done.stderr.startswith("Error: dbt_project/profiles.yml:3:3: "), done.stderr
