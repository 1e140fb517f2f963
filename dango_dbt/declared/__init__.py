"""A source that sources.yml describes → a dlt source, made by dlt's own sources of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dango_dbt.config import SourceConfig
from dango_dbt.errors import ConfigError, Place

if TYPE_CHECKING:
    from dlt.extract import DltSource

__all__ = ["check", "doubts", "make"]


def check(
    source: SourceConfig,
    arguments: Mapping[str, Any],
    place_of: Callable[..., Place],
    *,
    complete: bool,
) -> list[ConfigError]:
    """Find what cannot be loaded, as far as that shows without a connection or the files.

    Args:
        source: an entry with another type than dlt_native.
        arguments: what stands in the key named like its type.
        place_of: says where a key of its entry, or the value of one, stands in sources.yml.
        complete: every `${VAR}` in the arguments is replaced.
    """
    kind = _kind(source)
    if found := kind.check(arguments, place_of, complete=complete):
        return list(found)
    known = kind.names(arguments)
    return [
        ConfigError(
            f"source `{source.name}` has no resource `{name}`",
            place=place_of("resources", index),
            hint=f"it has: {', '.join(known)}",
        )
        for index, name in enumerate(source.resources or ())
        if known and name not in known
    ]


def doubts(
    source: SourceConfig, arguments: Mapping[str, Any], place_of: Callable[..., Place]
) -> list[ConfigError]:
    """Find what is no mistake, and probably not meant; of what `check` finds nothing wrong with."""
    if source.type != "rest_api":
        return []
    from dango_dbt.declared import rest_api

    return rest_api.doubts(arguments, place_of)


def _kind(source: SourceConfig) -> ModuleType:
    return import_module(f"dango_dbt.declared.{source.type}")


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
