"""What a user says of a source that is to be added → what is to be written; pure."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from dango_dbt.adding.drafts import Draft, drafted
from dango_dbt.config import DATABASE_DRIVERS
from dango_dbt.connectors import Connector, connector, parsed
from dango_dbt.errors import ConfigError

__all__ = ["of_catalogue", "of_connector", "of_database", "of_python"]

_TEMPLATE = Path(__file__).parents[1] / "templates" / "python_source.py"


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


def of_connector(name: str, chosen: Connector, origin: str, *, declarative: bool) -> Draft:
    """Draft a source from what is known of where its data comes from.

    Args:
        name: the source's.
        chosen: what is known; not a verified source.
        origin: what it is made from, in words.
        declarative: as an entry of sources.yml alone, with no code.
    """
    return drafted(name, chosen, origin, declarative=declarative)


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
    if scheme.partition("+")[0] == "mongodb":
        raise ConfigError(
            "MongoDB is no SQL database",
            hint=f"use `dango-dbt source add {name} --connector mongodb`",
        )
    full = f"{DATABASE_DRIVERS.get(scheme, scheme)}://{_from_anywhere(scheme, rest)}"
    parts = _parted(full)
    path = parts.path.strip("/")
    database = path if parts.netloc else path.rpartition("/")[2]  # a file: not where it lies here
    about = {
        "title": database or "The database",
        "category": "databases",
        "description": f"The database {database or 'at ' + (parts.hostname or '')}",
        "docs": "https://docs.sqlalchemy.org/en/latest/core/engines.html#database-urls",
        "auth": "the address holds user and password",
        "rate_limits": "none",
        "tested": {"by": "none"},
        "credentials": {
            "credentials": {
                "title": "Address of the database",
                "example": f"{parts.scheme}://user:password@host:port/database",
            }
        },
        "load": {"source": {"type": "sql_database"}},
    }
    given = {"credentials": full}
    return drafted(
        name, parsed(about), "a database's address", declarative=declarative, given=given
    )


def of_python(name: str) -> Draft:
    """Draft a source to be written by hand: code that shows how, and runs."""
    code = _TEMPLATE.read_text(encoding="utf-8").replace("my_source", name)
    native = {"source_module": name, "source_function": name}
    return Draft(
        "a template",
        {"name": name, "type": "dlt_native", "dlt_native": native},
        code=code,
        secrets={"api_key": "<configure me>"},
        notes=(f"custom_sources/{name}.py asks an API that is not there: write yours into it",),
    )


def _parted(url: str) -> SplitResult:
    """Take the address of a database apart.

    Raises:
        ConfigError: the password has a sign in it that ends it too early: part of it would be
            taken for the database's name, and shown.
    """
    with suppress(ValueError):  # `[` in the password
        parts = urlsplit(url)
        # Behind the host an `@` may stand in the query alone, and that comes after the database.
        behind = parts.path + parts.fragment + ("" if parts.path else parts.query)
        if not parts.netloc or "@" not in behind:
            return parts
    raise ConfigError(
        "the address of the database cannot be taken apart: there are signs such as `/`, `?`, `#`"
        " or `[` in the user or the password",
        hint="write them as %2F, %3F, %23 and %5B, and `@` as %40",
    )


def _from_anywhere(scheme: str, rest: str) -> str:
    """Make the path of a database that is a file absolute: it is read from other folders, too."""
    path, question, query = rest.removeprefix("/").partition("?")
    is_file = scheme.partition("+")[0] in {"sqlite", "duckdb"} and rest.startswith("/")
    if not is_file or not path or path.startswith((":memory:", "file:")):
        return rest
    return f"/{Path(path).absolute().as_posix()}{question}{query}"
