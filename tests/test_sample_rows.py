"""What is asked of a sample's rows: the same as counted in Python, whatever is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dango_dbt.sampling import SampleRows
from dango_dbt.schema import Column, Table

if TYPE_CHECKING:
    from typing_extensions import Self

KEY = Column("key", '"key"', "BIGINT", primary_key=True)
LINE = Column('li"ne', '"li""ne"', "VARCHAR", primary_key=True)
NOTE = Column("note", "note", "VARCHAR")
COLUMNS = (KEY, LINE, NOTE)
TABLE = Table('od"d', COLUMNS)

Row = tuple[int | None, str | None, str | None]
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 2), st.none() | st.sampled_from("ab'"), st.none() | st.text()
    ),
    max_size=12,
)


class Sample:
    """A file in memory, as dlt leaves it."""

    def __init__(self) -> None:
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute("create schema raw_shop; create table raw_shop._dlt_loads (id int)")
        self.fill([])

    def fill(self, rows: list[Row]) -> Self:
        table = 'raw_shop."od""d"'
        columns = ", ".join(f"{column.quoted} {column.data_type}" for column in COLUMNS)
        self.connection.execute(f"create or replace table {table} ({columns})")
        if rows:
            self.connection.executemany(f"insert into {table} values (?, ?, ?)", rows)
        return self

    def asked(self) -> SampleRows:
        return SampleRows(self.connection)


@pytest.fixture(scope="module")
def sample() -> Iterator[Sample]:
    sample = Sample()
    yield sample
    sample.connection.close()


few = settings(max_examples=40, deadline=None)


@few
@given(rows=ROWS)
def test_duplicates_nulls_and_distinct_values_are_those_of_the_rows(
    sample: Sample, rows: list[Row]
) -> None:
    asked = sample.fill(rows).asked()
    now = asked.now(TABLE)
    keys = Counter((key, line) for key, line, _ in rows if key is not None and line is not None)
    repeated = {value: times for value, times in keys.items() if times > 1}
    notes = {value: {note for *key, note in rows if tuple(key) == value} for value in repeated}

    found = asked.duplicates(now, [KEY, LINE], [NOTE])
    assert (found.values, found.rows) == (len(repeated), sum(repeated.values()))
    assert found.differing == sum(len(different) > 1 for different in notes.values())
    assert found.example in {f"{key}, {line}" for key, line in repeated} or not repeated
    nulls = [sum(row[place] is None for row in rows) for place in range(3)]
    assert asked.nulls(now, COLUMNS) == nulls
    assert set(asked.distinct(now, NOTE)) == {note for *_, note in rows if note is not None}
    assert asked.count(now) == len(rows)


@few
@given(earlier=ROWS, later=ROWS)
def test_rows_that_come_again_are_counted_each_once(
    sample: Sample, earlier: list[Row], later: list[Row]
) -> None:
    sample.connection.execute("drop schema if exists run_1 cascade")
    asked = sample.fill(earlier).asked()
    asked.keep(1, [TABLE])
    kept = asked.of_run(1, TABLE)
    assert kept is not None
    sample.fill(later)
    again = asked.again(kept, asked.now(TABLE), COLUMNS)
    assert again == sum((Counter(earlier) & Counter(later)).values())
