"""What a user says of a source that is to be added → what is to be written; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

from dango_dbt.adding.drafts import Draft, declared, in_python
from dango_dbt.connectors import Connector, connector, parsed
from dango_dbt.errors import ConfigError
from dango_dbt.toml_files import PLACEHOLDER

__all__ = ["of_address", "of_catalogue", "of_connector", "of_database", "of_python"]

_TEMPLATE = Path(__file__).parents[1] / "templates" / "python_source.py"
#: Addresses as databases write them, and as SQLAlchemy finds the driver that we name.
_DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
#: Parameters of an address that no file of the project may hold.
_SECRET = re.compile(r"(key|token|secret|passw(or)?d|pwd|auth|sig|signature|appid)$", re.IGNORECASE)
#: What follows `://` in a database's address, as SQLAlchemy reads it: a password may hold `/`.
_DATABASE = re.compile(
    r"([^:/]*(:[^@]*)?@)?(?P<host>\[[^/?@]*\]|[^/:?@]*)(:\d*)?(/(?P<name>[^?@]*))?(\?.*)?"
)


def of_catalogue(name: str, chosen: str, *, declarative: bool) -> Draft:
    """Draft a source from a connector of the catalogue.

    Args:
        name: the source's.
        chosen: the connector's.
        declarative: as an entry of sources.yml alone, with no code.

    Raises:
        ConfigError: there is no such connector.
    """
    return of_connector(name, connector(chosen), f"connector {chosen}", declarative=declarative)


def of_connector(
    name: str,
    chosen: Connector,
    origin: str,
    *,
    declarative: bool,
    secrets: Mapping[str, Any] | None = None,
) -> Draft:
    """Draft a source from what is known of where its data comes from.

    Args:
        name: the source's.
        chosen: what is known; not a verified source.
        origin: what it is made from, in words.
        declarative: as an entry of sources.yml alone, with no code.
        secrets: those of its credentials that are known.
    """
    return (declared if declarative else in_python)(name, chosen, origin, secrets or {})


def of_database(name: str, url: str, *, declarative: bool) -> Draft:
    """Draft a source of all tables of a database.

    Args:
        name: the source's.
        url: its address, with user and password; these go to secrets.toml.
        declarative: as an entry of sources.yml alone, with no code.

    Raises:
        ConfigError: it is no such address.
    """
    scheme, found, rest = url.partition("://")
    if not found or not rest:
        raise ConfigError(
            "this is no address of a database",
            hint="write it as postgresql://user:password@host:port/database",
        )
    full = f"{_DRIVERS.get(scheme, scheme)}://{rest}"
    parts = _DATABASE.fullmatch(rest)
    database = (parts["name"] or "").strip("/") if parts else ""
    host = f" at {parts['host']}" if parts and parts["host"] else ""
    about = {
        "title": database or "The database",
        "category": "databases",
        "description": f"The database {database}" if database else f"The database{host}",
        "docs": "https://docs.sqlalchemy.org/en/latest/core/engines.html#database-urls",
        "auth": "the address holds user and password",
        "rate_limits": "none",
        "tested": {"by": "none"},
        "credentials": {
            "credentials": {
                "title": "Address of the database",
                "example": f"{full.partition('://')[0]}://user:password@host:port/database",
            }
        },
        "load": {"source": {"type": "sql_database"}},
    }
    return of_connector(
        name,
        parsed(about),
        "a database's address",
        declarative=declarative,
        secrets={"credentials": full},
    )


def of_address(name: str, url: str, *, declarative: bool) -> Draft:
    """Draft a source of one endpoint of a REST API.

    Args:
        name: the source's.
        url: the endpoint's address, such as https://api.example.com/v1/users?per_page=100; a
            parameter whose name says that it is a secret goes to secrets.toml.
        declarative: as an entry of sources.yml alone, with no code.

    Raises:
        ConfigError: it is no address of a web server.
    """
    parts = _web_address(url)
    above, _, last = parts.path.rstrip("/").rpartition("/")
    base = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], f"{above}/", "", ""))
    endpoint: dict[str, Any] = {"path": last or "/"}
    params: dict[str, Any] = {}
    secrets: dict[str, Any] = {}
    for key, values in parse_qs(parts.query, keep_blank_values=True).items():
        params[key] = values if len(values) > 1 else values[0]
        if _SECRET.search(key) and values[0]:
            argument = re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")
            argument = argument if argument[:1].isalpha() else f"key_{argument}"
            secrets[argument] = params[key]
            params[key] = f"${{{argument}}}"
    if params:
        endpoint["params"] = params
    about = {
        "title": parts.hostname,
        "category": "generic",
        "description": f"The API at {parts.hostname}",
        "docs": "https://dlthub.com/docs/dlt-ecosystem/verified-sources/rest_api/basic",
        "auth": "none yet",
        "rate_limits": "not known",
        "tested": {"by": "none"},
        "credentials": {
            "base_url": {"title": "API address", "secret": False, "default": base},
            **{argument: {"title": f"Parameter {argument}"} for argument in secrets},
        },
        "note": "add `auth` and a `paginator` to the client where the API wants them, and a"
        " `primary_key` to the resource: docs/source-types.md of dango-dbt shows each",
        "load": {
            "rest_api": {
                "client": {"base_url": "${base_url}"},
                "resources": [{"name": _table(last or str(parts.hostname)), "endpoint": endpoint}],
            }
        },
    }
    return of_connector(
        name, parsed(about), "an API's address", declarative=declarative, secrets=secrets
    )


def of_python(name: str) -> Draft:
    """Draft a source to be written by hand: code that shows how, and runs."""
    code = _TEMPLATE.read_text(encoding="utf-8").replace("my_source", name)
    native = {"source_module": name, "source_function": name}
    return Draft(
        "a template",
        {"name": name, "type": "dlt_native", "dlt_native": native},
        code=code,
        secrets={"api_key": PLACEHOLDER},
        notes=(f"custom_sources/{name}.py asks an API that is not there: write yours into it",),
    )


def _web_address(url: str) -> SplitResult:
    """Take an address apart.

    Raises:
        ConfigError: it is no address of a web server.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets around what is no IPv6 address
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(
            "this is no address of an API",
            hint="write it as https://api.example.com/v1/users",
        )
    return parts


def _table(text: str) -> str:
    """Make a resource's name of the last part of a path."""
    letters = "".join(letter if letter.isalnum() else "_" for letter in text.lower())
    return letters.strip("_") or "items"
