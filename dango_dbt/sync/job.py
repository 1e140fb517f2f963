"""What there is to load."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from dango_dbt.config import SourceConfig
from dango_dbt.dlt_schema import StoredSchema
from dango_dbt.errors import Place, SyncError

__all__ = ["Refresh", "SyncJob", "alone"]

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


@contextmanager
def alone(job: SyncJob) -> Iterator[None]:
    """Keep other processes from loading the same source into the same target meanwhile.

    A second run would take the first one's load for one that has crashed, and load it as well.

    Raises:
        SyncError: another process is loading it.
    """
    job.state.mkdir(parents=True, exist_ok=True)
    lock = FileLock(job.state / f"{job.source.pipeline}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SyncError(
            f"another process is loading source `{job.source.name}` into this target",
            hint="wait until it is done, and try again",
        ) from error
    try:
        yield
    finally:
        lock.release()
