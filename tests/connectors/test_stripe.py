"""The Stripe connector against localstripe, which does what Stripe does with what it is told.

It knows no prices, no disputes, and no lines of an invoice by themselves: these are asserted in
test_requests.py only.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

if TYPE_CHECKING:
    from tests.connectors.conftest import Warehouse

pytestmark = pytest.mark.slow

SERVER = Path(__file__).parent / "localstripe_server.py"
KEY = "sk_test_12345"
DAY = 86400
# Parameters that each list needs beside `limit` to bring all.
LISTS: dict[str, dict[str, str]] = {
    "balance_transactions": {},
    "charges": {},
    "coupons": {},
    "customers": {},
    "invoices": {},
    "payment_intents": {},
    "payouts": {},
    "products": {},
    "refunds": {},
    "subscriptions": {"status": "all"},
}
# Nested tables, where the server has their rows, and how many these are beyond one each.
NESTED = {
    "invoices__lines__data": ("invoices", "lines", 2),
    "subscriptions__items__data": ("subscriptions", "items", 0),  # localstripe takes one each
}
#: How many days before the last one a list is asked for again, by the connector's `lag`.
LAGS = {
    "balance_transactions": 30,
    "charges": 90,
    "invoices": 90,
    "payment_intents": 30,
    "payouts": 30,
    "refunds": 30,
}


@dataclass(frozen=True)
class Stripe:
    """A running localstripe, and what a shop does with it."""

    address: str
    session: requests.Session

    def post(self, path: str, **data: Any) -> Any:  # noqa: ANN401 - Stripe's objects
        answer = self.session.post(self.address + path, json=data, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str, **params: str) -> Any:  # noqa: ANN401 - Stripe's objects
        answer = self.session.get(self.address + path, params=params, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def all(self, name: str) -> list[dict[str, Any]]:
        """All objects of a list, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            after = {"starting_after": found[-1]["id"]} if found else {}
            page = self.get(f"/v1/{name}", limit="100", **LISTS[name], **after)
            found += page["data"]
            if not page["has_more"]:
                return found

    def at(self, days: int) -> None:
        """Set the clock to so many days from now."""
        self.post("/_config/clock", ahead=days * DAY)

    def subscribe(self, plan: str, *extras: int) -> str:
        """A new customer with a card, who subscribes and is charged; gives the subscription.

        Args:
            plan: the plan's ID.
            extras: amounts that the first invoice has beside the subscription.
        """
        customer = self.post("/v1/customers", email="ada@example.com")["id"]
        numbers = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
        card = self.post("/v1/payment_methods", type="card", card=numbers)["id"]
        self.post(f"/v1/payment_methods/{card}/attach", customer=customer)
        settings = {"default_payment_method": card}
        self.post(f"/v1/customers/{customer}", invoice_settings=settings)
        for amount in extras:
            self.post("/v1/invoiceitems", customer=customer, amount=amount, currency="usd")
        items = [{"plan": plan, "quantity": 2}]
        return str(self.post("/v1/subscriptions", customer=customer, items=items)["id"])


@pytest.fixture(scope="module")
def stripe() -> Iterator[Stripe]:
    pytest.importorskip("localstripe")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(SERVER), str(port)])
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {KEY}"
        yield Stripe(f"http://127.0.0.1:{port}", session)
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True)
class Synced:
    """What two syncs left, and what the shop had each time."""

    before: Mapping[str, list[dict[str, Any]]]
    after: Mapping[str, list[dict[str, Any]]]
    first: Mapping[str, list[dict[str, Any]]]
    second: Mapping[str, list[dict[str, Any]]]
    asked_first: list[str]
    asked_second: list[str]


