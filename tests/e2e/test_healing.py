"""What an unfinished load has left behind is taken away before its rows are loaded again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Workspace

HOPELESS = """\
import os

import dlt
from dlt.common.storages.load_package import PackageStorage

if os.environ.get("DIE"):
    PackageStorage.save_pending_transition = lambda *_: os._exit(9)


@dlt.source
def hopeless():
    @dlt.resource(write_disposition="append")
    def events(id=dlt.sources.incremental("id", initial_value=-1, range_start="open")):
        for id_ in range(id.last_value + 1, {upto}):
            yield {{"id": id_, "parts": [1, 2]}}

    @dlt.resource(write_disposition="append")
    def arrow(id=dlt.sources.incremental("id", initial_value=-1, range_start="open")):
        import pyarrow as pa

        yield pa.table({{"id": list(range(id.last_value + 1, {upto}))}})

    @dlt.resource(write_disposition="merge", primary_key="id")
    def people():
        for id_ in range({upto}):
            yield {{"id": id_}}

    @dlt.resource(write_disposition="append")
    def prices():
        yield {{"price": {price}}}

    return events, arrow, people, prices
"""


def _hopeless(workspace: Workspace, upto: int, price: int) -> None:
    workspace.code("hopeless", HOPELESS.format(upto=upto, price=price))


def _numbers(workspace: Workspace) -> tuple[int, ...]:
    tables = ("events", "events__parts", "arrow", "people", "prices")
    return tuple(workspace.count(f"raw_hopeless.{name}") for name in tables)


@pytest.fixture
def unlucky(workspace: Workspace) -> Workspace:
    """Three rows are loaded, and then the warehouse has another type than the source needs."""
    import duckdb

    workspace.declare(hopeless={})
    _hopeless(workspace, 3, price=1)
    assert workspace.sync().exit_code == 0
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("alter table raw_hopeless.prices alter price type tinyint")
    _hopeless(workspace, 5, price=1000)
    return workspace


def test_a_load_that_cannot_succeed_leaves_nothing_that_would_be_doubled(
    unlucky: Workspace,
) -> None:
    for _ in range(2):
        result = unlucky.sync()
        (source,) = result.sources or ()
        assert source.error is not None
        assert "load failed" in source.error.message
        events, parts, arrow, people, prices = _numbers(unlucky)
        assert (events, parts, arrow, prices) == (3, 6, 3, 1)
        assert people >= 3  # merged by a key: what has arrived may stay

    _hopeless(unlucky, 5, price=2)
    result = unlucky.sync()
    assert result.exit_code == 0, result
    assert _numbers(unlucky) == (5, 10, 5, 5, 2)


@pytest.mark.slow
def test_a_pending_load_that_cannot_succeed_does_not_stop_the_mended_source(
    unlucky: Workspace, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    assert unlucky.command("sync", DIE="1").returncode == 9
    _hopeless(unlucky, 5, price=2)
    result = unlucky.sync()
    assert result.exit_code == 0, result
    assert _numbers(unlucky) == (5, 10, 5, 5, 2)
    assert source_of(result, "hopeless").tables == {
        "arrow": 2,
        "events": 2,
        "events__parts": 4,
        "people": 5,
        "prices": 1,
    }


KEPT = """\
import dlt

@dlt.resource(write_disposition="append")
def kept():
    yield {"id": 1, "parts": [1, 2]}
"""


def _sql(workspace: Workspace, *statements: str) -> None:
    import duckdb

    with duckdb.connect(str(workspace.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def _forget(workspace: Workspace) -> None:
    shutil.rmtree(workspace.root / ".dango/state")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from raw_kept._dlt_loads",
        "delete from raw_kept._dlt_loads where load_id > (select min(load_id) from raw_kept._dlt_loads)",  # noqa: E501
        "delete from raw_kept._dlt_loads where load_id = (select min(load_id) from raw_kept._dlt_loads)",  # noqa: E501
        "insert into raw_kept.kept (id, _dlt_load_id, _dlt_id) values (7, 'mine', 'a'), (8, 'ours', 'b')",  # noqa: E501
        "insert into raw_kept.kept (id, _dlt_load_id, _dlt_id) values (7, '1', 'a')",
    ],
    ids=["all loads forgotten", "all but the first", "the first", "by hand", "by hand, as old"],
)
def test_rows_of_other_loads_stay(workspace: Workspace, statement: str) -> None:
    """Even where our own folder, which knows what is unfinished, has been lost."""
    workspace.code("kept", KEPT)
    workspace.declare(kept={})
    for _ in range(3):
        assert workspace.sync().exit_code == 0
    _sql(workspace, statement)
    before = workspace.count("raw_kept.kept"), workspace.count("raw_kept.kept__parts")
    _forget(workspace)
    assert workspace.sync().exit_code == 0
    after = workspace.count("raw_kept.kept"), workspace.count("raw_kept.kept__parts")
    assert after == (before[0] + 1, before[1] + 2)


def test_an_ordinary_run_asks_no_table_and_deletes_nothing(workspace: Workspace) -> None:
    """What lost its load or its parent by someone's hand stays, as long as our folder is there."""
    workspace.code("kept", KEPT)
    workspace.declare(kept={})
    for _ in range(2):
        assert workspace.sync().exit_code == 0
    newest = "(select max(load_id) from raw_kept._dlt_loads)"
    _sql(
        workspace,
        f"delete from raw_kept.kept where _dlt_load_id = {newest}",
        "insert into raw_kept.kept (id, _dlt_load_id, _dlt_id) values (7, '9999999999.1', 'a')",
    )
    assert workspace.sync().exit_code == 0
    assert workspace.rows("select id from raw_kept.kept order by id") == [(1,), (1,), (7,)]
    assert workspace.count("raw_kept.kept__parts") == 6


