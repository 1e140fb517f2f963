"""`source test`: each thing that is wrong with a source is found, and nothing where nothing is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt import Project, report
from dango_dbt.errors import ConfigError

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from dango_dbt.sampled import Check, SourceTest
    from tests.e2e.conftest import Api, Workspace

#: `skip` is a filter by `seq` as well: an order's `seq` is its place in the list.
SHOP = """\
import dlt
import pyarrow
import requests


@dlt.source
def shop(base_url):
    def pages(name, skip=0, limit=5):
        while True:
            url = f"{base_url}/{name}?skip={skip}&limit={limit}"
            page = requests.get(url, timeout=10).json()[name]
            if not page:
                return
            yield page
            skip += len(page)

    def resource(name, function, **hints):
        return dlt.resource(function, name=name, **hints)

    def whole(name):
        return lambda: pages(name)

    # ------------------------------------------------ as they should be

    def since(seq=dlt.sources.incremental("seq", row_order="asc")):
        yield from pages("orders", seq.last_value or 0)

    def newest_first(seq=dlt.sources.incremental("seq", row_order="desc")):
        yield from pages("newest")

    def from_a_start(seq=dlt.sources.incremental("seq", initial_value=3)):
        yield from pages("orders", seq.last_value)

    def one_by_one():
        for page in pages("orders"):
            yield from page

    good = [
        resource("replaced", whole("orders"), write_disposition="replace", primary_key="id"),
        resource("merged", since, write_disposition="merge", primary_key="id"),
        resource("added", since, write_disposition="append", primary_key="id"),
        resource("newest", newest_first, write_disposition="merge", primary_key="id"),
        resource("started", from_a_start, write_disposition="append"),
        resource("replaced_since", since, write_disposition="replace", primary_key="id"),
        resource("one_by_one", one_by_one, write_disposition="replace"),
        resource(
            "changes",
            whole("changes"),
            write_disposition="merge",
            primary_key="id",
            columns={"seq": {"dedup_sort": "desc"}},
        ),
        resource("overlapping", whole("twice"), write_disposition="merge", primary_key="id"),
        resource(
            "history",
            whole("orders"),
            write_disposition={"disposition": "merge", "strategy": "scd2"},
        ),
    ]

    # ------------------------------------------------ each with one thing wrong

    def backwards(seq=dlt.sources.incremental("seq", row_order="asc")):
        yield from pages("newest")

    def from_the_end(seq=dlt.sources.incremental("seq", initial_value=1000)):
        yield from pages("orders")

    def all_again(seq=dlt.sources.incremental("seq")):
        yield from pages("orders")

    def stuck():
        while True:
            yield next(pages("orders"))

    def once():
        if not dlt.current.source_state().setdefault("done", False):
            dlt.current.source_state()["done"] = True
            yield from pages("orders")

    def tables():
        for page in pages("changes"):
            yield pyarrow.Table.from_pylist(page)

    bad = [
        resource("same_key", whole("changes"), write_disposition="replace", primary_key="id"),
        resource("same_merged", whole("changes"), write_disposition="merge", primary_key="id"),
        resource("same_in_arrow", tables, write_disposition="merge", primary_key="id"),
        resource(
            "same_unique",
            whole("changes"),
            write_disposition="replace",
            columns={"id": {"unique": True}},
        ),
        resource("backwards", backwards, write_disposition="append"),
        resource("from_the_end", from_the_end, write_disposition="append"),
        resource("all_again", all_again, write_disposition="merge", primary_key="id"),
        resource("doubled", whole("orders"), write_disposition="append"),
        resource("keyless", whole("orders"), write_disposition="merge"),
        resource("stuck", stuck, write_disposition="merge", primary_key="id"),
        resource("wiped", once, write_disposition="replace"),
        resource("two_types", whole("two_types"), write_disposition="replace"),
        resource("empty", whole("empty"), write_disposition="replace"),
        resource("deep", whole("deep"), write_disposition="replace"),
        resource("wide", whole("wide"), write_disposition="replace"),
    ]
    return good + bad
