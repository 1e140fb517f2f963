"""Which columns and rows downstream are made of a changed column."""

from __future__ import annotations

import time
from typing import NamedTuple

import pytest

from dango_dbt.graph import Graph, GraphNode
from dango_dbt.lineage import Lineage


def table(name: str, *columns: str, kind: str = "source") -> GraphNode:
    return GraphNode(name, name, kind, relation=f'"db"."s"."{name}"', columns=columns)


def model(name: str, sql: str, *parents: str, kind: str = "model") -> GraphNode:
    """A model; `{x}` in its SQL is the relation of x."""
    relations = {parent: f'"db"."s"."{parent}"' for parent in parents}
    relation = None if kind == "test" else f'"db"."s"."{name}"'
    return GraphNode(name, name, kind, relation, sql.format(**relations), parents)


def found(
    *nodes: GraphNode, of: str = "raw.price", dialect: str = "duckdb"
) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Say which columns, and whether the rows, of which node are made of a column."""
    name, _, column = of.partition(".")
    graph = Graph({node.unique_id: node for node in nodes})
    return {
        use.node.name: (use.columns, use.rows)
        for use in Lineage(graph, dialect).uses({name: [column]})
        if not use.unread
    }


RAW = table("raw", "id", "price", "name")
OTHER = table("other", "id", "label")


class Case(NamedTuple):
    sql: str
    columns: tuple[str, ...]
    rows: bool = False


CASES = {
    "a column": Case("select id, price from {raw}", ("price",)),
    "another one": Case("select id, name from {raw}", ()),
    "a renamed one": Case("select id, price as amount from {raw}", ("amount",)),
    "what is computed": Case(
        "select id, price * 2 as doubled, id + 1 as next from {raw}", ("doubled",)
    ),
    "a star": Case("select * from {raw}", ("price",)),
    "a star without it": Case("select * exclude (price) from {raw}", ()),
    "a CTE": Case("with c as (select * from {raw}) select id, price as p from c", ("p",)),
    "a chain of CTEs": Case(
        "with a as (select id, price as x from {raw}), b as (select x as y, id as i from a)"
        " select i, y + 1 as z from b",
        ("z",),
    ),
    "a join": Case(
        "select r.*, o.label from {raw} as r join {other} as o on r.id = o.id", ("price",)
    ),
    "a join on it": Case(
        "select r.id, o.label from {raw} as r join {other} as o on r.price = o.id", (), rows=True
    ),
    "two stars": Case(
        "select r.*, o.* exclude (id) from {raw} as r join {other} as o using (id)", ("price",)
    ),
    "a filter": Case("select id from {raw} where price > 1", (), rows=True),
    "a filter in a CTE": Case(
        "with c as (select id, price as p from {raw}), d as (select id from c where p > 1)"
        " select id from d",
        (),
        rows=True,
    ),
    "an aggregate": Case("select name, sum(price) as total from {raw} group by name", ("total",)),
    "a group": Case("select price, count(*) as n from {raw} group by 1", ("price",), rows=True),
    "a window": Case(
        "select id, row_number() over (partition by name order by price) as n from {raw}", ("n",)
    ),
    "qualify": Case(
        "select id from {raw} qualify row_number() over (partition by name order by price) = 1",
        (),
        rows=True,
    ),
    "a union": Case(
        "select id, label as x from {other} union all select id, price from {raw}", ("x",)
    ),
    "a scalar subquery": Case(
        "select o.id, (select max(price) from {raw}) as top from {other} as o", ("top",)
    ),
    "an inner query's filter": Case(
        "select o.id from {other} as o where o.id in (select id from {raw} where price > 1)",
        (),
        rows=True,
    ),
    "a correlated query": Case(
        "select o.id from {other} as o"
        " where exists (select 1 from {raw} as r where r.price = o.id)",
        (),
        rows=True,
    ),
    "another table's column of the name": Case(
        "select o.price from (select id as price from {other}) as o, {raw} as r", ()
    ),
    "a name in another case": Case('select ID, "PRICE" as Amount from {raw}', ("amount",)),
    "a CTE called like the table": Case(
        "with raw as (select id as price from {other}) select price from raw", ()
    ),
    "what is never selected": Case("with c as (select id, price from {raw}) select id from c", ()),
    "a case": Case(
        "select id, case when price > 1 then 'dear' else 'cheap' end as class from {raw}",
        ("class",),
    ),
    "a pivot": Case(
        "select * from (select name, price from {raw}) pivot (sum(price) for name in ('a', 'b'))",
        ("a", "b"),
        rows=True,  # which rows there are, too: it groups by the rest
    ),
    "a list that it is looked for in": Case(
        "select id from {other} where id in (select price from {raw})", (), rows=True
    ),
    "a bound that it gives": Case(
        "select id from {other} where id > (select max(price) from {raw})", (), rows=True
    ),
    "a group's bound": Case(
        "select id from {other} group by id having count(*) > (select max(price) from {raw})",
        (),
        rows=True,
    ),
    "what is distinct": Case("select distinct price from {raw}", ("price",), rows=True),
    "a union of what is distinct": Case(
        "select id, price from {raw} union select id, label from {other}", ("price",), rows=True
    ),
    "what is left": Case(
        "select id from {other} except select price from {raw}", ("id",), rows=True
    ),
    "nothing but a count": Case("select count(*) as n from {raw}", ()),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_model_makes_of_a_column(case: Case) -> None:
    node = model("m", case.sql, "raw", "other")
    expected = {"m": (case.columns, case.rows)} if case.columns or case.rows else {}
    assert found(RAW, OTHER, node) == expected


def test_three_layers_with_a_star_a_cte_a_join_and_a_renamed_column() -> None:
    nodes = (
        model("stg", "select id, price as unit_price, name from {raw}", "raw"),
        model("stg_other", "select * from {other}", "other"),
        model(
            "enriched",
            "with s as (select * from {stg}), o as (select * from {stg_other})"
            " select s.*, o.label from s left join o on s.id = o.id",
            "stg",
            "stg_other",
        ),
        model(
            "totals",
            "select label, sum(unit_price) as total from {enriched} group by 1",
            "enriched",
        ),
        model("names", "select name, label from {enriched}", "enriched"),
        model("dear", "select name from {enriched} where unit_price > 9", "enriched"),
        model(
            "report",
            "select t.total as revenue, n.name from {totals} t, {names} n",
            "totals",
            "names",
        ),
        model(
            "not_null_total",
            "select total from {totals} where total is null",
            "totals",
            kind="test",
        ),
        model("not_null_name", "select name from {names} where name is null", "names", kind="test"),
        GraphNode("board", "board", "exposure", parents=("report",)),
        GraphNode("list", "list", "exposure", parents=("names",)),
    )
    assert found(RAW, OTHER, *nodes) == {
        "stg": (("unit_price",), False),
        "enriched": (("unit_price",), False),
        "totals": (("total",), False),
        "dear": ((), True),
        "report": (("revenue",), False),
        "not_null_total": (("total",), True),
        "board": ((), True),
    }


@pytest.mark.parametrize(
    "sql",
    [
        "select * from {raw} as r join {unknown} as u on r.id = u.id",
        "select r.*, u.x from {raw} as r join {unknown} as u on r.id = u.id",
        "select id, price from {raw} union all by name select price, id from {raw}",
        "select max(columns(*)) from {raw}",
        "select r from {raw} as r",
        "select price from {raw} as r join {unknown} as u on r.id = u.id",
    ],
)
def test_what_cannot_be_resolved_may_be_it(sql: str) -> None:
    nodes = (RAW, table("unknown"), model("m", sql, "raw", "unknown"), model("n", "select 1", "m"))
    graph = Graph({node.unique_id: node for node in nodes})
    found = Lineage(graph, "duckdb").uses({"raw": ["price"]})
    assert {use.node.name for use in found if use.unread or use.columns} >= {"m"}
    assert any(use.unread or "price" in use.columns for use in found if use.node.name == "m")


def test_what_is_read_once_serves_many_columns() -> None:
    """40 columns of one table through 20 models."""
    columns = [f"c{n}" for n in range(40)]
    nodes = [table("raw", *columns)]
    nodes += [
        model(
            f"m{n}",
            "select * from {" + (f"m{n - 1}" if n else "raw") + "}",
            f"m{n - 1}" if n else "raw",
        )
        for n in range(20)
    ]
    lineage = Lineage(Graph({node.unique_id: node for node in nodes}), "duckdb")
    started = time.perf_counter()
    lineage.uses({"raw": ["c0"]})
    first = time.perf_counter() - started
    for column in columns[1:]:
        assert len(lineage.uses({"raw": [column]})) == 20
    assert time.perf_counter() - started < 5 * first + 1


def test_what_cannot_be_read_may_use_it() -> None:
    graph = Graph(
        {
            "raw": RAW,
            "broken": model("broken", "select from where {raw}", "raw"),
            "python": GraphNode("python", "python", "model", '"db"."s"."python"', None, ("raw",)),
        }
    )
    assert {
        use.node.name for use in Lineage(graph, "duckdb").uses({"raw": ["price"]}) if use.unread
    } == {
        "broken",
        "python",
    }


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "postgres", "tsql", "databricks"])
def test_each_dialect_is_read(dialect: str) -> None:
    """Names are compared in any case: Snowflake's are in upper case unless they are quoted."""
    quote = {"bigquery": "`", "databricks": "`"}.get(dialect, '"')
    nodes = [
        GraphNode("raw", "raw", "source", "db.s.raw", columns=("id", "price")),
        GraphNode("m", "m", "model", "db.s.m", "select *, price as p from db.s.raw", ("raw",)),
        GraphNode(
            "n",
            "n",
            "model",
            "db.s.n",
            f"with s as (select * from db.s.m) select P as {quote}Q{quote} from s",
            ("m",),
        ),
    ]
    columns = {
        name: tuple(map(str.lower, made))
        for name, (made, _) in found(*nodes, dialect=dialect).items()
    }
    assert columns == {"m": ("price", "p"), "n": ("q",)}
