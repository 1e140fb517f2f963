"""What sources.yml says under `staging:` → the options of each table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from dango_dbt.config import StagingConfig, TableStagingConfig
from dango_dbt.schema import StagingOptions, Table

__all__ = ["remarks", "with_options"]


def with_options(tables: Sequence[Table], config: StagingConfig) -> tuple[Table, ...]:
    """Give each table its options: its own, those of the tables that it is nested in, the source's.

    Args:
        tables: all tables of a source.
        config: what sources.yml says of the source.
    """
    by_name = {table.name: table for table in tables}
    return tuple(replace(table, staging=_options(table, by_name, config)) for table in tables)


def _options(table: Table, by_name: Mapping[str, Table], config: StagingConfig) -> StagingOptions:
    said = [*_own(table, by_name, config), config]
    return StagingOptions(
        include=_is_included(table.name, config),
        deduplicate=_first(said, "deduplicate") is True,
        incremental=_first(said, "incremental") is True,
        coalesce_variants=_first(said, "variants") == "coalesce",
        hide_dlt_columns=_first(said, "dlt_columns") == "hide",
    )


def _own(
    table: Table, by_name: Mapping[str, Table], config: StagingConfig
) -> Iterator[TableStagingConfig]:
    """Give what is said of a table, and then of each table that it is nested in."""
    nearest: Table | None = table
    while nearest is not None:
        if nearest.name in config.tables:
            yield config.tables[nearest.name]
        nearest = by_name.get(nearest.parent or "")


def _first(said: Sequence[TableStagingConfig], option: str) -> Any:  # noqa: ANN401 - the option's
    return next((value for each in said if (value := getattr(each, option)) is not None), None)


def _is_included(name: str, config: StagingConfig) -> bool:
    included = config.include is None or _matches(name, config.include)
    return included and not _matches(name, config.exclude or ())


def _matches(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def remarks(tables: Sequence[Table], config: StagingConfig) -> Iterator[str]:
    """Say what under `staging:` has no effect, and why.

    Args:
        tables: all tables of the source, with their options.
        config: what sources.yml says of it.
    """
    by_name = {table.name: table for table in tables}
    yield from _globs(by_name, config)
    yield from _lists_of_excluded(by_name)
    for name, said in config.tables.items():
        table = by_name.get(name)
        if table is None:
            known = ", ".join(f"`{other}`" for other in by_name)
            yield f"`staging: tables:` there is no table `{name}` (there are {known})"
            continue
        if said.deduplicate and (reason := _not_deduplicated(table)):
            yield f"table `{name}` is not deduplicated: {reason}"
        if said.incremental and (reason := _not_incremental(table)):
            yield f"table `{name}` is not incremental: {reason}"


def _globs(by_name: Mapping[str, Table], config: StagingConfig) -> Iterator[str]:
    for key, globs in (("include", config.include), ("exclude", config.exclude)):
        for glob in globs or ():
            if not any(fnmatchcase(name, glob) for name in by_name):
                yield f"`staging: {key}:` no table is called `{glob}`"


def _lists_of_excluded(by_name: Mapping[str, Table]) -> Iterator[str]:
    for table in by_name.values():
        parent = by_name.get(table.parent or "")
        if parent is None or parent.staging.include or not table.staging.include:
            continue
        if parent.staging.deduplicate and _not_deduplicated(parent) is None:
            yield (
                f"table `{table.name}` is staged with the items of all rows of `{parent.name}`:"
                " which of these are the latest cannot be looked up, since it is excluded"
            )


def _not_deduplicated(table: Table) -> str | None:
    if table.parent:
        return f"it is nested, and follows `{table.parent}`"
    if table.write_disposition != "append":
        return f"`{table.write_disposition}` keeps no older rows of a key"
    return None if table.primary_key else "it has no primary key"


def _not_incremental(table: Table) -> str | None:
    if table.history:
        return "a new version changes rows of older loads"
    if table.write_disposition == "replace":
        return "each load replaces all of it"
    if table.load_id is None:
        return "its rows do not tell which load has brought them"
    return None
