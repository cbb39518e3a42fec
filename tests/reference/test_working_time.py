"""Business days and hours: by hand, and the engine against the reference."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.evaluation import clock as engine
from tallystick.evaluation.working_time import working_time
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.calendars import WorkingCalendar, WorkingHours

from .clock import Clock, add, instant_of

ISRAEL = WorkingCalendar(
    id="desk",
    title="Support Desk",
    timezone="Asia/Jerusalem",
    weekdays=(0, 1, 2, 3, 6),
    hours=tuple(WorkingHours(weekday=day, opens=600, closes=1080) for day in (6, 0, 1, 2, 3)),
    first=2026,
    last=2030,
    holidays=(date(2027, 4, 22), date(2027, 4, 28)),
)
NEW_YORK = WorkingCalendar(
    id="agreement",
    title="",
    timezone="America/New_York",
    weekdays=(0, 1, 2, 3, 4),
    hours=tuple(WorkingHours(weekday=day, opens=540, closes=1020) for day in range(5)),
    first=2026,
    last=2030,
    holidays=(date(2027, 1, 18), date(2027, 7, 5)),
)
# Round the clock, so that days on which clocks change are 23 and 25 hours of work; and hours that a change skips.
BERLIN = WorkingCalendar(
    id="berlin",
    title="Berlin",
    timezone="Europe/Berlin",
    weekdays=tuple(range(7)),
    hours=tuple(WorkingHours(weekday=day, opens=0, closes=1440) for day in range(7)),
    first=2026,
    last=2030,
)
NIGHT = WorkingCalendar(
    id="night",
    title="Night",
    timezone="America/New_York",
    weekdays=(5, 6),
    hours=tuple(
        WorkingHours(weekday=day, opens=opens, closes=closes)
        for day in (5, 6)
        for opens, closes in ((60, 150), (165, 170), (180, 200), (1380, 1440))
    ),
    first=2026,
    last=2030,
    holidays=(date(2027, 3, 20), date(2027, 3, 21)),
)
CALENDARS = (ISRAEL, NEW_YORK, BERLIN, NIGHT)


def moved(calendar: WorkingCalendar, start: int, amount: int, unit: PeriodUnit) -> int:
    """What the engine and the reference both say; `amount` below zero counts backwards."""
    clock = engine.Clock(ZoneInfo("UTC"), {calendar.id: working_time(calendar)})
    period = Period(amount=abs(amount), unit=unit, calendar=calendar.id)
    sign = 1 if amount > 0 else -1
    found = engine.add(start, period, clock, times=sign)
    plain = Clock(ZoneInfo("UTC"), [calendar.model_dump(mode="json")])
    assert found == add(plain, start, period.model_dump(mode="json"), sign)
    return found


def local(calendar: WorkingCalendar, text: str) -> int:
    """An instant by the calendar's clock."""
    return instant_of(ZoneInfo(calendar.timezone), datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("calendar", "start", "amount", "expected"),
    [
        (NEW_YORK, "2027-01-15T18:00", 1, "2027-01-20T00:00"),  # Friday; Monday 18 January is a holiday
        (NEW_YORK, "2027-01-16T12:00", 1, "2027-01-20T00:00"),  # a Saturday counts like the Friday before
        (NEW_YORK, "2027-01-15T00:00", 10, "2027-02-02T00:00"),
        (ISRAEL, "2027-04-21T09:00", 1, "2027-04-26T00:00"),  # Thursday 22 is a holiday, Sunday 25 a business day
        (ISRAEL, "2027-04-27T09:00", 1, "2027-04-30T00:00"),
    ],
)
def test_business_days_last_through_the_end_of_the_last(
    calendar: WorkingCalendar, start: str, amount: int, expected: str
) -> None:
    """The last instant of the n-th business day after the day of the start."""
    found = moved(calendar, local(calendar, start), amount, PeriodUnit.BUSINESS_DAYS)
    assert found == local(calendar, expected) - 1


@pytest.mark.parametrize(
    ("calendar", "start", "amount", "expected"),
    [
        (NEW_YORK, "2027-01-19T12:00", 1, "2027-01-15T00:00"),
        (NEW_YORK, "2027-01-29T23:59", 10, "2027-01-14T00:00"),
        (ISRAEL, "2027-04-25T09:00", 1, "2027-04-21T00:00"),
    ],
)
def test_business_days_before_reach_to_the_start_of_the_last(
    calendar: WorkingCalendar, start: str, amount: int, expected: str
) -> None:
    """The first instant of the n-th business day before the day of the start."""
    found = moved(calendar, local(calendar, start), -amount, PeriodUnit.BUSINESS_DAYS)
    assert found == local(calendar, expected)


@pytest.mark.parametrize(
    ("calendar", "start", "amount", "expected"),
    [
        (NEW_YORK, "2027-01-15T16:00", 4, "2027-01-19T12:00"),  # one hour on Friday, three on Tuesday
        (NEW_YORK, "2027-01-15T13:00", 4, "2027-01-15T17:00"),  # full at closing time, not at the next opening
        (NEW_YORK, "2027-01-16T03:00", 1, "2027-01-19T10:00"),  # time begins to run at the next opening
        (NEW_YORK, "2027-01-19T12:00", -4, "2027-01-15T16:00"),
        (NEW_YORK, "2027-01-15T13:00", -4, "2027-01-15T09:00"),
        (ISRAEL, "2027-04-21T17:30", 1, "2027-04-25T10:30"),
        (BERLIN, "2027-03-27T12:00", 24, "2027-03-28T13:00"),  # 23 hours long
        (BERLIN, "2027-10-30T12:00", 24, "2027-10-31T11:00"),  # 25 hours long
    ],
)
def test_business_hours_run_only_within_hours(
    calendar: WorkingCalendar, start: str, amount: int, expected: str
) -> None:
    """Hours of work, elapsed."""
    assert moved(calendar, local(calendar, start), amount, PeriodUnit.BUSINESS_HOURS) == local(calendar, expected)


INSTANTS = st.builds(
    lambda day, minutes, more: day * 86_400_000_000 + minutes * 60_000_000 + more,
    # Days near clock changes and holidays of 2027, and any others of that year.
    st.sampled_from((20892, 20893, 20894, 20899, 20900, 20901, 21123, 21124, 21130, 21131)) | st.integers(20820, 21190),
    st.integers(0, 1439) | st.sampled_from((0, 60, 360, 420, 540, 1020)),
    st.sampled_from((0, 0, 1, -1)),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from(CALENDARS),
    INSTANTS,
    st.integers(-30, 30).filter(bool),
    st.sampled_from((PeriodUnit.BUSINESS_DAYS, PeriodUnit.BUSINESS_HOURS)),
)
def test_the_engine_counts_like_the_reference(
    calendar: WorkingCalendar, start: int, amount: int, unit: PeriodUnit
) -> None:
    """And time moves in the direction that it is counted."""
    found = moved(calendar, start, amount, unit)
    assert (found > start) == (amount > 0)


def test_beyond_the_calendar_there_is_no_deadline() -> None:
    """A deadline after the year 9999 never comes."""
    clock = engine.Clock(ZoneInfo("UTC"), {each.id: working_time(each) for each in CALENDARS})
    for unit in (PeriodUnit.BUSINESS_DAYS, PeriodUnit.BUSINESS_HOURS):
        period = Period(amount=10, unit=unit, calendar="agreement")
        assert engine.add(engine.NEVER - 1, period, clock) == engine.NEVER
        assert engine.add(-62_135_596_800_000_000, period, clock, times=-1) == engine.ALWAYS
