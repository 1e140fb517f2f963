"""A vendor's API on loopback: it answers the requests it was told to expect, and refuses others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml


@dataclass(frozen=True)
class Exchange:
    """One request that a connector must make, and what it is answered.

    Attributes:
        ask: method, path and query, such as `GET /v1/charges?limit=100`. The query's order does not
            matter; all else must be the same.
        headers: what the request must carry, lower-case names; `None`: it must not have this one.
        body: its JSON body; `None`: it has none.
        form: its form fields instead.
        answer: the JSON that is sent back.
        status: with this status.
        answer_headers: and these headers.
    """

    ask: str
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, str] | None = None
    answer: Any = None
    status: int = 200
    answer_headers: Mapping[str, str] = field(default_factory=dict)

    def asked_by(self, asked: Asked) -> bool:
        """Whether a request is this one, but for its headers."""
        method, _, target = self.ask.partition(" ")
        url = urlsplit(target)
        same = (method, url.path, _query(url.query)) == (asked.method, asked.path, asked.query)
        return same and (self.body, self.form) == (asked.body, asked.form)

    def wrong_headers(self, asked: Asked) -> str | None:
        """Say which header is missing or has another value."""
        for name, value in self.headers.items():
            if asked.headers.get(name) != value:
                return f"{name}: {asked.headers.get(name)!r} instead of {value!r}"
        return None


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: Any
    form: Mapping[str, str] | None

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query)
        sent = self.body if self.form is None else self.form
        return f"{self.method} {self.path}?{query}" + (f" {json.dumps(sent)}" if sent else "")


@dataclass
class Vendor:
    """The server: what it still expects, and what it has refused."""

    url: str = ""
    expected: list[Exchange] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def answer(self, asked: Asked) -> Exchange:
        """Take an expected request off the list; others are refused with status 400."""
        with self._lock:
            for exchange in self.expected:
                if exchange.asked_by(asked):
                    wrong = exchange.wrong_headers(asked)
                    if wrong:
                        return self._refusal(f"{asked}: {wrong}")
                    self.expected.remove(exchange)
                    return exchange
            return self._refusal(f"{asked}: not expected")

    def _refusal(self, reason: str) -> Exchange:
        self.refused.append(reason)
        return Exchange("", answer={"refused": reason}, status=400)

    def settle(self) -> None:
        """Fail where a request was refused, or one that was expected never came."""
        waiting = [exchange.ask for exchange in self.expected]
        assert (self.refused, waiting) == ([], []), "refused, and never asked for"


@dataclass(frozen=True)
class Run:
    """What one load asks for, and the rows of all tables after it.

    Attributes:
        resources: those that are loaded; empty: all that are without being asked for.
    """

    exchanges: tuple[Exchange, ...]
    rows: Mapping[str, int]
    resources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """A file of `requests/`: credentials, and what each of two or more runs asks for.

    Attributes:
        also: resources that the connector loads only where they are named.
    """

    credentials: Mapping[str, str]
    runs: tuple[Run, ...]
    also: tuple[str, ...] = ()


def conversation(path: Path, server: str) -> Conversation:
    """Read what a connector and its vendor say to each other.

    Args:
        path: the file. `headers` at its top are expected with every request that does not say
            otherwise; `rows` of a later run names only the tables whose rows have changed.
        server: replaces `${server}` everywhere.
    """
    text = path.read_text("utf-8").replace("${server}", server)
    given = yaml.load(text, _TimesAreText)  # noqa: S506 - a SafeLoader that reads even less
    common = given.get("headers", {})
    runs: list[Run] = []
    for run in given["runs"]:
        exchanges = tuple(_exchange(each, common) for each in run["exchanges"])
        before = runs[-1].rows if runs else {}
        resources = tuple(run.get("resources", ()))
        runs.append(Run(exchanges, {**before, **run["rows"]}, resources))
    return Conversation(given["credentials"], tuple(runs), tuple(given.get("also", ())))


@contextmanager
def serving() -> Iterator[Vendor]:
    """Serve on a free port of 127.0.0.1."""
    vendor = Vendor()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(vendor))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield vendor
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            exchange = vendor.answer(self._asked())
            body = json.dumps(exchange.answer).encode()
            self.send_response(exchange.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in exchange.answer_headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the library's naming

        def _asked(self) -> Asked:
            url = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            is_form = "form" in (self.headers.get("Content-Type") or "")
            return Asked(
                method=self.command,
                path=url.path,
                query=_query(url.query),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=json.loads(sent) if sent and not is_form else None,
                form=dict(parse_qsl(sent)) if is_form else None,
            )

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


def _query(text: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(text, keep_blank_values=True))


def _exchange(given: Mapping[str, Any], common: Mapping[str, str]) -> Exchange:
    return Exchange(**{**given, "headers": {**common, **given.get("headers", {})}})


class _TimesAreText(yaml.SafeLoader):
    """JSON has no times: what looks like one stays text."""


_TimesAreText.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
