"""dbt's log events, from either runner, into calls of `Progress`."""

from __future__ import annotations

import re
from threading import Lock
from typing import Any

from dango_dbt.build.runners import Event
from dango_dbt.progress import Progress
from dango_dbt.results import NodeResult

__all__ = ["EventReader", "is_read", "plain"]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")

_READ = frozenset(
    {
        "ConcurrencyLine",
        "LogStartLine",
        "MainEncounteredError",
        "MainReportVersion",  # the first of a run
        "NodeFinished",
        "NodeStart",
        "PrintEvent",  # what `dbt ls` lists
    }
)
#: Repeats, at the end, deprecations that have been told one by one; of an empty selection dbt has
#: said which criterion matches nothing, and a source's table alone is nothing to build, rightly.
_UNTOLD = frozenset({"DeprecationsSummary", "NoNodesSelected", "NothingToDo"})


def is_read(name: str, level: str) -> bool:
    """Whether the event is worth turning into a dict: most are not."""
    return name in _READ or (level == "warn" and name not in _UNTOLD)


def plain(text: str) -> str:
    """The text without colours."""
    return _ANSI.sub("", text).strip()


class EventReader:
    """Reads the events of one run, which come from several threads.

    Attributes:
        error: what dbt said when it gave up.
        invocation: dbt's id of the run; None: it has not begun.
        finished: the nodes that have ended.
    """

    def __init__(self, progress: Progress) -> None:
        self.error: str | None = None
        self.invocation: str | None = None
        self.finished: list[NodeResult] = []
        self._progress = progress
        self._lock = Lock()
        self._total = 0
        self._warnings: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        info, data = event["info"], event.get("data") or {}
        name = info["name"]
        self.invocation = info.get("invocation_id") or self.invocation
        node = data.get("node_info") or {}
        if name == "MainEncounteredError":
            self.error = data.get("exc") or info.get("msg")
        elif name == "ConcurrencyLine":
            self._tell_total(data.get("node_count"))
        elif name == "LogStartLine":
            self._tell_total(data.get("total"))  # now with the unit tests counted
        elif node.get("materialized") == "ephemeral":
            return  # runs nothing, and is in no total
        elif name == "NodeStart":
            self._progress.node_started(node["unique_id"])
        elif name == "NodeFinished":
            result = _node_result(node, data.get("run_result") or {})
            self.finished.append(result)
            self._progress.node_finished(result)
        elif info["level"] == "warn" and not node.get("unique_id"):
            self._warn(info.get("msg", ""))

    def _tell_total(self, total: object) -> None:
        if not isinstance(total, int):
            return
        with self._lock:
            changed, self._total = total != self._total, total
        if changed:
            self._progress.nodes_total(total)

    def _warn(self, message: str) -> None:
        text = " ".join(plain(message).removeprefix("[WARNING]").lstrip(": ").split())
        with self._lock:
            known = text in self._warnings
            self._warnings.add(text)
        if text and not known:
            self._progress.warning(text)


def _node_result(node: dict[str, Any], result: dict[str, Any]) -> NodeResult:
    return NodeResult(
        unique_id=node["unique_id"],
        status=str(result.get("status") or node.get("node_status")),
        seconds=float(result.get("execution_time") or 0),
        message=plain(result.get("message") or "") or None,
    )
