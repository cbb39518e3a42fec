"""Credits fit the rule they follow: tiers begin where the breach begins, on its side, in the agreement's currency."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement, Clause, Operative
from tallystick.quantities import Quantity
from tallystick.rules.measure import Comparison, Value
from tallystick.rules.rule import (
    Amount,
    CalculatedAmount,
    Cap,
    Credit,
    Delay,
    Gate,
    Interest,
    Keep,
    Observed,
    Refund,
    Remedy,
    Rule,
    Terminate,
    followed,
    formula_parts,
    has_deadline,
    has_sequence,
)
from tallystick.source import Span

_FALLING = (Comparison.AT_LEAST, Comparison.ABOVE)


def check(agreement: Agreement, used: frozenset[str]) -> Iterator[Diagnostic]:
    """Tiers with a hole before the first, tiers that can never apply, delays of nothing, and foreign currencies."""
    for clause in agreement.clauses:
        yield from _currencies(agreement, clause.every_remedy, clause.span)
        for item in clause.content:
            if isinstance(item, Operative) and isinstance(item.rule, Keep | Gate):
                yield from _tiers(clause, item.rule)
        yield from _nothing_leads_to(clause.remedies, clause.rules, clause.span)
        for rule in clause.occasions:
            yield from _nothing_leads_to(rule.remedies, (), clause.span)
    rules = tuple(rule for clause in agreement.clauses for rule in clause.rules)
    for remedies, breached, span in (
        (agreement.remedies, rules, agreement.span),
        *((item.rule.remedies, (), item.span) for item in agreement.occasions),
    ):
        yield from _currencies(agreement, tuple(remedy for _, remedy in followed(remedies, "")), span)
        yield from _nothing_leads_to(remedies, breached, span)


def _nothing_leads_to(remedies: tuple[Remedy, ...], rules: tuple[Rule, ...], span: Span) -> Iterator[Diagnostic]:
    """What no rule here could lead to; then the same of duties, each of which has a deadline and follows no other."""
    late, in_row = any(map(has_deadline, rules)), any(map(has_sequence, rules))
    for path, remedy in followed(remedies, ""):
        match remedy:
            case Credit(delay=Delay()) if not (path or late):
                yield Diagnostic("T0431", span, {"remedy": "a credit by delay", "needs": _A_DEADLINE})
            case Credit(tiers=(_, *_), counted=None) if path:
                needs = "a value that is measured"
                yield Diagnostic("T0431", span, {"remedy": "a credit by value", "needs": needs})
            case Credit() if _by_delay(remedy) and not (path or late):
                yield Diagnostic("T0431", span, {"remedy": "a credit for a delay", "needs": _A_DEADLINE})
            case Terminate(within=None, spans=None, at_once=False) if path or not in_row:
                needs = "findings that follow one another: a measure, a count, a response, or what is due so often"
                yield Diagnostic("T0431", span, {"remedy": "breaches in a row", "needs": needs})
            case _:
                pass


_A_DEADLINE = "a deadline: a response, a deletion, or what is due at least every so often"


def _by_delay(credit: Credit) -> bool:
    """Whether its formula takes a delay."""
    amounts = (credit.amount, *(tier.amount for tier in credit.tiers))
    return any(
        isinstance(part, Observed) and part.what == "delay"
        for each in amounts
        if isinstance(each, CalculatedAmount)
        for part in formula_parts(each.formula)
    )


def _amounts(remedies: tuple[Remedy, ...]) -> Iterator[Amount | CalculatedAmount]:
    for remedy in remedies:
        match remedy:
            case Credit(amount=amount, tiers=tiers, delay=delay, minimum=minimum):
                yield from (tier.amount for tier in tiers)
                late = (delay.amount, delay.most) if delay is not None else ()
                yield from (each for each in (amount, minimum, *late) if each is not None)
            case Cap(amount=amount):
                yield amount
            case Interest(amount=Amount() as amount) | Refund(amount=Amount() as amount):
                yield amount
            case _:
                pass


def _currencies(agreement: Agreement, remedies: tuple[Remedy, ...], span: Span) -> Iterator[Diagnostic]:
    for amount in _amounts(remedies):
        if agreement.currency and amount.currency != agreement.currency:
            yield Diagnostic("T0511", span, {"found": amount.currency, "currency": agreement.currency})


def _tiers(clause: Clause, rule: Keep | Gate) -> Iterator[Diagnostic]:
    tiered = (
        remedy for remedy in clause.remedies if isinstance(remedy, Credit) and remedy.tiers and not remedy.counted
    )
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
