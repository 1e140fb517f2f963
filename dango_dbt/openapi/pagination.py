"""Tells from parameters, answer fields and headers how an endpoint gives its pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dango_dbt.openapi.answers import Answer, Path, json_path, scalar
from dango_dbt.openapi.names import identifier
from dango_dbt.openapi.schemas import Document, level, properties, texts, types
from dango_dbt.openapi.specification import Operation, Parameter
from dango_dbt.openapi.vocabulary import (
    CURSORS,
    LAST_KEYS,
    MORE,
    OFFSETS,
    PAGE_SIZES,
    PAGES,
    SURE_PAGING,
    TOTAL_PAGES,
    TOTAL_ROWS,
)

__all__ = ["Pages", "asks_for_pages", "pages_of"]

_NEXT_LINKS = re.compile(
    r"next|next_(url|uri|link|href|page|page_url|page_uri|page_link|page_href|records_url)"
    r"|(\w+_)?next_link"
)
_FROM_ZERO = re.compile(
    r"(zero|0)[- ]?(based|indexed)|(starts?|begins?|starting) (at|from|with) (0|zero)\b"
)

#: The largest page that is asked for; rows are kept in memory page by page.
_LARGEST = 1000
#: Rows of a page where offsets count rows, and the description names no size: few servers give
#: fewer than they are asked for here, and one that does would make the next offset skip rows.
_CAREFUL = 50


@dataclass(frozen=True)
class Pages:
    """How an endpoint gives its pages.

    Attributes:
        paginator: dlt's configuration.
        params: further parameters, such as the size of a page.
        uses: the parameters that it takes care of.
        guesses: what the description leaves open, and what was taken to be so.
    """

    paginator: dict[str, Any]
    params: dict[str, int] = field(default_factory=dict)
    uses: frozenset[str] = frozenset()
    guesses: tuple[str, ...] = ()

    def names(self) -> Iterator[str]:
        """Give all names out of the description that are used."""
        texts = [one for one in self.paginator.values() if isinstance(one, str)]
        yield from (text.removeprefix("$") for text in (*texts, *self.params))


def asks_for_pages(operation: Operation) -> bool:
    """Tell whether an endpoint's parameters ask for pages, so that its answer must be a list."""
    return any(identifier(one.name) in SURE_PAGING for one in operation.named("query"))


def pages_of(document: Document, operation: Operation, answer: Answer) -> Pages:
    """Tell how an endpoint gives its pages: the surest sign first.

    Where there is no sign, an answer whose fields are all described has one page. One that is
    nothing but a list is left to dlt, which looks at the first answer: many descriptions forget
    their `Link` header.
    """
    query = {identifier(one.name): one for one in reversed(operation.named("query"))}
    for way in (_link_header, _next_link, _cursor, _last_item, _offset, _page_number):
        found = way(document, operation, answer, query)
        if found:
            return found
    if not answer.at:
        guess = "nothing says how it gives its pages: dlt finds out from the first answer"
        return Pages({"type": "auto"}, guesses=(guess,))
    hinted = [json_path(at) for at in answer.around if _speaks_of_pages(at)]
    if hinted:
        guess = f"`{hinted[0]}` speaks of pages, and no parameter asks for one: one page is read"
        return Pages({"type": "single_page"}, guesses=(guess,))
    return Pages({"type": "single_page"})


_Query = dict[str, Parameter]


def _link_header(_: Document, operation: Operation, __: Answer, query: _Query) -> Pages | None:
    if "link" not in operation.headers:
        return None
    return _sized({"type": "header_link"}, query, _first(query, PAGES | OFFSETS | CURSORS))


def _next_link(document: Document, _: Operation, answer: Answer, query: _Query) -> Pages | None:
    asked = _first(query, PAGES | OFFSETS | CURSORS)
    for at, found in answer.around.items():
        name, outer = identifier(at[-1]), "_".join(identifier(part) for part in at[:-1])
        if "array" in types(found) and name in {"links", "link"}:
            item = properties(level(document, found.get("items")))
            if {"href", "rel"} <= item.keys():
                path = f"{json_path(at)}[?(@.rel=='next')].href"
                return _sized({"type": "json_link", "next_url_path": path}, query, asked)
        link = _NEXT_LINKS.fullmatch(name) or (
            name in {"href", "url"} and outer.rpartition("_")[2] == "next"
        )
        if link and scalar(found) and "string" in types(found) and _is_link(at, found):
            chosen = {"type": "json_link", "next_url_path": json_path(at)}
            return _sized(chosen, query, asked)
    return None


