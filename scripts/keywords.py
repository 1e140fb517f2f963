"""Write dango_dbt/keywords/<dialect>.txt: the words that need quotes as a column, by trying each.

DuckDB's own list of reserved words is not enough: `at`, `by`, `show` and `table` are on none of its
lists and still break a query.

Run as: python scripts/keywords.py
"""

from __future__ import annotations

from pathlib import Path

import duckdb  # noqa: TID253 - a script of the repository, not part of the package

KEYWORDS = Path(__file__).parents[1] / "dango_dbt" / "keywords"

# The places in which generated code, and code written by hand on top of it, names a column.
QUERIES = (
    'with source as (select 42 as "{w}"), last as (select {w} from source) select * from last',
    'with source as (select 42 as "{w}", 1 as z_) select z_, {w} from source',
    'with source as (select 42 as "{w}", 1 as z_) select {w}, z_ from source',
    'select {w} as z_ from (select 42 as "{w}")',
    'select count(*) from (select 42 as "{w}") where {w} = 42',
    'select cast({w} as integer) from (select 42 as "{w}")',
)


def works_bare(connection: duckdb.DuckDBPyConnection, word: str) -> bool:
    """Whether the word, unquoted, names the column of that name in every query."""
    for query in QUERIES:
        try:
            result = connection.sql(query.format(w=word))
            row = result.fetchone()
        except duckdb.Error:
            return False
        if row is None or not ({42, 1} & set(row)):
            return False
        if query.startswith("with") and word not in result.columns:
            return False
    return True


def main() -> None:
    """Try all words that DuckDB's grammar knows."""
    connection = duckdb.connect()
    rows = connection.sql("select distinct keyword_name from duckdb_keywords()").fetchall()
    quoted = sorted(word for (word,) in rows if not works_bare(connection, word))
    target = KEYWORDS / "duckdb.txt"
    target.write_text("\n".join(quoted) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(quoted)} of {len(rows)} words need quotes")


if __name__ == "__main__":
    main()
