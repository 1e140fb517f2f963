"""A failure takes only its own descendants along, and each of them says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dango_dbt.results import NOT_BUILT

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Api, Workspace

pytestmark = pytest.mark.slow

SOURCE = """
    import dlt
    from dlt.sources.helpers import requests

    @dlt.resource(primary_key="id", write_disposition="merge")
    def items(base_url: str, path: str):
        response = requests.get(f"{base_url}/{path}", params={"limit": 100})
        response.raise_for_status()
        yield from response.json()[path]
"""
SOURCES = ("north", "east", "south", "west")


def _project(workspace: Workspace, api: Api) -> None:
    """Four sources, a mart each, and marts over two of them."""
    api.lists.update({name: [{"id": 1}, {"id": 2}] for name in SOURCES})
    workspace.code("items", SOURCE)
    workspace.declare(
        **{
            name: {
                "module": "items",
                "function": "items",
                "kwargs": {"base_url": api.url, "path": name},
            }
            for name in SOURCES
        }
    )
    for name in SOURCES:
        workspace.mart(f"{name}_mart", f"select id from {{{{ ref('stg_{name}__items') }}}}")
    both = "select a.id from {{{{ ref('{}') }}}} as a join {{{{ ref('{}') }}}} as b using (id)"
    workspace.mart("north_east", both.format("north_mart", "east_mart"))
    workspace.mart("south_west", both.format("south_mart", "west_mart"))
    workspace.mart("east_west", both.format("stg_east__items", "west_mart"))


def outcomes(result: RunResult) -> dict[str, str]:
    """How each model came out: its status, or why it was not built."""
    assert result.build is not None
    return {
        node.unique_id.rpartition(".")[2]: node.message
        if (node.message or "").startswith(NOT_BUILT) and node.message
        else node.status
        for node in result.build.nodes
        if node.unique_id.startswith("model.")
    }


def test_one_source_fails_and_another_has_a_bad_mart(workspace: Workspace, api: Api) -> None:
    _project(workspace, api)
    assert workspace.run().exit_code == 0
    api.failing.add("north")
    workspace.mart("south_mart", "select nothing_of_the_kind from {{ ref('stg_south__items') }}")

    result = workspace.run()

    assert result.exit_code == 1
    assert {source.name: source.status for source in result.sources or ()} == {
        "north": "failed",
        "east": "success",
        "south": "success",
        "west": "success",
    }
    why = "not built: source `north` failed"
    assert outcomes(result) == {
        "stg_north__items": why,
        "north_mart": why,
        "north_east": why,  # though its other parent is good
        "stg_east__items": "success",
        "east_mart": "success",
        "stg_south__items": "success",
        "south_mart": "error",
        "south_west": "skipped",  # by dbt
        "stg_west__items": "success",
        "west_mart": "success",
        "east_west": "success",
    }
    tests = [node for node in result.build.nodes if node.unique_id.startswith("test.")]  # type: ignore[union-attr] # seen above
    assert {node.status for node in tests if "north" in node.unique_id} == {"skipped"}
    assert {node.status for node in tests if "east_items" in node.unique_id} <= {"pass"}

    api.failing.clear()
    workspace.mart("south_mart", "select id from {{ ref('stg_south__items') }}")
    healed = workspace.run(changed_only=True)
    assert healed.exit_code == 0, healed
    assert set(outcomes(healed).values()) == {"success"}


def test_a_selection_whose_sources_have_all_failed_builds_nothing(
    workspace: Workspace, api: Api
) -> None:
    _project(workspace, api)
    assert workspace.run().exit_code == 0
    api.failing.update({"north", "east"})
    result = workspace.run(select=["+north_east"])
    assert result.exit_code == 1
    assert result.build is not None
    assert (result.build.status, result.build.error) == ("not_run", None)
    both = "not built: source `north` failed and source `east` failed"
    assert outcomes(result)["north_east"] == both
    assert outcomes(result)["east_mart"] == "not built: source `east` failed"


def test_fail_fast_ends_with_the_first_failure(workspace: Workspace, api: Api) -> None:
    _project(workspace, api)
    assert workspace.run().exit_code == 0
    api.failing.add("north")
    result = workspace.run(parallel=1, fail_fast=True)
    assert result.exit_code == 1
    assert [source.status for source in result.sources or ()] == ["failed", *["skipped"] * 3]
    assert result.build is not None
    assert result.build.reason == "source `north` failed (--fail-fast)"


def test_a_source_that_failed_before_it_was_ever_generated_names_what_waits_for_it(
    workspace: Workspace, api: Api
) -> None:
    _project(workspace, api)
    api.failing.add("north")
    result = workspace.run()
    assert result.exit_code == 2
    assert result.build is not None
    assert result.build.error is not None
    hint = result.build.error.hint or ""
    assert "source `north` failed, and has never been loaded" in hint
    assert "dbt_project/models/marts/north_mart.sql" in hint
    assert "north_east" not in hint, "it needs the mart, not the source"


def test_of_a_failed_source_that_was_accepted_elsewhere_the_staging_is_there(
    workspace: Workspace, api: Api
) -> None:
    """A fresh machine: git has the accepted schema, and the source fails at its first load."""
    _project(workspace, api)
    assert workspace.run().exit_code == 0
    for name in ("data", ".dango/state", "dbt_project/models/staging"):
        workspace.remove(name)
    api.failing.add("north")
    result = workspace.run()
    assert result.exit_code == 1
    assert outcomes(result)["north_mart"] == "not built: source `north` failed"
    assert outcomes(result)["east_west"] == "success"


def test_a_selection_on_a_fresh_project_loads_first_what_dbt_does_not_know(
    workspace: Workspace, api: Api
) -> None:
    _project(workspace, api)
    result = workspace.run(select=["+east_west"])
    assert result.exit_code == 0, result
    assert set(outcomes(result)) == {"stg_east__items", "stg_west__items", "west_mart", "east_west"}
    api.calls.clear()
    again = workspace.run(select=["+east_west"])
    assert again.exit_code == 0
    assert dict(api.calls) == {"east": 1, "west": 1}
