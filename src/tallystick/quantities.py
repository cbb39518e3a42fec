"""Numbers with units. Every number in an agreement is one of these; comparisons never mix kinds.

A unit has a kind and a factor to the kind's base unit: durations count in microseconds, bytes in
bytes, everything else in itself. Factors are whole numbers, so conversion is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from pydantic import BaseModel, ConfigDict


class Data(BaseModel):
    """Base of all plain data: frozen, closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Kind(StrEnum):
    """What a number measures."""

    FRACTION = "fraction"
    COUNT = "count"
    SCORE = "score"
    DURATION = "duration"
    BYTES = "bytes"
    MONEY = "money"


@dataclass(frozen=True)
class Unit:
    """A unit by name, e.g. `milliseconds`; `factor` base units make one of it."""

    name: str
    kind: Kind
    factor: int = 1


_SECOND = 1_000_000
_DURATIONS = {
    "milliseconds": 1_000,
    "seconds": _SECOND,
    "minutes": 60 * _SECOND,
    "hours": 3_600 * _SECOND,
    "days": 86_400 * _SECOND,
    "weeks": 604_800 * _SECOND,
}
_BYTES = {"bytes": 1, "kilobytes": 10**3, "megabytes": 10**6, "gigabytes": 10**9, "terabytes": 10**12}

UNITS: dict[str, Unit] = {
    **{name: Unit(name, Kind(name)) for name in ("fraction", "count", "score")},
    **{name: Unit(name, Kind.DURATION, factor) for name, factor in _DURATIONS.items()},
    **{name: Unit(name, Kind.BYTES, factor) for name, factor in _BYTES.items()},
}

# Minor-unit digits, ISO 4217. A currency outside this table is refused.
CURRENCIES: dict[str, int] = {
    "AED": 2, "AUD": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CHF": 2, "CLP": 0, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2,
    "GBP": 2, "HKD": 2, "HUF": 2, "IDR": 2, "ILS": 2, "INR": 2, "ISK": 0, "JPY": 0, "KRW": 0, "KWD": 3, "MXN": 2,
    "MYR": 2, "NOK": 2, "NZD": 2, "OMR": 3, "PHP": 2, "PLN": 2, "QAR": 2, "RON": 2, "SAR": 2, "SEK": 2, "SGD": 2,
    "THB": 2, "TRY": 2, "TWD": 2, "UAH": 2, "USD": 2, "VND": 0, "ZAR": 2,
}  # fmt: skip


def unit(name: str) -> Unit | None:
    """The unit of that name (a currency code is a unit of money), or None."""
    if name in CURRENCIES:
        return Unit(name, Kind.MONEY)
    return UNITS.get(name)


class Quantity(Data):
    """A number with its unit, e.g. `0.92 fraction` (which prints as 92%) or `40000 USD`."""

    value: Decimal
    unit: str

    @property
    def kind(self) -> Kind:
        """The kind of the unit. Raises KeyError for a unit that does not exist."""
        return known_unit(self.unit).kind

    @property
    def base(self) -> Fraction:
        """The value in base units, exact."""
        return Fraction(self.value) * known_unit(self.unit).factor


def known_unit(name: str) -> Unit:
    """The unit of that name. Raises KeyError when there is none."""
    found = unit(name)
    if found is None:
        raise KeyError(name)
    return found


class PeriodUnit(StrEnum):
    """Units of a period of a contract. Seconds to hours are elapsed time; days to years are calendar time.

    Business days and business hours count by a working calendar.
    """

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    QUARTERS = "quarters"
    YEARS = "years"
    BUSINESS_DAYS = "business_days"
    BUSINESS_HOURS = "business_hours"


class Period(Data):
    """A length of time as a contract has it: `72 hours`, `30 days`, `7 years`. The amount is positive.

    `term` is the term that stands for it where it has one, so that paper can say its name. `calendar` is the working
    calendar by which business days and business hours count.
    """

    amount: int
    unit: PeriodUnit
    term: str | None = None
    calendar: str | None = None

    @property
    def working(self) -> bool:
        """Whether it counts by a working calendar."""
        return self.unit in (PeriodUnit.BUSINESS_DAYS, PeriodUnit.BUSINESS_HOURS)

    @property
    def in_months(self) -> bool:
        """Whether it is a number of whole months."""
        return self.unit in (PeriodUnit.MONTHS, PeriodUnit.QUARTERS, PeriodUnit.YEARS)

    def __str__(self) -> str:
        word = self.unit.value.replace("_", " ")
        return f"{self.amount:,} {word.removesuffix('s') if self.amount == 1 else word}"