def _is_link(at: Path, found: Any) -> bool:  # noqa: ANN401 - a level
    words = texts(found)
    named = re.search(r"url|uri|href|link", "_".join(at).lower())
    said = re.search(r"\burl\b|\buri\b|\blink\b|https?://|^/|\s/", words)
    return bool(named or said or found.get("format") in {"uri", "url", "uri-reference"})


def _cursor(_: Document, operation: Operation, answer: Answer, query: _Query) -> Pages | None:
    # A page's name may be a text that the answer before has given: Airtable's `offset`.
    param = _first(query, CURSORS) or _text_page(answer, query)
    same = {param.name, f"next_{identifier(param.name)}"} if param else set()
    places = [
        at
        for at, found in answer.around.items()
        if scalar(found) and (_is_cursor(at) or at[-1] in same or identifier(at[-1]) in same)
    ]
    if param is not None:
        wanted = identifier(param.name)
        places.sort(key=lambda at: (identifier(at[-1]) != wanted, "next" not in _joined(at)))
        if places:
            chosen = {"cursor_path": json_path(places[0]), "cursor_param": param.name}
            return _sized({"type": "cursor", **chosen, **_more(answer)}, query, param)
        header = re.compile(r".*(next|continuation).*(cursor|token)|.*next")
        keys = [name for name in sorted(operation.headers) if header.fullmatch(identifier(name))]
        if keys:
            chosen = {"cursor_key": keys[0], "cursor_param": param.name}
            return _sized({"type": "header_cursor", **chosen}, query, param)
        return None
    # No parameter, but an answer that names the one to send: `next: {starting_after: …}`.
    for at in places:
        name = identifier(at[-1])
        if "next" in [identifier(part) for part in at[:-1]] and name in CURSORS - {"next"}:
            if _first(query, PAGES | OFFSETS):
                return None
            guess = f"`{json_path(at)}` is sent as the parameter `{at[-1]}`, which is not described"
            chosen = {"cursor_path": json_path(at), "cursor_param": at[-1]}
            return _sized({"type": "cursor", **chosen}, query, None, guess)
    return None


def _text_page(answer: Answer, query: _Query) -> Parameter | None:
    """Find a parameter for a page that takes no number, but a text out of an answer."""
    said = {identifier(at[-1]) for at, one in answer.around.items() if types(one) == {"string"}}
    names = frozenset(one for one in OFFSETS | PAGES if {one, f"next_{one}"} & said)
    return _first(query, names, lambda one: types(one.schema) == {"string"})


def _last_item(_: Document, __: Operation, answer: Answer, query: _Query) -> Pages | None:
    """Find cursors that are the last item's key, as Stripe has them."""
    param = _first(query, LAST_KEYS)
    if param is None or "id" not in properties(answer.item):
        return None
    said = re.search(r"\b(id|identifier|cursor|pag\w+|last)\b", param.description.lower())
    more = any(identifier(at[-1]) in MORE for at in answer.around)
    if identifier(param.name) == "after" and not (said or more):
        return None  # it may as well be a time
    path = f"{json_path(answer.at)}[-1].id" if answer.at else "$[-1].id"
    guess = f"`{param.name}` is sent the `id` of a page's last row"
    chosen: dict[str, Any] = {"type": "cursor", "cursor_path": path, "cursor_param": param.name}
    return _sized({**chosen, "stop_after_empty_page": True, **_more(answer)}, query, param, guess)


def _offset(_: Document, __: Operation, answer: Answer, query: _Query) -> Pages | None:
    offset, size = _first(query, OFFSETS, _is_number), _first(query, PAGE_SIZES, _is_number)
    if offset is None or size is None:
        return None
    rows = _page_size(size)
    guesses: tuple[str, ...] = ()
    if rows is None:
        rows = _CAREFUL
        guesses = (f"no largest `{size.name}` is described: pages of {rows} rows are asked for",)
    chosen: dict[str, Any] = {"limit": rows, "offset_param": offset.name, "limit_param": size.name}
    if _number(offset.schema.get("minimum")) == 1:
        chosen["offset"] = 1
    # Without a total, an empty page is the last.
    chosen["total_path"] = _sure_number(answer, TOTAL_ROWS)
    return Pages(
        {"type": "offset", **chosen, **_more(answer)},
        uses=frozenset({offset.name, size.name}),
        guesses=guesses,
    )


