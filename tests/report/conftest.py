"""One run with some of everything, as the reports' input."""

from __future__ import annotations

import pytest

from dango_dbt.results import (
    BuildResult,
    Failure,
    FileResult,
    NodeResult,
    RunResult,
    SchemaChange,
    SyncResult,
)

_STAGING = "dbt_project/models/staging/shop"

#: What rich reads about the terminal that it is on.
_TERMINAL = ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests, and wherever, sees the same."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in _TERMINAL:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def failed_run() -> RunResult:
    """Two sources that loaded, one that failed, one held; failed and warned nodes; a conflict."""
    shop = SyncResult(
        "shop",
        "success",
        "raw_shop",
        tables={"products": 1194, "carts": 1},
        schema_changes=(
            SchemaChange("carts", None, "added"),
            SchemaChange("refunds", None, "added"),
            SchemaChange("orders", "vip", "added"),
            SchemaChange("orders", "code", "added"),
            SchemaChange("orders", "price", "changed from bigint to text"),
        ),
        seconds={"connect": 0.5, "extract": 2.12345, "normalize": 0.9, "load": 1.1},
    )
    payments = SyncResult(
        "payments_api",
        "failed",
        "raw_payments_api",
        seconds={"extract": 0.3},
        error=Failure("SyncError", "extract failed:\n401 [bold]no[/bold] [/]", "set KEY in .env"),
    )
    prices = SyncResult(
        "prices",
        "held",
        "raw_prices",
        tables={"prices": 7},
        seconds={"extract": 61.0, "normalize": 2.0, "load": 2.0},
        error=Failure("KeyError", "'price'"),
    )
    old = SyncResult("old", "skipped", "raw_old")
    nodes = (
        NodeResult("model.demo.stg_shop__carts", "success", 0.1234, "OK"),
        NodeResult("test.demo.unique_stg_shop__carts_id.abcdef1234", "pass", 0.05, None),
        NodeResult("test.demo.parent_exists.0123456789", "warn", 0.05, "Got 3 results\n\nmore"),
        NodeResult("test.demo.no_gaps", "fail", 0.05, "Got 2 results, configured to fail if != 0"),
        NodeResult("seed.demo.codes", "success", 0.02, "INSERT 3"),
        NodeResult(
            "model.demo.sales",
            "error",
            0.2,
            "Database Error\n  no column [red]foo[/red]\n\n  LINE 1: foo\n          ^",
        ),
        NodeResult("model.demo.sales_by_day.v2", "skipped", 0.0, None),
    )
    return RunResult(
        "sync-and-build",
        "dev",
        sources=(shop, payments, prices, old),
        files=(
            FileResult(f"{_STAGING}/stg_shop__carts.sql", "created"),
            FileResult(f"{_STAGING}/stg_shop__orders.sql", "conflict"),
            FileResult(f"{_STAGING}/stg_shop__products.sql", "unchanged"),
        ),
        build=BuildResult("failed", nodes, seconds=8.0),
        seconds=74.26,
    )


@pytest.fixture
def good_run() -> RunResult:
    """A run where all went well."""
    return RunResult(
        "sync-and-build",
        "dev",
        sources=(
            SyncResult("shop", "success", "raw_shop", {"carts": 1}, seconds={"extract": 0.5}),
        ),
        files=(FileResult(f"{_STAGING}/stg_shop__carts.sql", "unchanged"),),
        build=BuildResult(
            "success", (NodeResult("model.demo.stg_shop__carts", "success", 0.1, "OK"),)
        ),
        seconds=1.0,
    )
