"""`type: sql_database` → dlt's source of databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dlt
from dlt.extract import DltResource, DltSource

from dango_dbt.errors import ConfigError, Place, SyncError, first_line

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = ["make"]

_KEY = "sql_database"

#: What to install for a module that SQLAlchemy looks for.
_PACKAGES = {
    "sqlalchemy": "dango-dbt[sql]",
    "psycopg2": "dango-dbt[sql,postgres]",
    "pymysql": "dango-dbt[mysql]",
    "MySQLdb": "dango-dbt[mysql]' and write mysql+pymysql:// in the address, or 'mysqlclient",
}


def make(name: str, arguments: Mapping[str, Any], place_of: Callable[..., Place]) -> DltSource:
    """Make the source: the tables' definitions are read from the database now.

    Raises:
        ConfigError: SQLAlchemy or the database's driver is not there, or the address is none.
        SyncError: the database cannot be reached, or has no such table or column.
    """
    settings = dict(arguments)
    tables: Mapping[str, Mapping[str, Any]] = settings.pop("tables", {})
    names = settings.get("table_names")
    if names is not None and (unknown := [one for one in tables if one not in names]):
        raise ConfigError(
            f"table `{unknown[0]}` is not among `table_names`",
            place=place_of(_KEY, "tables", unknown[0]),
            hint="add it there, or leave `table_names` out to load all tables",
        )
    with _database_errors(name, place_of):
        from dlt.sources.sql_database import sql_database

        made = sql_database.clone(name=name)(**settings, table_adapter_callback=_included(tables))
        resources = made.resources
    for table in tables:
        if table not in resources:
            raise SyncError(
                f"source `{name}`: the database has no table `{table}`",
                place=place_of(_KEY, "tables", table),
                hint=f"it has: {', '.join(resources) or 'none'}",
            )
    for resource in resources.values():
        _apply(resource, tables.get(resource.name, {}))
    return made


def _apply(resource: DltResource, how: Mapping[str, Any]) -> None:
    """Tell dlt how a table is loaded: as a whole, or what is new."""
    if "primary_key" in how:
        resource.apply_hints(primary_key=list(how["primary_key"]))
    disposition = "replace"
    if "incremental" in how:
        cursor = dlt.sources.incremental(how["incremental"], initial_value=how.get("initial_value"))
        resource.apply_hints(incremental=cursor)
        disposition = "merge" if _has_key(resource) else "append"
    resource.apply_hints(write_disposition=how.get("write_disposition", disposition))


def _has_key(resource: DltResource) -> bool:
    columns = resource.compute_table_schema().get("columns", {})
    return any(column.get("primary_key") for column in columns.values())


def _included(tables: Mapping[str, Mapping[str, Any]]) -> Callable[[Table], None]:
    """Make what dlt calls with each table before it reads its columns."""

    def leave_out(table: Table) -> None:
        from dlt.sources.sql_database.schema_types import default_table_adapter

        included = tables.get(table.name, {}).get("included_columns")
        if included:
            default_table_adapter(table, list(included))

    return leave_out


@contextmanager
def _database_errors(name: str, place_of: Callable[..., Place]) -> Iterator[None]:
    """Say what is wrong with the database, its address or its driver."""
    try:
        from sqlalchemy import exc
    except ImportError as error:
        raise _not_installed("sqlalchemy", place_of) from error
    try:
        yield
    except ModuleNotFoundError as error:
        raise _not_installed(error.name or "the database's driver", place_of) from error
    except exc.InvalidRequestError as error:
        raise SyncError(
            f"source `{name}`: {first_line(error)}", place=place_of(_KEY, "table_names")
        ) from error
    except exc.ArgumentError as error:
        raise ConfigError(
            f"source `{name}`: the address of the database is none: {first_line(error)}",
            place=place_of(_KEY, "credentials"),
            hint="write it as postgresql+psycopg2://user:password@host:port/database",
        ) from error
    except exc.SQLAlchemyError as error:
        raise SyncError(
            f"source `{name}`: the database cannot be read: {first_line(error)}",
            place=place_of(_KEY, "credentials"),
        ) from error


def _not_installed(module: str, place_of: Callable[..., Place]) -> ConfigError:
    package = _PACKAGES.get(module, module)
    return ConfigError(
        f"`{module}` is not installed",
        place=place_of(_KEY),
        hint=f"install it: pip install '{package}'",
    )
