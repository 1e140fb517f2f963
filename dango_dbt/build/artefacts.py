"""Reads dbt's run_results.json: the same results whichever dbt has run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dango_dbt.build.events import plain
from dango_dbt.project import DbtProject, dbt_variable
from dango_dbt.results import NodeResult

__all__ = ["RunResults", "read_run_results", "run_results_file"]


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


def _node(result: dict[str, Any]) -> NodeResult:
    return NodeResult(
        unique_id=result["unique_id"],
        status=result["status"],
        seconds=float(result.get("execution_time") or 0),
        message=plain(result.get("message") or "") or None,
    )
