"""`.dango/sources.yml` → typed, frozen config; every error carries file:line:column."""

from dango_dbt.config.adding import add_entry
from dango_dbt.config.editor_schema import json_schema
from dango_dbt.config.freshness import AgeConfig, FreshnessConfig, is_schedule, longest_pause
from dango_dbt.config.loading import load, load_sound, load_valid, problems
from dango_dbt.config.models import (
    BrokenSource,
    GenerateConfig,
    KeyPath,
    SourceConfig,
    SourcesConfig,
)
from dango_dbt.config.names import STAGING_DATASET_SUFFIX, is_source_name
from dango_dbt.config.problem import in_one
from dango_dbt.config.removal import without_entry
from dango_dbt.config.source_types import DATABASE_DRIVERS, DltNativeConfig, SourceCode
from dango_dbt.config.staging import StagingConfig, TableStagingConfig

__all__ = [
    "DATABASE_DRIVERS",
    "STAGING_DATASET_SUFFIX",
    "AgeConfig",
    "BrokenSource",
    "DltNativeConfig",
    "FreshnessConfig",
    "GenerateConfig",
    "KeyPath",
    "SourceCode",
    "SourceConfig",
    "SourcesConfig",
    "StagingConfig",
    "TableStagingConfig",
    "add_entry",
    "in_one",
    "is_schedule",
    "is_source_name",
    "json_schema",
    "load",
    "load_sound",
    "load_valid",
    "longest_pause",
    "problems",
    "without_entry",
]
