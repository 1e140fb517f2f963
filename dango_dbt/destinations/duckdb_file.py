"""DuckDB: one connection per file for all sources that load at the same time; and MotherDuck."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from dango_dbt.destinations.warehouse import Warehouse
from dango_dbt.errors import ConfigError, SyncError
from dango_dbt.held_files import held_hint
from dango_dbt.project import Target

if TYPE_CHECKING:
    import duckdb
    from dlt.common.destination import Destination

__all__ = ["duckdb_file", "motherduck", "open_duckdb"]

_IN_MEMORY = ":memory:"


def _duckdb_path(target: Target) -> str:
    return str(target.fields.get("path") or _IN_MEMORY)


def duckdb_file(target: Target) -> Path | None:
    """Find a target's file; None where it has none: in memory, MotherDuck, DuckLake, no name."""
    path = _duckdb_path(target)
    if "\0" in path:
        return None
    remote = path.startswith(("md:", "motherduck:")) or target.fields.get("is_ducklake")
    return None if path == _IN_MEMORY or remote else (target.directory / path).resolve()


def open_duckdb(target: Target) -> Warehouse:
    """Open a target's file.

    Raises:
        ConfigError: it has none that dlt and dbt can share.
    """
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
    file_path = duckdb_file(target)
    if file_path is None:
        raise ConfigError(
            f"target `{target.name}` is no DuckDB file; others are not supported yet",
            hint="give the target a `path:` to a file in profiles.yml, or to MotherDuck (md:)",
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
                f"cannot open {self.path}: {error}", hint=held_hint(str(error))
            ) from error


def motherduck(target: Target) -> dict[str, Any] | None:
    """Tell dlt's credentials of a database in MotherDuck; None: the target is not there.

    https://motherduck.com/docs/key-tasks/authenticating-and-connecting-to-motherduck
    """
    url = urlsplit(_duckdb_path(target))
    if url.scheme not in {"md", "motherduck"}:
        return None
    database = url.path.strip("/") or url.netloc or "my_db"
    settings = target.fields.get("settings") or {}
    options = target.fields.get("config_options") or {}
    tokens = [
        *parse_qs(url.query).get("motherduck_token", ()),
        *(found.get("motherduck_token") for found in (settings, options)),
        os.environ.get("motherduck_token"),  # noqa: SIM112 - MotherDuck reads both spellings
        os.environ.get("MOTHERDUCK_TOKEN"),
    ]
    token = next((token for token in tokens if token), None)
    if token is None:
        raise ConfigError(
            f"target `{target.name}` has no token for MotherDuck",
            place=target.place,
            hint="set MOTHERDUCK_TOKEN in the environment or in .env, or `settings:"
            " {motherduck_token: …}` in the target",
        )
    return {"database": database, "password": token}
