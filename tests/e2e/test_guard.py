"""A load that would empty a filled table is refused, unless the user allows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dango_dbt.results import Failure, RunResult, SyncResult
    from tests.e2e.conftest import Workspace

SHOP = """\
import dlt

ROWS = {rows}


@dlt.source
def shop():
    @dlt.resource(write_disposition="replace")
    def products():
        yield [{{"id": id, "tags": {tags}}} for id in range(ROWS)]

    @dlt.resource(write_disposition="replace")
    def arrow():
        import pyarrow as pa

        yield pa.table({{"id": pa.array(list(range(ROWS)), pa.int64())}})

    @dlt.resource(write_disposition="append")
    def events():
        yield [{{"id": id}} for id in range(ROWS)]

    @dlt.resource(write_disposition="merge", primary_key="id")
    def people():
        yield [{{"id": id}} for id in range(ROWS)]

    @dlt.resource(write_disposition="append")
    def always(no=dlt.sources.incremental("no", initial_value=0, range_start="open")):
        yield [{{"no": no.last_value + 1}}]

    return products, arrow, events, people, always
"""


def _shop(workspace: Workspace, rows: int, tags: str = "[1, 2]") -> None:
    workspace.code("shop", SHOP.format(rows=rows, tags=tags))


def _failure(result: RunResult) -> Failure:
    assert result.exit_code == 1
    (source,) = result.sources or ()
    assert source.error is not None
    return source.error


def _counts(workspace: Workspace) -> dict[str, int]:
    return {
        name: workspace.count(f"raw_shop.{name}")
        for name in ("products", "products__tags", "arrow", "events", "people", "always")
    }


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """A shop with three rows loaded, whose source has no rows any more."""
    workspace.declare(shop={})
    _shop(workspace, 3)
    assert workspace.sync().exit_code == 0
    _shop(workspace, 0)
    return workspace


BEFORE = {
    "products": 3,
    "products__tags": 6,
    "arrow": 3,
    "events": 3,
    "people": 3,
    "always": 1,
}
EMPTIED = {**BEFORE, "products": 0, "products__tags": 0, "arrow": 0, "always": 2}


def test_it_is_refused_again_and_again_with_names_counts_and_ways_out(filled: Workspace) -> None:
    for _ in range(2):  # the package must not stay, or the second run would load it
        failure = _failure(filled.sync())
        assert failure.type == "SyncError"
        assert "`arrow` (3 rows), `products` (3 rows)" in failure.message
        for other in ("events", "people", "products__tags"):
            assert other not in failure.message
        assert "--allow-empty" in str(failure.hint)
        assert "on_empty: allow" in str(failure.hint)
        assert _counts(filled) == BEFORE


def test_what_was_refused_is_extracted_anew_with_its_cursor(filled: Workspace) -> None:
    _failure(filled.sync())
    _shop(filled, 4)
    result = filled.sync()
    assert result.exit_code == 0, result
    assert filled.rows("select no from raw_shop.always order by 1") == [(1,), (2,)]
    assert filled.count("raw_shop.products") == 4


def test_allow_empty_lets_it_load_once(filled: Workspace) -> None:
    assert filled.sync(allow_empty=True).exit_code == 0
    assert _counts(filled) == EMPTIED
    # what is empty already stays so without a word
    assert filled.sync().exit_code == 0


def test_on_empty_allow_is_for_one_source(filled: Workspace) -> None:
    filled.declare(shop={"on_empty": "allow"})
    assert filled.sync().exit_code == 0
    assert _counts(filled) == EMPTIED


def test_on_empty_has_two_words(filled: Workspace) -> None:
    filled.declare(shop={"on_empty": "never"})
    result = filled.sync()
    assert result.exit_code == 2
    (source,) = result.sources or ()
    assert "`on_empty` must be 'refuse' or 'allow', not 'never'" in str(source.error)


def test_dropping_raw_data_on_purpose_is_not_refused(filled: Workspace) -> None:
    assert filled.sync(refresh="drop_data").exit_code == 0
    assert filled.count("raw_shop.products") == 0


def test_nested_tables_may_become_empty(filled: Workspace) -> None:
    _shop(filled, 3, tags="[]")
    result = filled.sync()
    assert result.exit_code == 0, result
    assert filled.count("raw_shop.products") == 3
    assert filled.count("raw_shop.products__tags") == 0


def test_a_resource_that_is_not_loaded_is_not_judged(filled: Workspace) -> None:
    filled.declare(shop={"resources": ["events", "always"]})
    assert filled.sync().exit_code == 0
    assert filled.count("raw_shop.products") == 3


def test_a_new_source_may_begin_empty(workspace: Workspace) -> None:
    workspace.declare(shop={})
    _shop(workspace, 0)
    assert workspace.sync().exit_code == 0


@pytest.mark.slow
def test_the_command_refuses_and_takes_the_option(filled: Workspace) -> None:
    refused = filled.command("sync", "--json")
    assert refused.returncode == 1
    (source,) = json.loads(refused.stdout)["sources"]
    assert "`products` (3 rows)" in source["error"]["message"]
    allowed = filled.command("sync-and-build", "--allow-empty")
    assert allowed.returncode == 0, allowed.stdout + allowed.stderr
    assert _counts(filled) == EMPTIED


DYING = """
from dlt.load import Load
import os

if os.environ.get("DIE"):
    Load.load_single_package = lambda *_: os._exit(9)
"""


@pytest.mark.slow
def test_a_pending_package_is_judged_by_its_files(filled: Workspace) -> None:
    """After a restart dlt knows no row counts."""
    code = filled.root / "custom_sources/shop.py"
    code.write_text(code.read_text("utf-8") + DYING, encoding="utf-8")
    died = filled.command("sync", "--allow-empty", DIE="1")
    assert died.returncode == 9, died.stdout + died.stderr
    assert "`products` (3 rows)" in _failure(filled.sync()).message
    assert _counts(filled) == BEFORE

    _shop(filled, 5)
    result = filled.sync()
    assert result.exit_code == 0, result
    assert filled.count("raw_shop.products") == 5
    assert filled.count("raw_shop.always") == 2


@pytest.mark.slow
def test_the_rows_of_a_finished_package_are_counted(
    workspace: Workspace, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    workspace.declare(shop={})
    _shop(workspace, 3)
    assert workspace.sync().exit_code == 0
    code = workspace.root / "custom_sources/shop.py"
    code.write_text(code.read_text("utf-8") + DYING, encoding="utf-8")
    assert workspace.command("sync", DIE="1").returncode == 9
    workspace.declare(shop={"resources": ["always", "events"]})
    result = workspace.sync()
    assert result.exit_code == 0, result
    # both what was pending and what is new; of the resources that are selected
    assert source_of(result, "shop").tables == {"always": 2, "events": 6}
    assert workspace.count("raw_shop.products") == 3
    assert workspace.count("raw_shop.events") == 9
