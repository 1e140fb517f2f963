"""What dbt's selection selects, and the whole project as a graph, as `dbt ls` tells them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dango_dbt.build.commands import failure_of, target_option
from dango_dbt.build.events import EventReader
from dango_dbt.build.packages import ensure_packages
from dango_dbt.build.runners import Event, runner
from dango_dbt.build.selectors import indirect_selection
from dango_dbt.errors import BuildError
from dango_dbt.graph import Graph, GraphNode
from dango_dbt.progress import Progress
from dango_dbt.project import DbtProject
from dango_dbt.selection import Selection

__all__ = ["list_nodes"]

_KEYS = (
    "unique_id",
    "resource_type",
    "name",
    "package_name",
    "fqn",
    "tags",
    "original_file_path",
    "depends_on",
    "source_name",
    "identifier",
    "version",
    "config.materialized",
)


def list_nodes(
    project: DbtProject,
    selection: Selection,
    *,
    target: str | None,
    progress: Progress | None = None,
) -> Graph:
    """List the nodes that a selection selects; an empty one selects what `dbt build` would build.

    Connects to nothing, and leaves the artefacts of the last run as they are.

    Args:
        project: the dbt project.
        selection: what to list.
        target: the target to parse for; None takes the profile's.
        progress: is told dbt's warnings, such as that a criterion selects nothing.

    Raises:
        BuildError: the project does not parse, the selection is wrong, or packages are missing.
        ConfigError: no dbt can be found.
        KeyboardInterrupt: dbt was interrupted, and has ended.
    """
    progress = progress or Progress()
    ensure_packages(project, progress)
    reader, lines = EventReader(progress), list[str]()

    def read(event: Event) -> None:
        if event["info"]["name"] == "PrintEvent":
            lines.append(str(event["info"]["msg"]))
        reader(event)

    options = [*target_option(project, target), "--output", "json", "--output-keys", *_KEYS]
    asked = selection.args()
    asked += indirect_selection(project, asked)
    args = ["ls", *options, "--no-write-json", *asked]
    outcome = runner().run(project, args, read)
    if outcome.exit_code:
        failure = failure_of(outcome, reader.error)
        raise BuildError(failure.message, hint=failure.hint)
    nodes = [_node(raw, project.name) for raw in map(_listed, lines) if raw]
    return Graph({node.unique_id: node for node in nodes})


def _listed(line: str) -> Mapping[str, Any] | None:
    """Read a line of `dbt ls`; macros of the project may print, too."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "unique_id" in found else None


def _node(raw: Mapping[str, Any], project: str) -> GraphNode:
    """Read a node; a package may declare a source of one of our names, which is not ours."""
    kind = str(raw["resource_type"])
    name, package = str(raw["name"]), str(raw["package_name"])
    version = raw.get("version")
    table = None
    if kind == "source" and package == project:
        table = (str(raw["source_name"]), str(raw.get("identifier") or name))
    return GraphNode(
        unique_id=str(raw["unique_id"]),
        name=name if version is None else f"{name}.v{version}",
        kind=kind,
        parents=tuple((raw.get("depends_on") or {}).get("nodes") or ()),
        tags=tuple(raw.get("tags") or ()),
        file=str(raw.get("original_file_path") or ""),
        criterion=_criterion(raw, kind, f"{package}.{name}"),
        table=table,
        ephemeral=raw.get("config.materialized") == "ephemeral",
    )


def _criterion(raw: Mapping[str, Any], kind: str, name: str) -> str:
    """Name a node as `dbt ls` does by default."""
    if kind == "source":
        return f"source:{raw['package_name']}.{raw['source_name']}.{raw['name']}"
    if kind in {"exposure", "metric", "saved_query", "semantic_model", "unit_test"}:
        return f"{kind}:{name}"
    return f"fqn:{'.'.join(raw.get('fqn') or (name,))}"