@pytest.fixture(scope="module")
def synced(stripe: Stripe, shared_warehouse: Warehouse, source_of: Callable[..., Any]) -> Synced:
    """Load a shop of 200 days, and again after one more customer and a cancellation."""

    def sync() -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
        stripe.get("/_config/lists")
        source = source_of("stripe", {"api_key": KEY, "base_url": f"{stripe.address}/v1/"})
        shared_warehouse.load(source.with_resources(*LISTS))
        asked = stripe.get("/_config/lists")
        return {name: _table(shared_warehouse, name) for name in (*LISTS, *NESTED)}, asked

    stripe.at(-200)
    product = stripe.post("/v1/products", name="Newsletter", type="service")["id"]
    terms = {"currency": "usd", "interval": "month", "product": product}
    stripe.post("/v1/plans", id="pro", amount=2000, **terms)
    stripe.post("/v1/coupons", id="SPRING", percent_off=10, duration="once")
    for number in range(100):  # more than a page
        stripe.post("/v1/customers", email=f"{number}@example.com")
    to_cancel = stripe.subscribe("pro")
    stripe.subscribe("pro", 300, 500)
    charge = stripe.all("charges")[0]["id"]
    stripe.post("/v1/refunds", charge=charge, amount=100)
    stripe.post("/v1/payouts", amount=500, currency="eur")
    stripe.at(-1)
    stripe.subscribe("pro")
    stripe.post("/v1/refunds", charge=charge, amount=50)
    stripe.post("/v1/payouts", amount=600, currency="eur")
    before = {name: stripe.all(name) for name in LISTS}
    first, asked_first = sync()
    stripe.at(0)
    stripe.subscribe("pro")
    cancelled = stripe.session.delete(f"{stripe.address}/v1/subscriptions/{to_cancel}", timeout=30)
    assert cancelled.ok
    after = {name: stripe.all(name) for name in LISTS}
    second, asked_second = sync()
    return Synced(before, after, first, second, asked_first, asked_second)


@pytest.mark.parametrize("name", LISTS)
def test_rows_are_the_servers(synced: Synced, name: str) -> None:
    """All of them, with every value that is no list or object, after each sync."""
    assert synced.before[name]
    for objects, rows in ((synced.before, synced.first), (synced.after, synced.second)):
        assert sorted(map(_values, objects[name])) == sorted(
            _values({key: row[key] for key in each if key in row})
            for each, row in _pairs(objects[name], rows[name])
        )


@pytest.mark.parametrize("table", NESTED)
def test_nested_lists_are_the_servers(synced: Synced, table: str) -> None:
    name, key, more = NESTED[table]
    for objects, rows in ((synced.before, synced.first), (synced.after, synced.second)):
        expected = sorted(item["id"] for each in objects[name] for item in each[key]["data"])
        assert len(expected) == len(objects[name]) + more
        assert sorted(row["id"] for row in rows[table]) == expected


def test_the_first_sync_asks_for_everything_and_for_a_second_page(synced: Synced) -> None:
    queries = [_query(target) for target in synced.asked_first]
    assert not [query for _, query in queries if "created[gt]" in query]
    assert len([name for name, _ in queries if name == "customers"]) == 2
    assert ("subscriptions", {"limit": ["100"], "status": ["all"]}) in queries


@pytest.mark.parametrize("name", LAGS)
def test_the_second_sync_is_incremental(synced: Synced, name: str) -> None:
    """It asks for what is new, and for what may have changed; what is older is not loaded again."""
    last = max(each["created"] for each in synced.before[name])
    since = last - LAGS[name] * DAY
    asked = [query for each, query in map(_query, synced.asked_second) if each == name]
    assert asked == [{"limit": ["100"], "created[gt]": [str(since)]}]
    loads = {row["id"]: row["_dlt_load_id"] for row in synced.second[name]}
    old = {row["id"]: row["_dlt_load_id"] for row in synced.first[name]}
    unchanged = {each["id"] for each in synced.before[name] if each["created"] <= since}
    assert unchanged
    assert {key for key in old if loads[key] == old[key]} == unchanged


def test_a_subscription_that_was_cancelled_later_is(synced: Synced) -> None:
    """Stripe selects by creation only, so subscriptions are loaded whole each time."""
    statuses = sorted(row["status"] for row in synced.second["subscriptions"])
    assert statuses == ["active", "active", "active", "canceled"]


def _table(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    columns = sorted(warehouse.columns()[name])
    names = ", ".join(f'"{column}"' for column in columns)
    return [
        dict(zip(columns, row, strict=True))
        for row in warehouse.rows(f'select {names} from "{name}"')
    ]


def _pairs(
    objects: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    by_id = {each["id"]: each for each in objects}
    assert sorted(by_id) == sorted(row["id"] for row in rows)
    for row in rows:
        yield by_id[row["id"]], row


def _values(each: Mapping[str, Any]) -> str:
    """The values of an object or a row that are no list or object; a time as a number."""
    found = {
        key: int(value.timestamp()) if isinstance(value, datetime) else value
        for key, value in each.items()
        if not isinstance(value, dict | list) and value is not None
    }
    return str(sorted(found.items()))


def _query(target: str) -> tuple[str, dict[str, list[str]]]:
    url = urlsplit(target)
    return url.path.rpartition("/")[2], parse_qs(url.query)
