"""DuckDB: a file, which all sources that load at the same time share, or MotherDuck."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from dango_dbt.destinations.fields import Fields
from dango_dbt.destinations.server import Login, open_server
from dango_dbt.destinations.warehouse import Place, Warehouse
from dango_dbt.errors import ConfigError, SyncError, first_line
from dango_dbt.held_files import held_hint
from dango_dbt.project import Target

if TYPE_CHECKING:
    import duckdb

__all__ = ["SharedDuckDb", "database", "open_duckdb"]

_IN_MEMORY = ":memory:"
_MOTHERDUCK = ("md:", "motherduck:")


def open_duckdb(target: Target) -> Warehouse:
    """Say where to load for a DuckDB target; opens nothing yet.

    Raises:
        ConfigError: it is in memory, or nothing that dlt can load into.
    """
    if _path(target) == _IN_MEMORY:
        raise ConfigError(
            f"target `{target.name}` keeps DuckDB in memory, which dlt and dbt cannot share",
            hint="give the target a `path:` in profiles.yml, such as ../data/warehouse.duckdb",
        )
    if "\0" in _path(target):
        raise ConfigError(
            f"the `path:` of target `{target.name}` holds a null character, which no file's name"
            " can hold",
            place=target.place,
            hint="in double quotes YAML takes what follows a backslash for a sign: use single ones",
        )
    if _path(target).startswith(_MOTHERDUCK):
        fields = Fields(target, {})
        return open_server(fields, "motherduck", motherduck(fields))
    file_path = _file(target)
    if file_path is None:
        raise ConfigError(
            f"target `{target.name}` is a DuckLake, which is not supported yet",
            place=target.place,
            hint="give the target a `path:` to a DuckDB file, or to MotherDuck, in profiles.yml",
        )
    file = SharedDuckDb(file_path, target.fields.get("config_options"))
    # A schema named like the file's stem makes every reference ambiguous in DuckDB.
    reserved = frozenset({file.path.stem.lower()})
    return Warehouse(file.place, file.look, file.check, reserved, one_by_one=True)


def database(target: Target) -> Hashable | None:
    """Tell a target's file, or its database on MotherDuck; None: nobody can share it."""
    if _path(target).startswith(_MOTHERDUCK):
        return "md:" + _motherduck_name(target)
    return _file(target)


def motherduck(fields: Fields) -> Login:
    """A token, from wherever dbt-duckdb takes it; without one both look in the environment.

    Raises:
        ConfigError: the path names no database.
    """
    name = _motherduck_name(fields.target)
    if not name:
        raise fields.refusal(
            "names no database of MotherDuck", "write it into the `path:`, such as md:my_db"
        )
    plugins = [plugin for plugin in fields.get("plugins", []) if isinstance(plugin, Mapping)]
    places: list[Mapping[str, Any]] = [
        dict(parse_qsl(_path(fields.target).partition("?")[2])),
        *(plugin.get("config") or {} for plugin in plugins if plugin.get("module") == "motherduck"),
        fields.target.fields,
        fields.get("settings", {}),
        fields.get("config_options", {}),
    ]
    names = ("motherduck_token", "token", "MOTHERDUCK_TOKEN", "TOKEN")
    given = [place[key] for place in places for key in names if place.get(key)]
    given += [
        os.environ[key] for key in ("motherduck_token", "MOTHERDUCK_TOKEN") if key in os.environ
    ]
    if not given:
        raise fields.refusal(
            "has no token for MotherDuck, and dlt cannot ask for one",
            "set `motherduck_token` in the environment, in .env or in the target",
        )
    return Login(
        "dlt.destinations.impl.motherduck.configuration:MotherDuckCredentials",
        {"database": name, "password": given[0]},
    )


def _motherduck_name(target: Target) -> str:
    return _path(target).partition(":")[2].partition("?")[0].strip("/")


def _path(target: Target) -> str:
    return str(target.fields.get("path") or _IN_MEMORY)


def _file(target: Target) -> Path | None:
    """Find a target's file; None where it has none: in memory, MotherDuck, DuckLake, no name."""
    path = _path(target)
    if "\0" in path:
        return None
    remote = path.startswith((*_MOTHERDUCK, "ducklake:")) or target.fields.get("is_ducklake")
    return None if path == _IN_MEMORY or remote else (target.directory / path).resolve()


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
    def place(self) -> Iterator[Place]:
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
            yield Place(dlt.destinations.duckdb(connection, preferred_loader_file_format="parquet"))
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._connection.close()
                    self._connection = None

    @contextmanager
    def look(self) -> Iterator[Place | None]:
        """Open the file to read only; None where there is none.

        Raises:
            SyncError: the file cannot be opened.
        """
        import dlt

        if not self.path.exists():
            yield None
            return
        connection = self._open(read_only=True)
        try:
            yield Place(dlt.destinations.duckdb(connection))
        finally:
            connection.close()

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

    def _open(self, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            if not read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            return duckdb.connect(str(self.path), read_only=read_only, config=self._options)
        except (duckdb.Error, OSError) as error:
            raise SyncError(
                f"cannot open {self.path}: {first_line(error)}",
                hint=held_hint(str(error)),
            ) from error
