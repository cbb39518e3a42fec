"""Time, as *Time* and *Windows* of docs/meaning.md have it. Instants are microseconds since 1970 UTC."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ELAPSED = {"seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000}
QUARTER_OF_AN_HOUR = 900_000_000  # every offset in force today is a multiple of it
FOREVER = 2**62


@dataclass(frozen=True)
class Window:
    """Half-open `[start, end)`."""

    start: int
    end: int

    def has(self, instant: int) -> bool:
        """Whether the instant lies in the window."""
        return self.start <= instant < self.end


def instant_of(zone: ZoneInfo, local: datetime) -> int:
    """Time, *Local*: a skipped local time has the offset before the change, one that happens twice is the first."""
    return (local.replace(tzinfo=zone, fold=0) - EPOCH) // MICROSECOND


def local_of(zone: ZoneInfo, instant: int) -> datetime:
    """What the local clock shows at the instant."""
    return (EPOCH + instant * MICROSECOND).astimezone(zone).replace(tzinfo=None, fold=0)


def midnight(zone: ZoneInfo, day: date) -> int:
    """The instant of local midnight."""
    return instant_of(zone, datetime.combine(day, time.min))


def move_months(day: date, months: int) -> date:
    """Time, *Adding a period*: a month that lacks the day gives its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def move_date(day: date, amount: int, unit: str) -> date:
    """A date moved by calendar days, weeks, months, quarters or years."""
    if unit in ("days", "weeks"):
        return day + timedelta(days=amount * (7 if unit == "weeks" else 1))
    return move_months(day, amount * {"months": 1, "quarters": 3, "years": 12}[unit])


def works(calendar: dict[str, Any], day: date) -> bool:
    """Working time: a weekday of the calendar that is not one of its holidays."""
    return day.weekday() in calendar["weekdays"] and day.isoformat() not in calendar["holidays"]


def move_business_days(calendar: dict[str, Any], instant: int, amount: int) -> int:
    """Working time: forward to the last instant of the n-th business day, backward to the first one of it."""
    zone = ZoneInfo(calendar["timezone"])
    today, sign = local_of(zone, instant).date(), 1 if amount > 0 else -1
    later = (today + sign * timedelta(days=n) for n in range(1, 100_000))
    day = next(islice((each for each in later if works(calendar, each)), abs(amount) - 1, None))
    return midnight(zone, day + timedelta(days=1)) - 1 if amount > 0 else midnight(zone, day)


def work_near(calendar: dict[str, Any], start: int, end: int) -> list[Window]:
    """Working time: the stretches of work of every local day from one before `start` to one after `end`."""
    zone, found = ZoneInfo(calendar["timezone"]), []
    day = local_of(zone, start).date() - timedelta(days=2)
    while day <= local_of(zone, end).date() + timedelta(days=2):
        at_midnight = datetime.combine(day, time.min)
        for hours in calendar["hours"]:
            if works(calendar, day) and hours["weekday"] == day.weekday():
                opens, closes = (at_midnight + timedelta(minutes=hours[each]) for each in ("opens", "closes"))
                found.append(Window(instant_of(zone, opens), instant_of(zone, closes)))
        day += timedelta(days=1)
    return found


def move_business_hours(calendar: dict[str, Any], instant: int, amount: int) -> int:
    """Working time: the instant nearest to `instant` with so much work between the two, found by halving."""
    needed, reach = abs(amount) * 3_600_000_000, 864_000_000_000
    while True:
        near, far = (instant, instant + reach) if amount > 0 else (instant - reach, instant)
        work = [each for each in work_near(calendar, near, far) if each.start < each.end]
        if time_covered(Window(near, far), work, []) >= needed:
            break
        reach *= 2
    low, high = 0, reach  # too near, far enough
    while high - low > 1:
        middle = (low + high) // 2
        between = Window(instant, instant + middle) if amount > 0 else Window(instant - middle, instant)
        enough = time_covered(between, work, []) >= needed
        low, high = (low, middle) if enough else (middle, high)
    return instant + (high if amount > 0 else -high)


def instant_outside(clock: Clock, instant: int, period: dict[str, Any], stops: list[Window]) -> int:
    """*Response*, `excluding`: the first instant by which the period has passed outside of the stops, by halving."""
    amount, unit = int(period["amount"]), str(period["unit"])
    needed = amount * {**ELAPSED, "business_hours": ELAPSED["hours"], "days": 24 * ELAPSED["hours"]}.get(
        unit, 7 * 24 * ELAPSED["hours"]
    )
    calendar = next((each for each in clock.calendars if each["id"] == period.get("calendar")), None)

    def passed(end: int) -> bool:
        whole = Window(instant, end)
        running = [w for w in work_near(calendar, instant, end) if w.start < w.end] if calendar else [whole]
        return time_covered(whole, running, stops) >= needed

    reach = 864_000_000_000
    while not passed(instant + reach):
        reach *= 2
    low, high = 0, reach
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passed(instant + middle) else (middle, high)
    return instant + high


