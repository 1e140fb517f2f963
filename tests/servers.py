"""A real Postgres for tests: Debian's, or any that is on the PATH, on loopback."""

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

import pytest

__all__ = ["Postgres", "postgres_server"]


@dataclass(frozen=True)
class Postgres:
    """A running server; its user `me` needs no password on loopback, and may have any."""

    programs: Path
    port: int

    def values(self, sql: str, database: str = "postgres") -> list[Any]:
        """Run statements; gives the values of the first column, texts and None."""
        command = [f"{self.programs}/psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "me"]
        sets = ["-v", "ON_ERROR_STOP=1", "-P", "null=NULL", "-P", "recordsep_zero", database]
        done = subprocess.run(
            [*command, "-XqAt", *sets], input=sql, capture_output=True, text=True, check=False
        )
        assert not done.returncode, done.stderr
        return [None if value == "NULL" else value for value in done.stdout.split("\0")[:-1]]

    def fields(self, database: str) -> dict[str, Any]:
        """Give the fields of a dbt target."""
        return {
            "type": "postgres",
            "host": "127.0.0.1",
            "port": self.port,
            "user": "me",
            "password": "not-asked-for",
            "dbname": database,
            "schema": "main",
            "threads": 2,
        }


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


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Start a server of one's own; skip the test where there is none to start."""
    programs, prefix = _programs(), _as_user()
    if programs is None or prefix is None:
        pytest.skip("no Postgres here, or nobody to run it")
    with tempfile.TemporaryDirectory(prefix="pg") as folder, socket.socket() as probe:
        Path(folder).chmod(0o777)
        data = f"{folder}/data"
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        initdb = [f"{programs}/initdb", "-D", data, "-U", "me", "-A", "trust", "-E", "UTF8"]
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        control = [*prefix, f"{programs}/pg_ctl", "-D", data, "-w"]
        subprocess.run([*prefix, *initdb, "--locale=C.UTF-8"], check=True, capture_output=True)
        subprocess.run([*control, "-o", options, "-l", f"{folder}/log", "start"], check=True)
        try:
            yield Postgres(programs, port)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True)
