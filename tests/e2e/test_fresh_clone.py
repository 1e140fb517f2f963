"""A fresh clone, with nothing but the warehouse, goes on where other machines have stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dango_dbt import Project

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace
    from tests.postgres import Server

pytestmark = pytest.mark.slow

EVENTS = """\
from pathlib import Path

import dlt

UPTO = Path(__file__).with_name("upto.txt")

@dlt.source
def events():
    @dlt.resource(write_disposition="append")
    def clicks(id=dlt.sources.incremental("id", initial_value=-1, range_start="open")):
        begin = id.last_value + 1
        with UPTO.with_name("asked.txt").open("a") as file:
            file.write(f"{begin}\\n")
        yield [{"id": id_, "parts": [1, 2]} for id_ in range(begin, int(UPTO.read_text()))]

    @dlt.resource(primary_key="id", write_disposition="merge")
    def people():
        yield [{"id": id_, "parts": [1, 2]} for id_ in range(int(UPTO.read_text()))]

    return clicks, people
"""
MART = "select count(*) as clicks from {{ ref('stg_events__clicks') }}\n"
IGNORED = (".dango/state", "dbt_project/target", "dbt_project/logs")
TABLES = {"clicks": 8, "clicks__parts": 16, "people": 8, "people__parts": 16}


@pytest.fixture(params=["duckdb", "postgres"])
def project(request: pytest.FixtureRequest, workspace: Workspace) -> Workspace:
    """Give a project that another machine has loaded 5 of 8 clicks into."""
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres")
        outputs: dict[str, Any] = {"dev": {**server.database().fields, "schema": "main"}}
        profile = {"shop": {"target": "dev", "outputs": outputs}}
        workspace.write("dbt_project/profiles.yml", yaml.safe_dump(profile))
    workspace.code("events", EVENTS)
    upto(workspace, 5)
    workspace.declare(events={})
    workspace.mart("totals", MART)
    assert workspace.run().exit_code == 0
    for folder in IGNORED:
        if (workspace.root / folder).exists():
            workspace.remove(folder)
    upto(workspace, 8)
    return workspace


def upto(workspace: Workspace, number: int) -> None:
    workspace.write("custom_sources/upto.txt", str(number))


def asked(workspace: Workspace) -> list[int]:
    """Tell from which id on each sync has asked."""
    return [int(line) for line in Path(workspace.root, "custom_sources/asked.txt").open()]


def test_it_goes_on_and_doubles_nothing(project: Workspace) -> None:
    (events,) = Project.find(project.root).status().sources
    assert events.loaded is not None
    assert events.code == "up to date"
    assert events.rows == {"clicks": 5, "clicks__parts": 10, "people": 5, "people__parts": 10}
    assert events.last_run is None

    before = project.generated()
    restored = Project.find(project.root).generate(from_destination=True)
    assert {file.action for file in restored.files or ()} == {"unchanged"}
    assert project.generated() == before

    run = project.run()
    assert run.exit_code == 0, run
    assert asked(project) == [0, 5]
    (events,) = Project.find(project.root).status().sources
    assert events.rows == TABLES
    assert (events.last_run, events.code, events.unbuilt) == ("success", "up to date", ())
    assert project.generated() == before


@pytest.mark.parametrize("project", ["duckdb"], indirect=True)
def test_it_needs_no_schema_in_git_either(project: Workspace) -> None:
    before = project.generated()
    project.remove(".dango/schemas")
    project.remove(".dango/generated")
    project.remove("dbt_project/models/staging")
    restored = Project.find(project.root).generate(from_destination=True)
    assert {file.action for file in restored.files or ()} <= {"created", "unchanged"}
    assert project.generated() == before
    assert project.run().exit_code == 0
    assert asked(project) == [0, 5]
    (events,) = Project.find(project.root).status().sources
    assert events.rows == TABLES
