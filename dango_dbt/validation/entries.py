"""What a source's entry may get wrong though sources.yml is valid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.destinations import Warehouse
from dango_dbt.errors import ConfigError

__all__ = ["dataset_problems"]


def dataset_problems(
    config: SourcesConfig, sources: Sequence[SourceConfig], warehouse: Warehouse
) -> Iterator[ConfigError]:
    """Find datasets that the warehouse cannot hold."""
    for source in sources:
        if source.dataset.lower() in warehouse.reserved:
            yield ConfigError(
                f"dataset `{source.dataset}` is named like the warehouse file, and DuckDB cannot"
                " tell the two apart",
                place=config.place_of(source),
                hint="give the source another `dataset_name:`, or the file another name",
            )
