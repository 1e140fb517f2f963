"""When sources are due: times of cron on the clocks of a time zone, as moments; pure, no clock.

croniter counts on bare clocks here, since with a time zone it lets `30 2 * * *` come twice in the
night in which the clocks are put back. What a clock shows is turned into a moment by these rules:

- A time that the clocks skip is due when they have skipped it.
- A time that comes twice is due the first time. Only where a schedule has every hour of the day it
  is due both times: who wants each hour, or each quarter of one, means no time of the day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from itertools import count
from math import gcd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from croniter import croniter

__all__ = [
    "clock_times",
    "frequency",
    "is_due",
    "next_due",
    "similar_zones",
    "time_zone",
    "was_due",
]

_SECOND = timedelta(seconds=1)
_MINUTES = 60
#: croniter takes a range from a number to itself for all numbers.
_RANGE_OF_ONE = re.compile(r"\b0*(\w+)-0*\1\b(/\d+)?", re.IGNORECASE)
_NAME = "[A-Z][A-Za-z0-9_+-]*(/[A-Z0-9][A-Za-z0-9_+-]*)*"


def time_zone(name: str) -> tzinfo:
    """Give the time zone of an IANA name; UTC needs no data of time zones.

    Raises:
        KeyError: there is none of this name.
    """
    if name == "UTC":
        return timezone.utc
    from zoneinfo import ZoneInfo

    # `localtime` is another zone on each machine, and no real name begins with a small letter.
    if not re.fullmatch(_NAME, name):
        raise KeyError(name)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError) as error:  # a path that leads elsewhere, or to a folder
        raise KeyError(name) from error


def similar_zones(name: str) -> list[str]:
    """Name the time zones that may be meant by a wrong name, such as `Berlin`; none to a few."""
    from zoneinfo import available_timezones

    by_word: dict[str, list[str]] = {}
    for zone in sorted(available_timezones()):
        if re.fullmatch(_NAME, zone):
            for word in {zone.lower(), zone.rpartition("/")[2].lower()}:
                by_word.setdefault(word, []).append(zone)
    wanted = name.lower().replace(" ", "_")
    return [zone for word in get_close_matches(wanted, by_word, n=1) for zone in by_word[word]][:3]


def clock_times(schedule: str, start: datetime | None = None) -> croniter:
    """Give the times of a schedule, as a clock that is never changed shows them.

    Raises:
        CroniterError: it is no schedule.
    """
    from croniter import croniter

    return croniter(_RANGE_OF_ONE.sub(r"\1", schedule), start)


def is_due(schedule: str, began: datetime | None, now: datetime, zone: tzinfo) -> bool:
    """Tell whether a source is to be loaded.

    Args:
        schedule: as in sources.yml, so that it comes round.
        began: when its last load that succeeded began; None: it was never loaded, and so is due.
        now: the moment, with its time zone.
        zone: whose clocks the schedule means.
    """
    return began is None or began < was_due(schedule, now, zone)


def was_due(schedule: str, now: datetime, zone: tzinfo) -> datetime:
    """Give the last moment, up to and with now, at which a schedule was due, in UTC.

    The arguments are those of `is_due`.
    """
    now = now.astimezone(timezone.utc)
    # No clock that shows a later time has a moment up to now.
    latest = _clock(now, zone, fold=0).replace(microsecond=0) + _SECOND
    found = []
    for fold in _folds(schedule):
        times = clock_times(schedule, latest)
        moments = (_moment(times.get_prev(datetime), zone, fold) for _ in count())
        found.append(next(moment for moment in moments if moment <= now))
    return max(found)


def next_due(schedule: str, now: datetime, zone: tzinfo) -> datetime:
    """Give the first moment after now at which a schedule is due, in UTC.

    The arguments are those of `is_due`.
    """
    now = now.astimezone(timezone.utc)
    earliest = _clock(now, zone, fold=1).replace(microsecond=0) - _SECOND
    found = []
    for fold in _folds(schedule):
        times = clock_times(schedule, earliest)
        moments = (_moment(times.get_next(datetime), zone, fold) for _ in count())
        found.append(next(moment for moment in moments if moment > now))
    return min(found)


def frequency(schedules: Iterable[str], zone: tzinfo, *, least: int = 1) -> str:
    """Give the schedule of one job that serves several schedules: as often as the finest needs.

    It runs on all minutes of the hour that one of them names, and at even distances: every 5, 10 or
    60 minutes, and never less than hourly. So it does not matter by how many hours clocks differ or
    are put back, and what failed is tried again soon. The minutes hold on clocks of UTC and of the
    zone; where these are half an hour apart, the job runs at least every half hour.

    Args:
        schedules: at least one, as in sources.yml.
        zone: whose clocks they mean.
        least: how many minutes there have to be between two runs.
    """
    apart = {0, *_minutes_apart(zone)}
    minutes = set()
    for schedule in schedules:
        listed = clock_times(schedule).expanded[0]
        own = range(_MINUTES) if listed == ["*"] else map(int, listed)
        minutes |= {(minute - each) % _MINUTES for minute in own for each in apart}
    first = min(minutes)
    step = gcd(_MINUTES, *(minute - first for minute in minutes))
    first %= step
    if step == _MINUTES:
        return f"{first} * * * *"
    if step < least:
        return f"*/{least} * * * *"
    if step == 1:
        return "* * * * *"
    return f"{first}-59/{step} * * * *" if first else f"*/{step} * * * *"


def _folds(schedule: str) -> tuple[int, ...]:
    """Say which of a clock's times that come twice a schedule means: the first, or also the second.

    A list of them, since by each alone later times are later moments.
    """
    return (0, 1) if clock_times(schedule).expanded[1] == ["*"] else (0,)


def _clock(moment: datetime, zone: tzinfo, fold: int) -> datetime:
    """Give what a clock shows that in an hour that comes twice was not (0) or was (1) put back."""
    offset = moment.astimezone(zone).replace(fold=fold).utcoffset() or timedelta()
    return moment.replace(tzinfo=None) + offset


def _moment(shown: datetime, zone: tzinfo, fold: int) -> datetime:
    """Give the moment, in UTC, at which the clocks of a zone show a time, or skip it."""
    local = shown.replace(tzinfo=zone, fold=fold)
    moment = local.astimezone(timezone.utc)
    if moment.astimezone(zone).replace(tzinfo=None) == shown:
        return moment
    # By the clock as it was before the skip the moment is after it, by that afterwards before it.
    before, after = sorted(local.replace(fold=fold).astimezone(timezone.utc) for fold in (0, 1))
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _minutes_apart(zone: tzinfo) -> Iterator[int]:
    """Give by how many minutes of an hour the clocks of a zone are apart from UTC in a year."""
    for month in range(1, 13):
        offset = datetime(2024, month, 1, tzinfo=zone).utcoffset() or timedelta()
        yield round(offset.total_seconds() / _MINUTES) % _MINUTES
