"""Working calendars in words."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterator

from tallystick.model.agreement import Agreement
from tallystick.prose.phrases import named_calendar
from tallystick.prose.quantity import listed
from tallystick.rules.calendars import WorkingCalendar, WorkingHours
from tallystick.rules.rule import FiscalYear

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_COUNTING = (
    "A period of Business Days does not count the day on which it begins, and lasts through the end of its last "
    "Business Day; counted backwards, it reaches to the start of the last one counted. A period of Business Hours "
    "runs only within Business Hours."
)


def calendar_sentences(agreement: Agreement) -> Iterator[str]:
    """What Business Days and Business Hours are, for each calendar, and how periods of them are counted."""
    for calendar in agreement.working.values():
        yield _calendar(agreement, calendar)
    if agreement.working:
        yield _COUNTING


def _calendar(agreement: Agreement, calendar: WorkingCalendar) -> str:
    whose = named_calendar(agreement, calendar.id)
    days = f"A “Business Day{whose}” is a {weekdays_text(calendar.weekdays, 'or')}{_holidays(calendar)}."
    zone = f" in the time zone {calendar.timezone}"
    if not calendar.hours:
        return f"{days} Its days are those{zone}."
    return f"{days} “Business Hours{whose}” are the hours{zone}, on each such day, {hours_text(calendar.hours)}."


def _holidays(calendar: WorkingCalendar) -> str:
    if not calendar.places:
        return ""
    count = len(calendar.holidays)
    dates = "1 date" if count == 1 else f"{count:,} dates"
    return (
        f" that is not a public holiday of {listed(list(calendar.place_names or calendar.places), 'or')}; only the {dates} that the rules of "
        f"this Agreement list, of the years {calendar.first} to {calendar.last}, count as such holidays"
    )


def weekdays_text(weekdays: tuple[int, ...], last: str = "and") -> str:
    """`Monday to Friday`, `Sunday to Thursday`; days that do not follow each other are listed."""
    starts = [day for day in weekdays if (day - 1) % 7 not in weekdays]
    if len(starts) == 1 and len(weekdays) > 2:
        days = f"{_NAMES[starts[0]]} to {_NAMES[(starts[0] + len(weekdays) - 1) % 7]}"
        return f"day from {days}" if last == "or" else days
    return listed([_NAMES[day] for day in weekdays], last)


def hours_text(hours: tuple[WorkingHours, ...]) -> str:
    """`Sunday to Thursday from 10:00 to 18:00`."""
    spans = dict.fromkeys((each.opens, each.closes) for each in hours)
    return listed(
        [
            f"{weekdays_text(tuple(each.weekday for each in hours if (each.opens, each.closes) == span))} "
            f"from {_clock(span[0])} to {_clock(span[1])}"
            for span in spans
        ]
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def fiscal_sentence(year: FiscalYear) -> str:
    """When fiscal years and quarters begin."""
    return (
        f"Each fiscal year begins on {year.day} {month_name[year.month]}. "
        "A fiscal quarter is one of the four periods of three months of a fiscal year."
    )
