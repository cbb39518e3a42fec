"""What came out instead of what was expected, in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import assert_never
from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import localized
from tallystick.evaluation.evaluation import CreditDue, CreditState, InterestDue, RefundDue
from tallystick.evaluation.finding import Finding
from tallystick.model.scenario import (
    ActExpected,
    BlockExpected,
    CureExpected,
    EscalationExpected,
    Expected,
    RightExpected,
    SumExpected,
    VerdictExpected,
    WaiverExpected,
)
from tallystick.prose.quantity import money_text, quantity_text
from tallystick.quantities import Quantity
from tallystick.scenarios.outcome import Outcome, State

_MOST = 6
_SHOWN = Decimal("0.000001")

IDLE = "It holds also with no facts at all, so nothing that is given could make it fail."


def expectation(expected: Expected) -> str:
    """The expectation as it is written, on one line and without its full stop."""
    return " ".join(expected.span.text.split()).removesuffix(".").removeprefix("expect ")


def instead(outcome: Outcome, zone: ZoneInfo) -> tuple[str, ...]:
    """Why an outcome did not hold; empty when it did."""
    match outcome.state:
        case State.HELD:
            return ()
        case State.IDLE:
            return (IDLE,)
        case State.FAILED:
            return tuple(_came(outcome, zone))
        case _:
            assert_never(outcome.state)


def _came(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    match outcome.expected:
        case VerdictExpected():
            yield from _findings(outcome, zone)
        case SumExpected():
            yield from _owed(outcome)
        case ActExpected():
            lines = (
                f"{right.holder} may since {_moment(right.arises, zone)}, under {right.rule}." for right in outcome.acts
            )
            yield from _or(lines, "No such right has arisen.")
        case RightExpected():
            yield from _rights(outcome, zone)
        case CureExpected():
            yield from _or(_cures(outcome, zone), "Nothing was breached there.")
        case EscalationExpected():
            yield from _or(_escalations(outcome, zone), "Nothing there goes up to this role.")
        case BlockExpected():
            yield from _or(_blocks(outcome, zone), "No breach there blocks it.")
        case WaiverExpected():
            yield from _or(_waivers(outcome, zone), "There is no waiver of this clause.")
        case _:
            assert_never(outcome.expected)


def _findings(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    if not outcome.findings:
        yield "Nothing came out there: no finding is of this rule, group and window."
    for finding in outcome.findings[:_MOST]:
        yield finding_text(finding, zone)
    if len(outcome.findings) > _MOST:
        yield f"and {len(outcome.findings) - _MOST:,} more"


def finding_text(finding: Finding, zone: ZoneInfo) -> str:
    """`available of shop from 2027-02-01: breached at 99.850746%, threshold 99.9%`."""
    group = ", ".join(value for _, value in (*finding.group, *finding.about))
    value = "" if finding.value is None else f" at {_value(finding.value, finding.unit)}"
    threshold = "" if finding.threshold is None else f", threshold {_value(finding.threshold, finding.unit)}"
    why = finding.excuse or finding.because
    reason = f" ({why})" if why else ""
    of = f" of {group}" if group else ""
    return f"{finding.rule}{of} from {_moment(finding.start, zone)}: {finding.verdict}{value}{threshold}{reason}"


def _owed(outcome: Outcome) -> Iterator[str]:
    if not outcome.owed:
        assert isinstance(outcome.expected, SumExpected)
        yield f"No {outcome.expected.owed} is due."
    for item in outcome.owed[:_MOST]:
        yield f"{_of(item)} to {item.party} for {item.rule}{_stands(item)}"
    if len(outcome.owed) > 1:
        totals: dict[str, Decimal] = {}
        for item in outcome.owed:
            totals[item.currency] = totals.get(item.currency, Decimal(0)) + (item.amount or Decimal(0))
        yield "in all " + " and ".join(_money(total, currency) for currency, total in totals.items())


def _of(item: CreditDue | InterestDue | RefundDue) -> str:
    return "A sum that the data does not give" if item.amount is None else _money(item.amount, item.currency)


def _stands(item: CreditDue | InterestDue | RefundDue) -> str:
    if not isinstance(item, CreditDue):
        return ""
    capped = "" if item.before == item.amount else f", {_money(item.before, item.currency)} before caps"
    return capped + ("" if item.state is CreditState.DUE else f" ({item.state})")


def _rights(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    if not outcome.rights:
        yield "No right to terminate has arisen."
    for right in outcome.rights[:_MOST]:
        times = f"{len(right.findings)} breach{'' if len(right.findings) == 1 else 'es'}"
        yield f"The right arose under {right.clause} on {_moment(right.arises, zone)}, after {times}."


def _or(lines: Iterable[str], nothing: str) -> Iterator[str]:
    """The first lines; the other words where there are none."""
    found = list(lines)
    yield from found[:_MOST] or (nothing,)
    if len(found) > _MOST:
        yield f"and {len(found) - _MOST:,} more"


def _cures(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    for cure in outcome.cures:
        at = "" if cure.at is None else f" on {_moment(cure.at, zone)}"
        yield f"The breach of {cure.rule} on {_moment(cure.breached, zone)} is {cure.state}{at}."


def _escalations(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    for each in outcome.escalations:
        yield f"A breach of {each.rule} {'went' if each.due else 'goes'} up to {each.role} on {_moment(each.at, zone)}."


def _blocks(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    for block in outcome.blocks:
        end = "" if block.end is None else f" until {_moment(block.end, zone)}"
        yield f"{block.event} is blocked by {block.rule} from {_moment(block.start, zone)}{end}."


def _waivers(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    for waiver in outcome.waivers:
        last = "" if waiver.last is None else f", its last instant just before {_moment(waiver.last + 1, zone)}"
        yield f"A waiver by {waiver.role or 'nobody'} from {_moment(waiver.begin, zone)} is {waiver.state}{last}."


def _value(value: Decimal, unit: str | None) -> str:
    rounded = value.quantize(_SHOWN) if abs(value) < 10**18 else value
    return quantity_text(Quantity(value=rounded, unit=unit or "count"))


def _money(amount: Decimal, currency: str) -> str:
    return money_text(Quantity(value=amount, unit=currency))


def _moment(at: int, zone: ZoneInfo) -> str:
    """A local time to the minute, or the day alone at midnight."""
    local = localized(at, zone)
    return f"{local:%Y-%m-%d}" if local.hour == local.minute == 0 else f"{local:%Y-%m-%d at %H:%M}"