"""

#: Of each resource that has something wrong: which checks find it, and what they have seen.
FINDINGS = {
    "same_key": {"key-unique same_key.id": "3 values in 6 of 9 rows, such as 1"},
    "same_merged": {
        "key-unique same_merged.id": "3 values in 6 of 9 rows, such as 1: the rows differ"
    },
    "same_in_arrow": {
        "key-unique same_in_arrow.id": "3 values in 6 of 9 rows, such as 1: the rows differ"
    },
    "same_unique": {"key-unique same_unique.id": "3 values in 6 of 9 rows"},
    "backwards": {
        "cursor-order backwards.seq": "goes backwards 11 times in 12 values",
        "second-run-cursor backwards.seq": "11 of 12 rows came from before it",
    },
    "from_the_end": {"cursor-start from_the_end.seq": "all of 12 rows lie before 1000"},
    "all_again": {"second-run-cursor all_again.seq": "11 of 12 rows came from before it"},
    "doubled": {"second-run-rows doubled": "12 of 12 rows of the second run were there already"},
    "keyless": {"second-run-rows keyless": "12 of 12 rows of the second run were there already"},
    "stuck": {"next-page stuck": "3 of 4 pages brought the rows of the page before"},
    "wiped": {"second-run-rows wiped": "of 12 rows the second run has left 0"},
    "two_types": {"types-stable two_types.price": "1 value as BIGINT, 1 as VARCHAR"},
    "empty": {"has-rows empty": "brought no row"},
    "deep": {"table-shape deep__list__list__list__list__list": "nested 5 levels deep"},
    "wide": {"table-shape wide": "301 columns"},
}
GOOD = {
    "replaced": {
        "next-page replaced": "3 pages, each with other rows",
        "second-run-rows replaced": "loaded whole again, as it has no cursor",
    },
    "merged": {
        "cursor-order merged.seq": "never goes backwards in 12 values",
        "second-run-cursor merged.seq": "began at 11: 1 row, none from before it",
        "second-run-rows merged": "0 rows merged by key",
    },
    "added": {"second-run-rows added": "the second run added no row"},
    "newest": {
        "cursor-order newest.seq": "never goes forwards in 12 values",
        "second-run-cursor newest.seq": "in 1 page; dlt stops there",
    },
    "started": {"cursor-start started.seq": "none of 9 rows lies before 3"},
    "replaced_since": {
        "second-run-cursor replaced_since.seq": "the second run began where the first did",
        "second-run-rows replaced_since": "12 rows for 12",
    },
    "one_by_one": {"has-rows one_by_one": "12 rows in 1 page"},
    "changes": {"key-unique changes.id": "the row with the highest seq counts"},
    "overlapping": {"key-unique overlapping.id": "each time the same rows"},
    "history": {"key-unique history": "no key is declared"},
}


def _deep(levels: int) -> list[Any]:
    return [{"list": _deep(levels - 1)}] if levels else [1]


def _lists() -> dict[str, list[dict[str, Any]]]:
    orders = [{"id": seq + 1, "seq": seq, "state": "open"} for seq in range(12)]
    changed = [{"id": seq % 6 + 1, "seq": seq, "state": f"{seq}"} for seq in range(9)]
    return {
        "orders": orders,
        "newest": orders[::-1],
        "changes": changed,
        "twice": [*orders[:5], *orders[3:]],
        "two_types": [{"id": 1, "price": 1}, {"id": 2, "price": "free"}],
        "empty": [],
        "deep": [{"id": 1, "list": _deep(4)}],
        "wide": [{"id": 1, **{f"c{number}": number for number in range(300)}}],
    }


@pytest.fixture(scope="module")
def shop(
    new_workspace: Callable[[], Workspace], serve: Callable[..., AbstractContextManager[Api]]
) -> Iterator[tuple[Workspace, Api]]:
    workspace = new_workspace()
    with serve(_lists()) as api:
        workspace.code("shop", SHOP)
        workspace.declare(shop={"kwargs": {"base_url": api.url}})
        yield workspace, api


@pytest.fixture(scope="module")
def tested(shop: tuple[Workspace, Api]) -> SourceTest:
    workspace, _ = shop
    return Project.find(workspace.root).source("shop").test(pages=4)


def _of(tested: SourceTest, resource: str) -> dict[str, Check]:
    """Find the checks of a resource, by name and subject."""
    return {
        f"{check.name} {check.subject}": check
        for check in tested.checks
        if check.subject.partition(".")[0].partition("__")[0] == resource
    }


@pytest.mark.parametrize("resource", FINDINGS)
def test_what_is_wrong_is_found_with_its_evidence_and_nothing_else(
    tested: SourceTest, resource: str
) -> None:
    found = {
        name: check for name, check in _of(tested, resource).items() if check.status == "finding"
    }
    assert found.keys() == FINDINGS[resource].keys(), found
    for name, evidence in FINDINGS[resource].items():
        assert evidence in found[name].evidence
        assert found[name].hint


@pytest.mark.parametrize("resource", GOOD)
def test_a_good_resource_has_no_finding_and_says_what_was_seen(
    tested: SourceTest, resource: str
) -> None:
    checks = _of(tested, resource)
    assert checks
    assert not [check for check in checks.values() if check.status == "finding"]
    for name, evidence in GOOD[resource].items():
        assert evidence in checks[name].evidence, checks[name]


def test_the_sample_is_as_small_as_asked_for_in_both_runs(shop: tuple[Workspace, Api]) -> None:
    """Also where all rows are older than the cursor, which dlt's own limit does not count."""
    workspace, api = shop
    api.calls.clear()
    found = Project.find(workspace.root).source("shop").test(resources=["all_again"], pages=1)
    assert api.calls == {"orders": 2}
    (rows,) = (check for check in found.checks if check.name == "has-rows")
    assert rows.evidence == "5 rows in 1 page; the source may have more"


