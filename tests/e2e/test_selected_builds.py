"""A build of a part is just that part: no test of what is not there, and no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dango_dbt import Project, unbuilt

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow

SOURCE = """
    import dlt

    @dlt.source
    def shop():
        lines = [{"sku": "a"}]
        return dlt.resource([{"id": 1, "lines": lines}], name="orders", primary_key="id")

    @dlt.source
    def crm():
        return dlt.resource([{"id": 1}], name="contacts", primary_key="id")
"""
SELECTORS = """
    selectors:
      - name: usual
        default: true
        definition: {method: fqn, value: fct_orders, parents: true}
"""


def _project(workspace: Workspace, *, crm: bool = True) -> None:
    workspace.code("things", SOURCE)
    workspace.declare(shop={"module": "things"}, crm={"module": "things", "enabled": crm})
    workspace.mart("fct_orders", "select id from {{ ref('stg_shop__orders') }}")


def _built(result: RunResult) -> set[str]:
    assert result.build is not None
    assert result.build.error is None, result.build.error
    return {node.unique_id.split(".")[2] for node in result.build.nodes if node.status != "no-op"}


def test_a_test_that_needs_what_is_not_selected_is_left_out_unless_asked_for(
    workspace: Workspace,
) -> None:
    """The test of a nested table's key to its parent failed: the nested model was not there."""
    _project(workspace)
    result = workspace.run(select=["+fct_orders"])
    assert result.exit_code == 0, result.build
    names = _built(result)
    assert {"fct_orders", "stg_shop__orders"} <= names
    assert any(name.startswith("unique_stg_shop__orders_") for name in names), names
    assert not any("orders__lines" in name for name in names), names
    project = Project.find(workspace.root)
    [key] = {name for name in _built(project.build()) if name.startswith("relationships_")}
    arguments = ["--select", "stg_shop__orders"]
    assert key not in _built(project.build(arguments))
    assert key in _built(project.build([*arguments, "--indirect-selection", "eager"]))


def test_a_build_by_the_default_selector_is_not_all_of_it(workspace: Workspace) -> None:
    """With a disabled source, too: dbt drops its default selector for an --exclude."""
    _project(workspace)
    assert workspace.sync().exit_code == 0
    workspace.write("dbt_project/selectors.yml", SELECTORS)
    models = {"stg_shop__orders", "fct_orders"}
    state = workspace.root / ".dango" / "state" / "dev"

    def built() -> set[str]:
        result = Project.find(workspace.root).build()
        assert result.exit_code == 0, result.build
        return {name for name in _built(result) if name.startswith(("stg_", "fct_"))}

    assert built() == models
    assert set(unbuilt.read(state)) >= {"shop.orders__lines", "crm.contacts"}
    _project(workspace, crm=False)
    assert built() == models


def test_what_is_not_loaded_or_built_says_why(workspace: Workspace) -> None:
    _project(workspace)
    assert workspace.run().exit_code == 0
    done = workspace.command("sync-and-build", "--select", "+fct_ordrs")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count("nothing is selected: did you mean `fct_orders`?") == 1
    assert said.count("does not match any enabled nodes") == 1
    assert "Nothing to do" not in said
    done = workspace.command("sync", "--select", "nope")
    assert "warning: nothing is selected\n" in done.stdout + done.stderr
    entries = (workspace.root / ".dango" / "sources.yml").read_text(encoding="utf-8")
    new = "{name: new, type: rest_api, rest_api: {client: {base_url: 'http://x'}, resources: [a]}}"
    workspace.write(".dango/sources.yml", f"{entries}- {new}\n")
    done = workspace.command("sync", "--no-generate", "--select", "source:new+")
    assert "source `new` was never generated" in done.stdout + done.stderr
    workspace.write(".dango/sources.yml", entries)
    done = workspace.command("sync-and-build", "--select", "source:shop.orders")
    assert "Nothing to do" not in done.stdout + done.stderr
    _project(workspace, crm=False)
    done = workspace.command("sync-and-build", "--select", "source:crm+")
    said = done.stdout + done.stderr
    assert "source `crm` is disabled: it is neither loaded nor built from" in said
    # nor is it shown like the others
    done = workspace.command("ls")
    assert "resource crm.contacts  (disabled)\n└─ table crm.contacts  (disabled)\n" in done.stdout
    assert "resource shop.orders\n" in done.stdout
    document = json.loads(workspace.command("ls", "--json").stdout)
    assert document["disabled"] == ["crm"]
    disabled = {node["name"] for node in document["nodes"] if node["disabled"]}
    assert disabled == {"crm.contacts"}
    chart = workspace.command("ls", "--format", "mermaid").stdout
    assert '[("crm.contacts (disabled)")]' in chart
