"""A source is loaded into a target by one process at a time."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

SLOW = """\
import time
from pathlib import Path

import dlt

@dlt.resource(write_disposition="append")
def slow(id=dlt.sources.incremental("id", initial_value=-1, range_start="open")):
    Path("{started}").touch()
    while not Path("{go}").exists():
        time.sleep(0.02)
    yield [{{"id": id_}} for id_ in range(id.last_value + 1, 5)]
"""


def test_the_second_one_is_told_and_doubles_nothing(workspace: Workspace) -> None:
    started, go = workspace.root / "started", workspace.root / "go"
    workspace.code("slow", SLOW.format(started=started, go=go))
    workspace.code("quick", "import dlt\n\n@dlt.resource\ndef quick():\n    yield {'id': 1}\n")
    workspace.declare(slow={}, quick={})
    first = subprocess.Popen(
        [sys.executable, "-m", "dango_dbt", "sync", "--no-generate", "--source", "slow"],
        cwd=workspace.root,
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not started.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        second = workspace.sync()
        go.touch()
        assert first.wait(60) == 0
    finally:
        first.kill()
        first.wait()
    assert second.exit_code == 1
    slow, quick = second.sources or ()
    assert slow.error is not None
    assert "another process is loading source `slow`" in slow.error.message
    assert quick.status == "success"
    assert workspace.sync().exit_code == 0
    assert workspace.rows("select count(*), count(distinct id) from raw_slow.slow") == [(5, 5)]
