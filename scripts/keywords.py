"""Write dango_dbt/keywords/<dialect>.txt: the words that need quotes as a column.

DuckDB and Postgres are asked: each word of their grammars is tried. DuckDB's own lists of reserved
words are not enough: `at`, `by`, `show` and `table` are on none of them, and break a query.

The other warehouses cannot be asked here. Theirs are the words that sqlfluff and sqlglot have as
reserved, and those that either of the engines above needs quotes for: quotes too many do no
harm, quotes too few break the model.

In every dialect the words count that sqlglot cannot read without quotes: our own tools and other
people's read the models with it.

Run as: python scripts/keywords.py
Postgres is asked where `psql` reaches one (PGHOST and so on); else its file stays.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import duckdb  # noqa: TID253 - a script of the repository, not part of the package
from sqlfluff.core.dialects import dialect_selector
from sqlglot import errors, exp, parse_one  # noqa: TID253 - likewise
from sqlglot.dialects import Dialect  # noqa: TID253 - likewise

KEYWORDS = Path(__file__).parents[1] / "dango_dbt" / "keywords"

# The places in which generated code, and code written by hand on top of it, names a column.
QUERIES = (
    'with source as (select 42 as "{w}"), last as (select {w} from source) select * from last',
    'with source as (select 42 as "{w}", 1 as z_) select z_, {w} from source',
    'with source as (select 42 as "{w}", 1 as z_) select {w}, z_ from source',
    'select {w} as z_ from (select 42 as "{w}") as t_',
    'select count(*) from (select 42 as "{w}") as t_ where {w} = 42',
    'select cast({w} as integer) from (select 42 as "{w}") as t_',
)

# Dialect → the dialects of sqlfluff's and sqlglot's whose reserved words count.
OTHERS = {
    "athena": ("athena", "trino"),
    "bigquery": ("bigquery",),
    "clickhouse": ("clickhouse",),
    "databricks": ("databricks", "sparksql"),
    "fabric": ("tsql",),
    "redshift": ("redshift",),
    "snowflake": ("snowflake",),
    "tsql": ("tsql",),
}

# Words that ClickHouse takes for the next clause where they follow an expression.
CLAUSES = {
    "clickhouse": "any anti array asof final format global interpolate limit offset only prewhere"
    " qualify sample semi settings"
}


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


def of_duckdb() -> list[str]:
    """Try all words that DuckDB's grammar knows."""
    connection = duckdb.connect()
    rows = connection.sql("select distinct keyword_name from duckdb_keywords()").fetchall()
    return [word for (word,) in rows if not works_bare(connection, word)]


# One statement does it all, so that no driver is needed; what fails is a word that needs quotes.
# A word that is a function without parentheses gives no error, but another value.
IN_POSTGRES = """
do $$
declare w text; query text; found text;
begin
  create temp table needing_quotes (word text);
  for w in select word from pg_get_keywords() loop
    begin
      foreach query in array array[{queries}] loop
        execute replace('select row_to_json(q_)::text from (' || query || ') as q_', '{{w}}', w)
          into found;
        if found !~ '[:](42|1)[,}}]' or (query like 'with%' and found not like '%"' || w || '":42%')
        then raise exception 'another value'; end if;
      end loop;
    exception when others then insert into needing_quotes values (w);
    end;
  end loop;
end $$;
select word from needing_quotes;
"""


def of_postgres() -> list[str] | None:
    """Try all words that Postgres' grammar knows; None where no server is reached."""
    script = IN_POSTGRES.format(queries=", ".join(f"'{query}'" for query in QUERIES))
    command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--file=-"]
    done = subprocess.run(
        [*command, "--set=ON_ERROR_STOP=1", "postgres"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"Postgres is left out: {done.stderr.strip()}")
        return None
    return done.stdout.split()


def documented(dialect: str) -> set[str]:
    """Collect the words that others list as reserved."""
    words = set(CLAUSES.get(dialect, "").split())
    for name in OTHERS[dialect]:
        words |= {word.lower() for word in dialect_selector(name).sets("reserved_keywords")}
    known = Dialect.get(dialect)
    if known is not None:
        words |= {word.strip().lower() for word in known.generator_class.RESERVED_KEYWORDS}
    return {word for word in words if word.isidentifier()}


def unreadable(dialect: str) -> set[str]:
    """Try the words of sqlglot's own grammar in its parser."""
    known = Dialect.get_or_raise(dialect).tokenizer_class.KEYWORDS
    words = {word.lower() for word in known if word.isidentifier()}
    return {word for word in words if not all(_reads(query, word, dialect) for query in QUERIES)}


def _reads(query: str, word: str, dialect: str) -> bool:
    quoted = exp.to_identifier(word, quoted=True).sql(dialect)
    try:
        tree = parse_one(query.replace('"{w}"', quoted).format(w=word), dialect=dialect)
    except errors.SqlglotError:
        return False
    named = [column for column in tree.find_all(exp.Column) if column.name.lower() == word]
    return bool(named)


def write(dialect: str, words: Iterable[str]) -> set[str]:
    """Write a dialect's file, with what sqlglot needs quotes for; gives the other words."""
    needed = set(words)
    quoted = needed | unreadable(dialect)
    target = KEYWORDS / f"{dialect}.txt"
    target.write_text("\n".join(sorted(quoted)) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(quoted)} words need quotes")
    return needed


def main() -> None:
    """Ask the engines that are here; take what is documented for the others."""
    tried = write("duckdb", of_duckdb())
    postgres = of_postgres()
    if postgres is None:
        postgres = (KEYWORDS / "postgres.txt").read_text(encoding="utf-8").split()
    tried |= write("postgres", postgres)
    for dialect in OTHERS:
        write(dialect, documented(dialect) | tried)


if __name__ == "__main__":
    main()
