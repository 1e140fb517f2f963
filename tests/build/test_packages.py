from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping

import pytest

from dango_dbt.build import build, ensure_packages
from dango_dbt.errors import BuildError, ConfigError
from dango_dbt.progress import Progress
from dango_dbt.project import DbtProject

#: Writes a dbt project from its files; again: more files, or others.
Write = Callable[[Mapping[str, str]], DbtProject]

USES_A_PACKAGE = {
    "models/orders.sql": "select {{ helper.one() }} as id",
    "packages.yml": "packages: [{local: ../helper}]\n",
    "../helper/dbt_project.yml": "name: helper\n",
    "../helper/macros/one.sql": "{% macro one() %}1{% endmacro %}",
}


class Commands(Progress):
    """Remembers which commands were started."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def build_started(self, command: str) -> None:
        self.started.append(command)


def commands_of(shop: DbtProject) -> list[str]:
    progress = Commands()
    ensure_packages(shop, progress)
    return progress.started


@pytest.mark.usefixtures("any_runner")
def test_a_declared_package_is_installed_once_before_the_build(
    project: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    shop = project(USES_A_PACKAGE)
    progress = Commands()
    result = build(shop, target=None, threads=None, full_refresh=False, progress=progress)
    assert result.status == "success"
    assert progress.started == ["dbt deps", "dbt build"]
    assert capfd.readouterr().out == ""
    assert commands_of(shop) == []


def test_what_is_missing_is_installed_again(project: Write) -> None:
    shop = project(USES_A_PACKAGE)
    assert commands_of(shop) == ["dbt deps"]
    (shop.packages / "helper").unlink()
    (shop.packages / "another").mkdir()  # as many folders as packages, but not the right one
    assert commands_of(shop) == ["dbt deps"]
    shutil.rmtree(shop.packages)
    assert commands_of(shop) == ["dbt deps"]
    assert commands_of(shop) == []


def test_a_package_declared_later_is_installed_even_where_others_bring_folders(
    project: Write,
) -> None:
    shop = project(
        {
            **USES_A_PACKAGE,
            "../helper/packages.yml": "packages: [{local: ../base}]\n",
            "../base/dbt_project.yml": "name: base\n",
            "../late/dbt_project.yml": "name: late\n",
        },
    )
    assert commands_of(shop) == ["dbt deps"]
    assert (shop.packages / "base").is_dir()
    project({"packages.yml": "packages: [{local: ../helper}, {local: ../late}]\n"})
    assert commands_of(shop) == ["dbt deps"]
    assert (shop.packages / "late").is_dir()


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"packages.yml": ""},
        {"packages.yml": "packages: []\n"},
        {"dependencies.yml": "projects: [{name: other}]\n"},
    ],
)
def test_where_no_package_is_declared_dbt_is_not_run(project: Write, files: dict[str, str]) -> None:
    assert commands_of(project(files)) == []


def test_packages_of_dependencies_yml_count(project: Write) -> None:
    files = dict(USES_A_PACKAGE)
    files["dependencies.yml"] = files.pop("packages.yml")
    assert commands_of(project(files)) == ["dbt deps"]


def test_a_package_that_cannot_be_installed_is_an_error_and_nothing_is_built(
    project: Write,
) -> None:
    shop = project({"packages.yml": "packages: [{local: ../nowhere}]\n"})
    with pytest.raises(BuildError, match=r"(?s)could not install the packages: .*nowhere"):
        ensure_packages(shop, Commands())
    progress = Commands()
    result = build(shop, target=None, threads=None, full_refresh=False, progress=progress)
    assert result.status == "not_run"
    assert progress.started == ["dbt deps"]


def test_broken_yaml_is_placed(project: Write) -> None:
    shop = project({"packages.yml": "packages: [\n"})
    with pytest.raises(ConfigError, match=r"packages\.yml:2:1: not valid YAML"):
        ensure_packages(shop, Commands())
