"""When a source is due: once for each time of its schedule, whatever the clocks do.

What is compared with does not know croniter: it looks at all minutes, one after another.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dango_dbt.schedules import (
    frequency,
    is_due,
    next_due,
    similar_zones,
    time_zone,
    was_due,
)

MINUTE = timedelta(minutes=1)
BERLIN = "Europe/Berlin"
#: Clocks that are put on and back by an hour, by half an hour, at midnight, from another day on, by
#: a whole day, and never.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Apia",
)


def at(text: str) -> datetime:
    """Read a moment that has its offset, or is in UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


# ---------------------------------------------------------------- by hand


@pytest.mark.parametrize(
    ("schedule", "zone", "since", "moments"),
    [
        # no change of the clocks
        ("0 2 * * *", "UTC", "2026-01-01T02:00", ["01-02T02:00+00:00", "01-03T02:00+00:00"]),
        ("0 2 * * *", BERLIN, "2026-01-01T02:00", ["01-02T02:00+01:00", "01-03T02:00+01:00"]),
        ("@weekly", BERLIN, "2026-01-01T02:00", ["01-04T00:00+01:00", "01-11T00:00+01:00"]),
        ("0 2-2 * * *", "UTC", "2026-01-01T02:00", ["01-02T02:00+00:00"]),
        ("00-0 2 * * mon-MON/2", "UTC", "2026-01-01T02:00", ["01-05T02:00+00:00"]),
        # 29 March: 02:00 to 03:00 is skipped
        (
            "30 2 * * *",
            BERLIN,
            "2026-03-28T02:00",
            ["03-29T03:00+02:00", "03-30T02:30+02:00", "03-31T02:30+02:00"],
        ),
        ("0 3 * * *", BERLIN, "2026-03-28T03:00", ["03-29T03:00+02:00", "03-30T03:00+02:00"]),
        ("0 2,3 * * *", BERLIN, "2026-03-28T12:00", ["03-29T03:00+02:00", "03-30T02:00+02:00"]),
        ("30 2 29 3 *", BERLIN, "2026-03-28T12:00", ["03-29T03:00+02:00"]),
        (
            "30 * * * *",
            BERLIN,
            "2026-03-29T00:00",
            ["03-29T01:30+01:00", "03-29T03:00+02:00", "03-29T03:30+02:00"],
        ),
        (
            "*/30 * * * *",
            BERLIN,
            "2026-03-29T00:00",
            ["03-29T01:30+01:00", "03-29T03:00+02:00", "03-29T03:30+02:00"],
        ),
        # 25 October: 02:00 to 03:00 comes twice; a time of the day is meant once
        (
            "30 2 * * *",
            BERLIN,
            "2026-10-24T12:00",
            ["10-25T02:30+02:00", "10-26T02:30+01:00", "10-27T02:30+01:00"],
        ),
        (
            "0 */2 * * *",
            BERLIN,
            "2026-10-24T22:00",
            ["10-25T02:00+02:00", "10-25T04:00+01:00"],
        ),
        (
            "*/20 2 * * *",
            BERLIN,
            "2026-10-24T22:00",
            ["10-25T02:00+02:00", "10-25T02:20+02:00", "10-25T02:40+02:00", "10-26T02:00+01:00"],
        ),
        # all hours of the day: each hour
        (
            "0 * * * *",
            BERLIN,
            "2026-10-24T23:30",
            ["10-25T02:00+02:00", "10-25T02:00+01:00", "10-25T03:00+01:00"],
        ),
        (
            "30 0-23 * * *",
            BERLIN,
            "2026-10-24T23:30",
            ["10-25T02:30+02:00", "10-25T02:30+01:00", "10-25T03:30+01:00"],
        ),
        # clocks that are put back by half an hour, and on at midnight
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-04T12:00",
            ["04-05T01:45+11:00", "04-06T01:45+10:30"],
        ),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T12:00",
            ["10-04T02:30+11:00", "10-05T02:15+11:00"],
        ),
        (
            "@daily",
            "America/Havana",
            "2026-03-07T12:00",
            ["03-08T01:00-04:00", "03-09T00:00-04:00"],
        ),
    ],
)
def test_it_is_due_once_each_time(schedule: str, zone: str, since: str, moments: list[str]) -> None:
    place, now = time_zone(zone), at(since)
    for moment in moments:
        found = next_due(schedule, now, place)
        assert found.astimezone(place).isoformat(timespec="minutes") == f"2026-{moment}"
        for later in (timedelta(), MINUTE / 60, MINUTE - MINUTE / 60):
            assert was_due(schedule, found + later, place) == found
        before = was_due(schedule, found - timedelta(microseconds=1), place)
        assert before < found
        assert is_due(schedule, before, found, place)
        assert not is_due(schedule, found, found, place)
        now = found


