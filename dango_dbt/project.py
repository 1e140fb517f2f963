"""Where things are: the project's root, its dbt project, state, and the resolved dbt target."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dango_dbt.errors import ConfigError, Place
from dango_dbt.yaml_files import read_text, syntax_error

__all__ = [
    "SOURCES_FILE",
    "DbtProject",
    "ProjectLayout",
    "Target",
    "dbt_variable",
    "find_root",
]

SOURCES_FILE = Path(".dango", "sources.yml")


@dataclass(frozen=True)
class Target:
    """One output of profiles.yml, rendered: where data lives.

    Attributes:
        name: the target's name, such as `dev`.
        type: the adapter, such as `duckdb`.
        schema: the schema that dbt builds into by default.
        fields: all fields of the output, secrets included: never print them.
        directory: what relative paths in the fields are relative to (dbt's working directory).
        place: where the output stands in profiles.yml.
    """

    name: str
    type: str
    schema: str
    fields: Mapping[str, Any] = field(repr=False)
    directory: Path
    place: Place


@dataclass(frozen=True)
class DbtProject:
    """The few facts of a dbt project that are needed without dbt; paths are absolute."""

    directory: Path
    name: str
    profile: str
    models: Path
    macros: Path
    packages: Path
    target_path: Path

    @classmethod
    def named(cls, root: Path, folder: str, place: Place) -> DbtProject:
        """Read the dbt project that sources.yml names.

        Args:
            root: the root of our project.
            folder: the dbt project's, relative to it.
            place: where sources.yml names it, or might.

        Raises:
            ConfigError: as `read`.
        """
        try:
            return cls.read((root / folder).resolve())
        except ConfigError as error:
            raise ConfigError(error.message, place=error.place or place, hint=error.hint) from error

    @classmethod
    def read(cls, directory: Path) -> DbtProject:
        """Read `dbt_project.yml`.

        Raises:
            ConfigError: it is missing, cannot be read, or is no YAML mapping with a name.
        """
        path = directory / "dbt_project.yml"
        try:
            raw = yaml.safe_load(read_text(path))
        except FileNotFoundError as error:
            raise ConfigError(
                f"there is no dbt project in {directory}",
                hint="name its folder as `dbt_project:` in .dango/sources.yml, or run"
                " `dango-dbt init`",
            ) from error
        except yaml.YAMLError as error:
            raise syntax_error(path, error) from error
        if not isinstance(raw, dict) or "name" not in raw:
            raise ConfigError("a dbt project needs a `name`", place=Place(path))
        return cls(
            directory=directory,
            name=str(raw["name"]),
            profile=str(raw.get("profile") or raw["name"]),
            models=directory / _first(raw.get("model-paths"), "models"),
            macros=directory / _first(raw.get("macro-paths"), "macros"),
            packages=directory
            / (
                dbt_variable("PACKAGES_INSTALL_PATH")
                or _first(raw.get("packages-install-path"), "dbt_packages")
            ),
            target_path=directory
            / (dbt_variable("TARGET_PATH") or _first(raw.get("target-path"), "target")),
        )

    @property
    def profiles_dir(self) -> Path:
        """Where dbt looks for profiles.yml: DBT_PROFILES_DIR, the project, `~/.dbt`.

        The order is dbt's: https://docs.getdbt.com/docs/core/connect-data-platform/profiles.yml
        """
        if configured := dbt_variable("PROFILES_DIR"):
            return Path(configured).expanduser().absolute()
        if (self.directory / "profiles.yml").is_file():
            return self.directory
        return Path.home() / ".dbt"


@dataclass(frozen=True)
class ProjectLayout:
    """The places of a project: everything that has a path is asked for here."""

    root: Path
    dbt: DbtProject

    @property
    def sources_file(self) -> Path:
        """What to load."""
        return self.root / SOURCES_FILE

    @property
    def custom_sources(self) -> Path:
        """dlt code of the user's own."""
        return self.root / "custom_sources"

    @property
    def schemas(self) -> Path:
        """dlt schemas as last accepted, in git."""
        return self.root / ".dango" / "schemas"

    @property
    def generated(self) -> Path:
        """Pristine copies of what was generated, in git."""
        return self.root / ".dango" / "generated"

    def accepted_schema(self, source: str) -> Path:
        """The file of a source's accepted schema."""
        return self.schemas / f"{source}.yaml"

    def live_schema(self, target: str, source: str) -> Path:
        """The file with the schema of a source's last successful load, until it is accepted."""
        return self.state(target) / f"{source}.live.yaml"

    def taken_schema(self, target: str, source: str) -> Path:
        """The same, once `generate` has taken it into the accepted schema."""
        return self.state(target) / f"{source}.taken.yaml"

    def compiled(self, target: str) -> Path:
        """The folder that dbt compiles into where it is to tell what uses a column."""
        return self.root / ".dango" / "state" / ".compiled" / target

    def pristine(self, path: Path) -> Path:
        """Where the pristine copy of a generated file of the dbt project is kept.

        Raises:
            ConfigError: the file lies outside the dbt project (an absolute `model-paths:`).
        """
        if not path.is_relative_to(self.dbt.directory) or ".." in path.parts:
            raise ConfigError(
                f"{path} is outside the dbt project {self.dbt.directory}",
                hint="the first of `model-paths:` and `macro-paths:` must be folders inside it",
            )
        return self.generated / path.relative_to(self.dbt.directory)

    def conflict(self, path: Path) -> Path:
        """Where the text that is proposed for a generated file in conflict is kept, not in git."""
        return self.root / ".dango" / "conflicts" / self.shown(path).replace("../", "")

    def shown(self, path: Path) -> str:
        """Name a path as people should see it: relative to the project's root."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def state(self, target: str) -> Path:
        """dlt's working folders for one target, not in git."""
        return self.root / ".dango" / "state" / target


def find_root(start: Path) -> Path:
    """Find the project that `start` lies in: the nearest folder upwards with .dango/sources.yml.

    Raises:
        ConfigError: there is none.
    """
    start = start.resolve()
    if not start.is_dir():
        raise ConfigError(f"there is no folder {start}")
    for folder in (start, *start.parents):
        if (folder / SOURCES_FILE).is_file():
            return folder
    raise ConfigError(
        f"neither {start} nor a folder above it has a .dango/sources.yml",
        hint="create a project with `dango-dbt init DIR`, or name one with --project-dir",
    )


def dbt_variable(name: str) -> str | None:
    """Read one of dbt's own variables; the longer name, new in dbt 1.11, comes first."""
    return os.environ.get(f"DBT_ENGINE_{name}") or os.environ.get(f"DBT_{name}")


def _first(paths: object, default: str) -> str:
    """dbt takes lists of paths; the first is where we write."""
    if isinstance(paths, list) and paths:
        return str(paths[0])
    return str(paths) if isinstance(paths, str) and paths else default
