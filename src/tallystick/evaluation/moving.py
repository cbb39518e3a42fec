"""Instants moved by a period, in SQL: what `clock.add` says of one, for all rows of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import DAY, HOUR, NEVER, SECOND, add, localized
from tallystick.evaluation.context import Context
from tallystick.evaluation.dialect import Dialect
from tallystick.evaluation.engine import TIME
from tallystick.quantities import Period, PeriodUnit

_ELAPSED = {PeriodUnit.SECONDS: SECOND, PeriodUnit.MINUTES: 60 * SECOND, PeriodUnit.HOURS: HOUR}
_DAYS = {PeriodUnit.DAYS: 1, PeriodUnit.WEEKS: 7}
_MONTHS = {PeriodUnit.MONTHS: 1, PeriodUnit.QUARTERS: 3, PeriodUnit.YEARS: 12}
_MOST_STEPS = 60
_MARGIN = 2 * DAY
_LONG = 20 * 366 * DAY
_FIRST = -62_135_596_800_000_000 + _MARGIN
"""The year 1 has begun in every timezone."""
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Steps = tuple[int, tuple[tuple[int, int], ...]]
"""A number that changes at some instants: what it is before the first of them, and each with what it is from then on."""


@dataclass(frozen=True)
class Moved:
    """SQL of a moved instant, and what must be joined for it (nothing, mostly)."""

    sql: str
    join: str = ""


def moved(ctx: Context, rows: str, column: str, period: Period, times: int = 1) -> Moved:
    """The instants in a column of some rows, each moved by the period as often as `times` says (back, if negative).

    `rows` is SQL after FROM, `column` one of its columns; the instants lie in the life. Where SQL has no words for the period (working time, the ends
    of the calendar) each instant is worked out, and found again by a join.
    """
    if period.unit in _ELAPSED:
        return Moved(f"({column} + {period.amount * times * _ELAPSED[period.unit]})")
    least, most = _span(ctx, rows, column)
    return in_words(ctx.engine.dialect, ctx.zone, column, period, times, least, most) or _each(
        ctx, rows, column, period, times
    )


def _span(ctx: Context, rows: str, column: str) -> tuple[int, int]:
    """Instants between which all of the column lie: the life where that is not too long."""
    start, end = ctx.evaluated
    if end - start <= _LONG:
        return start, end
    least, most = ctx.engine.rows(f"SELECT min({column}), max({column}) FROM {rows}")[0]
    return (0, 0) if least is None else (least, most)


def in_words(
    dialect: Dialect, zone: ZoneInfo, column: str, period: Period, times: int, least: int, most: int
) -> Moved | None:
    """SQL of the instants of a column, which lie from `least` to `most`, moved by days or months of a zone; None where
    there is none."""
    if period.unit not in {*_DAYS, *_MONTHS}:
        return None
    months = period.amount * times * _MONTHS.get(period.unit, 0)
    days = period.amount * times * _DAYS.get(period.unit, 0)
    reach = (abs(days) + 31 * abs(months)) * DAY + _MARGIN
    start, end = least - reach, most + reach
    if start < _FIRST or end >= NEVER - _MARGIN:
        return None
    there, back = _steps(_offset, zone, start, end), _steps(_offset_of_local, zone, start, end)
    if len(there[1]) > _MOST_STEPS:
        return None
    local = f"({column} + {stepped(column, there)})"
    later = dialect.months_after(local, months) if months else f"({local} + {days * DAY})"
    return Moved(f"({later} - {stepped(later, back)})")


def _each(ctx: Context, rows: str, column: str, period: Period, times: int) -> Moved:
    instants = [row[0] for row in ctx.engine.rows(f"SELECT DISTINCT {column} FROM {rows}")]
    pairs = [(at, add(at, period, ctx.clock, times)) for at in instants]
    handed = ctx.engine.hand_over({"instant": TIME, "moved": TIME}, pairs)
    return Moved(f"{handed}.moved", f" JOIN {handed} ON {handed}.instant = {column}")


# --- timezones -------------------------------------------------------------------------------------------------------


def offsets(zone: ZoneInfo, start: int, end: int) -> Steps:
    """The offset of a zone at the instants from `start` to `end`, in microseconds."""
    return _steps(_offset, zone, start, end)


def stepped(value: str, steps: Steps) -> str:
    """SQL of a number that changes at some values."""
    first, later = steps
    if not later:
        return f"({first})"
    given = [first, *(number for _, number in later)]
    cases = " ".join(f"WHEN {value} < {at} THEN {number}" for (at, _), number in zip(later, given, strict=False))
    return f"CASE {cases} ELSE {given[-1]} END"


def _steps(of: Callable[[int, ZoneInfo], int], zone: ZoneInfo, start: int, end: int) -> Steps:
    """Two steps within half a day that undo each other are none; no timezone has them."""
    return of(start, zone), tuple(_found(of, zone, start, end))


def _found(of: Callable[[int, ZoneInfo], int], zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int]]:
    before = of(start, zone)
    for low in range(start, end, DAY // 2):
        high = min(low + DAY // 2, end)
        after = of(high, zone)
        if after != before:
            yield _first_with(of, zone, low, high), after
            before = after


def _first_with(of: Callable[[int, ZoneInfo], int], zone: ZoneInfo, low: int, high: int) -> int:
    """The first instant at which the number is what it is at `high`; at `low` it is another."""
    wanted = of(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if of(middle, zone) == wanted else (middle, high)
    return high


def _offset(at: int, zone: ZoneInfo) -> int:
    return (localized(at, zone).utcoffset() or timedelta()) // _MICROSECOND


def _offset_of_local(local: int, zone: ZoneInfo) -> int:
    """That of a local time, counted as if it were UTC; one that a clock change skips or repeats is read as `instant` does."""
    given = (_EPOCH + local * _MICROSECOND).replace(tzinfo=zone)
    return (given.utcoffset() or timedelta()) // _MICROSECOND