def test_a_day_that_a_zone_has_left_out_is_made_up_for() -> None:
    """Samoa went from 29 to 31 December 2011."""
    zone = ZoneInfo("Pacific/Apia")
    found = next_due("0 2 30 12 *", at("2011-12-30T00:00"), zone)
    assert found.astimezone(zone).isoformat() == "2011-12-31T00:00:00+14:00"
    assert next_due("0 2 30 12 *", found, zone) == at("2012-12-30T02:00:00+14:00")


@pytest.mark.parametrize(
    ("began", "now", "due"),
    [
        (None, "2026-01-02T00:00", True),  # never loaded
        ("2026-01-01T02:00:01", "2026-01-02T01:59:59", False),
        ("2026-01-01T02:00:01", "2026-01-02T02:00:00", True),
        ("2026-01-02T01:59:59", "2026-01-02T12:00:00", True),  # it was under way by then
        ("2026-01-02T02:00:00", "2026-01-02T12:00:00", False),
        ("2025-06-01T00:00:00", "2026-01-02T12:00:00", True),  # once, however many were missed
        ("2026-01-02T13:00:00", "2026-01-02T12:00:00", False),  # by a clock that is fast
    ],
)
def test_what_has_not_begun_since_it_was_due_is_due(
    began: str | None, now: str, *, due: bool
) -> None:
    last = at(began) if began else None
    assert is_due("0 2 * * *", last, at(now), timezone.utc) == due


# ---------------------------------------------------------------- any schedule, minute by minute


