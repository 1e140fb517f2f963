"""`dbt source freshness` tells whether the sync ran, whatever it brought."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

CODE = """\
import dlt


@dlt.source(name="TickerSource")
def ticker(upto):
    @dlt.resource(write_disposition="append")
    def ticks(at=dlt.sources.incremental("at", initial_value=0)):
        yield [{"at": n, "parts": [n]} for n in range(1, int(upto) + 1) if n > at.last_value]

    return ticks
"""
HOURS = {"warn_after": {"count": 1, "period": "hour"}, "error_after": {"count": 1, "period": "day"}}


def freshness(workspace: Workspace) -> tuple[int, dict[str, str]]:
    """Run it as a process; gives the exit code, and the state by table."""
    done = workspace.command("dbt", "source", "freshness")
    path = workspace.root / "dbt_project/target/sources.json"
    assert path.exists(), done.stdout + done.stderr
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    path.unlink()
    return done.returncode, {each["unique_id"].split(".")[-1]: each["status"] for each in results}


def age(workspace: Workspace, hours: int) -> None:
    """Let all that was loaded be that much older."""
    import duckdb

    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(
            f"update raw_ticker._dlt_loads set inserted_at = inserted_at - interval {hours} hour"
        )


def ticker(workspace: Workspace, **keys: Any) -> Workspace:  # noqa: ANN401 - keys of sources.yml
    workspace.code("ticker", CODE)
    workspace.declare(ticker={"kwargs": {"upto": "${UPTO:-3}"}, **keys})
    return workspace


def same(status: str) -> dict[str, str]:
    return {"ticks": status, "ticks__parts": status}


@pytest.mark.slow
def test_it_tells_whether_the_sync_ran(workspace: Workspace) -> None:
    ticker(workspace, freshness=HOURS)
    assert workspace.sync().exit_code == 0
    assert freshness(workspace) == (0, same("pass"))

    age(workspace, hours=3)
    assert freshness(workspace) == (0, same("warn"))

    age(workspace, hours=30)
    assert freshness(workspace) == (1, same("error"))

    rows = workspace.count("raw_ticker.ticks")
    assert workspace.sync().exit_code == 0
    assert workspace.count("raw_ticker.ticks") == rows, "this sync brought nothing"
    assert freshness(workspace) == (0, same("pass"))


@pytest.mark.slow
def test_a_load_that_failed_or_is_another_sources_makes_nothing_fresh(
    workspace: Workspace,
) -> None:
    import duckdb

    ticker(workspace, schedule="@hourly")
    assert workspace.sync().exit_code == 0
    age(workspace, hours=3)
    with duckdb.connect(str(workspace.warehouse)) as connection:
        for schema, status in (("'other'", 0), ("schema_name", 1)):
            connection.execute(
                "insert into raw_ticker._dlt_loads (load_id, schema_name, status, inserted_at)"
                f" select load_id || {status}, {schema}, {status}, now()"
                " from raw_ticker._dlt_loads where status = 0"
            )
    assert freshness(workspace) == (0, same("warn")), "an hourly source, 3 hours after its load"


@pytest.mark.slow
def test_thresholds_may_come_from_dbt_project_yml(workspace: Workspace) -> None:
    ticker(workspace)
    assert workspace.sync().exit_code == 0
    age(workspace, hours=3)
    assert freshness(workspace) == (0, {}), "no thresholds, nothing to tell"

    project: Path = workspace.root / "dbt_project/dbt_project.yml"
    sources = {"shop": {"staging": {"ticker": {"+freshness": HOURS}}}}
    text = project.read_text(encoding="utf-8") + f"sources: {json.dumps(sources)}\n"
    project.write_text(text, encoding="utf-8")
    assert freshness(workspace) == (0, same("warn"))
