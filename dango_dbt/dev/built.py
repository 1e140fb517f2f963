"""The artefacts of what was built last: dbt's `state:modified` says what has changed since.

They are kept with the target's state, so that the next start need not build everything. What has
failed is left out of the manifest: it counts as new, and the next run tries it again.
"""

from __future__ import annotations

import json
from pathlib import Path

from dango_dbt.build import read_run_results
from dango_dbt.files import write_atomic
from dango_dbt.project import ProjectLayout
from dango_dbt.results import DONE_NODE_STATUSES, NOT_BUILT, BuildResult

__all__ = ["Built"]

_MANIFEST, _RESULTS = "manifest.json", "run_results.json"
_NODES = ("nodes", "unit_tests")


class Built:
    """What was built last into a target.

    Attributes:
        folder: what `--state` is to be; None: it is not known what was built.
    """

    def __init__(self, layout: ProjectLayout, target: str) -> None:
        self._target_path = layout.dbt.target_path
        # Beside dlt's working folders, whose names have no dot.
        self._folder = layout.state(target) / ".built"
        self.folder: Path | None = self._folder if self._is_last() else None

    def _is_last(self) -> bool:
        """Whether no other run of dbt has come after: it may have built other code."""
        try:
            ours = (self._folder / _RESULTS).read_bytes()
            return ours == (self._target_path / _RESULTS).read_bytes()
        except OSError:
            return False

    def _is_of(self, built: BuildResult) -> bool:
        """Whether the artefacts are this run's: one on another target may have come between."""
        results = read_run_results(self._target_path / _RESULTS)
        return results is not None and results.invocation == built.invocation

    def take(self, built: BuildResult) -> None:
        """Take in what dbt has just built, where its artefacts are still there.

        Raises:
            GenerateError: the artefacts cannot be written.
        """
        if built.error is not None or built.status == "not_run" or not self._is_of(built):
            return
        try:
            manifest = (self._target_path / _MANIFEST).read_text(encoding="utf-8")
            results = (self._target_path / _RESULTS).read_text(encoding="utf-8")
        except OSError:
            return  # DBT_WRITE_JSON, or another run's `dbt clean`
        if any(node.status not in DONE_NODE_STATUSES for node in built.nodes):
            manifest = self._without_failed(manifest, built)
        write_atomic(self._folder / _MANIFEST, manifest)
        write_atomic(self._folder / _RESULTS, results)
        self.folder = self._folder

    def _without_failed(self, text: str, built: BuildResult) -> str:
        """Leave out what has failed; what was held back stays as it was built before."""
        manifest = json.loads(text)
        before = json.loads((self._folder / _MANIFEST).read_text()) if self.folder else {}
        for node in built.nodes:
            if node.status in DONE_NODE_STATUSES:
                continue
            held = (node.message or "").startswith(NOT_BUILT)
            for kind in _NODES:
                earlier = before.get(kind, {}).get(node.unique_id) if held else None
                if earlier is not None:
                    manifest[kind][node.unique_id] = earlier
                else:
                    manifest[kind].pop(node.unique_id, None)
        return json.dumps(manifest)
