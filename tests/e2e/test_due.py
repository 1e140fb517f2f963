"""`--due` loads what is due by its schedule, once for each time, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt.errors import ConfigError, SyncError
from dango_dbt.report import SeenProgress

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Api, OnPostgres, Workspace

pytestmark = pytest.mark.slow

CODE = """\
import dlt
from dlt.sources.helpers import requests


@dlt.source
def pages(url, name):
    @dlt.resource(name="items", primary_key="id", write_disposition="merge")
    def items():
        yield requests.get(f"{url}/{name}").json()[name]

    @dlt.resource(name="more", write_disposition="replace")
    def more():
        yield {"n": 1}

    return (items, more) if name == "early" else items
"""
NIGHTLY = "30 2 * * *"

#: 10 schedules on the clocks of Berlin, and at which of the visits below each is loaded.
SCHEDULES: dict[str, tuple[str, str, str]] = {
    #                        put back, 25 October 01:00 UTC, put on, 29 March 01:00 UTC
    "before": ("30 1 * * *", "24 23:30, 26 12:00", "29 00:30, 30 12:00"),
    "within": (NIGHTLY, "25 00:30, 26 12:00", "29 01:00, 30 12:00"),
    "at_its_begin": ("0 2 * * *", "25 00:00, 26 12:00", "29 01:00, 30 12:00"),
    "at_its_end": ("0 3 * * *", "25 12:00, 26 12:00", "29 01:00, 30 12:00"),
    "two_within": ("0,30 2 * * *", "25 00:00, 25 00:30, 26 12:00", "29 01:00, 30 12:00"),
    "midnight": ("@daily", "24 22:00, 26 12:00", "28 23:00, 30 12:00"),
    "mondays": ("30 2 * * mon", "26 12:00", "30 12:00"),
    "sundays": ("30 2 * * sun", "25 00:30", "29 01:00"),
    "hourly": (
        "@hourly",
        "24 22:00, 24 23:30, 25 00:00, 25 01:00, 25 12:00, 26 12:00",
        "28 23:00, 29 00:30, 29 01:00, 29 02:00, 29 12:00, 30 12:00",
    ),
    "even_hours": (
        "0 */2 * * *",
        "24 22:00, 25 00:00, 25 12:00, 26 12:00",
        "28 23:00, 29 01:00, 29 02:00, 29 12:00, 30 12:00",
    ),
}
#: When a job comes, in UTC: about each half hour of the night, then at noon of two days.
VISITS = (
    "24 21:30, 24 22:00, 24 23:30, 25 00:00, 25 00:30, 25 01:00, 25 01:30, 25 12:00, 26 12:00",
    "28 22:30, 28 23:00, 29 00:30, 29 01:00, 29 01:30, 29 02:00, 29 12:00, 30 12:00",
)

Serve = Callable[..., AbstractContextManager["Api"]]


def entry(api: Api, name: str, **more: object) -> Mapping[str, Any]:
    kwargs = {"url": api.url, "name": name}
    return {"module": "pages", "function": "pages", "kwargs": kwargs, **more}


def declare(workspace: Workspace, timezone_: str, **sources: Mapping[str, Any]) -> None:
    workspace.code("pages", CODE)
    workspace.declare(**sources)
    path = workspace.root / ".dango/sources.yml"
    path.write_text(f"timezone: {timezone_}\n{path.read_text('utf-8')}", encoding="utf-8")


def loaded_at(workspace: Workspace, now: datetime, result: RunResult) -> None:
    """Let the warehouse say of the loads of a run that they ended at a time of ours."""
    import duckdb

    began = datetime.now(timezone.utc) - timedelta(seconds=result.seconds + 60)
    with duckdb.connect(str(workspace.warehouse)) as connection:
        for source in result.sources or ():
            connection.execute(
                f"update raw_{source.name}._dlt_loads set inserted_at = ? where inserted_at > ?",
                [now, began],
            )


@pytest.mark.parametrize(
    ("month", "season"), [(10, 0), pytest.param(3, 1, marks=pytest.mark.exhaustive)]
)
def test_ten_schedules_over_a_change_of_the_clocks(
    workspace: Workspace, serve: Serve, month: int, season: int
) -> None:
    with serve({name: [{"id": 1}] for name in SCHEDULES}) as api:
        declare(
            workspace,
            "Europe/Berlin",
            **{name: entry(api, name, schedule=given[0]) for name, given in SCHEDULES.items()},
        )
        found: dict[str, list[str]] = {name: [] for name in SCHEDULES}
        first, *visits = VISITS[season].split(", ")
        for visit in (first, *visits):
            now = datetime.fromisoformat(f"2026-{month:02}-{visit}+00:00")
            before = api.calls.copy()
            run = workspace.sync(due=True, now=now, generate=visit == first)
            assert run.exit_code == 0
            called = api.calls - before
            assert set(called.values()) <= {1}
            assert {source.name for source in run.sources or ()} == set(called)
            loaded_at(workspace, now, run)
            if visit == first:
                assert set(called) == set(SCHEDULES), "what was never loaded is due"
            else:
                for name in called:
                    found[name].append(visit)
    assert found == {name: given[1 + season].split(", ") for name, given in SCHEDULES.items()}
    for name, visits in found.items():
        loads = workspace.rows(f"select count(*) from raw_{name}._dlt_loads")
        assert loads == [(1 + len(visits),)]


# ---------------------------------------------------------------- what else a run does


@pytest.fixture(scope="module")
def shops(new_workspace: Callable[[], Workspace], serve: Serve) -> Any:  # noqa: ANN401 - a generator
    """Give a project that is loaded and built, with four sources."""
    workspace = new_workspace()
    with serve({name: [{"id": 1}] for name in ("early", "late", "never", "off")}) as api:
        declare(
            workspace,
            "UTC",
            early=entry(api, "early", schedule="0 1 * * *"),
            late=entry(api, "late", schedule="0 2 * * *"),
            never=entry(api, "never"),
            off=entry(api, "off", schedule="0 1 * * *", enabled=False),
        )
        workspace.mart("both", "select * from {{ ref('stg_early__items') }}")
        run = workspace.run()
        assert run.exit_code == 0
        yield workspace, api, run


def again(shops: tuple[Workspace, Api, RunResult]) -> tuple[Workspace, Api]:
    """Let all have been loaded at noon of 1 March."""
    workspace, api, run = shops
    loaded_at(workspace, at("03-01 12:00"), run)
    _unload(workspace)
    api.failing.clear()
    api.calls.clear()
    return workspace, api


def _unload(workspace: Workspace) -> None:
    """Let what tests have loaded since then be loaded at noon, too."""
    import duckdb

    with duckdb.connect(str(workspace.warehouse)) as connection:
        for name in ("early", "late", "never"):
            connection.execute(
                f"update raw_{name}._dlt_loads set inserted_at = ?", [at("03-01 12:00")]
            )


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+00:00")


def test_where_nothing_is_due_dbt_does_not_run(shops: Any) -> None:  # noqa: ANN401
    workspace, api = again(shops)
    run = workspace.run(due=True, now=at("03-02 00:30"))
    assert run.exit_code == 0
    assert not api.calls
    assert run.build is not None
    assert (run.build.status, run.build.nodes) == ("not_run", ())
    assert run.build.reason == "no source is due: the next is `early`, at 2026-03-02 01:00+00:00"
    assert [(each.name, each.due, each.next_due) for each in run.schedules or ()] == [
        ("early", False, "2026-03-02T01:00+00:00"),
        ("late", False, "2026-03-02T02:00+00:00"),
        ("never", False, None),
    ]


def test_what_is_due_is_loaded_and_all_is_built(shops: Any) -> None:  # noqa: ANN401
    workspace, api = again(shops)
    run = workspace.run(due=True, now=at("03-02 01:30"), frozen=True)
    assert run.exit_code == 0
    assert api.calls == Counter(early=1)
    assert run.build is not None
    assert {node.unique_id for node in run.build.nodes} >= {
        "model.shop.both",
        "model.shop.stg_late__items",
    }


def test_a_load_that_fails_is_tried_again(shops: Any) -> None:  # noqa: ANN401
    workspace, api = again(shops)
    api.failing.add("early")
    now = at("03-02 01:30")
    failed = workspace.run(due=True, now=now)
    assert failed.exit_code == 1
    assert {source.name: source.status for source in failed.sources or ()} == {"early": "failed"}
    api.failing.clear()
    assert workspace.run(due=True, now=now).exit_code == 0
    assert api.calls["early"] > 1
    # what has begun since is not due: the clock of dlt's own loads is today's
    assert not workspace.run(due=True, now=now + timedelta(minutes=20)).sources


@pytest.mark.parametrize(
    ("options", "called"),
    [
        ({"sources": ["early"]}, ["early"]),
        ({"sources": ["late"]}, []),
        ({"sources": ["never"]}, []),
        ({"select": ["+both"]}, ["early"]),
        ({"select": ["both"]}, []),
        ({"select": ["source:late+"]}, []),
        ({"exclude": ["source:early+"]}, []),
    ],
)
def test_with_a_selection_both_must_hold(
    shops: Any,  # noqa: ANN401
    options: dict[str, list[str]],
    called: list[str],
) -> None:
    workspace, api = again(shops)
    sources = options.pop("sources", [])
    run = workspace.run(*sources, due=True, now=at("03-02 01:30"), **options)
    assert run.exit_code == 0
    assert list(api.calls) == called
    assert run.build is not None
    assert (run.build.status == "not_run") == (not called)
    if not called and run.build.reason:
        assert "is due" in run.build.reason or "has a schedule" in run.build.reason


def test_a_disabled_source_is_refused_by_name_and_otherwise_left_out(shops: Any) -> None:  # noqa: ANN401
    workspace, api = again(shops)
    with pytest.raises(ConfigError, match="source `off` is disabled"):
        workspace.run("off", due=True)
    assert not api.calls


def test_the_command_says_what_is_not_due(shops: Any) -> None:  # noqa: ANN401
    """By the machine's clock: all was loaded just now, and is due tomorrow."""
    workspace, _ = again(shops)
    assert workspace.sync(generate=False).exit_code == 0
    done = workspace.command("sync-and-build", "--due", "--frozen", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["sources"], document["build"]["status"]) == (0, [], "not_run")
    late = next(each for each in document["schedules"] if each["source"] == "late")
    assert (late["schedule"], late["due"]) == ("0 2 * * *", False)
    assert datetime.fromisoformat(late["next_due"]) > datetime.now(timezone.utc)


