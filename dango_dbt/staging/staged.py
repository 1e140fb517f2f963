"""`Table`s → their staging models as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dango_dbt.naming import staging_model
from dango_dbt.schema import SourceTables, Table
from dango_dbt.staging.columns import columns_of, hidden
from dango_dbt.staging.model import StagingModel
from dango_dbt.staging.rows import incremental_of, latest_of, within_of

__all__ = ["staged"]


def staged(source: SourceTables) -> tuple[StagingModel, ...]:
    """Say what the staging models of a source's tables are."""
    tables = {table.name: table for table in source.tables}
    models = {name: _model(source, table, tables) for name, table in tables.items()}
    models = {name: model for name, model in models.items() if model.table.staging.include}
    asked = {model.within.model for model in models.values() if model.within}
    return tuple(hidden(model, parent=model.name in asked) for model in models.values())


def _model(source: SourceTables, table: Table, tables: Mapping[str, Table]) -> StagingModel:
    model = StagingModel(
        staging_model(source.name, table.name),
        source.name,
        table,
        columns_of(table),
        latest=latest_of(table),
        within=within_of(source.name, table, tables),
    )
    return replace(model, incremental=incremental_of(model, source))
