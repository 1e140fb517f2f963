"""Default parameters of a declared REST API stay what they are while a cursor moves on."""

from __future__ import annotations

from pathlib import Path

import pytest

from dango_dbt.declared.rest_api import make
from dango_dbt.errors import Place
from tests.connectors.conftest import Warehouse
from tests.connectors.vendor import Exchange, Vendor

_ORDERS = {
    "name": "orders",
    "endpoint": {
        "incremental": {"cursor_path": "at", "start_param": "since", "initial_value": "2026-01-01"}
    },
}


@pytest.mark.parametrize(
    "people",
    [
        "people",
        {"name": "people"},
        {"name": "people", "endpoint": "people"},
        {"name": "people", "endpoint": {"path": "people"}},
    ],
    ids=["name", "no endpoint", "path", "no parameters"],
)
def test_a_cursor_of_one_resource_is_not_sent_for_another(
    vendor: Vendor, warehouse: Warehouse, people: object
) -> None:
    vendor.expected[:] = [
        Exchange("GET /orders?limit=5&since=2026-01-01", answer=[{"id": 1, "at": "2026-01-02"}]),
        Exchange("GET /people?limit=5", answer=[{"id": 1}]),
    ]
    config = {
        "client": {"base_url": vendor.url, "paginator": "single_page"},
        "resource_defaults": {"primary_key": "id", "endpoint": {"params": {"limit": 5}}},
        "resources": [_ORDERS, people],
    }
    warehouse.load(make("shop", config, lambda *_: Place(Path("sources.yml"))))
    vendor.settle()
    assert warehouse.counts() == {"orders": 1, "people": 1}
