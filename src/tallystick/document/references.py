"""Anchors of the document, and links to them that are not in the source."""

from __future__ import annotations

from collections.abc import Iterable

from tallystick.model.agreement import Agreement, Clause, Reference, Target
from tallystick.prose.references import reference_link
from tallystick.prose.sentence import Inline, Link
from tallystick.rules.rule import Rule


def anchor(target: Target, name: str) -> str:
    """The anchor under which a thing stands in the document, e.g. `term-monthly_fee`."""
    return f"{target.value}-{name}"


def link_to(agreement: Agreement, target: Target, name: str) -> Inline:
    """The link that a reference in prose would print. Raises KeyError for a thing that is not in the agreement."""
    return reference_link(agreement, Reference(target, name, agreement.span))


def clause_link(clause: Clause) -> Link:
    """The same for a clause at hand, with no search for it."""
    return Link(f"Section\u00a0{clause.number}", anchor(Target.CLAUSE, clause.id))


def rule_link(rule: Rule) -> Link:
    """The same for one sentence: `Section 3.2(b)`."""
    return Link(f"Section\u00a0{rule.number}", anchor(Target.RULE, rule.id))


def known_anchors(agreement: Agreement) -> frozenset[str]:
    """Every anchor that prose may link to by hand (`[words](#clause-accuracy)`)."""
    named: dict[Target, Iterable[str]] = {
        Target.TERM: agreement.terms,
        Target.PARTY: agreement.parties,
        Target.ROLE: agreement.roles,
        Target.DEFINITION: agreement.definitions,
        Target.METRIC: agreement.metrics,
        Target.EVENT: agreement.events,
        Target.RECORD: agreement.records,
        Target.STANDARD: agreement.standards,
        Target.CLAUSE: [each.id for each in agreement.clauses],
        Target.ARTICLE: [each.id for each in agreement.articles],
        Target.SCHEDULE: [each.id for each in agreement.schedules],
        Target.RULE: [each.id for each in agreement.rules],
    }
    return frozenset(anchor(target, name) for target, names in named.items() for name in names)
