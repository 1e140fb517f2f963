"""`type: rest_api`: each paginator, cursors, parents, and what a server says when it is unwell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dango_dbt import Project
from tests.e2e.strict_server import Answer, Refused, Request, StrictServer, serving

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow

ITEMS = [{"id": number, "name": f"item {number}"} for number in range(1, 24)]
PAGE = 10


def declared(**sources: Mapping[str, Any]) -> str:
    """Write a sources.yml: name → client, resources and so on, of type rest_api."""
    entries = [
        {"name": name, "type": "rest_api", "rest_api": dict(rest_api)}
        for name, rest_api in sources.items()
    ]
    return yaml.safe_dump({"version": "1.0", "sources": entries}, sort_keys=False)


def page(at: int) -> list[dict[str, Any]]:
    return ITEMS[at : at + PAGE]


def _offset(request: Request) -> Answer:
    request.only("offset", "limit")
    if request.number("limit") != PAGE:
        raise Refused(400, "limit is 10")
    return Answer({"items": page(request.number("offset")), "total": len(ITEMS)})


def _skip(request: Request) -> Answer:
    """No total; asked beyond the end, it has nothing."""
    request.only("skip", "take", "sort")
    if request.number("take") != PAGE or request.query.get("sort") != "id":
        raise Refused(400, "take is 10, sort is id")
    return Answer({"items": page(request.number("skip"))})


def _numbered(first: int, *, total: bool) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        request.only("page")
        number = request.number("page")
        last = first + 2
        if number < first or (number > last and total):
            raise Refused(400, f"pages are {first} to {last}")
        body: dict[str, Any] = {"items": page(PAGE * (number - first))}
        return Answer({**body, "meta": {"total_pages": 3}} if total else body)

    return answer


def _start(request: Request, name: str = "cursor") -> int:
    """Take the cursor that an earlier answer has given, such as `c-10`; none: begin."""
    request.only(name)
    if name not in request.query:
        return 0
    found = re.fullmatch(r"c=(10|20)&", request.query[name])
    if not found:
        raise Refused(400, f"no such cursor: {request.query[name]}")
    return int(found[1])


def _next(at: int) -> str | None:
    """Give the cursor after a page; it has signs that a URL has to escape."""
    return f"c={at + PAGE}&" if at + PAGE < len(ITEMS) else None


def _cursor(request: Request) -> Answer:
    at = _start(request)
    return Answer({"items": page(at), "meta": {"next_cursor": _next(at)}})


def _cursor_after(request: Request) -> Answer:
    """The cursor is always there, and a flag says whether it leads anywhere."""
    at = _start(request, "starting_after")
    following = _next(at)
    return Answer(
        {"items": page(at), "last": following or "c=99&", "has_more": following is not None}
    )


def _cursor_in_json(request: Request) -> Answer:
    request.only()
    asked = json.loads(request.body)
    if request.method != "POST" or asked.get("query") != "all":
        raise Refused(400, "it is a search")
    after = asked.get("page", {}).get("after")
    at = 0 if after is None else int(after)
    following = at + PAGE if at + PAGE < len(ITEMS) else None
    return Answer({"items": page(at), "next": following})


def _cursor_in_header(request: Request) -> Answer:
    at = _start(request)
    following = _next(at)
    return Answer({"items": page(at)}, headers={"X-Next": following} if following else {})


def _link(request: Request) -> Answer:
    at = _start(request)
    first = f'<http://{request.headers["host"]}{request.path}>; rel="first"'
    if following := _next(at):
        address = f"http://{request.headers['host']}{request.path}?cursor={quoted(following)}"
        first += f', <{address}>; rel="next"'
    return Answer(page(at), headers={"Link": first})


def _json_link(request: Request) -> Answer:
    at = _start(request)
    following = _next(at)
    link = f"{request.path}?cursor={quoted(following)}" if following else None
    return Answer({"items": page(at), "links": {"next": link}})


def _whole(request: Request) -> Answer:
    """All at once, with a `next` that is no link."""
    request.only()
    return Answer({"items": ITEMS, "next": "https://127.0.0.1:1/another-list"})


def _json_next(request: Request) -> Answer:
    """What no paginator is named for: the next link is where it usually is."""
    at = _start(request)
    following = _next(at)
    address = f"http://{request.headers['host']}{request.path}?cursor={quoted(following or '')}"
    return Answer({"results": page(at), "next": address if following else None})


def quoted(cursor: str) -> str:
    return cursor.replace("=", "%3D").replace("&", "%26")


#: Name → how the server pages, dlt's paginator and the rest of the endpoint, and how many requests
#: that makes: 23 items in pages of 10, and one more where nothing says which page is the last.
PAGINATORS: dict[str, tuple[Callable[[Request], Answer], Any, dict[str, Any], int]] = {
    "offset": (_offset, {"type": "offset", "limit": PAGE}, {}, 3),
    "offset_unknown_total": (
        _skip,
        {
            "type": "offset",
            "limit": PAGE,
            "offset_param": "skip",
            "limit_param": "take",
            "total_path": None,
        },
        {"params": {"sort": "id"}},
        4,
    ),
    "page_number": (
        _numbered(1, total=True),
        {"type": "page_number", "base_page": 1, "total_path": "meta.total_pages"},
        {},
        3,
    ),
    "page_number_unknown_total": (
        _numbered(0, total=False),
        {"type": "page_number", "total_path": None},
        {},
        4,
    ),
    "cursor": (
        _cursor,
        {"type": "cursor", "cursor_path": "meta.next_cursor", "cursor_param": "cursor"},
        {},
        3,
    ),
    "cursor_has_more": (
        _cursor_after,
        {
            "type": "cursor",
            "cursor_path": "last",
            "cursor_param": "starting_after",
            "has_more_path": "has_more",
        },
        {},
        3,
    ),
    "cursor_in_json": (
        _cursor_in_json,
        {"type": "cursor", "cursor_path": "next", "cursor_body_path": "page.after"},
        {"method": "POST", "json": {"query": "all"}},
        3,
    ),
    "header_cursor": (
        _cursor_in_header,
        {"type": "header_cursor", "cursor_key": "X-Next", "cursor_param": "cursor"},
        {},
        3,
    ),
    "header_link": (_link, {"type": "header_link"}, {}, 3),
    "header_link_by_its_name": (_link, "header_link", {}, 3),
    "json_link": (_json_link, {"type": "json_link", "next_url_path": "links.next"}, {}, 3),
    "single_page": (_whole, {"type": "single_page"}, {}, 1),
    "auto_link": (_link, "auto", {}, 3),
    "auto_next": (_json_next, {"type": "auto"}, {}, 3),
    "none_given": (_json_next, None, {}, 3),
    # as other guides spell it
    "page_spelled_otherwise": (
        _numbered(0, total=True),
        {"type": "page_number", "page_param": "page", "total_path": "meta.total_pages"},
        {},
        3,
    ),
    "link_header": (_link, {"type": "link_header"}, {}, 3),
}


@pytest.fixture(scope="module")
def paged(
    new_workspace: Callable[[], Workspace],
) -> Iterator[tuple[Workspace, StrictServer, RunResult]]:
    """Load the same items in all ways of paging, once."""
    endpoints = {f"/{name}": each[0] for name, each in PAGINATORS.items()}
    with serving(endpoints) as server:
        workspace = new_workspace()
        resources = []
        for name, (_, paginator, rest, _) in PAGINATORS.items():
            endpoint = {"path": name, **rest}
            if paginator is not None:
                endpoint["paginator"] = paginator
            resources.append({"name": name, "endpoint": endpoint, "primary_key": "id"})
        client = {"base_url": server.url}
        workspace.write(
            ".dango/sources.yml", declared(api={"client": client, "resources": resources})
        )
        yield workspace, server, workspace.sync(generate=False)


@pytest.mark.parametrize("name", PAGINATORS)
def test_each_item_comes_once_whatever_the_paging(
    name: str, paged: tuple[Workspace, StrictServer, RunResult]
) -> None:
    workspace, server, result = paged
    assert result.exit_code == 0, result
    assert not server.refused
    rows = workspace.rows(f"select id, name from raw_api.{name} order by all")
    assert rows == [(item["id"], item["name"]) for item in ITEMS]
    assert len(server.asked(f"/{name}")) == PAGINATORS[name][3]


def test_a_paginator_of_the_client_holds_for_all_resources_but_for_those_with_their_own(
    workspace: Workspace,
) -> None:
    endpoints: dict[str, Callable[[Request], Answer]] = {
        "/v1/a": _cursor,
        "/v1/b": _cursor,
        "/v1/one": _whole,
    }
    with serving(endpoints) as server:
        cursor = {"type": "cursor", "cursor_path": "meta.next_cursor", "cursor_param": "cursor"}
        client = {"base_url": f"{server.url}/v1/", "paginator": cursor}
        alone = {"name": "one", "endpoint": {"path": "one", "paginator": "single_page"}}
        workspace.write(
            ".dango/sources.yml", declared(api={"client": client, "resources": ["a", "b", alone]})
        )
        assert workspace.sync(generate=False).exit_code == 0
    assert not server.refused
    assert [workspace.count(f"raw_api.{name}") for name in ("a", "b", "one")] == [23, 23, 23]


CUSTOMERS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Ben"}, {"id": 3, "name": "Cy"}]


def _shop(orders: dict[int, list[dict[str, Any]]]) -> dict[str, Callable[[Request], Answer]]:
    """Customers, and orders below each, newer than what is asked for; nothing for others."""

    def customers(request: Request) -> Answer:
        request.only()
        return Answer({"data": CUSTOMERS})

    def below(customer: int) -> Callable[[Request], Answer]:
        def answer(request: Request) -> Answer:
            request.only("expand")
            if request.query.get("expand") != "lines":
                raise Refused(400, "expand is lines")
            return Answer({"data": orders[customer]})

        return answer

    found = {f"/customers/{customer}/orders": below(customer) for customer in orders}
    return {"/customers": customers, **found}


def test_children_are_asked_for_each_parent_and_built_with_their_tests(
    workspace: Workspace,
) -> None:
    """Children take along what they need of the parent, and dbt tests their keys."""
    orders = {
        1: [{"id": 11, "lines": [{"sku": "x"}, {"sku": "y"}]}, {"id": 12, "lines": []}],
        2: [],
        3: [{"id": 31, "lines": [{"sku": "z"}]}],
    }
    with serving(_shop(orders)) as server:
        workspace.write(
            ".dango/sources.yml",
            f"""\
            sources:
              - name: shop
                type: rest_api
                rest_api:
                  client: {{base_url: "{server.url}"}}
                  resource_defaults:
                    primary_key: id
                    write_disposition: merge
                    endpoint: {{data_selector: data, paginator: single_page}}
                  resources:
                    - customers
                    - name: orders
                      include_from_parent: [id, name]
                      endpoint:
                        path: customers/{{resources.customers.id}}/orders
                        params: {{expand: lines}}
                      references:
                        - referenced_table: customers
                          columns: [_customers_id]
                          referenced_columns: [id]
            """,
        )
        result = workspace.run()
        assert result.exit_code == 0, result
        assert not server.refused
        # the parents are listed once, for themselves and for their children
        asked = [request.path for request in server.requests]
        below = sorted(path for path in asked if path.endswith("/orders"))
        assert below == [f"/customers/{id_}/orders" for id_ in (1, 2, 3)]
    rows = workspace.rows(
        "select id, _customers_id, _customers_name from main_staging.stg_shop__orders order by all"
    )
    assert rows == [(11, 1, "Ada"), (12, 1, "Ada"), (31, 3, "Cy")]
    assert workspace.count("main_staging.stg_shop__orders__lines") == 3
    models = yaml.safe_load(
        workspace.generated()["dbt_project/models/staging/shop/_shop__models.yml"]
    )
    (model,) = (one for one in models["models"] if one["name"] == "stg_shop__orders")
    tests = {one["name"]: str(one.get("data_tests")) for one in model["columns"]}
    assert "unique" in tests["id"]
    assert "relationships" in tests["_customers_id"]
    assert "stg_shop__customers" in tests["_customers_id"]


class _Changing:
    """Orders with the time of their last change, from the time asked for on."""

    def __init__(self) -> None:
        self.orders = {1: "2024-01-01T00:00:00Z", 2: "2024-02-01T00:00:00Z"}

    def __call__(self, request: Request) -> Answer:
        request.only("updated_since")
        since = request.query.get("updated_since", "")
        if since and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", since):
            raise Refused(400, f"`updated_since` is no time: {since}")
        newer = {id_: at for id_, at in self.orders.items() if at >= since}
        return Answer([{"order_id": id_, "updated_at": at} for id_, at in newer.items()])


_INITIAL = {"cursor_path": "updated_at", "initial_value": "2023-01-01T00:00:00Z"}
_FIRST = {"updated_since": "2023-01-01T00:00:00Z"}

#: Name → how the cursor is written, and the parameters of the first request.
CURSORS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "placeholder": (
        {"params": {"updated_since": "{incremental.start_value}"}, "incremental": _INITIAL},
        _FIRST,
    ),
    "start_param": (
        {"incremental": {"cursor_path": "updated_at", "start_param": "updated_since"}},
        {},
    ),
    "typed": ({"params": {"updated_since": {"type": "incremental", **_INITIAL}}}, _FIRST),
    # as other guides spell it
    "by_the_field": ({"params": {"updated_since": "{incremental.updated_at}"}}, {}),
}


def test_a_second_run_asks_from_the_cursor_on(workspace: Workspace) -> None:
    changing = {name: _Changing() for name in CURSORS}
    with serving({f"/{name}": each for name, each in changing.items()}) as server:
        resources = [
            {"name": name, "endpoint": endpoint} for name, (endpoint, _) in CURSORS.items()
        ]
        defaults = {
            "primary_key": "order_id",
            "write_disposition": "merge",
            "endpoint": {"paginator": "single_page"},
        }
        workspace.write(
            ".dango/sources.yml",
            declared(
                shop={
                    "client": {"base_url": server.url},
                    "resource_defaults": defaults,
                    "resources": resources,
                }
            ),
        )
        assert workspace.sync(generate=False).exit_code == 0
        for each in changing.values():
            each.orders |= {1: "2024-03-01T00:00:00Z", 3: "2024-04-01T00:00:00Z"}
        assert workspace.sync(generate=False).exit_code == 0
        for each in changing.values():
            each.orders[4] = "2024-05-01T00:00:00Z"
        assert workspace.sync(generate=False).exit_code == 0
    assert not server.refused
    for name, (_, first) in CURSORS.items():
        assert [dict(request.query) for request in server.asked(f"/{name}")] == [
            first,
            {"updated_since": "2024-02-01T00:00:00Z"},
            {"updated_since": "2024-04-01T00:00:00Z"},
        ], name
        rows = workspace.rows(f"select order_id, strftime(updated_at, '%m') from raw_shop.{name}")
        assert sorted(rows) == [(1, "03"), (2, "02"), (3, "04"), (4, "05")], name


class _Unwell:
    """Fails in a list of ways, one a request, before it answers."""

    def __init__(self, *failures: Answer) -> None:
        self.failures = list(failures)

    def __call__(self, request: Request) -> Answer:
        if self.failures:
            return self.failures.pop(0)
        return _cursor(request)


def _impatient(workspace: Workspace, attempts: int) -> None:
    """Let dlt try again soon: what waits longer waits because it was told to."""
    workspace.write(
        ".dlt/config.toml",
        f"""\
        [runtime]
        dlthub_telemetry = false
        log_level = "ERROR"
        request_max_attempts = {attempts}
        request_backoff_factor = 0.01
        """,
    )


#: Name → what a server says first, and how long it is to be left alone.
PASSING = {
    "too_many": (Answer({}, 429, {"Retry-After": "2"}), 2.0),
    "unavailable": (Answer({}, 503, {"Retry-After": "1"}), 1.0),
    "broken": (Answer({}, 500), 0.0),
}


def test_what_passes_is_tried_again_when_the_server_says(workspace: Workspace) -> None:
    unwell = {f"/{name}/items": _Unwell(failure) for name, (failure, _) in PASSING.items()}
    with serving(dict(unwell)) as server:
        _impatient(workspace, 3)
        cursor = {"type": "cursor", "cursor_path": "meta.next_cursor", "cursor_param": "cursor"}
        workspace.write(
            ".dango/sources.yml",
            declared(
                **{
                    name: {
                        "client": {"base_url": f"{server.url}/{name}", "paginator": cursor},
                        "resources": ["items"],
                    }
                    for name in PASSING
                }
            ),
        )
        result = workspace.sync(generate=False)
    assert [one.error for one in result.sources or ()] == [None] * 3
    for name, (_, waits) in PASSING.items():
        assert workspace.count(f"raw_{name}.items") == 23
        asked = server.asked(f"/{name}/items")
        assert len(asked) == 4
        waited = asked[1].at - asked[0].at
        assert waits <= waited < waits + 0.9, (name, "as told, and no longer")


def test_a_server_that_stays_unwell_fails_its_source_and_no_other(workspace: Workspace) -> None:
    bad = _Unwell(*[Answer({"message": "out of order"}, 500)] * 9)
    with serving(
        {"/bad/items": bad, "/good/items": _whole, "/uncounted": lambda _: Answer({"items": ITEMS})}
    ) as server:
        _impatient(workspace, 3)
        clients = {name: {"base_url": f"{server.url}/{name}"} for name in ("bad", "good")}
        paging = {"type": "offset", "limit": 10, "offset_param": "from"}
        counted = {"name": "items", "endpoint": {"path": "uncounted", "paginator": paging}}
        items = {"name": "items", "endpoint": {"path": "items", "paginator": "single_page"}}
        workspace.write(
            ".dango/sources.yml",
            declared(
                **{
                    name: {"client": client, "resources": [items]}
                    for name, client in clients.items()
                },
                uncounted={"client": {"base_url": server.url}, "resources": [counted]},
            ),
        )
        done = workspace.command("sync", "--no-generate")
    assert done.returncode == 1, done
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert "500" in said
    assert "/bad/items" in said
    assert "Expected a response with a `total` key." in said, "and no rows of the answer"
    assert "or total_path: null" in said
    assert workspace.count("raw_good.items") == 23
    assert workspace.relations("raw_bad") == set()
    assert len(server.asked("/bad/items")) == 3, "as often as dlt's configuration says"


#: Three sources, each with a mistake that dlt would tell only once it is called.
MISTAKEN = """\
sources:
  - name: one
    type: rest_api
    rest_api:
      client: {base_url: "URL", pagenator: auto}
      resources: [items]
  - name: two
    type: rest_api
    rest_api:
      client: {base_url: "URL", auth: {type: oauth3}}
      resources:
        - name: items
          primery_key: id
  - name: three
    type: rest_api
    rest_api:
      client: {base_url: "URL"}
      resources:
        - name: items
          endpoint: {path: "lists/{resources.lists.id}/items"}
