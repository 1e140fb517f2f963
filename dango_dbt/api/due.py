"""Which of the sources that are selected are due by their schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from dango_dbt import destinations, dlt_schema
from dango_dbt.api.loading import selected_sources
from dango_dbt.api.selecting import ToLoad
from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout, Target
from dango_dbt.results import BuildResult, RunResult, ScheduledSource
from dango_dbt.schedules import is_due, next_due

if TYPE_CHECKING:
    from dango_dbt.sync.standing import Standing

__all__ = ["also_due", "due_only", "scheduled", "without_build"]


def scheduled(
    layout: ProjectLayout, config: SourcesConfig, target: Target, now: datetime | None
) -> tuple[ScheduledSource, ...] | None:
    """Say of each enabled source whether it is due in a target, as its warehouse says.

    Args:
        layout: where things are.
        config: which sources there are, and the time zone of their schedules.
        target: where they are loaded; a load into another one does not count.
        now: the moment; None: nobody has asked, and nothing is said.

    Raises:
        SyncError: the warehouse cannot be reached or read.
        ConfigError: an adapter is not mapped, or an accepted schema is broken.
    """
    if now is None:
        return None
    enabled = [source for source in config.sources if source.enabled]
    found: Mapping[str, Standing] = {}
    if asked := [source for source in enabled if source.schedule]:
        from dango_dbt.sync.standing import standings

        found = standings(
            [(each, dlt_schema.load(layout.accepted_schema(each.name))) for each in asked],
            destinations.warehouse(target),
            root=layout.root,
            rows=False,
        )
    return tuple(_scheduled(source, found.get(source.name), now, config.zone) for source in enabled)


def due_only(
    config: SourcesConfig, chosen: ToLoad, run: RunResult, progress: Progress
) -> tuple[ToLoad, RunResult]:
    """Leave out of what is selected all sources that are not due, in a run that asks for it.

    What is wrong with an entry is told by each run: whether it is due nobody knows.

    Args:
        config: which sources there are.
        chosen: what is selected.
        run: whether each source is due, and what has been loaded already.
        progress: is told of what the user may not expect.

    Returns:
        What to load, and the run with what it says of the sources that are meant.

    Raises:
        ConfigError: a source is selected by name that is unknown or disabled.
    """
    if run.schedules is None:
        return chosen, run
    sources, broken = selected_sources(config, chosen.names)
    done = {result.name for result in run.sources or ()}
    names = {source.name for source in sources} | done
    meant = tuple(each for each in run.schedules if each.name in names)
    due = [each.name for each in meant if each.due and each.name not in done]
    for name in due:
        if name in chosen.resources:
            progress.warning(
                f"source `{name}` is loaded in part, since only a part of it is selected; that"
                " counts as its load, and it is due again by its schedule"
            )
    chosen = chosen.only([*due, *(source.name for source in broken)])
    return chosen, replace(run, schedules=meant)


def also_due(names: Sequence[str], run: RunResult) -> list[str]:
    """Leave out the names of sources that are not due, in a run that asks for it."""
    if run.schedules is None:
        return list(names)
    due = {each.name for each in run.schedules if each.due}
    return [name for name in names if name in due]


def without_build(run: RunResult) -> RunResult:
    """Say in a run in which nothing was due why dbt need not run; all others stay as they are."""
    if run.error or not run.nothing_due:
        return run
    coming = {each.name: each.next_due for each in run.schedules or () if each.next_due}
    if coming:
        name = min(coming, key=lambda each: datetime.fromisoformat(coming[each]))
        reason = f"no source is due: the next is `{name}`, at {coming[name].replace('T', ' ')}"
    else:
        reason = "nothing that is selected has a schedule"
    return replace(run, build=BuildResult("not_run", reason=reason))


def _scheduled(
    source: SourceConfig, standing: Standing | None, now: datetime, zone: tzinfo
) -> ScheduledSource:
    if source.schedule is None:
        return ScheduledSource(source.name, None, due=False, next_due=None)
    began = standing.began if standing else None
    following = next_due(source.schedule, now, zone).astimezone(zone)
    return ScheduledSource(
        source.name,
        source.schedule,
        due=is_due(source.schedule, began, now, zone),
        next_due=following.isoformat(timespec="minutes"),
    )
