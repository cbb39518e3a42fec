"""Local times to instants: the offsets of a timezone on the days that data has, from the system's timezone rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAST_SECOND = 86_399


def offsets(name: str, days: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of (local time it holds from, offset from UTC) that hold on the given days, all in microseconds.

    A day is its ordinal (1 is the first day of year 1); they come in order. A local time that a clock change skips has
    the offset before the change; one that happens twice is the first of the two.
    """
    zone = ZoneInfo(name)
    found: list[tuple[int, int]] = []
    for day in days:
        start = datetime.fromordinal(day).replace(tzinfo=zone)
        seconds = [0] if _offset(start, 0) == _offset(start, _LAST_SECOND) else [0, _change(start)]
        for second in seconds:
            offset = _offset(start, second)
            if not found or found[-1][1] != offset:
                found.append((_local(start, second), offset))
    return found


def _offset(start: datetime, second: int) -> int:
    """Microseconds. Python's `fold` 0 reads skipped and repeated local times as this module promises."""
    return ((start + timedelta(seconds=second)).utcoffset() or timedelta()) // _MICROSECOND


def _local(start: datetime, second: int) -> int:
    """The local time as if it were UTC."""
    return (start.replace(tzinfo=UTC) - _EPOCH + timedelta(seconds=second)) // _MICROSECOND


def _change(start: datetime) -> int:
    """The first second of the day with another offset than its start."""
    low, high = 0, _LAST_SECOND
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(start, middle) == _offset(start, 0) else (low, middle)
    return high
