"""`Table` → its staging model: as data, and as SQL. Pure."""

from dango_dbt.staging.columns import HISTORY
from dango_dbt.staging.model import StagedColumn, StagingModel
from dango_dbt.staging.sql import staging_sql
from dango_dbt.staging.staged import staged

__all__ = ["HISTORY", "StagedColumn", "StagingModel", "staged", "staging_sql"]
