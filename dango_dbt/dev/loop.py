"""The loop: wait for changes, do what they need, tell what came of it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import yaml

from dango_dbt import build as dbt
from dango_dbt import last_runs
from dango_dbt.api import Project
from dango_dbt.api.running import Selected
from dango_dbt.dev.changes import (
    Changes,
    env_file,
    is_watched,
    settings_files,
    sources_edited,
    sources_using,
)
from dango_dbt.dev.listening import Listening
from dango_dbt.dev.running import Work, run
from dango_dbt.dev.watching import FileState, changed_files, file_state
from dango_dbt.errors import BuildError, ConfigError, DangoError, SyncError
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout
from dango_dbt.results import Failure, FileResult, RunResult
from dango_dbt.selection import Selection

__all__ = ["DevOptions", "Round", "watch"]

#: After a change of these, what was built before says nothing of what is to be built now.
_DECIDE_ALL = frozenset({"profiles.yml"})


@dataclass(frozen=True)
class DevOptions:
    """How the loop works.

    Attributes:
        select: criteria of dbt's selection: nothing else is built.
        exclude: likewise, of what is not selected.
        target: name of the dbt target; None: the profile's default.
        threads: dbt's threads; None: the profile's.
        sync: load what is selected at the start, not only sources that were never loaded.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    target: str | None = None
    threads: int | None = None
    sync: bool = False


@dataclass(frozen=True)
class Round:
    """What was done about some changes.

    Attributes:
        changed: the files, relative to the project's root; none: it is the start.
    """

    changed: tuple[str, ...]
    result: RunResult


def watch(
    start: Path | None,
    options: DevOptions,
    tell: Callable[[Round], None],
    *,
    showing: Callable[[], AbstractContextManager[Progress]],
    stop: Event | None = None,
) -> None:
    """Bring a project up to date, then do what each change of its files needs, until Ctrl-C.

    Args:
        start: the folder that the project lies in; None: the current one.
        options: how.
        tell: is told what was done, each time.
        showing: gives what shows the progress of a run.
        stop: ends it, too, once nothing runs.

    Raises:
        ConfigError: there is no project, its files or an option are wrong; later mistakes are
            told instead.
        KeyboardInterrupt: Ctrl-C has stopped a run.
    """
    loop = _Loop(Project.find(start), options, showing)
    layout = loop.project.layout
    folders = [layout.sources_file.parent, layout.custom_sources, layout.dbt.directory]
    running = False
    files = changed_files(
        folders, settings_files(layout), lambda path: is_watched(layout, path), stop or Event()
    )
    try:
        for paths in files:
            changes = Changes.of(layout, loop.of_others(paths))
            if paths and not changes:
                continue
            running = True
            done = loop.take_up(changes) if paths else loop.begin()
            running = False
            tell(done)
    except KeyboardInterrupt:
        if running:
            raise


