"""A real Postgres on loopback, for tests: Debian's server, with a password like people's."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PASSWORD", "USER", "Database", "Server", "running"]

USER = "me"
#: Each of its signs means something in a URL, a connection string or YAML.
PASSWORD = "p@ss/w:rd #1%2F"  # noqa: S105 - of a server that lives for one test run


@dataclass(frozen=True)
class Database:
    """An empty database of a test's own."""

    port: int
    name: str

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a dbt target."""
        return {
            "type": "postgres",
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "pass": PASSWORD,
            "dbname": self.name,
            "schema": "analytics",
            "threads": 2,
        }

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query it, or change something in it."""
        import psycopg2

        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=self.name
        )
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    programs: Path
    port: int

    def database(self, name: str = "shop") -> Database:
        """Create a database; an earlier one of this name is dropped."""
        self.values(f"drop database if exists {name} with (force)")
        self.values(f"create database {name}")
        return Database(self.port, name)

    def values(self, sql: str) -> list[Any]:
        """Give the first column of a query as text, as psql writes it."""
        command = [f"{self.programs}/psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER]
        sets = ["-XqAt", "-v", "ON_ERROR_STOP=1", "-P", "null=NULL", "-P", "recordsep_zero"]
        done = subprocess.run(
            [*command, *sets, "postgres"],
            input=sql,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PGPASSWORD": PASSWORD},
        )
        assert not done.returncode, done.stderr
        return [None if value == "NULL" else value for value in done.stdout.split("\0")[:-1]]


@contextmanager
def running() -> Iterator[Server | None]:
    """Run a server; None where there is none here, or nobody to run it."""
    programs, prefix = _programs(), _as_user()
    if programs is None or prefix is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        Path(folder).chmod(0o777)
        data, port = f"{folder}/data", _free_port()
        secret = Path(folder, "password")
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        initdb = [f"{programs}/initdb", "-D", data, "-U", USER, "-A", "scram-sha-256"]
        rest = ["--pwfile", str(secret), "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        control = [*prefix, f"{programs}/pg_ctl", "-D", data, "-w"]
        subprocess.run([*prefix, *initdb, *rest], check=True, capture_output=True)
        subprocess.run(
            [*control, "-o", options, "-l", f"{folder}/log", "start"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        try:
            yield Server(programs, port)
        finally:
            subprocess.run(
                [*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL
            )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _programs() -> Path | None:
    named = shutil.which("postgres")
    there = [Path(named).resolve()] if named else []
    there += sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    complete = [path.parent for path in there if path.with_name("psql").exists()]
    return complete[-1] if complete else None


def _as_user() -> list[str] | None:
    """Become who may run a server, which root may not; None: there is nobody."""
    if os.geteuid():
        return []
    user = subprocess.run(["/usr/bin/id", "postgres"], capture_output=True, check=False)
    program = shutil.which("runuser")
    return None if user.returncode or program is None else [program, "-u", "postgres", "--"]
