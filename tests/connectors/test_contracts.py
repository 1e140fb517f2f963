"""Connectors against the vendors' own descriptions of their APIs, which Prism serves.

Prism answers a request that breaks the contract (a path, a parameter, a body, no credentials) with
an error, and `--errors` makes it refuse an answer of ours that the vendor could not give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.connectors import prism
from tests.connectors.contracts import DESCRIPTIONS, Contract
from tests.connectors.vendor import conversation

if TYPE_CHECKING:
    from tests.connectors.conftest import Warehouse

pytestmark = pytest.mark.slow

REQUESTS = Path(__file__).parent / "requests"

# The operations that each description must have, with their methods.
PARTS: dict[str, dict[str, str]] = {
    "intercom_2.14.yaml": {
        "/admins": "get",
        "/companies/scroll": "get",
        "/contacts/search": "post",
        "/conversations/search": "post",
        "/conversations/{conversation_id}": "get",
        "/segments": "get",
        "/tags": "get",
        "/teams": "get",
        "/ticket_types": "get",
        "/tickets/search": "post",
    },
    "square_openapi.json": {
        "/v2/catalog/search": "post",
        "/v2/customers/search": "post",
        "/v2/disputes": "get",
        "/v2/invoices": "get",
        "/v2/locations": "get",
        "/v2/orders/search": "post",
        "/v2/payments": "get",
        "/v2/payouts": "get",
        "/v2/refunds": "get",
        "/v2/subscriptions/search": "post",
        "/v2/team-members/search": "post",
    },
    "paypal_reporting_transactions_v1.json": {
        "/v1/reporting/balances": "get",
        "/v1/reporting/transactions": "get",
    },
    "paypal_customer_disputes_v1.json": {"/v1/customer/disputes": "get"},
    "paypal_invoicing_v2.json": {"/v2/invoicing/invoices": "get"},
    "paypal_catalogs_products_v1.json": {"/v1/catalogs/products": "get"},
    "paypal_billing_subscriptions_v1.json": {"/v1/billing/plans": "get"},
}

# Answers where the description has no example, or one that would go on for ever: Prism knows one
# answer an operation, and dlt's add_limit does not reach resources that hang on another.
ANSWERS: dict[str, dict[str, Any]] = {
    "/v2/orders/search": {
        "orders": [
            {"id": "O1", "location_id": "L1", "updated_at": "2024-01-04T00:00:00.5Z", "version": 1}
        ]
    },
    "/v2/invoices": {"invoices": [{"id": "V1", "location_id": "L1"}]},
    "/v2/payouts": {
        "payouts": [{"id": "PO1", "location_id": "L1", "created_at": "2024-03-29T16:12:31Z"}]
    },
    "/v1/reporting/balances": {
        "account_id": "MQUMZ2DGS7FYG",
        "as_of_time": "2024-01-20T10:00:00Z",
        "balances": [
            {"currency": "USD", "total_balance": {"currency_code": "USD", "value": "10.00"}}
        ],
    },
    "/v1/reporting/transactions": {
        "total_pages": 2,
        "transaction_details": [
            {
                "transaction_info": {
                    "transaction_id": "5TY05013RG002845M",
                    "transaction_initiation_date": "2024-01-19T04:03:52Z",
                }
            }
        ],
    },
    "/v1/customer/disputes": {
        "items": [{"dispute_id": "PP-D-4012"}],
        "links": [{"href": "https://api-m.paypal.com/v1/customer/disputes", "rel": "self"}],
    },
    "/v2/invoicing/invoices": {
        "total_pages": 2,
        "items": [{"id": "INV2-1", "detail": {"currency_code": "USD"}}],
    },
    "/v1/catalogs/products": {"total_pages": 2, "products": [{"id": "PROD-1"}]},
    "/v1/billing/plans": {"total_pages": 2, "plans": [{"id": "P-1", "product_id": "PROD-1"}]},
}

# PayPal's descriptions name this address and the grant, but do not describe the request.
TOKEN = {
    "post": {
        "security": [{"client": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type"],
                        "properties": {
                            "grant_type": {"type": "string", "enum": ["client_credentials"]}
                        },
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "A token.",
                "content": {
                    "application/json": {
                        "schema": {"type": "object"},
                        "example": {"access_token": "A21AAF", "expires_in": 31668},
                    }
                },
            }
        },
    }
}

VENDORS = {
    "intercom": {"access_token": "t0k3n", "base_url": "{address}/"},
    "square": {"access_token": "t0k3n", "base_url": "{address}/v2/"},
    "paypal": {
        "client_id": "AaBb-1",
        "client_secret": "EeFf_2",
        "transactions_from": "2024-01-01T00:00:00Z",
        "base_url": "{address}/",
    },
}
#: Resources whose example of the vendor has no items.
EMPTY = {"contacts", "teams"}

WRONG: dict[str, tuple[str, str, Any]] = {
    "a parameter's type": ("GET", "/v2/payments?limit=many", None),
    "a parameter that is required": ("GET", "/v2/invoices", None),
    "a time's form": ("GET", "/v1/reporting/balances?as_of_time=today", None),
    "a body's field": ("POST", "/v2/orders/search", {"limit": "many"}),
    "a body without what is required": ("POST", "/contacts/search", {"pagination": {}}),
    "a path": ("GET", "/v2/orders", None),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve all three vendors' contracts."""
    if not DESCRIPTIONS.is_dir():
        pytest.skip("the vendors' descriptions are not here")
    executable = prism.installed()
    if isinstance(executable, str):
        pytest.skip(executable)
    contract = Contract()
    for name, wanted in PARTS.items():
        contract.add(name, wanted)
    for path, example in ANSWERS.items():
        contract.answer(path, example)
    contract.paths["/v1/oauth2/token"] = TOKEN
    contract.components["securitySchemes"]["client"] = {"type": "http", "scheme": "basic"}
    description = tmp_path_factory.mktemp("contract") / "contract.json"
    description.write_text(contract.text(), "utf-8")
    with prism.serving(executable, description) as address:
        yield address


