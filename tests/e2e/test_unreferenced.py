"""The warning about source functions that sources.yml does not name, in a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

RESOURCE = "import dlt\n\n@dlt.resource\ndef {name}():\n    yield {{'id': 1}}\n"


@pytest.mark.slow
@pytest.mark.parametrize(("command", "json_output"), [("sync", False), ("sync-and-build", True)])
def test_a_run_warns_once_on_stderr_before_it_loads(
    workspace: Workspace, command: str, *, json_output: bool
) -> None:
    workspace.code("shop", RESOURCE.format(name="shop"))
    workspace.code("my_api", RESOURCE.format(name="things"))
    workspace.declare(shop={})
    done = workspace.command(command, *(["--json"] if json_output else []))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("⚠️  Unreferenced custom sources detected:\n   - custom_") == 1
    assert "      source_module: my_api\n      source_function: things\n" in done.stderr
    assert done.stderr.index("function_kwargs: {}") < done.stderr.index("extract")
    assert "Unreferenced" not in done.stdout
    if json_output:
        assert json.loads(done.stdout)["status"] == "success"


@pytest.mark.slow
def test_quiet_does_not_warn_and_a_disabled_entry_names_its_file(workspace: Workspace) -> None:
    workspace.code("shop", RESOURCE.format(name="shop"))
    workspace.code("off", RESOURCE.format(name="off"))
    workspace.declare(shop={}, off={"enabled": False})
    assert "Unreferenced" not in workspace.command("sync").stderr
    workspace.code("my_api", RESOURCE.format(name="things"))
    assert workspace.command("sync", "--quiet").stderr == ""


def test_a_stream_without_the_sign_gets_a_word(workspace: Workspace) -> None:
    workspace.code("my_api", RESOURCE.format(name="things"))
    workspace.declare()
    done = workspace.command("sync", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "warning: Unreferenced custom sources detected:\n   - " in done.stderr
