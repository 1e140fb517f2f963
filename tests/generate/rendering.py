"""Short ways to what is generated from tables."""

from __future__ import annotations

from dango_dbt import dlt_schema
from dango_dbt.properties import models_yaml
from dango_dbt.schema import SourceTables, Table
from dango_dbt.staging import staged, staging_sql


def sql_of(table: Table, dialect: str = "duckdb", source: str = "shop") -> str:
    """Render the staging model of a table that stands alone."""
    loads = dlt_schema.loads({}, "duckdb")
    (model,) = staged(SourceTables(source, "raw", (table,), loads=loads))
    return staging_sql(model, dialect)


def models_of(source: SourceTables) -> str:
    """Render the properties file of a source's staging models."""
    return models_yaml(source, staged(source))
