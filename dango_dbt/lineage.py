"""Which columns and rows of dbt's nodes are made of some columns upstream. Pure.

sqlglot reads the SQL that dbt has compiled, with all stars and names resolved, and follows its
columns: https://sqlglot.com/sqlglot/lineage.html
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlglot import exp, parse_one  # noqa: TID253 - what this is for; the CLI imports it late
from sqlglot.errors import SqlglotError  # noqa: TID253 - likewise
from sqlglot.lineage import lineage  # noqa: TID253 - likewise
from sqlglot.optimizer.qualify import qualify  # noqa: TID253 - likewise
from sqlglot.optimizer.scope import Scope, build_scope  # noqa: TID253 - likewise
from sqlglot.schema import MappingSchema  # noqa: TID253 - likewise

from dango_dbt.graph import Graph, GraphNode

__all__ = ["NodeUse", "uses"]

_Relation = tuple[str, ...]


@dataclass(frozen=True)
class NodeUse:
    """How a node uses columns upstream.

    Attributes:
        columns: its own columns that are made of them.
        rows: which rows it has depends on them: it filters, joins or groups by them.
        unread: its SQL cannot be read, so that nobody knows.
    """

    node: GraphNode
    columns: tuple[str, ...] = ()
    rows: bool = False
    unread: bool = False


def uses(graph: Graph, changed: Mapping[str, Collection[str]], dialect: str) -> list[NodeUse]:
    """Find what uses some columns, directly or through others.

    Args:
        graph: the dbt project.
        changed: unique id → names of columns, in any case.
        dialect: sqlglot's name of the dialect.

    Returns:
        The nodes that use them, parents first. An exposure uses a node as a whole.
    """
    return list(_Lineage(graph, changed, dialect).uses())


class _Lineage:
    def __init__(self, graph: Graph, changed: Mapping[str, Collection[str]], dialect: str) -> None:
        self.graph, self.dialect = graph, dialect
        self.schema = MappingSchema(dialect=dialect)
        self.known: dict[str, tuple[str, ...]] = {}
        #: Which columns of which relations are made of the changed ones.
        self.made: dict[_Relation, set[str]] = {}
        self.used: set[str] = set(changed)
        for unique_id, columns in changed.items():
            self._mark(graph.nodes[unique_id], columns)

    def uses(self) -> Iterator[NodeUse]:
        changed = set(self.used)
        for node in self.graph.downstream(changed):
            if not self.used.intersection(node.parents):
                continue
            use = self._use(node)
            if use.columns or use.rows or use.unread:
                self.used.add(node.unique_id)
                self._mark(node, use.columns)
                yield use

    def _mark(self, node: GraphNode, columns: Collection[str]) -> None:
        if node.relation:
            known = self.made.setdefault(self._relation(node.relation), set())
            known.update(column.lower() for column in columns)

    def _use(self, node: GraphNode) -> NodeUse:
        if node.kind == "exposure":
            return NodeUse(node, rows=True)
        try:
            scope = self._scope(node)
            if scope is None:
                return NodeUse(node, unread=True)
            reading = _Reading(scope, self.made, self.dialect)
            return NodeUse(node, reading.columns(), rows=reading.rows())
        except (SqlglotError, ValueError, RecursionError):
            return NodeUse(node, unread=True)

    def _scope(self, node: GraphNode) -> Scope | None:
        """Read a node's SQL, with stars and names resolved.

        Raises:
            SqlglotError: it cannot be read.
        """
        if not node.sql:
            return None
        for parent in node.parents:
            self.columns(parent)
        with _quiet():
            query = qualify(
                parse_one(node.sql, dialect=self.dialect),
                dialect=self.dialect,
                schema=self.schema,
                validate_qualify_columns=False,
                identify=False,
            )
        return build_scope(query)

    def columns(self, unique_id: str) -> tuple[str, ...]:
        """Name a node's columns, those of the nodes that it is made of first."""
        if unique_id in self.known:
            return self.known[unique_id]
        node = self.graph.nodes.get(unique_id)
        if node is None:
            return ()
        self.known[unique_id] = node.columns  # what refers to itself has these
        try:
            scope = self._scope(node)
            names = [] if scope is None else _query(scope).named_selects
        except (SqlglotError, ValueError, RecursionError):
            names = []
        if names and "*" not in names:
            self.known[unique_id] = tuple(names)
        if node.relation and (columns := self.known[unique_id]):
            table = exp.to_table(node.relation, dialect=self.dialect)
            types = dict.fromkeys((self._written(name, node) for name in columns), "text")
            self.schema.add_table(table, types, dialect=self.dialect)
        return self.known[unique_id]

    def _written(self, name: str, node: GraphNode) -> str:
        """Write a column's name as SQL does; what the SQL of a model gives has its case already."""
        exact = name in node.quoted or (node.sql is not None and name not in node.columns)
        return exp.to_identifier(name, quoted=exact).sql(dialect=self.dialect)

    def _relation(self, name: str) -> _Relation:
        return _relation(exp.to_table(name, dialect=self.dialect))


