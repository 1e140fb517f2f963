"""How old a source's last sync may be: as sources.yml says, or as its schedule lets expect."""

from __future__ import annotations

from datetime import timedelta

from dango_dbt.config import AgeConfig, SourceConfig, longest_pause
from dango_dbt.schema import Age, Freshness, Period

__all__ = ["thresholds"]

_LENGTHS: tuple[tuple[Period, timedelta], ...] = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


def thresholds(source: SourceConfig) -> Freshness | None:
    """Tell when `dbt source freshness` is to warn and to fail; None where nothing says so.

    From a schedule: a warning where a run has been missed and the next one is due, an error where
    three have been. In its longest pause nothing is missed, so that is what counts.
    """
    if source.freshness:
        warn, error = source.freshness.warn_after, source.freshness.error_after
        return Freshness(_given(warn), _given(error))
    if source.schedule:
        pause = longest_pause(source.schedule)
        return Freshness(_age(2 * pause), _age(4 * pause))
    return None


def _given(age: AgeConfig | None) -> Age | None:
    return Age(age.count, age.period) if age else None


def _age(length: timedelta) -> Age:
    """Write a length in the longest period that it is whole multiples of."""
    return next(Age(length // each, period) for period, each in _LENGTHS if not length % each)
