"""Lists, address and access → the data of a connector's file, and what the user should look at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dango_dbt.connectors import Connector, parsed
from dango_dbt.openapi.addresses import Address
from dango_dbt.openapi.composing import configuration, primary_key, resource_of, start_setting
from dango_dbt.openapi.links import linked
from dango_dbt.openapi.lists import LeftOut, Listed
from dango_dbt.openapi.names import header, one_line
from dango_dbt.openapi.security import Access
from dango_dbt.openapi.settings import Settings
from dango_dbt.openapi.specification import Operation, Specification

__all__ = ["Derived", "Guess", "assembled"]

_UNKNOWN = "not known"


@dataclass(frozen=True)
class Guess:
    """What the description leaves open, and what was taken to be so.

    Attributes:
        resources: that it is about; empty where it is about the whole API.
    """

    text: str
    resources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Derived:
    """What was made of a description.

    Attributes:
        connector: as a file of the catalogue has it.
        data: the same as plain data, to be written as YAML.
        needed: the settings that a user has to give, each with the resources that need it.
        guesses: for the user to look at.
        left_out: endpoints that can be read with GET and are not, with the reason.
    """

    connector: Connector
    data: Mapping[str, Any]
    needed: Mapping[str, tuple[str, ...]]
    guesses: tuple[Guess, ...]
    left_out: tuple[LeftOut, ...]


def assembled(  # noqa: PLR0913, PLR0917 - what was found, part by part
    specification: Specification,
    name: str,
    lists: Sequence[Listed],
    left_out: Sequence[LeftOut],
    address: Address,
    access: Access,
) -> Derived:
    """Write what was found as a connector."""
    credentials: dict[str, Any] = {**access.credentials, "base_url": _address_setting(address)}
    credentials.update(
        start for one in lists if one.cursor and (start := start_setting(one.cursor))
    )
    settings = Settings(frozenset(credentials))
    resources = [resource_of(one, settings, access.params) for one in lists]
    headers = {**access.headers, **_versions([one.operation for one in lists], settings)}
    client: dict[str, Any] = {"base_url": "${base_url}"}
    client.update({"headers": headers} if headers else {})
    client.update({"auth": access.auth} if access.auth else {})
    data = {
        **_about(specification, name, address, access),
        "credentials": {**credentials, **settings.found},
        "relationships": _relationships(specification, lists),
        "load": {"rest_api": configuration(client, resources)},
    }
    said = {one.name: _guesses(one) for one in lists}
    whole = [text for text in (*access.guesses, address.guess) if text]
    guesses = [Guess(text) for text in whole]
    needed = {
        setting: tuple(users)
        for setting, users in settings.needed_by.items()
        if "default" not in settings.found[setting]
    }
    told = tuple(Guess(one_line(one.text), one.resources) for one in (*guesses, *_by_text(said)))
    out = tuple(LeftOut(one_line(one.path), one_line(one.reason)) for one in left_out)
    return Derived(parsed(data), data, needed, told, out)


def _guesses(listed: Listed) -> list[str]:
    texts = [*listed.guesses, *listed.pages.guesses]
    if listed.key is None:
        return [*texts, "no key is described: each load replaces all rows"]
    return [*texts, listed.key.guess] if listed.key.guess else texts


def _by_text(said: Mapping[str, Sequence[str]]) -> list[Guess]:
    """Say once what is so for several resources."""
    users: dict[str, list[str]] = {}
    for resource, texts in said.items():
        for text in texts:
            users.setdefault(text, []).append(resource)
    return [Guess(text, tuple(names)) for text, names in users.items()]


def _about(
    specification: Specification, name: str, address: Address, access: Access
) -> dict[str, Any]:
    info, outer = specification.info, specification.document.get("externalDocs")
    docs = outer.get("url") if isinstance(outer, Mapping) else None
    title = one_line(info.get("title"), 80) or name
    return {
        "title": title,
        "category": "generic",
        "description": one_line(info.get("description"), 200) or f"{title}, by its description.",
        "docs": one_line(docs, 300) or specification.url or address.url or _UNKNOWN,
        "auth": access.words,
        "rate_limits": _UNKNOWN,
        "tested": {"by": "none"},
    }


def _address_setting(address: Address) -> dict[str, Any]:
    found: dict[str, Any] = {"title": "Address of the API", "secret": False}
    if address.others:
        found["where"] = one_line(f"Others: {', '.join(address.others[:10])}.")
    return {**found, "default": address.url} if address.url else found


def _versions(asked: Sequence[Operation], settings: Settings) -> dict[str, str]:
    """Send a header that names the API's version, where the description has one for it."""
    found = {}
    for one in asked:
        for param in one.named("header"):
            named = re.search("version", param.name, flags=re.IGNORECASE)
            if named and not param.required and "default" in param.schema and header(param.name):
                found[param.name] = settings.value(param, one.path, "all")
    return found


def _relationships(specification: Specification, lists: Sequence[Listed]) -> list[dict[str, str]]:
    """Give what the description says of relationships: by paths, and by links."""
    found = []
    for one in lists:
        if one.parent is None or one.parent.key is None:
            continue
        key = one.parent.key.name
        if key in one.fields.values() and primary_key(one.parent) == [key]:
            column = one.parent.column(key)
            found.append({"from": f"{one.name}.{column}", "to": f"{one.parent.name}.{key}"})
    return [*found, *linked(specification, lists)]
