"""Orders under an agreement in words: their time, what they cover, and what goes before what."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.model.agreement import Agreement, Order
from tallystick.prose.overriding import AGREEMENT, ORDERS, SCHEDULES
from tallystick.prose.phrases import dimension_text
from tallystick.prose.quantity import date_text, listed, period_text
from tallystick.rules.rule import Covered, Prevails


def covers_text(covers: Sequence[Covered]) -> str:
    """`model a or b, and region EU`; `everything`."""
    parts = [f"{dimension_text(each.dimension)} {listed(_quoted(each.values), 'or')}" for each in covers]
    return listed(parts) if parts else "everything"


def coverage_sentence(order: Order) -> str:
    """What is judged under the order."""
    if not order.covers:
        return "This Order covers everything to which the Agreement applies."
    names = listed([dimension_text(each.dimension) for each in order.covers])
    return (
        f"This Order covers {covers_text(order.covers)}, and nothing else. Where its texts speak of data that does not "
        f"state the {names}, all of it counts."
    )


def time_sentence(order: Order) -> str:
    """From its first instant to its last."""
    start = f"This Order applies from the beginning of {date_text(order.effective)}"
    if order.until is None:
        return f"{start} for as long as the Agreement does."
    lasts = f" ({period_text(order.term)})" if order.term else ""
    return f"{start} until immediately before the beginning of {date_text(order.until)}{lasts}, unless the Agreement ends earlier."


PARTIAL = (
    "A calendar period that begins before this Order, or ends after it, counts only its own days under this Order, in what "
    "is measured and in what it is measured against; its other days count under the Agreement. A deadline that is running "
    "when this Order begins or ends stays as it was."
)


def precedence_sentence(agreement: Agreement) -> str:
    """What goes before what, where they say otherwise of the same thing."""
    named = {
        ORDERS: "orders under this Agreement",
        AGREEMENT: "this Agreement",
        SCHEDULES: "the schedules of this Agreement",
    }
    schedules = [each.title for each in agreement.schedules]
    said = []
    for text, _ in agreement.precedence:
        other = f"the schedule “{text}”" if text in schedules else f"the order {text}"
        said.append(named.get(text, other))
    items = ", ".join(f"({number}) {words}" for number, words in enumerate(said, 1))
    return (
        "Where these say otherwise of the same thing, what stands first in this list goes before what stands later: "
        f"{items}. An order goes before this Agreement only in what it sets, adds, replaces or strikes, and asks less than "
        "this Agreement only where it says that it overrides it."
    )


def prevails_text(prevails: Prevails) -> str:
    """`goes before the Agreement (Section 1.3, order of precedence)`."""
    over = "the Agreement" if prevails.over == AGREEMENT else f"the order {prevails.over}"
    by = "by its own word" if prevails.section is None else f"Section {prevails.section}, order of precedence"
    return f"goes before {over} ({by})"


def _quoted(values: Sequence[str]) -> list[str]:
    return [f"“{value}”" for value in values]
