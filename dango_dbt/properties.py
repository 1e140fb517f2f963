"""`Table`s → dbt's properties file of the staging models, with their tests.

Tests follow from what the source declares (dlt's hints) and from how dlt keeps rows, never from a
column's name. `data_tests`, `arguments` and `config` are placed as dbt 1.11 wants them:
https://docs.getdbt.com/reference/resource-properties/data-tests
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from dango_dbt import yaml_files
from dango_dbt.naming import relation_name, staging_model, test_name
from dango_dbt.schema import Column, Reference, SourceTables, Table

__all__ = ["TEST_TAG", "as_text", "column_properties", "description_of", "models_yaml"]

#: Carried by every generated test: `--exclude tag:dlt_key` saves their cost where data is large.
TEST_TAG = "dlt_key"

_Yaml = dict[str, Any]


def models_yaml(source: SourceTables) -> str:
    """Render `_<source>__models.yml`."""
    models = [_model(source, table) for table in source.tables]
    return yaml_files.render({"version": 2, "models": models}, blank_line_at=2)


def _model(source: SourceTables, table: Table) -> _Yaml:
    model: _Yaml = {
        "name": staging_model(source.name, table.name),
        "description": as_text(description_of(source, table)),
    }
    if len(model["name"]) > source.longest_name:
        model["config"] = {"alias": relation_name(model["name"], source.longest_name)}
    if table_tests := _table_tests(source, table):
        model["data_tests"] = table_tests
    model["columns"] = []
    for column in table.columns:
        properties = column_properties(column)
        if tests := _column_tests(source, table, column):
            properties["data_tests"] = tests
        model["columns"].append(properties)
    return model


def description_of(source: SourceTables, table: Table) -> str:
    """Describe a table as its source does, or else by where its rows come from."""
    if table.description:
        return table.description
    if table.parent:
        return f"Lists nested in `{table.parent}`, one row an item."
    return f"Rows of `{table.name}` as {source.name} delivers them."


def column_properties(column: Column) -> _Yaml:
    """Declare a column: its name, what it holds, and its type."""
    properties: _Yaml = {"name": as_text(column.name)}
    if column.quoted != column.name:
        properties["quote"] = True
    if description := column.description or _known(column):
        properties["description"] = as_text(description)
    properties["data_type"] = column.data_type
    return properties


def _known(column: Column) -> str | None:
    """Describe a column that the source does not deliver."""
    if key := column.root_key:
        return f"Key `{key.column}` of the row of `{key.table}` that this one belongs to."
    return _SYSTEM_COLUMNS.get(column.name)


#: What dlt's own columns hold (https://dlthub.com/docs/general-usage/destination-tables).
_SYSTEM_COLUMNS = {
    "_dlt_id": "Unique id of the row, given by dlt.",
    "_dlt_load_id": "Id of the load that brought the row.",
    "_dlt_parent_id": "`_dlt_id` of the row that this one is nested in.",
    "_dlt_list_idx": "Position in the list that the row comes from, from 0.",
    "_dlt_root_id": "`_dlt_id` of the row of the root table.",
}


def _table_tests(source: SourceTables, table: Table) -> list[_Yaml]:
    tests = []
    key = table.primary_key
    if len(key) > 1 and _kept_unique(table):
        tests.append(_test("dango_unique_combination", columns=_sql_names(source, table.name, key)))
    tests.extend(
        _relationship(source, table, reference)
        for reference in table.references
        if len(reference.columns) > 1
    )
    return tests


def _column_tests(source: SourceTables, table: Table, column: Column) -> list[_Yaml]:
    tests = []
    key = table.primary_key
    is_key = key == (column.name,) or (not key and column.name == table.row_key)
    if (is_key or column.unique) and (_kept_unique(table) or column.name == table.row_key):
        tests.append(_test("unique"))
    if is_key or column.primary_key:
        tests.append(_test("not_null"))
    tests.extend(
        _relationship(source, table, reference)
        for reference in table.references
        if reference.columns == (column.name,)
    )
    return tests


def _kept_unique(table: Table) -> bool:
    """Whether dlt lets a row replace an earlier one; not on append, nor where a history is kept."""
    return table.write_disposition != "append" and not table.history


def _relationship(source: SourceTables, table: Table, reference: Reference) -> _Yaml:
    """dlt keeps nested rows whole, so a broken link there is an error; no API keeps its own."""
    to = f"ref('{staging_model(source.name, reference.table)}')"
    if len(reference.columns) == 1:
        test = "relationships"
        (field,) = _sql_names(source, reference.table, reference.referenced)
        arguments: _Yaml = {"to": to, "field": field}
    else:
        test = "dango_relationship"
        arguments = {
            "columns": _sql_names(source, table.name, reference.columns),
            "to": to,
            "to_columns": _sql_names(source, reference.table, reference.referenced),
        }
    model = staging_model(source.name, table.name)
    return {
        test: {
            "name": test_name("relationships", model, reference.columns, [reference.table]),
            "arguments": arguments,
            "config": {"tags": [TEST_TAG]}
            if reference.nested
            else {"severity": "warn", "tags": [TEST_TAG]},
        }
    }


def _test(name: str, **arguments: object) -> _Yaml:
    return {
        name: {**({"arguments": arguments} if arguments else {}), "config": {"tags": [TEST_TAG]}}
    }


def _sql_names(source: SourceTables, table: str, columns: Iterable[str]) -> list[str]:
    """Write a table's columns as SQL needs them: tests put their arguments into it as they are."""
    quoted = {
        column.name: column.quoted
        for known in source.tables
        if known.name == table
        for column in known.columns
    }
    return [as_text(quoted.get(column, column)) for column in columns]


_JINJA = re.compile(r"\{\{|\{%|\{#")


def as_text(data: str) -> str:
    """Keep data from being code: dbt renders all of these files, so Jinja's marks are spelled."""
    return _JINJA.sub(lambda mark: "{{ '" + mark.group() + "' }}", data)
