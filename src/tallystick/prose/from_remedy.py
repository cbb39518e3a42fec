"""Consequences in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from tallystick.model.agreement import Agreement
from tallystick.prose import phrases
from tallystick.prose.from_rule import OBLIGATION
from tallystick.prose.phrases import Inlines
from tallystick.prose.quantity import money_text, period_text
from tallystick.prose.sentence import Part, Sentence
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.rule import (
    Amount,
    Block,
    Cap,
    Credit,
    Cure,
    Delay,
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
            whom = (*phrases.role(agreement, role), phrases.or_senior(roles))
            return (
                *phrases.capital(phrases.holder(agreement, holder)),
                f" {OBLIGATION} notify ",
                *whom,
                *_deadline(agreement, within),
            )
        case PerformDuty(holder=holder, event=event, within=within):
            doing = phrases.action(agreement, event)
            who = ("someone, no matter who,",) if holder is None else phrases.holder(agreement, holder)
            return (
                *phrases.capital(who),
                f" {OBLIGATION} ",
                *doing,
                *_deadline(agreement, within),
            )
        case Credit():
            return (*_credit(agreement, remedy, bool(rules)), *_payable(agreement, remedy))
        case Cap(amount=money):
            scope = "under this Section" if rules else "under this Agreement"
            limit = amount(agreement, money)
            return (
                f"Service credits {scope} {OBLIGATION} not exceed ",
                *limit,
                *cap_span(agreement, remedy),
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
        case Terminate(party=party):
            who = phrases.capital(phrases.holder(agreement, party))
            once = termination_ground(agreement, remedy, of_section=bool(rules))
            return *who, " may terminate this Agreement once ", *once, *_exercisable(agreement, remedy.exercisable)
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


def termination_ground(agreement: Agreement, remedy: Terminate, *, of_section: bool) -> Inlines:
    """When the right arises: `3 breaches of this Section fall within any 6 months`."""
    count = remedy.count
    kind = "uncured breach" if remedy.uncured else "breach"
    noun, verb = (kind, "falls") if count == 1 else (f"{kind}es", "fall")
    of = " of this Section" if of_section else " of one Section"
    if remedy.spans is not None:
        number, unit = remedy.spans.number, phrases.calendar_text(remedy.spans.each)
        has = f"{count:,} of any {number:,} consecutive {unit}s {'has' if count == 1 else 'have'}"
        return (f"at least {has} at least one breach{of}",)
    if remedy.within is None:
        judged = "; those that are excused or unmeasured neither count nor interrupt"
        windows = "windows (or cases) in a row of the same requirement and group"
        return (f"{count:,} judged {windows}{of} are breached{judged}",)
    of = " of this Section" if of_section else ""
    return f"{count:,} {noun}{of} {verb} within any ", *phrases.period(agreement, remedy.within, "")


def _exercisable(agreement: Agreement, within: Period | None) -> Inlines:
    if within is None:
        return ()
    limit = phrases.period(agreement, within)
    exactly = f" after it arises (exactly {period_text(within)} after is in time)"
    again = f"{exactly}; then it lapses, until a later breach gives rise to it again"
    return ". The right may be exercised no later than ", *limit, again


def cap_span(agreement: Agreement, cap: Cap) -> Inlines:
    """` in each calendar month`, or the rolling period, or the term."""
    if cap.each is not None:
        return (f" in each {phrases.calendar_text(cap.each)}",)
    if cap.rolling is None:
        return (" over the whole term of this Agreement",)
    return " in any ", *phrases.period(agreement, cap.rolling, ""), " that end with the day of a credit"


def _deadline(agreement: Agreement, within: Period) -> Inlines:
    return " ", *phrases.deadline(agreement, within), " after the breach"


def _payable(agreement: Agreement, remedy: Credit) -> Inlines:
    """What else a credit needs to be payable."""
    found: Inlines = ()
    if remedy.minimum is not None:
        least = amount(agreement, remedy.minimum)
        found = (*found, ". What comes to less than ", *least, ", after any cap, is not payable; exactly that is")
    if remedy.claim_within is not None:
        limit = phrases.period(agreement, remedy.claim_within)
        breach = "the breach that completes the number" if remedy.counted is not None else "the breach"
        late = f" after {breach}; exactly {period_text(remedy.claim_within)} after is in time"
        found = (*found, ". It is payable only if claimed no later than ", *limit, late)
    return found


def delay_unit(agreement: Agreement, delay: Delay) -> Inlines:
    """`each started day`, or `each full 2 days`."""
    if delay.each.amount == 1 and delay.each.term is None:
        return (f"each {delay.extent} {delay.each.unit.value.removesuffix('s')}",)
    return f"each {delay.extent} ", *phrases.period(agreement, delay.each, "")


def _by_delay(agreement: Agreement, delay: Delay) -> Inlines:
    most = () if delay.most is None else (", up to ", *amount(agreement, delay.most), " for each breach")
    once = f"; exactly {period_text(delay.each)} late counts once"
    unit = delay_unit(agreement, delay)
    return "of ", *amount(agreement, delay.amount), " for ", *unit, " of delay after the deadline", *most, once


def _credit(agreement: Agreement, remedy: Credit, of_section: bool) -> Inlines:
    who = (*phrases.holder(agreement, remedy.party), " is entitled to a service credit ")
    if remedy.amount is not None:
        return *phrases.capital(who), "of ", *amount(agreement, remedy.amount), " for each breach"
    if remedy.delay is not None:
        return *phrases.capital(who), *_by_delay(agreement, remedy.delay)
    tiers = [
        (f"{tier.comparison.value} ", *phrases.value(agreement, tier.threshold), ", ", *amount(agreement, tier.amount))
        for tier in remedy.tiers
    ]
    found: Inlines = ()
    for index, tier in enumerate(tiers):
        found = (*found, *(("; ",) if index else ()), *tier)
    if remedy.counted is not None:
        unit = phrases.calendar_text(remedy.counted)
        of = "this Section" if of_section else "the same Section"
        once = f"for each {unit} by the number of breaches of {of} that belong to it: "
        return *phrases.capital(who), once, *found, "; the last that applies counts alone"
    return *phrases.capital(who), "by the value measured: ", *found, "; the last that applies counts alone"


def amount(agreement: Agreement, found: Amount) -> Inlines:
    """`USD 4,000 (10% of the Monthly Fee)`."""
    shown = money_text(found.money)
    if found.share is not None and found.of is not None:
        share = phrases.value(agreement, found.share)
        term = found.of.term
        of = phrases.term(agreement, term) if term else phrases.value(agreement, found.of)
        if not (phrases.is_set(agreement, term) and phrases.is_set(agreement, found.share.term)):
            return *share, " of ", *of
        return f"{shown} (", *share, " of ", *of, ")"
    if found.term is not None:
        shown = shown if phrases.is_set(agreement, found.term) else phrases.NOT_SET
        return *phrases.term(agreement, found.term), f" ({shown})"
    return (shown,)
