"""What each connector asks its vendor for, request by request: `requests/<connector>.yaml`.

To add a connector, add a file there: the credentials, the headers of every request, and of each
run the requests with their answers and the rows of all tables afterwards. At least two runs, so
that the second shows what is incremental, and two pages wherever the vendor has pages. A run may
name its `resources`, for those that are loaded only then.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt.connectors import connector
from tests.connectors.vendor import Vendor, conversation

if TYPE_CHECKING:
    from tests.connectors.conftest import Warehouse

pytestmark = pytest.mark.slow

FILES = sorted((Path(__file__).parent / "requests").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_connector_asks_for_exactly_this(
    path: Path, vendor: Vendor, warehouse: Warehouse, source_of: Callable[..., Any]
) -> None:
    from dlt.pipeline.exceptions import PipelineStepFailed

    talk = conversation(path, vendor.url)
    for run in talk.runs:
        vendor.expected[:] = run.exchanges
        source = source_of(path.stem, talk.credentials)
        for name in talk.also:
            source.resources[name].selected = True
        try:
            warehouse.load(source.with_resources(*run.resources) if run.resources else source)
        except PipelineStepFailed:
            vendor.settle()  # says more than dlt can, where the failure is the refusal of a request
            raise
        vendor.settle()
        assert warehouse.counts() == dict(run.rows)
    _relationships_name_columns_that_were_loaded(path.stem, warehouse.columns())


def _relationships_name_columns_that_were_loaded(name: str, columns: dict[str, set[str]]) -> None:
    for each in connector(name).relationships:
        for end in (each.source, each.target):
            table, column = end.split(".")
            assert column in columns.get(table, ()), f"{end} was not loaded"
