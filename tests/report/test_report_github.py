from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dango_dbt.errors import ExitCode, Place
from dango_dbt.report import (
    Verbosity,
    console_on,
    github_annotations,
    plan_to_markdown,
    summary,
    to_step_summary,
)
from dango_dbt.results import (
    BuildResult,
    Failure,
    Impact,
    NodeResult,
    RunResult,
    SchemaChange,
    SyncResult,
    Use,
)

#: As the runner reads a line: https://github.com/actions/runner, ActionCommand.cs.
_READ = re.compile(r"\s*::(?P<kind>[\w-]+)(?: (?P<properties>.*?))?::(?P<message>.*)")


@pytest.fixture(autouse=True)
def _on_github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))


def unescaped(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def read(line: str) -> tuple[str, dict[str, str], str]:
    found = _READ.fullmatch(line)
    assert found, line
    pairs = (pair.partition("=") for pair in found["properties"].split(","))
    return (
        found["kind"],
        {key: unescaped(value) for key, _, value in pairs},
        unescaped(found["message"]),
    )


def told(
    run: RunResult, root: Path, warnings: tuple[str, ...] = ()
) -> list[tuple[str, dict[str, str], str]]:
    lines = github_annotations(run, warnings, root=root, dbt=root / "dbt_project")
    return [read(line) for line in lines]


def test_what_failed_is_told_at_its_place(tmp_path: Path) -> None:
    root = tmp_path / "in" / "here"
    place = Place(Path("custom_sources/shop.py"), 7, 2)
    run = RunResult(
        "sync-and-build",
        sources=(
            SyncResult("shop", "failed", None, error=Failure("SyncError", "a", "do b", place)),
            SyncResult("good", "success", "raw_good"),
        ),
        build=BuildResult(
            "failed",
            (
                NodeResult("model.demo.sales", "error", 1, "no column", "models/marts/sales.sql"),
                NodeResult("test.demo.unique_x.abcdef1234", "fail", 1, "Got 2", "models/_x.yml"),
                NodeResult("test.demo.other.abcdef1234", "warn", 1, "Got 1", "models/_x.yml"),
                NodeResult("model.demo.fine", "success", 1, "OK"),
            ),
        ),
    )

    models = "in/here/dbt_project/models"
    assert told(run, root, ("mind this",)) == [
        (
            "error",
            {"file": "in/here/custom_sources/shop.py", "line": "7", "title": "source shop"},
            "a\n→ do b",
        ),
        (
            "error",
            {"file": f"{models}/marts/sales.sql", "title": "model sales: error"},
            "no column",
        ),
        ("error", {"file": f"{models}/_x.yml", "title": "test unique_x: fail"}, "Got 2"),
        ("warning", {"title": "dango-dbt"}, "mind this"),
        ("warning", {"file": f"{models}/_x.yml", "title": "test other"}, "Got 1"),
    ]


def test_a_file_outside_of_the_repository_is_not_named(tmp_path: Path) -> None:
    error = Failure("ConfigError", "no", place=Place(tmp_path.parent / "profiles.yml", 1))
    run = RunResult("build", error=error, error_code=ExitCode.USAGE)

    assert told(run, tmp_path) == [("error", {"title": "dango-dbt build"}, "no")]


def test_new_columns_are_noticed_and_changed_ones_warned_of(tmp_path: Path) -> None:
    changes = (
        SchemaChange("carts", "a", "added"),
        SchemaChange("carts", "b", "changed from bigint to text", "retyped"),
    )
    run = RunResult("sync", sources=(SyncResult("shop", "success", "raw_shop", {}, changes),))

    file = {"file": ".dango/sources.yml", "title": "source shop: schema"}
    assert told(run, tmp_path) == [
        ("warning", file, "carts.b changed from bigint to text"),
        ("notice", file, "carts.a added"),
    ]


def test_data_cannot_end_a_property_or_a_line(tmp_path: Path) -> None:
    nasty = "a,title=x::b%0A\r\n::add-mask::c"
    run = RunResult(
        "sync", sources=(SyncResult(nasty, "failed", None, error=Failure("E", nasty, nasty)),)
    )

    (line,) = github_annotations(run, (), root=tmp_path, dbt=tmp_path)
    assert len(line.splitlines()) == 1
    kind, properties, message = read(line)
    assert (kind, set(properties)) == ("error", {"title"})
    assert properties["title"] == "source a,title=x::b%0A ::add-mask::c"
    assert message.startswith("E: a,title=x::b%0A\n::add-mask::c")


def test_ten_of_a_kind_are_all_that_github_shows(tmp_path: Path) -> None:
    nodes = tuple(NodeResult(f"model.demo.m{n}", "error", 1, "no") for n in range(25))
    found = told(RunResult("build", build=BuildResult("failed", nodes)), tmp_path)

    assert len(found) == 10
    assert found[-1] == ("error", {"title": "dango-dbt"}, "and 16 more errors: see the log")


@pytest.mark.parametrize("text", ["::error::x", "  ::set-output name=a::b", "x ##[error]y"])
def test_no_text_of_a_log_is_a_command_to_github(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    nodes = (NodeResult("model.demo.m", "error", 1, f"first\n{text}\n\n{text}"),)
    run = RunResult("build", build=BuildResult("failed", nodes))

    def shown() -> str:
        import sys

        from dango_dbt.report import PlainProgress

        summary(run, console_on(sys.stdout), Verbosity.VERBOSE)
        PlainProgress(sys.stdout).warning(f"a\n\n{text}")
        PlainProgress(sys.stdout).warning(f"a {text}")
        return capsys.readouterr().out

    said = shown()
    assert not re.search(r"^\s*::|##\[", said, re.MULTILINE)
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert text.strip() in shown()


def test_the_summary_of_the_step_tells_what_matters(failed_run: RunResult) -> None:
    impact = Impact(
        "shop",
        "orders",
        "price",
        "becomes text",
        (Use("model.demo.m", "m", "model"),),
        breaking=True,
    )
    text = to_step_summary(replace(failed_run, impacts=(impact,)))

    for part in (
        "### ❌ dango-dbt sync-and-build\n\nfailed, target `dev`, 1 min 14 s\n",
        "| `shop` | success | 2 | 1,195 | 4.6 s |\n| `payments_api` | failed |  |  | 0.30 s |\n",
        "  ```text\n  extract failed:\n  401 [bold]no[/bold] [/]\n  ```\n\n  → set KEY in .env\n",
        "7 nodes in 8.0 s: 3 pass, 1 warn, 1 fail, 1 error, 1 skip\n",
        "- `model sales` error\n\n  ```text\n  Database Error\n",
        "- `test parent_exists` warn\n",
        "- `dbt_project/models/staging/shop/stg_shop__orders.sql`\n",
        "- `shop.orders.price` becomes text: **breaking**\n  - model `m`\n",
        "- `shop.orders.vip` added\n",
    ):
        assert part in text


def test_a_good_run_has_a_short_summary(good_run: RunResult) -> None:
    text = to_step_summary(good_run)

    assert text.startswith("### ✅ dango-dbt sync-and-build\n")
    assert "Schema changes" not in text
    assert len(text.splitlines()) < 20


def test_data_is_no_markup_of_the_summary() -> None:
    nasty = "```\n<script>alert(1)</script>\n````` | [x](http://x) ![y](z) # h\n"
    error = Failure("SyncError", nasty, nasty)
    run = RunResult(
        "sync-and-build",
        sources=(
            SyncResult(
                "shop",
                "failed",
                None,
                error=error,
                schema_changes=(SchemaChange(nasty, nasty, nasty),),
            ),
        ),
        build=BuildResult("failed", (NodeResult(f"model.x.{nasty}", "error", 1, nasty, nasty),)),
        error=error,
        error_code=ExitCode.FAILURE,
    )

    # Without all code, nothing is left but what we have written ourselves, and escaped text.
    text = to_step_summary(run)
    text = re.sub(r"(?ms)^( *)(`{3,})text\n.*?^\1\2$", "", text)
    text = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    text = re.sub(r"\\.", "", text)
    assert not re.search(r"[<\[]|^ *(```|#+ h)", text, re.MULTILINE), text


def test_long_lists_and_texts_are_cut() -> None:
    nodes = tuple(NodeResult(f"model.demo.m{n}", "error", 1, "x" * 100_000) for n in range(300))
    text = to_step_summary(RunResult("build", build=BuildResult("failed", nodes)))

    assert len(text.encode()) < 2**19  # GitHub takes 1 MiB
    assert "- and 250 more\n" in text


def test_a_plan_has_its_own_page() -> None:
    run = RunResult("plan", schema_changes=())
    assert to_step_summary(run) == plan_to_markdown(run)


def test_what_was_skipped_is_named_with_why() -> None:
    nodes = [
        NodeResult("model.shop.one", "skipped", 0.0, "not built: source `crm` failed"),
        NodeResult("model.shop.two", "skipped", 0.0, None),
        NodeResult("model.shop.done", "success", 0.1, None),
    ]
    text = to_step_summary(RunResult("build", build=BuildResult("failed", tuple(nodes))))

    assert "Not built:" in text
    (one,) = [line for line in text.splitlines() if "model one" in line]
    assert one.startswith("- `model one`: not built: source")
    assert "- `model two`\n" in text
    assert "model done" not in text
