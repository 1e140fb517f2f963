"""What a build leaves out whoever asks for it, and why dbt may miss something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dango_dbt.api.selecting import disabled_in
from dango_dbt.build import missing_reference
from dango_dbt.config import SourcesConfig, is_source_name
from dango_dbt.naming import sources_file, staging_folder
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout
from dango_dbt.references import advice, needing
from dango_dbt.results import BuildResult

__all__ = ["explained", "known", "left_out", "warn_of_removed"]


def left_out(layout: ProjectLayout, config: SourcesConfig) -> list[str]:
    """Name the sources whose models are not built: disabled, or gone from sources.yml."""
    disabled = [name for name in disabled_in(config) if known(layout, name)]
    return disabled + _removed(layout, config)


def warn_of_removed(layout: ProjectLayout, config: SourcesConfig, progress: Progress) -> None:
    """Name what is left of sources that sources.yml no longer names."""
    if not all(is_source_name(source.name) for source in config.broken):
        return  # it may be the one whose name is misspelt now
    for name in _removed(layout, config):
        folder = layout.shown(layout.dbt.models / staging_folder(name))
        progress.warning(
            f"source `{name}` is not in sources.yml any more: its models are left out of the"
            f" build; `dango-dbt generate` removes them, unless you have edited {folder}/"
        )


def explained(
    layout: ProjectLayout, config: SourcesConfig, built: BuildResult, failed: Sequence[str] = ()
) -> BuildResult:
    """Say why dbt cannot parse, where something refers to what has not been generated."""
    missing = missing_reference(built.error.message) if built.error else None
    if built.error is None or missing is None:
        return built
    hint = advice(missing, layout, config)
    if missing.source in failed and not known(layout, missing.source):
        hint = _hint(layout, missing.source, failed)
    return replace(built, error=replace(built.error, hint=hint or built.error.hint))


def _hint(layout: ProjectLayout, first: str, failed: Sequence[str]) -> str:
    """Name the files that need failed sources; dbt names one, but misses the others next."""
    others = (name for name in failed if name != first and not known(layout, name))
    needed = {name: needing(layout, name) for name in (first, *others)}
    if others_needed := {name: files for name, files in needed.items() if files and name != first}:
        names = ", ".join(f"`{name}`" for name in (first, *others_needed))
        per_source = "; ".join(
            f"{', '.join(files)} (`{name}`)"
            for name, files in {first: needed[first], **others_needed}.items()
        )
        return (
            f"sources {names} failed, and have never been loaded: dbt cannot parse what needs their"
            f" staging models: {per_source}. Mend the sources, or set these aside until they load"
        )
    return (
        f"source `{first}` failed, and has never been loaded: dbt cannot parse what needs its"
        f" staging models: {', '.join(needed[first])}. Mend the source, or set these aside until it"
        " loads"
    )


def known(layout: ProjectLayout, source: str) -> bool:
    """Whether dbt knows the source: naming it in a selection is a warning otherwise.

    What stands as a name in a broken entry need not be one that a file can have.
    """
    return layout.accepted_schema(source) in layout.schemas.glob("*.yaml")


def _removed(layout: ProjectLayout, config: SourcesConfig) -> list[str]:
    """Find the sources that sources.yml no longer names, and whose models are still there."""
    return [
        path.stem
        for path in sorted(layout.schemas.glob("*.yaml"))
        if path.stem not in config.names and (layout.dbt.models / sources_file(path.stem)).is_file()
    ]
