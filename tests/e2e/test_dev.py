"""The warm loop does what a change affects, and nothing else: real files, a real watcher.

Each test runs the loop in this thread; what it tells lets the test make its next edit.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Timer
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt.dev import DevOptions, Round, watch
from dango_dbt.errors import ConfigError
from dango_dbt.progress import Progress

if TYPE_CHECKING:
    from tests.e2e.conftest import Api, Workspace

pytestmark = pytest.mark.slow

SHOP = """
    import dlt
    from dlt.sources.helpers import requests
    from paging import items

    @dlt.source
    def shop(base_url: str):
        return [
            dlt.resource(items(base_url, name), name=name, primary_key="id")
            for name in ("orders", "customers")
        ]
"""
WEB = """
    import dlt
    from dlt.sources.helpers import requests

    @dlt.resource(write_disposition="replace")
    def visits(base_url: str, most: int = 9):
        yield requests.get(f"{base_url}/visits").json()["visits"][:most]
"""
PAGING = """
    from dlt.sources.helpers import requests

    def items(base_url, name):
        yield requests.get(f"{base_url}/{name}").json()[name]
"""
MARTS = "dbt_project/models/marts"


@dataclass
class Loop:
    """A project, and the loop that runs on it.

    A script is a generator: it makes an edit, yields, and gets what was done about it.
    """

    workspace: Workspace
    api: Api
    told: list[Round] = field(default_factory=list)

    def run(
        self, script: Callable[[Round], Iterator[None]], options: DevOptions | None = None
    ) -> None:
        """Run the loop until the script, which gets the first round, is done."""
        stop, steps = Event(), list[Iterator[None]]()

        def tell(done: Round) -> None:
            self.told.append(done)
            if not steps:
                steps.append(script(done))
            self.api.calls.clear()
            if next(steps[0], stop) is stop:
                stop.set()

        deadline = Timer(120, stop.set)
        deadline.start()
        try:
            watch(
                self.workspace.root,
                options or DevOptions(),
                tell,
                showing=lambda: nullcontext(Progress()),
                stop=stop,
            )
        finally:
            deadline.cancel()
        assert steps, "nothing was done at the start"
        assert next(steps[0], stop) is stop, f"the loop did not see the last edit: {self.told[-1]}"

    @property
    def last(self) -> Round:
        """What was done about the last edit."""
        return self.told[-1]

    def edit(self, name: str, text: str) -> None:
        """Save a file as editors do: one that takes the place of the other."""
        path = self.workspace.root / name
        beside = path.with_name(f".{path.name}.swp")
        beside.write_text(text)
        beside.replace(path)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace some words of a file."""
        text = (self.workspace.root / name).read_text()
        assert old in text
        self.edit(name, text.replace(old, new))


def built(done: Round) -> set[str]:
    """Name the nodes that dbt has built, tests by what they are a test of."""
    assert done.result.build is not None, done.result
    return {
        node.unique_id.split(".")[2]
        for node in done.result.build.nodes
        if node.unique_id.startswith(("model.", "seed."))
    }


@pytest.fixture
def loop(workspace: Workspace, serve: Callable[..., Any]) -> Iterator[Loop]:
    rows = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    with serve({"orders": rows, "customers": rows, "visits": rows}, page=100) as api:
        for module, text in {"shop": SHOP, "visits": WEB, "paging": PAGING}.items():
            workspace.code(module, text)
        kwargs = {"base_url": api.url}
        workspace.declare(shop={"kwargs": kwargs}, visits={"kwargs": kwargs})
        workspace.mart("fct_orders", "select id from {{ ref('stg_shop__orders') }}")
        workspace.mart("report", "select count(*) as n from {{ ref('fct_orders') }}")
        workspace.mart("fct_visits", "select id from {{ ref('stg_visits__visits') }}")
        yield Loop(workspace, api)


