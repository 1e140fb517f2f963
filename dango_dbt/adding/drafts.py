"""What `source add` is to write, before it is written; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dango_dbt.adding.python_module import PythonSource
from dango_dbt.connectors import Connector, filled, with_references
from dango_dbt.toml_files import PLACEHOLDER

__all__ = ["Draft", "drafted"]


@dataclass(frozen=True)
class Draft:
    """A source that is to be added.

    Attributes:
        origin: what it is made from, in words.
        entry: its entry in sources.yml.
        code: the text of custom_sources/<name>.py; None: there is none.
        secrets: what .dlt/secrets.toml is to hold under `[sources.<name>]`.
        settings: likewise for .dlt/config.toml.
        requirements: lines for requirements.txt.
        notes: what the user should know.
    """

    origin: str
    entry: Mapping[str, Any]
    code: str | None = None
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def drafted(
    name: str,
    connector: Connector,
    origin: str,
    *,
    declarative: bool,
    given: Mapping[str, str] | None = None,
) -> Draft:
    """Draft a source from what is known of where its data comes from.

    Args:
        name: the source's.
        connector: a REST API, or one of dlt's core sources.
        origin: what it is made from, in words.
        declarative: as an entry of sources.yml alone, with no code.
        given: those of its secrets that the user has told.
    """
    return (_declared if declarative else _in_python)(name, connector, origin, given or {})


def _in_python(name: str, connector: Connector, origin: str, given: Mapping[str, str]) -> Draft:
    """Draft a source as Python code that is the user's own."""
    secrets, settings = _values(connector, given)
    native = {"source_module": name, "source_function": name}
    return Draft(
        origin,
        {
            "name": name,
            "type": "dlt_native",
            "description": connector.summary,
            "dlt_native": native,
        },
        code=PythonSource(name, connector).text(),
        secrets=secrets,
        settings=settings,
        requirements=_requirements(connector, given),
        notes=(connector.note,) if connector.note else (),
    )


def _declared(name: str, connector: Connector, origin: str, given: Mapping[str, str]) -> Draft:
    """Draft a source as an entry of sources.yml, with no code.

    Secrets stay out of it: it names them as dlt names environment variables, and they are looked up
    in dlt's files too.
    """
    variables = {
        key: one.default
        if one.default is not None
        else f"${{SOURCES__{name.upper()}__{key.upper()}}}"
        for key, one in connector.credentials.items()
    }
    if connector.load.rest_api is not None:
        config = with_references(connector.load.rest_api, connector.relationships)
        kind, block = "rest_api", filled(config, variables)
    else:
        block = filled(dict(connector.load.source or {}), variables)
        kind = block.pop("type")
        if kind == "sql_database":
            block = {"credentials": variables["credentials"], **block}
    secrets, settings = _values(connector, given)
    return Draft(
        origin,
        {"name": name, "type": kind, "description": connector.summary, kind: block},
        secrets=secrets,
        settings=settings,
        requirements=_requirements(connector, given),
        notes=(connector.note,) if connector.note else (),
    )


def _values(
    connector: Connector, given: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what dlt's files are to hold: the secrets, and the settings that have no default."""
    secrets: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for key, one in connector.credentials.items():
        if one.secret:
            secrets[key] = given.get(key, PLACEHOLDER)
        elif one.required:
            settings[key] = PLACEHOLDER
    return secrets, settings


def _requirements(connector: Connector, given: Mapping[str, str]) -> tuple[str, ...]:
    """Name what a database needs: SQLAlchemy, and the driver that its address names."""
    source = connector.load.source or {}
    if source.get("type") != "sql_database":
        return ()
    written = given.get("credentials") or str(connector.credentials["credentials"].example or "")
    drivers = {"psycopg2": "psycopg2-binary", "pymysql": "pymysql", "pyodbc": "pyodbc"}
    driver = written.partition("://")[0].partition("+")[2]
    return ("dlt[sql_database]", *((drivers[driver],) if driver in drivers else ()))
