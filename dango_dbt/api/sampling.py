"""A few pages of a source in a temporary folder: what is in it, and whether it loads as it says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dango_dbt import sampling
from dango_dbt.api.loading import LoadOptions, jobs_for, refuse_unknown
from dango_dbt.api.selecting import ToLoad
from dango_dbt.api.targets import adapter_followed
from dango_dbt.config import SourceConfig, SourcesConfig, in_one
from dango_dbt.errors import ConfigError, Place, SyncError
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout, Target
from dango_dbt.results import Failure, Proof
from dango_dbt.sampled import Check, Discovery, SourceTest

if TYPE_CHECKING:
    from dango_dbt.sync.sampling import LoadedSample, Sampler

__all__ = ["discover", "prove", "source_named", "test"]

_OPTIONS = LoadOptions(refresh=None, allow_empty=True, parallel=1, fail_fast=False)


def discover(  # noqa: PLR0913, PLR0917 - the command's options
    layout: ProjectLayout,
    config: SourcesConfig,
    name: str,
    resources: Sequence[str],
    pages: int,
    progress: Progress,
) -> Discovery:
    """Load a sample of a source, and say what is in it.

    Raises:
        ConfigError: the project or an argument is wrong.
        SyncError: the sample cannot be loaded.
    """
    from dango_dbt import dlt_schema

    source = source_named(config, name)
    adapter = adapter_followed(layout, config)
    with _sampler(layout, config, source, resources, pages) as sampler:
        loaded = sampler.load(progress)
        if loaded.result.error is not None:
            raise _error(loaded.result.error)
        schema = loaded.schema or {"tables": {}}
        here, there = (dlt_schema.tables(schema, name) for name in ("duckdb", adapter))
        with sampling.opened(sampler.file) as rows:
            return sampling.described(
                (name, pages, adapter),
                loaded.resources,
                list(zip(here, there, strict=True)),
                rows,
            )


def test(  # noqa: PLR0913, PLR0917 - the command's options
    layout: ProjectLayout,
    config: SourcesConfig,
    name: str,
    resources: Sequence[str],
    pages: int,
    progress: Progress,
) -> SourceTest:
    """Load a sample of a source twice, and check it.

    Raises:
        ConfigError: the project or an argument is wrong.
    """
    source = source_named(config, name)
    with _sampler(layout, config, source, resources, pages) as sampler:
        loads, runs = [], []
        for number in (1, 2):
            loaded = sampler.load(progress)
            failure = loaded.result.error
            if failure is not None and failure.type == ConfigError.__name__:
                raise _error(failure)
            loads.append(_loads(number, loaded))
            if number == 1 or failure is None:
                runs.append(_kept(number, loaded, sampler.file))
            if failure is not None:
                break
        with sampling.opened(sampler.file) as rows:
            found = sampling.checks(
                sampling.Tested(runs[0], runs[1] if len(runs) > 1 else None, rows)
            )
    return SourceTest(name, pages, tuple(runs[0].resources), (*loads, *found))


def prove(layout: ProjectLayout, config: SourcesConfig, name: str, progress: Progress) -> Proof:
    """Load one page of one resource of a source.

    Raises:
        ConfigError: the project is wrong.
    """
    source = source_named(config, name)
    with _sampler(layout, config, source, (), 1, one=True) as sampler:
        loaded = sampler.load(progress)
        asked = next((one for one in loaded.resources if one.selected), None)
        failure = loaded.result.error
        return Proof(
            asked.name if asked else None,
            asked.rows if asked else 0,
            failure.message if failure else None,
            failure.hint if failure else None,
        )


def _loads(number: int, loaded: LoadedSample) -> Check:
    """Say whether a load came to its end."""
    subject, failure = f"run {number}", loaded.result.error
    if failure is None:
        rows = sum(loaded.result.tables.values())
        tables = sampling.counted(len(loaded.result.tables), "table")
        evidence = f"{sampling.counted(rows, 'row')} into {tables}"
        return Check("loads", subject, "passed", evidence)
    return Check("loads", subject, "finding", failure.message, failure.hint)


def _kept(number: int, loaded: LoadedSample, file: Path) -> sampling.Run:
    """Note what a load has left, before the next one changes it."""
    from dango_dbt import dlt_schema

    if loaded.schema is None:
        return sampling.Run(loaded.resources, failed=True)
    tables = dlt_schema.tables(loaded.schema, "duckdb")
    with sampling.opened(file) as rows:
        rows.keep(number, tables)
        counts = {table.name: rows.count(rows.now(table)) for table in tables}
    return sampling.Run(loaded.resources, tables, counts)


def source_named(config: SourcesConfig, name: str) -> SourceConfig:
    """Find a source by its name.

    Raises:
        ConfigError: there is none, or its entry is broken.
    """
    refuse_unknown(config, [name])
    if problems := [
        one for broken in config.broken if broken.name == name for one in broken.problems
    ]:
        raise in_one(problems)
    return next(source for source in config.sources if source.name == name)


@contextmanager
def _sampler(  # noqa: PLR0913 - all that a sample depends on
    layout: ProjectLayout,
    config: SourcesConfig,
    source: SourceConfig,
    resources: Sequence[str],
    pages: int,
    *,
    one: bool = False,
) -> Iterator[Sampler]:
    """Get ready to load samples, in a folder that goes afterwards."""
    # An interrupted source may still be writing there.
    with tempfile.TemporaryDirectory(prefix="dango-dbt-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        target = Target("sample", "duckdb", "main", {}, folder, Place(folder))
        (job,) = jobs_for(layout, config, [source], target, ToLoad((source.name,)), _OPTIONS)

        from dango_dbt.sync.sampling import Sampler

        yield Sampler(job, folder, layout.root, pages, resources, one=one)


def _error(failure: Failure) -> ConfigError | SyncError:
    """Raise again what ended a load; its place is part of the message."""
    kind = ConfigError if failure.type == ConfigError.__name__ else SyncError
    return kind(failure.message, hint=failure.hint)
