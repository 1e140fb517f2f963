"""`--refresh`: raw data that is dropped takes the source's state in the destination along.

dlt drops the tables at the beginning of the load, and the state with the new cursors comes at its
end. A process that dies in between, its state folder lost, would go on from the old cursors.

Postgres and Redshift drop no table that a view uses, and dbt's staging models are views: they are
dropped first, and the next build makes them anew.
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

__all__ = ["drop_views", "forget", "has_begun"]


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


def drop_views(pipeline: dlt.Pipeline) -> list[str]:
    """Drop the views that would keep dlt from dropping tables, with what is built on them.

    Returns:
        Their names; those of views that are built on other views are left out.
    """
    found: list[str] = []
    for package in normalized(pipeline):
        dropped = _refreshed(package, "dropped_tables")
        with client_of(pipeline, package.schema) as client:
            if client.capabilities.sqlglot_dialect not in {"postgres", "redshift"}:
                continue
            sql = client.sql_client
            for name in [name for name, columns in client.get_storage_tables(dropped) if columns]:
                table = client.capabilities.escape_literal(sql.make_qualified_table_name(name))
                for view, kind in sql.execute_sql(_VIEWS.format(table=table)) or ():
                    what = "MATERIALIZED VIEW" if kind == "m" else "VIEW"
                    sql.execute_sql(f"DROP {what} IF EXISTS {view} CASCADE")
                    found.append(str(view))
    return sorted(set(found))


_VIEWS = """
SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(v.relname), v.relkind
FROM pg_depend AS d
JOIN pg_rewrite AS r ON r.oid = d.objid
JOIN pg_class AS v ON v.oid = r.ev_class
JOIN pg_namespace AS n ON n.oid = v.relnamespace
WHERE d.refobjid = {table}::regclass AND v.oid <> d.refobjid
"""


def has_begun(package: Package) -> bool:
    """Whether a package has begun to refresh tables."""
    return package.begun and bool(_refreshed(package))


def _refreshed(package: Package, *kinds: str) -> list[str]:
    """Name the tables that a package drops or empties."""
    path = package.folder / PackageStorage.LOAD_PACKAGE_STATE_FILE_NAME
    state = json.loads(path.read_text(encoding="utf-8"))
    kinds = kinds or ("dropped_tables", "truncated_tables")
    return [table["name"] for kind in kinds for table in state.get(kind, ())]
