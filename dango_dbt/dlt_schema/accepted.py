"""dlt's schema ↔ the accepted schema file.

The accepted schema (`.dango/schemas/<source>.yaml`, in git) is dlt's schema without what changes
from run to run: no hashes, versions, dlt's own tables, nor anything that never held data. It only
grows: a load that lacks a table or a column takes nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import yaml

from dango_dbt import yaml_files
from dango_dbt.errors import ConfigError, Place
from dango_dbt.results import SchemaChange

if TYPE_CHECKING:
    from dlt.common.schema import Schema

__all__ = [
    "LOAD_ID_HINT",
    "ROOT_KEY_HINT",
    "VARIANT_HINT",
    "StoredSchema",
    "changes",
    "dump",
    "export",
    "gone",
    "load",
    "merge",
    "merge_missing",
    "missing",
    "root_name",
    "root_table",
    "without_retyped",
    "yielded",
]

#: The form of the file: plain data, `{"name": …, "tables": {name: {…, "columns": {name: {…}}}}}`.
StoredSchema = dict[str, Any]

#: A hint of ours on a column of a nested table: which column of the root's key it repeats.
ROOT_KEY_HINT = "x-dango-root-key"
#: Likewise: it repeats the id of the load that has brought the root's row.
LOAD_ID_HINT = "x-dango-load-id"
#: A hint of ours on a variant column: whose values it holds where they do not fit.
VARIANT_HINT = "x-dango-variant-of"

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
        table["name"]: _export_table(cast("dict[str, Any]", table), schema)
        for table in schema.data_tables(seen_data_only=True)
    }
    # Conventions that ignore case are the rule: a warehouse may then store names in its own case.
    case = {"case_sensitive": True} if schema.naming.is_case_sensitive else {}
    return {"name": schema.name, **case, "tables": dict(sorted(exported.items()))}


def yielded(live: StoredSchema, resources: Iterable[str]) -> StoredSchema:
    """Leave out what the source has yielded once, and no more: dlt forgets no table.

    Args:
        live: the schema after a load.
        resources: the names of all resources of the source, those that were not selected too.
    """
    names = sorted(resources)
    kept = {
        name: table
        for name, table in live["tables"].items()
        if root_table(name, live).get("resource") in {None, *names}
    }
    return {**live, "resources": names, "tables": kept}


def gone(accepted: StoredSchema, live: StoredSchema | None) -> list[str]:
    """Name the accepted tables whose resource the source does not have any more.

    Args:
        accepted: the accepted schema.
        live: the schema of the last load, as `yielded` gives it; None: there was none here.
    """
    if live is None or "resources" not in live:
        return []
    known = {None, *live["resources"]}
    return [
        name
        for name in accepted["tables"]
        if root_table(name, accepted).get("resource") not in known
    ]


def _export_table(table: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
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
    for name, column in kept["columns"].items():
        if column.get("variant") and (base := _base(name, kept["columns"], schema)):
            column |= {VARIANT_HINT: base}
            column.pop("description", None)  # dlt's says nothing that the hint does not
    return kept


def _base(variant: str, columns: Iterable[str], schema: Schema) -> str | None:
    """Find the column that a variant belongs to: dlt names it after that one and its own type."""
    from dlt.common.data_types import DATA_TYPES
    from dlt.common.typing import VARIANT_FIELD_FORMAT

    parts = [VARIANT_FIELD_FORMAT % data_type for data_type in (*DATA_TYPES, "complex")]
    for column in columns:
        if variant in (schema.naming.shorten_fragments(column, part) for part in parts):
            return column
    return None


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


def without_retyped(
    accepted: StoredSchema | None, live: StoredSchema | None, tables: Collection[str]
) -> StoredSchema | None:
    """Leave out what has given columns of these tables another type; all else that is new stays."""
    if live is None:
        return None
    kept = dict(live["tables"])
    for name in kept.keys() & tables:
        known = (accepted or {"tables": {}})["tables"].get(name, {}).get("columns", {})
        columns = {
            column: known.get(column, hints)
            for column, hints in live["tables"][name]["columns"].items()
            if column in known or hints.get(VARIANT_HINT) not in known
        }
        kept[name] = {**live["tables"][name], "columns": columns}
    return {**live, "tables": kept}


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
                found.append(_retyped(name, column, before, after, "retyped"))
        found += _variants(name, known, table["columns"])
    return tuple(found)


def _variants(
    table: str, known: Mapping[str, Mapping[str, Any]], live: Mapping[str, Mapping[str, Any]]
) -> Iterable[SchemaChange]:
    """Say which columns' values have come in another type, and are in columns of their own."""
    types: dict[str, list[str]] = {}
    for column, hints in live.items():
        if column not in known and hints.get(VARIANT_HINT) in known:
            types.setdefault(hints[VARIANT_HINT], []).append(hints["data_type"])
    for column, after in types.items():
        before = known[column]["data_type"]
        yield _retyped(table, column, before, " and ".join(after), "variant")


def _retyped(
    table: str, column: str, before: str, after: str, kind: Literal["retyped", "variant"]
) -> SchemaChange:
    return SchemaChange(table, column, f"changed from {before} to {after}", kind)


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


def root_table(name: str, schema: StoredSchema) -> Mapping[str, Any]:
    """Find the root table: nested tables take disposition and resource from it."""
    table: Mapping[str, Any] = schema["tables"][root_name(name, schema)]
    return table


def root_name(name: str, schema: StoredSchema) -> str:
    """Walk up to the root table's name."""
    while (parent := schema["tables"][name].get("parent")) in schema["tables"]:
        name = parent
    return name


def _depth(name: str, schema: StoredSchema | None) -> int:
    """Count the tables that a table is nested in."""
    parent = (schema or {"tables": {}})["tables"].get(name, {}).get("parent")
    return 0 if parent is None else 1 + _depth(parent, schema)
