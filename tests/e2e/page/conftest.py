"""The reference guide's blocks, and the hosts that it names, over HTTPS on loopback."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import pytest
import trustme

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

SHARED = Path(__file__).parents[4] / "shared"
GUIDE = SHARED / "reference" / "custom-sources.md"
HOSTS = ("api.example.com", "dummyjson.com")

#: A heading of the page, and which of the blocks below it, from 0.
BlockKey: TypeAlias = tuple[str, int]


@dataclass(frozen=True)
class Page:
    """The fenced blocks of a Markdown page, and the rest of its text."""

    blocks: Mapping[BlockKey, str]
    text: str

    def __call__(self, heading: str, number: int = 0) -> str:
        """Take one block, as it is."""
        return self.blocks[heading, number]

    @classmethod
    def read(cls, path: Path) -> Page:
        """Read a page; headings that are there twice count their blocks on."""
        blocks: dict[BlockKey, str] = {}
        numbers: Counter[str] = Counter()
        heading = ""
        block: list[str] | None = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("```"):
                if block is not None:
                    blocks[heading, numbers[heading]] = "".join(f"{text}\n" for text in block)
                    numbers[heading] += 1
                block = [] if block is None else None
            elif block is not None:
                block.append(line)
            elif line.startswith("#"):
                heading = line.lstrip("# ")
        assert block is None
        return cls(blocks, path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Request:
    """What a source asked for."""

    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


#: JSON, a status without any, or what makes one of the two of a request.
Answer: TypeAlias = Any


@dataclass
class Hosts:
    """Answers for the page's hosts; a process reaches them through `environment`.

    Attributes:
        answers: by host and path, such as `api.example.com/items`.
        requests: what was asked, in order.
        unreachable: whether to refuse all connections.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    unreachable: bool = False

    def answer(self, request: Request) -> tuple[int, Answer]:
        self.requests.append(request)
        answer = self.answers.get(request.url, 404)
        if callable(answer):
            answer = answer(request)
        return (answer, None) if isinstance(answer, int) else (200, answer)

    def asked(self, key: str) -> list[str | None]:
        """Give one parameter of all requests so far, and forget these."""
        values = [request.query.get(key) for request in self.requests]
        self.requests.clear()
        return values


def _handler(hosts: Hosts, tls: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """A proxy that is, behind CONNECT, the host itself."""

        protocol_version = "HTTP/1.1"
        host = ""

        def do_CONNECT(self) -> None:
            host, _, port = self.path.partition(":")
            if host not in HOSTS or port != "443" or hosts.unreachable:
                self.send_error(502)
                return
            self.send_response(200)
            self.end_headers()
            self.connection = tls.wrap_socket(self.connection, server_side=True)
            self.setup_streams()
            self.host = host
            self.close_connection = False

        def setup_streams(self) -> None:
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb", 0)

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            status, content = hosts.answer(
                Request(self.host + url.path, dict(parse_qsl(url.query)), dict(self.headers))
            )
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


@pytest.fixture(scope="session")
def page() -> Page:
    """Read the reference guide."""
    if not GUIDE.is_file():
        pytest.skip("the reference guide is not here")
    return Page.read(GUIDE)


@pytest.fixture(scope="session")
def _hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """Serve the hosts with a certificate of an authority made for this run."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(tls)
    bundle = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(bundle)
    hosts = Hosts()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hosts, tls))
    proxy = f"http://127.0.0.1:{server.server_port}"
    certificates = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
    hosts.environment = {
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), proxy),
        **dict.fromkeys(("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"), ""),
        **dict.fromkeys(certificates, str(bundle)),
    }
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hosts
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hosts(_hosts: Hosts) -> Hosts:
    """Answer for the page's hosts, to this process and those that it starts."""
    os.environ.update(_hosts.environment)
    os.environ["PYTHONUTF8"] = "1"
    _hosts.answers.clear()
    _hosts.requests.clear()
    _hosts.unreachable = False
    return _hosts


@pytest.fixture
def shell(
    workspace: Workspace, tmp_path: Path, hosts: Hosts
) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run a block for the shell in the project's folder, with our command in place of `dango`."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, arguments in {"dango-dbt": " -m dango_dbt", "python": ""}.items():
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
        (commands / name).chmod(0o755)
    workspace.root.joinpath("custom_sources").mkdir(exist_ok=True)

    def run(block: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-c", re.sub(r"(?m)^dango ", "dango-dbt ", block)],  # noqa: S607
            cwd=workspace.root,
            env={
                **os.environ,
                **hosts.environment,
                "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
                "DLT_DATA_DIR": str(tmp_path / "dlt"),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def load(workspace: Workspace, hosts: Hosts) -> Callable[[], None]:
    """Sync everything in this process; a source that fails fails the test."""
    assert hosts.environment

    def sync() -> None:
        result = workspace.sync(generate=False)
        assert [source.error for source in result.sources or ()] == [None], result

    return sync
