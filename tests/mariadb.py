"""A real MariaDB on loopback, for tests: Debian's server, with a password like people's."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PASSWORD", "USER", "MariaDb", "running"]

USER = "me"
#: Each of its signs means something in a URL, a connection string or YAML.
PASSWORD = "p@ss/w:rd #1%2F"  # noqa: S105 - of a server that lives for one test run


@dataclass(frozen=True)
class MariaDb:
    """A server that runs."""

    port: int

    def execute(self, sql: str, database: str | None = None) -> None:
        """Run statements, without a result."""
        import pymysql
        from pymysql.constants import CLIENT

        connection = pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            database=database,
            autocommit=True,
            client_flag=CLIENT.MULTI_STATEMENTS,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            while cursor.nextset():
                pass

    def database(self, name: str = "shop") -> None:
        """Create a database; an earlier one of this name is dropped."""
        self.execute(f"drop database if exists `{name}`; create database `{name}`")


@contextmanager
def running() -> Iterator[MariaDb | None]:
    """Run a server; None where there is none here, or nobody to run it."""
    server, install, user = _program("mariadbd"), _program("mariadb-install-db"), _user()
    if server is None or install is None or user is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="maria") as folder:
        if not os.geteuid():
            shutil.chown(folder, user)
        data, port = f"{folder}/data", _free_port()
        first = Path(folder, "first.sql")
        first.write_text(
            f"create user '{USER}'@'127.0.0.1' identified by '{PASSWORD}';\n"
            f"grant all on *.* to '{USER}'@'127.0.0.1';\n",
            encoding="utf-8",
        )
        first.chmod(0o644)
        common = ["--no-defaults", f"--datadir={data}", f"--user={user}"]
        subprocess.run([install, *common, "--skip-test-db"], check=True, capture_output=True)
        command = [server, *common, f"--port={port}", "--bind-address=127.0.0.1"]
        files = [f"--socket={folder}/socket", f"--pid-file={folder}/pid", f"--init-file={first}"]
        quick = ["--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"]
        log = Path(folder, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, *files, *quick], stdout=output, stderr=subprocess.STDOUT
            )
            try:
                _wait(process, port, log)
                yield MariaDb(port)
            finally:
                process.terminate()
                process.wait(timeout=60)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until somebody can log in."""
    import pymysql

    until = time.monotonic() + 60
    while True:
        try:
            MariaDb(port).execute("select 1")
        except pymysql.err.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text("utf-8", "replace")) from None
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")


def _user() -> str | None:
    """Name who is to run the server, which root may not; None: there is nobody."""
    import pwd

    if os.geteuid():
        return pwd.getpwuid(os.geteuid()).pw_name
    return "mysql" if any(entry.pw_name == "mysql" for entry in pwd.getpwall()) else None