def test_a_part_of_a_source_counts_as_its_load_and_says_so(shops: Any) -> None:  # noqa: ANN401
    workspace, api = again(shops)
    progress = SeenProgress()
    now = at("03-02 01:30")
    run = workspace.sync(due=True, now=now, select=["source:early.more"], progress=progress)
    assert run.exit_code == 0
    assert any("source `early` is loaded in part" in each for each in progress.warnings)
    assert not api.calls
    assert not workspace.sync(due=True, now=now).sources


def test_what_an_interrupted_run_left_began_when_that_did(workspace: Workspace) -> None:
    """A package that is loaded late holds data of an earlier time: what has become due since is."""
    import duckdb

    workspace.code("one", "import dlt\n\n@dlt.resource\ndef one():\n    yield {'n': 1}\n")
    workspace.declare(one={"schedule": "0 * * * *"})
    run = workspace.sync()
    loaded = datetime.now(timezone.utc)
    with duckdb.connect(str(workspace.warehouse)) as connection:
        (load_id,) = connection.execute("select load_id from raw_one._dlt_loads").fetchall()[0]
        assert abs(float(load_id) - loaded.timestamp()) < 60 + run.seconds
        for table in ("_dlt_loads", "one"):
            column = "load_id" if table == "_dlt_loads" else "_dlt_load_id"
            connection.execute(
                f"update raw_one.{table} set {column} = ?", [str(float(load_id) - 7200)]
            )
    due = workspace.sync(due=True, now=loaded).schedules
    assert due is not None
    assert due[0].due


