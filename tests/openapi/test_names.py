"""Names of a description become identifiers that mean the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dango_dbt.openapi.names import (
    argument,
    free,
    identifier,
    resource_name,
    shared_start,
    singular,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("users", "users"),
        ("line-items", "line_items"),
        ("lineItems", "line_items"),
        ("HTTPLogs", "http_logs"),
        ("page[after]", "page_after"),
        ("@odata.nextLink", "odata_next_link"),
        ("a__b", "a_b"),
        ("2fa_tokens", "n2fa_tokens"),
        ("Größe", "groe"),
        ("注文", "value"),
        ("", "value"),
    ],
)  # fmt: skip
def test_any_text_becomes_an_identifier(text: str, name: str) -> None:
    assert identifier(text) == name


@given(st.text())
def test_no_text_makes_anything_but_an_identifier(text: str) -> None:
    for made in (identifier(text), argument(text), resource_name(f"/{text}/{{id}}/{text}")):
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", made), made


@pytest.mark.parametrize("word", ["class", "from", "dlt", "config", "base_url", "path", "USER"])
def test_an_argument_hides_nothing_that_is_there(word: str) -> None:
    assert argument(word) == f"{word.lower()}_value"


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("users", "user"),
        ("companies", "company"),
        ("addresses", "address"),
        ("boxes", "box"),
        ("branches", "branch"),
        ("statuses", "status"),
        ("status", "status"),
        ("purchases", "purchase"),
        ("warehouses", "warehouse"),
        ("shelves", "shelf"),
        ("analyses", "analyse"),
        ("news", "news"),
        ("line_items", "line_item"),
        ("staff", "staff"),
    ],
)
def test_english_words_lose_their_plural(many: str, one: str) -> None:
    assert singular(many) == one


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/users", "users"),
        ("/v1/users", "users"),
        ("/api/v2.1/users.json", "users"),
        ("/users/{user_id}/orders", "user_orders"),
        ("/companies/{id}/line-items", "company_line_items"),
        ("/repos/{owner}/{repo}/issues/{number}/comments", "repo_issue_comments"),
        ("/news/news_items", "news_items"),
        ("/catalog/list", "catalog"),
        ("/lists/{id}", "lists"),
        ("/{anything}", "items"),
    ],
)
def test_resources_are_named_by_their_paths(path: str, name: str) -> None:
    assert resource_name(path) == name


def test_what_all_paths_begin_with_is_left_out() -> None:
    paths = ["/v1/billing/plans", "/v1/billing/plans/{id}/prices"]
    skip = shared_start(paths)
    assert [resource_name(path, skip) for path in paths] == ["plans", "plan_prices"]
    assert shared_start(["/v1/billing/plans"]) == 0
    assert shared_start(["/a/b", "/c/b"]) == 0


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert [free("a", taken) for taken in ([], ["a"], ["a", "a_2"])] == ["a", "a_2", "a_3"]
