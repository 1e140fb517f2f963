"""`source list`: what it says before and after syncs, and that it reads files only."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

GOOD = "import dlt\n\n@dlt.resource\ndef good():\n    yield [{'id': 1, 'tags': ['a', 'b']}]\n"
WORD = "hunter2hunter2"
BAD = """\
import dlt

@dlt.resource
def bad(password):
    raise ValueError("refused " + password)
    yield
"""


def listed(workspace: Workspace, *args: str) -> dict[str, dict[str, Any]]:
    done = workspace.command("source", "list", "--json", *args)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["command"] == "source list"
    return {source["name"]: source for source in document["sources"]}


@pytest.fixture
def three(workspace: Workspace) -> Workspace:
    workspace.code("good", GOOD)
    workspace.code("bad", BAD)
    workspace.declare(
        good={"dataset_name": "raw"},
        bad={"kwargs": {"password": "${VALUE}"}},
        off={"module": "pkg.mod", "function": "run", "enabled": False},
    )
    return workspace


def test_the_list_tells_what_the_last_sync_left(three: Workspace) -> None:
    before = listed(three)
    assert before["off"] == {
        "name": "off",
        "type": "dlt_native",
        "module": "pkg.mod",
        "function": "run",
        "enabled": False,
        "dataset": "raw_off",
        "last_sync": None,
        "rows": None,
        "state": "disabled",
    }
    assert [source["state"] for source in before.values()] == ["never synced"] * 2 + ["disabled"]

    done = three.command("sync", VALUE=WORD)
    assert done.returncode == 1
    after = listed(three)
    assert (after["good"]["state"], after["good"]["rows"]) == ("success", 3)
    assert (after["bad"]["state"], after["bad"]["rows"]) == ("failed", None)
    age = datetime.now(timezone.utc) - datetime.fromisoformat(after["bad"]["last_sync"])
    assert 0 <= age.total_seconds() < 60

    state = three.root / ".dango" / "state" / "dev"
    assert WORD not in (state / "bad.last.json").read_text()
    kept = json.loads((state / "bad.last.json").read_text())
    assert "refused ***" in kept["error"]
    assert json.loads((state / "good.last.json").read_text())["tables"] == {
        "good": 1,
        "good__tags": 2,
    }
    (state / "bad.last.json").write_text('{"status": "fai')
    assert listed(three)["bad"]["state"] == "never synced"


def test_the_loads_are_those_of_the_target(three: Workspace) -> None:
    profiles = three.root / "dbt_project" / "profiles.yml"
    dev = profiles.read_text()
    prod = dev.partition("outputs:\n")[2].replace("dev:", "prod:").replace("warehouse.", "prod.")
    profiles.write_text(dev + prod)
    assert three.command("sync", "--source", "good", "--target", "prod").returncode == 0
    assert listed(three)["good"]["state"] == "never synced"
    assert listed(three, "--target", "prod")["good"]["state"] == "success"
    done = three.command("source", "list", "--json", "--target", "nope")
    assert done.returncode == 2
    assert "no target 'nope'" in json.loads(done.stdout)["error"]["message"]


def test_people_get_columns_and_the_warning_first(three: Workspace) -> None:
    three.code("new_api", GOOD)
    done = three.command("source", "list")
    assert done.returncode == 0
    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "name  type        module   enabled  dataset  last sync  rows  state",
        "good  dlt_native  good     yes      raw                       never synced",
        "bad   dlt_native  bad      yes      raw_bad                   never synced",
        "off   dlt_native  pkg.mod  no       raw_off                   disabled",
    ]
    assert "⚠️  Unreferenced custom sources detected:\n   - custom_sources/new_api.py" in done.stderr
    document = json.loads(three.command("source", "list", "--json").stdout)
    assert document["unreferenced"] == [
        {"path": "custom_sources/new_api.py", "module": "new_api", "function": "good"}
    ]


def test_the_list_imports_neither_dlt_nor_dbt_nor_a_source(three: Workspace) -> None:
    three.code("good", "raise SystemExit('imported')\n")
    code = (
        "import sys\n"
        "from dango_dbt.cli import main\n"
        "try:\n"
        "    main(['source', 'list'])\n"
        "except SystemExit as exit:\n"
        "    print(exit.code)\n"
        "heavy = {'dlt', 'dbt', 'duckdb', 'pyarrow', 'sqlglot'}\n"
        "print('LOADED', sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=three.root, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-2:] == ["0", "LOADED []"]


def test_remove_says_which_files_stay(three: Workspace) -> None:
    assert three.command("sync", "--source", "good").returncode == 0
    done = three.command("source", "remove", "good")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "removed source good from .dango/sources.yml",
        "  custom_sources/good.py stays",
        "  what was generated from it goes with the next dango-dbt generate",
    ]
    assert list(listed(three)) == ["bad", "off"]
    done = three.command("source", "remove", "god")
    assert done.returncode == 2
    assert "there is no source `god`" in done.stderr


def test_a_broken_entry_can_be_removed(workspace: Workspace) -> None:
    workspace.code("good", "import dlt\n\n@dlt.resource\ndef good():\n    yield {'id': 1}\n")
    workspace.code("bad", "import dlt\n\n@dlt.resource\ndef bad():\n    yield {'id': 1}\n")
    workspace.declare(good={}, bad={"enabeld": True})
    done = workspace.command("source", "remove", "bad")
    assert done.returncode == 0, done.stderr
    assert "custom_sources/bad.py stays" in done.stdout
    assert workspace.sync().exit_code == 0
