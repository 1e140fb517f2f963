"""Resources that are read together: a transformer gets its rows from the resource it depends on.

Where that one goes on from where it stopped (a cursor, or other state of its own), what one of them
throws away no later run brings again. So such resources are loaded, and refreshed, together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dlt.common.configuration.container import Container
from dlt.common.pipeline import pipeline_state
from dlt.extract.source import DltResourceDict
from dlt.extract.state import reset_resource_state

from dango_dbt.errors import SyncError

if TYPE_CHECKING:
    import dlt
    from dlt.extract import DltResource, DltSource

__all__ = ["complete", "refresh_selected_only"]


def complete(
    source: DltSource, allowed: Collection[str], pipeline: dlt.Pipeline, *, refresh: bool
) -> None:
    """Select what has to be loaded along with the selected resources, so that no row is lost.

    Args:
        source: with the resources selected that a user has; it is changed.
        allowed: the resources that a whole load of it loads.
        pipeline: with the state and the schema of what has been loaded before.
        refresh: whether the selected ones are dropped first.

    Raises:
        SyncError: something that is not selected would have to be refreshed, too.
    """
    asked = set(source.selected_resources)
    sharing = _sharing_state(source, allowed, pipeline)
    wanted = set(asked)
    while more := {name for group in sharing.values() if group & wanted for name in group - wanted}:
        wanted |= more
    if refresh and (more := (wanted - asked) & _loaded(source, pipeline)):
        raise _refusal(asked, more)
    source.resources.select(*(name for name in source.resources if name in wanted))


def refresh_selected_only(source: DltSource) -> None:
    """Let a refresh drop just the selected resources; dlt drops what they depend on as well.

    Args:
        source: about to be extracted; it is changed.
    """
    source.resources.__class__ = _SelectedOnly


class _SelectedOnly(DltResourceDict):
    """Has dlt take the selected resources for all that it extracts.

    It asks for these to refresh them, to reset the state of those that it replaces, and for its
    own statistics. What the selected ones depend on has no table here that would have to go, or
    none that is loaded; its state is reset, so that they get all of its rows.
    """

    @property
    def extracted(self) -> list[DltResource]:
        found = super().extracted
        if "_reset" not in vars(self):
            self._reset = True
            self._read_from_the_beginning(one for one in found if not one.selected)
        return [one for one in found if one.selected]

    def _read_from_the_beginning(self, resources: Iterable[DltResource]) -> None:
        # within dlt's extract, which takes the state back where it fails
        state, _ = pipeline_state(Container())
        sources: Mapping[str, Any] = state.get("sources", {})
        for resource in resources:
            reset_resource_state(resource.name, dict(sources).get(self.source_name, {}))


def _sharing_state(
    source: DltSource, allowed: Collection[str], pipeline: dlt.Pipeline
) -> Mapping[str, frozenset[str]]:
    """Give the resources that keep state, each with those to load whose rows it decides on.

    Before one of these has been loaded here nobody knows, so that it counts as keeping some.
    """
    resources = {one.name: one for one in source.resources.extracted}
    resources |= dict(source.resources)
    needed = {name: _chain(source.resources[name]) for name in allowed}
    states: Mapping[str, Any] = dict(pipeline.state.get("sources", {}).get(source.name, {}))
    stored = {name for name, state in states.get("resources", {}).items() if state}
    loaded = _loaded(source, pipeline)
    found: dict[str, frozenset[str]] = {}
    for name in {name for chain in needed.values() for name in chain}:
        group = frozenset(each for each, chain in needed.items() if name in chain)
        resource = resources.get(name)
        replaced = resource is not None and resource.write_disposition == "replace"
        keeps = resource is not None and resource.incremental is not None
        if not replaced and (keeps or name in stored or not group & loaded):
            found[name] = group
    return found


def _chain(resource: DltResource) -> frozenset[str]:
    """Name a resource, and all that it depends on."""
    names: set[str] = set()
    pipe = resource._pipe  # noqa: SLF001 - dlt gives it nowhere else
    while pipe is not None and not pipe.is_empty:
        names.add(pipe.name)
        pipe = pipe.parent
    return frozenset(names)


def _loaded(source: DltSource, pipeline: dlt.Pipeline) -> set[str]:
    """Name the resources that have tables from earlier loads."""
    if source.name not in pipeline.schemas:
        return set()
    tables = pipeline.schemas[source.name].data_tables(seen_data_only=True)
    return {resource for table in tables if (resource := table.get("resource"))}


def _refusal(asked: Collection[str], more: Collection[str]) -> SyncError:
    names, others = (", ".join(f"`{name}`" for name in sorted(each)) for each in (asked, more))
    return SyncError(
        f"{names} cannot be refreshed without {others}: they get their rows from one resource that"
        " goes on from where it stopped, and would not bring the old rows again. Nothing was"
        " dropped or loaded",
        hint=f"select {others} as well",
    )
