"""dlt's schema ↔ the accepted schema file → `Table`s. The only reader of dlt's schema."""

from dango_dbt.dlt_schema.accepted import (
    LOAD_ID_HINT,
    ROOT_KEY_HINT,
    StoredSchema,
    changes,
    dump,
    export,
    gone,
    load,
    merge,
    merge_missing,
    missing,
    root_name,
    root_table,
    without_retyped,
    yielded,
)
from dango_dbt.dlt_schema.reading import loads, tables

__all__ = [
    "LOAD_ID_HINT",
    "ROOT_KEY_HINT",
    "StoredSchema",
    "changes",
    "dump",
    "export",
    "gone",
    "load",
    "loads",
    "merge",
    "merge_missing",
    "missing",
    "root_name",
    "root_table",
    "tables",
    "without_retyped",
    "yielded",
]
