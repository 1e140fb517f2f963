"""One run at a time works on a target: the next one waits, says for whom, and doubles nothing."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dango_dbt.errors import LockError
from dango_dbt.locking import alone, undisturbed
from dango_dbt.progress import Progress

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow

SLOW = """\
import time
from pathlib import Path

import dlt

@dlt.source
def slow():
    def wait():
        Path("{started}").touch()
        while not Path("{go}").exists():
            time.sleep(0.02)

    @dlt.resource(write_disposition="append")
    def appended(id=dlt.sources.incremental("id", initial_value=-1, range_start="open")):
        wait()
        yield [{{"id": id_, "parts": [1, 2]}} for id_ in range(id.last_value + 1, 5)]

    @dlt.resource(primary_key="id", write_disposition="merge")
    def merged():
        yield [{{"id": id_, "parts": [1, 2]}} for id_ in range(5)]

    return [appended, merged]
"""


#: A process that was started in the background does not listen to Ctrl-C, and neither do its own.
LISTENING = """\
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("dango_dbt", run_name="__main__")
"""


@pytest.fixture
def slow(workspace: Workspace) -> Workspace:
    places = {"started": workspace.root / "started", "go": workspace.root / "go"}
    workspace.code("slow", SLOW.format(**places))
    workspace.declare(slow={})
    return workspace


@contextmanager
def begun(workspace: Workspace, *args: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command, and go on once it is loading."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dango_dbt", *args],
        cwd=workspace.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_for((workspace.root / "started").exists)
        yield process
    finally:
        process.kill()
        process.communicate()


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_two_at_once_both_end_well_and_no_row_is_lost_or_doubled(slow: Workspace) -> None:
    class Told(Progress):
        def warning(self, message: str) -> None:
            (slow.root / "go").touch()  # the first may go on once the second waits for it
            warnings.append(message)

    warnings: list[str] = []
    with begun(slow, "sync-and-build", "--json") as first:
        second = slow.run(progress=Told())
        stdout, stderr = first.communicate(timeout=60)
        assert first.returncode == 0, stderr
    assert second.exit_code == 0, second
    assert f"waiting for `dango-dbt sync-and-build` (PID {first.pid}," in warnings[0]
    assert "to be done with target `dev`" in warnings[0]
    loaded = json.loads(stdout)["sources"][0]["tables"]
    assert loaded == {"appended": 5, "appended__parts": 10, "merged": 5, "merged__parts": 10}
    for table in ("appended", "merged"):
        sql = f"select count(*), count(distinct id) from raw_slow.{table}"
        assert slow.rows(sql) == [(5, 5)]
        assert slow.count(f"raw_slow.{table}__parts") == 10
        assert slow.count(f"main_staging.stg_slow__{table}") == 5


def test_a_second_one_does_not_wait_for_longer_than_it_is_told(slow: Workspace) -> None:
    with begun(slow, "sync") as first:
        began = time.monotonic()
        second = slow.command("sync-and-build", "--lock-timeout", "1")
        assert second.returncode == 1
        assert time.monotonic() - began < 30
        told = f"still in use after 1 s: by `dango-dbt sync` (PID {first.pid},"
        assert told in second.stdout
        assert "--lock-timeout says how long to wait" in second.stdout
        (seconds,) = re.findall(r"Failed \((\d+\.\d+) s\)", second.stdout)
        assert float(seconds) >= 1  # the waiting is part of it
        with pytest.raises(LockError, match="target `dev` is still in use: by"):
            slow.sync(lock_timeout=0)
        third = slow.command("generate", "--lock-timeout", "0")
        assert third.returncode == 1
        assert "target `dev` is still in use: by" in third.stdout
    # a process that is killed holds nothing any more
    (slow.root / "go").touch()
    assert slow.sync(lock_timeout=0).exit_code == 0
    assert slow.count("raw_slow.appended") == 5


def test_ctrl_c_ends_the_waiting_and_nothing_else(slow: Workspace) -> None:
    with begun(slow, "sync") as first:
        second = subprocess.Popen(
            [sys.executable, "-c", LISTENING, "generate"],
            cwd=slow.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr is not None
        assert "waiting for `dango-dbt sync`" in second.stderr.readline()
        second.send_signal(signal.SIGINT)
        second.communicate(timeout=30)
        assert second.returncode == 130
        (slow.root / "go").touch()
        stdout, stderr = first.communicate(timeout=60)
        assert first.returncode == 0, stdout + stderr


def test_who_waits_is_never_told_of_a_run_that_has_ended(tmp_path: Path) -> None:
    for command in ("sync", "build"):
        with alone(tmp_path, command, 0, Progress()), undisturbed(tmp_path) as holder:
            assert holder is not None
            assert holder.startswith(f"`dango-dbt {command}` (PID ")
    with undisturbed(tmp_path) as holder:
        assert holder is None
    assert [path.name for path in tmp_path.iterdir()] == ["run.lock"]


def test_who_looks_at_a_target_makes_nobody_fail(tmp_path: Path) -> None:
    with undisturbed(tmp_path / "new"):  # where no run ever was, nothing is written
        assert not (tmp_path / "new").exists()
    with alone(tmp_path, "sync", 0, Progress()):
        pass

    def look() -> None:
        with undisturbed(tmp_path):
            looking.set()
            time.sleep(0.2)

    looking = threading.Event()
    thread = threading.Thread(target=look)
    thread.start()
    assert looking.wait(5)
    with alone(tmp_path, "sync", 0, Progress()):
        thread.join()


def test_targets_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with (
        alone(tmp_path / "dev", "sync", 0, Progress()),
        alone(tmp_path / "prod", "sync", 0, Progress()),
    ):
        pass


def test_a_state_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with (
        pytest.raises(LockError, match="cannot lock"),
        alone(tmp_path / "state" / "dev", "sync", 0, Progress()),
    ):
        pass