def test_an_edit_builds_what_it_changes_and_what_is_downstream(loop: Loop) -> None:
    workspace = loop.workspace

    def script(start: Round) -> Iterator[None]:
        assert start.result.exit_code == 0, start.result
        assert {source.name for source in start.result.sources or ()} == {"shop", "visits"}
        assert built(start) >= {"fct_orders", "report", "fct_visits", "stg_shop__customers"}

        loop.edit(
            f"{MARTS}/fct_orders.sql", "select id, 1 as one from {{ ref('stg_shop__orders') }}"
        )
        yield
        assert loop.last.changed == (f"{MARTS}/fct_orders.sql",)
        assert (built(loop.last), loop.last.result.exit_code) == ({"fct_orders", "report"}, 0)
        # nothing holds the file between two runs
        assert workspace.rows("select sum(one) from main_marts.fct_orders") == [(2,)]
        assert not loop.last.result.sources
        assert not loop.api.calls

        # what is broken is told, and tried again with the next change, whatever it is
        loop.edit(f"{MARTS}/report.sql", "select nonsense from {{ ref('fct_orders') }}")
        yield
        assert (built(loop.last), loop.last.result.exit_code) == ({"report"}, 1)
        loop.edit(
            f"{MARTS}/fct_visits.sql", "select id, 2 as two from {{ ref('stg_visits__visits') }}"
        )
        yield
        assert (built(loop.last), loop.last.result.exit_code) == ({"report", "fct_visits"}, 1)
        loop.edit(f"{MARTS}/report.sql", "select max(id) as n from {{ ref('fct_orders') }}")
        yield
        assert (built(loop.last), loop.last.result.exit_code) == ({"report"}, 0)

        # so is what dbt cannot parse
        loop.edit(f"{MARTS}/report.sql", "select {% if %}")
        yield
        assert loop.last.result.build is not None
        assert loop.last.result.build.error is not None
        loop.edit(f"{MARTS}/report.sql", "select min(id) as n from {{ ref('fct_orders') }}")
        yield
        assert (built(loop.last), loop.last.result.exit_code) == ({"report"}, 0)

    loop.run(script)


def test_macros_seeds_properties_and_settings_build_what_they_change(loop: Loop) -> None:
    workspace = loop.workspace

    def script(start: Round) -> Iterator[None]:
        assert start.result.exit_code == 0, start.result

        loop.edit("dbt_project/macros/number.sql", "{% macro number() %}3{% endmacro %}")
        yield
        assert built(loop.last) == set()
        loop.edit(f"{MARTS}/more.sql", "select {{ number() }} as n")
        yield
        assert built(loop.last) == {"more"}
        loop.edit("dbt_project/macros/number.sql", "{% macro number() %}4{% endmacro %}")
        yield
        assert built(loop.last) == {"more"}
        assert workspace.rows("select n from main_marts.more") == [(4,)]
        (workspace.root / MARTS / "more.sql").unlink()
        yield
        assert (built(loop.last), loop.last.result.exit_code) == (set(), 0)

        seeds = workspace.root / "dbt_project/seeds"
        seeds.mkdir()
        loop.edit("dbt_project/seeds/lands.csv", "code\nde\n")
        yield
        assert built(loop.last) == {"lands"}
        loop.edit(
            f"{MARTS}/models.yml",
            "models: [{name: report, columns: [{name: n, data_tests: [not_null]}]}]",
        )
        yield
        assert loop.last.result.build is not None
        assert [node.unique_id.split(".")[2] for node in loop.last.result.build.nodes] == [
            "not_null_report_n"
        ]
        loop.change("dbt_project/dbt_project.yml", "+materialized: table", "+materialized: view")
        yield
        assert built(loop.last) == {"fct_orders", "fct_visits", "report"}

        # a default selector goes on limiting what is built
        loop.edit(
            "dbt_project/selectors.yml",
            "selectors: [{name: mine, default: true, definition: fct_orders}]",
        )
        yield
        loop.edit(f"{MARTS}/fct_visits.sql", "select 2 as n")
        yield
        assert loop.last.result.build is not None
        assert loop.last.result.build.reason == (
            "nothing that the default selector selects has changed"
        )
        loop.edit(f"{MARTS}/fct_orders.sql", "select 3 as id")
        yield
        assert (built(loop.last), loop.last.result.exit_code) == ({"fct_orders"}, 0)

    loop.run(script)


