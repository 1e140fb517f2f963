"""The dbt project as a graph: what `build` reads of it, and `lineage` looks into. Pure data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

__all__ = ["Graph", "GraphNode"]

_BUILT = frozenset({"function", "model", "saved_query", "seed", "snapshot", "test", "unit_test"})


@dataclass(frozen=True)
class GraphNode:
    """One node of dbt's: a source's table, a model, seed, snapshot, data test or exposure.

    Attributes:
        kind: dbt's word for what it is.
        relation: the name of its table or view, as SQL has it; None: it has none.
        sql: compiled; None: it has none, or dbt could not compile it.
        parents: the unique ids of what it depends on.
        columns: names that are declared for it, or that its file has (seeds).
        quoted: those of them that are declared with `quote: true`.
        tags: dbt's.
        file: relative to the dbt project.
        criterion: what selects it, and with other criteria nothing else, in dbt's selection.
        table: of a table of a source that the dbt project itself declares, the names of source and
            table; the table's as the warehouse has it.
        ephemeral: it is part of what uses it: nothing is built for it.
    """

    unique_id: str
    name: str
    kind: str
    relation: str | None = None
    sql: str | None = None
    parents: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    quoted: frozenset[str] = frozenset()
    tags: tuple[str, ...] = ()
    file: str = ""
    criterion: str = ""
    table: tuple[str, str] | None = None
    ephemeral: bool = False

    @property
    def is_built(self) -> bool:
        """Whether `dbt build` has a result for it."""
        return self.kind in _BUILT and not self.ephemeral


@dataclass(frozen=True)
class Graph:
    """All nodes by their unique ids."""

    nodes: Mapping[str, GraphNode]

    def tables(self, names: Iterable[str]) -> list[str]:
        """Find the ids of tables by name: `source.table`, or `source` for all of a source."""
        wanted = set(names)
        return [
            node.unique_id
            for node in self.nodes.values()
            if node.table and wanted & {node.table[0], ".".join(node.table)}
        ]

    def downstream(self, roots: Iterable[str]) -> list[GraphNode]:
        """Give all that depends on some nodes, parents first."""
        children: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for parent in node.parents:
                children.setdefault(parent, []).append(node.unique_id)
        roots, found = set(roots), set[str]()
        waiting = list(roots)
        while waiting:
            new = set(children.get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        order = {each: found.intersection(self.nodes[each].parents) for each in sorted(found)}
        return [self.nodes[each] for each in TopologicalSorter(order).static_order()]
