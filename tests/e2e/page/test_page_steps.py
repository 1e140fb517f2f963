"""The guide's steps, from a file and an entry in sources.yml to tables: its blocks, unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from dango_dbt.errors import ConfigError

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace
    from tests.e2e.page.conftest import Hosts, Page, Request

Shell: TypeAlias = Callable[[str], CompletedProcess[str]]
Load: TypeAlias = Callable[[], None]

SOURCES = ".dango/sources.yml"
DUMMYJSON = Path(__file__).parents[4] / "shared" / "dummyjson"


def _value(block: str) -> str:
    """Read what a block's `NAME = value` assigns."""
    (value,) = re.findall(r'=\s*"?([^"\s]+)"?\s*$', block, flags=re.MULTILINE)
    return str(value)


# ---------------------------------------------------------------- verified sources

#: Stands in for a verified source; its function has the arguments that the guide gives it.
HUBSPOT = """\
import dlt


@dlt.source
def hubspot(api_key{default}, include_history=True):
    @dlt.resource
    def contacts():
        yield {{"api_key": api_key, "include_history": include_history}}

    return contacts
"""


@pytest.mark.slow
def test_a_verified_source_that_dlt_does_not_hold_is_explained(
    workspace: Workspace, page: Page, shell: Shell
) -> None:
    workspace.write(SOURCES, page("Quick Guide", 1))
    workspace.write(".dlt/secrets.toml", page("Quick Guide", 2))
    _explained(shell(page("Quick Guide", 4)))
    workspace.write(SOURCES, page("Real Example: HubSpot", 1))
    workspace.write(".dlt/secrets.toml", page("Real Example: HubSpot", 2))
    _explained(shell(page("Real Example: HubSpot", 3)))


def _explained(done: CompletedProcess[str]) -> None:
    assert done.returncode == 1
    said = " ".join((done.stdout + done.stderr).split())
    assert "there is no module `dlt.sources.hubspot`" in said
    assert "`hubspot` as a verified source" in said
    assert "Traceback" not in said
    assert "ImportError" not in said


@pytest.mark.parametrize("default", ["", "=dlt.secrets.value"])
def test_its_key_comes_from_secrets_toml_by_the_sources_name(
    workspace: Workspace, page: Page, load: Load, default: str
) -> None:
    workspace.code("hubspot", HUBSPOT.format(default=default))
    workspace.write(SOURCES, _with_stand_in(page("Quick Guide", 1)))
    workspace.write(".dlt/secrets.toml", page("Quick Guide", 2))
    load()
    given = workspace.rows("select api_key, include_history from raw_my_hubspot.contacts")
    assert given == [(_value(page("Quick Guide", 2)), True)]

    workspace.write(SOURCES, _with_stand_in(page("Real Example: HubSpot", 1)))
    workspace.write(".dlt/secrets.toml", page("Real Example: HubSpot", 2))
    load()
    given = workspace.rows("select api_key, include_history from raw_hubspot_crm.contacts")
    assert given == [(_value(page("Real Example: HubSpot", 2)), False)]


def test_its_key_comes_from_env_beside_the_project(
    workspace: Workspace, page: Page, load: Load
) -> None:
    workspace.code("hubspot", HUBSPOT.format(default=""))
    workspace.write(SOURCES, _with_stand_in(page("Quick Guide", 1)))
    with pytest.raises(ConfigError, match="variable HUBSPOT_API_KEY is not set"):
        load()
    workspace.write(".env", page("Quick Guide", 3))
    load()
    assert workspace.rows("select api_key from raw_my_hubspot.contacts") == [
        (_value(page("Quick Guide", 3)),)
    ]


def _with_stand_in(block: str) -> str:
    """Let a block name the module in custom_sources/, and change nothing else."""
    assert "dlt.sources.hubspot" in block
    return block.replace("dlt.sources.hubspot", "hubspot")


# ---------------------------------------------------------------- workflows, first steps


