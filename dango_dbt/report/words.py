"""How single facts are put into words: names, counts, durations, outcomes. Pure text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from enum import IntEnum

from dango_dbt import errors
from dango_dbt.results import Failure, FileResult, NodeResult, Use

__all__ = [
    "Verbosity",
    "clean",
    "count",
    "duration",
    "failure_text",
    "file_counts",
    "node_label",
    "node_name",
    "node_type",
    "notice",
    "one_line",
    "outcome",
    "outcomes",
    "use_text",
]


class Verbosity(IntEnum):
    """How much to show."""

    QUIET = -1
    """Only what failed."""
    NORMAL = 0
    VERBOSE = 1
    """Every table, file and node."""


#: Escape sequences of terminals (CSI, OSC), and control characters but for tab and newline.
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
#: dbt ends a generic test's id with a hash.
_TEST_HASH = re.compile(r"\.[0-9a-f]{6,}$")

_FILE_ACTIONS = ("created", "updated", "merged", "removed", "conflict", "unchanged")
_OUTCOMES = ("pass", "warn", "fail", "error", "skip")
_OUTCOME_OF = {"success": "pass", "skipped": "skip"}

#: Our own errors say all in their message; of any other one the type is part of what happened.
_OWN_ERRORS = frozenset(name for name in errors.__all__ if name.endswith("Error"))


def clean(text: str) -> str:
    """Take out what would make a terminal do something: data is shown, never obeyed."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Join the lines of a text to one."""
    return " ".join(clean(text).split())


def notice(message: str, encoding: str | None) -> str:
    """Put a mark before a warning of several paragraphs, whose lines stay as they are."""
    mark = "⚠️  "
    try:
        mark.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        mark = "warning: "
    return mark + clean(message).strip()


def count(number: int, noun: str) -> str:
    """Count things: `1 table`, `1,234 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """Give a time as one reads it: `0.12 s`, `4.1 s`, `2 min 05 s`, `1 h 02 min`."""
    if seconds < 0.995:  # noqa: PLR2004 - what rounds to a full second
        return f"{seconds:.2f} s"
    if seconds < 59.95:  # noqa: PLR2004 - what rounds to a full minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left:02} min" if hours else f"{minutes} min {rest:02} s"


def failure_text(failure: Failure) -> str:
    """Say what went wrong, with the error's type unless it is one of ours."""
    message = clean(failure.message).strip()
    return message if failure.type in _OWN_ERRORS else f"{failure.type}: {message}"


def file_counts(files: Iterable[FileResult]) -> str:
    """Count files by what was done with them: `2 created, 9 unchanged`."""
    return _counts(Counter(file.action for file in files), _FILE_ACTIONS)


def node_type(unique_id: str) -> str:
    """Say what a node is: `model`, `unit test`."""
    return clean(unique_id.partition(".")[0].replace("_", " "))


def node_name(unique_id: str) -> str:
    """Give a node's name without its type, its project, and the hash of a test."""
    kind, _, rest = clean(unique_id).partition(".")
    name = rest.partition(".")[2] or rest or kind
    return _TEST_HASH.sub("", name) if kind == "test" else name


def node_label(unique_id: str) -> str:
    """Name a node: `model stg_shop__carts`."""
    return f"{node_type(unique_id)} {node_name(unique_id)}"


def outcome(node: NodeResult) -> str:
    """Sum up dbt's statuses: pass, warn, error, skip, and fail for a test that found something."""
    if node.status == "fail":
        return "fail"
    return "error" if node.failed else _OUTCOME_OF.get(node.status, node.status)


def outcomes(nodes: Iterable[NodeResult]) -> str:
    """Count nodes by outcome: `43 pass, 1 warn, 1 error`."""
    return _counts(Counter(outcome(node) for node in nodes), _OUTCOMES)


def _counts(counter: Counter[str], order: tuple[str, ...]) -> str:
    known = [word for word in order if word in counter]
    others = sorted(set(counter) - set(order))
    return ", ".join(f"{counter[word]:,} {clean(word)}" for word in [*known, *others])


def use_text(use: Use) -> str:
    """Say how a node uses a column; empty for a node that has no columns."""
    if use.unread:
        return "may use it: its SQL cannot be read"
    if use.kind in {"exposure", "test"}:
        return ""
    plural = "" if len(use.columns) == 1 else "s"
    columns = [f"column{plural} {', '.join(use.columns)}"] if use.columns else []
    return " and ".join([*columns, *(["which rows it has"] if use.rows else [])])
