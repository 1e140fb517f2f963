"""Do what a plan says: bring the generated files up to date."""

from __future__ import annotations

from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dango_dbt.errors import ConfigError
from dango_dbt.files import Change, apply, write_atomic
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout
from dango_dbt.results import FileResult

if TYPE_CHECKING:
    from dango_dbt.api.planning import GenerationPlan

__all__ = ["accept_file", "file_results", "write_generated"]


def write_generated(
    layout: ProjectLayout, plan: GenerationPlan, progress: Progress
) -> list[FileResult]:
    """Bring all files up to date; one in conflict stays, and what is proposed is kept apart.

    Raises:
        GenerateError: a file cannot be written.
    """
    for change in plan.changes:
        apply(change)
        _keep_apart(layout, change)
    for live, taken in plan.taken:
        if live.exists():
            live.replace(taken)
    files = file_results(layout, plan)
    progress.files_written(files)
    for warning in plan.warnings:
        progress.warning(warning)
    return files


def _keep_apart(layout: ProjectLayout, change: Change) -> None:
    """Keep what is proposed for a file in conflict out of dbt's sight, until it is settled."""
    path = layout.conflict(change.path)
    if change.action == "conflict" and change.wanted is not None:
        if not path.exists() or path.read_text(encoding="utf-8") != change.wanted:
            write_atomic(path, change.wanted)
    else:
        path.unlink(missing_ok=True)


def accept_file(
    layout: ProjectLayout, plan: GenerationPlan, side: Literal["mine", "theirs"], file: Path
) -> list[FileResult]:
    """Settle a conflict: the file stays as it is, or gets what is proposed.

    Args:
        layout: where things are.
        plan: what generation would do.
        side: whose text it is to be.
        file: the file in conflict, or the proposal for it, relative to the current folder or to
            the project's root.

    Raises:
        ConfigError: it is not in conflict.
        GenerateError: it cannot be written.
    """
    meant = {file.absolute(), layout.root / file}
    conflicts = [change for change in plan.changes if change.action == "conflict"]
    for change in conflicts:
        if meant & {change.path, layout.conflict(change.path)}:
            after = change.before if side == "mine" else change.wanted
            settled = replace(change, action="updated", after=after, copy=change.wanted)
            apply(settled)
            _keep_apart(layout, settled)
            return [FileResult(layout.shown(change.path), "updated")]
    names = ", ".join(layout.shown(change.path) for change in conflicts)
    raise ConfigError(
        f"{file} is not in conflict",
        hint=f"in conflict: {names}" if names else "no file is in conflict",
    )


def file_results(
    layout: ProjectLayout, plan: GenerationPlan, *, diff: bool = False
) -> list[FileResult]:
    """Say what has become, or is to become, of each file."""
    return [
        FileResult(
            layout.shown(change.path), change.action, _diff(layout, change) if diff else None
        )
        for change in plan.changes
    ]


def _diff(layout: ProjectLayout, change: Change) -> str:
    """Say how a file changes; of one in conflict, how what is generated for it does."""
    in_conflict = change.action == "conflict"
    before = (change.base if in_conflict else change.before) or ""
    after = (change.wanted if in_conflict else change.after) or ""
    name = layout.shown(change.path)
    lines = unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{name}" if change.before is not None else "/dev/null",
        f"b/{name}" if change.after is not None else "/dev/null",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