@pytest.mark.slow
def test_the_two_workflows_run_as_they_are(workspace: Workspace, page: Page, shell: Shell) -> None:
    done = shell(page("Standard dlt Workflow"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    workspace.declare()
    done = shell(page("Dango Workflow"))
    assert done.returncode == 0, done.stderr
    # A file without a source function is no source that someone has forgotten.
    assert "my_source" not in done.stdout + done.stderr


@pytest.mark.slow
def test_the_quick_start_loads_a_table_and_writes_its_staging_model(
    workspace: Workspace, page: Page, hosts: Hosts, shell: Shell
) -> None:
    workspace.code("my_api", page("Step 1: Create Python File"))
    workspace.write(SOURCES, page("Step 2: Register in sources.yml"))
    for ids in ([1, 2, 3], [3, 4]):
        hosts.answers["api.example.com/items"] = {"items": [{"id": id_} for id_ in ids]}
        done = shell(page("Step 3: Sync"))
        assert done.returncode == 0, done.stdout + done.stderr
        # write_disposition="replace": the second sync leaves nothing of the first
        assert workspace.rows("select id from raw_my_api.items order by 1") == [
            (id_,) for id_ in ids
        ]
    assert {"stg_my_api__items.sql", "_my_api__sources.yml", "_my_api__models.yml"} == {
        path.name for path in (workspace.root / "dbt_project/models/staging/my_api").iterdir()
    }


@pytest.mark.slow
def test_the_complete_example_from_the_api_to_staging_models(
    workspace: Workspace, page: Page, hosts: Hosts
) -> None:
    _serve_dummyjson(hosts)
    workspace.code("ecommerce_api", page("custom_sources/ecommerce_api.py"))
    workspace.write(SOURCES, page(".dango/sources.yml"))
    result = workspace.run("ecommerce")
    assert result.exit_code == 0, result
    limits = {request.url: request.query.get("limit") for request in hosts.requests}
    assert limits == {
        "dummyjson.com/products": "100",
        "dummyjson.com/carts": None,
        "dummyjson.com/users": "30",
    }
    nested = {
        name: sum(len(item[key]) for item in _dummyjson(name)[:limit])
        for name, key, limit in (("carts", "products", 30), ("products", "reviews", 100))
    }
    expected = {
        "products": 100,
        "products__reviews": nested["products"],
        "carts": 30,
        "carts__products": nested["carts"],
        "users": 30,
    }
    assert expected.keys() <= workspace.relations("raw_ecommerce")
    for table, rows in expected.items():
        assert workspace.count(f"raw_ecommerce.{table}") == rows
        assert workspace.count(f"main_staging.stg_ecommerce__{table}") == rows
    (totals,) = workspace.rows("select sum(total), sum(total_products) from raw_ecommerce.carts")
    carts = _dummyjson("carts")[:30]
    assert totals[0] == pytest.approx(sum(cart["total"] for cart in carts))
    assert totals[1] == sum(cart["totalProducts"] for cart in carts)


def _dummyjson(name: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads((DUMMYJSON / f"{name}.json").read_text("utf-8"))
    return items


def _serve_dummyjson(hosts: Hosts) -> None:
    """Answer as DummyJSON does: 30 items unless it is asked for more."""

    def answer(request: Request) -> dict[str, Any]:
        name = request.url.rpartition("/")[2]
        items = _dummyjson(name)
        limit, skip = int(request.query.get("limit", 30)), int(request.query.get("skip", 0))
        page = items[skip : skip + limit]
        return {name: page, "total": len(items), "skip": skip, "limit": len(page)}

    for name in ("products", "carts", "users"):
        hosts.answers[f"dummyjson.com/{name}"] = answer


# ---------------------------------------------------------------- arguments, environment


def test_arguments_reach_the_function(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    items = [{"id": id_} for id_ in range(120)]

    def answer(request: Request) -> dict[str, Any]:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        return {"items": items[offset : offset + limit]}

    hosts.answers["api.example.com/items"] = answer
    workspace.code("paginated_api", page("custom_sources/paginated_api.py"))
    workspace.write(SOURCES, page(".dango/sources.yml", 1))  # a bare list
    load()
    assert [(request.query["limit"], request.query["offset"]) for request in hosts.requests] == [
        ("50", offset) for offset in ("0", "50", "100", "150")
    ]
    counted = "select count(*), count(distinct id) from raw_my_paginated_source.items"
    assert workspace.rows(counted) == [(120, 120)]


@pytest.mark.slow
def test_a_key_comes_from_the_environment_or_from_env(
    workspace: Workspace, page: Page, hosts: Hosts, shell: Shell, load: Load
) -> None:
    def answer(request: Request) -> object:
        key = request.headers.get("Authorization")
        return [{"key": key}] if key else 401

    hosts.answers["api.example.com/data"] = answer
    workspace.code("authenticated_api", page("custom_sources/authenticated_api.py"))
    names = {"module": "authenticated_api", "function": "authenticated_api"}
    workspace.declare(my_api=names)
    export, command = page("Usage").splitlines()
    done = shell(command)
    assert done.returncode == 1
    assert "MY_API_KEY environment variable required" in " ".join(done.stdout.split())

    done = shell(page("Usage"))
    assert done.returncode == 0, done.stdout + done.stderr
    loaded = "select key from raw_my_api.data"
    assert workspace.rows(loaded) == [(f"Bearer {_value(export)}",)]

    workspace.write(".env", page("Usage", 1))
    load()
    assert workspace.rows(loaded) == [(f"Bearer {_value(page('Usage', 1))}",)]


# ---------------------------------------------------------------- the warning


@pytest.mark.slow
@pytest.mark.parametrize("command", ["sync", "sync-and-build", "validate", "source list"])
def test_the_warning_is_the_pages_with_the_functions_name(
    workspace: Workspace, page: Page, shell: Shell, command: str
) -> None:
    workspace.code("my_api", page("Step 1: Create Python File"))
    workspace.declare()
    done = shell(f"dango-dbt {command}")
    assert done.returncode == 0, done.stderr
    warning = page("Unreferenced Sources Warning").replace("<function_name>", "my_api")
    assert "_name>" not in warning
    assert done.stderr.count(warning) == 1
