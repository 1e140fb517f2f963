"""dlt's schema ↔ the accepted schema file → `Table`s. The only reader of dlt's schema.

The accepted schema (`.dango/schemas/<source>.yaml`, in git) is dlt's schema without what changes
from run to run: no hashes, versions, dlt's own tables, nor anything that never held data. It only
grows: a load that lacks a table or a column takes nothing away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from dango_dbt import yaml_files
from dango_dbt.dialects import Dialect
from dango_dbt.errors import ConfigError, Place
from dango_dbt.results import SchemaChange
from dango_dbt.schema import Column, Reference, RootKey, Table

if TYPE_CHECKING:
    from dlt.common.schema import Schema

__all__ = [
    "ROOT_KEY_HINT",
    "StoredSchema",
    "changes",
    "dump",
    "export",
    "load",
    "merge",
    "merge_missing",
    "missing",
    "root_table",
    "tables",
]

#: The form of the file: plain data, `{"name": …, "tables": {name: {…, "columns": {name: {…}}}}}`.
StoredSchema = dict[str, Any]

#: A hint of ours on a column of a nested table: which column of the root's key it repeats.
ROOT_KEY_HINT = "x-dango-root-key"

_TABLE_KEYS = ("description", "parent", "resource", "write_disposition", "references")
# A column that joins a filled table is nullable there, and not null where the table was new.
_VOLATILE_COLUMN_KEYS = frozenset({"name", "nullable", "x-normalizer"})
#: dlt's mark of a table that has held data: others are neither created nor exported.
_SEEN = {"x-normalizer": {"seen-data": True}}
_HEADER = "# dlt schema of source `{name}` as last accepted, written by `dango-dbt generate`.\n"


def export(schema: Schema) -> StoredSchema:
    """Reduce a live dlt schema to what has been loaded, in the stored form.

    Only tables that have seen data and columns with a type are kept. Tables come sorted, columns in
    dlt's order.
    """
    exported = {
        table["name"]: _export_table(cast("dict[str, Any]", table))
        for table in schema.data_tables(seen_data_only=True)
    }
    # Conventions that ignore case are the rule: a warehouse may then store names in its own case.
    case = {"case_sensitive": True} if schema.naming.is_case_sensitive else {}
    return {"name": schema.name, **case, "tables": dict(sorted(exported.items()))}


def _export_table(table: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: table[key] for key in _TABLE_KEYS if table.get(key)}
    kept |= {
        key: value
        for key, value in table.items()
        if key.startswith("x-") and key != "x-normalizer" and not isinstance(value, Mapping)
    }
    kept["columns"] = {
        name: {key: value for key, value in sorted(column.items()) if _is_stable(key, value)}
        for name, column in table["columns"].items()
        if column.get("data_type")
    }
    return kept


def _is_stable(key: str, value: object) -> bool:
    """Whether a hint says something that does not depend on the warehouse it was loaded into."""
    if key == "timezone":
        return value is False  # with a time zone is what dlt takes for granted
    return key not in _VOLATILE_COLUMN_KEYS and value is not None and value is not False


def merge(accepted: StoredSchema | None, live: StoredSchema | None) -> StoredSchema | None:
    """Join what was loaded into what was accepted: nothing goes, known columns keep their place.

    Where both know a table or column, the live one's hints count.
    """
    if accepted is None or live is None:
        return live if accepted is None else accepted
    joined: dict[str, Any] = dict(accepted["tables"])
    for name, table in live["tables"].items():
        known = joined.get(name, {}).get("columns", {})
        joined[name] = {**table, "columns": known | table["columns"]}
    return {**live, "tables": dict(sorted(joined.items()))}


def merge_missing(accepted: StoredSchema | None, known: StoredSchema | None) -> StoredSchema | None:
    """Add only the tables and columns that the accepted schema lacks; its own hints stay."""
    if accepted is None or known is None:
        return known if accepted is None else accepted
    joined = merge(accepted, known)
    return merge(joined, accepted)


def missing(accepted: StoredSchema | None, live: StoredSchema) -> list[dict[str, Any]]:
    """Find the accepted tables and columns that a warehouse does not have yet.

    Returns:
        The tables in dlt's form, parents first, each with its missing columns only. They are
        nullable: a filled table takes no others.
    """
    found = []
    for name, table in (accepted or {"tables": {}})["tables"].items():
        known = live["tables"].get(name)
        columns = {
            column: {**hints, "name": column}
            for column, hints in table["columns"].items()
            if known is None or column not in known["columns"]
        }
        if columns:
            # dlt takes a table that is there for another one unless its parent is named too.
            same = {key: known[key] for key in ("parent",) if key in known} if known else table
            mark = {} if known else _SEEN
            found.append({**same, **mark, "name": name, "columns": columns})
    return sorted(found, key=lambda table: _depth(table["name"], accepted))


def changes(accepted: StoredSchema | None, live: StoredSchema) -> tuple[SchemaChange, ...]:
    """Say what a load brought that the accepted schema does not have, or has with another type."""
    found = []
    known_tables = accepted["tables"] if accepted else {}
    for name, table in live["tables"].items():
        if name not in known_tables:
            found.append(SchemaChange(name, None, "added"))
            continue
        known = known_tables[name]["columns"]
        for column, hints in table["columns"].items():
            if column not in known:
                found.append(SchemaChange(name, column, "added"))
            elif known[column]["data_type"] != hints["data_type"]:
                before, after = known[column]["data_type"], hints["data_type"]
                found.append(SchemaChange(name, column, f"type changed from {before} to {after}"))
    return tuple(found)


def dump(schema: StoredSchema) -> str:
    """Render the accepted schema's file: the same schema gives the same bytes."""
    return _HEADER.format(name=schema["name"]) + yaml_files.render(schema)


