"""Credits fit the rule they follow: tiers begin where the breach begins, on its side, in the agreement's currency."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement, Clause, Operative
from tallystick.quantities import Quantity
from tallystick.rules.measure import Comparison, Value
from tallystick.rules.rule import Amount, Cap, Credit, Gate, Keep, Remedy
from tallystick.source import Span

_FALLING = (Comparison.AT_LEAST, Comparison.ABOVE)


def check(agreement: Agreement, used: frozenset[str]) -> Iterator[Diagnostic]:
    """Tiers with a hole before the first, tiers that can never apply, and foreign currencies."""
    for clause in agreement.clauses:
        yield from _currencies(agreement, clause.remedies, clause.span)
        for item in clause.content:
            if isinstance(item, Operative) and isinstance(item.rule, Keep | Gate):
                yield from _tiers(clause, item.rule)
    yield from _currencies(agreement, agreement.remedies, agreement.span)


def _amounts(remedies: tuple[Remedy, ...]) -> Iterator[Amount]:
    for remedy in remedies:
        match remedy:
            case Credit(amount=amount, tiers=tiers):
                yield from (tier.amount for tier in tiers)
                if amount is not None:
                    yield amount
            case Cap(amount=amount):
                yield amount
            case _:
                pass


def _currencies(agreement: Agreement, remedies: tuple[Remedy, ...], span: Span) -> Iterator[Diagnostic]:
    for amount in _amounts(remedies):
        if agreement.currency and amount.money.unit != agreement.currency:
            yield Diagnostic("T0511", span, {"found": amount.money.unit, "currency": agreement.currency})


def _tiers(clause: Clause, rule: Keep | Gate) -> Iterator[Diagnostic]:
    tiered = (remedy for remedy in clause.remedies if isinstance(remedy, Credit) and remedy.tiers)
    if not isinstance(rule.threshold, Value):
        return
    limit = rule.threshold.quantity
    for credit in tiered:
        first = credit.tiers[0]
        start = first.threshold.quantity
        if rule.comparison in (Comparison.IS, Comparison.IS_NOT):
            continue
        if start.kind is not limit.kind:
            yield Diagnostic("T0301", clause.span, {"left": shown(start), "right": shown(limit)})
            continue
        falls = rule.comparison in _FALLING
        same_side = falls == (first.comparison in (Comparison.BELOW, Comparison.AT_MOST))
        if not same_side:
            tier = f"{first.comparison.value} {shown(start)}"
            yield Diagnostic("T0512", clause.span, {"tier": tier, "rule": f"{rule.comparison.value} {shown(limit)}"})
            continue
        hole = ""
        if start.base < limit.base if falls else start.base > limit.base:
            hole = f"from {shown(start)} to {shown(limit)}" if falls else f"from {shown(limit)} to {shown(start)}"
        elif start.base == limit.base and _excludes(rule.comparison) and _excludes(first.comparison):
            hole = f"of exactly {shown(limit)}"
        if hole:
            tier, whole = f"{first.comparison.value} {shown(start)}", f"{rule.comparison.value} {shown(limit)}"
            yield Diagnostic("T0509", clause.span, {"hole": hole, "first": tier, "threshold": whole})


def _excludes(comparison: Comparison) -> bool:
    """Whether the threshold itself does not satisfy the comparison."""
    return comparison in (Comparison.BELOW, Comparison.ABOVE)


def shown(quantity: Quantity) -> str:
    """A quantity for a message."""
    if quantity.unit == "fraction":
        return f"{(quantity.value * 100).normalize():f}%"
    return f"{quantity.value.normalize():f} {quantity.unit}"
