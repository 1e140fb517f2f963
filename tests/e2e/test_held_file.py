"""Another program holds the DuckDB file: the message says which, and what to do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from dango_dbt import Project
from dango_dbt.dev import DevOptions, Round, watch
from dango_dbt.held_files import held_hint
from dango_dbt.progress import Progress

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

READER = """\
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Let another process read a file; gives its PID."""
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process.pid
    finally:
        process.communicate("")


@pytest.mark.slow
def test_who_only_reads_the_file_is_named_with_its_pid(workspace: Workspace) -> None:
    workspace.code("one", "import dlt\n\n@dlt.resource\ndef one():\n    yield {'id': 1}\n")
    workspace.declare(one={}, two={"module": "one", "function": "one"})
    assert workspace.sync().exit_code == 0
    with held(workspace.warehouse) as pid:
        done = workspace.command("sync-and-build")
        built = Project.find(workspace.root).build().build
        problems = Project.problems(workspace.root, offline=False).problems
        rounds, stop = list[Round](), Event()

        def tell(done: Round) -> None:
            rounds.append(done)
            stop.set()

        watch(
            workspace.root,
            DevOptions(sync=True),
            tell,
            showing=lambda: nullcontext(Progress()),
            stop=stop,
        )
    # once for the run, not for each source and for dbt
    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert told.count(f"(PID {pid}) has the DuckDB file open: close it there") == 1
    assert told.count("Could not set lock") == 1
    assert built is not None
    assert built.error is not None
    # `dev` waits for the next change
    assert rounds[0].result.error is not None
    for hint in (built.error.hint, problems[0].hint, rounds[0].result.error.hint):
        assert f"(PID {pid}) has the DuckDB file open: close it there" in str(hint)
    assert workspace.sync().exit_code == 0
    assert Project.find(workspace.root).build().exit_code == 0


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        (
            'Could not set lock on file "/w": Conflicting lock is held in /usr/bin/x y (PID 7).',
            "`x y` (PID 7) has the DuckDB file open",
        ),
        ("IO Error: Cannot open file: it is being used by another process", "another program has"),
        ("Catalog Error: Table does not exist", None),
    ],
)
def test_what_duckdb_says_of_a_lock_is_read(message: str, hint: str | None) -> None:
    assert (held_hint(message) or "").startswith(hint or "") is True
    assert (held_hint(message) is None) is (hint is None)
