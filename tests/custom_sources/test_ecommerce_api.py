from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from tests.custom_sources.conftest import Warehouse

DUMMYJSON = Path(__file__).parents[3] / "shared" / "dummyjson"

PRODUCTS = [
    {"id": number, "title": f"Product {number}", "price": 10 if number == 1 else number + 0.5}
    for number in range(1, 251)
]
CARTS = [
    {
        "id": 1,
        "userId": 1,
        "total": 21,
        "products": [{"id": 1, "price": 10, "total": 20}, {"id": 2, "price": 2.5, "total": 2.5}],
    },
    {"id": 2, "userId": 1, "total": 2.5, "products": [{"id": 2, "price": 2.5, "total": 2.5}]},
]
USERS = [
    {"id": 1, "firstName": "Ada", "height": 170, "address": {"coordinates": {"lat": 1}}},
    {"id": 2, "firstName": "Bob", "height": 180.5, "address": {"coordinates": {"lat": -2.5}}},
]


@dataclass
class Api:
    """Answers like DummyJSON; `requests` are the lists and offsets that were asked for."""

    lists: dict[str, list[dict[str, Any]]]
    totals: dict[str, int] = field(default_factory=dict)
    requests: list[tuple[str, int]] = field(default_factory=list)
    url: str = ""

    def answer(self, name: str, limit: int, skip: int) -> dict[str, Any]:
        self.requests.append((name, skip))
        items = self.lists[name]
        total = self.totals.get(name, len(items))
        return {name: items[skip : skip + limit], "total": total, "skip": skip, "limit": limit}


@contextmanager
def serve(api: Api) -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            name = url.path.strip("/")
            if name not in api.lists:
                self.send_error(404)
                return
            query = {key: int(values[0]) for key, values in parse_qs(url.query).items()}
            body = json.dumps(api.answer(name, query["limit"], query["skip"])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def ecommerce_api(import_source: Callable[[str], ModuleType]) -> ModuleType:
    return import_source("ecommerce_api")


@pytest.fixture
def api() -> Iterator[Api]:
    with serve(Api({"products": PRODUCTS, "carts": CARTS, "users": USERS})) as api:
        yield api


def test_all_pages_are_read_and_none_twice(
    ecommerce_api: ModuleType, warehouse: Warehouse, api: Api
) -> None:
    warehouse.load(ecommerce_api.ecommerce_api(base_url=api.url))
    assert sorted(api.requests) == [
        ("carts", 0),
        ("products", 0),
        ("products", 100),
        ("products", 200),
        ("users", 0),
    ]
    assert warehouse.rows("select count(*), count(distinct id) from products") == [(250, 250)]
    assert warehouse.rows("select count(*) from carts__products") == [(3,)]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("products", "price"),
        ("carts", "total"),
        ("carts__products", "price"),
        ("users", "height"),
        ("users", "address__coordinates__lat"),
    ],
)
def test_a_whole_number_first_does_not_make_a_column_of_decimals_whole(
    ecommerce_api: ModuleType, warehouse: Warehouse, api: Api, table: str, column: str
) -> None:
    source = ecommerce_api.ecommerce_api(base_url=api.url)
    warehouse.load(source.with_resources(table.partition("__")[0]))
    columns = warehouse.rows(
        "select column_name, data_type from information_schema.columns"
        f" where table_name = '{table}' and column_name like '{column}%'"
    )
    assert columns == [(column, "DOUBLE")]


def test_a_second_run_replaces_the_first(
    ecommerce_api: ModuleType, warehouse: Warehouse, api: Api
) -> None:
    warehouse.load(ecommerce_api.ecommerce_api(base_url=api.url))
    api.lists["products"] = PRODUCTS[:7]
    warehouse.load(ecommerce_api.ecommerce_api(base_url=api.url))
    assert warehouse.rows("select count(*) from products") == [(7,)]
    assert warehouse.rows("select count(*) from users") == [(2,)]


def test_an_empty_list_is_no_error(
    ecommerce_api: ModuleType, warehouse: Warehouse, api: Api
) -> None:
    api.lists["carts"] = []
    warehouse.load(ecommerce_api.ecommerce_api(base_url=api.url))
    assert warehouse.rows("select count(*) from users") == [(2,)]


def test_keys_and_references_are_declared(
    ecommerce_api: ModuleType, warehouse: Warehouse, api: Api
) -> None:
    schema = warehouse.load(ecommerce_api.ecommerce_api(base_url=api.url))
    for table in ("products", "carts", "users"):
        assert schema.tables[table]["columns"]["id"].get("primary_key")
    (to_users,) = schema.tables["carts"]["references"] or ()
    (to_products,) = schema.tables["carts__products"]["references"] or ()
    assert (to_users["columns"], to_users["referenced_table"]) == (["user_id"], "users")
    assert (to_products["columns"], to_products["referenced_table"]) == (["id"], "products")
    assert schema.tables["carts__products"]["parent"] == "carts"


@pytest.mark.parametrize("problem", ["stops early", "not found"])
def test_an_api_that_fails_leaves_the_old_rows(
    ecommerce_api: ModuleType, warehouse: Warehouse, api: Api, problem: str
) -> None:
    from dlt.pipeline.exceptions import PipelineStepFailed

    warehouse.load(ecommerce_api.ecommerce_api(base_url=api.url))
    if problem == "stops early":
        api.totals["products"] = 300
        message = "only 250 of 300 have been read"
    else:
        del api.lists["products"]
        message = "404"
    with pytest.raises(PipelineStepFailed, match=message):
        warehouse.load(ecommerce_api.ecommerce_api(base_url=api.url))
    assert warehouse.rows("select count(*) from products") == [(250,)]


@pytest.mark.skipif(not DUMMYJSON.is_dir(), reason="the DummyJSON data is not here")
def test_the_real_data_loads_with_no_column_of_two_types(
    ecommerce_api: ModuleType, warehouse: Warehouse
) -> None:
    names = ["products", "carts", "users"]
    lists = {name: json.loads((DUMMYJSON / f"{name}.json").read_text("utf-8")) for name in names}
    with serve(Api(lists)) as api:
        schema = warehouse.load(ecommerce_api.ecommerce_api(base_url=api.url))
    for name in names:
        (count,) = warehouse.rows(f"select count(*), count(distinct id) from {name}")
        assert count == (len(lists[name]), len(lists[name]))
    tags = sum(len(product["tags"]) for product in lists["products"])
    assert warehouse.rows("select count(*) from products__tags") == [(tags,)]
    columns = [name for table in schema.data_tables() for name in table["columns"]]
    assert [name for name in columns if "__v_" in name] == []
