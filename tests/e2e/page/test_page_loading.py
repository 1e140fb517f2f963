"""How the guide's sources load: dispositions, incrementals, patterns and errors, as it has them.

Its fragments stand unchanged between what they leave out (imports, the API's client) and, where
there is no resource in them, what uses them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace
    from tests.e2e.page.conftest import Hosts, Page, Request

Shell: TypeAlias = Callable[[str], CompletedProcess[str]]
Load: TypeAlias = Callable[[], None]
Row: TypeAlias = dict[str, Any]

IMPORTS = "import dlt\nimport requests\n\n"
API = "api.example.com"


def _client(function: str, path: str) -> str:
    """Write the function that a fragment calls to get its data."""
    return f"def {function}():\n    return requests.get('https://{API}/{path}').json()\n\n"


def _declare(workspace: Workspace, function: str, code: str) -> None:
    workspace.code("my_api", code)
    workspace.declare(my_api={"function": function})


def _ids(workspace: Workspace, table: str) -> list[int]:
    return [id_ for (id_,) in workspace.rows(f"select id from raw_my_api.{table} order by 1")]


# ---------------------------------------------------------------- write dispositions

#: 100 orders, and the same later: 25 have changed, and 10 are new.
ORDERS: list[Row] = [
    {"order_id": id_, "total": id_ * 1.5, "updated_at": f"2024-02-01T00:{id_ % 60:02}:00Z"}
    for id_ in range(1, 101)
]
CHANGED: list[Row] = [
    {**order, "total": 0.5, "updated_at": f"2024-03-01T00:{number:02}:00Z"}
    for number, order in enumerate(ORDERS[::4])
]
NEW: list[Row] = [
    {"order_id": id_, "total": 7.5, "updated_at": f"2024-03-02T00:{id_ % 60:02}:00Z"}
    for id_ in range(101, 111)
]
LATER: list[Row] = sorted(
    {order["order_id"]: order for order in (*ORDERS, *CHANGED, *NEW)}.values(),
    key=lambda order: order["order_id"],
)


def _totals(*orders: list[Row]) -> list[tuple[int, float]]:
    return sorted((order["order_id"], order["total"]) for some in orders for order in some)


def test_replace_leaves_what_the_last_sync_brought(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    code = IMPORTS + _client("fetch_all_products", "products") + page("replace (Full Refresh)")
    _declare(workspace, "get_products", code)
    for rows in ([(1, "a"), (2, "b")], [(2, "c"), (3, "d")]):
        hosts.answers[f"{API}/products"] = [{"id": id_, "name": name} for id_, name in rows]
        load()
        assert workspace.rows("select id, name from raw_my_api.products order by 1") == rows


def test_append_adds_rows_and_deletes_none(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    code = IMPORTS + _client("fetch_new_events", "events") + page("append (Incremental Append)")
    _declare(workspace, "get_events", code)
    for ids in ([1, 2], [3]):
        hosts.answers[f"{API}/events"] = [{"id": id_} for id_ in ids]
        load()
    assert _ids(workspace, "events") == [1, 2, 3]


def test_merge_updates_25_orders_and_inserts_10(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    assert (len(CHANGED), len(NEW), len(LATER)) == (25, 10, 110)
    code = IMPORTS + _client("fetch_all_orders", "orders") + page("merge (Upsert)")
    _declare(workspace, "get_orders", code)
    # First all of them, then what has changed and is new, and then all once more.
    for orders, expected in ((ORDERS, ORDERS), ([*CHANGED, *NEW], LATER), (LATER, LATER)):
        hosts.answers[f"{API}/orders"] = orders
        load()
        rows = workspace.rows("select order_id, total from raw_my_api.orders order by 1")
        assert rows == _totals(expected)


# ---------------------------------------------------------------- incrementals


def test_a_date_brings_only_the_orders_updated_since(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    current = ORDERS

    def answer(request: Request) -> list[Row]:
        since = request.query["updated_since"]
        return [order for order in current if order["updated_at"] >= since]

    hosts.answers[f"{API}/orders"] = answer
    _declare(workspace, "get_orders", page("Date-Based Incremental"))
    loaded = "select order_id, total from raw_my_api.orders order by all"
    load()
    assert hosts.asked("updated_since") == ["2024-01-01"]
    assert workspace.rows(loaded) == _totals(ORDERS)

    current = LATER
    load()
    assert hosts.asked("updated_since") == [max(order["updated_at"] for order in ORDERS)]
    assert workspace.rows(loaded) == _totals(ORDERS, CHANGED, NEW)

    load()  # nothing has changed: the order at the edge is asked for again, and not loaded again
    assert hosts.asked("updated_since") == [max(order["updated_at"] for order in NEW)]
    assert workspace.rows(loaded) == _totals(ORDERS, CHANGED, NEW)


def test_a_cursor_appends_only_what_is_new(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    rows = [{"id": id_, "amount": 1} for id_ in range(1, 251)]

    def answer(request: Request) -> list[Row]:
        after, limit = int(request.query["after_id"]), int(request.query["limit"])
        return [row for row in rows if row["id"] > after][:limit]

    hosts.answers[f"{API}/transactions"] = answer
    _declare(workspace, "get_transactions", IMPORTS + page("Cursor-Based Incremental"))
    load()
    assert hosts.asked("after_id") == ["0", "100", "200", "250"]

    rows = [{**row, "amount": 2} if row["id"] <= 25 else row for row in rows]
    rows += [{"id": id_, "amount": 3} for id_ in range(251, 261)]
    load()
    assert hosts.asked("after_id") == ["250", "260"]
    load()
    assert hosts.asked("after_id") == ["260"]
    counted = "select amount, count(*) from raw_my_api.transactions group by 1 order by 1"
    assert workspace.rows(counted) == [(1, 250), (3, 10)]
    assert _ids(workspace, "transactions") == list(range(1, 261))


# ---------------------------------------------------------------- advanced patterns


def test_pages_are_fetched_until_one_is_empty(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    items = [{"id": id_} for id_ in range(250)]

    def answer(request: Request) -> dict[str, list[Row]]:
        number, size = int(request.query["page"]), int(request.query["per_page"])
        return {"items": items[(number - 1) * size : number * size]}

    hosts.answers[f"{API}/items"] = answer
    _declare(workspace, "get_items", IMPORTS + page("Pagination with yield"))
    load()
    assert hosts.asked("page") == ["1", "2", "3", "4"]
    assert _ids(workspace, "items") == list(range(250))


def test_several_resources_are_several_tables(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    for number, name in enumerate(("customers", "orders", "products"), 1):
        hosts.answers[f"{API}/{name}"] = [{"id": id_} for id_ in range(number)]
    code = IMPORTS + page("Multiple Resources from One API")
    _declare(workspace, "multi_resource_api", code)
    load()
    assert workspace.relations("raw_my_api") == {"customers", "orders", "products"}
    for number, name in enumerate(("customers", "orders", "products"), 1):
        assert _ids(workspace, name) == list(range(number))


@pytest.mark.parametrize("both", [False, True])
def test_a_child_is_fetched_for_each_parent(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load, *, both: bool
) -> None:
    """dlt loads what a source returns: the last of a pipe, or parent and child where both are."""
    hosts.answers[f"{API}/accounts"] = [{"id": 1}, {"id": 2}]
    for id_ in (1, 2):
        hosts.answers[f"{API}/accounts/{id_}"] = {"id": id_, "owner": f"owner {id_}"}
    block = page("Dependent Resources")
    if both:
        returned = re.compile(r"^    return (.+) \| (.+)$", flags=re.MULTILINE)
        block, replaced = returned.subn(r"    parent = \1\n    return parent, parent | \2", block)
        assert replaced == 1
    _declare(workspace, "dependent_resources", IMPORTS + block)
    for _ in range(2):
        load()
    # write_disposition="replace" is the child's; the parent has none, which means append
    details = workspace.rows("select id, owner from raw_my_api.account_details order by 1")
    assert details == [(1, "owner 1"), (2, "owner 2")]
    parents = {"accounts"} if both else set()
    assert workspace.relations("raw_my_api") == {"account_details"} | parents
    if both:
        assert _ids(workspace, "accounts") == [1, 1, 2, 2]


# ---------------------------------------------------------------- errors


@pytest.mark.slow
def test_an_error_is_printed_told_and_mended_by_the_next_sync(
    workspace: Workspace, page: Page, hosts: Hosts, shell: Shell
) -> None:
    _declare(workspace, "get_data", IMPORTS + page("Basic Error Handling"))
    hosts.answers[f"{API}/data"] = 404
    done = shell("dango-dbt sync")
    assert done.returncode == 1
    assert "HTTP error: 404 Client Error" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr

    hosts.unreachable = True
    done = shell("dango-dbt sync")
    assert done.returncode == 1
    assert "Request failed: " in done.stdout + done.stderr

    hosts.unreachable = False
    hosts.answers[f"{API}/data"] = [{"id": 1}]
    assert shell("dango-dbt sync").returncode == 0
    assert _ids(workspace, "data") == [1]


def test_a_request_is_tried_again_until_it_is_answered(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    hosts.answers[f"{API}/data"] = lambda _: 503 if len(hosts.requests) <= 2 else [{"id": 1}]
    _declare(workspace, "get_data", IMPORTS + page("Retry Logic"))
    load()
    assert len(hosts.requests) == 3
    assert _ids(workspace, "data") == [1]


# ---------------------------------------------------------------- testing and debugging


@pytest.mark.slow
def test_a_source_runs_by_itself_and_then_through_sync(
    workspace: Workspace, page: Page, hosts: Hosts, shell: Shell, load: Load
) -> None:
    import duckdb

    hosts.answers[f"{API}/items"] = {"items": [{"id": 1}, {"id": 2}]}
    code = page("Step 1: Create Python File") + page("Test Independently First")
    _declare(workspace, "my_api", code)
    done = shell(page("Test Independently First", 1))
    assert done.returncode == 0, done.stderr
    assert "test_pipeline" in done.stdout  # the load info
    with duckdb.connect(str(workspace.root / "test_pipeline.duckdb")) as connection:
        assert connection.execute("select id from test.items order by 1").fetchall() == [(1,), (2,)]
    assert not workspace.warehouse.exists()

    load()
    assert _ids(workspace, "items") == [1, 2]


@pytest.mark.slow
def test_what_a_source_prints_is_shown(
    workspace: Workspace, page: Page, hosts: Hosts, shell: Shell
) -> None:
    hosts.answers[f"{API}/data"] = [{"id": 1}, {"id": 2}]
    _declare(workspace, "get_data", IMPORTS + page("Debugging"))
    done = shell(page("Debugging", 1))
    assert done.returncode == 0, done.stderr
    shown = (done.stdout + done.stderr).splitlines()
    assert "Status: 200" in shown
    assert "Got 2 items" in shown
    assert _ids(workspace, "data") == [1, 2]


# ---------------------------------------------------------------- best practices


def test_a_status_that_is_an_error_fails_the_source(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    lines = IMPORTS + f"url = 'https://{API}/data'\n" + page("1. Always Use raise_for_status()")
    rows = "\n\n@dlt.resource\ndef data():\n    yield response.json()\n"
    _declare(workspace, "data", lines + rows)
    hosts.answers[f"{API}/data"] = 500
    (failed,) = workspace.sync(generate=False).sources or ()
    assert failed.error is not None
    assert "HTTPError: 500 Server Error" in failed.error.message

    hosts.answers[f"{API}/data"] = [{"id": 1}]
    load()
    assert _ids(workspace, "data") == [1]


def test_a_key_of_the_environments_is_the_one_in_use(
    workspace: Workspace, page: Page, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = page("2. Use Environment Variables for Secrets").split("\n\n")
    assert "os.environ" not in bad
    monkeypatch.setenv("API_KEY", "from-the-environment")
    rows = (
        "\n\n@dlt.resource(write_disposition='replace')\ndef keys():\n    yield {'key': api_key}\n"
    )
    for lines, expected in ((good, "from-the-environment"), (bad, bad.split('"')[1])):
        _declare(workspace, "keys", f"import os\n\n{IMPORTS}{lines}{rows}")
        load()
        assert workspace.rows("select key from raw_my_api.keys") == [(expected,)]


def test_a_docstring_describes_the_model(workspace: Workspace, page: Page) -> None:
    block = page("3. Add Docstrings")
    _declare(workspace, "get_orders", IMPORTS + block)
    (stub,) = workspace.sync().sources or ()  # its body is `pass`, and dlt takes no None
    assert stub.error is not None
    assert "orders" in stub.error.message
    assert "Did you forget the return statement" in stub.error.message
    body, filled = re.subn("(?m)^    pass$", "    return [{'id': 1}]", block)
    assert filled == 1
    _declare(workspace, "get_orders", IMPORTS + body)
    assert workspace.sync().exit_code == 0
    assert _ids(workspace, "orders") == [1]
    first_line = block.split('"""')[1].split("\n\n")[0].strip()
    models = workspace.generated()["dbt_project/models/staging/my_api/_my_api__models.yml"]
    assert first_line in models.decode()


def test_a_generator_of_pages_loads_them_all(
    workspace: Workspace, page: Page, hosts: Hosts, load: Load
) -> None:
    def answer(request: Request) -> list[Row]:
        number = int(request.query["page"])
        return [{"id": number * 10 + item} for item in range(3)] if number <= 2 else []

    hosts.answers[f"{API}/items"] = answer
    client = (
        "def fetch_page(page):\n"
        f"    return requests.get('https://{API}/items', params={{'page': page}}).json()\n\n"
    )
    used = "\n\n@dlt.resource(name='items')\ndef items():\n    yield from get_items()\n"
    _declare(workspace, "items", IMPORTS + client + page("5. Handle Pagination") + used)
    load()
    assert _ids(workspace, "items") == [10, 11, 12, 20, 21, 22]
