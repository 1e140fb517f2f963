"""Vendors' own descriptions, large and not as tidy as ours, become connectors that dlt takes."""

from __future__ import annotations

import re
import time
from functools import cache

import pytest

from dango_dbt.connectors import filled, with_references
from dango_dbt.openapi import Derived, derive, read_specification
from tests.openapi.conftest import HERE

FOLDER = HERE.parents[2] / "shared" / "openapi"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no descriptions at {FOLDER}"),
]


@cache
def derived(name: str) -> Derived:
    return derive(read_specification(str(FOLDER / name)), "api")


@pytest.mark.parametrize(
    ("name", "auth", "some"),
    [
        ("intercom_2.14.yaml", "bearer",
         {"contacts": ("id",), "conversations": ("id",), "contact_notes": ("_contacts_id", "id")}),
        ("square_openapi.json", "bearer",
         {"payments": ("id",), "locations": ("id",), "invoices": ("_locations_id", "id")}),
        ("paypal_billing_subscriptions_v1.json", "oauth2_client_credentials", {"plans": ("id",)}),
        ("paypal_catalogs_products_v1.json", "oauth2_client_credentials",
         {"catalog_products": ("id",)}),
        ("paypal_customer_disputes_v1.json", "oauth2_client_credentials",
         {"customer_disputes": ("dispute_id",)}),
        ("paypal_invoicing_v2.json", "oauth2_client_credentials",
         {"invoices": ("id",), "templates": ("id",)}),
        ("paypal_reporting_transactions_v1.json", "oauth2_client_credentials",
         {"transactions": (), "balances": ()}),
    ],
)  # fmt: skip
def test_it_becomes_a_connector_in_seconds(
    name: str, auth: str, some: dict[str, tuple[str, ...]]
) -> None:
    from dlt.sources.rest_api import rest_api_resources

    begun = time.perf_counter()
    found = derived(name)
    assert time.perf_counter() - begun < 20  # 3 s on two cores that nobody else uses
    keys = {one.name: one.primary_key for one in found.connector.resources}
    assert some.items() <= keys.items()
    config = found.connector.load.rest_api
    assert config is not None
    assert config["client"]["auth"]["type"] == auth
    values = {
        one: "x" if given.default is None else given.default
        for one, given in found.connector.credentials.items()
    }
    full = filled(with_references(config, found.connector.relationships), values)
    assert {one.name for one in rest_api_resources(full)} == keys.keys()


def test_no_endpoint_of_them_is_lost() -> None:
    """Each is a resource or is left out with a reason, and most lists are found."""
    for name, at_least in (("intercom_2.14.yaml", 30), ("square_openapi.json", 40)):
        found = derived(name)
        text = (FOLDER / name).read_text(encoding="utf-8")
        pattern = r"^    get:$" if name.endswith("yaml") else r'^ {6}"get": \{$'
        asked = re.findall(pattern, text, flags=re.MULTILINE)
        assert len(found.connector.resources) + len(found.left_out) == len(asked)
        assert len(found.connector.resources) >= at_least
        assert all(one.reason for one in found.left_out)


def test_nobody_is_asked_for_what_only_one_list_needs() -> None:
    for name in ("intercom_2.14.yaml", "square_openapi.json"):
        needed = [
            one for one, given in derived(name).connector.credentials.items() if given.required
        ]
        assert needed == ["api_token"]
