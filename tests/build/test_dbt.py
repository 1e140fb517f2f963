from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dango_dbt.build import dbt
from dango_dbt.errors import BuildError
from dango_dbt.project import DbtProject

#: Writes a dbt project from its files; again: more files, or others.
Write = Callable[[Mapping[str, str]], DbtProject]

FILES = {
    "models/where.sql": "select '{{ target.name }}' as target",
    "models/broken.sql": "select nope",
    "profiles.yml": """\
        shop:
          target: dev
          outputs:
            dev: {type: duckdb, path: ../data/dev.duckdb}
            ci: {type: duckdb, path: ../data/ci.duckdb}
        """,
}
SHOW = ["show", "--inline", "select '{{ target.name }}' as which", "--output", "json"]


#: Arguments, target; exit code, and what is said on stdout and stderr.
Case = tuple[list[str], str | None, int, str, str]
CASES: list[Case] = [
    (["run", "--select", "broken"], None, 1, 'column "nope"', ""),
    (["run", "--no-such-option"], None, 2, "", "Error: No such option"),
    (SHOW, "ci", 0, '"ci"', ""),
    (["ls", "--resource-type", "model", "--quiet"], None, 0, "shop.where", ""),
    (["run"], "zz", 2, "does not have a target named 'zz'", ""),
    (SHOW, None, 0, '"dev"', ""),
    ([*SHOW, "--target", "dev"], "ci", 0, '"dev"', ""),
    (["run", "--help"], "ci", 0, "Usage: ", ""),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0][0]} {case[1]}")
def test_a_command_is_passed_on_with_dbts_output_and_exit_code(
    project: Write, capfd: pytest.CaptureFixture[str], case: Case
) -> None:
    passed_on(project(FILES), capfd, case)


@pytest.mark.parametrize("case", CASES[:3], ids=lambda case: f"{case[0][0]} {case[1]}")
def test_an_executable_is_passed_on_to_alike(
    project: Write,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    dbt_executable: Path,
    case: Case,
) -> None:
    monkeypatch.setenv("DANGO_DBT", str(dbt_executable))
    passed_on(project(FILES), capfd, case)


def passed_on(shop: DbtProject, capfd: pytest.CaptureFixture[str], case: Case) -> None:
    args, target, code, out, err = case
    before = Path.cwd()
    assert dbt(shop, args, target=target) == code
    captured = capfd.readouterr()
    assert out in captured.out
    assert err in captured.err
    assert Path.cwd() == before


def test_packages_are_installed_for_commands_that_need_them_only(project: Write) -> None:
    shop = project({"packages.yml": "packages: [{local: ../nowhere}]\n"})
    for args in (["clean"], ["ls", "--help"], []):
        assert dbt(shop, args, target=None) in (0, 2)
    with pytest.raises(BuildError):
        dbt(shop, ["ls"], target=None)
