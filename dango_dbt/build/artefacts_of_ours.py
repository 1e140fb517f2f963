"""Writes the artefacts of a run in dbt's place: those that are read, once.

dbt writes its manifest when it has parsed and again when it has built, and the graph of all nodes
beside it. In a loop of small builds that takes longer than the builds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dango_dbt.build.artefacts import run_results_file
from dango_dbt.project import DbtProject

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

__all__ = ["few_artefacts", "without_dbts_own", "write"]

_ASKED = "--write-json"
#: Whether runs are within `few_artefacts`.
_few: list[bool] = []


@contextmanager
def few_artefacts() -> Iterator[None]:
    """Within this, runs of dbt in this process write run_results.json and manifest.json only.

    The manifest is left as it is where dbt was given one that it need not parse: it is the same
    but for the compiled SQL of other nodes.
    """
    _few.append(True)
    try:
        yield
    finally:
        _few.pop()


def without_dbts_own(args: Sequence[str]) -> list[str] | None:
    """Give the arguments with which dbt leaves the writing to us; None: it is to write."""
    if not _few or _ASKED not in args:
        return None
    return ["--no-write-json" if arg == _ASKED else arg for arg in args]


def write(
    project: DbtProject,
    args: Sequence[str],
    results: object,
    manifest: Manifest | None,
) -> None:
    """Write what a run has left.

    Args:
        project: the dbt project.
        args: of the run.
        results: what it gave; without results dbt writes none either.
        manifest: what it has parsed; None: it was given one.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult

    if not isinstance(results, RunExecutionResult):
        return
    file = run_results_file(project, args)
    file.parent.mkdir(parents=True, exist_ok=True)
    if manifest is not None:
        manifest.write(str(file.with_name("manifest.json")))  # type: ignore[no-untyped-call] # dbt's
    results.write(str(file))
