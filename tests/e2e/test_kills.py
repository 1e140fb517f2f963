"""A process that is killed, wherever it is: the next run leaves each row there, and once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.killing import ARROW, KILLING, NESTING, POINTS

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded(new_workspace: Callable[[], Workspace]) -> Path:
    """Load the first ten of each table, once for all tests."""
    workspace = new_workspace()
    workspace.write("custom_sources/killing.py", KILLING)
    workspace.declare(killing={})
    first = workspace.sync()
    assert first.exit_code == 0, first
    _holds_once(workspace, 10)
    return workspace.root


@pytest.fixture
def killed(loaded: Path, workspace: Workspace) -> Callable[[str], None]:
    """Load ten more with a process that dies at a point."""
    workspace.start_from(loaded)

    def kill(point: str) -> None:
        died = workspace.command("sync", UPTO="20", DIE_AT=point)
        assert died.returncode == -9, (point, died.stdout, died.stderr)

    return kill


def _holds_once(workspace: Workspace, upto: int) -> None:
    """Each table has each row of the source once, and each nested row has its parent."""
    for table in (*NESTING, *ARROW):
        ids = workspace.rows(f"select id from raw_killing.{table} order by 1")
        assert ids == [(id_,) for id_ in range(upto)], table
    for table in NESTING:
        parts = workspace.rows(
            f"select id, no from raw_killing.{table}__parts as part"
            f" left join raw_killing.{table} as root on root._dlt_id = part._dlt_parent_id"
            " order by all"
        )
        assert parts == [(id_, no) for id_ in range(upto) for no in (1, 2)], table


def _heals(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTO", "20")
    healed = workspace.sync()
    assert [source.error for source in healed.sources or ()] == [None]
    _holds_once(workspace, 20)
    for query in (
        "select load_id, count(*) from raw_killing._dlt_loads group by 1",
        "select version, count(*) from raw_killing._dlt_pipeline_state group by 1",
    ):
        assert {count for _, count in workspace.rows(query)} == {1}, query


# What may be there twice are appended rows: at these points both are tried, at the others in turn.
# `make test` has one of them, and leaves out the points between which nothing is written.
BOTH = ("appended", "inserted", "keyless", "arrow_appended", "loaded")


@pytest.mark.parametrize(
    ("point", "state"),
    [
        pytest.param(
            point,
            state,
            marks=()
            if point.startswith("after") and (index % 2 == 0) == (state == "kept")
            else pytest.mark.exhaustive,
        )
        for index, point in enumerate(POINTS)
        for state in ("kept", "lost")
        if (index % 2 == 0) == (state == "kept") or point.removeprefix("after ").startswith(BOTH)
    ],
)
def test_nothing_is_lost_and_nothing_twice(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    killed: Callable[[str], None],
    point: str,
    state: str,
) -> None:
    killed(point)
    if state == "lost":
        shutil.rmtree(workspace.root / ".dango/state")
    _heals(workspace, monkeypatch)


@pytest.mark.parametrize(
    "healing",
    [
        "before deleting",
        pytest.param("before restarting", marks=pytest.mark.exhaustive),
        "while restarting",
    ],
)
def test_killed_again_while_it_is_healed(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    killed: Callable[[str], None],
    healing: str,
) -> None:
    killed("after appended__parts.parquet")
    killed(healing)
    _heals(workspace, monkeypatch)


def test_killed_over_and_over(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, killed: Callable[[str], None]
) -> None:
    for point in ("after appended.parquet", "after keyless.sql", "extracted", "before merged.sql"):
        killed(point)
        if point == "after keyless.sql":
            shutil.rmtree(workspace.root / ".dango/state")
    _heals(workspace, monkeypatch)


@pytest.mark.parametrize(
    ("point", "refresh"),
    [
        pytest.param(point, refresh, marks=() if at == number else pytest.mark.exhaustive)
        for at, point in enumerate(("before loading", "tables made", "after appended.parquet"))
        for number, refresh in enumerate(("drop_data", "drop_resources", "drop_sources"))
    ],
)
def test_killed_while_it_refreshes_with_its_state_lost(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, loaded: Path, point: str, refresh: str
) -> None:
    """The tables are emptied, and the old cursors must not outlive them."""
    workspace.start_from(loaded)
    died = workspace.command("sync", "--refresh", refresh, "--yes", UPTO="20", DIE_AT=point)
    assert died.returncode == -9, (point, died.stdout, died.stderr)
    shutil.rmtree(workspace.root / ".dango/state")
    _heals(workspace, monkeypatch)


def test_killed_on_one_machine_and_loaded_by_another(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, killed: Callable[[str], None]
) -> None:
    killed("after appended.parquet")
    state, kept = workspace.root / ".dango/state", workspace.root / "kept"
    state.rename(kept)
    _heals(workspace, monkeypatch)
    shutil.rmtree(state)
    kept.rename(state)
    _heals(workspace, monkeypatch)
