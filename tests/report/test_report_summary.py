from __future__ import annotations

import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from textwrap import dedent

import pytest
from rich.console import Console

from dango_dbt.errors import BuildError, ConfigError, DangoError, ExitCode, Place
from dango_dbt.report import Verbosity, console_on, error, summary
from dango_dbt.results import (
    BuildResult,
    Failure,
    FileResult,
    NodeResult,
    RunResult,
    SchemaChange,
    SyncResult,
)


def shown(run: RunResult, verbosity: Verbosity = Verbosity.NORMAL) -> str:
    stream = StringIO()
    summary(run, console_on(stream), verbosity)
    return stream.getvalue()


def on_terminal(run: RunResult, *, no_color: bool = False) -> str:
    stream = StringIO()
    console = Console(file=stream, force_terminal=True, width=60, no_color=no_color)
    summary(run, console)
    return stream.getvalue()


def text(golden: str) -> str:
    return dedent(golden).lstrip("\n")


def test_the_summary_tells_all_parts_of_a_run(failed_run: RunResult) -> None:
    assert shown(failed_run) == text(
        """
        Sources
          ✓ shop          2 tables  1,195 rows       4.6 s  raw_shop
          ✗ payments_api    failed                  0.30 s  raw_payments_api
              extract failed:
              401 [bold]no[/bold] [/]
              → set KEY in .env
          ! prices            held      7 rows  1 min 05 s  raw_prices
              KeyError: 'price'
          - old            skipped                          raw_old

        Schema changes
          shop
            tables carts, refunds added
            orders: columns vip, code added
            orders: column price changed from bigint to text

        Files
          1 created, 1 conflict, 1 unchanged
            conflict  dbt_project/models/staging/shop/stg_shop__orders.sql
            → yours stays: see .dango/conflicts/; `dango-dbt generate --accept mine|theirs FILE`
            created   dbt_project/models/staging/shop/stg_shop__carts.sql

        Build
          models  1 pass, 1 error, 1 skip
          seeds   1 pass
          tests   1 pass, 1 warn, 1 fail
          ✗ test no_gaps  fail
              Got 2 results, configured to fail if != 0
          ✗ model sales  error
              Database Error
                no column [red]foo[/red]

                LINE 1: foo
                        ^
          ! test parent_exists  Got 3 results more

        ✗ Failed: 1 source, 1 source held back, 1 file in conflict, 2 nodes (1 min 14 s)
        """
    )


def test_a_good_run_is_short(good_run: RunResult) -> None:
    assert shown(good_run) == text(
        """
        Sources
          ✓ shop  1 table  1 row  0.50 s  raw_shop

        Files
          1 unchanged

        Build
          models  1 pass

        ✓ Done in 1.0 s
        """
    )


def test_quiet_tells_only_what_failed(failed_run: RunResult, good_run: RunResult) -> None:
    assert shown(good_run, Verbosity.QUIET) == ""
    assert shown(failed_run, Verbosity.QUIET) == text(
        """
        Sources
          ✗ payments_api  failed              0.30 s  raw_payments_api
              extract failed:
              401 [bold]no[/bold] [/]
              → set KEY in .env
          ! prices          held  7 rows  1 min 05 s  raw_prices
              KeyError: 'price'

        Files
            conflict  dbt_project/models/staging/shop/stg_shop__orders.sql
            → yours stays: see .dango/conflicts/; `dango-dbt generate --accept mine|theirs FILE`

        Build
          ✗ test no_gaps  fail
              Got 2 results, configured to fail if != 0
          ✗ model sales  error
              Database Error
                no column [red]foo[/red]

                LINE 1: foo
                        ^

        ✗ Failed: 1 source, 1 source held back, 1 file in conflict, 2 nodes (1 min 14 s)
        """
    )


