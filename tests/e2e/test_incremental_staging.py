"""Incremental staging models hold, after whatever has happened, what a full refresh would give."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb  # noqa: TID253 - the warehouse is looked into
import pytest

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Workspace

# Each round changes the items of round 1, and brings new ones. Lists shrink, grow and vanish.
CODE = """\
import os
import dlt

ROUND = int(os.environ["ROUND"])
APPENDED = [
    {
        "id": 10 * ROUND + n,
        "round": ROUND,
        f"new_{ROUND}": n,  # columns join
        "parts": [{"p": n, f"new_{ROUND}": n, "marks": [ROUND, n]}] * n,
    }
    for n in range(4)
] if ROUND != 3 else []
ITEMS = [
    {
        "id": n,
        "round": ROUND if n % 2 else 1,
        "deleted": n == 5 and ROUND > 1,
        **({f"new_{ROUND}": n} if ROUND > 1 else {}),
        "parts": [{"p": f"{ROUND}-{k}", "marks": [k, ROUND]} for k in range((n + ROUND) % 4)],
    }
    for n in range(4 + 2 * ROUND)
    if n % 2 or n >= 2 + 2 * ROUND or ROUND == 1
]


@dlt.source
def shop():
    hard = {"deleted": {"hard_delete": True}}
    yield dlt.resource(APPENDED, name="appended", primary_key="id", write_disposition="append")
    yield dlt.resource(
        [{**row, "id": row["id"] % 7} for row in APPENDED],
        name="latest",
        primary_key="id",
        write_disposition="append",
    )
    yield dlt.resource(
        ITEMS, name="merged", primary_key="id", write_disposition="merge", columns=hard
    )
    yield dlt.resource(
        ITEMS,
        name="upserted",
        primary_key="id",
        write_disposition={"disposition": "merge", "strategy": "upsert"},
        columns=hard,
    )
    yield dlt.resource(
        [{"day": ROUND if ROUND < 3 else 1, "n": n, "parts": [n] * ROUND} for n in range(ROUND)],
        name="by_day",
        merge_key="day",
        write_disposition="merge",
    )
    import pyarrow

    table = pyarrow.table({"id": [ROUND, ROUND + 1], "round": [ROUND, ROUND]})
    yield dlt.resource(table, name="arrow", write_disposition="append")
    yield dlt.resource(table, name="arrow_merged", primary_key="id", write_disposition="merge")
    yield dlt.resource(
        ITEMS, name="versioned", write_disposition={"disposition": "merge", "strategy": "scd2"}
    )
    for name, key in (("typed", None), ("typed_latest", "id")):
        value = {1: 1, 2: 2.5, 3: 3, 4: "no number", 5: 5.25}[ROUND]
        rows = [{"id": n, "value": value, "parts": [value]} for n in range(ROUND, ROUND + 2)]
        yield dlt.resource(rows, name=name, primary_key=key, write_disposition="append")
    yield dlt.resource(
        [{**row, "place": str(row["id"] % 2), "id": row["id"] % 5} for row in APPENDED],
        name="composite",
        primary_key=["id", "place"],
        write_disposition="append",
    )
    yield dlt.resource(
        [row for row in ITEMS if row["id"] % 2],
        name="inserted",
        primary_key="id",
        write_disposition={"disposition": "merge", "strategy": "insert-only"},
    )
    yield dlt.resource(ITEMS, name="replaced", primary_key="id", write_disposition="replace")