"""
SAID = {
    "one": [r":5:[0-9]+: .*`pagenator`.*`paginator`"],
    "two": [r":10:[0-9]+: .*oauth3", r":13:11: .*`primery_key`.*`primary_key`"],
    "three": [r":19:11: .*lists"],
}


def test_a_mistake_is_told_with_its_place_before_anything_is_asked(workspace: Workspace) -> None:
    with serving({"/items": _whole}) as server:
        workspace.write(".dango/sources.yml", MISTAKEN.replace("URL", server.url))
        found = Project.problems(workspace.root)
        told = "\n".join(str(problem) for problem in found.problems)
        for said in SAID.values():
            for each in said:
                assert re.search(rf"\.dango/sources\.yml{each}", told), told
        synced = {source.name: source for source in workspace.sync(generate=False).sources or ()}
        for name, said in SAID.items():
            assert re.search(rf"\.dango/sources\.yml{said[0]}", str(synced[name].error)), name
        # What variables stand for is looked at, and not that they are in braces.
        workspace.write(".env", "SHOP=north\n")
        workspace.write(".dango/sources.yml", FILLED_IN.replace("URL", server.url))
        found = Project.problems(workspace.root)
        assert found.problems == ()
        assert [re.sub(" again.*", "", warning) for warning in found.warnings] == [
            ".dango/sources.yml:7:11: each load adds all rows"
        ]
        workspace.write(
            ".dango/sources.yml", FILLED_IN.replace("{name", '{write_disposition: "${SHOP}", name')
        )
        told = str(Project.problems(workspace.root).problems)
        assert "`write_disposition` cannot be '***'" in told, told
        assert "north" not in told
    assert not server.requests


FILLED_IN = """\
sources:
  - name: shop
    type: rest_api
    rest_api:
      client: {base_url: "URL"}
      resources:
        - {name: items, endpoint: {path: "${SHOP}/items", json: {of: ["${SHOP}"]}}}
"""
