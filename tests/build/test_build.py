from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import duckdb  # noqa: TID253 - the warehouse is looked into
import pytest

from dango_dbt.build import build, manifests, runner
from dango_dbt.errors import ConfigError
from dango_dbt.progress import Progress
from dango_dbt.project import DbtProject
from dango_dbt.results import BuildResult, NodeResult

#: Writes a dbt project from its files; again: more files, or others.
Write = Callable[[Mapping[str, str]], DbtProject]

MODELS = {
    "models/orders.sql": "select 1 as id union all select 2",
    "models/totals.sql": """\
        {{ config(materialized='ephemeral') }}
        select count(*) as n from {{ ref('orders') }}
        """,
    "models/report.sql": "select n from {{ ref('totals') }}",
    "models/broken.sql": "select nope from {{ ref('orders') }}",
    "models/downstream.sql": "select * from {{ ref('broken') }}",
    "models/models.yml": """\
        models:
          - name: report
            columns:
              - name: n
                data_tests:
                  - not_null
                  - accepted_values: {name: fails, arguments: {values: [3]}}
                  - accepted_values:
                      name: warns
                      arguments: {values: [4]}
                      config: {severity: warn}
        """,
    "macros/say.sql": "{% macro say() %}{{ print('said by a macro') }}{% endmacro %}",
    "dbt_project.yml": """\
        name: shop
        profile: shop
        flags: {send_anonymous_usage_stats: false, write_json: false}
        models: {+materialized: table}
        on-run-start: ["{{ say() }}"]
        """,
}
GOOD = {"models/orders.sql": MODELS["models/orders.sql"]}


class Recorder(Progress):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []

    def build_started(self, command: str) -> None:
        self.calls.append(("build_started", command))

    def nodes_total(self, total: int) -> None:
        self.calls.append(("nodes_total", total))

    def node_started(self, unique_id: str) -> None:
        self.calls.append(("node_started", unique_id))

    def node_finished(self, node: NodeResult) -> None:
        self.calls.append(("node_finished", node))

    def build_finished(self, result: BuildResult) -> None:
        self.calls.append(("build_finished", result))

    def warning(self, message: str) -> None:
        self.calls.append(("warning", message))

    def told(self, what: str) -> list[Any]:
        return [value for name, value in self.calls if name == what]


@dataclass
class Built:
    """A build and all that was seen of it."""

    project: DbtProject
    result: BuildResult
    progress: Recorder
    stdout: str
    folder_after: Path
    nodes: Mapping[str, NodeResult] = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = {node.unique_id.split(".")[2]: node for node in self.result.nodes}


