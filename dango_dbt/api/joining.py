"""dlt's resources and dbt's nodes as one graph."""

from __future__ import annotations

from dataclasses import replace
from graphlib import TopologicalSorter

from dango_dbt import build as dbt
from dango_dbt import dlt_schema
from dango_dbt.api.selecting import disabled_in, never_generated
from dango_dbt.config import SourcesConfig, is_source_name
from dango_dbt.findings import GraphMember, JoinedGraph
from dango_dbt.graph import GraphNode
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout
from dango_dbt.selection import Selection

__all__ = ["joined_graph"]

_TESTS = frozenset({"test", "unit_test"})


def joined_graph(
    layout: ProjectLayout,
    config: SourcesConfig,
    selection: Selection,
    target: str,
    progress: Progress,
) -> JoinedGraph:
    """Join what dbt lists with the resources that bring its sources' tables.

    Args:
        layout: where things are.
        config: which sources there are.
        selection: which nodes; empty: all.
        target: name of the target to parse for.
        progress: is told dbt's warnings.

    Raises:
        BuildError: dbt cannot parse the project, or the selection is wrong.
        ConfigError: a file with an accepted schema is broken.
    """
    everything = selection or Selection(("package:*",), state=selection.state)
    listed = dbt.list_nodes(layout.dbt, everything, target=target, progress=progress)
    nodes = [node for node in listed.nodes.values() if node.kind not in _TESTS]
    brought = _Resources(layout)
    disabled = disabled_in(config, listed if selection else None)
    members: dict[str, GraphMember] = {}
    for node in nodes:
        off = node.table is not None and node.table[0] in disabled
        if resource := brought.by(node):
            members[resource.id] = resource = replace(resource, disabled=off)
        shown = tuple(parent for parent in node.parents if parent in listed.nodes)
        parents = (resource.id,) if resource else shown
        members[node.unique_id] = GraphMember(node.unique_id, node.kind, _name(node), parents, off)
    order = {each: members[each].parents for each in sorted(members)}
    ordered = [members[each] for each in TopologicalSorter(order).static_order()]
    unknown = () if selection else tuple(never_generated(layout, config))
    return JoinedGraph(target, tuple(ordered), unknown, tuple(disabled))


def _name(node: GraphNode) -> str:
    """Name a node; a table with its source and, where a package declares that, the package."""
    if node.table:
        return ".".join(node.table)
    return node.unique_id.partition(".")[2] if node.kind == "source" else node.name


class _Resources:
    """Which resource brings a source's table, as the accepted schemas have it."""

    def __init__(self, layout: ProjectLayout) -> None:
        self._layout = layout
        self._schemas: dict[str, dlt_schema.StoredSchema | None] = {}

    def by(self, node: GraphNode) -> GraphMember | None:
        """Give the resource of a table; None: it is no table, or none of ours."""
        if node.table is None or not is_source_name(node.table[0]):
            return None
        source, table = node.table
        if source not in self._schemas:
            self._schemas[source] = dlt_schema.load(self._layout.accepted_schema(source))
        schema = self._schemas[source]
        names = {name.lower(): name for name in schema["tables"]} if schema else {}
        if schema is None or table.lower() not in names:
            return None
        root = dlt_schema.root_table(names[table.lower()], schema)
        if not (resource := root.get("resource")):
            return None
        name = f"{source}.{resource}"
        return GraphMember(f"resource.{name}", "resource", name, ())
