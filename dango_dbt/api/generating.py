"""Accept what was loaded, plan the files that follow from it, and bring the disk up to date."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from dango_dbt import destinations, dlt_schema, macros
from dango_dbt.config import SourcesConfig
from dango_dbt.files import Generated, read_text, sync_file, write_atomic
from dango_dbt.generate import plan_macros, plan_source
from dango_dbt.project import ProjectLayout
from dango_dbt.results import FileAction, FileResult
from dango_dbt.schema import SourceTables

__all__ = ["generate_files"]


def generate_files(
    layout: ProjectLayout,
    config: SourcesConfig,
    *,
    target: str,
    adapter: str,
    failed: Collection[str] = (),
) -> list[FileResult]:
    """Bring all generated files up to date.

    Args:
        layout: where things are.
        config: which sources there are; a disabled one keeps its files.
        target: name of the target whose last loads are taken in.
        adapter: the dbt adapter whose types and quoting the text follows.
        failed: sources whose last load failed: they are generated from the accepted schema alone.

    Raises:
        ConfigError: a schema file is broken, or the adapter is not mapped.
        GenerateError: a file cannot be read or written.
    """
    results: list[FileResult] = []
    for source in config.sources:
        accepted_file = layout.accepted_schema(source.name)
        live = None
        if source.name not in failed:
            live = dlt_schema.load(layout.live_schema(target, source.name))
        schema = dlt_schema.merge(dlt_schema.load(accepted_file), live)
        if schema is None or not schema["tables"]:
            continue  # never loaded: there is nothing to declare yet
        action = _accept(accepted_file, dlt_schema.dump(schema))
        results.append(_result(layout, accepted_file, action))
        tables = SourceTables(
            source.name, source.dataset, dlt_schema.tables(schema, adapter), source.description
        )
        planned = plan_source(tables, destinations.adapter(adapter).dialect)
        results += [_write(layout, layout.dbt.models / file.path, file.text) for file in planned]
    if results:
        planned = plan_macros(macros.texts())
        results += [_write(layout, layout.dbt.macros / file.path, file.text) for file in planned]
    return results


def _accept(path: Path, text: str) -> FileAction:
    """Write an accepted schema: it holds all that it held, so there is nothing to lose."""
    current = read_text(path)
    if current == text:
        return "unchanged"
    write_atomic(path, text)
    return "created" if current is None else "updated"


def _write(layout: ProjectLayout, path: Path, text: str) -> FileResult:
    return _result(layout, path, sync_file(Generated(path, layout.pristine(path), text)))


def _result(layout: ProjectLayout, path: Path, action: FileAction) -> FileResult:
    return FileResult(layout.shown(path), action)
