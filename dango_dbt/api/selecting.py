"""From dbt's selection to what is loaded: the sources' tables in it, as dlt's resources."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from dango_dbt import dlt_schema
from dango_dbt.config import SourcesConfig, is_source_name
from dango_dbt.graph import Graph
from dango_dbt.project import ProjectLayout
from dango_dbt.selection import Selection, downstream_of

__all__ = [
    "ToLoad",
    "disabled_in",
    "never_generated",
    "nothing_selected",
    "to_load",
    "with_sources",
]

#: What stands around a name in a criterion: operators of the graph, and a method.
_AROUND = re.compile(r"^(@|\d*\+)?(\w[\w.]*:)?|\+\d*$")


@dataclass(frozen=True)
class ToLoad:
    """Which sources a run loads.

    Attributes:
        names: of the sources; None: all that are enabled.
        resources: of a source, these alone; a source that is not here is loaded whole.
    """

    names: tuple[str, ...] | None = None
    resources: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def only(self, names: Collection[str]) -> ToLoad:
        """Leave out all other sources than these; with none given, all of them."""
        return ToLoad(tuple(names), self.resources)

    def without(self, names: Collection[str]) -> ToLoad:
        """Leave out sources that have been loaded already."""
        left = tuple(name for name in self.names or () if name not in names)
        return ToLoad(left, self.resources)


def with_sources(selection: Selection, package: str, sources: Sequence[str]) -> Selection:
    """Add sources that were named with `--source`: each is `source:<name>+`, if it is ours."""
    more = downstream_of(package, sources)
    return Selection(
        (*selection.select, *more), selection.exclude, selection.selector, selection.state
    )


def never_generated(layout: ProjectLayout, config: SourcesConfig) -> list[str]:
    """Name the enabled sources that dbt cannot know of, as nothing was ever generated for them."""
    return [
        source.name
        for source in config.sources
        if source.enabled and not layout.accepted_schema(source.name).is_file()
    ]


def to_load(layout: ProjectLayout, config: SourcesConfig, selected: Graph, target: str) -> ToLoad:
    """Say what to load for the nodes that dbt has selected.

    A source of which all known tables are selected is loaded whole: so a resource that is new in
    its code comes, too. Of one that its code has no more, the table stays as it is.

    Args:
        layout: where things are.
        config: which sources there are; disabled ones are not loaded.
        selected: the nodes; tables of other sources than ours are dbt's affair.
        target: name of the target to load into.
    """
    tables: dict[str, set[str]] = {}
    for node in selected.nodes.values():
        if node.table:
            tables.setdefault(node.table[0], set()).add(node.table[1])
    enabled = [source.name for source in config.sources if source.enabled]
    enabled += [source.name for source in config.broken if source.enabled]
    names = [name for name in enabled if name in tables and is_source_name(name)]
    limited: dict[str, frozenset[str]] = {}
    for name in list(names):
        schema = dlt_schema.load(layout.accepted_schema(name))
        if schema is None:
            continue
        last = dlt_schema.load(layout.live_schema(target, name))
        last = last or dlt_schema.load(layout.taken_schema(target, name))
        there = set(schema["tables"]).difference(dlt_schema.gone(schema, last))
        known = _resources(schema, there)
        wanted = _resources(schema, tables[name]) & known
        if not wanted:
            names.remove(name)  # only dlt's own tables, or ones that a user has declared
        elif known - wanted:
            limited[name] = wanted
    return ToLoad(tuple(names), limited)


def disabled_in(config: SourcesConfig, selected: Graph | None = None) -> list[str]:
    """Name the disabled sources, or those of which a table is selected."""
    disabled = [source.name for source in config.sources if not source.enabled]
    disabled += [source.name for source in config.broken if not source.enabled]
    if selected is None:
        return disabled
    names = {node.table[0] for node in selected.nodes.values() if node.table}
    return [name for name in disabled if name in names]


def nothing_selected(selection: Selection, everything: Graph, unknown: Collection[str]) -> str:
    """Say that a selection selects nothing, and what may have been meant.

    Args:
        selection: what selects nothing.
        everything: the whole dbt project.
        unknown: the sources that dbt does not know of.
    """
    names = {node.name for node in everything.nodes.values()}
    names |= {".".join(node.table) for node in everything.nodes.values() if node.table}
    parts = [part for each in selection.select for part in each.split(",")]
    for part in parts:
        source = _AROUND.sub("", part).partition(".")[0]
        if source in unknown:
            return (
                f"nothing is selected: source `{source}` was never generated, so dbt does not know"
                f" it; load and generate it with `dango-dbt sync --source {source}`"
            )
    near = (get_close_matches(_AROUND.sub("", part), names, n=1) for part in parts)
    found = next((name for close in near for name in close), None)
    return "nothing is selected" + (f": did you mean `{found}`?" if found else "")


def _resources(schema: dlt_schema.StoredSchema, tables: Iterable[str]) -> frozenset[str]:
    """Name the resources that bring some tables; a warehouse may store names in its own case."""
    names = {name.lower(): name for name in schema["tables"]}
    known = [names[table.lower()] for table in tables if table.lower() in names]
    found = (dlt_schema.root_table(name, schema).get("resource") for name in known)
    return frozenset(resource for resource in found if resource)
