"""A dbt target → where dlt loads: one row of data a warehouse.

The dbt target is the one place that says where data lives; dlt's destination follows from it.
dlt is imported inside functions only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dango_dbt.errors import ConfigError, SyncError
from dango_dbt.project import Target

if TYPE_CHECKING:
    import duckdb
    from dlt.common.destination import Destination, DestinationCapabilitiesContext

__all__ = [
    "ADAPTERS",
    "Adapter",
    "Warehouse",
    "adapter",
    "capabilities",
    "same_database",
    "warehouse",
]


@dataclass(frozen=True)
class Warehouse:
    """A place to load into.

    Attributes:
        destination: opens a dlt destination for one stage of a sync and releases it afterwards.
        check: raises SyncError where it cannot be reached; creates nothing.
        reserved: dataset names that this warehouse cannot hold.
    """

    destination: Callable[[], AbstractContextManager[Destination[Any, Any]]]
    check: Callable[[], None]
    reserved: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Adapter:
    """One warehouse that we map: dbt's adapter type, dlt's destination, sqlglot's dialect.

    Attributes:
        destination: name of the dlt destination.
        dialect: name of the sqlglot dialect, and of the file of words to quote.
        open: resolved dbt target → warehouse.
        database: resolved dbt target → what its database is known by; None: nobody can share it,
            or the fields that are known do not tell.
    """

    destination: str
    dialect: str
    open: Callable[[Target], Warehouse]
    database: Callable[[Target], Hashable | None]


def adapter(adapter_type: str) -> Adapter:
    """Look up a dbt adapter type.

    Raises:
        ConfigError: it is not mapped.
    """
    try:
        return ADAPTERS[adapter_type]
    except KeyError as error:
        raise ConfigError(
            f"dbt adapter `{adapter_type}` is not supported yet",
            hint=f"supported: {', '.join(sorted(ADAPTERS))}",
        ) from error


def warehouse(target: Target) -> Warehouse:
    """Say where to load for a resolved dbt target; connects to nothing yet.

    Raises:
        ConfigError: the adapter is not mapped, or its fields do not say where.
    """
    return adapter(target.type).open(target)


def same_database(one: Target, other: Target) -> bool:
    """Tell whether what is loaded into two targets lands in one database."""
    known = ADAPTERS.get(one.type)
    if known is None or one.type != other.type:
        return False
    database = known.database(one)
    return database is not None and database == known.database(other)


def capabilities(adapter_type: str) -> DestinationCapabilitiesContext:
    """Tell dlt's types, quoting and naming of a warehouse; needs no connection and no driver."""
    from dlt import destinations

    factory = getattr(destinations, adapter(adapter_type).destination)
    return cast("DestinationCapabilitiesContext", factory().capabilities())


_IN_MEMORY = ":memory:"


def _duckdb_path(target: Target) -> str:
    return str(target.fields.get("path") or _IN_MEMORY)


def _duckdb_file(target: Target) -> Path | None:
    """Find a target's file; None where it has none: in memory, MotherDuck, DuckLake, no name."""
    path = _duckdb_path(target)
    if "\0" in path:
        return None
    remote = path.startswith(("md:", "motherduck:")) or target.fields.get("is_ducklake")
    return None if path == _IN_MEMORY or remote else (target.directory / path).resolve()


def _duckdb(target: Target) -> Warehouse:
    if _duckdb_path(target) == _IN_MEMORY:
        raise ConfigError(
            f"target `{target.name}` keeps DuckDB in memory, which dlt and dbt cannot share",
            hint="give the target a `path:` in profiles.yml, such as ../data/warehouse.duckdb",
        )
    if "\0" in _duckdb_path(target):
        raise ConfigError(
            f"the `path:` of target `{target.name}` holds a null character, which no file's name"
            " can hold",
            place=target.place,
            hint="in double quotes YAML takes what follows a backslash for a sign: use single ones",
        )
    file_path = _duckdb_file(target)
    if file_path is None:
        raise ConfigError(
            f"target `{target.name}` is no DuckDB file; others are not supported yet",
            hint="give the target a `path:` to a file in profiles.yml",
        )
    file = SharedDuckDb(file_path, target.fields.get("config_options"))
    # A schema named like the file's stem makes every reference ambiguous in DuckDB.
    return Warehouse(file.destination, file.check, frozenset({file.path.stem.lower()}))


class SharedDuckDb:
    """One connection per DuckDB file for all sources that load at the same time.

    dlt opens and closes the file by itself; one pipeline that opens it while another one closes it
    fails with "Unique file handle conflict". So the first to come opens the connection, the last to
    leave closes it, both under a lock, and dlt is handed the open connection.
    """

    def __init__(self, path: Path, options: Mapping[str, Any] | None) -> None:
        """Remember the file; `options` are the profile's `config_options`."""
        self.path = path
        self._options = dict(options or {})
        self._lock = threading.Lock()
        self._users = 0
        self._connection: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def destination(self) -> Iterator[Destination[Any, Any]]:
        """Lend the connection as a dlt destination.

        Raises:
            SyncError: the file cannot be opened.
        """
        import dlt

        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            self._users += 1
            connection = self._connection
        try:
            # On 700k rows from dicts parquet loads in 1.0 s, dlt's default insert_values in 15.3 s.
            yield dlt.destinations.duckdb(connection, preferred_loader_file_format="parquet")
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._connection.close()
                    self._connection = None

    def check(self) -> None:
        """See whether the file can be opened or, where there is none, its folder be written to.

        Raises:
            SyncError: it cannot.
        """
        try:
            there = self.path.exists()
            folder = next(parent for parent in self.path.parents if parent.exists())
        except OSError as error:  # such as a name that is too long
            raise SyncError(f"cannot open {self.path}: {error.strerror}") from error
        if there:
            self._open().close()
            return
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise SyncError(
                f"cannot create {self.path}: {folder} is no folder that can be written to",
                hint="give the target another `path:` in profiles.yml, or make the folder writable",
            )

    def _open(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return duckdb.connect(str(self.path), config=self._options)
        except (duckdb.Error, OSError) as error:
            raise SyncError(
                f"cannot open {self.path}: {error}",
                hint="close the other program that has the file open, and try again"
                if "lock" in str(error)
                else None,
            ) from error


def _generated_only(target: Target) -> Warehouse:
    raise ConfigError(
        f"loading into `{target.type}` is not supported yet, which target `{target.name}` is",
        place=target.place,
        hint="load into a duckdb target; code for this one is generated with"
        f" `generate: {{target: {target.name}}}` in sources.yml",
    )


def _unknown_database(_: Target) -> None:
    return None


def _for_generation(destination: str, dialect: str) -> Adapter:
    """Map a warehouse whose types and quoting are known, and that cannot be loaded into yet."""
    return Adapter(destination, dialect, open=_generated_only, database=_unknown_database)


ADAPTERS: Mapping[str, Adapter] = {
    "duckdb": Adapter(destination="duckdb", dialect="duckdb", open=_duckdb, database=_duckdb_file),
    "athena": _for_generation("athena", "athena"),
    "bigquery": _for_generation("bigquery", "bigquery"),
    "clickhouse": _for_generation("clickhouse", "clickhouse"),
    "databricks": _for_generation("databricks", "databricks"),
    "fabric": _for_generation("fabric", "fabric"),
    "postgres": _for_generation("postgres", "postgres"),
    "redshift": _for_generation("redshift", "redshift"),
    "snowflake": _for_generation("snowflake", "snowflake"),
    "sqlserver": _for_generation("mssql", "tsql"),
    "synapse": _for_generation("synapse", "tsql"),
}