def load(path: Path) -> StoredSchema | None:
    """Read an accepted schema's file; None where there is none.

    Raises:
        ConfigError: the file is not what `dump` writes.
    """
    try:
        schema = yaml.load(path.read_bytes(), Loader=yaml_files.LOADER)  # noqa: S506 - a safe loader
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", place=Place(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = Place(path)
        if isinstance(error, yaml.YAMLError):
            place = yaml_files.syntax_error(path, error).place or place
        raise ConfigError("not valid YAML", place=place, hint=_RESTORE) from error
    if problem := _problem(schema):
        raise ConfigError(f"no accepted schema: {problem}", place=Place(path), hint=_RESTORE)
    return cast("StoredSchema", schema)


_RESTORE = (
    "restore the file from git (after a merge conflict: take either side), then run"
    " `dango-dbt generate`"
)


def _problem(schema: object) -> str | None:
    """Say what a file lacks that people may have edited or merged by hand."""
    from dlt.common.data_types import DATA_TYPES

    if not isinstance(schema, dict) or not isinstance(schema.get("tables"), dict):
        return "`tables` is missing"
    for name, table in schema["tables"].items():
        if not isinstance(table, dict) or not isinstance(table.get("columns"), dict):
            return f"table `{name}` has no `columns`"
        for column, hints in table["columns"].items():
            if not isinstance(hints, dict) or hints.get("data_type") not in DATA_TYPES:
                return f"column `{name}.{column}` has no `data_type` of dlt's"
    return None


def tables(schema: StoredSchema, adapter_type: str) -> tuple[Table, ...]:
    """Translate a stored schema for one dbt adapter: exact types and quoted names.

    Raises:
        ConfigError: the adapter is not mapped, or has no type for a column.
    """
    dialect = Dialect.of(adapter_type, case_sensitive=bool(schema.get("case_sensitive")))
    return tuple(_table(name, table, schema, dialect) for name, table in schema["tables"].items())


def _table(name: str, table: Mapping[str, Any], schema: StoredSchema, dialect: Dialect) -> Table:
    root_name = _root_name(name, schema)
    root = schema["tables"][root_name]
    columns = tuple(
        Column(
            name=dialect.name(column),
            quoted=dialect.quoted(column),
            data_type=dialect.data_type({**table, "name": name}, {**hints, "name": column}),
            description=hints.get("description"),
            primary_key=bool(hints.get("primary_key")),
            unique=bool(hints.get("unique")) and not hints.get("row_key"),
            system=column.lower().startswith("_dlt_"),
            root_key=RootKey(root_name, hints[ROOT_KEY_HINT]) if ROOT_KEY_HINT in hints else None,
        )
        for column, hints in table["columns"].items()
    )
    row_key = next((name for name, hints in table["columns"].items() if hints.get("row_key")), None)
    return Table(
        name=name,
        columns=columns,
        write_disposition=root.get("write_disposition", "append"),
        description=table.get("description"),
        parent=table.get("parent"),
        references=tuple(_references(table, schema, dialect)),
        row_key=row_key and dialect.name(row_key),
        history=root.get("x-merge-strategy") == "scd2",
        resource=root.get("resource"),
        identifier=None if dialect.quoted(name) == name else dialect.name(name),
    )


def root_table(name: str, schema: StoredSchema) -> Mapping[str, Any]:
    """Walk up to the root table: nested tables take disposition and resource from it."""
    table: Mapping[str, Any] = schema["tables"][_root_name(name, schema)]
    return table


def _root_name(name: str, schema: StoredSchema) -> str:
    while (parent := schema["tables"][name].get("parent")) in schema["tables"]:
        name = parent
    return name


def _depth(name: str, schema: StoredSchema | None) -> int:
    """Count the tables that a table is nested in."""
    parent = (schema or {"tables": {}})["tables"].get(name, {}).get("parent")
    return 0 if parent is None else 1 + _depth(parent, schema)


def _references(
    table: Mapping[str, Any], schema: StoredSchema, dialect: Dialect
) -> Iterable[Reference]:
    parent = str(table.get("parent"))
    if parent in schema["tables"]:
        keys = [name for name, hints in table["columns"].items() if hints.get("parent_key")]
        parent_columns = schema["tables"][parent]["columns"].items()
        row_keys = [name for name, hints in parent_columns if hints.get("row_key")]
        if keys and row_keys:
            yield _reference(dialect, keys[:1], parent, row_keys[:1], nested=True)
    for reference in table.get("references") or ():
        columns, referenced = reference["columns"], reference["referenced_columns"]
        other = schema["tables"].get(reference["referenced_table"])
        if other is None or not set(columns) <= set(table["columns"]):
            continue  # never loaded here: a test on it could not even compile
        if set(referenced) <= set(other["columns"]):
            yield _reference(dialect, columns, reference["referenced_table"], referenced)


def _reference(
    dialect: Dialect,
    columns: Iterable[str],
    table: str,
    referenced: Iterable[str],
    *,
    nested: bool = False,
) -> Reference:
    names = tuple(dialect.name(column) for column in columns)
    return Reference(names, table, tuple(dialect.name(column) for column in referenced), nested)
