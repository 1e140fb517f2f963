"""A run as one JSON document, for programs: keys may be added, none is renamed or left out."""

from __future__ import annotations

import json

from dango_dbt.results import (
    BuildResult,
    Failure,
    FileResult,
    Impact,
    NodeResult,
    RunResult,
    ScheduledSource,
    SchemaChange,
    SyncResult,
)

__all__ = ["failure_document", "to_json", "without_commands"]

_STAGES = ("prepare", "extract", "normalize", "load")

#: What stands for the build where the command has none.
_NOT_RUN = BuildResult("not_run")


def to_json(result: RunResult) -> str:
    """Give the run as a JSON document, without a newline at its end.

    Every command gives the same keys. A part that the command does not have, or did not get to, is
    empty: `sources`, `schedules`, `schema_changes`, `impacts`, `held` and `files` are `[]`, `build`
    is `not_run` without nodes.
    `error` at the top is why the run ended before all its parts were done; null where it did not. A
    source's `seconds` always has its stages; null for one that was not reached.
    """
    document = {
        "command": result.command,
        "status": result.status,
        "exit_code": int(result.exit_code),
        "target": result.target,
        "sources": [_source(source) for source in result.sources or ()],
        "schedules": [_schedule(each) for each in result.schedules or ()],
        "schema_changes": [
            {"source": source.name, **_change(change)}
            for source in result.schema_changes or ()
            for change in source.schema_changes
        ],
        "impacts": [_impact(impact) for impact in result.impacts or ()],
        "held": list(result.held),
        "files": [_file(file) for file in result.files or ()],
        "build": _build(result.build or _NOT_RUN),
        "error": failure_document(result.error),
        "seconds": round(result.seconds, 3),
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # A path that is not UTF-8 has lone surrogates; `\udc80` is how JSON writes one.
    return without_commands(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def without_commands(text: str) -> str:
    """Write JSON another way, so that no CI service takes `##[…]` in a string for a command."""
    return text.replace("##[", r"##\u005b")


def _source(source: SyncResult) -> dict[str, object]:
    return {
        "name": source.name,
        "status": source.status,
        "dataset": source.dataset,
        "tables": dict(sorted(source.tables.items())),
        "schema_changes": [_change(change) for change in source.schema_changes],
        "seconds": {
            stage: round(source.seconds[stage], 3) if stage in source.seconds else None
            for stage in _STAGES
        },
        "error": failure_document(source.error),
    }


def _schedule(each: ScheduledSource) -> dict[str, object]:
    return {
        "source": each.name,
        "schedule": each.schedule,
        "due": each.due,
        "next_due": each.next_due,
    }


def _change(change: SchemaChange) -> dict[str, object]:
    return {"table": change.table, "column": change.column, "change": change.change}


def _impact(impact: Impact) -> dict[str, object]:
    return {
        "source": impact.source,
        "table": impact.table,
        "column": impact.column,
        "change": impact.change,
        "breaking": impact.breaking,
        "unknown": impact.unknown,
        "uses": [
            {
                "unique_id": use.unique_id,
                "name": use.name,
                "type": use.kind,
                "columns": list(use.columns),
                "rows": use.rows,
                "unread": use.unread,
            }
            for use in impact.uses
        ],
    }


def _file(file: FileResult) -> dict[str, object]:
    diff = {} if file.diff is None else {"diff": file.diff}
    return {"path": file.path, "action": file.action, **diff}


def _build(build: BuildResult) -> dict[str, object]:
    return {
        "status": build.status,
        "nodes": [_node(node) for node in build.nodes],
        "error": failure_document(build.error),
        "reason": build.reason,
        "seconds": round(build.seconds, 3),
    }


def _node(node: NodeResult) -> dict[str, object]:
    return {
        "unique_id": node.unique_id,
        "status": node.status,
        "seconds": round(node.seconds, 3),
        "message": node.message,
        "path": node.path,
    }


def failure_document(failure: Failure | None) -> dict[str, object] | None:
    """Give why something failed, as it stands in all documents; null where nothing did."""
    if failure is None:
        return None
    return {"type": failure.type, "message": failure.message, "hint": failure.hint}
