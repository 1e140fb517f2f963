"""`type: sql_database` → dlt's source of databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.configuration.exceptions import ConfigFieldMissingException, InvalidNativeValue
from dlt.extract import DltResource, DltSource

from dango_dbt.config import DATABASE_DRIVERS, in_one
from dango_dbt.declared import cursors
from dango_dbt.errors import ConfigError, Place, SyncError, first_line

if TYPE_CHECKING:
    from sqlalchemy import Engine, Table

__all__ = ["check", "make", "names"]

_KEY = "sql_database"

#: What to install for a module that SQLAlchemy looks for.
_PACKAGES = {
    "sqlalchemy": "dango-dbt[sql]",
    "psycopg": "dango-dbt[sql,postgres]",
    "psycopg2": "dango-dbt[sql,postgres]",
    "pymysql": "dango-dbt[mysql]",
    "MySQLdb": "dango-dbt[mysql]' and write mysql+pymysql:// in the address, or 'mysqlclient",
}

_ADDRESS = "write it as postgresql+psycopg2://user:password@host:port/database"

#: The parts of an address, as dlt has them; what else is there it would not look at.
_PARTS = ("drivername", "username", "password", "host", "port", "database", "query")


def check(
    arguments: Mapping[str, Any], place_of: Callable[..., Place], *, complete: bool = True
) -> list[ConfigError]:
    """Find what is wrong without a look at the database; `complete` as in `declared.check`."""
    tables, wanted = arguments.get("tables", {}), arguments.get("table_names")
    found = [
        ConfigError(
            f"table `{table}` is not among `table_names`",
            place=place_of(_KEY, "tables", table, at_key=True),
            hint="add it there, or leave `table_names` out to load all tables",
        )
        for table in tables
        if wanted is not None and table not in wanted
    ]
    credentials = arguments.get("credentials")
    if isinstance(credentials, Mapping):
        found += _wrong_parts(credentials, place_of)
    elif isinstance(credentials, str) and complete and (wrong := _wrong_address(credentials)):
        what, hint = wrong
        found.append(ConfigError(what, place=place_of(_KEY, "credentials"), hint=hint))
    return found


def names(arguments: Mapping[str, Any]) -> list[str]:
    """Name the resources, as far as sources.yml does."""
    return list(arguments.get("table_names", ()))


def _wrong_parts(
    credentials: Mapping[str, Any], place_of: Callable[..., Place]
) -> Iterator[ConfigError]:
    for key, value in credentials.items():
        if key not in _PARTS:
            yield ConfigError(
                f"unknown key `{key}` in `credentials`",
                place=place_of(_KEY, "credentials", key, at_key=True),
                hint=f"the keys here are: {', '.join(_PARTS)}",
            )
        elif key == "port" and not str(value).isdecimal() and "${" not in str(value):
            yield ConfigError(
                "`port` must be a whole number", place=place_of(_KEY, "credentials", key)
            )


def _wrong_address(address: str) -> tuple[str, str] | None:
    """Say what is wrong with an address, and what to do; it may hold a password, and is not shown.

    With an `@` in the password, what is behind it would be taken for the host, and be told.
    """
    kind, separator, rest = address.partition("://")
    if not separator or not kind:
        return "the address of the database is none", _ADDRESS
    if rest.partition("?")[0].count("@") > 1:
        return (
            "the address of the database has more than one `@`: where the host begins is not clear",
            "write each sign of the password that is no letter or digit with %: `%40` for `@`",
        )
    return None


def make(
    name: str, arguments: Mapping[str, Any], root: Path, place_of: Callable[..., Place]
) -> DltSource:
    """Make the source: the tables' definitions are read from the database now.

    Raises:
        ConfigError: SQLAlchemy, the database's driver or its file is not there, or the address is
            none.
        SyncError: the database cannot be reached, or has no such table or column.
    """
    if problems := check(arguments, place_of):
        raise in_one(problems)
    settings = dict(arguments)
    if credentials := settings.get("credentials"):
        settings["credentials"] = _with_driver(credentials, root, place_of)
    tables: Mapping[str, Mapping[str, Any]] = settings.pop("tables", {})
    with _database_errors(name, place_of):
        from dlt.sources.sql_database import sql_database

        from dango_dbt.declared import database_types

        reading = _Reading(tables)
        made = sql_database.clone(name=name)(
            **settings,
            metadata=database_types.OneSchema(schema=settings.get("schema")),
            engine_adapter_callback=reading.connected,
            table_adapter_callback=reading.reflected,
            type_adapter_callback=database_types.for_dlt,
        )
        resources = made.resources
    if not resources:
        schema = settings.get("schema")
        where = f" in schema `{schema}`" if schema else ""
        raise SyncError(
            f"source `{name}`: the database has no tables{where}",
            place=place_of(_KEY, "schema" if schema else "credentials"),
            hint="say where they are with `schema:`; views come with `include_views: true`",
        )
    for table in tables:
        if table not in resources:
            raise SyncError(
                f"source `{name}`: the database has no table `{table}`",
                place=place_of(_KEY, "tables", table),
                hint=f"it has: {', '.join(resources) or 'none'}",
            )
    for resource in resources.values():
        how = tables.get(resource.name, {})
        _check_columns(resource.name, reading.columns[resource.name], how, place_of)
        _apply(resource, how, place_of)
    return made


def _with_driver(
    credentials: str | Mapping[str, Any], root: Path, place_of: Callable[..., Place]
) -> str | dict[str, Any]:
    """Name the driver in an address, or in its parts, that names none, and find a file."""
    if isinstance(credentials, str):
        kind, separator, rest = credentials.partition("://")
        path, question, query = rest.removeprefix("/").partition("?")
        if kind.partition("+")[0] == "sqlite" and rest.startswith("/"):
            rest = f"/{_file(path, root, place_of)}{question}{query}"
        return f"{_driver(kind)}{separator}{rest}"
    driver = str(credentials.get("drivername", ""))
    found = {**credentials, "drivername": _driver(driver)}
    if driver.partition("+")[0] == "sqlite" and found.get("database"):
        found["database"] = _file(str(found["database"]), root, place_of)
    return found


def _file(path: str, root: Path, place_of: Callable[..., Place]) -> str:
    """Find the file of a database from the project's root on; SQLite would make an empty one."""
    if not path or path.startswith((":memory:", "file:")):
        return path
    found = root / path
    if not found.is_file():
        raise ConfigError(
            f"there is no database {path}",
            place=place_of(_KEY, "credentials"),
            hint="files are relative to the project's root",
        )
    return found.as_posix()