def test_an_unfinished_load_of_another_pipeline_is_not_ours_to_delete(workspace: Workspace) -> None:
    workspace.code("kept", KEPT)
    workspace.declare(kept={"pipeline_name": "theirs"})
    assert workspace.sync().exit_code == 0
    _sql(
        workspace,
        "insert into raw_kept.kept (id, _dlt_load_id, _dlt_id) values (7, '9999999999.1', 'a')",
    )
    _forget(workspace)
    assert workspace.sync().exit_code == 0
    assert workspace.rows("select id from raw_kept.kept order by id") == [(1,), (1,), (7,)]


def test_the_first_load_unfinished_and_its_state_lost(workspace: Workspace) -> None:
    workspace.code("kept", KEPT)
    workspace.declare(kept={})
    assert workspace.sync().exit_code == 0
    _sql(workspace, "delete from raw_kept._dlt_loads", "delete from raw_kept.kept")
    _sql(
        workspace,
        "insert into raw_kept.kept (id, _dlt_load_id, _dlt_id)"
        " select 1, _dlt_load_id, 'a' from raw_kept._dlt_pipeline_state",
    )
    _forget(workspace)
    assert workspace.sync().exit_code == 0
    assert workspace.count("raw_kept.kept") == 1
    assert workspace.count("raw_kept.kept__parts") == 2


def test_nested_rows_that_were_committed_before_their_root_go(workspace: Workspace) -> None:
    workspace.code("kept", KEPT)
    workspace.declare(kept={})
    assert workspace.sync().exit_code == 0
    _sql(
        workspace,
        "insert into raw_kept.kept__parts (value, _dlt_parent_id, _dlt_list_idx, _dlt_id)"
        " values (7, 'not there', 0, 'a')",
    )
    _forget(workspace)
    assert workspace.sync().exit_code == 0
    assert workspace.rows("select value from raw_kept.kept__parts order by 1") == [
        (1,),
        (1,),
        (2,),
        (2,),
    ]


def test_rows_that_another_pipeline_has_loaded_stay(workspace: Workspace) -> None:
    """A backfill with plain dlt is newer than our own loads, and is finished."""
    import dlt
    import duckdb

    workspace.code("kept", KEPT)
    workspace.declare(kept={})
    assert workspace.sync().exit_code == 0
    with duckdb.connect(str(workspace.warehouse)) as connection:
        dlt.pipeline(
            "backfill",
            pipelines_dir=str(workspace.root / "elsewhere"),
            destination=dlt.destinations.duckdb(connection),
            dataset_name="raw_kept",
        ).run([{"id": 7}], table_name="kept")
    _forget(workspace)
    assert workspace.sync().exit_code == 0
    assert workspace.rows("select id from raw_kept.kept order by id") == [(1,), (1,), (7,)]


def _packages(workspace: Workspace, folder: str) -> list[str]:
    load = workspace.root / ".dango/state/dev/hopeless/load"
    return [path.name for path in (load / folder).iterdir() if path.is_dir()]


def test_nothing_of_a_package_stays_that_is_done_with(unlucky: Workspace) -> None:
    assert _packages(unlucky, "loaded") == []
    assert unlucky.sync().exit_code == 1
    assert _packages(unlucky, "loaded") == []
    assert _packages(unlucky, "normalized") == []


@pytest.mark.slow
def test_a_damaged_file_of_a_pending_package_is_no_dead_end(workspace: Workspace) -> None:
    workspace.declare(hopeless={})
    _hopeless(workspace, 3, price=1)
    assert workspace.command("sync", DIE="1").returncode == 9
    files = list((workspace.root / ".dango/state").rglob("events.*.parquet"))
    assert files
    for file in files:
        file.write_bytes(b"damaged")
    result = workspace.sync()
    assert result.exit_code == 0, result
    assert _numbers(workspace) == (3, 6, 3, 3, 1)


def test_what_went_wrong_first_is_reported_where_giving_up_fails_too(unlucky: Workspace) -> None:
    _sql(
        unlucky,
        "alter table raw_hopeless.events rename to renamed",
        "create view raw_hopeless.events as select * from raw_hopeless.renamed",
    )
    for said in ("load failed", "an unfinished load has brought cannot be deleted"):
        (source,) = unlucky.sync().sources or ()
        assert source.error is not None
        assert said in source.error.message
    _sql(
        unlucky,
        "drop view raw_hopeless.events",
        "alter table raw_hopeless.renamed rename to events",
    )
    _hopeless(unlucky, 5, price=2)
    assert unlucky.sync().exit_code == 0
    assert _numbers(unlucky) == (5, 10, 5, 5, 2)


def test_a_sync_that_brings_nothing_is_recorded(workspace: Workspace) -> None:
    """So that freshness tells whether the source was asked."""
    workspace.code(
        "quiet",
        """\
        import dlt

        @dlt.resource(write_disposition="append")
        def quiet():
            yield []
        """,
    )
    workspace.declare(quiet={})
    for runs in (1, 2):
        assert workspace.sync().exit_code == 0
        recorded = "select count(*), count(distinct load_id) from raw_quiet._dlt_loads"
        assert workspace.rows(recorded) == [(runs, runs)]
