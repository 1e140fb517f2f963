"""Servers on loopback that give what the descriptions beside them promise, and nothing else.

A request with a parameter that is not described, or without what is needed, is refused: a source
that asks wrongly cannot load.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Query = dict[str, str]


class RefusedError(Exception):
    """A request that the API does not allow."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    form: Query

    def only(self, *allowed: str) -> None:
        """Refuse parameters that are not described."""
        if unknown := self.query.keys() - set(allowed):
            raise RefusedError(400, f"unknown parameters {sorted(unknown)}")

    def number(self, name: str, otherwise: int, most: int = 10**12, least: int = 0) -> int:
        """Give a number, and refuse one that is not in its range."""
        value = int(self.query.get(name, otherwise))
        if not least <= value <= most:
            raise RefusedError(400, f"{name}={value} is not between {least} and {most}")
        return value


@dataclass
class Server:
    """An API while it runs.

    Attributes:
        address: of the API: `http://127.0.0.1:…`.
        asked: every request that it has had.
    """

    address: str = ""
    asked: list[Asked] = field(default_factory=list)

    def queries(self, path: str) -> list[Query]:
        """Give the parameters of the requests to a path, in their order."""
        return [one.query for one in self.asked if one.path == path]


Api = Callable[[Asked], Any]
"""Gives the JSON to answer with, or that and headers; raises RefusedError."""


@contextmanager
def serving(api: Api) -> Iterator[Server]:
    """Serve an API on loopback."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            asked = Asked(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                dict(self.headers.items()),
                dict(parse_qsl(body)),
            )
            server.asked.append(asked)
            try:
                given = api(asked)
                status = 200
            except RefusedError as refused:
                given, status = {"error": str(refused)}, refused.status
            document, headers = given if isinstance(given, tuple) else (given, {})
            raw = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=http.serve_forever, daemon=True)
    thread.start()
    server.address = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
