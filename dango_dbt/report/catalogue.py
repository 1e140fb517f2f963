"""The catalogue → lines and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from dango_dbt.connectors import CatalogueResource, Connector, Tested
from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean

__all__ = ["catalogue_json", "catalogue_lines", "connector_json", "connector_lines"]

_TESTED = {
    "emulator": "an emulator of the vendor's API",
    "contract": "the vendor's description of its API",
    "own_server": "a server of our own that refuses what is not documented",
    "none": "nothing: it could not be run where it was written",
}
_NEVER_LIVE = "No live account was used."


def catalogue_lines(connectors: Mapping[str, Connector]) -> Iterator[Line]:
    """List connectors by category."""
    width = max(map(len, connectors), default=0)
    titles = max((len(one.title) for one in connectors.values()), default=0)
    by_category = sorted(connectors.items(), key=lambda item: (item[1].category, item[0]))
    for category, group in groupby(by_category, key=lambda item: item[1].category):
        yield Line(((category, "bold"),))
        for name, one in group:
            by = f"tested by: {one.tested.by.replace('_', ' ')}"
            told = f"{by}, verified source" if one.load.verified else by
            yield Line(
                ((f"{name:<{width}}", "cyan"), f"  {one.title:<{titles}}", (f"  {told}", "dim")), 2
            )
    yield Line(())
    yield Line((_NEVER_LIVE,))
    yield Line(("`dango-dbt source catalog NAME` tells more;",))
    yield Line(("`dango-dbt source add my_source --connector NAME` adds one.",))


def connector_lines(name: str, one: Connector) -> Iterator[Line]:
    """Tell all of a connector."""
    yield Line(((one.title, "bold"), f"  {one.category}"))
    yield Line((one.description,))
    yield Line(())
    about = {
        "Documentation": one.docs,
        "Login": one.auth,
        "Rate limits": one.rate_limits,
        "Loaded by": _loaded_by(one),
        "Tested with": tested(one.tested),
        "Note": one.note,
    }
    for title, text in about.items():
        if text:
            yield Line(((f"{title}: ", "bold"), clean(text)))
    yield Line(())
    yield Line((("Credentials", "bold"),))
    if not one.credentials:
        yield Line(("none",), 2)
    for key, credential in one.credentials.items():
        kind = "secret" if credential.secret else "setting"
        default = "" if credential.required else f", default {credential.default}"
        yield Line(((key, "cyan"), f"  {credential.title} ({kind}{default})"), 2)
        if credential.where:
            yield Line((clean(credential.where),), 4)
    yield from _resource_lines(one.resources)
    if one.relationships:
        yield Line(())
        yield Line((("Relationships", "bold"),))
        for pair in one.relationships:
            yield Line((f"{pair.source} → {pair.target}",), 2)
    yield Line(())
    yield Line((("Next: ", "bold"), f"dango-dbt source add my_{name} --connector {name}"))


def _resource_lines(resources: Sequence[CatalogueResource]) -> Iterator[Line]:
    if not resources:
        return
    yield Line(())
    yield Line((("Resources", "bold"),))
    width = max(len(resource.name) for resource in resources)
    for resource in resources:
        facts = [
            f"key {', '.join(resource.primary_key)}" if resource.primary_key else "no key",
            f"new by {resource.incremental}" if resource.incremental else "",
            f"for each of {resource.parent}" if resource.parent else "",
            "" if resource.selected else "only if named",
        ]
        listed = ", ".join(fact for fact in facts if fact)
        yield Line(((f"{resource.name:<{width}}", "cyan"), f"  {listed}"), 2)
    if not all(resource.selected for resource in resources):
        only = "only if named: under `resources:` in sources.yml, with all others to be loaded"
        yield Line(((only, "dim"),), 2)


def tested(one: Tested) -> str:
    """Say what a connector has been tried against."""
    return f"{one.against or _TESTED[one.by]}. {_NEVER_LIVE}"


def _loaded_by(one: Connector) -> str:
    if one.load.verified:
        return f"dlt's verified source {one.load.verified.name}"
    if one.load.rest_api is not None:
        return "dlt's declarative REST source"
    return f"dlt's source {(one.load.source or {}).get('type')}"


def catalogue_json(connectors: Mapping[str, Connector]) -> str:
    """Give the catalogue as a JSON document, without a newline at its end."""
    listed = [_document(name, one) for name, one in connectors.items()]
    document = {
        "command": "source catalog",
        "status": "success",
        "exit_code": 0,
        "connectors": listed,
    }
    return json.dumps(document, indent=2)


def connector_json(name: str, one: Connector) -> str:
    """Give a connector as a JSON document, without a newline at its end."""
    head = {"command": "source catalog", "status": "success", "exit_code": 0}
    return json.dumps({**head, "connector": _document(name, one)}, indent=2)


def _document(name: str, one: Connector) -> dict[str, Any]:
    return {
        "name": name,
        "title": one.title,
        "category": one.category,
        "description": one.description,
        "docs": one.docs,
        "auth": one.auth,
        "rate_limits": one.rate_limits,
        "loaded_by": _loaded_by(one),
        "tested": {"by": one.tested.by, "with": one.tested.against, "live_account": False},
        "note": one.note,
        "credentials": [
            {
                "name": key,
                "title": credential.title,
                "where": credential.where,
                "secret": credential.secret,
                "default": credential.default,
            }
            for key, credential in one.credentials.items()
        ],
        "resources": [
            {
                "name": resource.name,
                "primary_key": list(resource.primary_key),
                "write_disposition": resource.write_disposition,
                "incremental": resource.incremental,
                "parent": resource.parent,
                "selected": resource.selected,
            }
            for resource in one.resources
        ],
        "relationships": [{"from": pair.source, "to": pair.target} for pair in one.relationships],
    }
