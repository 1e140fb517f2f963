"""What a source's entry may get wrong though sources.yml is valid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dango_dbt.arguments import read_arguments
from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.credentials import unset_error
from dango_dbt.destinations import Warehouse
from dango_dbt.errors import ConfigError

__all__ = ["dataset_problems", "variable_problems"]


def variable_problems(config: SourcesConfig, root: Path) -> list[ConfigError]:
    """Find the `${VAR}`s among the sources' arguments that are not set, or are none.

    Raises:
        ConfigError: a secrets file may stand in for one, and is not TOML.
    """
    found = []
    arguments = read_arguments(config, config.sources, root)
    for source, given in zip(config.sources, arguments, strict=True):
        found += [unset_error(source.name, [item]) for item in given.unset]
        if given.broken:
            found.append(given.broken)
    return found


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
