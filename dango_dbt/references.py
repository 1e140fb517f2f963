"""What to do where dbt misses something generated: a sync does not always bring it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from dango_dbt.build import MissingReference
from dango_dbt.config import SourcesConfig, is_source_name
from dango_dbt.naming import staging_model
from dango_dbt.project import SOURCES_FILE, ProjectLayout

__all__ = ["advice", "is_to_be_synced", "needing", "referring"]

#: The model and the source of `init`'s example.
_EXAMPLE = ("planets_explored.sql", "solar_system")


def is_to_be_synced(
    missing: MissingReference, layout: ProjectLayout, config: SourcesConfig
) -> bool:
    """Whether the next sync may write it: its source is enabled, and was never loaded."""
    return (
        missing.source in config.names
        and missing.source not in _disabled(config)
        and not layout.accepted_schema(missing.source).is_file()
    )


def advice(missing: MissingReference, layout: ProjectLayout, config: SourcesConfig) -> str | None:
    """Say why it is missing, and what to do; None: a sync may write it, or it cannot be told."""
    file = layout.shown(layout.dbt.directory / missing.file)
    if missing.source not in config.names:
        if not all(is_source_name(source.name) for source in config.broken):
            return None  # it may be the one whose name is misspelt now
        unknown = f"no source of {SOURCES_FILE.as_posix()} is called `{missing.source}`"
        if (missing.file.name, missing.source) == _EXAMPLE:
            return (
                f"{unknown}: {file} is the example's, from `dango-dbt init`, and can go, with its"
                " entry in _marts__models.yml beside it"
            )
        return f"{unknown}: remove {file}, or have it refer to something else"
    if layout.accepted_schema(missing.source).is_file():
        return (
            f"source `{missing.source}` has brought no such table: correct the name in {file}"
            " (models that were removed come back with `dango-dbt generate`)"
        )
    if missing.source in _disabled(config):
        return (
            f"source `{missing.source}` is disabled, and was never loaded: set `enabled: true` in"
            f" {SOURCES_FILE.as_posix()}, or remove {file}"
        )
    return None


def referring(layout: ProjectLayout, gone: Iterable[Path]) -> Iterator[str]:
    """Say which files of the dbt project refer to models whose files go.

    Args:
        layout: where things are.
        gone: the files.
    """
    models = {path.stem: path for path in gone if path.suffix == ".sql"}
    if not models:
        return
    names = "|".join(map(re.escape, models))
    reference = re.compile(rf"""ref\(\s*['"]({names})['"]""")
    for file, found in _matching(layout, reference, {path.parent for path in models.values()}):
        for name in sorted(found):
            yield (
                f"{file} refers to `{name}`, which is not generated any more: dbt cannot parse the"
                " project until that is changed"
            )


def needing(layout: ProjectLayout, source: str) -> list[str]:
    """Name the files of the dbt project that refer to what is generated for a source."""
    prefix = re.escape(staging_model(source, ""))
    named = rf"""(?:ref\(\s*['"]{prefix}|source\(\s*['"]{re.escape(source)}['"])"""
    return [file for file, _ in _matching(layout, re.compile(named), ())]


def _matching(
    layout: ProjectLayout, pattern: re.Pattern[str], skip: Collection[Path]
) -> Iterator[tuple[str, set[str]]]:
    """Look through the dbt project's own files; gives each that has it, with what is found."""
    skipped = {layout.dbt.packages, layout.dbt.target_path, *skip}
    for path in sorted(layout.dbt.directory.rglob("*")):
        if path.suffix not in {".sql", ".yml", ".yaml", ".py"} or skipped & set(path.parents):
            continue
        if found := set(pattern.findall(path.read_text("utf-8", errors="replace"))):
            yield layout.shown(path), found


def _disabled(config: SourcesConfig) -> set[str]:
    broken = {source.name for source in config.broken if not source.enabled}
    return broken | {source.name for source in config.sources if not source.enabled}
