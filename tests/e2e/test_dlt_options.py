"""dlt's own configuration is the user's: none of it is shadowed, and it wins over our defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

NUMBERS = """\
import threading
import time

import dlt


@dlt.defer
def slow(number):
    time.sleep(0.05)
    return {"id": number, "thread": threading.current_thread().name}


@dlt.source
def numbers():
    @dlt.resource(primary_key="id", write_disposition="merge")
    def squares():
        yield [{"id": number, "square": number**2} for number in range(25)]

    @dlt.resource
    def threads():
        for number in range(8):
            yield slow(number)

    return squares, threads
"""


@pytest.fixture
def project(workspace: Workspace) -> Workspace:
    workspace.code("numbers", NUMBERS)
    workspace.declare(numbers={})
    return workspace


def _configure(project: Workspace, text: str) -> None:
    config = project.root / ".dlt/config.toml"
    config.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")


def _sync(project: Workspace) -> None:
    result = project.sync()
    assert result.exit_code == 0, [source.error for source in result.sources or ()]


def _loaded_files(project: Workspace, table: str) -> list[Path]:
    state = project.root / ".dango/state/dev/numbers"
    return sorted(state.glob(f"load/loaded/*/completed_jobs/{table}.*"))


def test_our_defaults_hold_where_nothing_is_configured(project: Workspace) -> None:
    _sync(project)
    assert _loaded_files(project, "squares") == []
    assert project.relations("raw_numbers_dlt_staging") == {"squares"}


@pytest.mark.parametrize("by", ["config.toml", "variable"])
def test_configuration_wins_over_our_defaults(
    project: Workspace, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "variable":
        monkeypatch.setenv("LOAD__DELETE_COMPLETED_JOBS", "false")
        monkeypatch.setenv("DESTINATION__STAGING_DATASET_NAME_LAYOUT", "%s_mine")
    else:
        _configure(
            project,
            """
[load]
delete_completed_jobs = false
[destination]
staging_dataset_name_layout = "%s_mine"
""",
        )
    _sync(project)
    assert _loaded_files(project, "squares") != []
    assert project.relations("raw_numbers_mine") == {"squares"}
    assert project.relations("raw_numbers_dlt_staging") == set()


@pytest.mark.parametrize("workers", [1, 3])
def test_the_extract_workers(project: Workspace, workers: int) -> None:
    _configure(project, f"\n[extract]\nworkers = {workers}\n")
    _sync(project)
    assert project.rows("select count(distinct thread) from raw_numbers.threads") == [(workers,)]


def test_the_data_writers_options(project: Workspace) -> None:
    _configure(
        project,
        """
[normalize.data_writer]
buffer_max_items = 10
file_max_items = 10
[load]
delete_completed_jobs = false
""",
    )
    _sync(project)
    files = _loaded_files(project, "squares")
    assert sum(file.suffix == ".parquet" for file in files) == 3
    assert project.count("raw_numbers.squares") == 25


@pytest.mark.parametrize("by", ["config.toml", "variable"])
def test_the_load_workers(project: Workspace, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    if by == "variable":
        monkeypatch.setenv("LOAD__WORKERS", "2")
    else:
        _configure(project, "\n[load]\nworkers = 2\n")
    _sync(project)

    import dlt

    pipeline = dlt.attach("numbers", pipelines_dir=str(project.root / ".dango/state/dev"))
    assert pipeline.last_trace is not None
    resolved = [
        value.value
        for value in pipeline.last_trace.resolved_config_values
        if value.key == "workers" and tuple(value.sections)[-1:] == ("load",)
    ]
    pipeline.deactivate()
    assert ("2" if by == "variable" else 2) in resolved