def test_the_command_prints_each_finding_and_exits_with_1(shop: tuple[Workspace, Api]) -> None:
    workspace, _ = shop
    before = workspace.files(".")
    done = workspace.command("source", "test", "shop", "--resource", "doubled")
    assert done.returncode == 1, done.stderr
    assert "✗ second-run-rows  doubled" in done.stdout
    assert "✗ 1 finding, 6 passed, 1 could not be checked" in done.stdout
    assert workspace.files(".") == before


def test_the_document_has_every_check(tested: SourceTest) -> None:
    document = json.loads(report.source_test_json(tested))
    assert (document["status"], document["exit_code"]) == ("failed", 1)
    assert document["findings"] == sum(map(len, FINDINGS.values()))
    assert len(document["checks"]) == len(tested.checks)
    assert document["checks"][0] == {
        "name": "loads",
        "subject": "run 1",
        "status": "passed",
        "evidence": tested.checks[0].evidence,
        "hint": None,
    }


#: What keeps a sample from being loaded, and what is found of it nevertheless.
BROKEN = {
    "null_key": (
        'yield [{"id": 1}, {"id": None}, {"id": 3}]',
        {
            "loads run 1": "id",
            "key-not-null numbers.id": "null or missing in 1 of 3 rows",
        },
    ),
    "no_key": (
        'yield [{"number": 1}, {"number": 2}]',
        {"loads run 1": "id", "key-not-null numbers.id": "null or missing in 2 of 2 rows"},
    ),
    "raising": (
        'raise ValueError("no such account")',
        {"loads run 1": "no such account"},
    ),
    "second_time": (
        (
            'state = dlt.current.resource_state()\n    assert not state, "been here"\n'
            '    state["been"] = True\n    yield [{"id": 1}]'
        ),
        {"loads run 2": "been here"},
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_load_that_fails_is_a_finding_beside_what_else_was_seen(
    workspace: Workspace, case: str
) -> None:
    body, expected = BROKEN[case]
    workspace.code(
        "numbers",
        f'import dlt\n\n\n@dlt.resource(primary_key="id", write_disposition="merge")\n'
        f"def numbers():\n    {body}\n",
    )
    workspace.declare(numbers={"enabled": False})
    found = Project.find(workspace.root).source("numbers").test()
    findings = {f"{check.name} {check.subject}": check.evidence for check in found.findings}
    assert findings.keys() == expected.keys()
    for name, evidence in expected.items():
        assert evidence in findings[name]


def test_rows_that_are_merged_are_seen_whatever_dlt_is_configured_to_keep(
    workspace: Workspace,
) -> None:
    config = workspace.root / ".dlt/config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(f"{text}\n[load]\ntruncate_staging_dataset = true\n", encoding="utf-8")
    workspace.code(
        "numbers",
        'import dlt\n\n\n@dlt.resource(primary_key="id", write_disposition="merge")\n'
        'def numbers():\n    yield [{"id": 1, "size": size} for size in range(3)]\n',
    )
    workspace.declare(numbers={})
    (found,) = Project.find(workspace.root).source("numbers").test().findings
    assert (found.name, found.evidence[:27]) == ("key-unique", "1 value in 3 of 3 rows, suc")


def test_what_the_next_page_brings_in_another_type_is_found(
    workspace: Workspace, serve: Callable[..., AbstractContextManager[Api]]
) -> None:
    """The first sample ends before it; the second goes on from there."""
    items = [{"id": number, "price": number if number < 5 else "free"} for number in range(9)]
    with serve({"items": items}) as api:
        workspace.code(
            "items",
            "import dlt\nimport requests\n\n\n@dlt.resource\n"
            'def items(base_url, seen=dlt.sources.incremental("id")):\n'
            '    url = f"{base_url}/items?skip={seen.last_value or 0}"\n'
            '    yield requests.get(url, timeout=10).json()["items"]\n',
        )
        workspace.declare(items={"kwargs": {"base_url": api.url}})
        found = Project.find(workspace.root).source("items").test(pages=1)
    assert [(check.name, check.subject) for check in found.findings] == [
        ("types-stable", "items.price")
    ]
    assert "5 values as BIGINT, 4 as VARCHAR" in found.findings[0].evidence


@pytest.mark.parametrize(
    ("name", "resources", "message"),
    [
        ("shap", [], "there is no source `shap`"),
        ("shop", ["orders"], "source `shop` loads no resource `orders`"),
        ("shop", ["merged", "orders"], "source `shop` loads no resource `orders`"),
    ],
)
def test_what_is_not_there_is_refused(
    shop: tuple[Workspace, Api], name: str, resources: list[str], message: str
) -> None:
    workspace, _ = shop
    with pytest.raises(ConfigError, match=message):
        Project.find(workspace.root).source(name).test(resources=resources)