def test_an_edit_of_a_source_loads_that_source(loop: Loop) -> None:
    workspace = loop.workspace

    def script(start: Round) -> Iterator[None]:
        assert start.result.exit_code == 0, start.result

        loop.api.lists["visits"].append({"id": 3})
        loop.change("custom_sources/visits.py", "yield requests", "yield  requests")
        yield
        assert [source.name for source in loop.last.result.sources or ()] == ["visits"]
        assert built(loop.last) == {"stg_visits__visits", "fct_visits"}
        assert workspace.count("main_marts.fct_visits") == 3

        # what a module imports is part of it
        calls = loop.api.calls
        loop.edit(
            "custom_sources/paging.py", "def items(base_url, name):\n    raise ValueError('no')\n"
        )
        yield
        assert not calls
        (shop,) = loop.last.result.sources or ()
        assert (shop.name, shop.status, loop.last.result.exit_code) == ("shop", "failed", 1)
        text = "from dlt.sources.helpers import requests\n\ndef items(base_url, name):\n"
        text += "    for row in requests.get(f'{base_url}/{name}').json()[name]:\n"
        loop.edit("custom_sources/paging.py", f"{text}        yield {{**row, 'more': 1}}\n")
        yield
        assert loop.last.result.exit_code == 0, loop.last.result
        assert built(loop.last) >= {"stg_shop__orders", "stg_shop__customers", "report"}
        assert (
            "more"
            in (workspace.root / "dbt_project/models/staging/shop/stg_shop__orders.sql").read_text()
        )

        # generated files that the run has written are no change of the user's: an edit of one is
        loop.change("dbt_project/models/staging/shop/stg_shop__orders.sql", "select", "select  ")
        yield
        assert built(loop.last) == {"stg_shop__orders", "fct_orders", "report"}
        assert not loop.last.result.sources

        loop.edit("custom_sources/unused.py", "x = 1\n")
        yield
        assert loop.last.result.build is not None
        assert loop.last.result.build.reason == "no source in sources.yml uses this code"

        assert len(loop.told) == 6

        # what sources are configured with is read anew, by whichever source that may be
        loop.edit(".env", "SOURCES__VISITS__MOST=1\n")
        yield
        assert loop.last.changed == (".env",)
        assert {source.name for source in loop.last.result.sources or ()} == {"shop", "visits"}
        assert workspace.count("main_marts.fct_visits") == 1
        loop.edit(".env", "")
        loop.edit(".dlt/secrets.toml", "[sources.visits]\nmost = 2\n")
        yield
        assert {".env", ".dlt/secrets.toml"} >= set(loop.last.changed)
        if loop.last.changed == (".env",):
            yield
        assert workspace.count("main_marts.fct_visits") == 2

    loop.run(script)


def test_an_edit_of_sources_yml_does_what_the_entry_needs(loop: Loop) -> None:
    workspace = loop.workspace
    kwargs = {"base_url": loop.api.url}
    file = ".dango/sources.yml"

    def script(start: Round) -> Iterator[None]:
        assert start.result.exit_code == 0, start.result

        loop.change(
            file,
            "- name: shop\n",
            "- name: shop\n  staging: {tables: {orders: {dlt_columns: hide}}}\n",
        )
        yield
        assert loop.last.changed == (file,)
        assert not loop.last.result.sources
        assert built(loop.last) == {"stg_shop__orders", "fct_orders", "report"}
        sql = workspace.root / "dbt_project/models/staging/shop/stg_shop__orders.sql"
        assert "_dlt_load_id" not in sql.read_text()

        before = (workspace.root / file).read_text()
        loop.edit(file, "sources: [")
        yield
        assert loop.last.result.exit_code == 2
        assert loop.last.result.error is not None
        assert ".dango/sources.yml:2:1: not valid YAML" in loop.last.result.error.message

        entry = before[before.index("- name: visits") :]
        second = entry.replace("- name: visits", "- name: clicks")
        loop.edit(file, f"{before}{second}")
        yield
        assert [source.name for source in loop.last.result.sources or ()] == ["clicks"]
        assert built(loop.last) == {"stg_clicks__visits"}

        workspace.code("visits", WEB.replace("visits(base_url", "views(base_url"))
        workspace.declare(shop={"kwargs": kwargs}, visits={"function": "views", "kwargs": kwargs})
        yield
        assert [source.name for source in loop.last.result.sources or ()] == ["visits"]
        assert not list((workspace.root / "dbt_project/models/staging").glob("clicks/*.sql"))
        # shop's staging is as it was again, too
        expected = {"stg_visits__views", "stg_shop__orders", "fct_orders", "report"}
        assert (built(loop.last), loop.last.result.exit_code) == (expected, 0)

    loop.run(script)


