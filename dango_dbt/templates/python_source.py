"""my_source: say here what it loads.

Run this file by itself to try it: it loads into a DuckDB file beside.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import dlt
from dlt.extract import DltResource

# Like the library requests, but asks again after 429 and 5xx, and waits as told.
from dlt.sources.helpers import requests


@dlt.source
def my_source(
    api_key: str = dlt.secrets.value,
    base_url: str = "https://api.example.com/v1",
) -> Iterable[DltResource]:
    """Say here what it loads.

    Args:
        api_key: from [sources.my_source] in .dlt/secrets.toml.
        base_url: address of the API.
    """

    def pages(path: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
        page = 1
        while True:
            response = requests.get(
                f"{base_url}/{path}",
                headers={"Authorization": f"Bearer {api_key}"},
                params={"page": page, "per_page": 100, **params},
            )
            response.raise_for_status()
            items = response.json()
            if not items:
                return
            yield items
            page += 1

    @dlt.resource(primary_key="id", write_disposition="replace")
    def customers() -> Iterator[list[dict[str, Any]]]:
        """Load all customers, each time."""
        yield from pages("customers")

    @dlt.resource(primary_key="id", write_disposition="merge")
    def orders(
        updated_at: Any = dlt.sources.incremental(
            "updated_at", initial_value="2024-01-01T00:00:00Z"
        ),
    ) -> Iterator[list[dict[str, Any]]]:
        """Load orders that are new or have changed since the last load."""
        yield from pages("orders", updated_since=updated_at.last_value)

    yield from (customers, orders)


if __name__ == "__main__":
    pipeline = dlt.pipeline(
        pipeline_name="my_source",
        destination="duckdb",
        dataset_name="raw_my_source",
    )
    print(pipeline.run(my_source()))
