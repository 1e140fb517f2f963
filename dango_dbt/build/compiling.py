"""The dbt project as a graph with compiled SQL, without a connection to a DuckDB warehouse.

Macros ask the warehouse while they are compiled, `is_incremental()` for one, and dbt ends where
they cannot (`--no-introspect` only keeps dbt from connecting). So a DuckDB target is compiled for
an empty database of the same name, and a model that misses something there is left out.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from dango_dbt import yaml_files
from dango_dbt.build.commands import failure_of, target_option
from dango_dbt.build.events import EventReader
from dango_dbt.build.runners import runner
from dango_dbt.errors import BuildError
from dango_dbt.files import write_atomic
from dango_dbt.graph import Graph, GraphNode
from dango_dbt.progress import Progress
from dango_dbt.project import DbtProject, Target

__all__ = ["compiled_graph"]

_KINDS = ("model", "seed", "snapshot", "test")
#: dbt's "… Error in model orders (models/orders.sql)".
_FAILED = re.compile(r" in \w+ (?P<name>\w+) \([^)]+\.sql\)")
#: dbt ends with the first model that it cannot compile; each one more costs a second.
_TRIES = 10


def compiled_graph(project: DbtProject, target: Target, *, folder: Path) -> Graph:
    """Compile the project as it is on disk, and read what dbt writes of it.

    Args:
        project: the dbt project.
        target: the target to compile for.
        folder: where dbt is to write, so that the artefacts of the last run stay.

    Raises:
        BuildError: dbt cannot parse or compile the project, for one since a package is missing.
        ConfigError: no dbt can be found.
        KeyboardInterrupt: dbt was interrupted, and has ended.
    """
    manifest = folder / "manifest.json"
    manifest.unlink(missing_ok=True)
    options = [*_warehouse(project, target, folder), "--target-path", str(folder), "--write-json"]
    without: list[str] = []
    while True:
        reader = EventReader(Progress())
        exclude = ["--exclude", *without] if without else []
        outcome = runner().run(project, ["compile", *options, *exclude], reader)
        if outcome.exit_code == 0:
            break
        failure = failure_of(outcome, reader.error)
        failed = _FAILED.search(failure.message)
        if failed is None or failed["name"] in without or len(without) == _TRIES:
            raise BuildError(failure.message, hint=failure.hint)
        without.append(failed["name"])
    return _graph(json.loads(manifest.read_text(encoding="utf-8")), project.directory)


def _warehouse(project: DbtProject, target: Target, folder: Path) -> list[str]:
    """Say what to compile for, as dbt's options."""
    if target.type != "duckdb":
        return target_option(project, target.name)
    name = PurePath(str(target.fields.get("path") or ":memory:")).stem.strip(":")
    database = folder / f"{name}.duckdb"
    database.unlink(missing_ok=True)
    fields = {"type": "duckdb", "path": str(database), "schema": target.schema}
    profile = {project.profile: {"target": target.name, "outputs": {target.name: fields}}}
    write_atomic(folder / "profiles.yml", yaml_files.render(profile))
    return ["--profiles-dir", str(folder), "--target", target.name]


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
