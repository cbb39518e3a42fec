"""Business days and business hours, counted by one calendar."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tallystick.rules.calendars import WorkingCalendar, WorkingHours

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_HOUR = 3_600_000_000
_MIDNIGHT = 24 * 60


def passed(running: Iterable[tuple[int, int]], left: int) -> int:
    """The first instant by which so much of the running time (stretches in order, disjoint) has passed.

    Raises OverflowError where there is not so much of it.
    """
    for begin, end in running:
        if end - begin >= left:
            return begin + left
        left -= end - begin
    raise OverflowError("the running time ends before")


def without(running: Iterable[tuple[int, int]], stops: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The running time less the stops; both in order and disjoint."""
    for begin, end in running:
        place = bisect_right(stops, begin, key=_end)
        while place < len(stops) and stops[place][0] < end:
            if begin < stops[place][0]:
                yield begin, stops[place][0]
            begin, place = stops[place][1], place + 1
        if begin < end:
            yield begin, end


def _end(stretch: tuple[int, int]) -> int:
    return stretch[1]


@dataclass(frozen=True)
class WorkingTime:
    """A calendar made ready for counting."""

    zone: ZoneInfo
    weekdays: frozenset[int]
    holidays: frozenset[date]
    hours: tuple[WorkingHours, ...]

    def add_days(self, at: int, amount: int) -> int:
        """The last instant of the n-th business day after the day of `at`; before it, the first instant of that day.

        Raises OverflowError beyond the years 1 to 9999.
        """
        day, step = self._day(at), _DAY if amount > 0 else -_DAY
        left = abs(amount)
        while left:
            day += step
            left -= self._works(day)
        return self._instant(day + _DAY, 0) - 1 if amount > 0 else self._instant(day, 0)

    def add_hours(self, at: int, amount: int) -> int:
        """The first instant by which so many hours of work have passed since `at`; or the last before which they do.

        Raises OverflowError beyond the years 1 to 9999.
        """
        return passed(self.work_from(at), amount * _HOUR) if amount > 0 else self._backward(at, -amount * _HOUR)

    def work_from(self, at: int) -> Iterator[tuple[int, int]]:
        """The stretches of work from an instant on, in order of time and disjoint; without an end.

        Raises OverflowError beyond the years 1 to 9999.
        """
        day = self._day(at) - _DAY  # work of the day before may last beyond midnight where clocks change
        while True:
            for opens, closes in self._work(day):
                if closes > at:
                    yield max(opens, at), closes
                    at = closes
            day += _DAY

    def _backward(self, at: int, left: int) -> int:
        day = self._day(at) + _DAY
        while True:
            for opens, closes in reversed(self._work(day)):
                end = min(closes, at)
                if end - opens >= left:
                    return end - left
                if end > opens:
                    left, at = left - (end - opens), opens
            day -= _DAY

    def _work(self, day: date) -> list[tuple[int, int]]:
        """The stretches of work of a local day in order of time, those that a clock change lays together as one."""
        merged: list[tuple[int, int]] = []
        for opens, closes in sorted(self._stretches(day)):
            if merged and opens <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(closes, merged[-1][1]))
            else:
                merged.append((opens, closes))
        return merged

    def _stretches(self, day: date) -> Iterator[tuple[int, int]]:
        for each in self.hours if self._works(day) else ():
            if each.weekday == day.weekday():
                opens, closes = self._instant(day, each.opens), self._instant(day, each.closes)
                if opens < closes:
                    yield opens, closes

    def _works(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays

    def _day(self, at: int) -> date:
        return (_EPOCH + timedelta(microseconds=at)).astimezone(self.zone).date()

    def _instant(self, day: date, minutes: int) -> int:
        if minutes == _MIDNIGHT:
            day, minutes = day + _DAY, 0
        local = datetime.combine(day, time(minutes // 60, minutes % 60), self.zone)
        return (local - _EPOCH) // _MICROSECOND


def working_time(calendar: WorkingCalendar) -> WorkingTime:
    """The calendar of a rulebook, ready for counting."""
    return WorkingTime(
        ZoneInfo(calendar.timezone), frozenset(calendar.weekdays), frozenset(calendar.holidays), calendar.hours
    )
