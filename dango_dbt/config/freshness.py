"""How often a source is to be loaded, and how old its last sync may be."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dango_dbt.config.base import Config
from dango_dbt.schedules import clock_times, time_zone

__all__ = ["AgeConfig", "FreshnessConfig", "Schedule", "TimeZone", "is_schedule", "longest_pause"]

# Five fields of standard cron, or a word for them. What croniter knows beyond that (seconds, `L`,
# `#`, random `R`) no CI system knows, and `R` would make the generated text another each time.
_ALIAS = "@(hourly|daily|midnight|weekly|monthly|yearly|annually)"
_NUMBERS = "[0-9*/,-]+"
_NAMES = "([0-9*/,-]|[A-Za-z]{3})+"
_CRON = rf"^({_ALIAS}|({_NUMBERS} +){{3}}{_NAMES} +{_NAMES})$"

_FIELDS = (
    "minute: these are 0 to 59",
    "hour: these are 0 to 23",
    "day of the month: these are 1 to 31",
    "month: these are 1 to 12, or jan to dec",
    "day of the week: these are 0 (or 7) to 6, or sun to sat",
)

#: Where looking at a schedule begins: any leap year will do, as long as it is always the same.
_BEGIN = datetime(2024, 1, 1)  # noqa: DTZ001 - only distances count, and those of no time zone


class AgeConfig(Config):
    """An age, as dbt writes it."""

    count: int = Field(gt=0, description="How many minutes, hours or days.")
    period: Literal["minute", "hour", "day"] = Field(description="What `count` counts.")


class FreshnessConfig(Config):
    """How old the last sync may be before `dbt source freshness` warns, and before it fails."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    warn_after: AgeConfig | None = Field(
        default=None, description="The age from which on it warns."
    )
    error_after: AgeConfig | None = Field(
        default=None, description="The age from which on it fails."
    )

    @model_validator(mode="after")
    def _say_something(self) -> FreshnessConfig:
        if self.warn_after is None and self.error_after is None:
            raise PydanticCustomError("no_threshold", "no threshold")
        return self


def _comes_round(schedule: str) -> str:
    """Refuse what is no time (`99 * * * *`), or never comes (31 February)."""
    from croniter import CroniterError

    try:
        clock_times(schedule, _BEGIN).get_next()
    except CroniterError as error:
        why = _wrong_field(schedule)
        raise PydanticCustomError("never", "no such time", {"why": why}) from error
    return schedule


def _wrong_field(schedule: str) -> str:
    """Say which field of a schedule alone is wrong, or else that all together are."""
    from croniter import CroniterError

    for position, field in enumerate(schedule.split()):
        alone = ["*"] * len(_FIELDS)
        alone[position] = field
        try:
            clock_times(" ".join(alone), _BEGIN).get_next()
        except CroniterError:
            return f"`{field}` is no {_FIELDS[position]}"
    return "no month has such a day"


Schedule = Annotated[str, Field(pattern=_CRON), AfterValidator(_comes_round)]


def is_schedule(text: str) -> bool:
    """Tell whether a text can be the schedule of a source."""
    try:
        TypeAdapter(Schedule).validate_python(text)
    except ValidationError:
        return False
    return True


def _is_zone(name: str) -> str:
    """Refuse what is the name of no time zone."""
    try:
        time_zone(name)
    except KeyError as error:
        raise PydanticCustomError("no_zone", "no time zone") from error
    return name


TimeZone = Annotated[str, AfterValidator(_is_zone)]


def longest_pause(schedule: str) -> timedelta:
    """Find the longest time between two runs of a schedule.

    All days on which it runs have the same times, so one of them tells the pauses within a day;
    those from one day to another are the ones around the midnights of a year.

    Args:
        schedule: as in sources.yml, so that it comes round.
    """
    just_before = timedelta(seconds=1)  # a run at midnight itself counts as after it
    first: datetime = clock_times(schedule, _BEGIN - just_before).get_next(datetime)
    times = [first]
    runs = clock_times(schedule, first)
    while (following := runs.get_next(datetime)).date() == first.date():
        times.append(following)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    for day in range(1, 367):
        midnight = _BEGIN + timedelta(days=day)
        before: datetime = clock_times(schedule, midnight).get_prev(datetime)
        after: datetime = clock_times(schedule, midnight - just_before).get_next(datetime)
        pauses.append(after - before)
    return max(pauses)
