"""`status` tells how each source stands, from the warehouse and from files, and changes nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from dango_dbt import Project

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow

CODE = """\
import os

import dlt


@dlt.resource(write_disposition="append")
def ticks(at=dlt.sources.incremental("at", initial_value=0, range_start="open")):
    if os.environ.get("BROKEN"):
        raise ValueError("no ticks today")
    for n in range(at.last_value + 1, int(os.environ.get("UPTO", "3")) + 1):
        yield {"at": n, "parts": [n, n]}
"""
HOURS = {"warn_after": {"count": 1, "period": "hour"}, "error_after": {"count": 1, "period": "day"}}


@pytest.fixture
def ticks(workspace: Workspace) -> Workspace:
    workspace.code("ticks", CODE)
    workspace.declare(ticks={"freshness": HOURS}, other={"module": "ticks", "function": "ticks"})
    return workspace


def test_it_tells_loads_rows_age_and_what_waits(
    ticks: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    new = Project.find(ticks.root).status()
    assert [(s.loaded, s.rows, s.freshness, s.code) for s in new.sources] == [
        (None, None, None, "never generated")
    ] * 2
    assert not ticks.warehouse.exists(), "to look creates nothing"

    before = datetime.now(timezone.utc).replace(microsecond=0)
    assert ticks.run("ticks").exit_code == 0
    files = ticks.files(".dango", "dbt_project/models")
    found = Project.find(ticks.root).status()
    assert ticks.files(".dango", "dbt_project/models") == files, "nor changes it anything"
    source, other = found.sources
    assert source.loaded is not None
    assert before <= datetime.fromisoformat(source.loaded) <= datetime.now(timezone.utc)
    assert source.rows == {"ticks": 3, "ticks__parts": 6}
    assert (source.freshness, source.code, source.last_run) == ("pass", "up to date", "success")
    assert (other.loaded, other.code) == (None, "never generated")
    assert found.exit_code == 0

    for hours, expected in ((2, "warn"), (48, "error")):
        with duckdb.connect(str(ticks.warehouse)) as connection:
            connection.execute(
                f"update raw_ticks._dlt_loads set inserted_at = inserted_at - interval {hours} hour"
            )
        assert Project.find(ticks.root).status().sources[0].freshness == expected

    monkeypatch.setenv("BROKEN", "1")
    assert ticks.sync("ticks").exit_code == 1
    ticks.write(".dango/schemas/other.yaml", "name: other\ntables: {}\n")
    failed = Project.find(ticks.root).status().sources[0]
    assert failed.last_run == "failed"
    assert "no ticks today" in str(failed.error)
    model = ticks.root / "dbt_project/models/staging/ticks/stg_ticks__ticks.sql"
    model.unlink()
    assert Project.find(ticks.root).status().sources[0].code == "out of date"


def test_a_warehouse_that_is_held_is_told_with_what_is_known_here(ticks: Workspace) -> None:
    assert ticks.sync("ticks").exit_code == 0
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(ticks.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        done = ticks.command("status")
        document = json.loads(ticks.command("status", "--json").stdout)
        other.communicate(b"\n")
    assert done.returncode == 1
    assert f"(PID {other.pid})" in done.stdout
    assert "up to date" in done.stdout
    assert document["unreachable"]
    assert document["sources"][0]["loaded"]


def test_a_load_that_was_killed_is_pending(ticks: Workspace) -> None:
    from tests.e2e.killing import KILLING

    ticks.write("custom_sources/killing.py", KILLING)
    ticks.declare(killing={})
    assert ticks.command("sync", UPTO="10").returncode == 0
    assert ticks.command("sync", UPTO="20", DIE_AT="loaded").returncode == -9
    (source,) = Project.find(ticks.root).status().sources
    assert source.pending == 1
    done = ticks.command("status")
    assert "1 load package left by an interrupted run: the next sync loads them" in done.stdout


def test_a_fresh_clone_with_the_warehouse_alone(
    ticks: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What git ignores is not there: no state, no artefacts; and at last not even the schemas."""
    ticks.declare(ticks={"freshness": HOURS})
    assert ticks.run().exit_code == 0
    committed = ticks.generated()
    for name in (".dango/state", "dbt_project/target", "dbt_project/logs"):
        shutil.rmtree(ticks.root / name, ignore_errors=True)

    (source,) = Project.find(ticks.root).status().sources
    assert source.loaded is not None
    assert (source.rows, source.last_run, source.freshness, source.code) == (
        {"ticks": 3, "ticks__parts": 6},
        None,
        "pass",
        "up to date",
    )
    restored = Project.find(ticks.root).generate(from_destination=True)
    assert {file.action for file in restored.files or ()} == {"unchanged"}
    assert ticks.generated() == committed

    shutil.rmtree(ticks.root / ".dango/state")
    monkeypatch.setenv("UPTO", "5")
    run = ticks.run()
    assert run.exit_code == 0, run
    assert ticks.rows('select count(*), count(distinct "at") from raw_ticks.ticks') == [(5, 5)]
    assert ticks.count("raw_ticks.ticks__parts") == 10
    assert ticks.generated() == committed