class _Reading:
    """One query, and which columns it is made of."""

    def __init__(
        self, scope: Scope, made: Mapping[_Relation, Collection[str]], dialect: str
    ) -> None:
        self.scope, self.made, self.dialect = scope, made, dialect
        self.found: dict[int, dict[str, bool]] = {}

    def columns(self) -> tuple[str, ...]:
        """Name the query's columns that are made of the changed ones."""
        found = self._of(self.scope)
        names = [name for name, made in found.items() if made and name != "*"]
        if found.get("*"):  # a star that could not be resolved passes all on
            names += sorted({column for columns in self.made.values() for column in columns})
        return tuple(dict.fromkeys(names))

    def rows(self) -> bool:
        """Whether it filters, joins, groups or sorts by them, at any depth."""
        return any(
            self._is_made(column, scope)
            for scope in self.scope.traverse()
            for column in scope.columns
            if not _is_selected(column, scope)
        )

    def _of(self, scope: Scope) -> dict[str, bool]:
        known = self.found.get(id(scope))
        if known is None:
            with _quiet():
                nodes = lineage(
                    None, scope.expression, dialect=self.dialect, scope=scope, trim_selects=False
                )
            known = {
                name: any(self._is_leaf(leaf.name, leaf.source) for leaf in node.walk())
                for name, node in nodes.items()
            }
            self.found[id(scope)] = known
        return known

    def _is_made(self, column: exp.Column, scope: Scope) -> bool:
        source = scope.sources.get(column.table)
        if isinstance(source, Scope):
            found = self._of(source)
            return found.get(column.name, found.get("*", False))
        return source is not None and self._is_leaf(column.sql(), source)

    def _is_leaf(self, name: str, source: exp.Expr) -> bool:
        if not isinstance(source, exp.Table):
            return False
        columns = self.made.get(_relation(source), ())
        if name == "*":
            return bool(columns)
        return exp.to_column(name).name.lower() in columns


def _is_selected(column: exp.Column, scope: Scope) -> bool:
    """Whether a column is part of what a query gives, and of nothing that picks its rows."""
    node: exp.Expr | None = column
    while node is not None and node is not scope.expression:
        if node.parent is scope.expression:
            return node.arg_key == "expressions"
        node = node.parent
    return False


def _query(scope: Scope) -> exp.Query:
    query = scope.expression
    if not isinstance(query, exp.Query):
        raise SqlglotError("no query")
    return query


def _relation(table: exp.Table) -> _Relation:
    """Name a relation so that the same one is the same, however it is written."""
    return tuple(part.name.lower() for part in table.parts)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep sqlglot's doubts about single columns out of the terminal."""
    logger = logging.getLogger("sqlglot")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
