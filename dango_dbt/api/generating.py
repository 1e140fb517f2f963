"""Do what a plan says: bring the generated files up to date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dango_dbt import build as dbt
from dango_dbt import unbuilt
from dango_dbt.config import SourcesConfig
from dango_dbt.errors import ConfigError, DangoError, ExitCode
from dango_dbt.files import Change, apply, read_text, sweep, write_atomic
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout
from dango_dbt.results import Failure, FileAction, FileResult, Impact, RunResult

if TYPE_CHECKING:
    from dango_dbt.api.planning import GenerationPlan

__all__ = [
    "accept_file",
    "accept_properties",
    "file_results",
    "generate_after",
    "write_generated",
]


def write_generated(
    layout: ProjectLayout, plan: GenerationPlan, progress: Progress
) -> list[FileResult]:
    """Bring all files up to date; one in conflict stays, and what is proposed is kept apart.

    Raises:
        GenerateError: a file cannot be written.
    """
    sweep(change.path.parent for change in plan.changes)
    unbuilt.changed(layout.state(plan.target), plan.new_code)
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


def generate_after(  # noqa: PLR0913 - all that it depends on
    layout: ProjectLayout,
    config: SourcesConfig,
    run: RunResult,
    adapter: str,
    progress: Progress,
    *,
    frozen: bool = False,
) -> RunResult:
    """Generate after a sync, but hold back what a breaking change would reach.

    Such a change waits until `generate` accepts it, or a merge of variants ends it; all else is
    written. An error does not hide what has been loaded.

    Args:
        layout: where things are.
        config: which sources there are.
        run: what has been loaded, and into which target.
        adapter: the dbt adapter whose types and quoting the text follows.
        progress: is told what happens.
        frozen: write nothing.
    """
    from dango_dbt.api.impacts import impacts_of, to_hold
    from dango_dbt.api.planning import plan_generation

    target = run.target or ""
    try:
        plan = plan_generation(layout, config, target, adapter)
        retyped = [risk for risk in plan.risks if risk.table]
        if retyped:
            dbt.ensure_packages(layout.dbt, progress)
        impacts = impacts_of(layout, retyped, target)
        generate = "dango-dbt generate"
        if target != dbt.taken_target(layout.dbt):
            generate += f" --target {target}"
        run = _holding(replace(run, impacts=impacts), to_hold(impacts), generate, progress)
        if frozen:
            return run
        if run.held:
            plan = plan_generation(layout, config, target, adapter, held=run.held)
        files = _also_written(run.files or (), write_generated(layout, plan, progress))
        return replace(run, files=files)
    except DangoError as error:
        code = ExitCode.worst(run.error_code, error.exit_code)
        return replace(run, error=Failure.of(error), error_code=code)


def _also_written(
    before: Iterable[FileResult], now: Iterable[FileResult]
) -> tuple[FileResult, ...]:
    """Say what has become of each file in a run that generates twice.

    Args:
        before: what the first time did.
        now: what the second did.
    """
    earlier = {file.path: file for file in before if file.action != "unchanged"}
    files = []
    for file in now:
        first = earlier.pop(file.path, None)
        again = first is not None and first.action == "created" and file.action == "updated"
        files.append(first if first and (again or file.action == "unchanged") else file)
    return (*files, *earlier.values())


def _holding(run: RunResult, held: tuple[str, ...], generate: str, progress: Progress) -> RunResult:
    """Say which tables are held, and what to do about them."""
    for impact in run.impacts or ():
        if f"{impact.source}.{impact.table}" in held:
            progress.warning(_held_text(impact, generate))
    sources = {name.partition(".")[0] for name in held}
    results = tuple(
        replace(result, status="held")
        if result.name in sources and result.status == "success"
        else result
        for result in run.sources or ()
    )
    return replace(run, sources=results, held=held)


def _held_text(impact: Impact, generate: str) -> str:
    """Say why what depends on a table is held back, and the ways out.

    Args:
        impact: the change.
        generate: the command that accepts it.
    """
    users = [use for use in impact.uses if use.kind != "test"] or impact.uses
    known = [f"`{use.name}`" for use in users if not use.unread]
    unread = [f"`{use.name}`" for use in users if use.unread]
    parts = [f"it is used by {', '.join(known)}"] if known else []
    parts += [f"{', '.join(unread)} may use it"] if unread else []
    parts += [f"what uses it is not known ({impact.unknown})"] if impact.unknown else []
    return (
        f"source `{impact.source}`: `{impact.table}.{impact.column}` {impact.change}, and"
        f" {' and '.join(parts)}: nothing that depends on `{impact.table}` is built (tables stay as"
        " they were, views show what is there). Set `staging: {variants: coalesce}`, or mend the"
        f" source; `{generate}` accepts the change as it is"
    )


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
            action: FileAction = "unchanged" if side == "mine" else "updated"
            return [FileResult(layout.shown(change.path), action)]
    names = ", ".join(layout.shown(change.path) for change in conflicts)
    raise ConfigError(
        f"{file} is not in conflict",
        hint=f"in conflict: {names}" if names else "no file is in conflict",
    )


def accept_properties(plan: GenerationPlan, model: Path) -> None:
    """Let what is declared of a model count as the person's own, too, like the model itself.

    Args:
        plan: what generation would do now.
        model: the model's file.

    Raises:
        GenerateError: the copy cannot be written.
    """
    from dango_dbt.merging import with_entries

    for change in plan.changes:
        if change.path.parent.name == model.parent.name and change.pristine and change.wanted:
            before = read_text(change.pristine)
            if change.path.name.endswith("__models.yml") and before is not None:
                text = with_entries(before, [model.stem], change.wanted)
                write_atomic(change.pristine, before if text is None else text)


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
