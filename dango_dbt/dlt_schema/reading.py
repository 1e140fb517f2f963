"""The accepted schema → `Table`s for one warehouse. After this nothing knows dlt's schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from dango_dbt.dialects import Dialect
from dango_dbt.dlt_schema.accepted import (
    LOAD_ID_HINT,
    ROOT_KEY_HINT,
    VARIANT_HINT,
    StoredSchema,
    root_name,
)
from dango_dbt.schema import Column, Reference, RootKey, Table, Validity

__all__ = ["loads", "tables"]


def tables(schema: StoredSchema, adapter_type: str) -> tuple[Table, ...]:
    """Translate a stored schema for one dbt adapter: exact types and quoted names.

    Raises:
        ConfigError: the adapter is not mapped, or has no type for a column.
    """
    dialect = Dialect.of(adapter_type, case_sensitive=bool(schema.get("case_sensitive")))
    return tuple(_table(name, table, schema, dialect) for name, table in schema["tables"].items())


def loads(schema: StoredSchema, adapter_type: str) -> Table:
    """Describe dlt's own table of the loads that it has finished, as `tables` does the others.

    Raises:
        ConfigError: the adapter is not mapped.
    """
    from dlt.common.schema.utils import loads_table

    described: dict[str, Any] = {**loads_table(), "write_disposition": "append"}
    name = str(described.pop("name"))
    described["description"] = "Loads of dlt's; it writes them down when they are finished."
    dialect = Dialect.of(adapter_type, case_sensitive=bool(schema.get("case_sensitive")))
    return replace(_table(name, described, {"tables": {name: described}}, dialect), resource=None)


def _table(name: str, table: Mapping[str, Any], schema: StoredSchema, dialect: Dialect) -> Table:
    root_table = root_name(name, schema)
    root = schema["tables"][root_table]
    columns: Mapping[str, Mapping[str, Any]] = table["columns"]
    row_key, load_id = _row_key(columns), _load_id(columns)
    return Table(
        name=name,
        columns=tuple(
            _column(column, {**table, "name": name}, root_table, dialect) for column in columns
        ),
        write_disposition=root.get("write_disposition", "append"),
        description=table.get("description"),
        parent=table.get("parent"),
        references=tuple(_references(table, schema, dialect)),
        row_key=row_key and dialect.name(row_key),
        load_id=load_id and dialect.name(load_id),
        history=root.get("x-merge-strategy") == "scd2",
        resource=root.get("resource"),
        identifier=None if dialect.quoted(name) == name else dialect.name(name),
        validity=_validity({**table, "name": name}, dialect),
        keyed=any(_first(root["columns"], hint) for hint in ("primary_key", "merge_key")),
    )


def _column(name: str, table: Mapping[str, Any], root_table: str, dialect: Dialect) -> Column:
    hints = table["columns"][name]
    variant_of = hints.get(VARIANT_HINT)
    return Column(
        name=dialect.name(name),
        quoted=dialect.quoted(name),
        data_type=dialect.data_type(table, {**hints, "name": name}),
        description=hints.get("description"),
        primary_key=bool(hints.get("primary_key")),
        unique=bool(hints.get("unique")) and not hints.get("row_key"),
        system=name.lower().startswith("_dlt_") or LOAD_ID_HINT in hints,
        root_key=RootKey(root_table, hints[ROOT_KEY_HINT]) if ROOT_KEY_HINT in hints else None,
        kind=hints["data_type"],
        variant_of=dialect.name(variant_of) if variant_of in table["columns"] else None,
        hard_delete=bool(hints.get("hard_delete")),
        sort=hints.get("dedup_sort") or ("desc" if hints.get("incremental") else None),
    )


def _row_key(columns: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Find dlt's id of a row; where a history is kept, it is the version's."""
    return _first(columns, "row_key") or _first(columns, "x-row-version")


def _load_id(columns: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Find the column with the load's id: dlt's own, or the one that we have added."""
    own = next((name for name in columns if name.lower() == "_dlt_load_id"), None)
    return own or _first(columns, LOAD_ID_HINT)


def _first(columns: Mapping[str, Mapping[str, Any]], hint: str) -> str | None:
    return next((name for name, hints in columns.items() if hints.get(hint)), None)


def _validity(table: Mapping[str, Any], dialect: Dialect) -> Validity | None:
    """Read what dlt's SCD2 strategy says of a table.

    https://dlthub.com/docs/general-usage/merge-loading#scd2-strategy
    """
    begin, end = (_first(table["columns"], hint) for hint in ("x-valid-from", "x-valid-to"))
    if begin is None or end is None:
        return None
    active = table["columns"][end].get("x-active-record-timestamp")
    return Validity(
        dialect.name(begin),
        dialect.name(end),
        None if active is None else dialect.timestamp(active),
        dialect.data_type(table, {"name": end, "data_type": "bool"}),
    )


def _references(
    table: Mapping[str, Any], schema: StoredSchema, dialect: Dialect
) -> Iterable[Reference]:
    parent = str(table.get("parent"))
    if parent in schema["tables"]:
        parent_columns = schema["tables"][parent]["columns"]
        key, row_key = _first(table["columns"], "parent_key"), _row_key(parent_columns)
        if key and row_key:
            yield _reference(dialect, [key], parent, [row_key], nested=True)
    for reference in table.get("references") or ():
        other = schema["tables"].get(reference["referenced_table"])
        for columns, referenced in _separate(reference):
            if other is None or not set(columns) <= set(table["columns"]):
                continue  # never loaded here: a test on it could not even compile
            if set(referenced) <= set(other["columns"]):
                yield _reference(dialect, columns, reference["referenced_table"], referenced)


def _separate(reference: Mapping[str, Any]) -> list[tuple[list[str], list[str]]]:
    """Tell several references to one table apart, which dlt keeps as one.

    A key that has one column twice is none: where a column comes again, another reference begins.
    """
    found: list[tuple[list[str], list[str]]] = [([], [])]
    for column, other in zip(reference["columns"], reference["referenced_columns"], strict=True):
        if other in found[-1][1]:
            found.append(([], []))
        found[-1][0].append(column)
        found[-1][1].append(other)
    return found


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
