"""What a change of files is about, and which sources it affects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.discovery import imported_modules, module_files, read_module
from dango_dbt.project import ProjectLayout

__all__ = [
    "Changes",
    "env_file",
    "is_watched",
    "settings_files",
    "sources_edited",
    "sources_using",
]

#: What dbt reads. Warehouses, logs and what editors put beside a file are not among them.
_READ_BY_DBT = frozenset({".csv", ".md", ".py", ".sql", ".yaml", ".yml"})
#: Keys of a source's entry that change what is generated, and nothing that is loaded.
_GENERATION = frozenset({"description", "freshness", "schedule", "staging"})
_DLT_FILES = ("config.toml", "secrets.toml")


@dataclass(frozen=True)
class Changes:
    """Files that have changed, come or gone.

    Attributes:
        code: Python files of custom_sources/.
        dbt: files of the dbt project.
        settings: `.env` and dlt's files: any source may read any of them.
        sources_file: whether sources.yml is one of them.
    """

    code: frozenset[Path] = frozenset()
    dbt: frozenset[Path] = frozenset()
    settings: frozenset[Path] = frozenset()
    sources_file: bool = False

    @classmethod
    def of(cls, layout: ProjectLayout, paths: Iterable[Path]) -> Changes:
        """Say what some files are; each is watched."""
        paths = frozenset(paths)
        code = frozenset(path for path in paths if path.is_relative_to(layout.custom_sources))
        settings = paths & frozenset(settings_files(layout))
        sources_file = layout.sources_file in paths
        return cls(code, paths - code - settings - {layout.sources_file}, settings, sources_file)

    def __or__(self, other: Changes) -> Changes:
        """Join changes that were not taken up with later ones."""
        return Changes(
            self.code | other.code,
            self.dbt | other.dbt,
            self.settings | other.settings,
            self.sources_file or other.sources_file,
        )

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.paths or self.sources_file)

    @property
    def paths(self) -> frozenset[Path]:
        """All files but sources.yml."""
        return self.code | self.dbt | self.settings


def env_file(layout: ProjectLayout) -> Path:
    """The variables of a project, which sources, dlt and dbt read."""
    return layout.root / ".env"


def settings_files(layout: ProjectLayout) -> list[Path]:
    """Name the files with settings and secrets, whether they are there or not."""
    return [env_file(layout), *(layout.root / ".dlt" / name for name in _DLT_FILES)]


def is_watched(layout: ProjectLayout, path: Path) -> bool:
    """Whether a file is one that a person writes, and that has an effect on what is built."""
    if path == layout.sources_file or path in settings_files(layout):
        return True
    if path.is_relative_to(layout.custom_sources):
        return path.suffix == ".py" and _is_visible(path, layout.custom_sources)
    if not path.is_relative_to(layout.dbt.directory):
        return False
    if any(path.is_relative_to(each) for each in (layout.dbt.target_path, layout.dbt.packages)):
        return False
    read = path.suffix.lower() in _READ_BY_DBT or _may_be_folder(path)
    return read and _is_visible(path, layout.dbt.directory)


def _may_be_folder(path: Path) -> bool:
    """Whether it is, or was, a folder: of one that is moved, the files are not told."""
    return path.name.isidentifier() and (path.is_dir() or not path.exists())


def _is_visible(path: Path, folder: Path) -> bool:
    return not any(part.startswith((".", "__pycache__")) for part in path.relative_to(folder).parts)


def sources_using(
    config: SourcesConfig, custom_sources: Path, changed: Collection[Path]
) -> list[str]:
    """Name the enabled sources whose module, or something that it imports, is among some files.

    A module that lies in a package uses all of the package.
    """
    if not changed:
        return []
    names = {_module(path, custom_sources) for path in changed}
    tops = {name.partition(".")[0] for name in names if "." in name}
    files = module_files(custom_sources)
    found = []
    for source in config.sources:
        module = source.code.module
        used = _with_imports(module, files)
        if source.enabled and (used & names or module.partition(".")[0] in tops):
            found.append(source.name)
    return found


def _module(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _with_imports(module: str, files: dict[str, Path]) -> set[str]:
    """Name a module, the packages that it is in, and all that they import, at any remove."""
    used: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in used:
            continue
        used.add(name)
        if parent := name.rpartition(".")[0]:
            waiting.append(parent)
        if name in files:
            try:
                waiting += imported_modules(read_module(files[name], name))
            except (SyntaxError, OSError):
                continue  # the load tells what is wrong with it
    return used


def sources_edited(before: SourcesConfig, after: SourcesConfig) -> list[str]:
    """Name the sources to load after sources.yml was edited: those that are new or others now.

    A broken entry is among them, since loading it says what is wrong with it.
    """
    known = {source.name: source for source in before.sources}
    sound = [
        source.name
        for source in after.sources
        if source.enabled and _differing(known.get(source.name), source) - _GENERATION
    ]
    return [*sound, *(source.name for source in after.broken if source.enabled)]


def _differing(before: SourceConfig | None, after: SourceConfig) -> set[str]:
    return set(_keys(before, after))


def _keys(before: SourceConfig | None, after: SourceConfig) -> Iterator[str]:
    for key in type(after).model_fields:
        if before is None or getattr(before, key) != getattr(after, key):
            yield key
