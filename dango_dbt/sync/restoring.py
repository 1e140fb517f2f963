"""Read the schemas that dlt keeps in the warehouse, for a machine that has loaded nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import dlt
from dlt.common.destination.exceptions import DestinationException
from dlt.pipeline.exceptions import CannotRestorePipelineException, PipelineStepFailed

from dango_dbt import dlt_schema
from dango_dbt.config import SourceConfig
from dango_dbt.destinations import Warehouse
from dango_dbt.dlt_schema import StoredSchema
from dango_dbt.errors import SyncError, first_line
from dango_dbt.sync.context import dlt_context

__all__ = ["stored_schemas"]


def stored_schemas(
    sources: Sequence[SourceConfig], warehouse: Warehouse, *, root: Path
) -> Mapping[str, StoredSchema]:
    """Read what was last loaded from each source, as dlt has stored it with the data.

    Args:
        sources: the sources to look for.
        warehouse: where they are loaded.
        root: the project's root.

    Returns:
        Schemas by name of the source; one that was never loaded there has none.

    Raises:
        SyncError: the warehouse cannot be reached or read.
    """
    found: dict[str, StoredSchema] = {}
    with (
        dlt_context(root),
        warehouse.place() as place,
        # dlt restores into a folder: the project's own holds what is not loaded yet.
        tempfile.TemporaryDirectory() as folder,
    ):
        for source in sources:
            try:
                pipeline = dlt.attach(
                    source.pipeline,
                    pipelines_dir=folder,
                    destination=place.destination,
                    staging=place.staging,
                    dataset_name=source.dataset,
                )
            except CannotRestorePipelineException:
                continue
            except (DestinationException, PipelineStepFailed) as error:
                raise SyncError(
                    f"source `{source.name}`: its schema cannot be read from the warehouse:"
                    f" {first_line(error)}"
                ) from error
            if pipeline.default_schema_name:
                schema = pipeline.schemas[pipeline.default_schema_name]
                found[source.name] = dlt_schema.export(schema)
            pipeline.deactivate()
    return found
