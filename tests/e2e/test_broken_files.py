"""Files beside sources.yml that cannot be read are told with their place, wherever one stands."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

CODE = """\
import dlt

@dlt.source
def shop(key):
    return dlt.resource([{"key": key}], name="rows")
"""


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    workspace.code("shop", CODE)
    workspace.declare(shop={"kwargs": {"key": "${SHOP_KEY}"}})
    return workspace


def told(done: subprocess.CompletedProcess[str]) -> str:
    """Give all that a command has printed, which has refused to work."""
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert "hunter2" not in said
    assert done.returncode == 2, said
    return said


@pytest.mark.parametrize("command", [("sync",), ("validate", "--offline")], ids=["sync", "check"])
@pytest.mark.parametrize("folder", [".", "custom_sources", ".."], ids=["root", "below", "above"])
def test_dlts_files_are_told_from_wherever_the_command_is_started(
    shop: Workspace, command: tuple[str, ...], folder: str
) -> None:
    shop.write(".dlt/secrets.toml", "[sources.shop]\nkey = hunter2\n")
    args = [*command, "--project-dir", str(shop.root)]
    place = ".dlt/secrets.toml:2:7: this is not TOML"
    assert place in told(shop.command(*args, cwd=shop.root / folder))


@pytest.mark.parametrize("name", ["secrets.toml", "config.toml"])
@pytest.mark.parametrize("raw", [b"\xff\xfe", b"a = 1\na = 2\n"], ids=["no utf-8", "key twice"])
def test_each_of_dlts_files_may_be_broken_in_each_way(
    shop: Workspace, name: str, raw: bytes
) -> None:
    (shop.root / ".dlt" / name).write_bytes(raw)
    told_by = [
        told(shop.command("sync", SHOP_KEY="x")),
        told(shop.command("validate", "--offline")),
        told(shop.command("validate", "--offline", SHOP_KEY="x")),
    ]
    assert all(f".dlt/{name}:" in said and "this is not TOML" in said for said in told_by), told_by


def test_a_file_of_the_folder_that_the_command_is_started_in_is_told_as_its_own(
    shop: Workspace,
) -> None:
    shop.write("elsewhere/.dlt/config.toml", "[runtime\n")
    said = told(shop.command("sync", cwd=shop.root / "elsewhere", SHOP_KEY="x"))
    assert "elsewhere/.dlt/config.toml:1:9: this is not TOML" in said


def test_a_file_that_breaks_between_two_runs_of_a_process_is_told(shop: Workspace) -> None:
    code = """\
        import os
        from pathlib import Path
        from dango_dbt import Project
        from dango_dbt.errors import ConfigError

        os.environ["SHOP_KEY"] = "x"
        secrets = Path(".dlt/secrets.toml")
        for text in ("", "a = \\n", "a = 1\\n"):
            secrets.write_text(text)
            try:
                print(Project.find().sync(generate=False).exit_code)
            except ConfigError as error:
                print(error)
        """
    shop.write("run.py", code)
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=shop.root, capture_output=True, text=True, check=True
    )
    assert [line for line in done.stdout.splitlines() if line] == [
        "0",
        ".dlt/secrets.toml:1:5: this is not TOML",
        "0",
    ]


@pytest.mark.parametrize("command", [("sync",), ("validate", "--offline")], ids=["sync", "check"])
@pytest.mark.parametrize("name", ["profiles.yml", "dbt_project.yml"])
def test_a_file_of_dbts_that_is_no_utf8(
    shop: Workspace, command: tuple[str, ...], name: str
) -> None:
    path = shop.root / "dbt_project" / name
    path.write_bytes(path.read_bytes() + b"# caf\xe9\n")
    line = len(path.read_bytes().splitlines())
    said = told(shop.command(*command, SHOP_KEY="x"))
    assert f"dbt_project/{name}:{line}:6: this is not UTF-8" in said


@pytest.mark.slow
@pytest.mark.parametrize("command", ["sync", "validate"])
@pytest.mark.parametrize(
    ("path", "says", "code"),
    [
        ('"..\\0bad"', "profiles.yml:4:5: the `path:` of target `dev` holds a null", 2),
        ("a" * 300, "File name too long", None),
    ],
    ids=["null", "long"],
)
def test_a_path_that_no_file_can_have(
    shop: Workspace, command: str, path: str, says: str, code: int | None
) -> None:
    profiles = shop.root / "dbt_project" / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("../data/warehouse.duckdb", path))
    done = shop.command(command, SHOP_KEY="x")
    said = done.stdout + done.stderr
    assert says in said
    assert "Traceback" not in said
    assert done.returncode == (code or (1 if command == "sync" else 2))
