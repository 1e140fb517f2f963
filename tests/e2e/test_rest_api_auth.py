"""`type: rest_api`: each way to log in, against a server that refuses all others."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
import yaml

from tests.e2e.strict_server import Answer, Endpoint, Refused, Request, StrictServer, serving

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Workspace

#: With signs that a header, a URL or a form has to escape.
SECRET = "s3cret/+&=%41 ü"  # noqa: S105 - of a server that lives for one test
PLAIN = "s3cret-of-a-header"
PAGES = 3


def _pages(request: Request) -> Answer:
    """Three pages of two items; the next one is a link, to which auth has to be added again."""
    at = request.number("page") if "page" in request.query else 1
    link = f"http://{request.headers['host']}{request.path}?page={at + 1}"
    items = [{"id": 2 * at - 1}, {"id": 2 * at}]
    return Answer({"items": items, "next": link if at < PAGES else None})


def _header(name: str, value: str) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        request.only("page")
        if request.headers.get(name) != value:
            raise Refused(401, f"no or another `{name}`")
        return _pages(request)

    return answer


def _query(request: Request) -> Answer:
    request.only("page", "key")
    if request.query.get("key") != SECRET:
        raise Refused(401, "no or another `key`")
    return _pages(request)


@dataclass
class OAuth2:
    """A server of tokens, and what they open: `lasts` requests."""

    lasts: int = 99
    told: Mapping[str, Any] = field(default_factory=lambda: {"expires_in": 3600})
    scope: str | None = None
    given: int = 0
    used: int = 0

    def token(self, request: Request) -> Answer:
        request.only()
        form = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
        expected = {"grant_type": "client_credentials", "client_id": "me", "client_secret": SECRET}
        if self.scope:
            expected["scope"] = self.scope
        if request.method != "POST" or form != expected:
            raise Refused(401, "unknown client")
        self.given += 1
        self.used = 0
        return Answer({"access_token": self._name(), "token_type": "Bearer", **self.told})

    def items(self, request: Request) -> Answer:
        request.only("page")
        if not self.given or request.headers.get("authorization") != f"Bearer {self._name()}":
            raise Refused(401, "no or another token")
        if self.used == self.lasts:
            raise Refused(401, "the token has expired")
        self.used += 1
        return _pages(request)

    def _name(self) -> str:
        return f"token-{self.given}"


pytestmark = pytest.mark.slow

_OAUTH2 = {"type": "oauth2_client_credentials", "client_id": "me", "client_secret": "${SECRET}"}
_IDS = [(number,) for number in range(1, 2 * PAGES + 1)]

#: Name → what the server wants, and the `auth` of sources.yml; URL is the server's.
AUTH: dict[str, tuple[Callable[[Request], Answer], dict[str, Any]]] = {
    "bearer": (
        _header("authorization", f"Bearer {PLAIN}"),
        {"type": "bearer", "token": "${PLAIN}"},
    ),
    "bearer_for_short": (_header("authorization", f"Bearer {PLAIN}"), {"token": "${PLAIN}"}),
    "api_key": (_header("authorization", PLAIN), {"type": "api_key", "api_key": "${PLAIN}"}),
    "api_key_in_header": (
        _header("x-api-key", PLAIN),
        {"type": "api_key", "api_key": "${PLAIN}", "location": "header", "name": "X-API-Key"},
    ),
    "api_key_in_query": (
        _query,
        {"type": "api_key", "api_key": "${SECRET}", "location": "query", "name": "key"},
    ),
    "http_basic": (
        _header("authorization", "Basic " + b64encode(f"me:{SECRET}".encode()).decode()),
        {"type": "http_basic", "username": "me", "password": "${SECRET}"},
    ),
    "basic": (  # as other guides spell it
        _header("authorization", "Basic " + b64encode(f"me:{SECRET}".encode()).decode()),
        {"type": "basic", "username": "me", "password": "${SECRET}"},
    ),
    "from_secrets_toml": (_header("authorization", f"Bearer {PLAIN}"), {"type": "bearer"}),
}


def _entry(name: str, url: str, auth: Any) -> dict[str, Any]:  # noqa: ANN401 - a mapping or none
    client = {"base_url": url, "auth": auth} if auth else {"base_url": url}
    items = {"name": "items", "endpoint": {"path": name}, "primary_key": "id"}
    return {
        "name": name,
        "type": "rest_api",
        "rest_api": {"client": client, "resources": [items]},
    }


def _declare(workspace: Workspace, *entries: dict[str, Any]) -> None:
    workspace.write(".dango/sources.yml", yaml.safe_dump({"sources": entries}, sort_keys=False))
    workspace.write(".env", f"PLAIN={PLAIN}\nSECRET='{SECRET}'\n")


@pytest.fixture(scope="module")
def logged_in(
    new_workspace: Callable[[], Workspace],
) -> Iterator[tuple[Workspace, StrictServer, RunResult]]:
    """Load from behind each kind of lock, side by side."""
    with serving({f"/{name}": each[0] for name, each in AUTH.items()}) as server:
        workspace = new_workspace()
        entries = [_entry(name, server.url, each[1]) for name, each in AUTH.items()]
        _declare(workspace, *entries)
        workspace.write(
            ".dlt/secrets.toml", f'[sources.from_secrets_toml.credentials]\ntoken = "{PLAIN}"\n'
        ).chmod(0o600)
        yield workspace, server, workspace.sync(generate=False)


@pytest.mark.parametrize("name", AUTH)
def test_each_page_is_asked_for_with_what_opens_it(
    name: str, logged_in: tuple[Workspace, StrictServer, RunResult]
) -> None:
    workspace, server, result = logged_in
    assert [(one.name, one.error) for one in result.sources or () if one.error] == []
    assert not server.refused
    assert workspace.rows(f"select id from raw_{name}.items order by 1") == _IDS
    assert len(server.asked(f"/{name}")) == PAGES


#: Name → the server, the key for its address (dlt's, or the usual one), how many tokens it gives,
#: and how many requests it refuses.
OAUTH2: dict[str, tuple[OAuth2, str, int, int]] = {
    "one_is_enough": (OAuth2(), "access_token_url", 1, 0),
    "its_lifetime_ends": (OAuth2(lasts=1, told={"expires_in": 0}), "token_url", PAGES, 0),
    "withdrawn_early": (OAuth2(lasts=2), "access_token_url", 2, 1),
    "lifetime_not_told": (OAuth2(lasts=2, told={}), "token_url", 2, 1),
    "lifetime_is_null": (OAuth2(lasts=2, told={"expires_in": None}), "token_url", 2, 1),
}


def test_oauth2_gets_a_new_token_when_the_old_one_no_longer_opens(workspace: Workspace) -> None:
    endpoints: dict[str, Endpoint] = {}
    endpoints |= {f"/{name}/token": each[0].token for name, each in OAUTH2.items()}
    endpoints |= {f"/{name}": each[0].items for name, each in OAUTH2.items()}
    with serving(endpoints) as server:
        entries = [
            _entry(name, server.url, {**_OAUTH2, key: f"{server.url}/{name}/token"})
            for name, (_, key, _, _) in OAUTH2.items()
        ]
        _declare(workspace, *entries)
        result = workspace.sync(generate=False)
    for source in result.sources or ():
        name = source.name
        served, _, tokens, refused = OAUTH2[name]
        assert source.error is None, name
        assert workspace.rows(f"select id from raw_{name}.items order by 1") == _IDS, name
        assert served.given == tokens, name
        expired = f"GET /{name}: the token has expired"
        assert server.refused.count(expired) == refused, name
    assert len(server.refused) == sum(each[3] for each in OAUTH2.values())


def test_threads_wait_for_one_token() -> None:
    """A server may withdraw a token when it gives the next, so that requests would fail."""
    from copy import deepcopy

    from requests import Request as Asked

    from dango_dbt.declared.oauth2 import renewing

    served = OAuth2()
    with serving({"/token": served.token}) as server:
        own = {"access_token_url": f"{server.url}/token", "client_secret": SECRET}
        config = {"client": {"auth": {**_OAUTH2, **own}}, "resources": []}
        auth = deepcopy(renewing(config)["client"]["auth"])  # as dlt does it

        def signed(_: int) -> str:
            return str(auth(Asked("GET", server.url).prepare()).headers["Authorization"])

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(signed, range(8))) == {"Bearer token-1"}
    assert served.given == 1


def test_oauth2_of_the_client_and_of_an_endpoint(workspace: Workspace) -> None:
    """Resources share a token; what an endpoint says of its own goes before it."""
    inner, outer = OAuth2(scope="read"), OAuth2()
    endpoints: dict[str, Endpoint] = {
        "/outer/token": outer.token,
        "/inner/token": inner.token,
        "/a": outer.items,
        "/b": outer.items,
        "/c": inner.items,
    }
    with serving(endpoints) as server:
        scope = {"access_token_request_data": {"scope": "read"}}
        own = {**_OAUTH2, "access_token_url": f"{server.url}/inner/token", **scope}
        entry = _entry(
            "shop", server.url, {**_OAUTH2, "access_token_url": f"{server.url}/outer/token"}
        )
        entry["rest_api"]["resources"] = [
            "a",
            "b",
            {"name": "c", "endpoint": {"path": "c", "auth": own}},
        ]
        _declare(workspace, entry)
        result = workspace.sync(generate=False)
    assert [one.error for one in result.sources or ()] == [None]
    assert not server.refused
    assert [outer.given, inner.given] == [1, 1]
    for name in "abc":
        assert workspace.rows(f"select id from raw_shop.{name} order by 1") == _IDS


#: Name → an `auth` that does not open, and what is said of it.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "bearer": ({"type": "bearer", "token": "wrong-${SECRET}"}, "401"),
    "key": (
        {"type": "api_key", "api_key": "${PLAIN}", "location": "query", "name": "page_key"},
        "page_key=***",
    ),
    "client": ({**_OAUTH2, "client_id": "you", "token_url": "URL/token"}, "URL/token"),
    "no_token": ({**_OAUTH2, "token_url": "URL/empty"}, "URL/empty answered without"),
}


def test_who_is_refused_is_told_so_without_the_secret(workspace: Workspace) -> None:
    served = OAuth2()
    endpoints: dict[str, Endpoint] = {
        "/items": served.items,
        "/token": served.token,
        "/empty": lambda _: Answer({"error": "none today"}),
    }
    with serving(endpoints) as server:
        entries = []
        for name, (auth, _) in REFUSED.items():
            given = {key: value.replace("URL", server.url) for key, value in auth.items()}
            entry = _entry(name, server.url, given)
            entry["rest_api"]["resources"] = ["items"]
            entries.append(entry)
        lines = {"name": "lines", "endpoint": "items/{resources.items.id}"}
        entries[1]["rest_api"]["resources"].append(lines)
        entries[1]["resources"] = ["lines"]  # which alone asks for nothing
        _declare(workspace, *entries)
        done = workspace.command("sync", "--no-generate", "--json")
        proof = workspace.command("source", "configure", "key", "--check", "--json")
    assert proof.returncode == 1, proof.stdout + proof.stderr
    told = done.stdout + done.stderr + proof.stdout + proof.stderr
    assert done.returncode == 1, told
    sources = {source["name"]: source for source in json.loads(done.stdout)["sources"]}
    for name, (_, said) in REFUSED.items():
        assert said.replace("URL", server.url) in str(sources[name]["error"]), name
    assert "Traceback" not in told
    for secret in (SECRET, PLAIN, "s3cret"):
        assert secret not in told, told


@pytest.mark.parametrize(
    "client",
    [
        {"auth": _OAUTH2},
        {"auth": {"type": "api_key", "name": "x-key", "api_key": PLAIN}},
        {"headers": {"x-key": PLAIN}},
    ],
)
def test_no_key_goes_where_a_server_redirects_to(client: dict[str, Any]) -> None:
    """Nor after the other server has refused the request."""
    from dlt.common.exceptions import DltException

    from dango_dbt.declared import rest_api
    from dango_dbt.errors import Place

    def refuses(_: Request) -> Answer:
        raise Refused(401, "who is there?")

    def redirects(request: Request) -> Answer:
        assert {"authorization", "x-key"} & request.headers.keys()
        return Answer({}, 302, {"Location": f"{other.url}/items"})

    here: dict[str, Endpoint] = {"/token": OAuth2().token, "/items": redirects}
    with serving({"/items": refuses}) as other, serving(here) as server:
        given = dict(client)
        if "auth" in given:
            url = f"{server.url}/token"
            own = {"token_url": url, "client_secret": SECRET} if given["auth"] is _OAUTH2 else {}
            given["auth"] = {**given["auth"], **own}
        entry = {"client": {"base_url": server.url, **given}, "resources": ["items"]}
        source = rest_api.make("shop", entry, lambda *_: Place(Path("sources.yml")))
        with pytest.raises(DltException, match="401"):
            list(source)
    assert len(server.asked("/items")) == 1
    (asked,) = other.asked("/items")
    assert not {"authorization", "x-key"} & asked.headers.keys()
    assert PLAIN not in str(asked)
