"""The guard: a load that would empty a filled table is refused, unless the user allows it.

A `replace` resource that yields nothing makes dlt empty its table: so does an API that answers with
an empty list for an hour, and all that is built from the table is empty then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from dlt.common.schema.utils import is_nested_table

from dango_dbt.errors import SyncError
from dango_dbt.sync import steps
from dango_dbt.sync.healing import client_of
from dango_dbt.sync.job import SyncJob
from dango_dbt.sync.packages import Package, normalized, row_counts

if TYPE_CHECKING:
    import dlt

__all__ = ["refuse_to_empty"]


def refuse_to_empty(pipeline: dlt.Pipeline, job: SyncJob) -> Collection[str]:
    """Give up a load that would empty a filled table.

    Returns:
        The tables that it is going to empty, since it may.

    Raises:
        SyncError: it would have.
    """
    if job.refresh:
        return ()
    tables = _emptied(pipeline)
    if tables and not job.allow_empty and job.source.on_empty != "allow":
        steps.give_up(pipeline)
        raise _refusal(tables, job.source.name)
    return tables


def _emptied(pipeline: dlt.Pipeline) -> Mapping[str, int]:
    """Find the filled tables that the pending packages would empty, with their present rows.

    Only root tables count: a list that is empty in all rows is no sign that something is wrong.
    What is judged are the rows in the packages' files, so that it holds after a restart too.
    """
    found: dict[str, int] = {}
    for package in normalized(pipeline):
        if without_rows := _replaced_by_nothing(package):
            found.update(_filled(pipeline, package, without_rows))
    return found


def _refusal(tables: Mapping[str, int], source: str) -> SyncError:
    """Say which tables would have been emptied, and what to do."""
    listed = ", ".join(f"`{name}` ({rows} rows)" for name, rows in sorted(tables.items()))
    return SyncError(
        f"the source brought no rows for {listed}, and loading it would empty what is there:"
        " refused, nothing was loaded",
        hint="look whether the source is right to be empty; if it is, run again with --allow-empty,"
        f" or set `on_empty: allow` for `{source}` in sources.yml",
    )


def _replaced_by_nothing(package: Package) -> list[str]:
    tables = package.schema.tables
    return [
        name
        for name, rows in row_counts([package]).items()
        if not rows
        and not is_nested_table(tables[name])
        and tables[name].get("write_disposition") == "replace"
    ]


def _filled(pipeline: dlt.Pipeline, package: Package, names: list[str]) -> Mapping[str, int]:
    with client_of(pipeline, package.schema) as client:
        there = {name for name, columns in client.get_storage_tables(names) if columns}
        counts = {}
        for name in sorted(there):
            table = client.sql_client.make_qualified_table_name(name)
            count = f"SELECT count(*) FROM {table}"  # noqa: S608 - the name is quoted by dlt
            ((rows,),) = client.sql_client.execute_sql(count) or [(0,)]
            counts[name] = int(rows)
    return {name: rows for name, rows in counts.items() if rows}
