"""The address of an endpoint → a source of it; what is secret in it becomes a secret; pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from dango_dbt.adding.drafts import Draft, drafted
from dango_dbt.connectors import parsed
from dango_dbt.errors import ConfigError

__all__ = ["of_address"]

#: Parameters that let somebody in, such as `api_key`, `apiKey`, `access_token`, `X-Amz-Signature`.
_SECRET = re.compile(
    "(?!(page|next|continuation|cursor|sync|sort|order|group|primary)[_-])"
    "(.*[_-])?(key|apikey|appid|auth|token|secret|password|passwd|pwd|sig|signature|credential)"
)
#: What stands for a value in a path: `{id}`, `<id>`, `:id`.
_STANDS_FOR = re.compile(r"[{<][^{}<>/]*[}>]|(?<=/):[A-Za-z]\w*")


def of_address(name: str, url: str, *, declarative: bool) -> Draft:
    """Draft a source of one endpoint of a REST API.

    Args:
        name: the source's.
        url: the endpoint's address, such as https://api.example.com/v1/users?per_page=100. A user
            with a password, or a key among the parameters, become credentials.
        declarative: as an entry of sources.yml alone, with no code.

    Raises:
        ConfigError: it is no address of a web server, or has a gap to be filled in.
    """
    parts = _parted(url)
    above, _, last = parts.path.rstrip("/").rpartition("/")
    base = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], f"{above}/", "", ""))
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    login = _Login(parts, params)
    # Some servers know an address only with the slash at its end, others only without.
    slash = "/" if parts.path.endswith("/") else ""
    endpoint: dict[str, Any] = {"path": f"{last}{slash}" or "/"}
    if login.params:
        endpoint["params"] = login.params
    address = {"title": "API address", "secret": False, "default": base}
    wanted = "a `paginator`" if login.auth else "`auth` and a `paginator`"
    about: dict[str, Any] = {
        "title": parts.hostname,
        "category": "generic",
        "description": f"The API at {parts.hostname}",
        "docs": "https://dlthub.com/docs/dlt-ecosystem/verified-sources/rest_api/basic",
        "auth": "as its address says" if login.auth else "none yet",
        "rate_limits": "not known",
        "tested": {"by": "none"},
        "credentials": {"base_url": address, **login.credentials},
        "note": f"add {wanted} to the client where the API wants them, and a `primary_key` to the"
        " resource: docs/source-types.md of dango-dbt shows each",
        "load": {
            "rest_api": {
                "client": {"base_url": "${base_url}", **login.auth},
                "resources": [{"name": _table(last or str(parts.hostname)), "endpoint": endpoint}],
            }
        },
    }
    return drafted(
        name, parsed(about), "an API's address", declarative=declarative, given=login.given
    )


class _Login:
    """What of an address lets one in.

    Attributes:
        auth: `auth` of dlt's client, or nothing.
        params: the parameters, with names of credentials for those that are secret.
        credentials: as a connector has them.
        given: their values.
    """

    def __init__(self, parts: SplitResult, params: dict[str, str]) -> None:
        self.auth: dict[str, Any] = {}
        self.params = dict(params)
        self.credentials: dict[str, Any] = {}
        self.given: dict[str, str] = {}
        if "@" in parts.netloc:
            self._ask("user_name", "User name", unquote(parts.username or ""))
            self._ask("password", "Password", unquote(parts.password or ""))
            login = {"type": "http_basic", "username": "${user_name}", "password": "${password}"}
            self.auth = {"auth": login}
        for param, value in params.items():
            if value and _SECRET.fullmatch(_parted_words(param)):
                self._key(param, value)

    def _key(self, param: str, value: str) -> None:
        """Have a key sent: by dlt's own way, which hides it in messages, where that is free."""
        key = "api_key" if not self.auth else f"api_key_{len(self.given)}"
        self._ask(key, f"Parameter {param}", value)
        if self.auth:
            self.params[param] = f"${{{key}}}"
            return
        del self.params[param]
        login = {"type": "api_key", "name": param, "api_key": f"${{{key}}}", "location": "query"}
        self.auth = {"auth": login}

    def _ask(self, key: str, title: str, value: str) -> None:
        self.credentials[key] = {"title": title}
        self.given[key] = value


def _parted(url: str) -> SplitResult:
    """Take an address apart.

    Raises:
        ConfigError: it is none of a web server, or has a gap.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, or half an IPv6 address
        known = None
    if not known:
        raise ConfigError(
            "this is no address of an API",
            hint="write it as https://api.example.com/v1/users",
        )
    if gap := _STANDS_FOR.search(parts.path):
        raise ConfigError(
            f"`{gap[0]}` in the address stands for a value",
            hint="put one in its place; to ask for each row of another list, add that list, and"
            " then see `{resources.…}` in docs/source-types.md of dango-dbt",
        )
    return parts


def _parted_words(name: str) -> str:
    """Write `accessToken` as `access_token`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _table(text: str) -> str:
    """Make a resource's name of the last part of a path."""
    letters = "".join(letter if letter.isalnum() else "_" for letter in text.lower())
    return letters.strip("_") or "items"
