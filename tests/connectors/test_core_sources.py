"""Connectors that are dlt's own sources of databases and files, loaded from real ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import yaml

from dango_dbt import config, sources
from dango_dbt.adding.drafting import of_catalogue
from tests import mariadb as mysql
from tests import postgres as postgresql
from tests.connectors.conftest import Warehouse

if TYPE_CHECKING:
    from dlt.sources import DltSource

    from tests.mariadb import MariaDb
    from tests.postgres import Server


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDb]:
    """Start a MariaDB; without one the test is skipped."""
    with mysql.running() as server:
        if server is None:
            pytest.skip("no MariaDB here, or nobody to run it: apt-get install mariadb-server")
        yield server


def declared(root: Path, connector: str, **given: str) -> DltSource:
    """Make the source that `source add --declarative` describes, with these credentials."""
    entry = of_catalogue("shop", connector, declarative=True).entry
    text = yaml.safe_dump({"sources": [dict(entry)]})
    for name, value in given.items():
        text = text.replace(f"${{SOURCES__SHOP__{name.upper()}}}", value)
    path = root / ".dango" / "sources.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    project = config.load(path)
    (source,) = project.sources
    return sources.load(
        source,
        source.code.kwargs,
        root / "custom_sources",
        {},
        lambda *keys: project.place_of(source, *keys),
    )


def keys(warehouse: Warehouse, table: str) -> list[str]:
    """Name the columns of a table's primary key, as dlt knows it."""
    columns: dict[str, Any] = warehouse.pipeline.default_schema.tables[table]["columns"]
    return [name for name, column in columns.items() if column.get("primary_key")]


def test_postgresql_loads_the_tables_of_one_schema(
    tmp_path: Path, postgres: Server, warehouse: Warehouse
) -> None:
    database = postgres.database("catalogue")
    database.rows(
        "create table customers (id int primary key, name text not null);"
        "create table orders (id int primary key, customer_id int references customers,"
        " total numeric(10, 2), placed_at timestamptz);"
        "create schema other; create table other.hidden (id int);"
        "insert into customers values (1, 'Ann'), (2, 'Bob');"
        "insert into orders values (10, 1, 5.50, '2026-01-01T10:00:00Z');"
    )
    host = f"127.0.0.1:{database.port}"
    password = quote(postgresql.PASSWORD, safe="")
    url = f"postgresql+psycopg2://{postgresql.USER}:{password}@{host}/{database.name}"
    warehouse.load(declared(tmp_path, "postgresql", credentials=url))
    assert warehouse.counts() == {"customers": 2, "orders": 1}
    assert (keys(warehouse, "customers"), keys(warehouse, "orders")) == (["id"], ["id"])
    assert str(warehouse.rows("select total from orders")[0][0]) == "5.50"
    references = warehouse.pipeline.default_schema.tables["orders"]["references"]
    assert [one["referenced_table"] for one in references] == ["customers"]
    database.rows("delete from orders; insert into customers values (3, 'Cat')")
    warehouse.load(declared(tmp_path, "postgresql", credentials=url))
    assert warehouse.rows("select count(*) from customers") == [(3,)]
    assert warehouse.rows("select count(*) from orders") == [(0,)]


def test_mysql_loads_the_tables_of_a_database(
    tmp_path: Path, mariadb: MariaDb, warehouse: Warehouse
) -> None:
    mariadb.database("catalogue")
    mariadb.execute(
        "create table customers (id int primary key, name varchar(20) not null);"
        "create table orders (id int primary key, customer_id int, total decimal(10, 2),"
        " foreign key (customer_id) references customers (id));"
        "insert into customers values (1, 'Ann'), (2, 'Bob');"
        "insert into orders values (10, 1, 5.50);",
        "catalogue",
    )
    password = quote(mysql.PASSWORD, safe="")
    url = f"mysql+pymysql://{mysql.USER}:{password}@127.0.0.1:{mariadb.port}/catalogue"
    warehouse.load(declared(tmp_path, "mysql", credentials=url))
    assert warehouse.counts() == {"customers": 2, "orders": 1}
    assert (keys(warehouse, "customers"), keys(warehouse, "orders")) == (["id"], ["id"])
    assert str(warehouse.rows("select total from orders")[0][0]) == "5.50"
    references = warehouse.pipeline.default_schema.tables["orders"]["references"]
    assert [one["referenced_table"] for one in references] == ["customers"]


def test_filesystem_loads_the_files_below_a_folder(tmp_path: Path, warehouse: Warehouse) -> None:
    import duckdb

    folder = tmp_path / "exports" / "2026"
    folder.mkdir(parents=True)
    for month, rows in (("01", 2), ("02", 3)):
        data = duckdb.sql(f"select range as id, {month} as month from range({rows})")
        data.write_parquet(str(folder / f"{month}.parquet"))
    (folder / "notes.txt").write_text("no data", encoding="utf-8")
    for _ in range(2):  # the second load replaces the first
        warehouse.load(declared(tmp_path, "filesystem", bucket_url="exports"))
        assert warehouse.counts() == {"files": 5}