@contextmanager
def stdout_in(file: IO[bytes]) -> Iterator[None]:
    """All that this process and its children print on stdout goes into the file."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(file.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def run_build(project: DbtProject, *args: str, target: str | None = None) -> BuildResult:
    return build(
        project, args=args, target=target, threads=None, full_refresh=False, progress=Recorder()
    )


@pytest.fixture(scope="module", params=["in process", "executable"])
def built(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    write_project: Callable[[Path, Mapping[str, str]], DbtProject],
    dbt_executable: Path,
) -> Built:
    """One build in which something of everything happens, from another folder, by each runner."""
    root = tmp_path_factory.mktemp("built")
    project = write_project(root, MODELS)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    recorder = Recorder()
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryFile() as file:
        if request.param == "executable":
            patch.setenv("DANGO_DBT", str(dbt_executable))
        patch.chdir(elsewhere)
        with stdout_in(file):
            result = build(
                project,
                args=["--select", "+report", "broken+", "no_such_model"],
                target="dev",
                threads=1,
                full_refresh=True,
                progress=recorder,
            )
        after = Path.cwd()
        file.seek(0)
        printed = file.read().decode()
    assert Path.cwd() == before
    return Built(project, result, recorder, printed, after.relative_to(elsewhere))


def test_each_nodes_outcome_is_dbts(built: Built) -> None:
    assert built.result.status == "failed"
    assert built.result.error is None
    assert {name: node.status for name, node in built.nodes.items() if "start" not in name} == {
        "orders": "success",
        "report": "success",
        "broken": "error",
        "downstream": "skipped",
        "not_null_report_n": "pass",
        "fails": "fail",
        "warns": "warn",
    }
    assert built.nodes["orders"].seconds > 0
    assert built.result.seconds >= sum(node.seconds for node in built.result.nodes)


def test_messages_are_the_databases_and_the_tests(built: Built) -> None:
    assert 'Referenced column "nope" not found' in str(built.nodes["broken"].message)
    assert "\x1b" not in str(built.nodes["broken"].message)
    assert built.nodes["fails"].message == "Got 1 result, configured to fail if != 0"


def test_progress_is_told_in_order_and_in_full(built: Built) -> None:
    progress = built.progress
    assert progress.calls[0] == ("build_started", "dbt build")
    assert progress.calls[-1] == ("build_finished", built.result)
    assert progress.told("nodes_total") == [7]
    finished = {node.unique_id: node.status for node in progress.told("node_finished")}
    nodes = [node for node in built.result.nodes if node.unique_id.split(".")[0] != "operation"]
    assert finished == {node.unique_id: node.status for node in nodes}
    assert sorted(progress.told("node_started")) == sorted(finished)


def test_a_selector_that_matches_nothing_is_one_warning(built: Built) -> None:
    [warning] = built.progress.told("warning")
    assert "'no_such_model' does not match any enabled nodes" in warning


def test_nothing_is_printed_on_stdout(built: Built) -> None:
    assert built.stdout == ""


def test_the_log_file_is_as_dbt_writes_it(built: Built) -> None:
    log = (built.project.directory / "logs" / "dbt.log").read_text(encoding="utf-8")
    assert "[debug]" in log
    assert '{"data"' not in log


def test_the_relative_path_of_the_profile_is_relative_to_the_dbt_project(built: Built) -> None:
    assert built.folder_after == Path()
    root = built.project.directory.parent
    assert [path.relative_to(root) for path in root.rglob("*.duckdb")] == [Path("data/dev.duckdb")]


def test_the_warehouse_can_be_opened_at_once(built: Built) -> None:
    file = built.project.directory.parent / "data" / "dev.duckdb"
    with duckdb.connect(str(file), config={"threads": 1}) as connection:
        assert connection.execute("select n from report").fetchall() == [(2,)]
    code = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(file)], check=True)


NOT_RUN = {
    "usage": (["--no-such-option"], None, {}, "No such option '--no-such-option'", "--help"),
    "target": ([], "zz", {}, "does not have a target named 'zz'", ""),
    "variable": ([], "prod", {}, "'SHOP_PROD_PATH'", ""),
    "profile": ([], "dev", {"profiles.yml": "blog: {}"}, "not find profile named 'shop'", ""),
    "parse": (
        [],
        None,
        {"models/lost.sql": "select * from {{ ref('stg_x__y') }}"},
        "depends on a node named 'stg_x__y' which was not found",
        "dango-dbt sync",
    ),
    "warn-error": (["--warn-error", "--select", "nothing"], None, {}, "'nothing'", ""),
}


@pytest.mark.parametrize(
    ("args", "target", "files", "message", "hint"), NOT_RUN.values(), ids=NOT_RUN
)
@pytest.mark.usefixtures("any_runner")
def test_what_keeps_dbt_from_running_is_said_and_old_results_are_not_taken_for_new(
    project: Write,
    args: list[str],
    target: str | None,
    files: dict[str, str],
    message: str,
    hint: str,
) -> None:
    shop = project({**GOOD, **files})
    shop.target_path.mkdir()
    stale = (
        '{"metadata": {"invocation_id": "old"}, "results": [{"unique_id": "x", "status": "pass"}]}'
    )
    (shop.target_path / "run_results.json").write_text(stale, encoding="utf-8")
    result = run_build(shop, *args, target=target)
    assert (result.status, result.nodes) == ("not_run", ())
    assert result.error is not None
    assert result.error.type == "BuildError"
    assert message in result.error.message
    assert not result.error.message.startswith(("Encountered an error", "Usage", "Traceback"))
    assert "\x1b" not in result.error.message
    assert hint in (result.error.hint or "")
    assert (shop.target_path / "run_results.json").read_text(encoding="utf-8") == stale


def dbt_build_on_dev(project: DbtProject, dbt_executable: Path) -> None:
    """A run of the user's own, which writes into the same folder."""
    subprocess.run(
        [dbt_executable, "--quiet", "build", "--target", "dev"], cwd=project.directory, check=True
    )


