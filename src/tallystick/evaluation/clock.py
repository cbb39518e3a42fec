"""Local time: instants in microseconds since 1970-01-01T00:00:00Z, and the agreement's calendar."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from tallystick.evaluation.working_time import WorkingTime, passed, without
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.rule import FiscalYear

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

NEVER = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""The last instant of the year 9999: later than every deadline. Stands for a life without end."""
ALWAYS = -NEVER
"""Earlier than every row."""


@dataclass(frozen=True)
class Clock:
    """By what periods are counted: the timezone, the working calendars by their ids, and when fiscal years begin."""

    zone: ZoneInfo
    calendars: Mapping[str, WorkingTime] = field(default_factory=dict)
    fiscal_year: FiscalYear | None = None


def instant(local: datetime) -> int:
    """The instant of a time with a timezone. With `fold` 0 it follows `docs/meaning.md` at clock changes."""
    return (local - _EPOCH) // _MICROSECOND


def localized(at: int, zone: ZoneInfo) -> datetime:
    """The local time at an instant."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone)


def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant at which the local day begins."""
    return instant(datetime.combine(day, time(), zone))


def day_end(day: date, zone: ZoneInfo) -> int:
    """The instant at which the local day is over; NEVER beyond the calendar."""
    return NEVER if day == date.max else midnight(day + timedelta(days=1), zone)


def add(at: int, period: Period, clock: Clock, times: int = 1) -> int:
    """The instant a period after `at` (before it, for a negative `times`); NEVER or ALWAYS beyond the calendar."""
    amount = period.amount * times
    try:
        return _add(at, amount, period, clock)
    except (OverflowError, ValueError):  # beyond the years 1 to 9999
        return NEVER if amount > 0 else ALWAYS


def _add(at: int, amount: int, period: Period, clock: Clock) -> int:
    zone = clock.zone
    match period.unit:
        case PeriodUnit.SECONDS:
            return at + amount * SECOND
        case PeriodUnit.MINUTES:
            return at + amount * 60 * SECOND
        case PeriodUnit.HOURS:
            return at + amount * HOUR
        case PeriodUnit.DAYS:
            return _move(at, amount, 0, zone)
        case PeriodUnit.WEEKS:
            return _move(at, amount * 7, 0, zone)
        case PeriodUnit.MONTHS:
            return _move(at, 0, amount, zone)
        case PeriodUnit.QUARTERS:
            return _move(at, 0, amount * 3, zone)
        case PeriodUnit.YEARS:
            return _move(at, 0, amount * 12, zone)
        case PeriodUnit.BUSINESS_DAYS:
            return _working(period, clock).add_days(at, amount)
        case PeriodUnit.BUSINESS_HOURS:
            return _working(period, clock).add_hours(at, amount)
        case _:
            assert_never(period.unit)


_ELAPSED = {
    PeriodUnit.SECONDS: SECOND,
    PeriodUnit.MINUTES: 60 * SECOND,
    PeriodUnit.HOURS: HOUR,
    PeriodUnit.DAYS: DAY,
    PeriodUnit.WEEKS: 7 * DAY,
}


def add_outside(at: int, period: Period, stops: Sequence[tuple[int, int]], clock: Clock) -> int:
    """The first instant by which the period has passed since `at` in time outside of the stops, in order and disjoint.

    A day is 24 hours. The compiler refuses business days, and months and longer. NEVER beyond the calendar.
    """
    try:
        if period.unit is PeriodUnit.BUSINESS_HOURS:
            return passed(without(_working(period, clock).work_from(at), stops), period.amount * HOUR)
        return passed(without([(at, NEVER)], stops), period.amount * _ELAPSED[period.unit])
    except (OverflowError, ValueError):  # beyond the years 1 to 9999
        return NEVER


def _working(period: Period, clock: Clock) -> WorkingTime:
    assert period.calendar is not None, "the compiler names the calendar of each business period"
    return clock.calendars[period.calendar]


def _move(at: int, days: int, months: int, zone: ZoneInfo) -> int:
    local = localized(at, zone)
    day = plus_months(local.date(), months) + timedelta(days=days)
    return instant(datetime.combine(day, local.time().replace(fold=0), zone))


def plus_months(day: date, months: int) -> date:
    """The same day some months later; the last day of a month that lacks it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
