"""What sources.yml says under `staging:` → the options of each table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from dango_dbt.config import StagingConfig, TableStagingConfig
from dango_dbt.schema import StagingOptions, Table
from dango_dbt.staging import StagingModel
from dango_dbt.staging.rows import (
    latest_of,
    reason_not_deduplicated,
    reason_not_incremental,
)

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


def remarks(
    tables: Sequence[Table], models: Sequence[StagingModel], config: StagingConfig
) -> Iterator[str]:
    """Say what under `staging:` has no effect, and why.

    Args:
        tables: all tables of the source, with their options.
        models: the staging models of those that have one.
        config: what sources.yml says of the source.
    """
    staged = {model.table.name: model for model in models}
    by_name = {table.name: table for table in tables}
    yield from _globs(by_name, config)
    yield from _lists_of_excluded(by_name)
    for name, said in config.tables.items():
        table = by_name.get(name)
        if table is None:
            known = ", ".join(f"`{other}`" for other in by_name)
            yield f"`staging: tables:` there is no table `{name}` (there are {known})"
            continue
        if said.deduplicate and (reason := reason_not_deduplicated(table)):
            yield f"table `{name}` is not deduplicated: {reason}"
        model = staged.get(name)
        if said.incremental and model and (reason := reason_not_incremental(model)):
            yield f"table `{name}` is not incremental: {reason}"


def _globs(by_name: Mapping[str, Table], config: StagingConfig) -> Iterator[str]:
    for key, globs in (("include", config.include), ("exclude", config.exclude)):
        for glob in globs or ():
            if not any(fnmatchcase(name, glob) for name in by_name):
                known = ", ".join(f"`{name}`" for name in by_name)
                yield f"`staging: {key}:` no table is called `{glob}` (there are {known})"


def _lists_of_excluded(by_name: Mapping[str, Table]) -> Iterator[str]:
    for table in by_name.values():
        parent = by_name.get(table.parent or "")
        if parent is None or parent.staging.include or not table.staging.include:
            continue
        if latest_of(parent):
            yield (
                f"table `{table.name}` is staged with the items of all rows of `{parent.name}`:"
                " which of these are the latest cannot be looked up, since it is excluded"
            )
