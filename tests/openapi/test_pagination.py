"""How an endpoint gives its pages, from its parameters, its answer's fields and headers."""

from __future__ import annotations

from typing import Any

import pytest

from dango_dbt.openapi.answers import Answer, answer_of
from dango_dbt.openapi.pagination import Pages, asks_for_pages, pages_of
from dango_dbt.openapi.specification import operations
from tests.openapi.conftest import described, listing, param

NUMBER = {"type": "integer"}
TEXT = {"type": "string"}
LINK = {"type": "string", "format": "uri"}
ROWS = {"type": "array", "items": {"type": "object", "properties": {"id": TEXT}}}
BARE = {"type": "array", "items": {"type": "object"}}


def an(*required: str, **fields: object) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required)}


def pages(schema: object, *parameters: dict[str, Any], **headers: object) -> Pages:
    specification = described({"paths": {"/rows": listing(schema, *parameters, headers=headers)}})
    operation = operations(specification)[0]
    answer = answer_of(specification.document, operation, pages=asks_for_pages(operation))
    assert isinstance(answer, Answer), answer
    return pages_of(specification.document, operation, answer)


LIMIT, CURSOR, PAGE = param("limit", type="integer"), param("cursor"), param("page", type="integer")


@pytest.mark.parametrize(
    ("given", "paginator"),
    [
        # The Link header, whatever else there is.
        (pages(BARE, PAGE, Link={}), {"type": "header_link"}),
        (pages(an(data=ROWS, next_url=LINK), link={}), {"type": "header_link"}),
        # A link in the answer.
        (pages(an(data=ROWS, next=LINK)), {"type": "json_link", "next_url_path": "next"}),
        (pages(an(data=ROWS, next_page_url=TEXT), PAGE),
         {"type": "json_link", "next_url_path": "next_page_url"}),
        (pages(an(data=ROWS, links=an(next=TEXT), meta=an(pages=NUMBER)), PAGE),
         {"type": "json_link", "next_url_path": "links.next"}),
        (pages(an(data=ROWS, _links=an(next=an(href=TEXT), prev=an(href=TEXT)))),
         {"type": "json_link", "next_url_path": "_links.next.href"}),
        (pages(an(value=ROWS, **{"@odata.nextLink": TEXT})),
         {"type": "json_link", "next_url_path": "'@odata.nextLink'"}),
        (pages(an(data=ROWS, paging=an(next={**TEXT, "example": "https://x.example/rows?a=1"}))),
         {"type": "json_link", "next_url_path": "paging.next"}),
        (pages(an(items=ROWS, links={"type": "array", "items": an(href=TEXT, rel=TEXT)}), PAGE),
         {"type": "json_link", "next_url_path": "links[?(@.rel=='next')].href"}),
        # A cursor in the answer.
        (pages(an(data=ROWS, next=TEXT), CURSOR),
         {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}),
        (pages(an(data=ROWS, cursor=TEXT, previous_cursor=TEXT), LIMIT, CURSOR),
         {"type": "cursor", "cursor_path": "cursor", "cursor_param": "cursor"}),
        (pages(an(data=ROWS, paging=an(cursors=an(before=TEXT, after=TEXT))), param("after")),
         {"type": "cursor", "cursor_path": "paging.cursors.after", "cursor_param": "after"}),
        (pages(an(items=ROWS, nextPageToken=TEXT), param("pageToken")),
         {"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "pageToken"}),
        (pages(an(ok={}, rows=ROWS, response_metadata=an(next_cursor=TEXT)), CURSOR),
         {"type": "cursor", "cursor_path": "response_metadata.next_cursor",
          "cursor_param": "cursor"}),
        (pages(an(data=ROWS, pages=an(next=an(starting_after=TEXT), page=NUMBER))),
         {"type": "cursor", "cursor_path": "pages.next.starting_after",
          "cursor_param": "starting_after"}),
        (pages(an(data=ROWS, meta=an(page=an(after=TEXT))), param("page[after]")),
         {"type": "cursor", "cursor_path": "meta.page.after", "cursor_param": "page[after]"}),
        (pages(an(records=ROWS, offset=TEXT), param("offset", type="string"), param("pageSize")),
         {"type": "cursor", "cursor_path": "offset", "cursor_param": "offset"}),
        (pages(an("has_more", data=ROWS, has_more={"type": "boolean"}, next_page=TEXT),
               param("page", type="string")),
         {"type": "cursor", "cursor_path": "next_page", "cursor_param": "page",
          "has_more_path": "has_more"}),
        (pages(BARE, param("page_token"), **{"X-Next-Page-Token": {}}),
         {"type": "header_cursor", "cursor_key": "x-next-page-token",
          "cursor_param": "page_token"}),
        # The last row's key.
        (pages(an("has_more", data=ROWS, has_more={"type": "boolean"}), param("starting_after")),
         {"type": "cursor", "cursor_path": "data[-1].id", "cursor_param": "starting_after",
          "stop_after_empty_page": True, "has_more_path": "has_more"}),
        (pages(ROWS, param("after_id")),
         {"type": "cursor", "cursor_path": "$[-1].id", "cursor_param": "after_id",
          "stop_after_empty_page": True}),
        # Offsets.
        (pages(an("total", data=ROWS, total=NUMBER), param("skip", type="integer"),
               param("take", type="integer", maximum=20)),
         {"type": "offset", "limit": 20, "offset_param": "skip", "limit_param": "take",
          "total_path": "total"}),
        (pages(an(data=ROWS, total=NUMBER), param("startAt", type="integer"),
               param("maxResults", type="integer", default=30)),
         {"type": "offset", "limit": 30, "offset_param": "startAt", "limit_param": "maxResults",
          "total_path": None}),
        (pages(ROWS, param("$skip", type="integer"), param("$top", type="integer")),
         {"type": "offset", "limit": 50, "offset_param": "$skip", "limit_param": "$top",
          "total_path": None}),
        # Page numbers.
        (pages(an(data=ROWS), PAGE),
         {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": None}),
        (pages(ROWS, param("page", type="integer", minimum=0), param("size", type="integer")),
         {"type": "page_number", "base_page": 0, "page_param": "page", "total_path": None}),
        (pages(an("meta", data=ROWS, meta=an("total_pages", total_pages=NUMBER)),
               param("page[number]", type="integer")),
         {"type": "page_number", "base_page": 1, "page_param": "page[number]",
          "total_path": "meta.total_pages"}),
        (pages(an("more", data=ROWS, more={"type": "boolean"}),
               param("pageNo", description="Zero-based.")),
         {"type": "page_number", "base_page": 0, "page_param": "pageNo", "total_path": None,
          "has_more_path": "more"}),
        # Nothing.
        (pages(an(data=ROWS)), {"type": "single_page"}),
        (pages(an(data=ROWS, next_billing_date=TEXT)), {"type": "single_page"}),
        (pages(an(data=ROWS), param("after", description="Only those made after this date.")),
         {"type": "single_page"}),
        (pages(ROWS), {"type": "auto"}),
    ],
)  # fmt: skip
def test_the_paginator_is_found_and_dlt_takes_it(given: Pages, paginator: dict[str, Any]) -> None:
    from dlt.sources.rest_api.config_setup import create_paginator

    assert given.paginator == paginator
    made = create_paginator(given.paginator)  # type: ignore[arg-type]
    assert (made is None) == (paginator["type"] == "auto")


@pytest.mark.parametrize(
    ("size", "params"),
    [
        (param("limit", type="integer", maximum=250), {"limit": 250}),
        (param("limit", type="integer", maximum=250, exclusiveMaximum=True), {"limit": 249}),
        (param("per_page", type="integer", maximum=10**6), {"per_page": 1000}),
        (param("per_page", type="integer", default=30, description="Max 100."), {"per_page": 100}),
        (param("limit", description="A number between 1 and 200"), {"limit": 200}),
        (param("limit", type="integer", description="Returns up to 40 rows."), {"limit": 40}),
        (param("limit", type="integer", default=30), {"limit": 30}),
        (param("limit", type="integer"), {}),
        (param("limit", type="string"), {}),
    ],
)
def test_pages_are_as_large_as_the_description_allows(
    size: dict[str, Any], params: dict[str, int]
) -> None:
    found = pages(an(data=ROWS, next=TEXT), CURSOR, size)
    assert found.params == params


def test_a_page_that_has_to_be_asked_for_is_asked_for() -> None:
    first = param("page", type="integer", required=True)
    assert pages(an(data=ROWS, next=LINK), first).params == {"page": 1}


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (pages(ROWS), "dlt finds out"),
        (pages(ROWS, PAGE), "counted from 1"),
        (pages(ROWS, LIMIT, param("offset", type="integer")), "pages of 50 rows"),
        (pages(ROWS, param("starting_after")), "last row"),
        (pages(an(data=ROWS, next=an(cursor=TEXT))), "not described"),
        (pages(an(data=ROWS, has_more={"type": "boolean"})), "one page is read"),
    ],
)
def test_what_is_guessed_is_said(found: Pages, word: str) -> None:
    assert any(word in guess for guess in found.guesses), found.guesses


@pytest.mark.parametrize(
    "sure",
    [
        pages(an(data=ROWS, next=LINK)),
        pages(ROWS, param("page", type="integer", minimum=1)),
        pages(an(data=ROWS, next=TEXT), CURSOR),
        pages(an(data=ROWS)),
    ],
)
def test_what_is_described_is_no_guess(sure: Pages) -> None:
    assert sure.guesses == ()
