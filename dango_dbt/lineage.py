"""Which columns and rows of dbt's nodes are made of some columns upstream. Pure.

sqlglot reads the SQL that dbt has compiled, with all stars and names resolved, and follows its
columns: https://sqlglot.com/sqlglot/lineage.html
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from sqlglot import exp, parse_one  # noqa: TID253 - what this is for; the CLI imports it late
from sqlglot.errors import SqlglotError  # noqa: TID253 - likewise
from sqlglot.lineage import lineage  # noqa: TID253 - likewise
from sqlglot.optimizer.qualify import qualify  # noqa: TID253 - likewise
from sqlglot.optimizer.scope import Scope, build_scope  # noqa: TID253 - likewise
from sqlglot.schema import MappingSchema  # noqa: TID253 - likewise

from dango_dbt.graph import Graph, GraphNode

__all__ = ["Lineage", "NodeUse"]

_Relation = tuple[str, ...]
#: A column of a relation, in lower case.
_Leaf = tuple[_Relation, str]


@dataclass(frozen=True)
class NodeUse:
    """How a node uses columns upstream.

    Attributes:
        columns: its own columns that are made of them.
        rows: which rows it has depends on them: it filters, joins or groups by them.
        unread: its SQL cannot be read, or not all of it: it may use them in other ways, too.
    """

    node: GraphNode
    columns: tuple[str, ...] = ()
    rows: bool = False
    unread: bool = False


class Lineage:
    """What the nodes of a dbt project are made of; each one's SQL is read once.

    Args:
        graph: the dbt project.
        dialect: sqlglot's name of the dialect.
    """

    def __init__(self, graph: Graph, dialect: str) -> None:
        self._graph, self._dialect = graph, dialect
        self._schema = MappingSchema(dialect=dialect)
        self._columns: dict[str, tuple[str, ...]] = {}
        self._readings: dict[str, _Reading | None] = {}

    def uses(self, changed: Mapping[str, Collection[str]]) -> list[NodeUse]:
        """Find what uses some columns, directly or through others.

        Args:
            changed: unique id → names of columns, in any case.

        Returns:
            The nodes that use them, parents first. An exposure uses a node as a whole, and what is
            below a node that cannot be read may use them, too.
        """
        made: dict[_Relation, set[str]] = {}
        used, unread, found = set(changed), set[str](), list[NodeUse]()
        for unique_id, columns in changed.items():
            self._mark(made, self._graph.nodes[unique_id], columns)
        for node in self._graph.downstream(changed):
            if not used.intersection(node.parents):
                continue
            use = self._use(node, made)
            if unread.intersection(node.parents) and not (use.columns or use.rows):
                use = replace(use, unread=True)
            if use.columns or use.rows or use.unread:
                used.add(node.unique_id)
                self._mark(made, node, use.columns)
                found.append(use)
                if use.unread:
                    unread.add(node.unique_id)
        return found

    def _mark(
        self, made: dict[_Relation, set[str]], node: GraphNode, columns: Collection[str]
    ) -> None:
        if node.relation and columns:
            with suppress(SqlglotError):  # a function is no relation
                table = exp.to_table(node.relation, dialect=self._dialect)
                made.setdefault(_relation(table), set()).update(map(str.lower, columns))

    def _use(self, node: GraphNode, made: Mapping[_Relation, Collection[str]]) -> NodeUse:
        if node.kind == "exposure":
            return NodeUse(node, rows=True)
        reading = self._reading(node)
        if reading is None:
            return NodeUse(node, unread=True)
        columns = [name for name, leaves in reading.columns.items() if _any_of(leaves, made)]
        rows = _any_of(reading.rows, made)
        return NodeUse(node, tuple(columns), rows, unread=not reading.complete)

    def _reading(self, node: GraphNode) -> _Reading | None:
        """Read a node's SQL; None: that is not possible, or it has none."""
        if node.unique_id not in self._readings:
            self._readings[node.unique_id] = None  # what refers to itself
            try:
                scope = self._scope(node)
                if scope is not None:
                    self._readings[node.unique_id] = _Reading.of(scope, self._dialect)
            except (SqlglotError, ValueError, RecursionError):
                pass
        return self._readings[node.unique_id]

    def _scope(self, node: GraphNode) -> Scope | None:
        """Read a node's SQL, with stars and names resolved.

        Raises:
            SqlglotError: it cannot be read.
        """
        if not node.sql:
            return None
        for parent in node.parents:
            self._declare(parent)
        with _quiet():
            query = qualify(
                parse_one(node.sql, dialect=self._dialect),
                dialect=self._dialect,
                schema=self._schema,
                validate_qualify_columns=False,
                identify=False,
            )
        return build_scope(query)

    def _declare(self, unique_id: str) -> None:
        """Tell sqlglot which columns a node has."""
        node = self._graph.nodes.get(unique_id)
        if node is None or unique_id in self._columns:
            return
        self._columns[unique_id] = node.columns
        reading = self._reading(node) if node.sql else None
        names = tuple(reading.columns) if reading and reading.complete else node.columns
        if not node.relation or not names:
            return
        with suppress(SqlglotError):  # a function is no relation
            table = exp.to_table(node.relation, dialect=self._dialect)
            types = dict.fromkeys((self._written(name, node) for name in names), "text")
            self._schema.add_table(table, types, dialect=self._dialect)

    def _written(self, name: str, node: GraphNode) -> str:
        """Write a column's name as SQL does; what the SQL of a model gives has its case already."""
        exact = name in node.quoted or (node.sql is not None and name not in node.columns)
        return exp.to_identifier(name, quoted=exact).sql(dialect=self._dialect)


