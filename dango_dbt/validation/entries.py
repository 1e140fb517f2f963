"""What may be wrong though sources.yml is valid: variables, datasets, and dlt's own files."""

from __future__ import annotations

from pathlib import Path

from dango_dbt.arguments import read_arguments
from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.credentials import unset_error
from dango_dbt.destinations import Warehouse
from dango_dbt.errors import ConfigError
from dango_dbt.toml_files import toml_problem

__all__ = ["dataset_problem", "dlt_file_problems", "variable_problems"]


def dlt_file_problems(root: Path) -> list[ConfigError]:
    """Find out which of dlt's files are no TOML."""
    files = [Path(".dlt", name) for name in ("config.toml", "secrets.toml")]
    found = [toml_problem(root / file, file) for file in files if (root / file).exists()]
    return [problem for problem in found if problem]


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


def dataset_problem(
    config: SourcesConfig, source: SourceConfig, warehouse: Warehouse
) -> ConfigError | None:
    """Say why the warehouse cannot hold a source's dataset; None where it can."""
    if source.dataset.lower() not in warehouse.reserved:
        return None
    return ConfigError(
        f"dataset `{source.dataset}` is named like the warehouse file, and DuckDB cannot tell the"
        " two apart",
        place=config.place_of(source, "dataset_name" if source.dataset_name else "name"),
        hint="give the source another `dataset_name:`, or the file another name",
    )
