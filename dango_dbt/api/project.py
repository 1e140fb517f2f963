"""The facade: one method a command."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dango_dbt import build as dbt
from dango_dbt import credentials
from dango_dbt.api.building import BuildOptions, build_after, build_given
from dango_dbt.api.due import without_build
from dango_dbt.api.generating import (
    accept_file,
    accept_properties,
    file_results,
    write_generated,
)
from dango_dbt.api.left_out import warn_of_removed
from dango_dbt.api.listing import list_sources, remove_source, warnings_of_broken
from dango_dbt.api.loading import LoadOptions, refuse_unknown, restore_schemas
from dango_dbt.api.one_source import ProjectSource
from dango_dbt.api.running import Selected, sync_and_generate
from dango_dbt.api.targets import adapter_followed, target_to_load
from dango_dbt.config import SourcesConfig, in_one, load_sound
from dango_dbt.discovery import unreferenced
from dango_dbt.errors import ExitCode
from dango_dbt.findings import (
    JoinedGraph,
    ProjectStatus,
    SourceList,
    Unreferenced,
    Validation,
)
from dango_dbt.progress import Progress
from dango_dbt.project import SOURCES_FILE, DbtProject, ProjectLayout, find_root
from dango_dbt.results import RunResult
from dango_dbt.selection import Selection
from dango_dbt.validation import validate

if TYPE_CHECKING:
    from dango_dbt.api.planning import GenerationPlan
    from dango_dbt.deploy import Platform
    from dango_dbt.deployment import Deployment
    from dango_dbt.sync import Refresh

__all__ = ["PARALLEL_SOURCES", "Project"]

#: How many sources are loaded at the same time unless the caller says otherwise.
PARALLEL_SOURCES = 4


@dataclass(frozen=True)
class Project:
    """A dango-dbt project on disk; each method does what the command of its name does."""

    layout: ProjectLayout
    config: SourcesConfig

    @classmethod
    def find(cls, start: str | Path | None = None) -> Project:
        """Open the project that a folder (default: the current one) lies in.

        Loads the project's `.env` into the process's environment, overriding nothing. Where the
        entry of one source is wrong, `sync` and `sync_and_build` go on without that source,
        `list_sources` tells it, and the other methods refuse to work.

        Raises:
            ConfigError: there is no project, or its files are wrong.
        """
        root = find_root(Path(start or "."))
        credentials.load_env_file(root)
        config = load_sound(root / SOURCES_FILE)
        dbt_project = DbtProject.named(root, config.dbt_project, config.place("dbt_project"))
        return cls(ProjectLayout(root, dbt_project), config)

    def sync(  # noqa: PLR0913 - the command's options
        self,
        sources: Sequence[str] = (),
        *,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        selector: str | None = None,
        state: str | Path | None = None,
        target: str | None = None,
        due: bool = False,
        now: datetime | None = None,
        refresh: Refresh | None = None,
        allow_empty: bool = False,
        parallel: int = PARALLEL_SOURCES,
        fail_fast: bool = False,
        generate: bool = True,
        lock_timeout: float | None = None,
        progress: Progress | None = None,
    ) -> RunResult:
        """Load sources into the warehouse of a dbt target, then generate dbt code from them.

        Args:
            sources: names of the sources to load; none, and no selection: all that are enabled.
            select: criteria of dbt's selection; what is loaded are the sources' tables in it.
            exclude: likewise, of what is not selected.
            selector: the name of a selector in selectors.yml, instead of both.
            state: the folder with the artefacts that `state:` compares with.
            target: name of the dbt target; None: the profile's default.
            due: load only those that are due by their schedules, since their last load that
                succeeded; one without a schedule never is.
            now: the time that `due` goes by; None: that of this machine's clock.
            refresh: what raw data to drop first, in dlt's words; None: nothing.
            allow_empty: load although a filled table becomes empty by it.
            parallel: how many sources to load at the same time.
            fail_fast: begin with no other source once one has failed.
            generate: whether to generate dbt code afterwards.
            lock_timeout: how long to wait for another run on this target, in seconds; None: until
                it is done.
            progress: is told what happens while it happens.

        Raises:
            ConfigError: the project or an argument is wrong; nothing has been loaded then.
            BuildError: dbt cannot tell what is selected.
            SyncError: the DuckDB file cannot be opened; nothing has been loaded then.
            LockError: another run on this target is not done in time.
        """
        started = time.perf_counter()
        nodes = Selection.of(select, exclude, selector, state)
        selected = Selected(tuple(sources), nodes, due, now)
        options = LoadOptions(refresh, allow_empty, parallel, fail_fast)
        progress = progress or Progress()
        resolved = target_to_load(self.layout, self.config, target)
        with self._alone("sync", resolved.name, lock_timeout, progress):
            run = sync_and_generate(self, selected, options, resolved, progress, generate=generate)
        if run.build is not None:  # nothing is selected
            progress.warning(run.build.reason or "")
            run = replace(run, build=None)
        return replace(run, seconds=time.perf_counter() - started)

    def generate(  # noqa: PLR0913 - the command's options
        self,
        sources: Sequence[str] = (),
        *,
        target: str | None = None,
        check: bool = False,
        prune: bool = False,
        from_destination: bool = False,
        upgrade: bool = False,
        lock_timeout: float | None = None,
        progress: Progress | None = None,
    ) -> RunResult:
        """Write dbt code from the accepted schemas and what is known of the last loads.

        Args:
            sources: names of the sources to write code for; none: all.
            target: whose last loads to take in; the text follows `generate: {target: …}` alone.
            check: write nothing, and exit with 3 where something would change.
            prune: let tables go whose resource the source does not have any more.
            from_destination: first take in the schemas that dlt keeps in the target's warehouse.
            upgrade: go over to the version of the text that this dango-dbt writes.
            lock_timeout: how long to wait for another run on this target, in seconds.
            progress: is told what happens while it happens.

        Raises:
            ConfigError: the project or an argument is wrong.
            SyncError: the warehouse cannot be reached or read.
            GenerateError: a file cannot be read or written.
            LockError: another run on this target is not done in time.
        """
        started = time.perf_counter()
        progress = progress or Progress()
        refuse_unknown(self.config, sources)
        name = target or dbt.taken_target(self.layout.dbt)
        dbt.adapter_type(self.layout.dbt, name)  # refuses a target that is not there
        writes = from_destination or not check
        with self._alone("generate", name, lock_timeout, progress) if writes else nullcontext():
            if from_destination:
                resolved = dbt.resolve_target(self.layout.dbt, target)
                restore_schemas(self.layout, self.config, sources, resolved, progress)
            plan = self._plan(sources, target, prune=prune, upgrade=upgrade)
            if not check:
                files = tuple(write_generated(self.layout, plan, progress))
                seconds = time.perf_counter() - started
                return RunResult("generate", plan.target, files=files, seconds=seconds)
        for warning in plan.warnings:
            progress.warning(warning)
        files = tuple(file_results(self.layout, plan))
        seconds = time.perf_counter() - started
        run = RunResult("generate", plan.target, files=files, seconds=seconds)
        changed = any(file.action != "unchanged" for file in files)
        return replace(run, error_code=ExitCode.OUT_OF_DATE) if changed else run

    def plan(  # noqa: PLR0913 - the command's options
        self,
        sources: Sequence[str] = (),
        *,
        target: str | None = None,
        diff: bool = False,
        prune: bool = False,
        fail_on: Literal["breaking"] | None = None,
        progress: Progress | None = None,
    ) -> RunResult:
        """Say what `generate` would do, and what that does to the dbt project.

        Writes nothing, and connects to nothing.

        Args:
            sources: names of the sources to look at; none: all.
            target: whose last loads to take in; the text follows `generate: {target: …}` alone.
            diff: whether to say line by line how files change.
            prune: as in `generate`.
            fail_on: exit with 3 where a column that something uses is retyped or goes.
            progress: is told what happens while it happens.

        Raises:
            ConfigError: the project or an argument is wrong.
            GenerateError: a file cannot be read.
        """
        from dango_dbt.api.impacts import impacts_of

        started = time.perf_counter()
        plan = self._plan(sources, target, prune=prune)
        for warning in plan.warnings:
            (progress or Progress()).warning(warning)
        impacts = impacts_of(self.layout, plan.risks, plan.target)
        breaking = any(impact.breaking for impact in impacts)
        return RunResult(
            "plan",
            plan.target,
            files=tuple(file_results(self.layout, plan, diff=diff)),
            schema_changes=plan.schema_changes,
            impacts=impacts,
            error_code=ExitCode.OUT_OF_DATE if fail_on and breaking else ExitCode.SUCCESS,
            seconds=time.perf_counter() - started,
        )

    def accept(
        self,
        side: Literal["mine", "theirs"],
        file: str | Path,
        *,
        lock_timeout: float | None = None,
        progress: Progress | None = None,
    ) -> RunResult:
        """Settle a conflict: keep the user's text of a generated file, or take what is proposed.

        Args:
            side: `mine`: the file stays, and counts as an edit of what is generated now. `theirs`:
                what is generated now takes its place.
            file: the file, relative to the current folder.
            lock_timeout: how long to wait for another run on this target, in seconds.
            progress: is told where this waits for another run.

        Raises:
            ConfigError: the project is wrong, or the file is not in conflict.
            GenerateError: a file cannot be written.
            LockError: another run on this target is not done in time.
        """
        started = time.perf_counter()
        target = dbt.taken_target(self.layout.dbt)
        with self._alone("generate", target, lock_timeout, progress or Progress()):
            plan = self._plan((), target)
            files = tuple(accept_file(self.layout, plan, side, Path(file)))
            if side == "mine":
                accept_properties(self._plan((), target), self.layout.root / files[0].path)
        seconds = time.perf_counter() - started
        return RunResult("generate", plan.target, files=files, seconds=seconds)

    def build(  # noqa: PLR0913 - the command's options
        self,
        args: Sequence[str] = (),
        *,
        target: str | None = None,
        threads: int | None = None,
        full_refresh: bool = False,
        lock_timeout: float | None = None,
        progress: Progress | None = None,
    ) -> RunResult:
        """Run `dbt build`.

        Args:
            args: further arguments of dbt's, such as `["--select", "marts"]`.
            target: name of the dbt target; None: the profile's default.
            threads: dbt's threads; None: the profile's.
            full_refresh: dbt's: rebuild incremental models. Never touches raw data.
            lock_timeout: how long to wait for another run on this target, in seconds.
            progress: is told what happens while it happens.

        Raises:
            ConfigError: the project or the profile is wrong.
            LockError: another run on this target is not done in time.
        """
        started = time.perf_counter()
        self._refuse_broken()
        progress = progress or Progress()
        resolved = dbt.resolve_target(self.layout.dbt, target)
        with self._alone("build", resolved.name, lock_timeout, progress):
            warn_of_removed(self.layout, self.config, progress)
            options = BuildOptions(threads, full_refresh)
            built = build_given(self.layout, self.config, args, resolved.name, options, progress)
        seconds = time.perf_counter() - started
        return RunResult("build", resolved.name, build=built, seconds=seconds)

    def sync_and_build(  # noqa: PLR0913 - the command's options
        self,
        sources: Sequence[str] = (),
        *,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        selector: str | None = None,
        state: str | Path | None = None,
        target: str | None = None,
        due: bool = False,
        now: datetime | None = None,
        refresh: Refresh | None = None,
        allow_empty: bool = False,
        parallel: int = PARALLEL_SOURCES,
        threads: int | None = None,
        full_refresh: bool = False,
        frozen: bool = False,
        fail_fast: bool = False,
        changed_only: bool = False,
        lock_timeout: float | None = None,
        progress: Progress | None = None,
    ) -> RunResult:
        """Load sources, generate dbt code from them, and build.

        All is loaded and built or, where something is selected, just that. A source that fails
        takes only its own descendants out of the build. With `due` dbt does not run where nothing
        is. The arguments are those of `sync` and `build`, `frozen`: build the dbt code as it is,
        without generating any, and `changed_only`: build only what is downstream of tables that
        have changed since it was built.

        Raises:
            ConfigError: the project or an argument is wrong; nothing has been loaded then.
            BuildError: dbt cannot tell what is selected.
            SyncError: the DuckDB file cannot be opened; nothing has been loaded then.
            LockError: another run on this target is not done in time.
        """
        started = time.perf_counter()
        progress = progress or Progress()
        nodes = Selection.of(select, exclude, selector, state)
        selected = Selected(tuple(sources), nodes, due, now)
        loading = LoadOptions(refresh, allow_empty, parallel, fail_fast)
        options = BuildOptions(threads, full_refresh, fail_fast, changed_only)
        resolved = target_to_load(self.layout, self.config, target)
        with self._alone("sync-and-build", resolved.name, lock_timeout, progress):
            run = sync_and_generate(self, selected, loading, resolved, progress, frozen=frozen)
            run = without_build(replace(run, command="sync-and-build"))
            if run.error is None and run.build is None:
                built = build_after(self.layout, self.config, run, selected, options, progress)
                run = replace(run, build=built)
        return replace(run, seconds=time.perf_counter() - started)

    def dbt(self, args: Sequence[str], *, target: str | None = None) -> int:
        """Run any dbt command with its own output; gives dbt's exit code.

        Raises:
            BuildError: the packages that the project declares cannot be installed.
            ConfigError: sources.yml is wrong.
        """
        self._refuse_broken()
        return dbt.dbt(self.layout.dbt, args, target=target)

    @staticmethod
    def problems(
        start: str | Path | None = None, *, target: str | None = None, offline: bool = False
    ) -> Validation:
        """Check the project that a folder lies in; unlike `find`, opens one that is broken.

        Args:
            start: the folder; default: the current one.
            target: name of the dbt target; None: the one that dbt takes.
            offline: connect to nothing, and do not let dbt parse the project.

        Raises:
            ConfigError: there is no project.
        """
        return validate(find_root(Path(start or ".")), target=target, offline=offline)

    def deploy(
        self,
        platform: Platform,
        *,
        target: str | None = None,
        output: str | Path | None = None,
        schedule: str | None = None,
        force: bool = False,
    ) -> Deployment:
        """Write the file with which a platform runs `sync-and-build --frozen --due`.

        Args:
            platform: `github`, `cron`, `airflow` or `dagster`.
            target: the dbt target that is named in the command; None: none is.
            output: where to write it, relative to the current folder; None: the usual place.
            schedule: when to run; None: as often as the finest of the sources' schedules needs.
            force: take the place of a file that is not ours, or that was edited.

        Raises:
            ConfigError: the project is wrong, no source has a schedule, or the file is not ours.
            GenerateError: a file cannot be read or written.
        """
        from dango_dbt.deploy import deploy

        self._refuse_broken()
        return deploy(
            self.layout,
            self.config,
            platform,
            target=target,
            output=None if output is None else Path(output),
            schedule=schedule,
            force=force,
        )

    def list_sources(self, *, target: str | None = None) -> SourceList:
        """List the sources and what was last loaded, from files alone; broken entries too.

        Args:
            target: name of the dbt target whose loads to tell; None: the one that dbt takes.

        Raises:
            ConfigError: the profile is wrong, or there is no such target.
        """
        name = target or dbt.taken_target(self.layout.dbt)
        dbt.adapter_type(self.layout.dbt, name)  # refuses a target that is not there
        listed = list_sources(self.layout, self.config, name)
        warnings = warnings_of_broken(self.config)
        return SourceList(name, listed, tuple(self.unreferenced()), warnings)

    def status(self, *, target: str | None = None, rows: bool = True) -> ProjectStatus:
        """Say how each source stands in a target; changes nothing.

        Args:
            target: name of the dbt target; None: the one that dbt takes.
            rows: whether to count the rows of all tables.

        Raises:
            ConfigError: the project or the profile is wrong.
            GenerateError: a file cannot be read.
        """
        from dango_dbt.api.status import status_of

        resolved = dbt.resolve_target(self.layout.dbt, target)
        return status_of(self.layout, self.config, resolved, rows=rows)

    def graph(  # noqa: PLR0913 - the command's options
        self,
        *,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        selector: str | None = None,
        state: str | Path | None = None,
        target: str | None = None,
        progress: Progress | None = None,
    ) -> JoinedGraph:
        """Join dlt's resources and dbt's nodes into one graph; the arguments are those of `sync`.

        Raises:
            ConfigError: the project or an argument is wrong.
            BuildError: dbt cannot parse the project, or the selection is wrong.
        """
        from dango_dbt.api.joining import joined_graph

        self._refuse_broken()
        name = target or dbt.taken_target(self.layout.dbt)
        dbt.adapter_type(self.layout.dbt, name)  # refuses a target that is not there
        selection = Selection.of(select, exclude, selector, state)
        return joined_graph(self.layout, self.config, selection, name, progress or Progress())

    def source(self, name: str) -> ProjectSource:
        """Look at one source, enabled or not.

        Raises:
            ConfigError: there is no such source, or its entry is broken.
        """
        return ProjectSource(self.layout, self.config, name)

    def remove_source(self, name: str) -> list[str]:
        """Take a source's entry out of sources.yml; all other text stays as it is.

        Returns:
            The source's files and folders, which stay, relative to the project's root.

        Raises:
            ConfigError: there is no such source, or its entry is not on lines of its own.
            GenerateError: the file cannot be written.
        """
        return remove_source(self.layout, self.config, name)

    def unreferenced(self) -> list[Unreferenced]:
        """Find source functions in custom_sources/ that no entry of sources.yml names."""
        return unreferenced(self.layout.root, self.layout.custom_sources, self.config.modules)

    # ---------------------------------------------------------------- the parts

    def _alone(
        self, command: str, target: str, timeout: float | None, progress: Progress
    ) -> AbstractContextManager[None]:
        from dango_dbt.locking import alone

        return alone(self.layout.state(target), command, timeout, progress)

    def _refuse_broken(self) -> None:
        if problems := [problem for source in self.config.broken for problem in source.problems]:
            raise in_one(problems)

    def _plan(
        self,
        sources: Sequence[str],
        target: str | None,
        *,
        prune: bool = False,
        upgrade: bool = False,
    ) -> GenerationPlan:
        from dango_dbt.api.planning import plan_generation

        self._refuse_broken()
        refuse_unknown(self.config, sources)
        name = target or dbt.taken_target(self.layout.dbt)
        dbt.adapter_type(self.layout.dbt, name)  # refuses a target that is not there
        adapter = adapter_followed(self.layout, self.config)
        return plan_generation(
            self.layout, self.config, name, adapter, sources, prune=prune, upgrade=upgrade
        )
