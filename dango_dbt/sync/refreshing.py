"""`--refresh`: raw data that is dropped takes the source's state in the destination along.

dlt drops the tables at the beginning of the load, and the state with the new cursors comes at its
end. A process that dies in between, its state folder lost, would go on from the old cursors.
"""

# ruff: noqa: S608 - all names and values in the statements are quoted by dlt

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dlt.common.storages.load_package import PackageStorage

from dango_dbt.sync.healing import client_of
from dango_dbt.sync.packages import Package, normalized

if TYPE_CHECKING:
    import dlt

__all__ = ["drop_with_views", "forget", "has_begun"]

_MIND_VIEWS = frozenset({"postgres", "redshift"})


def forget(pipeline: dlt.Pipeline) -> None:
    """Empty what the pending package is going to refresh, with the pipeline's state, at once."""
    for package in normalized(pipeline):
        names = _refreshed(package)
        if not names:
            continue
        with client_of(pipeline, package.schema) as client:
            state = package.schema.state_table_name
            there = {
                name for name, columns in client.get_storage_tables([*names, state]) if columns
            }
            sql = client.sql_client
            ours = client.capabilities.escape_literal(pipeline.pipeline_name)
            with sql.begin_transaction():
                for name in there - {state}:
                    sql.execute_sql(f"DELETE FROM {sql.make_qualified_table_name(name)}")
                if state in there:
                    table = sql.make_qualified_table_name(state)
                    sql.execute_sql(f"DELETE FROM {table} WHERE pipeline_name = {ours}")


def drop_with_views(pipeline: dlt.Pipeline) -> None:
    """Drop what the pending package is going to drop, where the warehouse minds what reads it.

    Postgres and Redshift drop no table that a view selects from, as staging models do, and dlt does
    not say `CASCADE`. The views come back with the next build.
    """
    for package in normalized(pipeline):
        if dropped := _dropped(package):
            with client_of(pipeline, package.schema) as client:
                if client.capabilities.sqlglot_dialect in _MIND_VIEWS:
                    for name in dropped:
                        table = client.sql_client.make_qualified_table_name(name)
                        client.sql_client.execute_sql(f"DROP TABLE IF EXISTS {table} CASCADE")


def has_begun(package: Package) -> bool:
    """Whether a package has begun to refresh tables."""
    return package.begun and bool(_refreshed(package))


def _refreshed(package: Package) -> list[str]:
    """Name the tables that a package drops or empties."""
    return [*_dropped(package), *_named(package, "truncated_tables")]


def _dropped(package: Package) -> list[str]:
    return _named(package, "dropped_tables")


def _named(package: Package, key: str) -> list[str]:
    path = package.folder / PackageStorage.LOAD_PACKAGE_STATE_FILE_NAME
    state = json.loads(path.read_text(encoding="utf-8"))
    return [table["name"] for table in state.get(key, ())]