def _driver(name: str) -> str:
    named = DATABASE_DRIVERS.get(name, name)
    return named if find_spec(named.partition("+")[2] or "sys") else name


def _check_columns(
    table: str, there: Sequence[str], how: Mapping[str, Any], place_of: Callable[..., Place]
) -> None:
    """Refuse columns that a table does not have, or that are not among those that are read."""
    for key in ("included_columns", "incremental", "primary_key"):
        given = how.get(key, ())
        for column in [given] if isinstance(given, str) else given:
            if column not in there:
                raise SyncError(
                    f"table `{table}` has no column `{column}`",
                    place=place_of(_KEY, "tables", table, key),
                    hint=f"it has: {', '.join(there)}",
                )
            if column not in how.get("included_columns", (column,)):
                raise ConfigError(
                    f"column `{column}` is not among `included_columns`",
                    place=place_of(_KEY, "tables", table, key),
                    hint="add it there",
                )


def _apply(resource: DltResource, how: Mapping[str, Any], place_of: Callable[..., Place]) -> None:
    """Tell dlt how a table is loaded: as a whole, or what is new."""
    if "primary_key" in how:
        resource.apply_hints(primary_key=list(how["primary_key"]))
    disposition = how.get("write_disposition", "replace")
    if "incremental" in how:
        columns = resource.compute_table_schema().get("columns", {})
        begin, cursor = how.get("initial_value"), how["incremental"]
        if begin is not None:
            begin = _begin(begin, columns.get(cursor, {}), resource.name, place_of)
        has_key = any(column.get("primary_key") for column in columns.values())
        disposition = how.get("write_disposition", "merge" if has_key else "append")
        # Rows that never changed often have no time: each load brings them, and they are merged.
        # Added each time they would be there twice, so that dlt is to refuse them.
        missing: Any = "raise" if disposition == "append" or not has_key else "include"
        resource.apply_hints(
            incremental=dlt.sources.incremental(
                cursor, initial_value=begin, on_cursor_value_missing=missing
            )
        )
    resource.apply_hints(write_disposition=disposition)


def _begin(
    value: str | float, column: Mapping[str, Any], table: str, place_of: Callable[..., Place]
) -> Any:  # noqa: ANN401 - of the column's type
    try:
        return cursors.initial(value, column)
    except ValueError as error:
        raise ConfigError(
            f"`initial_value` of table `{table}` is no {column.get('data_type')}: {value!r}",
            place=place_of(_KEY, "tables", table, "initial_value"),
        ) from error


class _Reading:
    """What dlt calls while it reads the definitions of tables."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        self._tables = tables
        self._dialect = ""
        self.columns: dict[str, list[str]] = {}

    def connected(self, engine: Engine) -> Engine:
        from dango_dbt.declared import database_types

        self._dialect = engine.dialect.name
        return database_types.connected(engine)

    def reflected(self, table: Table) -> None:
        from dlt.sources.sql_database.schema_types import default_table_adapter

        from dango_dbt.declared import database_types

        self.columns.setdefault(table.name, [column.name for column in table.columns])
        if included := self._tables.get(table.name, {}).get("included_columns"):
            default_table_adapter(table, list(included))
            if not {column.name for column in table.primary_key} <= set(included):
                _without_key(table)
        database_types.adapt(table, self._dialect)


def _without_key(table: Table) -> None:
    """Take away a primary key that is not read as a whole: what is left of it is not unique."""
    from sqlalchemy import PrimaryKeyConstraint

    for column in table.columns:
        column.primary_key = False
    table.append_constraint(PrimaryKeyConstraint())


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
    except (InvalidNativeValue, ConfigFieldMissingException) as error:
        raise ConfigError(
            f"source `{name}`: the address of the database is none, or not whole:"
            f" {first_line(error)}",
            place=place_of(_KEY, "credentials"),
            hint=f"{_ADDRESS}, or give its parts under [sources.{name}.credentials] in"
            " .dlt/secrets.toml",
        ) from error
    except exc.InvalidRequestError as error:
        raise SyncError(
            f"source `{name}`: {first_line(error)}", place=place_of(_KEY, "table_names")
        ) from error
    except exc.ArgumentError as error:
        raise ConfigError(
            f"source `{name}`: the address of the database is none: {first_line(error)}",
            place=place_of(_KEY, "credentials"),
            hint=_ADDRESS,
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
