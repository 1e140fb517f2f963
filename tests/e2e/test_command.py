"""The command as a process: exit codes, what it prints, and where it may be started from."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

NOISY = """\
import os
import subprocess
import sys

import dlt

print("printed while imported")

@dlt.resource(primary_key="id", write_disposition="replace")
def noisy():
    print("printed by the source")
    sys.stdout.flush()
    os.write(1, b"written to fd 1\\n")
    subprocess.run([sys.executable, "-c", "print('echoed by a child')"], check=True)
    yield [{"id": 1}, {"id": 2}]
"""
NOISES = [
    "printed while imported",
    "printed by the source",
    "written to fd 1",
    "echoed by a child",
]
SOURCE_KEYS = {"name", "status", "dataset", "tables", "schema_changes", "seconds", "error"}


@pytest.fixture(scope="module")
def noisy(new_workspace: Callable[[], Workspace]) -> Workspace:
    """Give a project with a source that prints in every way there is, built once."""
    workspace = new_workspace()
    workspace.code("noisy", NOISY)
    workspace.declare(noisy={}, other={"module": "noisy", "function": "noisy", "enabled": False})
    workspace.mart("total", "select count(*) as n from {{ ref('stg_noisy__noisy') }}")
    (workspace.root / "dbt_project" / "seeds").mkdir()
    result = workspace.run()
    assert result.exit_code == 0, result
    return workspace


def _document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Read stdout, which must be one JSON document and nothing else."""
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    assert {"command", "status", "exit_code", "target", "sources", "files", "build"} <= set(
        document
    )
    assert {"status", "nodes"} <= set(document["build"])
    for source in document["sources"]:
        assert set(source) >= SOURCE_KEYS
        assert set(source["seconds"]) >= {"extract", "normalize", "load"}
    for file in document["files"]:
        assert set(file) >= {"path", "action"}
    for node in document["build"]["nodes"]:
        assert set(node) >= {"unique_id", "status", "seconds", "message"}
    assert document["exit_code"] == done.returncode
    assert document["status"] == ("success" if done.returncode == 0 else "failed")
    return document


@pytest.mark.parametrize(
    ("command", "loads", "writes", "builds"),
    [
        ("sync-and-build", True, True, True),
        ("sync", True, True, False),
        ("generate", False, True, False),
        ("build", False, False, True),
    ],
)
def test_with_json_stdout_is_one_document_whatever_the_source_prints(
    noisy: Workspace, command: str, *, loads: bool, writes: bool, builds: bool
) -> None:
    done = noisy.command(command, "--json")
    assert done.returncode == 0, done.stderr
    document = _document(done)
    assert document["command"] == command
    assert [source["name"] for source in document["sources"]] == ["noisy"] * loads
    assert bool(document["files"]) == writes
    assert document["build"]["status"] == ("success" if builds else "not_run")
    assert bool(document["build"]["nodes"]) == builds
    for noise in NOISES:
        assert (noise in done.stderr) == loads


@pytest.mark.parametrize(
    ("arguments", "says", "hint"),
    [
        (["sync-and-build", "--source", "nosy"], "no source `nosy`", "did you mean `noisy`?"),
        (["sync", "--source", "other"], "source `other` is disabled", "enabled: true"),
        (["build", "--target", "prod"], "no target 'prod'", "profiles.yml"),
    ],
    ids=["unknown source", "disabled source", "unknown target"],
)
def test_an_error_is_a_document_too(
    noisy: Workspace, arguments: list[str], says: str, hint: str
) -> None:
    done = noisy.command(*arguments, "--json")
    assert done.returncode == 2, done.stderr
    document = _document(done)
    assert says in document["error"]["message"]
    assert hint in document["error"]["hint"]


@pytest.mark.parametrize(
    ("arguments", "command", "says"),
    [
        (["sync", "--json", "--nope"], "sync", "--nope"),
        (["sync-and-build", "--threads", "x", "--json"], "sync-and-build", "'x' is not a valid"),
        (["sync", "--json", "--refresh", "drop_data"], "sync", "confirm with --yes"),
        (["source", "list", "--json", "more"], "source list", "unexpected extra argument"),
        (["source", "add", "--json", "crm"], "source add", "Say where the source comes from"),
        (["snc", "--json"], "", "No such command 'snc'"),
    ],
)
def test_wrong_usage_is_a_document_too(
    tmp_path: Path, arguments: list[str], command: str, says: str
) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dango_dbt", *arguments],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    document = _document(done)
    assert (document["command"], document["error"]["type"]) == (command, "UsageError")
    assert says in document["error"]["message"]
    assert says in done.stderr
    plain = run(*(argument for argument in arguments if argument != "--json"))
    assert (plain.returncode, plain.stdout) == (2, "")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: '1.0'\nsources:\n  - name: [\n", ":4:1"),
        ("version: '1.0'\nsorces:\n  - name: shop\n", ":2:1"),
    ],
    ids=["no YAML", "unknown key"],
)
def test_a_broken_sources_file_is_a_document_that_names_the_place(
    workspace: Workspace, text: str, place: str
) -> None:
    workspace.write(".dango/sources.yml", text)
    done = workspace.command("sync-and-build", "--json")
    assert done.returncode == 2, done.stderr
    message = _document(done)["error"]["message"]
    assert f"sources.yml{place}" in message
    assert "Traceback" not in done.stderr


