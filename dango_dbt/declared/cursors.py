"""Where a cursor begins: what sources.yml says, as a value that the database compares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

from dlt.common.time import parse_iso_like_datetime

__all__ = ["initial"]


def initial(value: str | float, column: Mapping[str, Any]) -> Any:  # noqa: ANN401 - of any type
    """Read a value as the column's type has it.

    Args:
        value: as sources.yml has it; times are text there.
        column: what dlt knows of the column.

    Raises:
        ValueError: it is no value of this type.
    """
    kind = column.get("data_type")
    if kind in {"timestamp", "date"}:
        return _in_time(str(value), whole_days=kind == "date", zone=column.get("timezone", True))
    readers: Mapping[Any, Any] = {"bigint": int, "decimal": _decimal, "double": float, "text": str}
    return readers[kind](value) if kind in readers else value


def _in_time(text: str, *, whole_days: bool, zone: bool) -> date:
    found: object = parse_iso_like_datetime(text)
    if not isinstance(found, date):
        raise ValueError(text)  # noqa: TRY004 - a text is what was given
    if not isinstance(found, datetime):
        found = datetime(found.year, found.month, found.day, tzinfo=timezone.utc)
    aware = found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    in_utc = datetime.fromtimestamp(aware.timestamp(), tz=timezone.utc)
    if whole_days:
        return in_utc.date()
    return in_utc if zone else in_utc.replace(tzinfo=None)


def _decimal(value: object) -> Decimal:
    found = Decimal(str(value)) if str(value).strip().lstrip("+-")[:1].isdigit() else None
    if found is None:
        raise ValueError(str(value))
    return found
