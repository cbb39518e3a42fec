"""Consequences in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from tallystick.model.agreement import Agreement
from tallystick.prose import phrases
from tallystick.prose.from_rule import OBLIGATION
from tallystick.prose.phrases import Inlines
from tallystick.prose.quantity import money_text
from tallystick.prose.sentence import Part, Sentence
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.rule import (
    Amount,
    Block,
    Cap,
    Credit,
    Cure,
    Escalate,
    NotifyDuty,
    PerformDuty,
    Remedy,
    Rule,
    Terminate,
)


def remedy_sentence(agreement: Agreement, remedy: Remedy, rules: Sequence[Rule]) -> Sentence:
    """The sentence of a consequence. `rules` are those of its clause; none for the consequences of every clause."""
    return Sentence((Part((*_inlines(agreement, remedy, rules), ".")),))


def _inlines(agreement: Agreement, remedy: Remedy, rules: Sequence[Rule]) -> Inlines:
    match remedy:
        case NotifyDuty(holder=holder, role=role, roles=roles, within=within):
            who = (*phrases.role(agreement, role), phrases.or_senior(roles))
            return (
                *phrases.capital(phrases.holder(agreement, holder)),
                f" {OBLIGATION} notify ",
                *who,
                *_deadline(agreement, within),
            )
        case PerformDuty(holder=holder, event=event, within=within):
            doing = phrases.action(agreement, event)
            return (
                *phrases.capital(phrases.holder(agreement, holder)),
                f" {OBLIGATION} ",
                *doing,
                *_deadline(agreement, within),
            )
        case Credit():
            return _credit(agreement, remedy)
        case Cap(amount=money, each=each):
            scope = "under this Section" if rules else "under this Agreement"
            limit = amount(agreement, money)
            return (
                f"Service credits {scope} {OBLIGATION} not exceed ",
                *limit,
                f" in each {phrases.calendar_text(each)}",
            )
        case Cure(within=within):
            if within.unit is PeriodUnit.BUSINESS_DAYS:
                return "A breach may be cured until the end of ", *phrases.day(agreement, within), " after it"
            return "A breach may be cured within ", *phrases.period(agreement, within), " after it"
        case Escalate(role=role, after=after):
            limit = phrases.period(agreement, after)
            if after.unit is PeriodUnit.BUSINESS_DAYS:
                limit = ("the end of ", *phrases.day(agreement, after), " after it")
                return "A breach that is not cured by ", *limit, " goes up to ", *phrases.role(agreement, role)
            return "A breach that is not cured within ", *limit, " goes up to ", *phrases.role(agreement, role)
        case Terminate(party=party, count=count, uncured=uncured, within=within):
            return _terminate(agreement, party, count, uncured, within, bool(rules))
        case Block(event=event, environments=environments):
            until = "From the breach until it is cured or this requirement is met again, no one may "
            doing = (*phrases.action(agreement, event), phrases.environments(environments))
            return until, *doing, _same_group(rules)
        case _:
            assert_never(remedy)


def _same_group(rules: Sequence[Rule]) -> str:
    """`for the same model`, where every rule of the clause is judged for each model."""
    groups = {rule.per for rule in rules}
    return phrases.group(groups.pop()).replace("for each", "for the same", 1) if len(groups) == 1 else ""


def _terminate(
    agreement: Agreement, party: str, count: int, uncured: bool, within: Period, of_section: bool
) -> Inlines:
    kind = "uncured breach" if uncured else "breach"
    noun, verb = (kind, "falls") if count == 1 else (f"{kind}es", "fall")
    of = " of this Section" if of_section else ""
    who = phrases.capital(phrases.holder(agreement, party))
    once = f" may terminate this Agreement once {count:,} {noun}{of} {verb} within any "
    return *who, once, *phrases.period(agreement, within, "")


def _deadline(agreement: Agreement, within: Period) -> Inlines:
    return " ", *phrases.deadline(agreement, within), " after the breach"


def _credit(agreement: Agreement, remedy: Credit) -> Inlines:
    who = (*phrases.holder(agreement, remedy.party), " is entitled to a service credit ")
    if remedy.amount is not None:
        return *phrases.capital(who), "of ", *amount(agreement, remedy.amount), " for each breach"
    tiers = [
        (f"{tier.comparison.value} ", *phrases.value(agreement, tier.threshold), ", ", *amount(agreement, tier.amount))
        for tier in remedy.tiers
    ]
    found: Inlines = ()
    for index, tier in enumerate(tiers):
        found = (*found, *(("; ",) if index else ()), *tier)
    return *phrases.capital(who), "by the value measured: ", *found, "; the last that applies counts alone"


def amount(agreement: Agreement, found: Amount) -> Inlines:
    """`USD 4,000 (10% of the Monthly Fee)`."""
    shown = money_text(found.money)
    if found.share is not None and found.of is not None:
        share = phrases.value(agreement, found.share)
        term = found.of.term
        of = phrases.term(agreement, term) if term else phrases.value(agreement, found.of)
        return f"{shown} (", *share, " of ", *of, ")"
    if found.term is not None:
        return *phrases.term(agreement, found.term), f" ({shown})"
    return (shown,)
