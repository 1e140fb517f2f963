"""Where a source has got to belongs to the project, the target and, in the end, the warehouse."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

TABLES = ("appended", "merged", "replaced", "appended__parts")

SHOP = """\
import os

import dlt

UPTO = int(os.environ.get("UPTO", "3"))


@dlt.source
def shop():
    @dlt.resource(write_disposition="append")
    def appended(id=dlt.sources.incremental("id", initial_value=-1, range_start="open")):
        yield [{"id": id_, "parts": [1, 2]} for id_ in range(id.last_value + 1, UPTO)]

    @dlt.resource(write_disposition="merge", primary_key="id")
    def merged(id=dlt.sources.incremental("id", initial_value=-1, range_start="open")):
        yield [{"id": id_} for id_ in range(id.last_value + 1, UPTO)]

    @dlt.resource(write_disposition="replace")
    def replaced():
        yield [{"id": id_} for id_ in range(UPTO)]

    return appended, merged, replaced
"""


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    """A shop of which three of each are loaded."""
    return _open(workspace)


def _open(workspace: Workspace) -> Workspace:
    workspace.code("shop", SHOP)
    workspace.declare(shop={})
    assert workspace.sync().exit_code == 0
    _has(workspace, 3)
    return workspace


def _has(workspace: Workspace, rows: int) -> None:
    counted = [workspace.count(f"raw_shop.{table}") for table in TABLES]
    assert counted == [rows, rows, rows, 2 * rows]


def test_two_projects_with_the_same_source_each_have_all_rows(
    new_workspace: Callable[[], Workspace],
) -> None:
    _open(new_workspace())
    _open(new_workspace())


def test_a_deleted_warehouse_is_filled_anew(shop: Workspace) -> None:
    shop.warehouse.unlink()
    assert shop.sync().exit_code == 0
    _has(shop, 3)


def test_a_fresh_runner_goes_on_where_the_warehouse_is(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(shop.root / ".dango/state")
    monkeypatch.setenv("UPTO", "5")
    assert shop.sync().exit_code == 0
    _has(shop, 5)


def test_a_warehouse_that_was_put_back_gets_what_it_lacks(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state folder knows of later loads, whose rows are not there any more."""
    backup = shop.warehouse.read_bytes()
    for upto in ("5", "8"):
        monkeypatch.setenv("UPTO", upto)
        assert shop.sync().exit_code == 0
    shop.warehouse.write_bytes(backup)
    assert shop.sync().exit_code == 0
    _has(shop, 8)


def test_the_state_folder_is_kept_while_it_agrees_with_the_warehouse(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = shop.write(".dango/state/dev/shop/kept", "")
    for upto in ("3", "5", "5"):  # nothing new, something, nothing
        monkeypatch.setenv("UPTO", upto)
        assert shop.sync().exit_code == 0
        assert kept.exists()


def test_a_dataset_that_was_dropped_is_filled_anew(shop: Workspace) -> None:
    import duckdb

    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("drop schema raw_shop cascade")
    assert shop.sync().exit_code == 0
    _has(shop, 3)


def test_another_target_has_a_state_of_its_own(shop: Workspace) -> None:
    profiles = shop.root / "dbt_project/profiles.yml"
    profiles.write_text(
        profiles.read_text("utf-8")
        + "    ci: {type: duckdb, path: ../data/ci.duckdb, schema: main, threads: 2}\n",
        encoding="utf-8",
    )
    assert shop.sync(target="ci").exit_code == 0
    shop.warehouse.unlink()
    (shop.root / "data/ci.duckdb").rename(shop.warehouse)
    _has(shop, 3)
