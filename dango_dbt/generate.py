"""All tables → the files that should be there. Pure: no disk, no network, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from dango_dbt import naming
from dango_dbt.properties import models_yaml
from dango_dbt.schema import SourceTables
from dango_dbt.source_properties import sources_yaml
from dango_dbt.staging import staged, staging_sql

__all__ = ["GENERATOR_VERSION", "PlannedFile", "plan_macros", "plan_source"]

#: The version of the generated text: one more where the same schema gives another text.
GENERATOR_VERSION = 1


@dataclass(frozen=True)
class PlannedFile:
    """A file as generation wants it; the path is relative to the folder that it is planned for."""

    path: PurePosixPath
    text: str


def plan_source(source: SourceTables, dialect: str) -> list[PlannedFile]:
    """Plan the files of one source, relative to dbt's folder of models.

    A source without tables (never loaded) has no files: dbt would have nothing to declare.
    """
    if not source.tables:
        return []
    models = staged(source)
    declared = sources_yaml(source, loads=any(model.incremental for model in models))
    planned = [PlannedFile(naming.sources_file(source.name), declared)]
    if models:  # dbt wants no empty list of them
        planned.append(PlannedFile(naming.models_file(source.name), models_yaml(source, models)))
    return planned + [
        PlannedFile(naming.staging_file(source.name, model.table.name), staging_sql(model, dialect))
        for model in models
    ]


def plan_macros(macros: Mapping[str, str]) -> list[PlannedFile]:
    """Plan the macros that generated code uses, relative to dbt's folder of macros."""
    return [PlannedFile(PurePosixPath("dango", name), text) for name, text in macros.items()]
