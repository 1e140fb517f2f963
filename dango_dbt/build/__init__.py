"""The one seam with dbt: resolve a target, install packages, build, pass on any other command.

Nothing else in the package knows dbt, and importing this imports none of it.

Everything here may change the process's folder and environment while dbt runs, and puts both
back: call it from the main thread, when nothing else runs.
"""

from __future__ import annotations

from dango_dbt.build.artefacts import read_run_results
from dango_dbt.build.artefacts_of_ours import few_artefacts
from dango_dbt.build.commands import build, dbt, parse
from dango_dbt.build.compiling import compiled_graph
from dango_dbt.build.listing import list_nodes
from dango_dbt.build.missing import MissingReference, missing_reference
from dango_dbt.build.packages import ensure_packages
from dango_dbt.build.profile import (
    adapter_type,
    default_target,
    fields_as_written,
    other_targets,
    resolve_target,
    taken_target,
)
from dango_dbt.build.runners import runner
from dango_dbt.build.selectors import has_default_selector, selects

__all__ = [
    "MissingReference",
    "adapter_type",
    "build",
    "compiled_graph",
    "dbt",
    "default_target",
    "ensure_packages",
    "few_artefacts",
    "fields_as_written",
    "has_default_selector",
    "list_nodes",
    "missing_reference",
    "other_targets",
    "parse",
    "read_run_results",
    "resolve_target",
    "runner",
    "selects",
    "taken_target",
]