@dataclass(frozen=True)
class Cron:
    """A schedule as cron's text, and as what its fields let through."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def shows(self, clock: datetime) -> bool:
        """Whether this is a time of the schedule, for a clock that shows it."""
        day, weekday = clock.day in self.days, clock.isoweekday() % 7 in self.weekdays
        # cron's rule: where both are given, one of them is enough
        _, _, days, _, weekdays = self.text.split()
        either = days != "*" and weekdays != "*"
        return (
            clock.minute in self.minutes
            and clock.hour in self.hours
            and clock.month in self.months
            and (day or weekday if either else day and weekday)
        )


def fields(low: int, high: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """Make a field of cron, with what it means: all, each nth, a list, a range."""
    every = frozenset(range(low, high + 1))
    number = st.integers(low, high)
    steps = st.integers(2, high).map(lambda n: (f"*/{n}", frozenset(range(low, high + 1, n))))
    lists = st.sets(number, min_size=1, max_size=4).map(
        lambda found: (",".join(map(str, sorted(found))), frozenset(found))
    )
    ranges = st.tuples(number, number).map(
        lambda ends: (f"{min(ends)}-{max(ends)}", frozenset(range(min(ends), max(ends) + 1)))
    )
    return st.one_of(st.just(("*", every)), steps, lists, ranges)


@st.composite
def crons(draw: st.DrawFn) -> Cron:
    """Make a schedule that comes at least once in most weeks."""
    parts = [draw(fields(0, 59)), draw(fields(0, 23))]
    parts += [draw(st.one_of(st.just(("*", frozenset(range(1, 32)))), fields(1, 28)))]
    parts += [("*", frozenset(range(1, 13)))]
    parts += [draw(st.one_of(st.just(("*", frozenset(range(7)))), fields(0, 6)))]
    return Cron(" ".join(text for text, _ in parts), *(allowed for _, allowed in parts))


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """Give the moments at which the clocks of a zone are put on or back, in some years."""
    hours = [at("2011-12-20") + timedelta(hours=n) for n in range(24 * 30)]
    hours += [at("2026-01-01") + timedelta(hours=n) for n in range(24 * 400)]
    clocks = ZoneInfo(zone)
    return tuple(
        later
        for earlier, later in pairwise(hours)
        if later - earlier == timedelta(hours=1)
        and earlier.astimezone(clocks).utcoffset() != later.astimezone(clocks).utcoffset()
    )


def expected(cron: Cron, zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """Find all moments after begin, up to end, at which a schedule is due: minute by minute."""
    return sorted({moment for moment in _expected(cron, zone, begin, end) if begin < moment <= end})


def _expected(cron: Cron, zone: str, begin: datetime, end: datetime) -> Iterator[datetime]:
    clocks = ZoneInfo(zone)
    seen: set[datetime] = set()
    moment = begin.replace(second=0, microsecond=0) - timedelta(hours=2)
    shown = moment.astimezone(clocks).replace(tzinfo=None)
    while moment <= end:
        now = moment.astimezone(clocks).replace(tzinfo=None)
        while shown + MINUTE < now:  # skipped
            shown += MINUTE
            if cron.shows(shown):
                yield moment
        shown = max(shown, now)
        if cron.shows(now) and (now not in seen or len(cron.hours) == 24):
            yield moment
        seen.add(now)
        moment += MINUTE


@st.composite
def spans(draw: st.DrawFn) -> tuple[str, datetime, datetime]:
    """Make three hours in a zone, mostly with a change of its clocks."""
    zone = draw(st.sampled_from(ZONES))
    around = draw(st.sampled_from([*changes(zone), at("2026-06-15")]))
    begin = around - timedelta(minutes=draw(st.integers(0, 2 * 60)))
    return zone, begin, begin + timedelta(hours=3)


@settings(deadline=None, max_examples=50)
@given(crons(), spans())
def test_no_time_is_missed_and_none_comes_twice(
    cron: Cron, span: tuple[str, datetime, datetime]
) -> None:
    zone, begin, end = span
    place, times = time_zone(zone), expected(cron, zone, begin, end)
    found, now = [], begin
    while (now := next_due(cron.text, now, place)) <= end:
        found.append(now)
    assert found == times
    for earlier, later in list(pairwise([*times, end]))[-30:]:
        for moment in (earlier, earlier + (later - earlier) / 2):
            assert was_due(cron.text, moment, place) == earlier


@settings(deadline=None, max_examples=100)
@given(crons(), spans(), st.data())
def test_a_job_loads_once_for_each_time_that_is_past(
    cron: Cron, span: tuple[str, datetime, datetime], data: st.DataObject
) -> None:
    """A job that comes at any time loads if, and only if, there was a time since its last load."""
    zone, begin, end = span
    place, times = time_zone(zone), expected(cron, zone, begin, end)
    minutes = data.draw(st.lists(st.floats(0.01, 60), min_size=5, max_size=30))
    loaded, now = begin, begin
    for each in minutes:
        now += timedelta(minutes=each)
        if now > end:
            break
        was_one = any(loaded < moment <= now for moment in times)
        assert is_due(cron.text, loaded, now, place) == was_one
        if was_one:
            loaded = now


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot change a process's time zone")
def test_the_clock_of_the_machine_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    now = at("2026-10-25T00:40")
    here = [(f("30 2 * * *", now, ZoneInfo(BERLIN))) for f in (was_due, next_due)]
    try:
        for zone in ("America/New_York", "Australia/Lord_Howe"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert [(f("30 2 * * *", now, ZoneInfo(BERLIN))) for f in (was_due, next_due)] == here
    finally:
        monkeypatch.undo()
        time.tzset()


# ---------------------------------------------------------------- one job for all


@pytest.mark.parametrize(
    ("schedules", "zone", "job"),
    [
        (["0 2 * * *"], "UTC", "0 * * * *"),
        (["0 2 * * *", "@daily", "0 9-17 * * mon"], BERLIN, "0 * * * *"),
        (["30 2 * * *", "30 4 * * *"], "UTC", "30 * * * *"),
        (["0 2 * * *", "30 4 * * *"], "UTC", "*/30 * * * *"),
        (["*/15 * * * *", "0 2 * * *"], "UTC", "*/15 * * * *"),
        (["5,20 * * * *", "50 2 * * *"], "UTC", "5-59/15 * * * *"),
        (["*/5 * * * *", "*/15 * * * *"], "UTC", "*/5 * * * *"),
        (["0 2 * * *", "7 4 * * *"], "UTC", "* * * * *"),
        (["*/7 * * * *"], "UTC", "* * * * *"),
        (["* * * * *"], "UTC", "* * * * *"),
        (["59 * * * *"], "UTC", "59 * * * *"),
        (["0 2 * * *"], "Asia/Kolkata", "*/30 * * * *"),
        (["0 2 * * *"], "Asia/Kathmandu", "*/15 * * * *"),
        (["15 2 * * *"], "Australia/Lord_Howe", "15-59/30 * * * *"),
    ],
)
def test_one_job_is_as_frequent_as_the_finest_needs(
    schedules: list[str], zone: str, job: str
) -> None:
    assert frequency(schedules, time_zone(zone)) == job


@settings(deadline=None, max_examples=40)
@given(st.lists(crons(), min_size=1, max_size=5), spans())
def test_the_job_runs_when_a_source_is_due(
    found: list[Cron], span: tuple[str, datetime, datetime]
) -> None:
    """In UTC and in the zone; only what the clocks have skipped waits for the next run."""
    zone, begin, end = span
    place = time_zone(zone)
    job = frequency([cron.text for cron in found], place)
    near = [change for change in changes(zone) if begin <= change <= end]
    for cron in found:
        for moment in expected(cron, zone, begin, end):
            if moment not in near:
                for clocks in (timezone.utc, place):
                    assert was_due(job, moment, clocks) == moment


# ---------------------------------------------------------------- names of zones


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Europe/Munich", "Europe/Zurich"),
        ("#", None),
    ],
)
def test_a_wrong_name_of_a_zone_has_similar_ones(name: str, meant: str | None) -> None:
    with pytest.raises(KeyError):
        time_zone(name)
    assert (meant in similar_zones(name)) if meant else not similar_zones(name)
