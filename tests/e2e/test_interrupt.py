"""Ctrl-C: the process ends soon and says so, and the next run works."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.report.junit_schema import check

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

WAITS = {
    "loops": """\
        while True:
            time.sleep(0.05)
            yield {"id": 1}
        """,
    "hangs": """\
        yield {"id": 1}
        time.sleep(60)
        """,
    "swallows": """\
        while True:
            try:
                time.sleep(0.2)
                yield {"id": 1}
            except Exception:
                pass
        """,
}
CODE = """\
import os
import time
from pathlib import Path

import dlt

@dlt.resource(write_disposition="replace")
def slow():
    if os.environ.get("DO_NOT_WAIT"):
        yield {{"id": 1}}
        return
    Path(__file__).with_name("started").touch()
{body}
"""


# A process that is started in the background of a script ignores SIGINT, and so do its children.
_LISTENING = """\
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("dango_dbt", run_name="__main__")
"""


def _start(workspace: Workspace, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _LISTENING, "sync-and-build", *args],
        cwd=workspace.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for(has_come: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 90
    while not has_come():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the moment to interrupt did not come"
        time.sleep(0.05)


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent in another way there")
@pytest.mark.parametrize(
    "wait",
    [
        "loops",
        pytest.param("hangs", marks=pytest.mark.slow),
        pytest.param("swallows", marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_load_ends_soon_and_the_next_run_works(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, wait: str
) -> None:
    body = textwrap.indent(textwrap.dedent(WAITS[wait]), "    ")
    workspace.code("slow", CODE.format(body=body))
    workspace.declare(slow={})
    process = _start(workspace, "--json")
    try:
        _wait_for((workspace.root / "custom_sources/started").exists, process)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        stdout, stderr = process.communicate(timeout=10)
    finally:
        process.kill()
    assert time.monotonic() - begun < 10
    assert process.returncode == 130, stderr
    document = json.loads(stdout)
    assert (document["exit_code"], document["status"]) == (130, "failed")
    assert document["error"]["type"] == "KeyboardInterrupt"
    assert "Traceback" not in stderr

    monkeypatch.setenv("DO_NOT_WAIT", "1")
    result = workspace.run()
    assert result.exit_code == 0, result
    assert workspace.rows("select id from main_staging.stg_slow__slow") == [(1,)]


#: Renders for a while, and then counts for hours; or, with FEW, at once.
LONG = """\
{% for _ in range(3000) if execute %}{% for _ in range(1000) %}{% endfor %}{% endfor %}
select count(*) as n
from range({{ env_var("FEW", "3000000") }}) as a(n), range(300000) as b(n)
where a.n <> b.n + (select min(id) from {{ ref("stg_slow__slow") }})
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent in another way there")
def test_an_interrupted_build_ends_soon_and_the_next_run_works(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.code("slow", CODE.format(body="    yield {'id': 1}"))
    workspace.declare(slow={})
    workspace.mart("long", LONG)
    process = _start(workspace, "--junit-xml", "junit.xml")
    log = workspace.root / "dbt_project/logs/dbt.log"
    try:
        _wait_for(
            lambda: log.exists() and "START sql table model main_marts.long" in log.read_text(),
            process,
        )
        # No query runs that dbt could cancel: the long one is about to begin.
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == 130, stderr
    assert "Interrupted" in stdout
    assert "Error" not in stdout
    assert "Traceback" not in stderr
    # what was done by then is told
    root = ET.parse(workspace.root / "junit.xml").getroot()  # noqa: S314 - our own
    check(root)
    done = {case.get("name") for case in root.iter("testcase") if not len(case)}
    assert done >= {"slow", "stg_slow__slow"}
    assert root.find(".//testsuite[@name='run']//error[@type='KeyboardInterrupt']") is not None

    monkeypatch.setenv("DO_NOT_WAIT", "1")
    monkeypatch.setenv("FEW", "2")
    result = workspace.run()
    assert result.exit_code == 0, result
    assert workspace.count("main_marts.long") == 1


# What a command imports takes a second or two; the moment is made sure of.
_WHILE_IT_IMPORTS = """\
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupting:
    def find_spec(self, name, *_):
        if name == {module!r}:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
runpy.run_module("dango_dbt", run_name="__main__")
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent in another way there")
@pytest.mark.parametrize(
    ("module", "args"),
    [
        ("dango_dbt.api", ["sync-and-build", "--json", "--junit-xml=junit.xml"]),
        ("dango_dbt.api", ["build", "--log-format", "json"]),
        ("dango_dbt.api", ["source", "list", "--json"]),
        ("dango_dbt.api", ["status"]),
        ("dango_dbt.api", ["dbt", "debug"]),
        ("dango_dbt.dev", ["dev"]),
        ("dango_dbt.scaffold", ["init", "new"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_that_is_interrupted_before_it_has_begun_is_130(
    workspace: Workspace, module: str, args: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WHILE_IT_IMPORTS.format(module=module), *args],
        cwd=workspace.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 130, done.stderr
    assert "Aborted" not in done.stderr
    assert "Traceback" not in done.stderr
    if "--json" in args:
        document = json.loads(done.stdout)
        assert document["exit_code"] == 130
        assert document["command"] == " ".join(arg for arg in args if not arg.startswith("-"))
    elif "json" in args:
        (line,) = [json.loads(each) for each in done.stderr.splitlines()]
        assert (line["event"], line["exit_code"]) == ("run_finished", 130)
    else:
        assert done.stderr == "Interrupted\n"
    if "--junit-xml=junit.xml" in args:
        root = ET.parse(workspace.root / "junit.xml").getroot()  # noqa: S314 - our own
        check(root)
        assert root.find(".//error[@type='KeyboardInterrupt']") is not None
