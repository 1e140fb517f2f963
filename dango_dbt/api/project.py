"""The facade: one method a command."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dango_dbt import build as dbt
from dango_dbt.api.building import BuildOptions, build_after, build_given
from dango_dbt.api.due import without_build
from dango_dbt.api.generation import GeneratingProject
from dango_dbt.api.left_out import warn_of_removed
from dango_dbt.api.listing import remove_source
from dango_dbt.api.loading import LoadOptions
from dango_dbt.api.looking import LookingProject
from dango_dbt.api.running import Selected, sync_and_generate
from dango_dbt.api.targets import target_to_load
from dango_dbt.progress import Progress
from dango_dbt.results import RunResult
from dango_dbt.selection import Selection

if TYPE_CHECKING:
    from dango_dbt.deploy import Platform
    from dango_dbt.deployment import Deployment
    from dango_dbt.sync import Refresh

__all__ = ["PARALLEL_SOURCES", "Project"]

#: How many sources are loaded at the same time unless the caller says otherwise.
PARALLEL_SOURCES = 4


@dataclass(frozen=True)
class Project(GeneratingProject, LookingProject):
    """A dango-dbt project on disk; each method does what the command of its name does."""

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

    def remove_source(self, name: str) -> list[str]:
        """Take a source's entry out of sources.yml; all other text stays as it is.

        Returns:
            The source's files and folders, which stay, relative to the project's root.

        Raises:
            ConfigError: there is no such source, or its entry is not on lines of its own.
            GenerateError: the file cannot be written.
        """
        return remove_source(self.layout, self.config, name)