@pytest.mark.parametrize("name", VENDORS)
def test_no_request_breaks_the_vendors_contract(
    name: str, address: str, warehouse: Warehouse, source_of: Callable[..., Any]
) -> None:
    credentials = {key: value.format(address=address) for key, value in VENDORS[name].items()}
    source = source_of(name, credentials)
    for resource in source.resources.values():
        resource.selected = True
    warehouse.load(source.add_limit(2))
    wanted = set(source.resources) - EMPTY
    assert wanted <= {table for table, rows in warehouse.counts().items() if rows}


@pytest.mark.parametrize("name", VENDORS)
def test_later_pages_and_runs_keep_to_it_too(name: str, address: str) -> None:
    """What `requests/` says that a connector asks for, which test_requests.py proves."""
    talk = conversation(REQUESTS / f"{name}.yaml", address)
    broken = []
    for exchange in (exchange for run in talk.runs for exchange in run.exchanges):
        method, _, target = exchange.ask.partition(" ")
        headers = {key: value for key, value in exchange.headers.items() if value is not None}
        answer = requests.request(
            method,
            address + target,
            headers=headers,
            json=exchange.body,
            data=exchange.form,
            timeout=30,
        )
        if not answer.ok:
            broken.append((exchange.ask, answer.text))
    assert broken == []


@pytest.mark.parametrize("wrong", WRONG)
def test_a_request_that_breaks_it_is_refused(wrong: str, address: str) -> None:
    """Else the test above could not fail."""
    method, target, body = WRONG[wrong]
    headers = {"Authorization": "Bearer t0k3n"}
    answer = requests.request(method, address + target, json=body, headers=headers, timeout=30)
    assert 400 <= answer.status_code < 500, answer.text


def test_a_request_without_credentials_is_refused(address: str) -> None:
    refused = [requests.get(address + path, timeout=30) for path in ("/admins", "/v2/locations")]
    assert [answer.status_code for answer in refused] == [401, 401]
