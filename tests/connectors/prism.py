"""Prism, which serves an OpenAPI description and refuses requests that break it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

VERSION = "5.16.0"
PACKAGE = f"@stoplight/prism-cli@{VERSION}"
_INSTALLING, _STARTING = 300, 120


def installed() -> Path | str:
    """Find Prism, or install it by npm into the user's cache, once for all checkouts.

    Returns:
        The executable, or why there is none.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "dango-dbt-tests" / f"prism-{VERSION}"
    executable = folder / "node_modules" / ".bin" / "prism"
    if executable.exists():
        return executable
    npm = shutil.which("npm")
    if npm is None:
        return "no Prism here, and no npm to install it with"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if not executable.exists():
            options = [
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--no-save",
                "--fetch-retries=1",
            ]
            try:
                subprocess.run(
                    [npm, "install", *options, "--prefix", str(folder), PACKAGE],
                    capture_output=True,
                    timeout=_INSTALLING,
                    check=True,
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                return f"npm does not install {PACKAGE}: {type(error).__name__}"
    return executable


@contextmanager
def serving(executable: Path, description: Path) -> Iterator[str]:
    """Serve a description on a free port of 127.0.0.1.

    Yields:
        The server's address.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(executable), "mock", "--errors", "-h", "127.0.0.1", "-p", str(port)]
    log = description.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen([*command, str(description)], stdout=output, stderr=output)
        try:
            _wait(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _STARTING
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text("utf-8")[:2000]
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"Prism did not start within {_STARTING} s")