@pytest.mark.usefixtures("any_runner")
def test_a_run_that_built_nothing_does_not_tell_what_another_one_builds_meanwhile(
    project: Write, dbt_executable: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOP_PROD_PATH", str(tmp_path / "not there" / "prod.duckdb"))
    shop = project(GOOD)
    others: list[str] = []

    class Meanwhile(Progress):
        def warning(self, message: str) -> None:  # before dbt connects
            others.append(message)
            dbt_build_on_dev(shop, dbt_executable)

    result = build(
        shop,
        args=["--select", "orders", "nothing"],
        target="prod",
        threads=None,
        full_refresh=False,
        progress=Meanwhile(),
    )
    assert len(others) == 1
    assert "model.shop.orders" in (shop.target_path / "run_results.json").read_text()
    assert (result.status, result.nodes) == ("not_run", ())
    assert "Cannot open file" in str(result.error)


def test_a_run_tells_its_own_nodes_where_another_one_has_replaced_its_results(
    project: Write, dbt_executable: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = f"{dbt_executable} --quiet build --target dev --select orders"
    script = tmp_path / "dbt_and_another_run"
    script.write_text(f'#!/bin/sh\n{dbt_executable} "$@"\ncode=$?\n{other} >&2\nexit $code\n')
    script.chmod(0o755)
    monkeypatch.setenv("DANGO_DBT", str(script))
    shop = project({**GOOD, "models/others.sql": "select nope"})
    result = run_build(shop, "--select", "others")
    assert "model.shop.orders" in (shop.target_path / "run_results.json").read_text()
    assert result.status == "failed"
    assert [(node.unique_id, node.status) for node in result.nodes] == [
        ("model.shop.others", "error")
    ]


@pytest.mark.usefixtures("any_runner")
def test_a_locked_warehouse_is_said(tmp_path: Path, project: Write) -> None:
    shop = project(GOOD)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    file = tmp_path / "data" / "dev.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        result = run_build(shop)
        holder.communicate(b"\n")
    assert result.status == "not_run"
    assert result.error is not None
    assert "Could not set lock on file" in result.error.message
    assert f"(PID {holder.pid})" in str(result.error.hint)


def test_all_good_is_success_and_a_warning_is_no_failure(project: Write) -> None:
    shop = project(MODELS)
    selected = ("--select", "+report", "--exclude", "fails")
    result = run_build(shop, *selected, "--target-path", "elsewhere")
    assert result.status == "success"
    assert {node.status for node in result.nodes} == {"success", "pass", "warn"}
    assert (shop.directory / "elsewhere" / "run_results.json").is_file()
    assert not shop.target_path.exists()


@pytest.mark.usefixtures("any_runner")
def test_fail_fast_still_has_results(project: Write) -> None:
    shop = project(MODELS)
    result = run_build(shop, "--fail-fast", "--select", "broken+", "orders")
    assert result.status == "failed"
    assert result.error is None
    assert {node.status for node in result.nodes} >= {"error", "skipped"}


def test_a_plain_dbt_build_reuses_what_was_parsed_and_the_other_way_round(
    project: Write, dbt_executable: Path
) -> None:
    shop = project(GOOD)
    assert run_build(shop, target="dev").status == "success"
    plain = [str(dbt_executable), "build", "--log-level", "debug"]
    completed = subprocess.run(
        plain, cwd=shop.directory, capture_output=True, text=True, check=True
    )
    assert "Unable to do partial parsing" not in completed.stdout
    assert "skipping parsing" in completed.stdout
    log = shop.directory / "logs" / "dbt.log"
    log.unlink()
    manifests._kept.clear()  # else dbt need not even look at what was parsed
    assert run_build(shop, target="dev").status == "success"
    assert "skipping parsing" in log.read_text(encoding="utf-8")


def test_a_file_changed_between_two_builds_is_built_anew(tmp_path: Path, project: Write) -> None:
    shop = project(GOOD)
    run_build(shop)
    project({"models/orders.sql": "select 3 as id"})
    assert run_build(shop).status == "success"
    with duckdb.connect(str(tmp_path / "data" / "dev.duckdb")) as connection:
        assert connection.execute("select id from orders").fetchall() == [(3,)]


def test_folders_in_dbts_variables_hold_from_where_the_tool_was_started(
    tmp_path: Path, project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = project(GOOD)
    (tmp_path / "profiles").mkdir()
    shutil.move(shop.directory / "profiles.yml", tmp_path / "profiles")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DBT_PROFILES_DIR", "profiles")
    monkeypatch.setenv("DBT_PROJECT_DIR", "dbt_project")
    assert run_build(shop).status == "success"
    assert os.environ["DBT_PROFILES_DIR"] == "profiles"
    assert "DBT_LOG_LEVEL_FILE" not in os.environ


INTERRUPTED = """if True:
    import signal, sys
    from pathlib import Path
    from dango_dbt.build import build
    from dango_dbt.progress import Progress
    from dango_dbt.project import DbtProject

    signal.signal(signal.SIGINT, signal.default_int_handler)
    project = DbtProject.read(Path(sys.argv[1]))
    try:
        build(project, target=None, threads=None, full_refresh=False, progress=Progress())
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.usefixtures("any_runner")
def test_ctrl_c_ends_dbt_and_is_an_interrupt(tmp_path: Path, project: Write) -> None:
    # It is rendered for a while, when dbt has nothing to cancel, and would then run for minutes.
    rendering = (
        "{% for _ in range(3000) if execute %}{% for _ in range(1000) %}{% endfor %}{% endfor %}"
    )
    query = "select sum(a.range * b.range) as n from range(10000000) a, range(10000) b"
    shop = project({"models/slow.sql": f"{rendering} {query}"})
    log = shop.directory / "logs" / "dbt.log"
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, str(shop.directory)])
    try:
        deadline = time.monotonic() + 60
        while not (log.is_file() and "START sql" in log.read_text(encoding="utf-8")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    finally:
        process.kill()
        process.wait()
    duckdb.connect(str(tmp_path / "data" / "dev.duckdb")).close()


def test_an_executable_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANGO_DBT", "no-such-dbt")
    with pytest.raises(ConfigError, match="'no-such-dbt', which is no executable"):
        runner()


def test_an_executable_that_breaks_down_is_said_without_a_traceback(
    tmp_path: Path, project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "dbt"
    broken.write_text(f"#!{sys.executable}\nimport no_such_module\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("DANGO_DBT", str(broken))
    result = run_build(project(GOOD))
    assert result.status == "not_run"
    assert result.error is not None
    assert result.error.message == "ModuleNotFoundError: No module named 'no_such_module'"


def test_the_file_is_opened_once_for_a_run_and_free_after_it(
    project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`keep_open: false` would have it closed and opened again between the steps of a run."""
    profiles = "shop: {outputs: {default: {type: duckdb, path: one.duckdb, keep_open: false}}}"
    shop = project({**MODELS, "profiles.yml": profiles})
    opened = []
    connect = duckdb.connect

    def counted(*args: Any, **options: Any) -> duckdb.DuckDBPyConnection:  # noqa: ANN401 - DuckDB's
        opened.append(args)
        return connect(*args, **options)

    monkeypatch.setattr(duckdb, "connect", counted)
    assert len(run_build(shop).nodes) > 5
    assert len(opened) == 1
    monkeypatch.undo()
    with duckdb.connect(str(shop.directory / "one.duckdb"), config={"threads": 1}) as connection:
        assert connection.execute("select n from report").fetchall() == [(2,)]