class _Loop:
    """What is remembered from one change to the next."""

    def __init__(
        self,
        project: Project,
        options: DevOptions,
        showing: Callable[[], AbstractContextManager[Progress]],
    ) -> None:
        self.project = project
        self._options, self._showing = options, showing
        self._selection = Selection.of(options.select, options.exclude)
        self._variables = _variables(project.layout)
        self._waiting = Changes()
        self._begun = False
        self._failed: set[str] = set()
        self._written: dict[Path, FileState] = {}

    def begin(self) -> Round:
        """Bring everything up to date: what was never loaded, and what has changed since.

        Where the warehouse cannot be opened, the next change tries again.
        """
        try:
            with self._showing() as shown:
                result = self._run(self.project, self._at_first(self.project), shown)
        except SyncError as error:
            return Round((), _ended_by(error))
        self._begun = True
        # All that has been imported and parsed stays: looking whether it can go takes longer than
        # a small build.
        gc.collect()
        gc.freeze()
        return Round((), result)

    def of_others(self, paths: Iterable[Path]) -> set[Path]:
        """Leave out files that are as the last run has written them; folders are their files."""
        layout = self.project.layout
        found: set[Path] = set()
        for path in paths:
            inside = path.rglob("*") if path.is_dir() else [path]
            found.update(each for each in inside if is_watched(layout, each) and not each.is_dir())
        return {path for path in found if self._written.get(path, ()) != file_state(path)}

    def take_up(self, changes: Changes) -> Round:
        """Do what some changes need; what cannot be done now is tried again with the next."""
        layout = self.project.layout
        # What has no suffix and is gone may be an editor's, beside the file that it has written.
        named = [path for path in changes.paths if path.suffix or path.exists()]
        shown = sorted(map(layout.shown, named or changes.paths))
        shown += [layout.shown(layout.sources_file)] if changes.sources_file else []
        changes |= self._waiting
        self._waiting = changes
        try:
            project = Project.find(layout.root)
            if project.layout != layout:
                raise ConfigError(
                    "the dbt project is in other folders now", hint="start `dango-dbt dev` again"
                )
            with self._showing() as progress:
                work = self._work(project, changes) if self._begun else self._at_first(project)
                result = self._run(project, work, progress)
        except DangoError as error:
            return Round(tuple(shown), _ended_by(error))
        self.project, self._waiting, self._begun = project, Changes(), True
        self._variables = _variables(layout)
        return Round(tuple(shown), result)

    # ---------------------------------------------------------------- the parts

    def _at_first(self, project: Project) -> Work:
        """Say what to do at the start: load all that is selected or what was never loaded."""
        layout, config = project.layout, project.config
        if self._options.sync:
            return Work(Selected((), self._selection), generate=True)
        state = layout.state(self._options.target or dbt.taken_target(layout.dbt))
        never = [
            source.name
            for source in config.sources
            if source.enabled and last_runs.read(state, source.name) is None
        ]
        never += [source.name for source in config.broken if source.enabled]
        if never and self._selection:
            never = self._selected(never)
        return Work(Selected(tuple(never), Selection()) if never else None, generate=True)

    def _selected(self, names: list[str]) -> list[str]:
        """Keep the sources that are selected, and those that dbt does not know of yet."""
        layout = self.project.layout
        try:
            listed = dbt.list_nodes(layout.dbt, self._selection, target=self._options.target)
        except BuildError:
            return names  # as a rule since they were never loaded
        selected = {node.table[0] for node in listed.nodes.values() if node.table}
        return [
            name for name in names if name in selected or not layout.accepted_schema(name).is_file()
        ]

    def _work(self, project: Project, changes: Changes) -> Work:
        layout, config = project.layout, project.config
        names = set(sources_using(config, layout.custom_sources, changes.code))
        if changes.sources_file:
            names.update(sources_edited(self.project.config, config))
        enabled = [source.name for source in config.sources if source.enabled]
        if changes.settings:
            names.update(self._selected(enabled) if self._selection else enabled)
        if changes.code or changes.sources_file:
            names |= self._failed & set(enabled)
        inside = layout.dbt.directory
        return Work(
            load=Selected(tuple(sorted(names)), Selection()) if names else None,
            generate=changes.sources_file,
            seeds=tuple(
                path.relative_to(inside)
                for path in sorted(changes.dbt)
                if path.suffix == ".csv" and path.is_file()
            ),
            everything=_variables(layout) != self._variables
            or env_file(layout) in changes.settings
            or any(path.name in _DECIDE_ALL for path in changes.dbt),
            build=bool(names or changes.sources_file or changes.dbt or changes.settings),
        )

    def _run(self, project: Project, work: Work, shown: Progress) -> RunResult:
        result = run(
            project,
            work,
            self._selection,
            target=self._options.target,
            threads=self._options.threads,
            progress=Listening(shown, self._note),
        )
        for source in result.sources or ():
            (self._failed.add if source.status == "failed" else self._failed.discard)(source.name)
        return result

    def _note(self, files: Iterable[FileResult]) -> None:
        """Remember what has just been generated, to tell it from what a person writes."""
        for file in files:
            path = self.project.layout.root / file.path
            self._written[path] = file_state(path)


def _ended_by(error: DangoError) -> RunResult:
    return RunResult("dev", error=Failure.of(error), error_code=error.exit_code)


def _variables(layout: ProjectLayout) -> Any:  # noqa: ANN401 - any YAML
    """Read `vars:` of dbt_project.yml, which `state:modified` does not look at."""
    try:
        raw = yaml.safe_load((layout.dbt.directory / "dbt_project.yml").read_text("utf-8"))
        return raw.get("vars")
    except (OSError, yaml.YAMLError, AttributeError):
        return None  # told where the project is opened
