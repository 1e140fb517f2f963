"""`source add`: what is to be written is worked out first, and refused before anything is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from dango_dbt.adding.fetching import LOCATION, Fetched, fetched, without_password
from dango_dbt.adding.package import Chosen, choose, make_relative
from dango_dbt.adding.project_files import (
    CONFIG,
    REQUIREMENTS,
    SECRETS,
    not_ignored,
    project_root,
    refuse_taken,
    with_entry,
)
from dango_dbt.adding.requirements import add_requirements, needed
from dango_dbt.adding.toml_keys import add_keys
from dango_dbt.adding.writing import Edit, write_all
from dango_dbt.config import SourceConfig, SourcesConfig, load
from dango_dbt.credentials import variables
from dango_dbt.env_example import with_variables
from dango_dbt.errors import ConfigError
from dango_dbt.files import read_exactly
from dango_dbt.project import SOURCES_FILE
from dango_dbt.results import AddedSource, FileResult
from dango_dbt.verified import verified_name

__all__ = ["add_verified"]

_ENV_EXAMPLE = Path(".env.example")


def add_verified(
    start: Path, name: str, source: str, *, location: str | None = None
) -> AddedSource:
    """Bring a dlt verified source into the project that a folder lies in.

    Nothing that is there is overwritten: texts only get more lines. An entry of this name that
    waits for the code, since it names `dlt.sources.X` or the module itself, is left to the user.

    Args:
        start: a folder of the project.
        name: what the source is to be called here, in sources.yml and custom_sources/.
        source: what it is called in the repository.
        location: the repository, a path or an address; None: dlt's own.

    Raises:
        ConfigError: the name is taken or is none, the source is not to be had, or a file of the
            project is broken; nothing has been written then.
        GenerateError: a file cannot be read or written; nothing is left of it then.
    """
    root = project_root(start)
    config = load(root / SOURCES_FILE) if (root / SOURCES_FILE).is_file() else SourcesConfig()
    package = root / "custom_sources" / name
    waiting = _check_name(config, package, name, source)
    with fetched(source, location or LOCATION) as found:
        make_relative(found.package, source)
        chosen = choose(found.package, name, source)
        plan = _Plan(root, name, source, found, chosen, waiting)
        edits = plan.edits(config)
        write_all(edits, (found.package, package))
        return plan.result(without_password(location or LOCATION), edits)


def _check_name(
    config: SourcesConfig, package: Path, name: str, source: str
) -> SourceConfig | None:
    """Refuse a name that is taken, and give the entry that waits for the code.

    Raises:
        ConfigError: the name is taken, or is none.
    """
    refuse_taken(package.parents[1], name)
    entry = next((one for one in config.sources if one.name == name), None)
    if entry is not None:
        module = entry.code.module
        if module.partition(".")[0] != name and verified_name(module) != source:
            raise ConfigError(
                f"there is a source `{name}` already, whose code is `{module}`",
                place=config.place_of(entry),
                hint="choose another name, or remove the entry",
            )
    return entry


class _Plan:
    """What becomes of a project's files."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that the files follow from
        self,
        root: Path,
        name: str,
        source: str,
        found: Fetched,
        chosen: Chosen,
        waiting: SourceConfig | None,
    ) -> None:
        self.root = root
        self.name = name
        self.source = source
        self.found = found
        self.chosen = chosen
        self.waiting = waiting
        self.needs, self.of_dlt = needed(found.requirements)
        self.kwargs: Mapping[str, Any] = waiting.code.kwargs if waiting else chosen.kwargs
        self.secrets: list[str] = []
        self.config: list[str] = []
        self.requirements: list[str] = []

    def edits(self, config: SourcesConfig) -> list[Edit]:
        """Work out all texts; sources.yml comes last, which makes a source of it."""
        added = {**self.chosen.kwargs, **self.kwargs}
        all_kwargs = [one.code.kwargs for one in config.sources]
        requirements = self._text(REQUIREMENTS) or ""
        requirements, self.requirements = add_requirements(requirements, self.needs)
        secrets, self.secrets = self._keys(SECRETS, self.found.secrets, added)
        settings, self.config = self._keys(CONFIG, self.found.config, added)
        example = with_variables(self._text(_ENV_EXAMPLE), variables([*all_kwargs, self.kwargs]))
        wanted = [
            (REQUIREMENTS, requirements, False),
            (CONFIG, settings, False),
            (SECRETS, secrets, bool(self.secrets)),
            (_ENV_EXAMPLE, example, False),
        ]
        if self.waiting is None:
            wanted.append((SOURCES_FILE, self._sources(), False))
        edits = [
            Edit(self.root / path, self._text(path), text or "", private)
            for path, text, private in wanted
        ]
        return [edit for edit in edits if edit.after != (edit.before or "")]

    def result(self, location: str, edits: Iterable[Edit]) -> AddedSource:
        """Tell what was done, and what is left to the user."""
        package = f"custom_sources/{self.name}/"
        files = [
            FileResult(
                edit.path.relative_to(self.root).as_posix(),
                "created" if edit.before is None else "updated",
            )
            for edit in edits
        ]
        return AddedSource(
            name=self.name,
            origin=f"verified source {self.source}",
            verified=self.source,
            location=location,
            module=self.chosen.module,
            function=self.chosen.function,
            files=(FileResult(package, "created"), *files),
            requirements=tuple(self.requirements),
            secrets=tuple(self.secrets),
            config=tuple(self.config),
            variables=tuple(dict.fromkeys(variables(self.kwargs))),
            notes=tuple(self._notes()),
        )

    def _text(self, path: Path) -> str | None:
        return read_exactly(self.root / path)

    def _keys(
        self, path: Path, values: Mapping[str, Any], given: Mapping[str, Any]
    ) -> tuple[str, list[str]]:
        """Add keys under the source's name, where sync looks first; not what the entry gives."""
        values = {key: value for key, value in values.items() if key not in given}
        return add_keys(self._text(path) or "", ("sources", self.name), values, path)

    def _sources(self) -> str:
        """Add the entry."""
        native = {
            "source_module": self.chosen.module,
            "source_function": self.chosen.function,
            **({"function_kwargs": self.chosen.kwargs} if self.chosen.kwargs else {}),
        }
        entry = {"name": self.name, "type": "dlt_native", "enabled": True, "dlt_native": native}
        return with_entry(self._text(SOURCES_FILE), entry)

    def _notes(self) -> Iterable[str]:
        if self.waiting is not None:
            yield from _to_change(self.waiting, self.chosen)
        if self.chosen.others:
            others = ", ".join(f"`{one}`" for one in self.chosen.others)
            yield (
                f"`{self.chosen.function}` is the function of the entry; the module has {others}"
                " as well: for another one change `source_function` and `function_kwargs`"
            )
        if self.of_dlt is not None and not _is_installed(self.of_dlt):
            yield (
                f"`{self.source}` was made for dlt{self.of_dlt.specifier}, and {version('dlt')} is"
                " installed: its code may have to be changed"
            )
        yield from not_ignored(self.root, self.secrets)


def _to_change(entry: SourceConfig, chosen: Chosen) -> Iterable[str]:
    """Say what to change in an entry that was there, so that it names the code."""
    code = entry.code
    functions = (chosen.function, *chosen.others)
    lines = []
    if code.module != chosen.module:
        lines.append(f"`source_module: {chosen.module}`")
    if code.function not in functions:
        lines.append(f"`source_function: {chosen.function}`")
    if missing := [key for key in chosen.kwargs if key not in code.kwargs]:
        lines.append(f"{', '.join(f'`{key}`' for key in missing)} under `function_kwargs`")
    if lines:
        yield (
            f"{SOURCES_FILE.as_posix()} has an entry `{entry.name}`, which stays as it is: write"
            f" {' and '.join(lines)} in it"
        )


def _is_installed(of_dlt: Requirement) -> bool:
    return of_dlt.specifier.contains(version("dlt"), prereleases=True)
