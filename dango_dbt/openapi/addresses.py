"""Where an API is served, as its description says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from dango_dbt.openapi.names import plain
from dango_dbt.openapi.specification import Operation, Specification

__all__ = ["Address", "address_of", "joined"]


@dataclass(frozen=True)
class Address:
    """Where an API is served.

    Attributes:
        url: the first address that is described; empty where there is none.
        others: those of other regions, sandboxes and so on.
        guess: what the description leaves open.
    """

    url: str
    others: tuple[str, ...] = ()
    guess: str | None = None


def address_of(specification: Specification, asked: list[Operation]) -> Address:
    """Find an API's address; a relative one begins where the description was fetched."""
    given = _swagger(specification) if specification.swagger else _servers(specification)
    fetched = specification.url
    found = [joined(fetched, one) for one in given or ["/"]]
    whole = [one for one in found if re.fullmatch(r"https?://\S+", one) and plain(one)]
    if not whole:
        return Address("", guess="the description does not say where the API is served")
    first, *others = dict.fromkeys(whole)
    start = urlsplit(first).path.rstrip("/")
    if start and asked and all(one.path.startswith(f"{start}/") for one in asked):
        cut = first.rstrip("/").removesuffix(start)
        guess = f"`{start}` stands in the address and in all paths: it is sent once"
        return Address(cut, tuple(others), guess)
    return Address(first, tuple(others))


def joined(base: str | None, address: str) -> str:
    """Give an address, a relative one as it is seen from another; empty where it is none."""
    try:
        whole = urljoin(base or "", address)
        urlsplit(whole)
    except ValueError:  # brackets around what is no IPv6 address
        return ""
    return whole


def _servers(specification: Specification) -> list[str]:
    listed = specification.document.get("servers")
    return [
        _filled_in(one)
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, Mapping) and isinstance(one.get("url"), str)
    ]


def _filled_in(server: Mapping[str, object]) -> str:
    """Put the variables' defaults into a server's address."""
    url, variables = str(server["url"]), server.get("variables")
    for name, variable in variables.items() if isinstance(variables, Mapping) else ():
        if isinstance(variable, Mapping):
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    return url.strip()


def _swagger(specification: Specification) -> list[str]:
    document = specification.document
    host, base = document.get("host"), document.get("basePath")
    path = base if isinstance(base, str) else ""
    if not isinstance(host, str) or not host:
        return [path] if path else []
    schemes = document.get("schemes")
    named = [str(one) for one in schemes] if isinstance(schemes, list) else []
    chosen = "http" if named and "https" not in named else "https"
    return [f"{chosen}://{host}/{path.lstrip('/')}"]
