"""Working calendars: which days and hours count as business days and business hours. Plain data, without a library.

`docs/meaning.md` defines how time is counted by them.
"""

from __future__ import annotations

from datetime import date

from tallystick.quantities import Data

OF_AGREEMENT = "agreement"
"""The id of the calendar that the agreement block states."""


class WorkingHours(Data):
    """Work on one weekday (0 is Monday), in minutes of the local clock since midnight, `[opens, closes)`."""

    weekday: int
    opens: int
    closes: int


class WorkingCalendar(Data):
    """A calendar. Its business days are `weekdays` without `holidays`; without `hours` it has no business hours.

    `holidays` are the days listed when the agreement was compiled, of the `places` (called `place_names`), in the years from `first` to `last`.
    """

    id: str
    title: str
    timezone: str
    weekdays: tuple[int, ...]
    hours: tuple[WorkingHours, ...] = ()
    places: tuple[str, ...] = ()
    place_names: tuple[str, ...] = ()
    first: int
    last: int
    holidays: tuple[date, ...] = ()
