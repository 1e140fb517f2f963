"""What the user should know of generated code, such as options that have no effect."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dango_dbt.config import SourceConfig
from dango_dbt.results import SchemaChange
from dango_dbt.schema import SourceTables
from dango_dbt.staging import StagingModel, staged
from dango_dbt.staging_options import remarks

__all__ = ["warnings_of"]


def warnings_of(
    tables: SourceTables, source: SourceConfig, changes: Collection[SchemaChange]
) -> Iterator[str]:
    """Tell what of `staging:` has no effect, and which values their columns could not take."""
    models = staged(tables)
    yield from remarks(tables.tables, models, source.staging)
    for model in models:
        yield from _variants(model)
        retyped = [
            f"`{column.name}`"
            for column in model.columns
            if any(
                (change.table, change.column) == (model.table.name, column.column.name)
                and change.kind == "retyped"
                for change in changes
            )
        ]
        if retyped and model.incremental:
            yield (
                f"`{model.name}` is a table, and has {' and '.join(retyped)} in the old type until"
                f" `dango-dbt build --full-refresh --select {model.name}`"
            )


def _variants(model: StagingModel) -> Iterator[str]:
    variants: dict[str, list[str]] = {}
    for column in model.columns:
        if base := column.column.variant_of:
            variants.setdefault(base, []).append(f"`{column.name}`")
    for base, names in variants.items():
        yield (
            f"values of `{model.table.name}.{base}` have come in another type: they are in"
            f" {' or '.join(names)}, and `{base}` is null there (mend the source, or set"
            " `staging: {variants: coalesce}`)"
        )
