from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from textwrap import dedent

import pytest

from dango_dbt.progress import Progress
from dango_dbt.report import LiveProgress, PlainProgress, Verbosity, progress_for
from dango_dbt.report.console import SerialConsole
from dango_dbt.results import BuildResult, Failure, NodeResult, RunResult

pty = pytest.importorskip("pty", reason="needs pseudo-terminals")


def play(progress: Progress, run: RunResult) -> None:
    """Tell a finished run as if it were under way."""
    sources = run.sources or ()
    progress.sync_started([source.name for source in sources])
    for source in sources:
        progress.source_stage(source.name, "extract")
        progress.source_rows(source.name, source.rows)
        progress.source_finished(source)
    progress.files_written(list(run.files or ()))
    if run.build:
        progress.build_started("dbt build")
        progress.nodes_total(len(run.build.nodes))
        progress.warning("a [bold]deprecated[/bold] [/]\nkey")
        for node in run.build.nodes:
            progress.node_started(node.unique_id)
            progress.node_finished(node)
        progress.build_finished(run.build)


def plain(run: RunResult, verbosity: Verbosity) -> str:
    stream = StringIO()
    play(PlainProgress(stream, verbosity), run)
    return stream.getvalue()


def text(golden: str) -> str:
    return dedent(golden).lstrip("\n")


def terminal() -> SerialConsole:
    return SerialConsole(
        file=StringIO(), force_terminal=True, width=80, height=24, markup=False, highlight=False
    )


def written(console: SerialConsole) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def screen(output: str) -> list[str]:
    """What a terminal shows in the end: knows the sequences that rich writes, no others."""
    rows, y, x = [""], 0, 0
    for arg, command, char in re.findall(r"\x1b\[([?0-9;]*)([A-Za-z])|(.)", output, re.DOTALL):
        if command == "A":
            y = max(0, y - int(arg or 1))
        elif command == "K":
            rows[y] = ""
        elif char == "\r":
            x = 0
        elif char == "\n":
            y, x = y + 1, 0
            rows += [""] * (y == len(rows))
        elif char:
            rows[y] = rows[y][:x].ljust(x) + char + rows[y][x + 1 :]
            x += 1
    return [row.rstrip() for row in rows if row.strip()]


def test_plain_lines_tell_what_means_something(failed_run: RunResult) -> None:
    assert plain(failed_run, Verbosity.NORMAL) == text(
        """
        sync  4 sources: shop, payments_api, prices, old
        sync  shop          extract
        sync  shop          loaded 2 tables, 1,195 rows in 4.6 s
        sync  payments_api  extract
        sync  payments_api  failed: extract failed: 401 [bold]no[/bold] [/]
        sync  prices        extract
        sync  prices        held: KeyError: 'price'
        sync  old           extract
        sync  old           skipped
        generated 3 files (1 created, 1 conflict, 1 unchanged)
        conflict  dbt_project/models/staging/shop/stg_shop__orders.sql
        dbt build
        warning: a [bold]deprecated[/bold] [/] key
        1/7  pass   model stg_shop__carts  0.12 s
        3/7  warn   test parent_exists  0.05 s
        4/7  fail   test no_gaps  0.05 s
        5/7  pass   seed codes  0.02 s
        6/7  error  model sales  0.20 s
        7/7  skip   model sales_by_day.v2  0.00 s
        dbt build  7 nodes in 8.0 s: 3 pass, 1 warn, 1 fail, 1 error, 1 skip
        """
    )


def test_plain_and_quiet_tells_only_failures(failed_run: RunResult) -> None:
    assert plain(failed_run, Verbosity.QUIET) == text(
        """
        sync  payments_api  failed: extract failed: 401 [bold]no[/bold] [/]
        sync  prices        held: KeyError: 'price'
        conflict  dbt_project/models/staging/shop/stg_shop__orders.sql
        4/7  fail   test no_gaps  0.05 s
        6/7  error  model sales  0.20 s
        """
    )


