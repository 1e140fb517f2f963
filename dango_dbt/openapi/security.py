"""What an API asks for to let one in → dlt's authentication and the credentials for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dango_dbt.openapi.addresses import joined
from dango_dbt.openapi.names import argument, header, one_line, plain
from dango_dbt.openapi.schemas import pointed
from dango_dbt.openapi.specification import Operation, Specification

__all__ = ["Access", "access_of", "is_open_to"]

Setting = dict[str, Any]
_Scheme = Mapping[str, Any]

_BEARER, _KEY, _BASIC, _CLIENT, _TOKEN, _COOKIE = range(6)
"""The ways in, the easiest to get first: a cookie is a browser's, and soon too old."""

_KEYS = {_KEY, _COOKIE}


_IN_BODY = (
    "client ID and secret are sent in the body of the request for a token; few servers take them"
    " only as HTTP basic"
)


@dataclass(frozen=True)
class Access:
    """How to be let in.

    Attributes:
        schemes: the names of the schemes that are used; empty where the API is open.
        auth: dlt's configuration; None where there is none, or keys are sent otherwise.
        headers: keys that are sent as headers.
        params: keys that are sent as parameters.
        credentials: what a user has to give, as a connector file has it.
        words: the same, for people.
        guesses: what the description leaves open.
    """

    schemes: frozenset[str] = frozenset()
    auth: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, Setting] = field(default_factory=dict)
    words: str = "None: the description names no way to log in."
    guesses: tuple[str, ...] = ()


def access_of(specification: Specification, asked: Sequence[Operation], base_url: str) -> Access:
    """Choose the way in that most endpoints take; among equals the easiest to get.

    Args:
        specification: the description.
        asked: the endpoints that are to be read.
        base_url: what a relative address of tokens begins at; may be empty.
    """
    schemes = _schemes(specification)
    wanted: Counter[frozenset[str]] = Counter()
    for operation in asked:
        wanted.update({frozenset(one) for one in operation.security or ()})
    known = {one: many for one, many in wanted.items() if one and _rank(schemes, one) is not None}
    if known:
        best = min(known, key=lambda one: (-known[one], _rank(schemes, one), sorted(one)))
        return _access(schemes, best, asked, base_url)
    if any(one.security is not None for one in asked) and not any(wanted):
        return Access(words="None: the API is open.")
    fit = [name for name in schemes if _rank(schemes, frozenset({name})) is not None]
    if not any(wanted) and fit:
        best = frozenset({min(fit, key=lambda name: _rank(schemes, frozenset({name})) or 0)})
        guess = f"no endpoint says how to log in: `{min(best)}` is taken"
        return _access(schemes, best, asked, base_url, (guess,))
    names = frozenset(name for one in wanted for name in one) or frozenset(schemes)
    if not names:
        return Access(guesses=("no way to log in is described: none is used",))
    guess = f"{' and '.join(sorted(names))} cannot be set up: requests are sent without"
    return Access(
        names, words=f"{', '.join(sorted(names))}: to be set up by hand.", guesses=(guess,)
    )


def is_open_to(operation: Operation, access: Access) -> bool:
    """Tell whether an endpoint lets in who has this access."""
    if not operation.security:
        return True
    return any(set(one) <= access.schemes for one in operation.security)


def _schemes(specification: Specification) -> dict[str, _Scheme]:
    document = specification.document
    components = document.get("components")
    holder = components.get("securitySchemes") if isinstance(components, Mapping) else None
    given = document.get("securityDefinitions") if specification.swagger else holder
    found = {}
    for name, one in given.items() if isinstance(given, Mapping) else ():
        scheme = (
            pointed(document, one["$ref"]) if isinstance(one, Mapping) and "$ref" in one else one
        )
        if isinstance(scheme, Mapping):
            found[str(name)] = scheme
    return found


def _kind(scheme: _Scheme) -> int | None:
    kind, name = str(scheme.get("type")).lower(), str(scheme.get("scheme")).lower()
    if kind == "basic" or (kind == "http" and name == "basic"):
        return _BASIC
    if kind == "http" and name == "bearer":
        return _BEARER
    if kind == "apikey":
        where, sent = str(scheme.get("in")), str(scheme.get("name") or "{}")
        fits = plain(sent) if where == "query" else where in {"header", "cookie"} and header(sent)
        return (_COOKIE if where == "cookie" else _KEY) if fits else None
    if kind == "oauth2":
        return _CLIENT if _token_url(scheme) else _TOKEN
    return _TOKEN if kind == "openidconnect" else None


def _rank(schemes: Mapping[str, _Scheme], together: frozenset[str]) -> int | None:
    """Rank schemes that are needed together; None where they cannot be had."""
    kinds = [_kind(schemes[name]) if name in schemes else None for name in together]
    known = [kind for kind in kinds if kind is not None]
    if len(known) < len(kinds) or sum(kind not in _KEYS for kind in known) > 1:
        return None
    return max(known) + len(known) - 1