def test_a_warehouse_that_cannot_be_asked_loads_nothing(workspace: Workspace) -> None:
    workspace.code("one", "import dlt\n\n@dlt.resource\ndef one():\n    yield {'n': 1}\n")
    workspace.declare(one={"schedule": "0 * * * *"})
    workspace.write("data/warehouse.duckdb", "this is no database")
    with pytest.raises(SyncError):
        workspace.sync(due=True)


def test_a_broken_entry_fails_each_run(workspace: Workspace) -> None:
    """What would be due nobody knows, and a green run would hide it."""
    workspace.code("one", "import dlt\n\n@dlt.resource\ndef one():\n    yield {'n': 1}\n")
    workspace.declare(one={"schedule": "0 * * * *"}, two={"schedule": "sometimes"})
    first = workspace.sync(due=True)
    assert {each.name: each.status for each in first.sources or ()} == {
        "one": "success",
        "two": "failed",
    }
    second = workspace.sync(due=True)
    assert {each.name: each.status for each in second.sources or ()} == {"two": "failed"}
    assert second.exit_code == 2


def test_on_postgres_a_source_is_due_by_its_last_load(on_postgres: OnPostgres) -> None:
    on_postgres.code("one", "import dlt\n\n@dlt.resource\ndef one():\n    yield {'n': 1}\n")
    on_postgres.declare(one={"schedule": "0 0 1 1 *"})
    assert on_postgres.sync(due=True, generate=False).sources
    assert not on_postgres.sync(due=True, generate=False).sources
    on_postgres.rows("update raw_one._dlt_loads set inserted_at = '2020-01-01' returning 1")
    assert on_postgres.sync(due=True, generate=False).sources