def test_verbose_names_every_table_file_and_node(failed_run: RunResult) -> None:
    output = shown(failed_run, Verbosity.VERBOSE)

    for line in [
        "      products  1,194",
        "      carts         1",
        "    unchanged dbt_project/models/staging/shop/stg_shop__products.sql",
        "  ✓ model stg_shop__carts  0.12 s",
        "  ✓ test unique_stg_shop__carts_id  0.05 s",
        "  - model sales_by_day.v2  0.00 s",
    ]:
        assert line in output.splitlines()


def test_long_lists_are_cut_but_for_conflicts_and_failures() -> None:
    actions = ["created"] * 12 + ["conflict"] * 11
    nodes = [NodeResult(f"test.p.w{n}", "warn", 0.0, "odd") for n in range(13)]
    nodes += [NodeResult(f"model.p.m{n}", "error", 0.0, "bad") for n in range(12)]
    run = RunResult(
        "x",
        sources=(
            SyncResult(
                "a",
                "success",
                "raw_a",
                schema_changes=tuple(SchemaChange(f"t{n}", "c", "added") for n in range(14)),
            ),
        ),
        files=tuple(FileResult(f"f{n}", action) for n, action in enumerate(actions)),  # type: ignore[arg-type]
        build=BuildResult("failed", tuple(nodes)),
    )

    lines = shown(run).splitlines()

    assert [line.strip() for line in lines if " more" in line] == [
        "and 4 more",
        "and 2 more",
        "and 3 more",
    ]
    assert sum("conflict  f" in line for line in lines) == 11
    assert sum("✗ model m" in line for line in lines) == 12
    assert " more" not in shown(run, Verbosity.VERBOSE)


@pytest.mark.parametrize(
    ("run", "last"),
    [
        (RunResult("sync", seconds=2.0), "✓ Done in 2.0 s"),
        (
            RunResult(
                "build",
                build=BuildResult("success", (NodeResult("test.a.b", "warn", 0.0, "odd"),)),
            ),
            "✓ Done in 0.00 s, 1 warning",
        ),
        (
            RunResult("sync", sources=(SyncResult("a", "failed", "raw_a"),), seconds=3.0),
            "✗ Failed: 1 source (3.0 s)",
        ),
        (
            RunResult("sync", sources=(SyncResult("a", "held", "r"), SyncResult("b", "held", "s"))),
            "✗ Failed: 2 sources held back (0.00 s)",
        ),
        (
            RunResult("generate", files=(FileResult("f", "conflict"),)),
            "✗ Failed: 1 file in conflict (0.00 s)",
        ),
        (
            RunResult("generate", error_code=ExitCode.OUT_OF_DATE),
            "✗ Failed: generated files are out of date: run `dango-dbt generate` (0.00 s)",
        ),
        (RunResult("build", build=BuildResult("failed")), "✗ Failed: dbt (0.00 s)"),
        (RunResult("sync", error_code=ExitCode.USAGE), "✗ Failed (0.00 s)"),
        (
            RunResult("sync", error_code=ExitCode.INTERRUPTED, seconds=4.0),
            "✗ Interrupted after 4.0 s",
        ),
    ],
)
def test_the_last_line_says_how_it_went(run: RunResult, last: str) -> None:
    assert shown(run).splitlines()[-1] == last


def test_an_interrupted_run_says_so_once() -> None:
    failure = Failure("KeyboardInterrupt", "interrupted", "the next run picks up from here")
    run = RunResult("sync", error=failure, error_code=ExitCode.INTERRUPTED, seconds=4.0)
    for verbosity in Verbosity:
        assert shown(run, verbosity).splitlines() == ["✗ Interrupted after 4.0 s"]


def test_a_build_that_did_not_run_says_why() -> None:
    failure = Failure.of(BuildError("no such selector", hint="see selectors.yml"))
    run = RunResult("build", build=BuildResult("not_run", error=failure))

    for verbosity in Verbosity:
        assert shown(run, verbosity) == text(
            """
            Build
              ✗ dbt did not run
                  no such selector
                  → see selectors.yml

            ✗ Failed: dbt (0.00 s)
            """
        )


def test_a_build_with_nothing_left_to_do_is_said_so() -> None:
    assert "  - not run\n" in shown(RunResult("build", build=BuildResult("not_run")))