def _flow(scheme: _Scheme) -> Mapping[str, Any]:
    flows = scheme.get("flows")
    if isinstance(flows, Mapping):
        flow = flows.get("clientCredentials")
        return flow if isinstance(flow, Mapping) else {}
    return scheme if scheme.get("flow") == "application" else {}


def _token_url(scheme: _Scheme) -> str | None:
    found = _flow(scheme).get("tokenUrl")
    return found if isinstance(found, str) and found else None


def _access(
    schemes: Mapping[str, _Scheme],
    names: frozenset[str],
    asked: Sequence[Operation],
    base_url: str,
    guesses: tuple[str, ...] = (),
) -> Access:
    found = Access(names, words="", guesses=guesses)
    auth: dict[str, Any] | None = None
    words: list[str] = []
    for name in sorted(names, key=lambda one: (_kind(schemes[one]) in _KEYS, one)):
        scheme, kind = schemes[name], _kind(schemes[name])
        if kind in _KEYS:
            said = _api_key(found, name, scheme, alone=len(names) == 1)
            auth = said[0] or auth
            words.append(said[1])
            continue
        auth, credentials, word = _login(name, scheme, kind, asked, base_url)
        guesses += (_IN_BODY,) if kind == _CLIENT else ()
        found.credentials.update(credentials)
        words.append(word)
    return Access(
        found.schemes,
        auth,
        found.headers,
        found.params,
        found.credentials,
        f"{'; '.join(words)[:1].upper()}{'; '.join(words)[1:]}.",
        guesses,
    )


def _api_key(
    access: Access, name: str, scheme: _Scheme, *, alone: bool
) -> tuple[dict[str, Any] | None, str]:
    """Have a key sent; the only one by dlt's own way, which hides it in messages."""
    sent, where = str(scheme["name"]), scheme["in"]
    credential = "api_key" if alone else argument(name)
    word = f"the key `{sent}`, sent as a {'parameter' if where == 'query' else where}"
    access.credentials[credential] = _setting(f"API key ({sent})", scheme)
    if sent.lower() == "authorization":
        access.credentials[credential]["title"] = "Authorization, with the word before the key"
    value = f"${{{credential}}}"
    if where == "cookie":
        access.headers["Cookie"] = f"{sent}={value}"
    elif alone:
        return {"type": "api_key", "name": sent, "api_key": value, "location": where}, word
    else:
        (access.headers if where == "header" else access.params)[sent] = value
    return None, word


def _login(
    name: str, scheme: _Scheme, kind: int | None, asked: Sequence[Operation], base_url: str
) -> tuple[dict[str, Any], dict[str, Setting], str]:
    """Give dlt's authentication, the credentials for it, and the same for people."""
    if kind == _BASIC:
        return (
            {"type": "http_basic", "username": "${user_name}", "password": "${password}"},
            {
                "user_name": _setting("User name", scheme, secret=False),
                "password": _setting("Password", scheme),
            },
            "a user name and a password (HTTP basic)",
        )
    if kind != _CLIENT:
        title = "Access token" if kind == _TOKEN else "API token"
        word = "an OAuth2 access token" if kind == _TOKEN else "a token"
        bearer = {"type": "bearer", "token": "${api_token}"}
        return bearer, {"api_token": _setting(title, scheme)}, f"{word}, sent as a bearer token"
    token_url = joined(base_url, _token_url(scheme) or "")
    auth: dict[str, Any] = {
        "type": "oauth2_client_credentials",
        "access_token_url": "${token_url}",
        "client_id": "${client_id}",
        "client_secret": "${client_secret}",
    }
    address = _setting("Address that gives out tokens", {}, secret=False)
    if re.match("https?://", token_url) and plain(token_url):
        address["default"] = token_url
    credentials = {
        "client_id": _setting("Client ID", scheme),
        "client_secret": _setting("Client secret", {}),
        "token_url": address,
    }
    every = [one.get(name, []) for operation in asked for one in operation.security or ()]
    scopes = dict.fromkeys(scope for some in every for scope in some if plain(scope))
    if scopes:
        auth["access_token_request_data"] = {"scope": "${scope}"}
        title = "Scopes to ask for, with a space between them"
        credentials["scope"] = _setting(title, {}, secret=False)
        credentials["scope"]["default"] = one_line(" ".join(scopes), 2000)
    return auth, credentials, "OAuth2 client credentials, a token for an ID and a secret"


def _setting(title: str, scheme: _Scheme, *, secret: bool = True) -> Setting:
    found: Setting = {"title": title}
    if said := one_line(scheme.get("description"), 200):
        found["where"] = said
    return found if secret else {**found, "secret": False}
