"""What a plan's retyped and removed columns do to the dbt project."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from dango_dbt import build as dbt
from dango_dbt import destinations
from dango_dbt.api.risks import Risk
from dango_dbt.data_tests import TEST_TAG
from dango_dbt.errors import DangoError
from dango_dbt.project import ProjectLayout
from dango_dbt.results import Impact, Use

if TYPE_CHECKING:
    from dango_dbt.graph import Graph, GraphNode
    from dango_dbt.lineage import Lineage, NodeUse

__all__ = ["impacts_of", "to_hold"]


def impacts_of(layout: ProjectLayout, risks: Sequence[Risk], target: str) -> tuple[Impact, ...]:
    """Find what uses columns, in the dbt project as it is on disk.

    Args:
        layout: where things are.
        risks: the columns; where there are none, dbt is not asked.
        target: name of the target to compile for.
    """
    if not risks:
        return ()
    try:
        resolved = dbt.resolve_target(layout.dbt, target)
        graph = dbt.compiled_graph(layout.dbt, resolved, folder=layout.compiled(target))
    except DangoError as error:
        return tuple(_unknown(risk, str(error)) for risk in risks)
    dialect = destinations.adapter(resolved.type).dialect
    from dango_dbt.lineage import Lineage

    lineage = Lineage(graph, dialect)
    gone = {risk.model for risk in risks if risk.column is None}
    return tuple(
        _end(risk, graph, gone)
        if risk.column is None
        else _impact(risk, risk.column, graph, lineage)
        for risk in risks
    )


def to_hold(retyped: Sequence[Impact]) -> tuple[str, ...]:
    """Name the tables, as `source.table`, whose descendants would rely on a column in vain."""
    found = [f"{impact.source}.{impact.table}" for impact in retyped if impact.breaking]
    return tuple(dict.fromkeys(found))


def _end(risk: Risk, graph: Graph, gone: Collection[str | None]) -> Impact:
    """Say what refers to a model that goes: without it, dbt cannot even parse."""
    roots = {node.unique_id for node in graph.nodes.values() if _is_root(node, risk)}
    users = [
        node
        for node in graph.nodes.values()
        if roots.intersection(node.parents) and TEST_TAG not in node.tags and node.name not in gone
    ]
    uses = tuple(Use(node.unique_id, node.name, node.kind, rows=True) for node in users)
    return Impact(risk.source, risk.model or "", None, risk.change, uses, breaking=bool(uses))


def _impact(risk: Risk, column: str, graph: Graph, lineage: Lineage) -> Impact:
    roots = [node.unique_id for node in graph.nodes.values() if _is_root(node, risk)]
    found = lineage.uses({root: [column] for root in roots})
    return Impact(
        risk.source,
        risk.table or risk.model or "",
        column,
        risk.change,
        tuple(_use(use) for use in found),
        breaking=any(_relies(use, risk) for use in found),
    )


def _unknown(risk: Risk, reason: str) -> Impact:
    table = risk.table or risk.model or ""
    return Impact(risk.source, table, risk.column, risk.change, breaking=True, unknown=reason)


def _is_root(node: GraphNode, risk: Risk) -> bool:
    if risk.table is None:
        return node.kind == "model" and node.name == risk.model
    # source.<package>.<source>.<table>
    return (
        node.kind == "source" and node.unique_id.split(".", 2)[-1] == f"{risk.source}.{risk.table}"
    )


def _relies(use: NodeUse, risk: Risk) -> bool:
    """Whether somebody has written what uses the column; generated code follows its table.

    A staging model that picks its rows by the column relies on it, too.
    """
    node = use.node
    if node.kind == "test":
        return TEST_TAG not in node.tags
    return node.name != risk.model or use.rows or use.unread


def _use(use: NodeUse) -> Use:
    node = use.node
    return Use(node.unique_id, node.name, node.kind, use.columns, use.rows, use.unread)
