"""Accept what was loaded, plan the files that follow from it, and bring the disk up to date."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from dango_dbt import destinations, dlt_schema, macros
from dango_dbt.config import SourceConfig, SourcesConfig, is_source_name
from dango_dbt.credentials import variables
from dango_dbt.dlt_schema import StoredSchema
from dango_dbt.env_example import with_variables
from dango_dbt.files import (
    Generated,
    read_exactly,
    read_text,
    remove_file,
    sync_file,
    write_atomic,
)
from dango_dbt.freshness import thresholds
from dango_dbt.generate import plan_macros, plan_source
from dango_dbt.naming import models_file, staging_file
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout
from dango_dbt.results import FileAction, FileResult
from dango_dbt.schema import SourceTables
from dango_dbt.staging import staged
from dango_dbt.staging_options import remarks, with_options

__all__ = ["generate_files"]


def generate_files(
    layout: ProjectLayout, config: SourcesConfig, *, target: str, adapter: str, progress: Progress
) -> list[FileResult]:
    """Bring all generated files up to date.

    Args:
        layout: where things are.
        config: which sources there are; a disabled one keeps its files.
        target: name of the target whose last loads are taken in.
        adapter: the dbt adapter whose types and quoting the text follows.
        progress: is told what the user should know of the result.

    Raises:
        ConfigError: a schema file is broken, or the adapter is not mapped.
        GenerateError: a file cannot be read or written.
    """
    results: list[FileResult] = []
    names = filter(is_source_name, config.names)  # what is wrong with an entry may be its name
    schemas = {name: _schema(layout, target, name) for name in names}
    dlt_names = Counter(schema["name"] for schema in schemas.values() if schema)
    for source in config.sources:
        schema = schemas[source.name]
        if schema is None or not schema["tables"]:
            continue  # never loaded: there is nothing to declare yet
        tables = SourceTables(
            source.name,
            source.dataset,
            with_options(dlt_schema.tables(schema, adapter), source.staging),
            source.description,
            dlt_name=schema["name"],
            dlt_name_shared=dlt_names[schema["name"]] > 1,
            pipeline=source.pipeline,
            freshness=thresholds(source),
            longest_name=destinations.capabilities(adapter).max_identifier_length,
        )
        planned = plan_source(tables, destinations.adapter(adapter).dialect)
        results.append(_accept(layout, target, source.name, dlt_schema.dump(schema)))
        results += [_write(layout, layout.dbt.models / file.path, file.text) for file in planned]
        results += _without_excluded(layout, tables, progress)
        _warn(tables, source, progress)
    if results:
        planned = plan_macros(macros.texts())
        results += [_write(layout, layout.dbt.macros / file.path, file.text) for file in planned]
    return results + _env_example(layout, config)


def _warn(tables: SourceTables, source: SourceConfig, progress: Progress) -> None:
    """Tell what of `staging:` has no effect, and which values their columns could not take."""
    for remark in remarks(tables.tables, source.staging):
        progress.warning(f"source `{source.name}`: {remark}")
    for model in staged(tables):
        for column in model.columns:
            if base := column.column.variant_of:
                progress.warning(
                    f"source `{source.name}`: values of `{model.table.name}.{base}` have come in"
                    f" another type: they are in `{column.name}`, and `{base}` is null there (mend"
                    " the source, or set `staging: {variants: coalesce}`)"
                )


def _without_excluded(
    layout: ProjectLayout, tables: SourceTables, progress: Progress
) -> list[FileResult]:
    """Remove the models of tables that sources.yml excludes now; edited ones stay."""
    names = [table.name for table in tables.tables if not table.staging.include]
    files = [staging_file(tables.name, name) for name in names]
    if len(names) == len(tables.tables):
        files.append(models_file(tables.name))
    results = []
    for file in files:
        path = layout.dbt.models / file
        removed = remove_file(path, layout.pristine(path))
        if removed:
            results.append(_result(layout, path, "removed"))
        elif removed is False:
            progress.warning(
                f"{layout.shown(path)} stays, since it was edited, though `staging:` in sources.yml"
                " excludes its table: remove it, or include the table"
            )
    return results


def _env_example(layout: ProjectLayout, config: SourcesConfig) -> list[FileResult]:
    """Name the variables of sources.yml in `.env.example`, where they are missing there."""
    path = layout.root / ".env.example"
    current = read_exactly(path)
    text = with_variables(
        current, variables([source.dlt_native.function_kwargs for source in config.sources])
    )
    if text is None or text == current:
        return []
    write_atomic(path, text)
    return [_result(layout, path, "created" if current is None else "updated")]


def _schema(layout: ProjectLayout, target: str, source: str) -> StoredSchema | None:
    """Join what was loaded last into the accepted schema.

    A load that has been accepted before only fills gaps: what a colleague has accepted since, and
    git has brought, must not be undone by an older load of our own.
    """
    accepted = dlt_schema.load(layout.accepted_schema(source))
    accepted = dlt_schema.merge_missing(
        accepted, dlt_schema.load(layout.taken_schema(target, source))
    )
    return dlt_schema.merge(accepted, dlt_schema.load(layout.live_schema(target, source)))


def _accept(layout: ProjectLayout, target: str, source: str, text: str) -> FileResult:
    """Write an accepted schema: it holds all that it held, so there is nothing to lose."""
    path, live = layout.accepted_schema(source), layout.live_schema(target, source)
    current = read_text(path)
    if current != text:
        write_atomic(path, text)
    if live.exists():
        live.replace(layout.taken_schema(target, source))
    if current == text:
        return _result(layout, path, "unchanged")
    return _result(layout, path, "created" if current is None else "updated")


def _write(layout: ProjectLayout, path: Path, text: str) -> FileResult:
    return _result(layout, path, sync_file(Generated(path, layout.pristine(path), text)))


def _result(layout: ProjectLayout, path: Path, action: FileAction) -> FileResult:
    return FileResult(layout.shown(path), action)
