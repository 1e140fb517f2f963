"""Runs the bundled sources with plain dlt, as someone would who has no dango-dbt."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dlt.common.schema import Schema

SOURCES = Path(__file__).parents[2] / "custom_sources"


@dataclass(frozen=True)
class Warehouse:
    """A DuckDB file that dlt loads into, dataset `raw`."""

    folder: Path

    def load(self, source: Any) -> Schema:  # noqa: ANN401 - a DltSource, and dlt is heavy to import
        """Load a source and return the schema that results."""
        import dlt

        pipeline = dlt.pipeline(
            "test",
            pipelines_dir=str(self.folder / "state"),
            destination=dlt.destinations.duckdb(str(self.folder / "warehouse.duckdb")),
            dataset_name="raw",
        )
        pipeline.run(source, loader_file_format="parquet")
        return pipeline.default_schema

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query; table names are looked up in the dataset."""
        import duckdb

        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as connection:
            connection.execute("set schema = 'raw'")
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module", autouse=True)
def dlt_settings() -> Iterator[None]:
    """As dango-dbt sets dlt: Arrow tables get a load id, and nothing is sent anywhere."""
    from dlt.common.runtime import run_context

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID", "true")
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        run_context.active()  # looks for dlt's plugins, once: before a test empties sys.path
        yield


@pytest.fixture(scope="module")
def import_source() -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of custom_sources/ by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SOURCES))
        yield importlib.import_module


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


@pytest.fixture(scope="module")
def shared_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """One for all tests of a module, that a fixture of the module fills."""
    return Warehouse(tmp_path_factory.mktemp("warehouse"))
