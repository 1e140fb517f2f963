"""From the catalogue to a second sync, by commands alone: Stripe, as localstripe does it."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.connectors.test_stripe import Stripe, stripe

if TYPE_CHECKING:
    import subprocess

    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow

__all__ = ["stripe"]  # the fixture

KEY = "sk_test_12345"


def test_one_page_of_files_is_read_and_an_empty_folder_told(workspace: Workspace) -> None:
    """They come from a transformer alone."""
    import duckdb

    workspace.write(".dango/sources.yml", "version: '1.0'\n")
    answer(workspace.command("source", "add", "dumps", "--connector", "filesystem", "--json"))
    check = ("source", "configure", "dumps", "--set", "bucket_url=dumps", "--check")
    (workspace.root / "dumps").mkdir()
    empty = workspace.command(*check)
    assert "`dumps` answers: 0 rows of dumps" in empty.stdout, empty.stderr
    assert "see whether there is such data" in empty.stdout
    with duckdb.connect() as connection:
        file = workspace.root / "dumps" / "two.parquet"
        connection.execute(f"copy (select unnest([1, 2]) as id) to '{file}'")
    full = workspace.command(*check)
    assert "`dumps` answers: 2 rows of dumps" in full.stdout, full.stderr
    assert "Next: dango-dbt source discover dumps" in full.stdout


def answer(done: subprocess.CompletedProcess[str]) -> Any:  # noqa: ANN401 - a document
    assert done.returncode == 0, done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr
    return json.loads(done.stdout)


def test_add_configure_discover_test_sync_and_sync_again(
    workspace: Workspace,
    stripe: Stripe,
) -> None:
    product = stripe.post("/v1/products", name="Box", type="service")["id"]
    plan = stripe.post(
        "/v1/plans", amount=900, currency="usd", interval="month", product=product, id="way"
    )["id"]
    for _ in range(3):
        stripe.subscribe(plan, 100, 200)
    stripe.at(200)  # beyond what is asked for again, since it may still change
    stripe.subscribe(plan, 300)

    workspace.write(".dango/sources.yml", "version: '1.0'\n")
    added = answer(workspace.command("source", "add", "pay", "--connector", "stripe", "--json"))
    assert added["secrets"] == ["api_key"]
    asked = workspace.command("source", "configure", "pay", "--json")
    assert asked.returncode == 2, "nobody is there to be asked"
    assert "api_key" in json.loads(asked.stdout)["error"]["message"]

    workspace.write("keys", f"api_key={KEY}\nbase_url={stripe.address}/v1/\n")
    given = (workspace.root / "keys").read_text("utf-8").split()
    configured = answer(
        workspace.command(
            "source",
            "configure",
            "pay",
            *(part for pair in given for part in ("--set", pair)),
            "--check",
            "--json",
        )
    )
    assert configured["check"]["rows"] > 0
    secrets = workspace.root / ".dlt" / "secrets.toml"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert KEY not in (workspace.root / "custom_sources/pay.py").read_text("utf-8")

    wanted = ("customers", "subscriptions", "invoices", "charges")
    only = [part for name in wanted for part in ("--resource", name)]
    before = workspace.files(".dango", "dbt_project", "custom_sources")
    found = answer(workspace.command("source", "discover", "pay", *only, "--json"))
    assert set(wanted) <= {table["name"] for table in found["tables"]}
    tested = workspace.command("source", "test", "pay", *only, "--json")
    assert json.loads(tested.stdout)["status"] in {"success", "failed"}, tested.stderr
    assert workspace.files(".dango", "dbt_project", "custom_sources") == before

    sources = (workspace.root / ".dango/sources.yml").read_text("utf-8")
    resources = "    resources: [customers, products, subscriptions, invoices, charges]\n"
    workspace.write(".dango/sources.yml", sources.rstrip("\n") + f"\n{resources}")
    first = answer(workspace.command("sync-and-build", "--json"))
    assert first["build"]["status"] == "success"
    for name in wanted:
        params = {"status": "all"} if name == "subscriptions" else {}
        assert workspace.count(f"raw_pay.{name}") == len(
            stripe.get(f"/v1/{name}", limit="100", **params)["data"]
        )
    assert workspace.count("raw_pay.invoices__lines__data") == sum(
        len(invoice["lines"]["data"]) for invoice in stripe.get("/v1/invoices", limit="100")["data"]
    )
    stripe.at(201)
    stripe.subscribe(plan)
    second = answer(workspace.command("sync-and-build", "--json"))
    assert second["build"]["status"] == "success"
    assert workspace.count("raw_pay.charges") == len(stripe.get("/v1/charges", limit="100")["data"])
    loads = workspace.rows(
        "select count(*) from raw_pay.charges group by _dlt_load_id order by _dlt_load_id"
    )
    assert loads == [(3,), (2,)], "the second sync asked for what is new and may have changed only"
