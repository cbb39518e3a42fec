"""Working calendars: from declarations to plain weekdays, hours and dates."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from warnings import catch_warnings, simplefilter

from tallystick.model.agreement import Calendar
from tallystick.model.scope import Scope
from tallystick.rules.calendars import OF_AGREEMENT, WorkingCalendar, WorkingHours
from tallystick.rules.rule import FiscalYear
from tallystick.syntax import tree

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)
_HOURS = re.compile(
    r"\s*(?P<first>[A-Za-z]+)(?:\s*-\s*(?P<last>[A-Za-z]+))?"
    r"\s+(?P<opens>\d{1,2}:\d\d)\s*-\s*(?P<closes>\d{1,2}:\d\d)\s*"
)
_YEARS = 10
_LAST_LISTED = 2100  # what the lists of holidays reach to
_MIDNIGHT = 24 * 60
_LAST_OF_EVERY_MONTH = 28


def of_agreement(scope: Scope, items: Iterable[tree.AgreementItem]) -> Calendar | None:
    """The calendar that the agreement block states, if it states one."""
    days = [item for item in items if isinstance(item, tree.BusinessDays)]
    hours = [item for item in items if isinstance(item, tree.BusinessHours)]
    stated = [*days, *hours]
    if not stated:
        return None
    places = tuple(place for item in days[:1] for place in item.places)
    return _calendar(scope, OF_AGREEMENT, "", stated[0], places, [item.text for item in hours[:1]], None)


def declared(scope: Scope, node: tree.CalendarNode, timezone: str | None) -> Calendar:
    """A calendar with a name of its own."""
    title = node.title.text if node.title else node.name.text.replace("_", " ")
    places = tuple(place for item in node.items if isinstance(item, tree.Holidays) for place in item.places)
    hours = [item.text for item in node.items if isinstance(item, tree.Hours)]
    return _calendar(scope, node.name.text, title, node, places, hours[:1], timezone)


def _calendar(
    scope: Scope,
    name: str,
    title: str,
    node: tree.Node,
    places: tuple[tree.String, ...],
    hours: list[tree.String],
    timezone: str | None,
) -> Calendar:
    known = [place.text for place in places if _known_place(scope, place)]
    found = _hours(scope, hours[0]) if hours else ()
    weekdays = tuple(sorted({each.weekday for each in found or ()})) or _MONDAY_TO_FRIDAY
    return Calendar(
        name,
        title,
        node.span,
        weekdays,
        found or (),
        tuple(known),
        timezone,
        hours_stated=bool(hours),
    )


# --- fiscal years --------------------------------------------------------------------------------------------


def fiscal_year(scope: Scope, text: tree.String) -> FiscalYear:
    """`April`, `1 April` or `April 1`; any year, and a report, where it is no day that every month has."""
    words = text.text.replace(",", " ").split()
    months = [number for word in words if (number := _month(word))]
    days = [int(word) for word in words if word.isdecimal()]
    first = days[0] if days else 1
    clear = len(months) == 1 and len(days) <= 1 and len(words) == len(months) + len(days)
    if not clear or not 1 <= first <= _LAST_OF_EVERY_MONTH:
        scope.report("T0222", text.span, found=text.text)
        return FiscalYear(month=1, day=1)
    return FiscalYear(month=months[0], day=first)


def _month(word: str) -> int:
    """The number of a month; 0 for any other word."""
    fits = [number for number, name in enumerate(month_name) if number and name.lower() == word.lower()]
    return fits[0] if fits else 0


# --- hours ---------------------------------------------------------------------------------------------------


def _hours(scope: Scope, text: tree.String) -> tuple[WorkingHours, ...] | None:
    """`Mon-Thu 09:00-17:00, Fri 09:00-13:00`, in order of the week; None, and a report, where it is not that."""
    parts = [_some_hours(part) for part in text.text.split(",")]
    found = sorted((each for part in parts for each in part), key=lambda each: (each.weekday, each.opens))
    overlap = any(one.weekday == other.weekday and other.opens < one.closes for one, other in pairwise(found))
    if not all(parts) or overlap:
        scope.report("T0235", text.span, found=text.text)
        return None
    return tuple(found)


def _some_hours(text: str) -> tuple[WorkingHours, ...]:
    match = _HOURS.fullmatch(text)
    if match is None:
        return ()
    first, last = _weekday(match["first"]), _weekday(match["last"] or match["first"])
    opens, closes = _minutes(match["opens"]), _minutes(match["closes"])
    if first is None or last is None or opens is None or closes is None or opens >= closes:
        return ()
    days = [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    return tuple(WorkingHours(weekday=day, opens=opens, closes=closes) for day in days)


def _weekday(word: str) -> int | None:
    fits = [number for number, name in enumerate(_WEEKDAYS) if len(word) >= 3 and name.startswith(word.lower())]
    return fits[0] if fits else None


def _minutes(clock: str) -> int | None:
    hours, minutes = clock.split(":")
    total = int(hours) * 60 + int(minutes)
    return total if int(minutes) < 60 and total <= _MIDNIGHT else None


# --- holidays ------------------------------------------------------------------------------------------------


def _known_place(scope: Scope, place: tree.String) -> bool:
    known = _listed(place.text, 2027, 2027) is not None
    if not known:
        scope.report("T0231", place.span, place=place.text)
    return known


def _listed(place: str, first: int, last: int) -> frozenset[date] | None:
    """The public holidays of a country (`IL`) or part of one (`US-NY`) in those years; None for an unknown place."""
    from holidays import country_holidays

    country, _, part = place.partition("-")
    try:
        with catch_warnings():
            simplefilter("ignore")  # a few lists end earlier than others; what is listed counts, and the paper says so
            found = country_holidays(country, subdiv=part or None, years=range(first, last + 1))
    except NotImplementedError:
        return None
    return frozenset(found)


def _place_name(place: str) -> str:
    """`Germany (Berlin)` for `DE-BE`: as the list of holidays calls them."""
    from holidays import country_holidays

    country, _, part = place.partition("-")
    found = country_holidays(country, subdiv=part or None)
    joined = max((each.__name__ for each in type(found).__mro__ if ".countries." in each.__module__), key=len)
    name = re.sub(r" (And|Of|The)(?= )", lambda word: word[0].lower(), re.sub(r"(?<=[a-z])(?=[A-Z])", " ", joined))
    called = next((alias for alias, code in found.subdivisions_aliases.items() if code == part), part)
    article = "the " if name.startswith(_WITH_ARTICLE) else ""
    return f"{article}{name} ({called})" if part else f"{article}{name}"


_WITH_ARTICLE = (
    "United ",
    "Netherlands",
    "Philippines",
    "Bahamas",
    "Gambia",
    "Maldives",
    "Seychelles",
    "Dominican Rep",
)


def working_calendar(calendar: Calendar, timezone: str, effective: date, until: date | None) -> WorkingCalendar:
    """The calendar with its holidays as plain dates: from the year before the agreement to the year after it.

    An agreement without an end has them for ten years.
    """
    first = effective.year - 1
    last = min(until.year + 1 if until else effective.year + _YEARS, max(_LAST_LISTED, effective.year))
    days = {day for place in calendar.places for day in _listed(place, first, last) or ()}
    return WorkingCalendar(
        id=calendar.id,
        title=calendar.title,
        timezone=calendar.timezone or timezone,
        weekdays=calendar.weekdays,
        hours=calendar.hours,
        places=calendar.places,
        place_names=tuple(_place_name(place) for place in calendar.places),
        first=first,
        last=last,
        holidays=tuple(sorted(day for day in days if day.weekday() in calendar.weekdays)),
    )
