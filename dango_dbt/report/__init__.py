"""How results look: text for people, one JSON document, and progress while it runs.

Importing this is cheap: rich is imported when something is shown.
"""

from __future__ import annotations

from dango_dbt.report.adding import source_add_json
from dango_dbt.report.checking import validation_json
from dango_dbt.report.document import to_json
from dango_dbt.report.listing import source_list_json
from dango_dbt.report.live import LiveProgress
from dango_dbt.report.markdown import to_markdown
from dango_dbt.report.plain import PlainProgress
from dango_dbt.report.terminal import console_on, progress_for
from dango_dbt.report.text import (
    created,
    error,
    joined_graph,
    round_done,
    source_added,
    source_list,
    summary,
    validation,
)
from dango_dbt.report.tree import graph_json, graph_mermaid
from dango_dbt.report.words import Verbosity

__all__ = [
    "LiveProgress",
    "PlainProgress",
    "Verbosity",
    "console_on",
    "created",
    "error",
    "graph_json",
    "graph_mermaid",
    "joined_graph",
    "progress_for",
    "round_done",
    "source_add_json",
    "source_added",
    "source_list",
    "source_list_json",
    "summary",
    "to_json",
    "to_markdown",
    "validation",
    "validation_json",
]
