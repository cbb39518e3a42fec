"""Local time and windows, by hand."""

from __future__ import annotations

from datetime import date
from typing import Any as Anything
from zoneinfo import ZoneInfo

import pytest

from tallystick.evaluation.clock import ALWAYS, NEVER, Clock, add, midnight
from tallystick.evaluation.spans import Spans
from tallystick.evaluation.windows import Life, Stretch, calendar_period, windows
from tallystick.rules.rule import CalendarUnit, Rolling

from .building import BERLIN, HOUR, NEW_YORK, at, each, period

UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        ("2027-01-31 10:00", (1, "months"), "2027-02-28 10:00"),
        ("2028-02-29 10:00", (1, "years"), "2029-02-28 10:00"),
        ("2027-11-30 10:00", (1, "quarters"), "2028-02-29 10:00"),
        ("2027-03-27 10:00", (1, "days"), "2027-03-28 10:00"),  # 23 hours later: the clock goes forward
        ("2027-03-27 10:00", (24, "hours"), "2027-03-28 11:00"),
        ("2027-03-27 02:30", (1, "days"), "2027-03-28 03:30"),  # 02:30 is skipped, read with the offset before
        ("2027-10-30 02:30", (1, "days"), "2027-10-31 02:30"),  # happens twice: the first
        ("2027-01-01 00:00", (2, "weeks"), "2027-01-15 00:00"),
    ],
)
def test_adding_periods(start: Anything, length: Anything, expected: Anything) -> None:
    assert add(at(start, BERLIN), period(*length), Clock(BERLIN)) == at(expected, BERLIN)


def test_adding_backwards_and_beyond_the_calendar() -> None:
    assert add(at("2027-03-31"), period(1, "months"), Clock(UTC), times=-1) == at("2027-02-28")
    assert add(at("2027-03-31"), period(9000, "years"), Clock(UTC)) == NEVER
    assert add(at("2027-03-31"), period(9000, "years"), Clock(UTC), times=-1) == ALWAYS


def test_a_day_of_the_clock_change_has_23_or_25_hours() -> None:
    for day, hours in (("2027-03-14", 23), ("2027-11-07", 25), ("2027-06-01", 24)):
        found = calendar_period(CalendarUnit.DAY, at(f"{day} 12:00", NEW_YORK), Clock(NEW_YORK))
        assert found.end - found.start == hours * HOUR


def test_an_hour_that_occurs_twice_is_two_windows() -> None:
    life = Life(at("2027-11-07", NEW_YORK), at("2027-11-07 04:00", NEW_YORK))
    found = windows(each("hour"), life, NEVER, Clock(NEW_YORK))
    assert [stretch.end - stretch.start for stretch in found] == [HOUR] * 5
    again = at("2027-11-07 01:20", NEW_YORK, fold=1)
    assert calendar_period(CalendarUnit.HOUR, again, Clock(NEW_YORK)).start == at("2027-11-07 01:00", NEW_YORK, fold=1)


def test_half_hour_clock_change() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")  # 2027-04-04 02:00 becomes 01:30
    life = Life(at("2027-04-04 00:00", zone), at("2027-04-04 04:00", zone))
    found = windows(each("hour"), life, NEVER, Clock(zone))
    assert [2 * (stretch.end - stretch.start) // HOUR for stretch in found] == [2, 3, 2, 2]


@pytest.mark.parametrize(
    ("unit", "start", "end"),
    [
        ("week", "2027-05-10", "2027-05-17"),
        ("month", "2027-05-01", "2027-06-01"),
        ("quarter", "2027-04-01", "2027-07-01"),
        ("year", "2027-01-01", "2028-01-01"),
        ("day", "2027-05-12", "2027-05-13"),
    ],
)
def test_calendar_periods(unit: Anything, start: Anything, end: Anything) -> None:
    assert calendar_period(CalendarUnit(unit), at("2027-05-12 13:00"), Clock(UTC)) == Stretch(at(start), at(end))


def test_rolling_windows_by_day_and_hour() -> None:
    life = Life(at("2027-01-01"), at("2027-01-04"))
    found = windows(Rolling(length=period(2, "days")), life, NEVER, Clock(UTC))
    assert found == (Stretch(at("2027-01-01"), at("2027-01-03")), Stretch(at("2027-01-02"), at("2027-01-04")))
    found = windows(Rolling(length=period(90, "minutes")), life, at("2027-01-01 01:00"), Clock(UTC))
    assert found[0] == Stretch(at("2027-01-01 00:30"), at("2027-01-01 02:00"))
    assert len(found) == 1  # the next begins after as-of


def test_a_skipped_midnight() -> None:
    zone = ZoneInfo("America/Santiago")  # 2027-09-05 00:00 becomes 01:00
    day = calendar_period(CalendarUnit.DAY, at("2027-09-05 12:00", zone), Clock(zone))
    assert (day.start, day.end - day.start) == (at("2027-09-05 01:00", zone), 23 * HOUR)
    assert midnight(date(2027, 9, 5), zone) == day.start


def test_spans() -> None:
    spans = Spans([Stretch(0, 10), Stretch(5, 20), Stretch(30, 40), Stretch(7, 7)])
    assert spans.merged == (Stretch(0, 20), Stretch(30, 40))
    assert spans.covered(Stretch(15, 35)) == 10
    assert spans.covered(Stretch(20, 30)) == 0
    assert spans.covered(Stretch(-5, 100)) == 30
    assert (spans.overlapping(Stretch(9, 31)), spans.overlapping(Stretch(20, 30))) == (3, 0)
    assert (spans.open_until(6), spans.open_until(20), spans.open_until(-1)) == (20, None, None)
