"""Write docs/connectors.md from the catalogue; with --check, fail where it is out of date.

Run as: python scripts/connector_pages.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from dango_dbt.connectors import Connector, connector, names

PAGE = Path(__file__).parents[1] / "docs" / "connectors.md"
HEAD = """# Connectors

Generated from the catalogue by `make docs`: do not edit below the list of keys.

`dango-dbt source add NAME --connector CONNECTOR` writes a source from what is known of it here;
`dango-dbt source catalog CONNECTOR` tells the same in a terminal.
[docs/connecting.md](connecting.md) goes through it step by step.

**What "tested" means.** No live account was used for any of them.

| tested by | means |
|---|---|
| emulator | loaded from a program that answers like the vendor's API, rows compared with its own |
| contract | every request was held against the vendor's own description of its API, by Prism |
| own server | a server of ours refuses each request that the vendor's documentation has not, as \
we read it: path, parameters, body, login, second page, and what a second run asks for; of \
databases and files, a real server or real files |
| none | could not be run where it was written: dlt's code for it comes from GitHub |

**What "only if named" means.** Such a resource is loaded where `resources:` in sources.yml names
it, together with all others that are to be loaded.
"""
FORMAT = """
## A connector is a file

`dango_dbt/connectors/NAME.yml`; the next one is a file, and no code:

| key | |
|---|---|
| `title`, `category`, `description`, `docs`, `auth`, `rate_limits`, `note` | texts |
| `credentials` | arguments of the source: `title`, `where` to get it, `example`; `secret: false` \
for a setting, with a `default` that need not be given; `kind: number` or `list` |
| `relationships` | `{from: charges.customer, to: customers.id}` |
| `tested` | `{by: …, with: …}`, as above: what was really tried |
| `load.rest_api` | dlt's declarative configuration; `${name}` stands for a credential |
| `load.source` | one of dlt's core sources: `{type: sql_database, …}` |
| `load.verified` | a verified source: its name, function, resources with their keys |
"""


def render() -> str:
    """Render the whole page."""
    found = {name: connector(name) for name in names()}
    table = [
        "\n| connector | | category | loaded by | tested by |",
        "|---|---|---|---|---|",
        *(
            f"| [`{name}`](#{name}) | {one.title} | {one.category} | {loaded_by(one)} |"
            f" {tested_by(one)} |"
            for name, one in found.items()
        ),
        "",
    ]
    parts = ["\n".join(section(name, one)) for name, one in found.items()]
    return "\n".join([HEAD.rstrip("\n"), FORMAT.rstrip("\n"), *table, *parts])


def section(name: str, one: Connector) -> Iterator[str]:
    """Render one connector."""
    yield f"## {name}\n"
    yield f"{one.title}: {one.description} <{one.docs}>\n"
    yield f"- Login: {one.auth}"
    yield f"- Rate limits: {one.rate_limits}"
    yield f"- Tested by: {tested_by(one)}"
    if one.note:
        yield f"- {one.note}"
    yield "\n| credential | | where |\n|---|---|---|"
    for key, credential in one.credentials.items():
        kind = "secret" if credential.secret else "setting"
        default = "" if credential.required else f", default `{credential.default}`"
        yield f"| `{key}` | {credential.title}, {kind}{default} | {cell(credential.where or '')} |"
    if one.resources:
        yield "\n| resource | key | what is new, by | for each of |\n|---|---|---|---|"
        for resource in one.resources:
            key = ", ".join(f"`{column}`" for column in resource.primary_key)
            cursor = f"`{resource.incremental}`" if resource.incremental else ""
            named = f"`{resource.name}`" + ("" if resource.selected else ", only if named")
            yield f"| {named} | {key} | {cursor} | {resource.parent or ''} |"
    yield ""


def cell(text: str) -> str:
    """Keep a text inside a cell."""
    return text.replace("|", "\\|")


def loaded_by(one: Connector) -> str:
    """Name dlt's source."""
    if one.load.verified:
        return f"verified source `{one.load.verified.name}`"
    return "REST configuration" if one.load.rest_api else f"`{(one.load.source or {})['type']}`"


def tested_by(one: Connector) -> str:
    """Say what it was tested by."""
    by = one.tested.by.replace("_", " ")
    return f"{by} ({one.tested.against})" if one.tested.against else by


if __name__ == "__main__":
    text = render()
    if "--check" in sys.argv[1:]:
        current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        if current != text:
            sys.exit("docs/connectors.md is out of date: run `make docs`")
    else:
        PAGE.write_text(text, encoding="utf-8")