def _any_of(leaves: Collection[_Leaf], made: Mapping[_Relation, Collection[str]]) -> bool:
    return any(column in made.get(relation, ()) for relation, column in leaves)


@dataclass(frozen=True)
class _Reading:
    """One query: which columns of relations its own are made of, and which pick its rows.

    Attributes:
        complete: nothing in it is left unresolved, such as the star of an unknown table.
    """

    columns: Mapping[str, frozenset[_Leaf]]
    rows: frozenset[_Leaf]
    complete: bool

    @classmethod
    def of(cls, scope: Scope, dialect: str) -> _Reading:
        reader = _Reader(dialect)
        columns = {name: leaves for name, leaves in reader.columns(scope).items() if name != "*"}
        scopes = list(scope.traverse())
        rows = frozenset(leaf for each in scopes for leaf in reader.rows(each))
        return cls(columns, rows, all(_is_complete(each) for each in scopes))


class _Reader:
    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.found: dict[int, dict[str, frozenset[_Leaf]]] = {}

    def columns(self, scope: Scope) -> dict[str, frozenset[_Leaf]]:
        """Give what each column of a query is made of."""
        known = self.found.get(id(scope))
        if known is None:
            with _quiet():
                nodes = lineage(
                    None, scope.expression, dialect=self.dialect, scope=scope, trim_selects=False
                )
            known = {
                name: frozenset(
                    leaf for each in node.walk() for leaf in _leaf(each.name, each.source)
                )
                for name, node in nodes.items()
            }
            self.found[id(scope)] = known
        return known

    def rows(self, scope: Scope) -> Iterator[_Leaf]:
        """Give what one query, without those in it, picks, joins, groups or sorts its rows by."""
        for column in scope.columns:
            if not _is_selected(column, scope):
                yield from self.origin(column, scope)
        for inner in scope.subquery_scopes:
            if not _is_selected(inner.expression, scope):
                yield from (leaf for leaves in self.columns(inner).values() for leaf in leaves)
        query = scope.expression
        kept_all = isinstance(query, exp.Union) and not query.args.get("distinct")
        if query.args.get("distinct") or (isinstance(query, exp.SetOperation) and not kept_all):
            yield from (leaf for leaves in self.columns(scope).values() for leaf in leaves)

    def origin(self, column: exp.Column, scope: Scope) -> Iterable[_Leaf]:
        source = scope.sources.get(column.table)
        if isinstance(source, Scope):
            found = self.columns(source)
            return found.get(column.name, found.get("*", ()))
        return () if source is None else _leaf(column.sql(), source)


def _leaf(name: str, source: exp.Expr) -> Iterator[_Leaf]:
    if isinstance(source, exp.Table) and name != "*":
        yield _relation(source), exp.to_column(name).name.lower()


def _is_complete(scope: Scope) -> bool:
    """Whether each column of a query is known by its table, and nothing stands for several."""
    query = scope.expression
    if query.args.get("by_name") or query.find(exp.Columns):
        return False
    if not isinstance(query, exp.Query):
        return True
    names = set(query.named_selects)
    if any(select.is_star for select in query.selects):
        return False
    return all(
        column.table or (column.name in names and not _is_selected(column, scope))
        for column in scope.columns
    )


def _is_selected(node: exp.Expr, scope: Scope) -> bool:
    """Whether something is part of what a query gives, and of nothing that picks its rows."""
    above: exp.Expr | None = node
    while above is not None and above is not scope.expression:
        if above.parent is scope.expression:
            return above.arg_key == "expressions"
        above = above.parent
    return False


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
