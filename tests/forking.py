"""`dango-dbt` as a process of its own, without waiting for its imports each time.

dlt and dbt take seconds to import, and hundreds of tests run a command. One process per test worker
imports them once, and forks for each command: arguments, folder, environment, streams and exit code
are the command's own, and nothing that it does stays. dbt makes JSON Schemas and readers of its
classes when it first needs them, which takes another second: it has parsed a project, too. What a
start from nothing is like (imports, encodings, signals) is tested with real processes.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, NoReturn

__all__ = ["command"]

#: Variables that Python reads when it starts.
_AT_START = ("PYTHON", "LC_", "LANG")
_REPOSITORY = Path(__file__).parents[1]
#: How long a command may take, in seconds; then it dies of the signal.
_AT_MOST = 300


def command(
    args: Sequence[str], cwd: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `dango-dbt` with no terminal and no input."""
    environment = {**os.environ, **variables}
    if any(name.startswith(_AT_START) for name in variables):
        return subprocess.run(
            [sys.executable, "-m", "dango_dbt", *args],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
    with TemporaryDirectory(prefix="dango-dbt-command-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        request = {
            "args": list(args),
            "cwd": str(cwd),
            "environment": environment,
            "out": str(out),
            "err": str(err),
        }
        code = _server().ask(request)
        texts = [path.read_text(encoding="utf-8") for path in (out, err)]
    return subprocess.CompletedProcess(["dango-dbt", *args], code, *texts)


class _Server:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking"],
            cwd=_REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        atexit.register(self._end)

    def ask(self, request: Mapping[str, Any]) -> int:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def _end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


@cache
def _server() -> _Server:
    return _Server()


def _serve(requests: IO[str], answers: IO[str]) -> None:
    """Fork for each request; answer with the exit code, as a shell would have it."""
    for module in _MODULES:
        import_module(module)
    _parse_a_project()
    for line in requests:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


#: What a command imports when it runs.
_MODULES = (
    "dango_dbt.api",
    "dango_dbt.cli",
    "dango_dbt.dlt_schema",
    "dango_dbt.report",
    "dango_dbt.sync",
    "dbt.adapters.duckdb",
    "dbt.cli.main",
    "dlt.destinations",
    "duckdb",
    "pyarrow.parquet",
    "rich.console",
    "sqlglot",
)


_PROJECT = {
    "dbt_project.yml": "{name: one, profile: one, flags: {send_anonymous_usage_stats: false}}",
    "profiles.yml": "one: {outputs: {default: {type: duckdb, path: one.duckdb}}}",
    "models/one.sql": "select * from {{ source('one', 'table') }}",
    "models/sources.yml": "sources: [{name: one, config: {meta: {}}, tables: [{name: table}]}]",
    "models/models.yml": "models: [{name: one, columns: [{name: id, data_tests: [unique]}]}]",
}


def _parse_a_project() -> None:
    """Have dbt parse, which connects to nothing.

    Without its static parser: that has threads of its own, for which forked processes would wait.
    """
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    with TemporaryDirectory(prefix="dango-dbt-project-") as folder:
        for name, text in _PROJECT.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        options = ["--project-dir", folder, "--profiles-dir", folder, "--log-level", "none"]
        result = dbtRunner().invoke(["parse", "--no-static-parser", *options])
    assert result.success, result.exception
    reset_adapters()  # type: ignore[no-untyped-call] # dbt's


def _become(request: Mapping[str, Any]) -> NoReturn:
    code = 70
    signal.alarm(_AT_MOST)
    try:
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["cwd"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, path in ((1, request["out"]), (2, request["err"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a process's own
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - likewise
        sys.stderr = open(  # noqa: SIM115 - likewise
            2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
        )
        sys.argv = ["dango-dbt", *request["args"]]

        from dango_dbt.cli import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does at its end
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        # What the interpreter would do, too: without it dbt's semaphores are told as leaked.
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.stdin, sys.stdout)