def test_a_folder_without_a_project_is_a_document_too(noisy: Workspace, tmp_path: Path) -> None:
    done = noisy.command("sync-and-build", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert ".dango/sources.yml" in _document(done)["error"]["message"]


@pytest.mark.slow
def test_a_model_that_fails_is_in_the_summary_and_in_the_document(workspace: Workspace) -> None:
    workspace.code("noisy", NOISY)
    workspace.declare(noisy={})
    workspace.mart("broken", "select no_such_column from {{ ref('stg_noisy__noisy') }}")
    workspace.mart("fine", "select id from {{ ref('stg_noisy__noisy') }}")
    said = workspace.command("sync-and-build")
    assert said.returncode == 1, said.stderr
    assert "model broken" in said.stdout
    assert 'Referenced column "no_such_column" not found' in said.stdout
    assert "Failed: 1 node" in said.stdout.splitlines()[-1]

    document = _document(workspace.command("build", "--json"))
    assert document["exit_code"] == 1
    assert document["build"]["status"] == "failed"
    nodes = {node["unique_id"]: node for node in document["build"]["nodes"]}
    assert nodes["model.shop.broken"]["status"] == "error"
    assert "no_such_column" in nodes["model.shop.broken"]["message"]
    assert nodes["model.shop.fine"]["status"] == "success"


def test_a_test_that_fails_is_exit_1(workspace: Workspace) -> None:
    workspace.code("noisy", NOISY)
    workspace.declare(noisy={})
    workspace.write("dbt_project/tests/no_ids.sql", "select id from {{ ref('stg_noisy__noisy') }}")
    result = workspace.run()
    assert result.exit_code == 1
    assert result.build is not None
    (failed,) = (node for node in result.build.nodes if node.failed)
    assert (failed.unique_id, failed.status) == ("test.shop.no_ids", "fail")


@pytest.mark.parametrize("folder", ["dbt_project", "dbt_project/models/marts", "data"])
def test_the_same_warehouse_is_reached_from_every_folder_of_the_project(
    noisy: Workspace, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    from dango_dbt import Project

    monkeypatch.chdir(noisy.root / folder)
    result = Project.find().sync_and_build()
    assert result.exit_code == 0, result
    assert Path.cwd() == noisy.root / folder
    assert list(noisy.root.parent.rglob("*.duckdb")) == [noisy.warehouse]


def test_the_command_in_a_subfolder_sums_up_on_stdout(noisy: Workspace) -> None:
    done = noisy.command("sync-and-build", cwd=noisy.root / "custom_sources")
    assert done.returncode == 0, done.stderr
    assert "Sources" in done.stdout
    assert "raw_noisy" in done.stdout
    assert "Done in" in done.stdout.splitlines()[-1]
    assert "Sources" not in done.stderr
    assert list(noisy.root.parent.rglob("*.duckdb")) == [noisy.warehouse]


@pytest.mark.slow
@pytest.mark.parametrize("relative", [True, False])
def test_the_command_with_project_dir_reaches_the_same_warehouse(
    noisy: Workspace, tmp_path: Path, *, relative: bool
) -> None:
    cwd = noisy.root.parent if relative else tmp_path
    named = noisy.root.name if relative else str(noisy.root)
    command = "sync" if relative else "sync-and-build"
    done = noisy.command(command, "--quiet", "--project-dir", named, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "Done" not in done.stdout  # what the source prints is the user's affair
    assert list(noisy.root.parent.rglob("*.duckdb")) == [noisy.warehouse]
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_is_a_plain_dbt_project(noisy: Workspace) -> None:
    without = (
        "import sys; sys.modules['dango_dbt'] = None;"
        "from dbt.cli.main import dbtRunner;"
        "sys.exit(0 if dbtRunner().invoke(['build']).success else 1)"
    )
    noisy.mart("from_plain_dbt", "select max(id) as largest from {{ ref('stg_noisy__noisy') }}")
    done = subprocess.run(
        [sys.executable, "-c", without],
        cwd=noisy.root / "dbt_project",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert noisy.rows("select largest from main_marts.from_plain_dbt") == [(2,)]
    assert list(noisy.root.parent.rglob("*.duckdb")) == [noisy.warehouse]
