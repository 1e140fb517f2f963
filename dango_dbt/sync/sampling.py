"""Load a few pages of a source into a throw-away DuckDB file, once or several times.

It goes the way that all loads go, so what is found here is found there. Nothing of the project is
touched: file, state and schemas are in a folder that is given, and no bytecode is written.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from dango_dbt import destinations, dlt_schema
from dango_dbt.dlt_schema import StoredSchema
from dango_dbt.errors import Place
from dango_dbt.progress import Progress
from dango_dbt.project import Target
from dango_dbt.results import SyncResult
from dango_dbt.sampled import ResourceSeen
from dango_dbt.sync import SyncJob, sync_all
from dango_dbt.sync.watching import Watched, seen, watch

if TYPE_CHECKING:
    from dlt.extract import DltSource

__all__ = ["LoadedSample", "Sampler"]


@dataclass(frozen=True)
class LoadedSample:
    """What became of one load of a sample.

    Attributes:
        result: as of any load; its failure is in it.
        resources: what each resource yielded; none where the source could not be made.
        schema: what has been loaded so far; None where the load failed.
    """

    result: SyncResult
    resources: tuple[ResourceSeen, ...]
    schema: StoredSchema | None


class Sampler:
    """Loads a sample of one source, time and again, each time from where the last one ended.

    Args:
        job: the source, as it would be loaded into the project's warehouse.
        folder: where all goes that is written.
        root: the project's root.
        pages: how many pages of each resource to read at most.
        resources: only these; none: all that the source's entry allows.
        one: only the first of them that depends on no other, or what they depend on.
    """

    def __init__(  # noqa: PLR0913 - all that a sample depends on
        self,
        job: SyncJob,
        folder: Path,
        root: Path,
        pages: int,
        resources: Collection[str] = (),
        *,
        one: bool = False,
    ) -> None:
        self._one = one
        self._root = root
        self._pages = pages
        self._resources = resources
        self._watched: Sequence[Watched] = ()
        #: No dataset can have this name: DuckDB takes a schema named like the file for ambiguous.
        self.file = folder / "throw-away.duckdb"
        self._job = replace(
            job,
            accepted=None,
            state=folder / "state",
            live_schema=folder / "schema.yaml",
            resources=frozenset(resources) or None,
            refresh=None,
            allow_empty=True,
            prepare=self._prepare,
        )

    def load(self, progress: Progress) -> LoadedSample:
        """Load the next sample.

        Raises:
            Interrupted: Ctrl-C.
        """
        self._watched = ()
        fields = {"path": str(self.file)}
        target = Target("sample", "duckdb", "main", fields, self.file.parent, Place(self.file))
        warehouse = destinations.warehouse(target)
        with _without_bytecode():
            (result,) = sync_all(
                [self._job],
                warehouse,
                root=self._root,
                parallel=1,
                fail_fast=False,
                progress=progress,
            )
        loaded = result.status == "success"
        schema = dlt_schema.load(self._job.live_schema) if loaded else None
        return LoadedSample(result, seen(self._watched), schema)

    def _prepare(self, source: DltSource) -> None:
        if self._one:
            # Where only children are selected, their parent: these alone ask for nothing.
            asked = [*source.selected_resources.values(), *source.resources.extracted]
            roots = [one.name for one in asked if not one.is_transformer]
            if first := next((name for name in roots if name in source.resources), None):
                source.resources.select(first)
        _overrule(self.file.parent, self._job.source.pipeline)
        self._watched = watch(source, self._job.source.name, self._pages, self._resources)


def _overrule(folder: Path, pipeline: str) -> None:
    """Have dlt write schemas into this folder only, and keep what it stages, which we look at.

    Where dlt imports schemas from, it first puts them.

    To be called within `dlt_context`, which it changes to its end: nothing else goes before what
    the user has configured.
    """
    imported, exported = folder / "imported", folder / "exported"
    overruling: dict[str, Any] = {
        "export_schema_path": str(exported),
        "load": {"truncate_staging_dataset": False},
    }
    for section in (f"pipelines.{pipeline}.", "schema.", ""):
        configured = dlt.config.get(f"{section}import_schema_path", str)
        if configured and "import_schema_path" not in overruling:
            overruling["import_schema_path"] = str(imported)
            if Path(configured).is_dir() and not imported.exists():
                shutil.copytree(configured, imported)
    imported.mkdir(exist_ok=True)
    exported.mkdir(exist_ok=True)
    Container()[PluggableRunContext].providers.providers.insert(
        0,
        CustomLoaderDocProvider(
            "dango-dbt sample", lambda: overruling, supports_secrets=False, locations=[]
        ),
    )


@contextmanager
def _without_bytecode() -> Iterator[None]:
    """Import the user's code without leaving a `__pycache__` beside it."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