"""
STAGING = {
    "incremental": True,
    "variants": "coalesce",
    "tables": {
        "latest": {"deduplicate": True},
        "typed_latest": {"deduplicate": True},
        "composite": {"deduplicate": True, "dlt_columns": "hide"},
        "merged": {"dlt_columns": "hide"},
        "appended__parts": {"dlt_columns": "hide"},
    },
}
INCREMENTAL = {
    *("appended", "appended__parts", "appended__parts__marks"),
    *("latest", "latest__parts", "latest__parts__marks"),
    *("merged", "merged__parts", "merged__parts__marks"),
    *("upserted", "upserted__parts", "upserted__parts__marks"),
    *("by_day", "by_day__parts", "arrow", "arrow_merged"),
    *("composite", "composite__parts", "composite__parts__marks"),
    *("inserted", "inserted__parts", "inserted__parts__marks"),
}
# Once their values have another type, they are views.
TYPED = {"typed", "typed__parts", "typed_latest", "typed_latest__parts"}


WITHOUT_TESTS = ("--exclude", "resource_type:test")


@pytest.fixture
def shop(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace.code("shop", CODE)
    workspace.declare(shop={"staging": STAGING})
    monkeypatch.setenv("ROUND", "1")
    return workspace


@pytest.fixture(scope="module")
def first_round(new_workspace: Callable[[], Workspace]) -> Path:
    """Load and build the first round, once for all tests."""
    workspace = new_workspace()
    workspace.code("shop", CODE)
    workspace.declare(shop={"staging": STAGING})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROUND", "1")
        result = workspace.run()
    assert result.exit_code == 0, failed(result)
    assert tables_of(workspace) == INCREMENTAL | TYPED
    return workspace.root


@pytest.fixture
def built_shop(shop: Workspace, first_round: Path) -> Workspace:
    shop.start_from(first_round)
    return shop


def failed(result: RunResult) -> list[str]:
    """Say what did not work, for the message of an assertion."""
    nodes = result.build.nodes if result.build else ()
    return [f"{node.unique_id}: {node.message}" for node in nodes if node.failed]


def contents(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """Read all columns, with their types, and all rows of all staging models."""
    found = {}
    for model in sorted(workspace.relations("main_staging")):
        described = workspace.rows(f'describe main_staging."{model}"')
        columns = sorted((str(name), str(kind)) for name, kind, *_ in described)
        names = ", ".join(f'"{name}"' for name, _ in columns)
        rows = workspace.rows(f'select {names} from main_staging."{model}" order by all')
        found[model] = [*columns, *rows]
    return found


def check(workspace: Workspace) -> None:
    """Compare what is there with a full refresh, and the plain ones with the raw tables."""
    from dango_dbt import Project

    found = contents(workspace)
    # the run before has passed the tests
    result = Project.find(workspace.root).build(WITHOUT_TESTS, full_refresh=True)
    assert result.exit_code == 0, failed(result)
    refreshed = contents(workspace)
    for model, rows in refreshed.items():
        assert found[model] == rows, model
    for table in INCREMENTAL | TYPED:
        if not table.startswith(("latest", "typed_latest", "composite")):
            staged = workspace.count(f"main_staging.stg_shop__{table}")
            assert staged == workspace.count(f"raw_shop.{table}"), table


def tables_of(workspace: Workspace) -> set[str]:
    """Name the staging models that are tables."""
    found = workspace.rows(
        "select table_name from information_schema.tables"
        " where table_schema = 'main_staging' and table_type = 'BASE TABLE'"
    )
    return {str(name).removeprefix("stg_shop__") for (name,) in found}


pytestmark = pytest.mark.slow


def test_rounds_of_loads_and_builds_give_what_a_full_refresh_gives(
    built_shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = built_shop
    for number in (2, 3, 4, 5):
        monkeypatch.setenv("ROUND", str(number))
        result = shop.run()
        assert result.exit_code == 0, failed(result)
        assert tables_of(shop) == INCREMENTAL
        if number in {2, 4}:  # the others go on from a model that no refresh has mended
            check(shop)
    monkeypatch.setenv("ROUND", "2")
    assert shop.run().exit_code == 0
    check(shop)


def killed_build(workspace: Workspace, models: int) -> None:
    """Build, and die as soon as dbt has told of this many models that are done."""
    log = workspace.root / "dbt_project/logs/dbt.log"
    log.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "dango_dbt", "build"],
        cwd=workspace.root,
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if log.exists() and log.read_text("utf-8").count(" OK created sql ") >= models:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("models", [pytest.param(2, marks=pytest.mark.exhaustive), 9])
def test_a_build_that_was_killed_half_way(
    built_shop: Workspace, monkeypatch: pytest.MonkeyPatch, models: int
) -> None:
    shop = built_shop
    monkeypatch.setenv("ROUND", "2")
    assert shop.sync().exit_code == 0
    killed_build(shop, models)
    monkeypatch.setenv("ROUND", "4")
    assert shop.run().exit_code == 0
    check(shop)


@pytest.mark.exhaustive
def test_a_first_build_that_was_killed_half_way(shop: Workspace) -> None:
    assert shop.sync().exit_code == 0
    killed_build(shop, 6)
    assert shop.run().exit_code == 0
    check(shop)


def test_raw_data_that_was_dropped(
    built_shop: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model is a table with types; where they are others now, the run says what to do."""
    from dango_dbt import Project
    from dango_dbt.report.plain import PlainProgress

    shop = built_shop
    monkeypatch.setenv("ROUND", "2")
    assert shop.run(refresh="drop_sources", progress=PlainProgress(sys.stderr)).exit_code == 0
    said = capsys.readouterr().err
    typed = [f"stg_shop__{table}" for table in sorted(TYPED)]
    for model in typed:
        assert f"dango-dbt build --full-refresh --select {model}`" in said
    assert Project.find(shop.root).build(["--select", *typed], full_refresh=True).exit_code == 0
    check(shop)


