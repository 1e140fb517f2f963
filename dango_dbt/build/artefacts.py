"""Reads dbt's artefacts: the same results whichever dbt has run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dango_dbt.build.events import plain
from dango_dbt.project import DbtProject, dbt_variable
from dango_dbt.results import NodeResult

__all__ = ["RunResults", "read_run_results", "run_results_file", "with_paths"]

#: Whoever is told of other nodes needs no path, and the manifest of a large project takes a while.
_PASSED = frozenset({"no-op", "pass", "reused", "skipped", "success"})


@dataclass(frozen=True)
class RunResults:
    """One run's nodes, in the order in which they ended."""

    invocation: str
    nodes: tuple[NodeResult, ...]


def run_results_file(project: DbtProject, args: Sequence[str]) -> Path:
    """Where a run with these arguments writes its results."""
    folder = project.target_path
    if variable := dbt_variable("TARGET_PATH"):
        folder = project.directory / variable
    for index, arg in enumerate(args):
        if arg == "--target-path" and index + 1 < len(args):
            folder = project.directory / args[index + 1]
        elif arg.startswith("--target-path="):
            folder = project.directory / arg.partition("=")[2]
    return folder / "run_results.json"


def read_run_results(path: Path) -> RunResults | None:
    """Read the results; None where there are none, or where a run was killed while it wrote."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return RunResults(
            invocation=raw["metadata"]["invocation_id"],
            nodes=tuple(_node(result) for result in raw["results"]),
        )
    except (FileNotFoundError, ValueError, KeyError):
        return None


def with_paths(
    nodes: Sequence[NodeResult], manifest: Path, project: DbtProject
) -> tuple[NodeResult, ...]:
    """Say of nodes that did not pass which file defines them; nothing where that is not known."""
    if all(node.status in _PASSED for node in nodes):
        return tuple(nodes)
    try:
        raw = json.loads(manifest.read_text(encoding="utf-8"))
        known = {**raw["nodes"], **raw.get("unit_tests", {})}
    except (FileNotFoundError, ValueError, KeyError):
        return tuple(nodes)
    return tuple(
        node
        if node.status in _PASSED
        else replace(node, path=_path(known.get(node.unique_id), project))
        for node in nodes
    )


def _path(node: dict[str, Any] | None, project: DbtProject) -> str | None:
    if node is None or node.get("package_name") != project.name:
        return None
    path = node.get("original_file_path")
    return path.replace("\\", "/") if isinstance(path, str) else None


def _node(result: dict[str, Any]) -> NodeResult:
    return NodeResult(
        unique_id=result["unique_id"],
        status=result["status"],
        seconds=float(result.get("execution_time") or 0),
        message=plain(result.get("message") or "") or None,
    )
