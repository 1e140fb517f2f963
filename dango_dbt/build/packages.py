"""Installs the dbt packages that the project declares and that are not there."""

from __future__ import annotations

from typing import Any

import yaml

from dango_dbt.build.events import EventReader, plain
from dango_dbt.build.runners import runner
from dango_dbt.errors import BuildError
from dango_dbt.progress import Progress
from dango_dbt.project import DbtProject
from dango_dbt.yaml_files import syntax_error

__all__ = ["ensure_packages"]

#: Where a package comes from: the key that identifies its entry.
_ORIGINS = ("package", "git", "local", "tarball", "private")


def ensure_packages(project: DbtProject, progress: Progress) -> None:
    """Run `dbt deps` if a declared package is not installed; otherwise do nothing.

    Raises:
        BuildError: dbt could not install them.
        ConfigError: packages.yml or dependencies.yml is no YAML, or dbt is not installed.
    """
    if not _is_missing(project):
        return
    progress.build_started("dbt deps")
    reader = EventReader(progress)
    outcome = runner().run(project, ["deps"], reader)
    if outcome.exit_code != 0:
        said = plain(reader.error or outcome.error or f"exit code {outcome.exit_code}")
        raise BuildError(
            f"`dbt deps` could not install the packages: {said}",
            hint="mend packages.yml, or run `dango-dbt dbt deps` where the network reaches them",
        )


def _is_missing(project: DbtProject) -> bool:
    """Whether a package is declared or locked, but not there.

    A version that was changed since is not noticed, as dbt does not: installing needs a network.
    """
    declared = [
        package
        for file in ("packages.yml", "dependencies.yml")
        for package in _packages(project, file)
    ]
    if not declared:
        return False
    folders = project.packages
    installed = [entry for entry in folders.iterdir() if entry.is_dir()] if folders.is_dir() else []
    if len(installed) < len(declared):
        return True
    locked = _packages(project, "package-lock.yml")
    if any("name" in package and not (folders / package["name"]).is_dir() for package in locked):
        return True
    known = {_origin(package) for package in locked}
    new = {_origin(package) for package in declared} - known
    return bool(locked) and any("{{" not in origin for origin in new)


def _packages(project: DbtProject, file: str) -> list[dict[str, Any]]:
    path = project.directory / file
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except yaml.YAMLError as error:
        raise syntax_error(path, error) from error
    packages = raw.get("packages") if isinstance(raw, dict) else None
    return [entry for entry in packages or [] if isinstance(entry, dict)]


def _origin(package: dict[str, Any]) -> str:
    return next((str(package[key]) for key in _ORIGINS if key in package), "")