@pytest.mark.exhaustive
def test_several_syncs_before_a_build(
    built_shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = built_shop
    for number in ("3", "4", "5"):
        monkeypatch.setenv("ROUND", number)
        assert shop.sync(generate=False).exit_code == 0
    from dango_dbt import Project

    assert Project.find(shop.root).build().exit_code == 0
    check(shop)


NEXT = "9999999999.5"
#: Selects what a part of a load comes into.
OF_PARTS = ("--select", "stg_shop__appended", "stg_shop__latest", "stg_shop__latest__parts")
PART_OF_A_LOAD = f"""
insert into raw_shop.appended by name
    select * replace ('{NEXT}' as _dlt_load_id, _dlt_id || 'x' as _dlt_id)
    from raw_shop.appended limit 2;
insert into raw_shop.latest by name
    select * replace ('{NEXT}' as _dlt_load_id, _dlt_id || 'x' as _dlt_id)
    from raw_shop.latest limit 2;
insert into raw_shop.latest__parts by name
    select * replace (
        '{NEXT}' as _root_load_id,
        _dlt_id || 'x' as _dlt_id,
        _dlt_parent_id || 'x' as _dlt_parent_id
    )
    from raw_shop.latest__parts limit 2;
"""


@pytest.mark.parametrize(
    "built",
    [
        pytest.param(True, id="built before"),
        pytest.param(False, id="first build", marks=pytest.mark.exhaustive),
    ],
)
def test_a_load_that_is_not_finished_is_not_taken_over_in_part(
    shop: Workspace,
    built: bool,  # noqa: FBT001 - a case
) -> None:
    """A sync was killed after some of its rows had come, and dbt ran before the next sync."""
    from dango_dbt import Project

    def execute(sql: str) -> None:
        with duckdb.connect(str(shop.warehouse)) as connection:
            connection.execute(sql)

    def build(*options: str) -> dict[str, list[tuple[Any, ...]]]:
        result = Project.find(shop.root).build(options)
        assert result.exit_code == 0, failed(result)
        return contents(shop)

    assert shop.sync().exit_code == 0
    before = build(*OF_PARTS, *WITHOUT_TESTS) if built else None
    execute(PART_OF_A_LOAD)
    part = build(*OF_PARTS)
    assert build(*OF_PARTS, *WITHOUT_TESTS) == part
    # the next sync takes back what has come
    for table in ("appended", "latest"):
        execute(f"delete from raw_shop.{table} where _dlt_load_id = '{NEXT}'")
    execute(f"delete from raw_shop.latest__parts where _root_load_id = '{NEXT}'")
    assert build(*OF_PARTS, *WITHOUT_TESTS) == part
    assert before in (None, part)
    # or its rest comes
    execute(PART_OF_A_LOAD)
    assert build(*OF_PARTS, *WITHOUT_TESTS) == part
    execute(
        "insert into raw_shop._dlt_loads by name"
        f" select * replace ('{NEXT}' as load_id) from raw_shop._dlt_loads limit 1"
    )
    assert len(build()["stg_shop__appended"]) == len(part["stg_shop__appended"]) + 2
    check(shop)


@pytest.mark.parametrize(
    "refresh", [None, pytest.param("drop_resources", marks=pytest.mark.exhaustive)]
)
def test_the_option_was_off_for_a_while(
    built_shop: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    refresh: Any,  # noqa: ANN401 - dlt's words
) -> None:
    """Nested rows that came then have a load id like the others, and are taken over."""
    shop = built_shop
    monkeypatch.setenv("ROUND", "2")
    shop.declare(shop={"staging": {**STAGING, "incremental": False}})
    assert shop.sync(generate=False, refresh=refresh).exit_code == 0
    monkeypatch.setenv("ROUND", "4")
    shop.declare(shop={"staging": STAGING})
    assert shop.run().exit_code == 0
    if refresh:  # which has brought columns in another type
        from dango_dbt import Project

        typed = [f"stg_shop__{table}" for table in TYPED]
        assert Project.find(shop.root).build(["--select", *typed], full_refresh=True).exit_code == 0
    check(shop)


def test_a_model_that_selects_from_another_source_too(built_shop: Workspace) -> None:
    """The hook compares the model with its own table, whatever else stands above it."""
    from dango_dbt import Project

    shop = built_shop
    model = shop.root / "dbt_project/models/staging/shop/stg_shop__appended.sql"
    text = model.read_text("utf-8")
    cte = 'with\n    other as (select * from {{ source("shop", "arrow") }}),\n'
    model.write_text(text.replace("with\n", cte, 1), "utf-8")
    for _ in range(2):
        built = Project.find(shop.root).build(["--select", model.stem])
        assert built.exit_code == 0, failed(built)
    assert shop.count("main_staging.stg_shop__appended") == shop.count("raw_shop.appended")
    check(shop)
