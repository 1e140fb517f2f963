"""What there is to load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dango_dbt.config import SourceConfig
from dango_dbt.dlt_schema import StoredSchema
from dango_dbt.errors import Place

if TYPE_CHECKING:
    from dlt.extract import DltSource

__all__ = ["Refresh", "SyncJob"]

Refresh = Literal["drop_sources", "drop_resources", "drop_data"]


@dataclass(frozen=True)
class SyncJob:
    """One source to load.

    Attributes:
        kwargs: its `function_kwargs`, with `${VAR}` expanded.
        from_secrets: those whose `${VAR}` is unset, as dlt's configuration has them.
        secrets: values among them that must not appear in any message.
        accepted: its accepted schema, to tell what a load brought; None before the first.
        state: dlt's working folders of the target.
        live_schema: where to keep the schema of the last successful load, for `generate`.
        place_of: says where the value of a key of its entry stands in sources.yml.
        resources: load only these; None: all that the source's entry allows.
        refresh: what raw data to drop first, in dlt's words.
        allow_empty: let a load empty a filled table, whatever the source's `on_empty`.
        prepare: what else is done to the source before it is extracted; may raise DangoError.
    """

    source: SourceConfig
    kwargs: Mapping[str, Any] = field(repr=False)
    from_secrets: Mapping[str, Any] = field(repr=False)
    secrets: frozenset[str] = field(repr=False)
    accepted: StoredSchema | None
    custom_sources: Path
    state: Path
    live_schema: Path
    place_of: Callable[..., Place]
    resources: frozenset[str] | None = None
    refresh: Refresh | None = None
    allow_empty: bool = False
    prepare: Callable[[DltSource], None] | None = None