def test_plain_and_verbose_tells_tests_that_pass(failed_run: RunResult) -> None:
    line = "2/7  pass   test unique_stg_shop__carts_id  0.05 s\n"
    assert line in plain(failed_run, Verbosity.VERBOSE)
    assert line not in plain(failed_run, Verbosity.NORMAL)


def test_plain_says_why_dbt_did_not_run() -> None:
    stream = StringIO()
    failed = BuildResult("not_run", error=Failure("BuildError", "no such selector"))
    PlainProgress(stream, Verbosity.QUIET).build_finished(failed)
    assert stream.getvalue() == "dbt  no such selector\n"


def test_plain_lines_of_many_threads_stay_whole() -> None:
    stream = StringIO()
    progress = PlainProgress(stream)
    with ThreadPoolExecutor(8) as threads:
        for number in range(400):
            threads.submit(progress.source_stage, f"source{number}", "extract")
    assert sorted(stream.getvalue().splitlines()) == sorted(
        f"sync  source{number}  extract" for number in range(400)
    )


def test_live_shows_sources_and_dbt_while_they_run(failed_run: RunResult) -> None:
    console = terminal()
    shop, payments, *_ = failed_run.sources or ()
    with LiveProgress(console) as progress:
        progress.sync_started(["shop", "payments_api", "late"])
        progress.source_stage("payments_api", "normalize")
        progress.source_rows("payments_api", 367687)
        progress.source_stage("shop", "load")
        progress.source_finished(shop)
        progress.build_started("dbt build")
        progress.nodes_total(57)
        progress.node_started("model.demo.stg_shop__carts")
        progress.draw()
        lines = screen(written(console))
        progress.source_finished(payments)
        progress.draw()
        after = screen(written(console))

    assert re.fullmatch(r"✓  shop +2 tables +1,195 rows +4\.6 s", lines[0])
    assert re.fullmatch(r"\S  payments_api  normalize  367,687 rows  0\.\d\d s", lines[1])
    assert re.fullmatch(r"   late +waiting", lines[2])
    assert re.fullmatch(r"\S  dbt build +━* +0/57 · stg_shop__carts", lines[3])
    assert after[0] == "✗ payments_api  failed: extract failed: 401 [bold]no[/bold] [/]"
    assert re.fullmatch(r"✗  payments_api  failed +0\.30 s", after[2])


def test_live_leaves_only_failures_and_warnings_and_gives_the_cursor_back(
    failed_run: RunResult,
) -> None:
    console = terminal()
    with LiveProgress(console) as progress:
        play(progress, failed_run)
        progress.draw()

    assert screen(written(console)) == [
        "✗ payments_api  failed: extract failed: 401 [bold]no[/bold] [/]",
        "✗ prices  held: KeyError: 'price'",
        "! a [bold]deprecated[/bold] [/] key",
        "✗ test no_gaps  fail  0.05 s",
        "✗ model sales  error  0.20 s",
    ]
    assert written(console).rindex("\x1b[?25h") > written(console).rindex("\x1b[?25l")


def test_a_warning_with_paragraphs_keeps_its_lines() -> None:
    message = "Two files:\n   - a.py\n\n  - name: a\n    type: " + "long " * 20
    lines = ["⚠️  Two files:", "   - a.py", "", "  - name: a", "    type: " + "long " * 19 + "long"]
    stream = StringIO()
    PlainProgress(stream).warning(message)
    assert stream.getvalue().splitlines() == [*lines, ""]

    console = terminal()
    with LiveProgress(console) as progress:
        progress.warning(message)
    assert "\n".join(lines) in re.sub(r"\x1b\[[?0-9;]*[A-Za-z]|\r", "", written(console))


def test_live_ends_cleanly_on_an_interrupt() -> None:
    console = terminal()

    def interrupted() -> None:
        with LiveProgress(console) as progress:
            progress.sync_started(["shop"])
            progress.draw()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert screen(written(console)) == []
    assert written(console).rindex("\x1b[?25h") > written(console).rindex("\x1b[?25l")


