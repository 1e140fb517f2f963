"""How results look: text for people, one JSON document, and progress while it runs.

Importing this is cheap: rich is imported when something is shown.
"""

from __future__ import annotations

from dango_dbt.report.adding import source_add_json
from dango_dbt.report.catalogue import (
    catalogue_json,
    catalogue_lines,
    connector_json,
    connector_lines,
)
from dango_dbt.report.checking import validation_json
from dango_dbt.report.configuring import configuration_lines
from dango_dbt.report.deployment import deployment_json
from dango_dbt.report.discovery import discovery_json
from dango_dbt.report.document import to_json
from dango_dbt.report.er_diagram import discovery_mermaid
from dango_dbt.report.github import github_annotations, on_github
from dango_dbt.report.junit import to_junit
from dango_dbt.report.lines import LineProgress
from dango_dbt.report.listing import source_list_json
from dango_dbt.report.live import LiveProgress
from dango_dbt.report.markdown import plan_to_markdown
from dango_dbt.report.plain import PlainProgress
from dango_dbt.report.sample_test import source_test_json
from dango_dbt.report.seen import SeenProgress
from dango_dbt.report.status import status_json
from dango_dbt.report.step_summary import to_step_summary
from dango_dbt.report.terminal import console_on, progress_for
from dango_dbt.report.text import (
    created,
    deployed,
    error,
    joined_graph,
    lines,
    project_status,
    round_done,
    source_added,
    source_discovered,
    source_list,
    source_tested,
    summary,
    validation,
)
from dango_dbt.report.tree import graph_json, graph_mermaid
from dango_dbt.report.words import Verbosity

__all__ = [
    "LineProgress",
    "LiveProgress",
    "PlainProgress",
    "SeenProgress",
    "Verbosity",
    "catalogue_json",
    "catalogue_lines",
    "configuration_lines",
    "connector_json",
    "connector_lines",
    "console_on",
    "created",
    "deployed",
    "deployment_json",
    "discovery_json",
    "discovery_mermaid",
    "error",
    "github_annotations",
    "graph_json",
    "graph_mermaid",
    "joined_graph",
    "lines",
    "on_github",
    "plan_to_markdown",
    "progress_for",
    "project_status",
    "round_done",
    "source_add_json",
    "source_added",
    "source_discovered",
    "source_list",
    "source_list_json",
    "source_test_json",
    "source_tested",
    "status_json",
    "summary",
    "to_json",
    "to_junit",
    "to_step_summary",
    "validation",
    "validation_json",
]
