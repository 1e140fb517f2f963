"""A source that sources.yml describes → a dlt source, made by dlt's own sources of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dango_dbt.config import SourceConfig
from dango_dbt.errors import Place

if TYPE_CHECKING:
    from dlt.extract import DltSource

__all__ = ["make"]


def make(
    source: SourceConfig,
    arguments: Mapping[str, Any],
    root: Path,
    place_of: Callable[..., Place],
) -> DltSource:
    """Make the dlt source of an entry with another type than dlt_native.

    Args:
        source: what sources.yml says of it.
        arguments: what stands in the key named like its type, with `${VAR}` replaced.
        root: the project's, which paths of files are relative to.
        place_of: says where the value of a key of its entry stands in sources.yml.

    Raises:
        ConfigError: dlt does not take what is written; or a library that it needs is not there.
        SyncError: a database cannot be reached, or has no such table.
    """
    if source.type == "rest_api":
        from dango_dbt.declared import rest_api

        return rest_api.make(source.name, arguments, place_of)
    if source.type == "sql_database":
        from dango_dbt.declared import sql_database

        return sql_database.make(source.name, arguments, root, place_of)
    from dango_dbt.declared import filesystem

    return filesystem.make(source.name, arguments, root, place_of)
