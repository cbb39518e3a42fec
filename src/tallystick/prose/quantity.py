"""Numbers, periods and dates as a contract prints them, in the manner of the house."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext

from tallystick.prose.manner import manner
from tallystick.quantities import CURRENCIES, Kind, Period, Quantity, known_unit


def number_text(value: Decimal) -> str:
    """`1,000` or `2.5`: thousands separated, no trailing zeros, no exponent."""
    with localcontext(prec=60):
        plain = f"{value.normalize():f}" if value else "0"
    whole, _, fraction = plain.partition(".")
    return manner().grouped(int(whole)) + (f".{fraction}" if fraction else "") if int(whole) else plain


def quantity_text(quantity: Quantity) -> str:
    """`92%`, `200 milliseconds`, `1 hour`, `USD 40,000`, `USD 12.50`."""
    unit = known_unit(quantity.unit)
    match unit.kind:
        case Kind.FRACTION:
            return f"{number_text(quantity.value * 100)}%"
        case Kind.COUNT | Kind.SCORE:
            return number_text(quantity.value)
        case Kind.MONEY:
            return money_text(quantity)
        case Kind.DURATION | Kind.BYTES:
            name = unit.name.removesuffix("s") if quantity.value == 1 else unit.name
            return f"{number_text(quantity.value)} {name}"


def money_text(quantity: Quantity) -> str:
    """An amount with its currency, exact; minor units only where there are any."""
    shown = number_text(quantity.value)
    _, point, decimals = shown.partition(".")
    missing = CURRENCIES[quantity.unit] - len(decimals)
    return f"{quantity.unit} {shown}" + ("0" * missing if point else "")


def period_text(period: Period) -> str:
    """`30 days`, `1 month`, `10 Business Days`."""
    return (
        str(period).replace("business", "Business").replace("day", "Day").replace("hour", "Hour")
        if period.working
        else str(period)
    )


def date_text(day: date) -> str:
    """`1 January 2027`, or as the house style writes dates."""
    return manner().date(day)


def ordinal_text(number: Decimal) -> str:
    """`95th`, `99.9th`, `1st`."""
    shown = number_text(number)
    last_two = shown[-2:]
    if "." not in shown and last_two not in ("11", "12", "13"):
        return shown + {"1": "st", "2": "nd", "3": "rd"}.get(shown[-1], "th")
    return shown + "th"


def listed(words: list[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(words) <= 1:
        return "".join(words)
    return ", ".join(words[:-1]) + f" {last} " + words[-1]