@pytest.fixture
def _busy_threads() -> Iterator[None]:
    """Switch between threads as often as can be, so that what is not locked shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("_busy_threads")
def test_live_takes_events_from_many_threads_while_it_draws() -> None:
    console = terminal()
    with LiveProgress(console) as progress:
        progress.sync_started([f"s{number}" for number in range(40)])
        progress.build_started("dbt build")
        progress.nodes_total(400)

        def work(thread: int) -> None:
            for number in range(50):
                progress.source_stage(f"s{thread}", "extract")
                progress.source_rows(f"s{thread}", number)
                node = NodeResult(f"model.p.t{thread}_{number}", "error", 0.0, None)
                progress.node_started(node.unique_id)
                progress.node_finished(node)
                progress.draw()

        with ThreadPoolExecutor(8) as threads:
            for done in [threads.submit(work, thread) for thread in range(8)]:
                done.result(timeout=60)

    assert sorted(screen(written(console))) == sorted(
        f"✗ model t{thread}_{number}  error  0.00 s" for thread in range(8) for number in range(50)
    )


def test_live_keeps_within_a_small_terminal() -> None:
    console = terminal()
    with LiveProgress(console) as progress:
        progress.sync_started([f"s{number}" for number in range(40)])
        progress.source_stage("s7", "extract")
        progress.draw()
        lines = screen(written(console))

    assert lines[0].strip() == "0 of 40 sources"
    assert [line.split()[1:3] for line in lines[1:]] == [["s7", "extract"]]


_CHATTY = """
import sys, threading
from dango_dbt.report import Verbosity, progress_for

with progress_for(Verbosity.NORMAL, json_output=False, stream=sys.stderr) as progress:
    progress.sync_started(["shop"])
    progress.source_stage("shop", "extract")

    def chat(name, stream):
        for number in range(50):
            stream.write(f"<{name}-{number} [bold]x[/bold]>\\n")
            progress.source_rows("shop", number)
            progress.draw()

    talk = [threading.Thread(target=chat, args=args) for args in
            [("out", sys.stdout), ("err", sys.stderr)]]
    for thread in talk: thread.start()
    for thread in talk: thread.join()
    print("no newline [/]", end="")
print("after")
"""


def test_what_a_source_prints_on_a_real_terminal_comes_out_whole_above_the_display() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(
        [sys.executable, "-c", _CHATTY], stdout=theirs, stderr=theirs, env=environment
    ):
        os.close(theirs)
        output = b"".join(iter(lambda: _read(ours), b"")).decode()
    os.close(ours)

    assert "extract" in output  # it was drawn at all
    lines = screen(output)
    for name in ("out", "err"):
        said = [line for line in lines if line.startswith(f"<{name}-")]
        assert said == [f"<{name}-{number} [bold]x[/bold]>" for number in range(50)]
    assert lines[100:] == ["no newline [/]", "after"]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "verbosity", "json_output", "expected"),
    [
        (_Terminal(), Verbosity.NORMAL, False, LiveProgress),
        (_Terminal(), Verbosity.VERBOSE, False, LiveProgress),
        (_Terminal(), Verbosity.QUIET, False, PlainProgress),
        (_Terminal(), Verbosity.NORMAL, True, PlainProgress),
        (_Terminal(), Verbosity.QUIET, True, Progress),
        (StringIO(), Verbosity.NORMAL, False, PlainProgress),
        (StringIO(), Verbosity.NORMAL, True, PlainProgress),
    ],
)
def test_progress_suits_the_stream(
    monkeypatch: pytest.MonkeyPatch,
    stream: StringIO,
    verbosity: Verbosity,
    json_output: bool,  # noqa: FBT001 - a parameter of the table
    expected: type[Progress],
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")  # as CI services do: no reason to redraw in a log
    with progress_for(verbosity, json_output=json_output, stream=stream) as progress:
        assert type(progress) is expected


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with progress_for(Verbosity.NORMAL, json_output=False, stream=_Terminal()) as progress:
        assert type(progress) is PlainProgress
