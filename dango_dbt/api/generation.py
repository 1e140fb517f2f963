"""What the facade has to do with dbt code: writing it, saying what would be written, conflicts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dango_dbt import build as dbt
from dango_dbt.api.generating import (
    accept_file,
    accept_properties,
    file_results,
    write_generated,
)
from dango_dbt.api.loading import refuse_unknown, restore_schemas
from dango_dbt.api.opened import OpenedProject
from dango_dbt.api.targets import adapter_followed
from dango_dbt.errors import ExitCode
from dango_dbt.progress import Progress
from dango_dbt.results import RunResult

if TYPE_CHECKING:
    from dango_dbt.api.planning import GenerationPlan

__all__ = ["GeneratingProject"]


@dataclass(frozen=True)
class GeneratingProject(OpenedProject):
    """A project whose dbt code can be generated."""

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
        name = self._target_name(target)
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
        name = self._target_name(target)
        adapter = adapter_followed(self.layout, self.config)
        return plan_generation(
            self.layout, self.config, name, adapter, sources, prune=prune, upgrade=upgrade
        )
