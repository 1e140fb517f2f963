"""The rows of a sample, in the DuckDB file that it was loaded into."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dango_dbt.schema import Column, Table

if TYPE_CHECKING:
    import duckdb

__all__ = ["Duplicates", "SampleRows", "content", "opened"]

_LOADS = "_dlt_loads"


@dataclass(frozen=True)
class Duplicates:
    """Values, of some columns together, that several rows have.

    Attributes:
        values: how many there are.
        rows: in how many rows.
        differing: how many of the values are in rows that differ in something else.
        example: one of the values, as text.
    """

    values: int
    rows: int
    differing: int
    example: str


def content(table: Table) -> list[Column]:
    """Give the columns that the source delivers: not dlt's, nor keys that are repeated."""
    return [column for column in table.columns if not column.system and column.root_key is None]


@contextmanager
def opened(file: Path) -> Iterator[SampleRows]:
    """Open a sample's file while nobody loads into it; tables are those for DuckDB."""
    import duckdb

    with duckdb.connect(str(file)) as connection:
        yield SampleRows(connection)


class SampleRows:
    """Asks a sample's file: of the tables as they are, and of what each load has brought.

    dlt makes one row of those with the same key when it merges. What the source has delivered is in
    the tables where it stages a merge or a replace; `keep` copies it before the next load.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._relations = {
            (str(schema), str(name))
            for schema, name in self._all(
                "select table_schema, table_name from information_schema.tables"
            )
        }
        self._main = next((schema for schema, name in self._relations if name == _LOADS), "main")

    def keep(self, run: int, tables: Sequence[Table]) -> None:
        """Copy what load number `run` (from 1 on) has brought, for `of_run`."""
        self._connection.execute(f"create schema {_run(run)}")
        for table in tables:
            staged = self._staged(table)
            self._connection.execute(
                f"create table {_run(run)}.{_name(table)} as {staged or self._new(run, table)}"
            )
            self._relations.add((_run(run), _stored(table)))
        for schema, name in self._relations:
            if self._is_staging(schema) and not name.startswith("_dlt_"):
                # dlt empties what it fills again only.
                self._connection.execute(f"delete from {_quoted(schema)}.{_quoted(name)}")  # noqa: S608 - names are quoted

    def now(self, table: Table) -> str:
        """Name a table as it is now, for SQL."""
        return f"{_quoted(self._main)}.{_name(table)}"

    def of_run(self, run: int, table: Table) -> str | None:
        """Name what a load has brought of a table, for SQL; None: the table was not there yet."""
        there = (_run(run), _stored(table)) in self._relations
        return f"{_run(run)}.{_name(table)}" if there else None

    def count(self, relation: str, where: str = "true") -> int:
        """Count rows."""
        return int(self._all(f"select count(*) from {relation} where {where}")[0][0])  # noqa: S608 - names are quoted

    def nulls(self, relation: str, columns: Sequence[Column]) -> list[int]:
        """Count the rows in which each of these columns is null."""
        if not columns:
            return []
        counts = ", ".join(f"count(*) - count({column.quoted})" for column in columns)
        return [int(value) for value in self._all(f"select {counts} from {relation}")[0]]  # noqa: S608 - names are quoted

    def distinct(self, relation: str, column: Column) -> list[Any]:
        """Give the distinct values of a column that are not null."""
        sql = f"select distinct {column.quoted} from {relation} where {column.quoted} is not null"  # noqa: S608 - names are quoted
        return [value for (value,) in self._all(sql)]

    def first(self, relation: str, columns: Sequence[Column], rows: int) -> list[tuple[Any, ...]]:
        """Give some rows, with these columns, in the order in which they were loaded."""
        if not columns:
            return []
        names = ", ".join(column.quoted for column in columns)
        return self._all(f"select {names} from {relation} limit {rows}")  # noqa: S608 - names are quoted

    def duplicates(
        self, relation: str, key: Sequence[Column], others: Sequence[Column]
    ) -> Duplicates:
        """Look for values of a key that several rows have; rows with a null in it do not count.

        Args:
            relation: the rows.
            key: the columns of the key.
            others: columns that tell whether such rows differ.
        """
        names = ", ".join(column.quoted for column in key)
        filled = " and ".join(f"{column.quoted} is not null" for column in key)
        rest = ", ".join(column.quoted for column in others)
        differ = f"count(distinct row({rest})) > 1" if others else "false"
        grouped = (
            f"select count(*) as n, {differ} as differ,"  # noqa: S608 - names are quoted
            f" concat_ws(', ', {', '.join(f'any_value({c.quoted})::text' for c in key)}) as example"
            f" from {relation} where {filled} group by {names} having count(*) > 1"
        )
        ((values, rows, differing, example),) = self._all(
            "select count(*), coalesce(sum(n), 0), count(*) filter (differ), min(example)"  # noqa: S608 - made above
            f" from ({grouped})"
        )
        return Duplicates(int(values), int(rows), int(differing), str(example or ""))

    def again(self, earlier: str, later: str, columns: Sequence[Column]) -> int:
        """Count the rows of one relation that are in another one too, the same in these columns."""
        names = ", ".join(column.quoted for column in columns)
        common = f"select {names} from {later} intersect all select {names} from {earlier}"  # noqa: S608 - names are quoted
        return int(self._all(f"select count(*) from ({common})")[0][0])  # noqa: S608 - made above

    def _staged(self, table: Table) -> str | None:
        """Select what dlt has staged of a table, if it has."""
        for schema, name in self._relations:
            if self._is_staging(schema) and name == _stored(table):
                staged = f"{_quoted(schema)}.{_name(table)}"
                if self.count(staged):
                    return f"select * from {staged}"  # noqa: S608 - names are quoted
        return None

    def _new(self, run: int, table: Table) -> str:
        """Select the rows of a table that were not there after the load before."""
        everything = f"select * from {self.now(table)}"  # noqa: S608 - names are quoted
        mark = table.load_id if table.parent is None else table.row_key
        if run == 1 or mark is None:
            return everything
        column = next(column.quoted for column in table.columns if column.name == mark)
        known = [
            f"select {column} from {relation}"  # noqa: S608 - names are quoted
            for earlier in range(1, run)
            if (relation := self.of_run(earlier, table))
        ]
        return (
            f"{everything} where {column} not in ({' union all '.join(known)})"
            if known
            else everything
        )

    def _is_staging(self, schema: str) -> bool:
        return schema not in {self._main, "main"} and not schema.startswith("run_")

    def _all(self, sql: str, parameters: Collection[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(parameters)).fetchall()


def _run(number: int) -> str:
    return f"run_{number}"


def _stored(table: Table) -> str:
    return table.identifier or table.name


def _name(table: Table) -> str:
    return _quoted(_stored(table))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
