"""What one environment has loaded must not break another one."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

NESTED = """
    import os
    import dlt

    @dlt.resource(primary_key="id")
    def nested():
        full = {"p": 1, "q": 2, "v": "x", "deep": [{"z": 1}]}
        yield {"id": 1, "list": [full if os.environ.get("ALL_THERE_IS") else {"p": 1, "v": "y"}]}
"""


def test_a_nested_table_that_lacks_a_column_gets_it_empty(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.code("nested", NESTED)
    workspace.declare(nested={})
    monkeypatch.setenv("ALL_THERE_IS", "1")
    assert workspace.sync().exit_code == 0
    monkeypatch.delenv("ALL_THERE_IS")
    for folder in ("data", ".dango/state"):
        shutil.rmtree(workspace.root / folder)
    result = workspace.run()
    assert result.exit_code == 0, result
    assert workspace.rows("select p, q from main_staging.stg_nested__nested__list") == [(1, None)]
    assert workspace.count("main_staging.stg_nested__nested__list__deep") == 0


@pytest.mark.slow
def test_libraries_are_imported_before_sources_run_side_by_side(workspace: Workspace) -> None:
    """A half imported pyarrow made an innocent source fail in five runs of six, pandas in some."""
    workspace.code(
        "arrow",
        """
        import sys
        import threading
        from pathlib import Path

        import pyarrow as pa
        import dlt

        class Late:
            def find_spec(self, name, *_):
                if name == "pandas" and threading.current_thread() != threading.main_thread():
                    Path("late").touch()

        sys.meta_path.insert(0, Late())

        @dlt.resource
        def arrow():
            yield pa.table({"x": [1]})
        """,
    )
    workspace.code(
        "plain",
        """
        import dlt

        @dlt.source
        def plain():
            return [dlt.resource([{"id": n}], name=f"t{n}") for n in range(20)]
        """,
    )
    workspace.declare(arrow={}, plain={})
    for _ in range(2):
        done = workspace.command("sync", "-q", PYTHONUTF8="1")  # a process with nothing imported
        assert done.returncode == 0, done.stdout
    assert not (workspace.root / "late").exists()


@pytest.fixture
def two_sources(workspace: Workspace) -> Workspace:
    """Give a project with two sources that were built, of which one is in sources.yml no more."""
    source = "import dlt\n\n@dlt.resource\ndef {0}():\n    yield {{'id': 1}}\n"
    for name in ("stays", "goes"):
        workspace.code(name, source.format(name))
    workspace.declare(stays={}, goes={})
    assert workspace.run().exit_code == 0
    workspace.declare(stays={})
    return workspace


@pytest.mark.slow
def test_what_was_generated_from_a_source_goes_with_it(two_sources: Workspace) -> None:
    workspace = two_sources
    mart = workspace.mart("after", "from {{ ref('stg_goes__goes') }}")
    planned = workspace.command("plan", "--json")
    paths = {
        file["path"] for file in json.loads(planned.stdout)["files"] if file["action"] == "removed"
    }
    folder = "dbt_project/models/staging/goes"
    assert paths == {
        f"{folder}/_goes__models.yml",
        f"{folder}/_goes__sources.yml",
        f"{folder}/stg_goes__goes.sql",
        ".dango/schemas/goes.yaml",
    }
    assert "models/marts/after.sql refers to `stg_goes__goes`" in planned.stderr
    mart.unlink()
    assert workspace.command("generate", "--check").returncode == 3
    done = workspace.command("sync-and-build")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (workspace.root / folder).exists()
    assert not [path for path in workspace.generated() if "goes" in path]
    assert "any more" not in done.stderr
    assert workspace.command("generate", "--check").returncode == 0
    workspace.declare(stays={}, goes={})
    assert workspace.run().exit_code == 0
    assert (workspace.root / folder / "stg_goes__goes.sql").exists()


def test_an_edited_model_of_a_source_that_went_stays_and_is_left_out_of_the_build(
    two_sources: Workspace,
) -> None:
    workspace = two_sources
    model = workspace.root / "dbt_project/models/staging/goes/stg_goes__goes.sql"
    model.write_text("-- mine\n" + model.read_text("utf-8"), "utf-8")
    for folder in ("data", ".dango/state"):
        shutil.rmtree(workspace.root / folder)
    before = workspace.generated()
    done = workspace.command("sync-and-build")
    assert done.returncode == 0, done.stdout
    assert "source `goes` is not in sources.yml any more, and its models stay" in done.stderr
    assert "stg_goes__goes.sql: remove them" in done.stderr
    assert workspace.generated() == before
