"""`dbt build` after a sync: what is left out of it and why, and what it need not do again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dango_dbt import build as dbt
from dango_dbt import unbuilt
from dango_dbt.api.left_out import explained, known, left_out
from dango_dbt.api.running import Selected
from dango_dbt.config import SourcesConfig
from dango_dbt.errors import BuildError, GenerateError
from dango_dbt.graph import Graph
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout
from dango_dbt.results import (
    DONE_NODE_STATUSES,
    NOT_BUILT,
    BuildResult,
    Failure,
    NodeResult,
    RunResult,
)
from dango_dbt.selection import EVERYTHING, Selection, downstream_of

__all__ = ["BuildOptions", "build_after", "build_given"]

_NOTHING_NEW = "nothing has changed since the last build"
_ALL_DISABLED = "all that the default selector selects is of disabled sources"
_NOTHING_LEFT = "all that was to be built needs something that has failed"


@dataclass(frozen=True)
class BuildOptions:
    """How dbt builds.

    Attributes:
        threads: dbt's threads; None: the profile's.
        full_refresh: dbt's: rebuild incremental models. Never touches raw data.
        fail_fast: build nothing where a source has failed, and end with the first failing node.
        changed_only: only what is downstream of tables that have changed since it was built.
    """

    threads: int | None = None
    full_refresh: bool = False
    fail_fast: bool = False
    changed_only: bool = False


@dataclass(frozen=True)
class _Work:
    """What there is to build.

    Attributes:
        graph: the whole dbt project.
        skipped: the ids of what the user wants built and what needs something that has failed,
            with why.
        wanted: the ids of the rest of what the user wants built.
    """

    graph: Graph
    skipped: Mapping[str, str]
    wanted: frozenset[str]

    def downstream(self, tables: Collection[str]) -> frozenset[str]:
        """Name what `dbt build` builds from some tables."""
        found = self.graph.downstream(self.graph.tables(tables))
        return frozenset(node.unique_id for node in found if node.is_built)

    def stale(self, since: Mapping[str, frozenset[str]]) -> list[str]:
        """Name the changed tables from which something wanted has not been built since."""
        return [
            table
            for table, nodes in since.items()
            if (self.downstream([table]) - nodes) & self.wanted
        ]

    def limited(
        self, asked: Selection, tables: Collection[str] | None, *, alone: bool
    ) -> Selection:
        """Select what is wanted and, where tables are given, depends on them.

        Args:
            asked: what to select otherwise.
            tables: the tables; None: there is no such limit.
            alone: it is in selectors.yml, and takes no limits: its nodes are named one by one.
        """
        if alone:
            ids = self.wanted if tables is None else self.wanted & self.downstream(tables)
            names = tuple(self.graph.nodes[each].criterion for each in sorted(ids))
            return Selection(names, state=asked.state, alone=True)
        if tables is None:
            return asked
        ids_of_tables = self.graph.tables(tables)
        return asked.within(f"{self.graph.nodes[each].criterion}+" for each in ids_of_tables)

    def not_built(self) -> tuple[NodeResult, ...]:
        """Say of each node that is left out why it is."""
        return tuple(
            NodeResult(each, "skipped", 0.0, why) for each, why in sorted(self.skipped.items())
        )


def build_after(  # noqa: PLR0913, PLR0917 - all that a build depends on
    layout: ProjectLayout,
    config: SourcesConfig,
    run: RunResult,
    selected: Selected,
    options: BuildOptions,
    progress: Progress,
) -> BuildResult:
    """Build what is selected, but for what depends on something that has failed.

    Args:
        layout: where things are.
        config: which sources there are.
        run: what has been loaded, and into which target.
        selected: what the user wants built; nothing: what dbt builds by default.
        options: how.
        progress: is told what happens.

    Returns:
        dbt's results and, of nodes that were left out, why.
    """
    target = run.target or ""
    selection = selected.for_dbt(layout)
    failed = [each.name for each in run.sources or () if each.status in ("failed", "skipped")]
    if failed and options.fail_fast:
        return BuildResult("not_run", reason=f"source `{failed[0]}` failed (--fail-fast)")
    if selected and not selection:
        return BuildResult("not_run", reason="dbt does not know what was selected")
    since = unbuilt.read(layout.state(target))
    if options.changed_only and not since:
        return BuildResult("not_run", reason=_NOTHING_NEW)
    missing = {name: f"source `{name}` failed" for name in failed if known(layout, name)}
    missing |= {name: f"`{name}` is held back" for name in run.held}
    silent = left_out(layout, config)
    # Beside a selector, dbt takes no notice of --exclude.
    alone = bool(selection.selector or (not selection and dbt.has_default_selector(layout.dbt)))
    asked = selection.without(downstream_of(layout.dbt.name, [*silent, *missing]))
    work = None
    try:
        if missing or options.changed_only or (alone and silent):
            work = _work(layout, selection, target, missing, silent, progress)
            limits = work.stale(since) if options.changed_only else None
            if not work.wanted or limits == []:
                reason = _NOTHING_LEFT if missing and not work.wanted else _NOTHING_NEW
                return BuildResult("not_run", work.not_built(), reason=reason)
            asked = work.limited(asked, limits, alone=alone)
        built = _build(layout, target, asked, options, progress)
    except BuildError as error:  # dbt cannot parse the project
        built = BuildResult("not_run", error=Failure.of(error))
    whole = not (alone or selection or missing or options.changed_only)
    _note_built(layout, target, built, work, progress, whole=whole)
    if work is not None:
        built = replace(built, nodes=(*built.nodes, *work.not_built()))
    return explained(layout, config, built, failed)


def build_given(  # noqa: PLR0913, PLR0917 - all that a build depends on
    layout: ProjectLayout,
    config: SourcesConfig,
    args: Sequence[str],
    target: str,
    options: BuildOptions,
    progress: Progress,
) -> BuildResult:
    """Build with arguments of dbt's, but for what depends on sources that are left out.

    Args:
        layout: where things are.
        config: which sources there are.
        args: what the user gives dbt.
        target: name of the dbt target.
        options: how.
        progress: is told what happens.
    """
    silent, work = left_out(layout, config), None
    by_default = not dbt.selects(args) and dbt.has_default_selector(layout.dbt)
    whole = not args and not by_default
    selection = Selection()
    if silent and any(arg.partition("=")[0] == "--selector" for arg in args):
        # Beside a selector, dbt takes no notice of --exclude.
        progress.warning(f"--selector may build disabled sources: {', '.join(silent)}")
    elif not by_default:
        selection = selection.without(downstream_of(layout.dbt.name, silent))
    elif silent:  # with --exclude, dbt would not take its default selector
        try:
            work = _work(layout, selection, target, {}, silent, progress)
        except BuildError as error:  # dbt cannot parse the project
            return explained(layout, config, BuildResult("not_run", error=Failure.of(error)))
        if not work.wanted:
            return BuildResult("not_run", reason=_ALL_DISABLED)
        selection = work.limited(selection, None, alone=True)
    built = _build(layout, target, selection, options, progress, args)
    _note_built(layout, target, built, work, progress, whole=whole)
    return explained(layout, config, built)


def _build(  # noqa: PLR0913, PLR0917 - as above
    layout: ProjectLayout,
    target: str,
    selection: Selection,
    options: BuildOptions,
    progress: Progress,
    args: Sequence[str] = (),
) -> BuildResult:
    return dbt.build(
        layout.dbt,
        args=[*args, *selection.args(), *(["--fail-fast"] if options.fail_fast else [])],
        target=target,
        threads=options.threads,
        full_refresh=options.full_refresh,
        progress=progress,
    )


def _work(  # noqa: PLR0913, PLR0917 - all that it depends on
    layout: ProjectLayout,
    selection: Selection,
    target: str,
    missing: Mapping[str, str],
    silent: Collection[str],
    progress: Progress,
) -> _Work:
    """Find out what there is to build.

    Args:
        layout: where things are.
        selection: what the user wants built.
        target: name of the dbt target.
        missing: sources and tables that have failed, and the words for that.
        silent: those that are left out for other reasons.
        progress: is told dbt's warnings.

    Raises:
        BuildError: dbt cannot parse the project, or the selection is wrong.
    """
    graph = dbt.list_nodes(layout.dbt, EVERYTHING, target=target, progress=progress)
    listed = graph
    if selection or dbt.has_default_selector(layout.dbt):
        listed = dbt.list_nodes(layout.dbt, selection, target=target, progress=progress)
    selected = frozenset(node.unique_id for node in listed.nodes.values() if node.is_built)
    reasons: dict[str, list[str]] = {}
    for name, reason in missing.items():
        for node in graph.downstream(graph.tables([name])):
            if node.unique_id in selected:
                reasons.setdefault(node.unique_id, []).append(reason)
    skipped = {each: f"{NOT_BUILT}{' and '.join(why)}" for each, why in reasons.items()}
    out = {node.unique_id for node in graph.downstream(graph.tables(silent))}
    return _Work(graph, skipped, selected - out - set(skipped))


def _note_built(  # noqa: PLR0913 - all that it depends on
    layout: ProjectLayout,
    target: str,
    built: BuildResult,
    work: _Work | None,
    progress: Progress,
    *,
    whole: bool,
) -> None:
    """Remember what has been built of what changed tables lead to.

    Args:
        layout: where things are.
        target: name of the target.
        built: dbt's results.
        work: what there was to build, where that is known by now.
        progress: is told where it cannot be kept.
        whole: everything was to be built.
    """
    state = layout.state(target)
    since = unbuilt.read(state)
    if not since or built.status == "not_run":
        return
    done = {node.unique_id for node in built.nodes if node.status in DONE_NODE_STATUSES}
    try:
        if whole and built.status == "success":
            unbuilt.built(state, {})
            return
        if work is None:
            graph = dbt.list_nodes(layout.dbt, EVERYTHING, target=target, progress=progress)
            work = _Work(graph, {}, frozenset())
        below = {table: work.downstream([table]) for table in since}
        left = {table: ids & done for table, ids in below.items() if ids - done - since[table]}
        unbuilt.built(state, left)
    except (BuildError, GenerateError) as error:
        progress.warning(f"--changed-only will build more than it needs to: {error}")
