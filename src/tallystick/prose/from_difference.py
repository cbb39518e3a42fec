"""What stands in one text of a rule and in another, in words."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tallystick.prose.quantity import listed, period_text, quantity_text
from tallystick.quantities import Period, Quantity
from tallystick.rules.measure import Value
from tallystick.rules.rule import Amount, CaseShare, RequiredRole


def part_words(part: str) -> str:
    """`other than performer` for the name of a field."""
    return part.replace("_", " ")


def value_words(value: Any) -> str:
    """A value, a period or an amount as a contract prints it; nothing for what has no short form."""
    match value:
        case Value():
            return quantity_text(value.quantity)
        case Quantity():
            return quantity_text(value)
        case Period():
            return period_text(value)
        case Amount():
            return quantity_text(value.money)
        case CaseShare():
            return f"{value.comparison.value} {quantity_text(value.threshold.quantity)} of cases"
        case RequiredRole():
            return value.role.replace("_", " ")
        case bool():
            return "yes" if value else "no"
        case str() | int():
            return str(value).replace("_", " ")
        case None:
            return "none"
        case tuple():
            return listed([words for each in value if (words := value_words(each))]) if value else "none"
        case BaseModel():
            return str(getattr(value, "kind", "")).replace("_", " ")
        case _:
            return ""