def _page_number(_: Document, __: Operation, answer: Answer, query: _Query) -> Pages | None:
    page = _first(query, PAGES, _is_number)
    if page is None:
        return None
    first = _first_page(page)
    chosen: dict[str, Any] = {"base_page": 1 if first is None else first, "page_param": page.name}
    chosen["total_path"] = _sure_number(answer, TOTAL_PAGES)
    guess = f"pages are counted from 1: nothing says where `{page.name}` begins"
    guesses = [guess] if first is None else []
    return _sized({"type": "page_number", **chosen, **_more(answer)}, query, page, *guesses)


def _first_page(page: Parameter) -> int | None:
    """Give the number of the first page, where the description says it."""
    if _FROM_ZERO.search(page.description.lower()):
        return 0
    numbers = [_number(page.schema.get(key)) for key in ("minimum", "default", "example")]
    return next((number for number in numbers if number in {0, 1}), None)


def _sure_number(answer: Answer, names: frozenset[str]) -> str | None:
    """Give the place of a number that is always there: dlt fails when it is missing."""
    for at, found in answer.around.items():
        if identifier(at[-1]) in names and "integer" in types(found) and at in answer.required:
            return json_path(at)
    return None


def _more(answer: Answer) -> dict[str, str]:
    """Use a `has_more` field, where it is always there: dlt fails when it is missing."""
    for at, found in answer.around.items():
        if identifier(at[-1]) in MORE and "boolean" in types(found) and at in answer.required:
            return {"has_more_path": json_path(at)}
    return {}


def _sized(
    paginator: dict[str, Any], query: _Query, asked: Parameter | None, *guesses: str
) -> Pages:
    """Add the size of a page, where the description says how large one may be."""
    size = _first(query, PAGE_SIZES, _is_number)
    rows = _page_size(size) if size else None
    params = {size.name: rows} if size and rows and size is not asked else {}
    uses = frozenset(one.name for one in (size, asked) if one)
    if asked and asked.required and _is_number(asked) and paginator["type"] != "page_number":
        params[asked.name] = 0 if identifier(asked.name) in OFFSETS else _first_page(asked) or 1
    return Pages(paginator, params, uses, guesses)


def _page_size(size: Parameter) -> int | None:
    schema = size.schema
    found = _number(schema.get("maximum"))
    if found is not None and schema.get("exclusiveMaximum") is True:
        found -= 1
    if found is None:
        said = re.search(
            r"\bmax(?:imum)?\b[^.\d]{0,25}?(\d{1,5})\b|\bbetween\s+\d+\s+and\s+(\d{1,5})\b"
            r"|\bup to\s+(\d{1,5})\b",
            size.description.lower(),
        )
        found = int(next(group for group in said.groups() if group)) if said else None
    if found is None:
        found = _number(schema.get("default"))
    return min(found, _LARGEST) if found and found > 0 else None


def _first(
    query: _Query, names: frozenset[str], fits: Callable[[Parameter], bool] = lambda _: True
) -> Parameter | None:
    return next((one for name, one in query.items() if name in names and fits(one)), None)


def _is_number(parameter: Parameter) -> bool:
    return types(parameter.schema) <= {"integer", "number"}


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if float(value).is_integer() else None


def _is_cursor(at: Path) -> bool:
    name, joined = identifier(at[-1]), _joined(at)
    if re.search(r"prev|before|self|first|last(?!_key|_evaluated)|total", joined):
        return False
    return name in CURSORS | {"end_cursor"} or bool(
        re.fullmatch(r"(\w+_)?next(_\w+)?", name) and not re.search(r"page_number|url|href", name)
    )


def _speaks_of_pages(at: Path) -> bool:
    return bool(re.search(r"(^|_)(next|cursor|has_more|total_pages|page)(_|$)", _joined(at)))


def _joined(at: Path) -> str:
    return "_".join(identifier(part) for part in at)
