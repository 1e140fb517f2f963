"""The sources of sources.yml, from files alone: no dlt, dbt or code of the user's is imported."""

from __future__ import annotations

from dango_dbt import last_runs
from dango_dbt.config import (
    BrokenSource,
    SourceConfig,
    SourcesConfig,
    is_source_name,
    without_entry,
)
from dango_dbt.discovery import module_files
from dango_dbt.files import write_atomic
from dango_dbt.findings import ListedSource
from dango_dbt.project import SOURCES_FILE, ProjectLayout

__all__ = ["list_sources", "remove_source", "warnings_of_broken"]


def list_sources(
    layout: ProjectLayout, config: SourcesConfig, target: str
) -> tuple[ListedSource, ...]:
    """Describe all sources, in the file's order, with what was last loaded into a target.

    Those whose entries are broken come last.
    """
    sound = (_listed(layout, source, target) for source in config.sources)
    return (*sound, *(_broken(layout, source, target) for source in config.broken))


def warnings_of_broken(config: SourcesConfig) -> tuple[str, ...]:
    """Say what is wrong with each broken entry."""
    return tuple(
        f"source `{source.name}` is broken: {problem}"
        + (f" ({problem.hint})" if problem.hint else "")
        for source in config.broken
        for problem in source.problems
    )


def _listed(layout: ProjectLayout, source: SourceConfig, target: str) -> ListedSource:
    last = last_runs.read(layout.state(target), source.name)
    state = last.status if last else "never synced"
    return ListedSource(
        name=source.name,
        type=source.type,
        module=source.code.module,
        function=source.code.function,
        enabled=source.enabled,
        dataset=source.dataset,
        last_sync=last.finished if last else None,
        rows=last.rows if last and last.status != "failed" else None,
        state=state if source.enabled else "disabled",
    )


def _broken(layout: ProjectLayout, source: BrokenSource, target: str) -> ListedSource:
    # What stands as a name in a broken entry need not be one that a file can have.
    named = is_source_name(source.name)
    last = last_runs.read(layout.state(target), source.name) if named else None
    return ListedSource(
        name=source.name,
        type=None,
        module=min(sorted(source.modules), key=len, default=None),
        function=None,
        enabled=source.enabled,
        dataset=source.dataset,
        last_sync=last.finished if last else None,
        rows=last.rows if last and last.status != "failed" else None,
        state="broken",
    )


def remove_source(layout: ProjectLayout, config: SourcesConfig, name: str) -> list[str]:
    """Take a source's entry out of sources.yml.

    Returns:
        The source's code, which stays, relative to the project's root.

    Raises:
        ConfigError: there is no such source, or its entry cannot be taken out by lines.
        GenerateError: the file cannot be written.
    """
    text = layout.sources_file.read_bytes().decode("utf-8")
    changed = without_entry(text, name, SOURCES_FILE)
    write_atomic(layout.sources_file, changed)
    named = {source.name: {source.code.module} for source in config.sources}
    named |= {source.name: set(source.modules) for source in config.broken}
    others = set().union(*(modules for other, modules in named.items() if other != name))
    files = module_files(layout.custom_sources)
    code = [files[module] for module in sorted(named.get(name, set()) - others) if module in files]
    return [layout.shown(path) for path in code if path.exists()]
