"""`Table`s → dbt's properties file of the staging models, with their tests.

`data_tests`, `config` and the like are placed as dbt 1.11 wants them:
https://docs.getdbt.com/reference/model-properties
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dango_dbt import yaml_files
from dango_dbt.data_tests import tests_of
from dango_dbt.jinja import as_text
from dango_dbt.naming import relation_name
from dango_dbt.schema import Column, SourceTables, Table
from dango_dbt.staging import HISTORY, StagedColumn, StagingModel

__all__ = ["column_properties", "description_of", "models_yaml"]

_Yaml = dict[str, Any]


def models_yaml(source: SourceTables, models: Sequence[StagingModel]) -> str:
    """Render `_<source>__models.yml`."""
    by_table = {model.table.name: model for model in models}
    rendered = [_model(source, model, by_table) for model in models]
    return yaml_files.render({"version": 2, "models": rendered}, blank_line_at=2)


def _model(
    source: SourceTables, model: StagingModel, by_table: Mapping[str, StagingModel]
) -> _Yaml:
    properties: _Yaml = {
        "name": model.name,
        "description": as_text(_model_description(source, model)),
    }
    if len(model.name) > source.longest_name:
        properties["config"] = {"alias": relation_name(model.name, source.longest_name)}
    tests = tests_of(model, by_table)
    if tests.of_model:
        properties["data_tests"] = tests.of_model
    properties["columns"] = []
    for column in model.columns:
        declared = _properties(
            column.name,
            column.quoted,
            column.data_type,
            column.description or _known(column.column),
        )
        if found := tests.of_columns.get(column.name):
            declared["data_tests"] = found
        properties["columns"].append(declared)
    return properties


def _model_description(source: SourceTables, model: StagingModel) -> str:
    """Describe a model as its table, and say where values are that its columns could not take."""
    variants: dict[str, list[StagedColumn]] = {}
    for column in model.columns:
        if base := column.column.variant_of:
            variants.setdefault(base, []).append(column)
    remarks = [
        f"Values of `{base}` that are no {_type_of(found[0], model)} are in"
        f" {' or '.join(f'`{column.name}`' for column in found)}."
        for base, found in variants.items()
    ]
    return " ".join([description_of(source, model.table), *remarks])


def _type_of(variant: StagedColumn, model: StagingModel) -> str:
    columns = model.table.columns
    return next(column.data_type for column in columns if column.name == variant.column.variant_of)


def description_of(source: SourceTables, table: Table) -> str:
    """Describe a table as its source does, or else by where its rows come from."""
    if table.description:
        return table.description
    if table.parent:
        return f"Lists nested in `{table.parent}`, one row an item."
    return f"Rows of `{table.name}` as {source.name} delivers them."


def column_properties(column: Column) -> _Yaml:
    """Declare a column: its name, what it holds, and its type."""
    description = column.description or _known(column)
    return _properties(column.name, column.quoted, column.data_type, description)


def _properties(name: str, quoted: str, data_type: str, description: str | None) -> _Yaml:
    properties: _Yaml = {"name": as_text(name)}
    if quoted != name:
        properties["quote"] = True
    if description:
        properties["description"] = as_text(description)
    properties["data_type"] = data_type
    return properties


def _known(column: Column) -> str | None:
    """Describe a column that the source does not deliver."""
    if key := column.root_key:
        return f"Key `{key.column}` of the row of `{key.table}` that this one belongs to."
    if column.variant_of:
        return f"Values of `{column.variant_of}` that do not fit its type."
    if column.system:
        own = column.name.lower().startswith("_dlt_")
        return _SYSTEM_COLUMNS.get(column.name) if own else _LOAD_ID
    return None


#: What dlt's own columns hold (https://dlthub.com/docs/general-usage/destination-tables).
_SYSTEM_COLUMNS = {
    "_dlt_id": "Unique id of the row, given by dlt.",
    "_dlt_load_id": "Id of the load that brought the row.",
    "_dlt_parent_id": "`_dlt_id` of the row that this one is nested in.",
    "_dlt_list_idx": "Position in the list that the row comes from, from 0.",
    "_dlt_root_id": "`_dlt_id` of the row of the root table.",
    **{f"_dlt_{name}": text for name, text in HISTORY.items()},
}
_LOAD_ID = "Id of the load that brought the row which this one is nested in."
