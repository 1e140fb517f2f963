"""What the user wants of the staging models, where dbt has no word for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from dango_dbt.config.base import Config

__all__ = ["StagingConfig", "TableStagingConfig"]

_Globs = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1, strict=False)
]


class TableStagingConfig(Config):
    """How the tables are staged: all of a source's, or one with what is nested in it."""

    deduplicate: bool | None = Field(
        default=None,
        description="Keep only the latest row of each key, in tables that rows are appended to and"
        " that have a primary key; rows nested in the others go too. Default false.",
    )
    incremental: bool | None = Field(
        default=None,
        description="Stage appended and merged tables as incremental models, which take over only"
        " what newer loads have brought, instead of views. Default false.",
    )
    variants: Literal["keep", "coalesce"] | None = Field(
        default=None,
        description="What becomes of values that came in another type than their column's, and are"
        " in a column of their own (price__v_text): keep both columns, or coalesce them into one,"
        " with null for what cannot be cast. Default keep.",
    )
    dlt_columns: Literal["keep", "hide"] | None = Field(
        default=None,
        description="Whether dlt's own columns (_dlt_id, _dlt_load_id, …) are in the models: keep"
        " or hide them. Default keep.",
    )


class StagingConfig(TableStagingConfig):
    """How a source's tables are staged, and which of them."""

    include: _Globs | None = Field(
        default=None,
        description="Stage only tables whose names match one of these patterns (* and ?); default"
        " all.",
    )
    exclude: _Globs | None = Field(
        default=None,
        description="Stage no tables whose names match one of these patterns (* and ?). They stay"
        " declared as sources.",
    )
    tables: Mapping[str, TableStagingConfig] = Field(
        default_factory=dict,
        description="The same for single tables, by their names, and for what is nested in them.",
    )
