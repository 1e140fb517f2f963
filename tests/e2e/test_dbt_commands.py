"""`build` and `dbt` hand on to dbt, in process or to another executable, and so do exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

CODE = """\
import dlt


@dlt.resource(primary_key="id", write_disposition="replace")
def people():
    yield [{"id": 1, "name": "Ann", "pets": ["cat", "dog"]}, {"id": 2, "name": "Bo"}]
"""


def _people(workspace: Workspace) -> Workspace:
    workspace.code("people", CODE)
    workspace.declare(people={})
    workspace.mart("names", "select name from {{ ref('stg_people__people') }}")
    workspace.mart("pets", "select value as pet from {{ ref('stg_people__people__pets') }}")
    return workspace


@pytest.fixture(scope="module")
def people(new_workspace: Callable[[], Workspace]) -> Workspace:
    workspace = _people(new_workspace())
    assert workspace.run().exit_code == 0
    return workspace


def test_build_hands_the_selection_to_dbt(people: Workspace) -> None:
    from dango_dbt import Project

    result = Project.find(people.root).build(["--select", "names"])
    assert result.exit_code == 0
    assert result.build is not None
    assert [node.unique_id for node in result.build.nodes] == ["model.shop.names"]


def test_build_by_the_command_takes_dbts_options(people: Workspace) -> None:
    done = people.command("build", "--json", "--select", "stg_people__people+", "--exclude", "pets")
    assert done.returncode == 0, done.stderr
    nodes = {node["unique_id"] for node in json.loads(done.stdout)["build"]["nodes"]}
    assert "model.shop.names" in nodes
    assert "model.shop.pets" not in nodes


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["build", "--selct", "names"], 2, "No such option"),
        (["build", "--select", "no_such_model"], 0, "no_such_model"),
        (["dbt", "--version"], 0, "duckdb"),
        (["dbt", "nothing"], 2, "No such command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_process_ends_with_dbts_exit_code_and_words(
    people: Workspace, arguments: list[str], exit_code: int, says: str
) -> None:
    done = people.command(*arguments)
    assert done.returncode == exit_code, done
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["ls", "--select", "names", "--quiet"], 0, "shop.marts.names"),
        (["ls", "--selct", "names"], 2, "No such option"),
        (["run", "--select", "names"], 0, "PASS=1"),
        (["test", "--select", "no_names"], 1, "FAIL 2"),
        (["show", "--inline", "select no_such_column"], 2, "no_such_column"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_any_dbt_command_keeps_its_exit_code_and_output(
    people: Workspace,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    exit_code: int,
    says: str,
) -> None:
    from dango_dbt import Project

    test = people.write("dbt_project/tests/no_names.sql", "from {{ ref('stg_people__people') }}")
    try:
        assert Project.find(people.root).dbt(arguments) == exit_code
    finally:
        test.unlink()
    said = capfd.readouterr()
    assert says in said.out + said.err


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(False, id="in process"),
        pytest.param(True, id="executable", marks=pytest.mark.slow),
    ],
)
def test_a_project_that_does_not_parse_is_exit_2_with_dbts_message(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *, other: bool
) -> None:
    if other:
        monkeypatch.setenv("DANGO_DBT", str(Path(sys.executable).with_name("dbt")))
    _people(workspace)
    workspace.mart("broken", "select * from {{ ref('nowhere') }}")
    result = workspace.run()
    assert result.exit_code == 2
    assert [source.status for source in result.sources or ()] == ["success"]
    assert result.build is not None
    assert result.build.status == "not_run"
    assert result.build.error is not None
    assert "depends on a node named 'nowhere'" in result.build.error.message


@pytest.mark.slow
def test_another_dbt_executable_gives_the_same_results(
    people: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = people.run()
    monkeypatch.setenv("DANGO_DBT", str(Path(sys.executable).with_name("dbt")))
    there = people.run()
    assert (here.exit_code, there.exit_code) == (0, 0)
    assert here.build is not None
    assert there.build is not None
    nodes = [
        sorted((node.unique_id, node.status, node.message) for node in build.nodes)
        for build in (here.build, there.build)
    ]
    assert nodes[0] == nodes[1]
    assert here.files == there.files
    assert people.count("main_marts.names") == 2

    people.mart("late_error", "select no_such_column from {{ ref('names') }}")
    try:
        failed = people.run()
    finally:
        (people.root / "dbt_project/models/marts/late_error.sql").unlink()
    assert failed.exit_code == 1
    assert failed.build is not None
    (node,) = (node for node in failed.build.nodes if node.failed)
    assert node.unique_id == "model.shop.late_error"
    assert "no_such_column" in str(node.message)
