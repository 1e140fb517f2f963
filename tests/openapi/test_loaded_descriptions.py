"""What is made of three descriptions loads all that servers of them hold, and only what is new."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt.adding import of_connector
from dango_dbt.connectors import filled, with_references
from dango_dbt.openapi import Derived, derive, read_specification
from tests.openapi.apis import (
    BOOKS,
    CARRIERS,
    CUSTOMERS,
    MEMBERS,
    SHIPMENTS,
    WAREHOUSES,
    depot,
    library,
    parcels,
)
from tests.openapi.conftest import HERE
from tests.openapi.serving import Api, Server, serving

if TYPE_CHECKING:
    from dlt.extract import DltSource


pytestmark = pytest.mark.slow


class Loaded:
    """An API's rows in a DuckDB file, after two loads: as data, and as the code made of it.

    Attributes:
        counts: of rows that each load brought, by resource.
        second: how many requests the server had had before the second.
    """

    def __init__(self, description: str, api: Api, folder: Path, **given: str) -> None:
        self.derived: Derived = derive(read_specification(str(HERE / description)), "api")
        self.file = folder / "warehouse.duckdb"
        with serving(api) as self.server:
            values = {
                name: given.get(name, str(one.default)).replace("{server}", self.server.address)
                for name, one in self.derived.connector.credentials.items()
            }
            self.counts = [self._load(folder, self._as_data(values))]
            self.second = len(self.server.asked)
            self.counts.append(self._load(folder, self._as_code(folder, values)))

    def _as_data(self, values: dict[str, str]) -> DltSource:
        from dlt.sources.rest_api import rest_api_source

        connector = self.derived.connector
        assert connector.load.rest_api is not None
        config = with_references(connector.load.rest_api, connector.relationships)
        return rest_api_source(filled(config, values), name="api")

    def _as_code(self, folder: Path, values: dict[str, str]) -> DltSource:
        """Run what `source add --openapi` writes."""
        draft = of_connector("api", self.derived.connector, "a description", declarative=False)
        assert draft.code is not None
        file = folder / "api.py"
        file.write_text(draft.code, encoding="utf-8")
        source: DltSource = run_path(str(file))["api"](**values)
        return source

    def _load(self, folder: Path, source: DltSource) -> dict[str, int]:
        import dlt

        pipeline = dlt.pipeline(
            "openapi",
            pipelines_dir=str(folder / "state"),
            destination=dlt.destinations.duckdb(str(self.file)),
            dataset_name="raw",
        )
        pipeline.run(source)
        counts: dict[str, int] = pipeline.last_trace.last_normalize_info.row_counts  # type: ignore[union-attr]
        self.schema = pipeline.default_schema
        return {name: many for name, many in counts.items() if not name.startswith("_dlt")}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the warehouse."""
        import duckdb

        with duckdb.connect(str(self.file), read_only=True) as connection:
            connection.execute("set schema = 'raw'")
            return connection.execute(sql).fetchall()

    def later(self, path: str) -> list[dict[str, str]]:
        """Give the parameters of the second load's requests to a path."""
        seen = Server(asked=self.server.asked[self.second :])
        return seen.queries(path)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("parcels")
    given = {"api_token": "let-me-in", "base_url": "{server}/v2"}
    return Loaded("parcels.yaml", parcels, folder, **given)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("depot")
    given = {"api_key": "k-123", "class_value": "A", "base_url": "{server}/api/"}
    return Loaded("depot.json", depot, folder, **given)


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    given = {"client_id": "me", "client_secret": "hush", "token_url": "{server}/token"}
    folder = tmp_path_factory.mktemp("library")
    return Loaded("library.yaml", library, folder, base_url="{server}/rest", **given)


def test_bearer_with_cursors_and_link_headers_loads_every_row(shipped: Loaded) -> None:
    customers = [(one["id"], one["name"], one["created"]) for one in CUSTOMERS]
    assert shipped.rows("select id, name, created from customers order by created") == customers
    ids = [(one["id"],) for one in SHIPMENTS]
    assert shipped.rows("select id from shipments order by id") == ids
    assert shipped.rows("select count(*) from shipments__parts") == [(2 * len(SHIPMENTS),)]
    codes = [(one["carrier_code"],) for one in CARRIERS]
    assert shipped.rows("select carrier_code from carriers order by 1") == codes
    services = "select _carriers_carrier_code, code from carrier_services order by code"
    pairs = [(f"C{n}", f"C{n}-{kind}") for n in range(5) for kind in ("fast", "slow")]
    assert shipped.rows(services) == pairs


def test_a_second_load_asks_for_what_is_new(shipped: Loaded) -> None:
    assert shipped.later("/v2/customers") == [{"limit": "3", "created[gte]": "1007"}]
    newest = {"per_page": "4", "since": SHIPMENTS[-1]["updated_at"]}
    assert shipped.later("/v2/shipments") == [newest]
    assert shipped.counts[1].get("customers", 0) <= 1


def test_a_link_of_the_description_becomes_a_reference(shipped: Loaded) -> None:
    assert shipped.schema.tables["shipments"]["references"] == [
        {
            "referenced_table": "customers",
            "columns": ["customer_id"],
            "referenced_columns": ["id"],
        }
    ]


def test_key_with_offsets_and_parents_loads_every_row(stored: Loaded) -> None:
    ids = [(one["warehouse_id"],) for one in WAREHOUSES]
    assert stored.rows("select warehouse_id from warehouses order by 1") == ids
    shelves = [(id_, number) for (id_,) in ids for number in range(1, id_ - 3)]
    select = "select _warehouses_warehouse_id, number from warehouse_shelves order by 1, 2"
    assert stored.rows(select) == shelves
    bins = sorted((f"{id_}/{shelf}/{n}",) for id_, shelf in shelves for n in (1, 2))
    assert stored.rows("select sku from warehouse_shelf_bins order by sku") == bins
    counts = [(id_, f"S{id_}") for (id_,) in ids]
    assert stored.rows("select _warehouses_warehouse_id, sku from counts order by 1") == counts


def test_keys_of_children_are_unique_after_two_loads(stored: Loaded) -> None:
    key = [
        name
        for name, column in stored.schema.tables["warehouse_shelf_bins"]["columns"].items()
        if column.get("primary_key")
    ]
    assert len(key) == 3
    twice = (
        f"select count(*) from warehouse_shelf_bins group by {', '.join(key)} having count(*) > 1"
    )
    assert stored.rows(twice) == []
    assert stored.counts[0] == stored.counts[1]


def test_client_credentials_with_numbered_pages_loads_every_row(lent: Loaded) -> None:
    books = [(one["isbn"], one["title"]) for one in BOOKS]
    assert lent.rows("select isbn, title from books order by isbn") == books
    members = [(one["uuid"],) for one in MEMBERS]
    assert lent.rows("select uuid from members order by uuid") == members
    assert [one["page"] for one in lent.server.queries("/rest/books")[:3]] == ["1", "2", "3"]
    newest = {"page": "1", "page_size": "2", "modified_since": BOOKS[-1]["modified_at"]}
    assert lent.later("/rest/books") == [newest]


@pytest.mark.parametrize("name", ["shipped", "stored", "lent"])
def test_relationships_name_columns_that_are_there(
    name: str, request: pytest.FixtureRequest
) -> None:
    loaded: Loaded = request.getfixturevalue(name)
    tables = loaded.schema.tables
    for one in loaded.derived.connector.relationships:
        for end in (one.source, one.target):
            table, _, column = end.partition(".")
            assert column in tables[table]["columns"]