def test_the_next_start_builds_only_what_has_changed_since(loop: Loop) -> None:
    def nothing(_: Round) -> Iterator[None]:
        yield from ()

    loop.run(nothing)
    assert len(built(loop.last)) == 6
    loop.run(nothing)
    assert (built(loop.last), loop.last.result.sources) == (set(), ())
    loop.edit(f"{MARTS}/report.sql", "select min(id) as n from {{ ref('fct_orders') }}")
    loop.run(nothing, DevOptions(sync=True))
    assert built(loop.last) >= {"report"}
    assert len(loop.last.result.sources or ()) == 2
    # another run of dbt may have built other code
    assert loop.workspace.run().exit_code == 0
    loop.run(nothing, DevOptions(select=("+report",)))
    assert built(loop.last) == {"report", "fct_orders", "stg_shop__orders"}


def test_a_wrong_project_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"neither .* has a"):
        watch(tmp_path, DevOptions(), print, showing=lambda: nullcontext(Progress()))


_LISTENING = """\
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("dango_dbt", run_name="__main__")
"""


def test_ctrl_c_ends_the_loop(loop: Loop) -> None:
    for name in ("shop", "visits"):
        (loop.workspace.root / f"custom_sources/{name}.py").write_text("nothing_to_load = 1\n")
    interrupt = Timer(0.5, signal.raise_signal, [signal.SIGINT])
    told: list[Round] = []

    def tell(done: Round) -> None:
        told.append(done)
        interrupt.start()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        watch(loop.workspace.root, DevOptions(), tell, showing=lambda: nullcontext(Progress()))
    finally:
        interrupt.cancel()
        signal.signal(signal.SIGINT, before)
    (start,) = told
    assert start.result.exit_code == 2, "what is wrong at the start is told, and does not end it"


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent in another way there")
def test_ctrl_c_stops_a_run_of_the_command(loop: Loop) -> None:
    command = [sys.executable, "-c", _LISTENING, "dev", "--select", "+fct_orders"]
    process = subprocess.Popen(
        command,
        cwd=loop.workspace.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        block = _block(process.stdout)
        assert "start" in block[0]
        assert any("Done in" in line for line in block), block
        loop.edit(f"{MARTS}/fct_orders.sql", "select nonsense from {{ ref('stg_shop__orders') }}")
        block = _block(process.stdout)
        assert f"{MARTS}/fct_orders.sql" in block[0]
        assert any("nonsense" in line for line in block), block

        waits = "from pathlib import Path\nimport time\n\ndef items(base_url, name):\n"
        waits += (
            "    Path(__file__).with_name('started').touch()\n    time.sleep(60)\n    yield {}\n"
        )
        loop.edit("custom_sources/paging.py", waits)
        deadline = time.monotonic() + 30
        while not (loop.workspace.root / "custom_sources/started").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130, stderr
    assert "Interrupted" in stdout
    assert "Traceback" not in stderr


def _block(lines: Any) -> list[str]:  # noqa: ANN401 - a text stream
    return list(iter(lambda: lines.readline().rstrip(), ""))
