"""Windows: the stretches of time in which measures are judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import (
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
from tallystick.rules.rule import Calendar, CalendarUnit, Rolling, Window


class Stretch(NamedTuple):
    """Time from `start` up to, not including, `end`, in microseconds since 1970 UTC."""

    start: int
    end: int


@dataclass(frozen=True)
class Life:
    """The time in which an agreement applies. `terminated`: a `termination` event, itself part of it, ends it."""

    start: int
    end: int
    terminated: bool = False

    def evaluated(self, as_of: int) -> Stretch:
        """The part of the life that lies before the instant of the evaluation."""
        return Stretch(self.start, min(as_of, self.end))


def windows(window: Window, life: Life, as_of: int, zone: ZoneInfo) -> tuple[Stretch, ...]:
    """The windows of the life that begin before `as_of`, in order."""
    match window:
        case Calendar(each=each):
            return tuple(_calendar(each, life, as_of, zone))
        case Rolling():
            return tuple(_rolling(window, life, as_of, zone))
        case _:
            assert_never(window)


def calendar_period(unit: CalendarUnit, at: int, zone: ZoneInfo) -> Stretch:
    """The whole calendar period that holds an instant."""
    if unit is CalendarUnit.HOUR:
        start = _hour_start(at, zone)
        return Stretch(start, _next_hour(start, zone))
    first = _first_day(unit, localized(at, zone).date())
    return Stretch(midnight(first, zone), midnight(_next_first(unit, first), zone))


def _calendar(unit: CalendarUnit, life: Life, as_of: int, zone: ZoneInfo) -> Iterator[Stretch]:
    period = calendar_period(unit, life.start, zone)
    while max(period.start, life.start) < min(life.end, as_of):
        yield Stretch(max(period.start, life.start), min(period.end, life.end))
        period = calendar_period(unit, period.end, zone)


def _rolling(window: Rolling, life: Life, as_of: int, zone: ZoneInfo) -> Iterator[Stretch]:
    elapsed = window.length.unit in (
        PeriodUnit.SECONDS,
        PeriodUnit.MINUTES,
        PeriodUnit.HOURS,
    )
    unit = CalendarUnit.HOUR if elapsed else CalendarUnit.DAY
    end = calendar_period(unit, life.start, zone).end
    while end <= life.end and end < NEVER:
        start = add(end, window.length, Clock(zone), times=-1)
        if start >= as_of:
            return
        if start >= life.start:
            yield Stretch(start, end)
        if end > as_of:
            return
        end = calendar_period(unit, end, zone).end


def _first_day(unit: CalendarUnit, day: date) -> date:
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
        case _:
            assert_never(unit)


def _next_first(unit: CalendarUnit, first: date) -> date:
    match unit:
        case CalendarUnit.DAY | CalendarUnit.HOUR:
            return first + timedelta(days=1)
        case CalendarUnit.WEEK:
            return first + timedelta(days=7)
        case CalendarUnit.MONTH:
            return plus_months(first, 1)
        case CalendarUnit.QUARTER:
            return plus_months(first, 3)
        case CalendarUnit.YEAR:
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
