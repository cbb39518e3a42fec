"""The playbook: what a breach of each Section leads to, as who does what by when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from tallystick.document.document import Block, Inlines, Row, Table, paragraph
from tallystick.document.references import clause_link
from tallystick.model.agreement import Agreement, Clause
from tallystick.prose import phrases
from tallystick.prose.from_remedy import (
    OF_ALL,
    OF_DUTY,
    Ground,
    blocked_time,
    interest_end,
    interest_terms,
    of_clause,
    of_occasion,
    right_time,
    sum_of,
    termination_ground,
)
from tallystick.prose.manner import manner
from tallystick.quantities import Period
from tallystick.rules.rule import Block as BlockRemedy
from tallystick.rules.rule import (
    Cap,
    Credit,
    Cure,
    Escalate,
    Highest,
    Interest,
    NotifyDuty,
    Occasion,
    PerformDuty,
    Refund,
    Remedy,
    Right,
    Terminate,
)


def playbook(agreement: Agreement) -> Iterator[Block]:
    """One table of every Section that says what follows from a breach; last, what follows from any."""
    rows = [row for clause in agreement.clauses for row in _of_clause(agreement, clause)]
    rows += _rows(agreement, ("Any Section",), agreement.remedies, OF_ALL, ("Any Section",))
    for item in agreement.occasions:
        if isinstance(item.rule, Occasion):
            rows += _of_occasion(agreement, item.rule, ())
    if rows:
        yield paragraph(
            "What follows from a breach, or from what else happens. The Sections say it in full, and they decide."
        )
        yield Table(("Breach of, or on", "Who", "Does what", "By when"), tuple(rows))


def _of_clause(agreement: Agreement, clause: Clause) -> Iterator[Row]:
    link = clause_link(clause)
    where: Inlines = (link, f" {clause.title}")
    yield from _rows(agreement, where, clause.remedies, of_clause(clause.rules), (link,))
    for rule in clause.rules:
        if isinstance(rule, Occasion):
            yield from _of_occasion(agreement, rule, where, (link,))


def _of_occasion(agreement: Agreement, rule: Occasion, where: Inlines, again: Inlines = ()) -> Iterator[Row]:
    ground = of_occasion(agreement, rule)
    said = phrases.capital(ground.each)
    yield from _rows(agreement, (*where, ": " if where else "", *said), rule.remedies, ground, again or said)


def _rows(
    agreement: Agreement, of: Inlines, remedies: Sequence[Remedy], ground: Ground, again: Inlines
) -> Iterator[Row]:
    """A row for each step: `of` what in the first, and shorter `again` in the others, which may stand on another page."""
    steps = [(each, step) for each in remedies if (step := _step(agreement, each, ground)) is not None]
    for place, (remedy, (who, what, when)) in enumerate(steps):
        yield Row((again if place else of, who, what, when))
        if isinstance(remedy, NotifyDuty | PerformDuty):
            yield from _rows(agreement, ("That duty",), remedy.remedies, OF_DUTY, ("That duty",))


def _step(agreement: Agreement, remedy: Remedy, ground: Ground) -> tuple[Inlines, Inlines, Inlines] | None:
    """Who does what by when; None for what nobody does."""
    match remedy:
        case NotifyDuty():
            told = phrases.role(agreement, remedy.role)
            return _party(agreement, remedy.holder), ("Notifies ", *told), _within(agreement, remedy.within, ground)
        case PerformDuty():
            who = ("Someone",) if remedy.holder is None else _party(agreement, remedy.holder)
            return (
                who,
                (f"{manner().verb.capitalize()} ", *phrases.action(agreement, remedy.event)),
                _within(agreement, remedy.within, ground),
            )
        case Credit():
            when: Inlines = ("At once",)
            if remedy.claim_within is not None:
                when = ("If claimed ", *phrases.deadline(agreement, remedy.claim_within), " after ", *ground.since)
            return _party(agreement, remedy.party), ("Is credited (see the service credits)",), when
        case Cure():
            holders = {rule.holder for rule in ground.rules if rule.holder}
            who = _party(agreement, holders.pop()) if len(holders) == 1 else ("Whoever is in breach",)
            return who, ("May cure the breach",), _within(agreement, remedy.within, ground)
        case Escalate():
            to = phrases.capital(phrases.role(agreement, remedy.role))
            return to, ("Takes up what is not cured",), ("After ", *phrases.period(agreement, remedy.after))
        case Terminate():
            once = (
                ("On ", *ground.each) if remedy.at_once else ("Once ", *termination_ground(agreement, remedy, ground))
            )
            return _party(agreement, remedy.party), ("May terminate this Agreement",), once
        case BlockRemedy():
            doing = (*phrases.action(agreement, remedy.event), phrases.environments(remedy.environments))
            return ("No one",), ("May ", *doing), blocked_time(agreement, remedy, ground)
        case Right():
            doing = phrases.action(agreement, remedy.event)
            return _party(agreement, remedy.holder), ("May ", *doing), right_time(agreement, remedy, ground)
        case Interest():
            terms = ("Is owed interest at ", *interest_terms(agreement, remedy))
            return _party(agreement, remedy.party), terms, (f"Until {interest_end(remedy)}",)
        case Refund():
            back = ("Is owed a refund of ", *sum_of(agreement, remedy), ", or of its unused part" if remedy.by else "")
            return _party(agreement, remedy.party), back, ("At once",)
        case Cap() | Highest():
            return None
        case _:
            assert_never(remedy)


def _party(agreement: Agreement, name: str) -> Inlines:
    return phrases.capital(phrases.holder(agreement, name))


def _within(agreement: Agreement, length: Period, ground: Ground) -> Inlines:
    return *phrases.capital(phrases.deadline(agreement, length)), " after ", *ground.since
