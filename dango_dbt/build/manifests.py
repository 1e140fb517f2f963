"""Keeps the manifest that dbt has parsed in this process, for its next run on the same project.

Parsing is what a small build spends most of its time with. A manifest is handed on only if nothing
that it is made of has changed since: otherwise the old code would be built. What cannot be told
counts as changed, and dbt parses as it always does.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from dango_dbt.project import DbtProject

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

__all__ = ["Parsed"]

_COMMANDS = frozenset({"build", "ls"})
#: Options that do not change what is parsed; with any other one nothing is kept.
_OF_THE_RUN = frozenset(
    {
        "--exclude",
        "--fail-fast",
        "--indirect-selection",
        "--log-level",
        "--no-write-json",
        "--output",
        "--output-keys",
        "--select",
        "--selector",
        "--state",
        "--threads",
        "--write-json",
        "-s",
        "-x",
    }
)
#: What dbt reads of a project, and of its packages. Seeds, logs and warehouses lie there, too.
_READ = frozenset({".csv", ".md", ".py", ".sql", ".yaml", ".yml"})
_READ_BY_NAME = frozenset({".dbtignore"})
#: Events of dbt's at which it has parsed, and has not begun to compile: of `build`, and of `ls`.
_HAS_PARSED = frozenset({"FoundStats", "PrintEvent"})
_HAS_BEGUN = "MainReportVersion"

_File = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class _Inputs:
    """All that a manifest is made of."""

    project: Path
    target: tuple[str, ...]
    files: frozenset[_File]
    environment: frozenset[tuple[str, str]]


#: The last manifest only: a process works on one project and target, as a rule. As bytes, since a
#: run changes what it works with, and pickling takes a quarter of the time of a deep copy.
_kept: list[tuple[_Inputs, bytes]] = []


class Parsed:
    """The manifest of one run of dbt: kept from an earlier one, or to be kept for a later one.

    Make it inside the project's folder, with the run's environment.

    Attributes:
        manifest: a copy, which the run may change; None: dbt has to parse.
        used: what the run works with, once it has one.
    """

    def __init__(self, project: DbtProject, args: Sequence[str]) -> None:
        self._project, self._args = project, args
        self._inputs = _inputs(project, args)
        self.manifest: Manifest | None = None
        if self._inputs is not None and _kept and _kept[0][0] == self._inputs:
            self.manifest = _read(_kept[0][1])
        self.used = self.manifest

    def listen(self, event: str) -> None:
        """Take the name of one of the run's events, as it is told."""
        if self.manifest is not None:
            if event == _HAS_BEGUN:
                _renew(self.manifest)
        elif event in _HAS_PARSED:
            self._keep()

    def _keep(self) -> None:
        inputs, manifest = self._inputs, _current()
        self.used = manifest or self.used
        if inputs is None or manifest is None:
            return  # a macro has printed while it was parsed, or a model of another thread
        _kept.clear()
        if _inputs(self._project, self._args) == inputs:  # else: edited meanwhile
            with suppress(pickle.PicklingError, TypeError, AttributeError, RecursionError):
                _kept.append((inputs, _write(manifest)))
        self._inputs = None


def _write(manifest: Manifest) -> bytes:
    """Write what was parsed, and not what is looked up in it: dbt makes that again.

    dbt's own way to pickle a manifest leaves out its fixtures, and puts each of what comes after
    them in another one's place.
    """
    parsed = {
        field.name: getattr(manifest, field.name)
        for field in fields(manifest)
        if not field.name.startswith("_")
    }
    return pickle.dumps(parsed, pickle.HIGHEST_PROTOCOL)


def _read(written: bytes) -> Manifest:
    from dbt.contracts.graph.manifest import Manifest

    return Manifest(**pickle.loads(written))  # noqa: S301 - our own


def _current() -> Manifest | None:
    """Take the manifest of the run that is under way from where dbt's commands have it."""
    import click
    from dbt.contracts.graph.manifest import Manifest

    context = click.get_current_context(silent=True)
    obj = context.obj if context is not None else None
    if not isinstance(obj, dict) or obj.get("catalogs"):
        return None  # catalogs are made known to the adapter by parsing
    manifest = obj.get("manifest")
    return manifest if isinstance(manifest, Manifest) else None


def _renew(manifest: Manifest) -> None:
    """Let the manifest be this run's, as dbt does with one that it has parsed in part."""
    from dbt_common.invocation import get_invocation_id, get_invocation_started_at

    manifest.metadata = replace(
        manifest.metadata,
        generated_at=datetime.now(timezone.utc).replace(tzinfo=None),
        invocation_id=get_invocation_id(),
        invocation_started_at=get_invocation_started_at(),
    )


def _inputs(project: DbtProject, args: Sequence[str]) -> _Inputs | None:
    """Say what dbt's manifest is made of; None where that cannot be told."""
    target = _target(args)
    if target is None:
        return None
    try:
        files = frozenset(_files(project))
    except (OSError, yaml.YAMLError, ValueError):
        return None  # dbt says itself what is wrong
    return _Inputs(project.directory, target, files, frozenset(os.environ.items()))


def _target(args: Sequence[str]) -> tuple[str, ...] | None:
    """Give the arguments that parsing depends on; None: there are some that are not known."""
    command, *rest = args
    if command not in _COMMANDS:
        return None
    taken: list[str] = []
    for index, arg in enumerate(rest):
        if arg == "--target" and index + 1 < len(rest):
            taken.append(rest[index + 1])
        elif arg.startswith("-") and arg.partition("=")[0] not in _OF_THE_RUN:
            return None
    return tuple(taken)


def _files(project: DbtProject) -> Iterator[_File]:
    """Describe the files that dbt reads so that a change of one of them shows."""
    visited = {_identity(project.target_path)}
    profiles = project.profiles_dir / "profiles.yml"
    yield _file(profiles)
    for top in (project.directory, project.packages, *_elsewhere(project)):
        for folder, folders, names in os.walk(top, followlinks=True):
            folders[:] = [name for name in folders if _is_read(Path(folder, name), visited)]
            for name in names:
                if name in _READ_BY_NAME or os.path.splitext(name)[1].lower() in _READ:  # noqa: PTH122 - a Path for each costs more than the walk
                    yield _file(Path(folder, name))


def _is_read(folder: Path, visited: set[tuple[int, int]]) -> bool:
    """Whether to look into a folder: packages may be links, and links may lead back."""
    if folder.name == ".git" or (folder / "pyvenv.cfg").is_file():
        return False
    identity = _identity(folder)
    new = identity not in visited
    visited.add(identity)
    return new


def _identity(folder: Path) -> tuple[int, int]:
    try:
        stat = folder.stat()
    except OSError:  # a link that leads nowhere, or nothing was built yet
        return 0, 0
    return stat.st_dev, stat.st_ino


def _file(path: Path) -> _File:
    stat = path.stat()
    return str(path), stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino


def _elsewhere(project: DbtProject) -> Iterator[Path]:
    """Give the folders of the project that lie outside of it.

    Raises:
        ValueError: one of them depends on a variable.
    """
    raw = yaml.safe_load((project.directory / "dbt_project.yml").read_text(encoding="utf-8"))
    for key, value in raw.items():
        if not key.endswith("-paths") or not isinstance(value, list):
            continue
        for each in map(str, value):
            if "{{" in each:
                raise ValueError(each)
            path = project.directory / each
            if ".." in path.parts or not path.is_relative_to(project.directory):
                yield path
