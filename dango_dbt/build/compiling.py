"""The dbt project as a graph with compiled SQL, without a connection to the warehouse."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dango_dbt.build.commands import failure_of, target_option
from dango_dbt.build.events import EventReader
from dango_dbt.build.packages import ensure_packages
from dango_dbt.build.runners import runner
from dango_dbt.errors import BuildError
from dango_dbt.graph import Graph, GraphNode
from dango_dbt.progress import Progress
from dango_dbt.project import DbtProject

__all__ = ["compiled_graph"]

_KINDS = ("model", "seed", "snapshot", "test")


def compiled_graph(project: DbtProject, *, target: str | None, folder: Path) -> Graph:
    """Compile the project as it is on disk, and read what dbt writes of it.

    Nothing is asked of the warehouse: what a model asks it while it is compiled stays unanswered,
    and the model uncompiled (https://docs.getdbt.com/reference/commands/compile).

    Args:
        project: the dbt project.
        target: dbt's `--target`; None takes the profile's.
        folder: where dbt is to write, so that the artefacts of the last run stay.

    Raises:
        BuildError: dbt cannot parse the project, or the packages cannot be installed.
        ConfigError: no dbt can be found.
        KeyboardInterrupt: dbt was interrupted, and has ended.
    """
    ensure_packages(project, Progress())
    manifest = folder / "manifest.json"
    manifest.unlink(missing_ok=True)
    reader = EventReader(Progress())
    options = ["--no-introspect", "--no-populate-cache", "--target-path", str(folder)]
    outcome = runner().run(
        project, ["compile", *target_option(project, target), *options, "--write-json"], reader
    )
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        failure = failure_of(outcome, reader.error)
        raise BuildError(failure.message, hint=failure.hint) from error
    return _graph(found, project.directory)


def _graph(manifest: Mapping[str, Any], directory: Path) -> Graph:
    nodes = [
        _node(raw, directory)
        for raw in (*manifest["nodes"].values(), *manifest["sources"].values())
        if raw["resource_type"] in {*_KINDS, "source"}
    ]
    nodes += [_node(raw, directory) for raw in manifest["exposures"].values()]
    return Graph({node.unique_id: node for node in nodes})


def _node(raw: Mapping[str, Any], directory: Path) -> GraphNode:
    kind = raw["resource_type"]
    declared = raw.get("columns", {}).values()
    columns = [column["name"] for column in declared]
    if kind == "seed":
        columns = _header(directory / raw["original_file_path"]) or columns
    sql = raw.get("compiled_code") if raw.get("language", "sql") == "sql" else None
    return GraphNode(
        unique_id=raw["unique_id"],
        name=raw["name"],
        kind=kind,
        relation=None if kind == "test" else raw.get("relation_name"),
        sql=None if kind == "seed" else sql,
        parents=tuple(raw.get("depends_on", {}).get("nodes", ())),
        columns=tuple(columns),
        quoted=frozenset(column["name"] for column in declared if column.get("quote")),
        tags=tuple(raw.get("tags", ())),
        file=raw["original_file_path"],
    )


def _header(file: Path) -> list[str]:
    """Read the names of a seed's columns; those of a package's seed are not found."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return next(csv.reader(lines), [])
    except (OSError, UnicodeDecodeError):
        return []
