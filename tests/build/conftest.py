"""Small dbt projects on DuckDB, and the two runners, for the tests of the seam with dbt."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dango_dbt.project import DbtProject

PROJECT = """\
name: shop
profile: shop
flags: {send_anonymous_usage_stats: false}
models: {+materialized: table}
"""
PROFILES = """\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: ../data/dev.duckdb, threads: 2}
    prod: {type: duckdb, path: "{{ env_var('SHOP_PROD_PATH') }}"}
"""


def _write_project(root: Path, files: Mapping[str, str]) -> DbtProject:
    folder = root / "dbt_project"
    (root / "data").mkdir(exist_ok=True)
    for name, text in {"dbt_project.yml": PROJECT, "profiles.yml": PROFILES, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return DbtProject.read(folder)


@pytest.fixture(scope="session", autouse=True)
def _no_dbt_variables() -> None:
    """What the developer has set must not decide."""
    for name in [name for name in os.environ if name.startswith("DBT_") or name == "DANGO_DBT"]:
        del os.environ[name]


@pytest.fixture(scope="session")
def dbt_executable() -> Path:
    """The `dbt` beside this Python."""
    return Path(sys.executable).with_name("dbt")


@pytest.fixture(scope="session")
def write_project() -> Callable[[Path, Mapping[str, str]], DbtProject]:
    """Write a dbt project into `root/dbt_project`, with `root/data` for its warehouse."""
    return _write_project


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Mapping[str, str]], DbtProject]:
    """Write a dbt project into `tmp_path`, from its files; again: more files, or others."""
    return lambda files: _write_project(tmp_path, files)


@pytest.fixture(params=["in process", "executable"])
def any_runner(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, dbt_executable: Path
) -> str:
    """Both runners: what holds for one holds for the other."""
    if request.param == "executable":
        monkeypatch.setenv("DANGO_DBT", str(dbt_executable))
    return str(request.param)
