"""The playbook: what a breach of each Section leads to, as who does what by when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from tallystick.document.document import Block, Inlines, Row, Table, paragraph
from tallystick.document.references import clause_link
from tallystick.model.agreement import Agreement, Clause
from tallystick.prose import phrases
from tallystick.prose.from_remedy import termination_ground
from tallystick.quantities import Period
from tallystick.rules.rule import Block as BlockRemedy
from tallystick.rules.rule import Cap, Credit, Cure, Escalate, NotifyDuty, PerformDuty, Remedy, Terminate


def playbook(agreement: Agreement) -> Iterator[Block]:
    """One table of every Section that says what follows from a breach; last, what follows from any."""
    rows = [
        row
        for clause in agreement.clauses
        for row in _rows(agreement, (clause_link(clause), f" {clause.title}"), clause.remedies, clause)
    ]
    rows += _rows(agreement, ("Any Section",), agreement.remedies, None)
    if rows:
        yield paragraph("What follows from a breach. The Sections say it in full, and they decide.")
        yield Table(("On a breach of", "Who", "Does what", "By when"), tuple(rows))


def _rows(agreement: Agreement, of: Inlines, remedies: tuple[Remedy, ...], clause: Clause | None) -> Iterator[Row]:
    steps = [step for each in remedies if (step := _step(agreement, each, clause)) is not None]
    for place, (who, what, when) in enumerate(steps):
        yield Row((of if place == 0 else ("",), who, what, when))


def _step(agreement: Agreement, remedy: Remedy, clause: Clause | None) -> tuple[Inlines, Inlines, Inlines] | None:
    """Who does what by when; None for what nobody does."""
    match remedy:
        case NotifyDuty():
            told = phrases.role(agreement, remedy.role)
            return _party(agreement, remedy.holder), ("Notifies ", *told), _within(agreement, remedy.within)
        case PerformDuty():
            who = ("Someone",) if remedy.holder is None else _party(agreement, remedy.holder)
            return who, ("Shall ", *phrases.action(agreement, remedy.event)), _within(agreement, remedy.within)
        case Credit():
            claimed = remedy.claim_within
            when = (
                ("At once",)
                if claimed is None
                else ("If claimed ", *phrases.deadline(agreement, claimed), " after the breach")
            )
            return _party(agreement, remedy.party), ("Is credited (see the service credits)",), when
        case Cure():
            holders = {rule.holder for rule in clause.rules if rule.holder} if clause else set()
            who = _party(agreement, holders.pop()) if len(holders) == 1 else ("Whoever is in breach",)
            return who, ("May cure the breach",), _within(agreement, remedy.within)
        case Escalate():
            to = phrases.capital(phrases.role(agreement, remedy.role))
            return to, ("Takes up what is not cured",), ("After ", *phrases.period(agreement, remedy.after))
        case Terminate():
            ground = termination_ground(agreement, remedy, of_section=clause is not None)
            return _party(agreement, remedy.party), ("May terminate this Agreement",), ("Once ", *ground)
        case BlockRemedy():
            doing = (*phrases.action(agreement, remedy.event), phrases.environments(remedy.environments))
            return ("No one",), ("May ", *doing), ("Until the breach is cured or the requirement met again",)
        case Cap():
            return None
        case _:
            assert_never(remedy)


def _party(agreement: Agreement, name: str) -> Inlines:
    return phrases.capital(phrases.holder(agreement, name))


def _within(agreement: Agreement, length: Period) -> Inlines:
    return *phrases.capital(phrases.deadline(agreement, length)), " after the breach"
