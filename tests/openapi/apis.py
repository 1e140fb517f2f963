"""The three APIs that parcels.yaml, depot.json and library.yaml describe."""

from __future__ import annotations

import re
from typing import Any

from tests.openapi.serving import Asked, RefusedError

CUSTOMERS: list[dict[str, Any]] = [
    {"id": f"cus_{n}", "name": f"Customer {n}", "created": 1000 + n} for n in range(8)
]
SHIPMENTS: list[dict[str, Any]] = [
    {
        "id": f"shp_{n:02}",
        "customer_id": f"cus_{n % 8}",
        "updated_at": f"2026-01-{n + 1:02}T08:00:00Z",
        "parts": [{"id": f"shp_{n}_1"}, {"id": f"shp_{n}_2"}],
    }
    for n in range(11)
]
CARRIERS = [{"carrier_code": f"C{n}", "name": f"Carrier {n}"} for n in range(5)]


def parcels(asked: Asked) -> Any:  # noqa: ANN401 - JSON
    """Bearer token; the last id as cursor; Link header; a cursor in the answer."""
    if asked.headers.get("Authorization") != "Bearer let-me-in":
        raise RefusedError(401, "no token")
    if asked.path == "/v2/customers":
        asked.only("limit", "starting_after", "created[gte]")
        size = asked.number("limit", 3, most=3, least=1)
        since = asked.number("created[gte]", 0)
        rows = [one for one in CUSTOMERS if one["created"] >= since]
        after = asked.query.get("starting_after")
        ids = [one["id"] for one in rows]
        begin = ids.index(after) + 1 if after else 0
        page = rows[begin : begin + size]
        return {"object": "list", "data": page, "has_more": begin + size < len(rows)}
    if asked.path == "/v2/shipments":
        asked.only("per_page", "page", "since")
        size, number = asked.number("per_page", 2, most=4, least=1), asked.number("page", 1)
        since_time = asked.query.get("since", "")
        if since_time and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", since_time):
            raise RefusedError(400, f"since={since_time} is no time")
        rows = [one for one in SHIPMENTS if one["updated_at"] >= since_time]
        page = rows[(number - 1) * size : number * size]
        if number * size >= len(rows):
            return page
        more = f"since={since_time}&per_page={size}&page={number + 1}"
        link = f'<http://{asked.headers["Host"]}{asked.path}?{more}>; rel="next"'
        return page, {"Link": link}
    if asked.path == "/v2/carriers":
        asked.only("cursor")
        begin = int(asked.query.get("cursor", "c0")[1:])
        after = f"c{begin + 2}" if begin + 2 < len(CARRIERS) else None
        return {"carriers": CARRIERS[begin : begin + 2], "meta": {"next_cursor": after}}
    if found := re.fullmatch(r"/v2/carriers/(C\d)/services", asked.path):
        asked.only()
        return [{"code": f"{found[1]}-{kind}", "days": 1} for kind in ("fast", "slow")]
    raise RefusedError(404, asked.path)


WAREHOUSES: list[dict[str, Any]] = [{"warehouse_id": n, "city": f"City {n}"} for n in (7, 8, 9, 10)]


def depot(asked: Asked) -> Any:  # noqa: ANN401 - JSON
    """An API key as header; offsets; shelves of warehouses, bins of shelves."""
    if asked.headers.get("X-Depot-Key") != "k-123":
        raise RefusedError(403, "no key")
    if asked.path == "/api/counts":
        asked.only("warehouse_id", "class", "unit")
        warehouse = asked.number("warehouse_id", 0, least=7, most=10)
        if asked.query["class"] != "A" or asked.query["unit"] != "piece":
            raise RefusedError(400, "class and unit")
        if asked.headers.get("Depot-Version") != "2026-01":
            raise RefusedError(400, "Depot-Version")
        return {"data": [{"sku": f"S{warehouse}"}]}
    if asked.path == "/api/warehouses":
        return _rows_of(asked, WAREHOUSES)
    if found := re.fullmatch(r"/api/warehouses/(\d+)/shelves", asked.path):
        # Numbers of shelves begin anew in each warehouse.
        shelves = [{"number": n, "height": 1.5} for n in range(1, int(found[1]) - 3)]
        return _rows_of(asked, shelves)
    if found := re.fullmatch(r"/api/warehouses/(\d+)/shelves/(\d+)/bins", asked.path):
        asked.only()
        return {"bins": [{"id": n, "sku": f"{found[1]}/{found[2]}/{n}"} for n in (1, 2)]}
    raise RefusedError(404, asked.path)


def _rows_of(asked: Asked, rows: list[dict[str, Any]]) -> dict[str, Any]:
    asked.only("offset", "limit")
    limit, offset = asked.number("limit", 3, most=3, least=1), asked.number("offset", 0)
    if offset and offset >= len(rows):
        raise RefusedError(400, f"offset {offset} of {len(rows)} rows")
    return {"items": rows[offset : offset + limit], "total": len(rows), "offset": offset}


BOOKS: list[dict[str, Any]] = [
    {"isbn": f"978-{n}", "title": f"Book {n}", "modified_at": f"2026-02-{n + 1:02}T00:00:00Z"}
    for n in range(5)
]
MEMBERS = [{"uuid": f"u{n}", "name": f"Member {n}"} for n in range(3)]


def library(asked: Asked) -> Any:  # noqa: ANN401 - JSON
    """OAuth2 client credentials; pages from 1 with a total, and from 0 without one."""
    if asked.path == "/token":
        wanted = {
            "grant_type": "client_credentials",
            "client_id": "me",
            "client_secret": "hush",
            "scope": "books:read members:read",
        }
        if asked.method != "POST" or asked.form != wanted:
            raise RefusedError(401, "no such client")
        return {"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600}
    if asked.headers.get("Authorization") != "Bearer t-1":
        raise RefusedError(401, "no token")
    if asked.path == "/rest/books":
        asked.only("page", "page_size", "modified_since")
        rows = [one for one in BOOKS if one["modified_at"] >= asked.query["modified_since"]]
        size = asked.number("page_size", 2, most=2, least=1)
        pages = max(1, -(-len(rows) // size))
        number = asked.number("page", 0, least=1, most=pages)
        following = number + 1 if number < pages else None
        results = rows[(number - 1) * size : number * size]
        return {"results": results, "pagination": {"total_pages": pages, "next": following}}
    if asked.path == "/rest/members":
        asked.only("p")
        number = asked.number("p", 0)
        return MEMBERS[number * 2 : number * 2 + 2]
    raise RefusedError(404, asked.path)