@dataclass(frozen=True)
class Clock:
    """What a rulebook counts periods by."""

    zone: ZoneInfo
    calendars: list[dict[str, Any]]
    fiscal_year: dict[str, int] | None = None


def add(clock: ZoneInfo | Clock, instant: int, period: dict[str, Any], sign: int = 1) -> int:
    """Time, *Adding a period*; `sign` -1 takes it away."""
    amount, unit = sign * int(period["amount"]), str(period["unit"])
    zone = clock.zone if isinstance(clock, Clock) else clock
    if unit.startswith("business"):
        assert isinstance(clock, Clock)
        calendar = next(each for each in clock.calendars if each["id"] == period["calendar"])
        move = move_business_days if unit == "business_days" else move_business_hours
        return move(calendar, instant, amount)
    if unit in ELAPSED:
        return instant + amount * ELAPSED[unit]
    local = local_of(zone, instant)
    return instant_of(zone, datetime.combine(move_date(local.date(), amount, unit), local.time()))


def first_day(day: date, unit: str, fiscal: dict[str, int] | None) -> date:
    """The first day of the calendar week, month, fiscal year … that holds the day."""
    match unit:
        case "fiscal quarter" | "fiscal year":
            assert fiscal is not None
            step = 3 if unit == "fiscal quarter" else 12
            begin = date(day.year - 2, fiscal["month"], fiscal["day"])
            while move_date(begin, step, "months") <= day:
                begin = move_date(begin, step, "months")
            return begin
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case _:
            return day.replace(month=1, day=1)


def next_first_day(day: date, unit: str) -> date:
    """The first day of the calendar period after the one that begins on `day`."""
    return move_date(day, 1, unit.removeprefix("fiscal ") + "s")


def hour_starts(zone: ZoneInfo, instant: int) -> Iterator[int]:
    """Windows: every instant at which the local clock shows hh:00, from the last one at or before `instant` on."""
    candidate = instant // QUARTER_OF_AN_HOUR * QUARTER_OF_AN_HOUR
    while local_of(zone, candidate).minute != 0:
        candidate -= QUARTER_OF_AN_HOUR
    while True:
        if local_of(zone, candidate).minute == 0:
            yield candidate
        candidate += QUARTER_OF_AN_HOUR


def period_starts(clock: ZoneInfo | Clock, instant: int, unit: str) -> Iterator[int]:
    """Windows: the starts of calendar periods, from the one that holds `instant` on."""
    zone, fiscal = (clock.zone, clock.fiscal_year) if isinstance(clock, Clock) else (clock, None)
    if unit == "hour":
        yield from hour_starts(zone, instant)
    day = first_day(local_of(zone, instant).date(), unit, fiscal)
    while True:
        yield midnight(zone, day)
        day = next_first_day(day, unit)


def period_start(zone: ZoneInfo | Clock, instant: int, unit: str) -> int:
    """The start of the calendar period that holds the instant."""
    return next(period_starts(zone, instant, unit))


def calendar_windows(zone: ZoneInfo | Clock, life: Window, unit: str, as_of: int) -> list[Window]:
    """Windows, *Calendar*: consecutive periods, cut to the life, that begin before as-of."""
    starts = period_starts(zone, life.start, unit)
    start, windows = next(starts), []
    while start < min(as_of, life.end):
        end = next(starts)
        cut = Window(max(start, life.start), min(end, life.end))
        if cut.start < cut.end and cut.start < as_of:
            windows.append(cut)
        start = end
    return windows


def rolling_windows(zone: ZoneInfo | Clock, life: Window, length: dict[str, Any], as_of: int) -> list[Window]:
    """Windows, *Rolling*: one ends at each local midnight (hour), wholly inside the life, up to the first after as-of."""
    ends = period_starts(zone, life.start, "hour" if length["unit"] in ELAPSED else "day")
    windows: list[Window] = []
    for end in ends:
        window = Window(add(zone, end, length, -1), end)
        if end > life.end or window.start >= as_of:
            return windows
        if window.start >= life.start:
            windows.append(window)
        if end > as_of:
            return windows
    return windows


def windows_of(zone: ZoneInfo | Clock, life: Window, window: dict[str, Any], as_of: int) -> list[Window]:
    """The windows of a rule that have begun by as-of, in order."""
    if life.start >= life.end:
        return []
    if window["kind"] == "calendar":
        return calendar_windows(zone, life, window["each"], as_of)
    return rolling_windows(zone, life, window["length"], as_of)


def time_covered(window: Window, intervals: list[Window], without: list[Window]) -> int:
    """Microseconds of the window that lie in at least one of `intervals` and in none of `without`."""
    points = {window.start, window.end}
    points |= {p for i in (*intervals, *without) for p in (i.start, i.end) if window.has(p)}
    cuts = sorted(points)
    return sum(
        end - start
        for start, end in pairwise(cuts)
        if any(i.has(start) for i in intervals) and not any(i.has(start) for i in without)
    )
