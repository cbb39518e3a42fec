"""Interest and refunds fit what they follow from: the number they go by is that of the row, and something ends them."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement
from tallystick.rules.measure import Series
from tallystick.rules.rule import (
    Cure,
    Deletion,
    Gate,
    Interest,
    Occasion,
    Permission,
    Precedence,
    Prohibition,
    Refund,
    Remedy,
    Response,
    Retention,
    Rule,
    followed,
    has_deadline,
)
from tallystick.source import Span


def check(agreement: Agreement, used: frozenset[str]) -> Iterator[Diagnostic]:
    """Each block of consequences, with the rules that lead to it."""
    cured = any(isinstance(remedy, Cure) for remedy in agreement.remedies)
    for clause in agreement.clauses:
        breached = tuple(rule for rule in clause.rules if not isinstance(rule, Occasion))
        yield from _block(clause.remedies, breached, clause.span, cured)
        for rule in clause.occasions:
            yield from _block(rule.remedies, (rule,), clause.span)
    every = tuple(rule for clause in agreement.clauses for rule in clause.rules if not isinstance(rule, Occasion))
    yield from _block(agreement.remedies, every, agreement.span)
    for item in agreement.occasions:
        yield from _block(item.rule.remedies, (item.rule,), item.span)


def _block(
    remedies: tuple[Remedy, ...], rules: tuple[Rule, ...], span: Span, cured_by_all: bool = False
) -> Iterator[Diagnostic]:
    """`path` is empty for what follows the rules themselves, and names the duty for what follows from one."""
    cured = {path for path, remedy in followed(remedies, "") if isinstance(remedy, Cure)}
    cured |= {""} if cured_by_all else set()
    for path, remedy in followed(remedies, ""):
        if isinstance(remedy, Interest | Refund):
            yield from _case(remedy, rules, span)
        if isinstance(remedy, Interest):
            yield from _times(remedy, rules, path, path in cured, span)


def _case(remedy: Interest | Refund, rules: tuple[Rule, ...], span: Span) -> Iterator[Diagnostic]:
    """A number of a row can only be that of the row which every one of these rules judges."""
    of = remedy.of
    if of is None:
        return
    for rule in rules:
        row = row_of(rule)
        if row is None or (row.source, row.name) != (of.source, of.name):
            found = f"“{of.name}.{of.attribute}”"
            why = f"is not a number of what “{rule.id}” judges, {'a whole window' if row is None else row.name}"
            yield Diagnostic("T0484", span, {"found": found, "why": why})


def _times(remedy: Interest, rules: tuple[Rule, ...], path: str, cured: bool, span: Span) -> Iterator[Diagnostic]:
    if remedy.ends == "cured" and not cured:
        why = "needs a cure period: cure within …, beside it"
        yield Diagnostic("T0484", span, {"found": "Interest until cured", "why": why})
    if remedy.ends == "performed" and not path and not all(map(has_deadline, rules)):
        why = "needs something that can be done late: a response, a deletion, or what is due at least every so often"
        yield Diagnostic("T0484", span, {"found": "Interest until performed", "why": why})
    if remedy.begins == "case" and (path or not all(isinstance(rule, Response | Deletion) for rule in rules)):
        why = "needs a duty that counts from that event; else write from breach"
        yield Diagnostic("T0484", span, {"found": "Interest from an event", "why": why})


def row_of(rule: Rule) -> Series | None:
    """The event or record whose row a finding of the rule is about; None where it is about a window."""
    match rule:
        case Response(share=None) | Deletion() | Occasion():
            return rule.trigger
        case Retention():
            return rule.record
        case Gate() | Precedence() | Prohibition() | Permission():
            return rule.event
        case _:
            return None