def test_an_error_of_the_whole_run_is_told_before_the_last_line() -> None:
    failure = Failure("GenerateError", "cannot write a.sql", "free the disk")
    run = RunResult("sync", error=failure, error_code=ExitCode.FAILURE)

    assert shown(run) == text(
        """
        Error: cannot write a.sql
        → free the disk

        ✗ Failed (0.00 s)
        """
    )


@pytest.mark.parametrize(
    ("raised", "printed"),
    [
        (
            ConfigError(
                "unknown key [bold]nam[/bold] [/]",
                place=Place(Path(".dango/sources.yml"), 7, 5),
                hint="[red]name[/red]?",
            ),
            "Error: .dango/sources.yml:7:5: unknown key [bold]nam[/bold] [/]\n→ [red]name[/red]?\n",
        ),
        (BuildError("first\nsecond"), "Error: first\n  second\n"),
        (DangoError(""), "Error: DangoError\n"),
    ],
)
def test_an_error_says_where_what_and_what_to_do(raised: DangoError, printed: str) -> None:
    stream = StringIO()
    error(raised, console_on(stream))
    assert stream.getvalue() == printed


def test_markup_in_data_is_text_on_a_terminal_too(failed_run: RunResult) -> None:
    output = on_terminal(failed_run)

    assert "401 [bold]no[/bold] [/]" in output
    assert "no column [red]foo[/red]" in output


def test_colour_is_for_terminals_that_want_it(failed_run: RunResult) -> None:
    assert "\x1b[31m✗" in on_terminal(failed_run)
    assert "\x1b[31m" not in on_terminal(failed_run, no_color=True)
    assert "\x1b" not in shown(failed_run)


def test_escape_sequences_in_data_do_not_reach_the_terminal() -> None:
    failure = Failure("SyncError", "\x1b[2Jevil\x07", "\x1b]0;title\x07ok")
    run = RunResult("sync", sources=(SyncResult("a", "failed", "\x1b[31mr", error=failure),))

    assert "\x1b" not in shown(run)
    assert "      evil\n      → ok\n" in shown(run)


def test_a_terminal_wraps_text_under_its_indent_and_keeps_long_names_whole() -> None:
    name = "relationships_" + "x" * 60
    failure = Failure("SyncError", "word " * 20)
    run = RunResult(
        "x",
        sources=(SyncResult("a", "failed", "raw_a", error=failure),),
        build=BuildResult("failed", (NodeResult(f"test.p.{name}", "fail", 0.0, None),)),
    )

    lines = on_terminal(run, no_color=True).splitlines()

    assert lines[2].rstrip() == "      " + " ".join(["word"] * 10)
    assert lines[3].rstrip() == "        " + " ".join(["word"] * 10)
    assert any(name in line for line in lines)


def test_a_log_keeps_a_message_in_one_line() -> None:
    message = "word " * 40 + "end"
    run = RunResult("x", sources=(SyncResult("a", "failed", "r", error=Failure("E", message)),))
    assert f"      E: {message}\n" in shown(run)


def test_a_stream_that_cannot_show_our_marks_gets_others(failed_run: RunResult) -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii", write_through=True)

    summary(failed_run, console_on(stream))

    assert b"  + shop " in raw.getvalue()
    assert b"  x payments_api " in raw.getvalue()


def test_importing_the_reports_does_not_import_rich() -> None:
    code = "import sys, dango_dbt.report; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_has_no_colour_unless_it_is_asked_for(
    failed_run: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in shown(failed_run)
    monkeypatch.setenv("FORCE_COLOR", "1")  # what GitHub shows in colour is no terminal
    assert "\x1b[31m" in shown(failed_run)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in shown(failed_run)


def test_no_color_holds_on_a_terminal_too(
    failed_run: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_terminal_now() -> str:
        stream = _Terminal()
        summary(failed_run, console_on(stream))
        return stream.getvalue()

    assert "\x1b[31m" in on_terminal_now()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in on_terminal_now()
