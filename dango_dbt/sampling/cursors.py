"""Whether cursors move the way that dlt believes, and whether they keep old rows from coming."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from dango_dbt.sampled import Check, CursorSeen, ResourceSeen
from dango_dbt.sampling.tested import Tested, check, counted

__all__ = ["before", "check_cursors"]

_ORDER, _START, _AGAIN = "cursor-order", "cursor-start", "second-run-cursor"


def check_cursors(tested: Tested) -> Iterator[Check]:
    """Check the order of each cursor's values, and that none lies before where a run begins."""
    for run, seen in tested.runs:
        for resource in seen.resources:
            cursor = resource.cursor
            if cursor is None or not resource.selected:
                continue
            subject = f"{resource.name}.{cursor.path}"
            if run == 1:
                yield _order(subject, cursor)
                if cursor.start is not None:
                    yield _start(subject, resource, cursor)
            elif tested.first.resource(resource.name) is not None:
                yield _again(subject, tested, resource, cursor)


def before(cursor: CursorSeen) -> int | None:
    """Count the values that lie before where the run begins; None: they cannot be compared."""
    if cursor.start is None:
        return 0
    if cursor.ascending is None:
        return None
    try:
        return sum(_earlier(value, cursor.start, cursor) for value in cursor.values)
    except TypeError:
        return None


def _order(subject: str, cursor: CursorSeen) -> Check:
    """Check the order: dlt stops at the first row beyond its range where one is declared."""
    if not cursor.values:
        return check(_ORDER, subject, "unchecked", "no row has a value")
    steps = _backwards(cursor.values, cursor)
    if steps is None:
        return check(_ORDER, subject, "unchecked", "the values cannot be compared")
    values = counted(len(cursor.values), "value")
    back, forth = steps
    wrong = {"asc": back, "desc": forth}.get(cursor.row_order or "", 0)
    if wrong:
        return check(
            _ORDER,
            subject,
            "finding",
            f"goes {'backwards' if cursor.row_order == 'asc' else 'forwards'} {wrong:,} times in"
            f" {values}, though `row_order` says `{cursor.row_order}`: dlt may stop reading too"
            " early, and miss rows",
            "ask the API to sort by the cursor, or leave `row_order` out",
        )
    if back and forth:
        evidence = f"in no order, nor is one declared: {back:,} steps backwards in {values}"
    else:
        evidence = f"never goes {'forwards' if back else 'backwards'} in {values}"
    return check(_ORDER, subject, "passed", evidence)


def _start(subject: str, resource: ResourceSeen, cursor: CursorSeen) -> Check:
    """Check the first run: the initial value is to be asked for, or rows come for nothing."""
    early = before(cursor)
    if early is None or not cursor.values:
        why = "no row has a value" if not cursor.values else "the values cannot be compared"
        return check(_START, subject, "unchecked", why)
    total = counted(resource.rows, "row")
    if not early:
        return check(_START, subject, "passed", f"none of {total} lies before {cursor.start}")
    if cursor.row_order == "desc" or early < len(cursor.values):
        evidence = f"{early:,} of {total} lie before {cursor.start}, and are left out"
        return check(_START, subject, "passed", evidence)
    return check(
        _START,
        subject,
        "finding",
        f"all of {total} lie before {cursor.start}, where the load begins: none is kept",
        "hand the cursor's `last_value` on to the API, or begin with an earlier `initial_value`",
    )


def _again(subject: str, tested: Tested, resource: ResourceSeen, cursor: CursorSeen) -> Check:
    """Check the second run: what lies before the cursor was loaded already."""
    first = tested.first.resource(resource.name)
    known = first.cursor if first else None
    early = before(cursor)
    if known is None or cursor.start is None or cursor.start == known.start:
        return check(_AGAIN, subject, "unchecked", "the second run began where the first did")
    if early is None:
        return check(_AGAIN, subject, "unchecked", "the values cannot be compared")
    total = counted(resource.rows, "row")
    evidence = f"began at {cursor.start}: "
    if not early:
        return check(_AGAIN, subject, "passed", f"{evidence}{total}, none from before it")
    could = sum(_earlier(value, cursor.start, cursor) for value in known.values)
    if cursor.row_order == "desc" or early < could:
        evidence += f"{early:,} of {total} from before it, in {counted(resource.pages, 'page')}"
        what = "stops there" if cursor.row_order == "desc" else "leaves them out"
        return check(_AGAIN, subject, "passed", f"{evidence}; dlt {what}")
    return check(
        _AGAIN,
        subject,
        "finding",
        f"{evidence}yet {early:,} of {total} came from before it, as in the first run: dlt drops"
        " them, but each sync reads them all again",
        "hand the cursor's `last_value` on to the API as its filter",
    )


def _earlier(value: Any, other: Any, cursor: CursorSeen) -> bool:  # noqa: ANN401 - any that compare
    return bool(value < other) if cursor.ascending else bool(value > other)


def _backwards(values: Sequence[Any], cursor: CursorSeen) -> tuple[int, int] | None:
    """Count the steps backwards and forwards; None: the values cannot be compared."""
    if cursor.ascending is None:
        return None
    try:
        back = sum(_earlier(later, earlier, cursor) for earlier, later in pairwise(values))
        forth = sum(_earlier(earlier, later, cursor) for earlier, later in pairwise(values))
    except TypeError:
        return None
    return back, forth
