"""The manner in which a house writes: its verb of duty, and how dates and numbers look. It never changes what is meant.

As with the context of `decimal`, the manner is that of whoever prints, and is not handed through each sentence. The rules
and the tally are always written in the plain manner, so that an agreement has one tally in every house style.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DateForm(StrEnum):
    """How a date looks, by example. Forms in which day and month can be mistaken for each other are not among them."""

    DAY_FIRST = "1 January 2027"
    MONTH_FIRST = "January 1, 2027"
    SHORT = "1 Jan 2027"
    ISO = "2027-01-01"


class NumberForm(StrEnum):
    """How a number looks, by example. The decimal point is a point, as in all English."""

    COMMA = "1,234.5"
    SPACE = "1 234.5"
    APOSTROPHE = "1'234.5"
    PLAIN = "1234.5"


_GROUPING = {
    NumberForm.COMMA: ",",
    NumberForm.SPACE: "\u00a0",
    NumberForm.APOSTROPHE: "\u2019",
    NumberForm.PLAIN: "",
}
_AMERICAN = {"authorised": "authorized"}


@dataclass(frozen=True)
class Manner:
    """How words are chosen; `language` as in HTML, which decides spelling and hyphenation."""

    verb: str = "shall"
    dates: DateForm = DateForm.DAY_FIRST
    numbers: NumberForm = NumberForm.COMMA
    language: str = "en"

    def date(self, day: date) -> str:
        """A day as this house writes it."""
        match self.dates:
            case DateForm.DAY_FIRST:
                return f"{day.day} {day:%B} {day.year}"
            case DateForm.MONTH_FIRST:
                return f"{day:%B} {day.day}, {day.year}"
            case DateForm.SHORT:
                return f"{day.day} {day:%b} {day.year}"
            case DateForm.ISO:
                return day.isoformat()

    def grouped(self, whole: int) -> str:
        """A whole number with its thousands set apart."""
        return f"{whole:,}".replace(",", _GROUPING[self.numbers])

    def spelled(self, word: str) -> str:
        """A word of the shipped text in the spelling of this house."""
        return _AMERICAN.get(word, word) if self.language == "en-US" else word


PLAIN = Manner()
_CURRENT: ContextVar[Manner] = ContextVar("manner", default=PLAIN)


def manner() -> Manner:
    """The manner in which words are written now."""
    return _CURRENT.get()


@contextmanager
def written(manner: Manner) -> Iterator[None]:
    """Words made within are written in this manner."""
    before = _CURRENT.set(manner)
    try:
        yield
    finally:
        _CURRENT.reset(before)
