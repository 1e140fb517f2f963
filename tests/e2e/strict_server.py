"""An HTTP server on loopback that refuses what its API does not know, for tests of REST sources."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

__all__ = ["Answer", "Endpoint", "Refused", "Request", "StrictServer", "serving"]


@dataclass(frozen=True)
class Request:
    """What came in; `at` is a clock that only runs forward."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float

    def only(self, *names: str) -> None:
        """Refuse the request if it has any other parameter."""
        if more := sorted(self.query.keys() - set(names)):
            raise Refused(400, f"unknown parameters: {more}")

    def number(self, name: str) -> int:
        """Give a parameter that has to be there, and a number."""
        if not self.query.get(name, "").isdigit():
            raise Refused(400, f"`{name}` is no number: {self.query.get(name)!r}")
        return int(self.query[name])


@dataclass(frozen=True)
class Answer:
    """What goes out; the body becomes JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - it is an answer
    """A request that the API does not know."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.answer = Answer({"error": why}, status)


Endpoint: TypeAlias = Callable[[Request], Answer]


@dataclass
class StrictServer:
    """Endpoints by their paths, what they were asked, and what of it was refused."""

    endpoints: dict[str, Endpoint]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def asked(self, path: str) -> list[Request]:
        """Give the requests for a path, in their order."""
        return [request for request in self.requests if request.path == path]

    def forget(self) -> None:
        """Count anew."""
        self.requests.clear()
        self.refused.clear()

    def answer(self, request: Request) -> Answer:
        """Answer; endpoints are asked one at a time, so that they may count."""
        with self._lock:
            self.requests.append(request)
            try:
                return self.endpoints.get(request.path, _nowhere)(request)
            except Refused as error:
                self.refused.append(f"{request.method} {request.path}: {error}")
                return error.answer


def _nowhere(_: Request) -> Answer:
    raise Refused(404, "there is no such path")


@contextmanager
def serving(endpoints: dict[str, Endpoint]) -> Iterator[StrictServer]:
    """Serve; more endpoints may be added while it runs."""
    served = StrictServer(endpoints)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def _any(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            pairs = parse_qsl(url.query, keep_blank_values=True)
            query = dict(pairs)
            if len(query) != len(pairs):
                served.refused.append(f"{url.path}: a parameter twice: {url.query}")
            headers = {key.lower(): value for key, value in self.headers.items()}
            answer = served.answer(
                Request(self.command, url.path, query, headers, body, monotonic())
            )
            text = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            for key, value in answer.headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _any  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Keep quiet about clients that go away; a defect here is no answer, so noticed."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
