"""Windows: the stretches of time in which measures are judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import (
    ALWAYS,
    HOUR,
    NEVER,
    SECOND,
    Clock,
    add,
    localized,
    midnight,
    plus_months,
)
from tallystick.quantities import PeriodUnit
from tallystick.rules.rule import Calendar, CalendarUnit, FiscalYear, Rolling, RuleFields, Window


class Stretch(NamedTuple):
    """Time from `start` up to, not including, `end`, in microseconds since 1970 UTC."""

    start: int
    end: int


def time_in_force(effective: date | None, until: date | None, zone: ZoneInfo) -> Stretch:
    """From the local midnight of one day up to that of another; None is open-ended."""
    start = ALWAYS if effective is None else midnight(effective, zone)
    return Stretch(start, NEVER if until is None else midnight(until, zone))


def survived(end: int, rule: RuleFields, clock: Clock) -> int:
    """The end of an agreement, or what a rule goes on after it."""
    if rule.survives is None or end == NEVER:
        return end
    return NEVER if rule.survives.period is None else add(end, rule.survives.period, clock)


@dataclass(frozen=True)
class Life:
    """The time in which an agreement applies. `terminated`: a `termination` event, itself part of it, ends it."""

    start: int
    end: int
    terminated: bool = False

    def evaluated(self, as_of: int) -> Stretch:
        """The part of the life that lies before the instant of the evaluation."""
        return Stretch(self.start, min(as_of, self.end))


def windows(window: Window, life: Life, as_of: int, clock: Clock) -> tuple[Stretch, ...]:
    """The windows of the life that begin before `as_of`, in order."""
    match window:
        case Calendar(each=each):
            return tuple(_calendar(each, life, as_of, clock))
        case Rolling():
            return tuple(_rolling(window, life, as_of, clock))
        case _:
            assert_never(window)


def calendar_period(unit: CalendarUnit, at: int, clock: Clock) -> Stretch:
    """The whole calendar period that holds an instant."""
    zone = clock.zone
    if unit is CalendarUnit.HOUR:
        start = _hour_start(at, zone)
        return Stretch(start, _next_hour(start, zone))
    first = _first_day(unit, localized(at, zone).date(), clock.fiscal_year)
    return Stretch(midnight(first, zone), midnight(_next_first(unit, first), zone))


def _calendar(unit: CalendarUnit, life: Life, as_of: int, clock: Clock) -> Iterator[Stretch]:
    period = calendar_period(unit, life.start, clock)
    while max(period.start, life.start) < min(life.end, as_of):
        yield Stretch(max(period.start, life.start), min(period.end, life.end))
        period = calendar_period(unit, period.end, clock)


def _rolling(window: Rolling, life: Life, as_of: int, clock: Clock) -> Iterator[Stretch]:
    elapsed = window.length.unit in (
        PeriodUnit.SECONDS,
        PeriodUnit.MINUTES,
        PeriodUnit.HOURS,
    )
    unit = CalendarUnit.HOUR if elapsed else CalendarUnit.DAY
    end = calendar_period(unit, life.start, clock).end
    while end <= life.end and end < NEVER:
        start = add(end, window.length, clock, times=-1)
        if start >= as_of:
            return
        if start >= life.start:
            yield Stretch(start, end)
        if end > as_of:
            return
        end = calendar_period(unit, end, clock).end


def _first_day(unit: CalendarUnit, day: date, fiscal: FiscalYear | None) -> date:
    match unit:
        case CalendarUnit.DAY | CalendarUnit.HOUR:
            return day
        case CalendarUnit.WEEK:
            return day - timedelta(days=day.weekday())
        case CalendarUnit.MONTH:
            return day.replace(day=1)
        case CalendarUnit.QUARTER:
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case CalendarUnit.YEAR:
            return date(day.year, 1, 1)
        case CalendarUnit.FISCAL_QUARTER:
            return _fiscal_first(day, fiscal, 3)
        case CalendarUnit.FISCAL_YEAR:
            return _fiscal_first(day, fiscal, 12)
        case _:
            assert_never(unit)


def _fiscal_first(day: date, fiscal: FiscalYear | None, months: int) -> date:
    """The first day of the fiscal period of so many months that holds a day."""
    assert fiscal is not None, "the compiler asks for the fiscal year where one is counted by"
    begun = (day.month - fiscal.month - (day.day < fiscal.day)) % months
    return plus_months(day.replace(day=1), -begun - (day.day < fiscal.day)).replace(day=fiscal.day)


def _next_first(unit: CalendarUnit, first: date) -> date:
    match unit:
        case CalendarUnit.DAY | CalendarUnit.HOUR:
            return first + timedelta(days=1)
        case CalendarUnit.WEEK:
            return first + timedelta(days=7)
        case CalendarUnit.MONTH:
            return plus_months(first, 1)
        case CalendarUnit.QUARTER | CalendarUnit.FISCAL_QUARTER:
            return plus_months(first, 3)
        case CalendarUnit.YEAR | CalendarUnit.FISCAL_YEAR:
            return plus_months(first, 12)
        case _:
            assert_never(unit)


def _hour_start(at: int, zone: ZoneInfo) -> int:
    while past := _past_hour(at, zone):
        at -= past
    return at


def _next_hour(start: int, zone: ZoneInfo) -> int:
    """The next instant whose local time is a full hour; a clock change of half an hour moves it."""
    at = start + HOUR
    while past := _past_hour(at, zone):
        at += HOUR - past
    return at


def _past_hour(at: int, zone: ZoneInfo) -> int:
    local = localized(at, zone)
    return (local.minute * 60 + local.second) * SECOND + local.microsecond
