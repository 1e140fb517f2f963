"""Connectors of the catalogue, loaded with dlt into a DuckDB file each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.connectors import vendor as vendors

if TYPE_CHECKING:
    from dlt.sources import DltSource


@dataclass(frozen=True)
class Warehouse:
    """A pipeline with its DuckDB file, loaded into run by run."""

    pipeline: Any

    def load(self, source: DltSource) -> None:
        """Load all that a source yields; incremental cursors stay as the last run left them."""
        self.pipeline.run(source).raise_on_failed_jobs()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the file; tables go by their bare names."""
        with self.pipeline.sql_client() as client:
            return list(client.execute_sql(sql) or ())

    def counts(self) -> dict[str, int]:
        """Count the rows of all tables with data, nested ones too."""
        tables = self.pipeline.default_schema.data_tables(seen_data_only=True)
        return {
            table["name"]: self.rows(f'select count(*) from "{table["name"]}"')[0][0]
            for table in tables
        }

    def columns(self) -> dict[str, set[str]]:
        """Name the columns of all tables with data."""
        tables = self.pipeline.default_schema.data_tables(seen_data_only=True)
        return {table["name"]: set(table["columns"]) for table in tables}


@pytest.fixture(scope="module", autouse=True)
def _dlt_settings() -> Iterator[None]:
    """No telemetry; and a refused request is an answer, not something to try again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        patch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
        yield


@pytest.fixture
def vendor() -> Iterator[vendors.Vendor]:
    """Give a server that refuses what it was not told to expect."""
    with vendors.serving() as serving:
        yield serving


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Give an empty DuckDB file with a pipeline of its own."""
    return _warehouse(tmp_path)


@pytest.fixture(scope="module")
def shared_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Give one that several tests of a module look at."""
    return _warehouse(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def source_of() -> Callable[[str, Mapping[str, str]], DltSource]:
    """Make a dlt source of a connector: its name, and credentials; others have their defaults."""
    return _source


def _warehouse(folder: Path) -> Warehouse:
    import dlt

    pipeline = dlt.pipeline(
        "catalogue",
        pipelines_dir=str(folder / "state"),
        destination=dlt.destinations.duckdb(str(folder / "warehouse.duckdb")),
        dataset_name="raw",
    )
    return Warehouse(pipeline)


def _source(name: str, credentials: Mapping[str, str]) -> DltSource:
    from dango_dbt.connectors import connector, filled, with_references
    from dango_dbt.declared.rest_api import make
    from dango_dbt.errors import Place

    known = connector(name)
    assert known.load.rest_api is not None
    defaults = {key: credential.default for key, credential in known.credentials.items()}
    config = with_references(known.load.rest_api, known.relationships)
    given = filled(config, {**defaults, **credentials})
    return make(name, given, lambda *_: Place(Path(f"{name}.yml")))
