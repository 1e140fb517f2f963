"""Products, shopping carts and users of a shop, from the DummyJSON API (https://dummyjson.com).

The shop is invented, and so are its users. Needs the internet, or a server that answers alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dlt
from dlt.sources.helpers import requests

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableReference, TTableSchemaColumns
    from dlt.sources import DltResource

PAGE_SIZE = 100


def _decimals(*names: str) -> TTableSchemaColumns:
    """Declare numbers as double: JSON writes 10.0 as 10, and dlt would take the first for whole."""
    return {name: {"name": name, "data_type": "double"} for name in names}


def _reference(column: str, table: str) -> TTableReference:
    return {"columns": [column], "referenced_table": table, "referenced_columns": ["id"]}


@dlt.source
def ecommerce_api(base_url: str = "https://dummyjson.com") -> list[DltResource]:
    """Products, shopping carts and users of an invented shop.

    Args:
        base_url: where the API answers, without a slash at the end.
    """

    @dlt.resource(
        write_disposition="replace",
        primary_key="id",
        columns=_decimals(
            "price",
            "discountPercentage",
            "rating",
            "weight",
            "dimensions__width",
            "dimensions__height",
            "dimensions__depth",
        ),
    )
    def products() -> Iterator[list[dict[str, Any]]]:
        """Products that the shop sells, with their tags, images and reviews."""
        yield from _pages(base_url, "products")

    @dlt.resource(
        write_disposition="replace",
        primary_key="id",
        columns=_decimals("total", "discountedTotal"),
        references=[_reference("userId", "users")],
        nested_hints={
            "products": dlt.mark.make_nested_hints(
                columns=_decimals("price", "total", "discountPercentage", "discountedTotal"),
                references=[_reference("id", "products")],
            )
        },
    )
    def carts() -> Iterator[list[dict[str, Any]]]:
        """Shopping carts, with the products in them."""
        yield from _pages(base_url, "carts")

    @dlt.resource(
        write_disposition="replace",
        primary_key="id",
        columns=_decimals(
            "height",
            "weight",
            "address__coordinates__lat",
            "address__coordinates__lng",
            "company__address__coordinates__lat",
            "company__address__coordinates__lng",
        ),
    )
    def users() -> Iterator[list[dict[str, Any]]]:
        """Users of the shop."""
        yield from _pages(base_url, "users")

    return [products(), carts(), users()]


def _pages(base_url: str, name: str) -> Iterator[list[dict[str, Any]]]:
    """Read all pages of a list.

    Raises:
        ValueError: the API stops before it has sent as many items as it says that there are.
    """
    read, total = 0, 1
    while read < total:
        response = requests.get(f"{base_url}/{name}", params={"limit": PAGE_SIZE, "skip": read})
        response.raise_for_status()
        body = response.json()
        items, total = body[name], body["total"]
        if not items and read < total:
            # to go on would load a part as if it were all
            message = f"{response.url} sent nothing, though only {read} of {total} have been read"
            raise ValueError(message)
        read += len(items)
        yield items


if __name__ == "__main__":
    pipeline = dlt.pipeline("ecommerce", destination="duckdb", dataset_name="raw_ecommerce")
    pipeline.run(ecommerce_api(), loader_file_format="parquet")
