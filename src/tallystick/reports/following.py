"""What follows from one breach: what must be done by when, what is owed, what may be done, and how each stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never
from zoneinfo import ZoneInfo

from tallystick.evaluation.belonging import instant_of
from tallystick.evaluation.evaluation import (
    BlockedTime,
    CreditDue,
    CreditState,
    CureState,
    CureStatus,
    Escalation,
    Evaluation,
    InterestDue,
    RefundDue,
    RightGiven,
    TerminationRight,
)
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.reports.words import interest_text, known_money, money, refund_text, time_text
from tallystick.rules.rule import NotifyDuty, Occasion, PerformDuty, Remedy, Rule, Terminate
from tallystick.rules.rulebook import Rulebook


class Standing(StrEnum):
    """Whether something is still to come, is done with, or went wrong."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Consequence:
    """One consequence: what it is, the instant by which (None: without one), and how it stands, in words."""

    says: str
    by: int | None
    stands: str
    standing: Standing


@dataclass(frozen=True)
class Known:
    """What consequences are read from."""

    rulebook: Rulebook
    evaluation: Evaluation

    @property
    def zone(self) -> ZoneInfo:
        """The agreement's time zone."""
        return ZoneInfo(self.rulebook.timezone)

    def rule_of(self, finding: Finding) -> Rule:
        """The rule that was judged, also of a finding about a duty that followed from a breach of it."""
        return next(rule for rule in self.rulebook.rules if rule.id == finding.rule.partition("/")[0])

    def way_to(self, finding: Finding) -> tuple[Remedy, ...]:
        """The duties (at the end perhaps a block) that lead from the rule to what was judged; none for the rule itself."""
        rule = self.rule_of(finding)
        remedies, way = (*rule.remedies, *self.rulebook.remedies), []
        for step in finding.rule.split("/")[1:]:
            remedy = next(each for each in remedies if getattr(each, "id", "") == step)
            way.append(remedy)
            remedies = remedy.remedies if isinstance(remedy, NotifyDuty | PerformDuty) else ()
        return tuple(way)

    def remedies_after(self, finding: Finding) -> tuple[Remedy, ...]:
        """What can follow from a finding: the consequences of its rule and the agreement's, or those of its duty."""
        duty, rule = self.duty_of(finding), self.rule_of(finding)
        if duty is not None:
            return duty.remedies
        return rule.remedies if isinstance(rule, Occasion) else (*rule.remedies, *self.rulebook.remedies)

    def duty_of(self, finding: Finding) -> NotifyDuty | PerformDuty | None:
        """The duty that a finding is about, if it is about one."""
        last = self.way_to(finding)[-1:]
        return last[0] if last and isinstance(last[0], NotifyDuty | PerformDuty) else None

    def sentence_of(self, finding: Finding) -> str:
        """The sentence that was judged: the rule's, or that of the duty or block that followed from it."""
        way = self.way_to(finding)
        return way[-1].sentence if way else self.rule_of(finding).sentence

    def under(self, rule: Rule) -> str:
        """` (OF-1)` for a text of a rule that holds under an order only."""
        return f" ({rule.order})" if rule.order else ""

    def party(self, name: str) -> str:
        """What the contract calls a party."""
        return next((each.called for each in self.rulebook.parties if each.id == name), name)

    def role(self, name: str) -> str:
        """The title of a role."""
        return next((each.title for each in self.rulebook.roles if each.id == name), name)

    def holder(self, name: str) -> str:
        """What the contract calls a party, or the title of a role."""
        return self.role(name) if any(each.id == name for each in self.rulebook.roles) else self.party(name)

    def event(self, name: str) -> str:
        """The title of an event."""
        return next((each.title for each in self.rulebook.events if each.id == name), name.replace("_", " "))


def following(known: Known, finding: Finding) -> tuple[Consequence, ...]:
    """Every consequence of a breached finding: first what must be done, then what is owed, then what may be done."""
    found = known.evaluation
    return (
        *(_duty(known, each) for each in _duties(known, finding)),
        *(_cure(known, each) for each in found.cures if each.finding == finding.id and each.until is not None),
        *(_credit(known, each) for each in found.credits if each.finding == finding.id),
        *(_escalation(known, each) for each in found.escalations if each.finding == finding.id),
        *(_block(known, each) for each in found.blocks if each.finding == finding.id),
        *(_interest(known, each) for each in found.interest if each.finding == finding.id),
        *(_refund(known, each) for each in found.refunds if each.finding == finding.id),
        *(_right(known, each) for each in found.rights if each.finding == finding.id),
        *(_termination(known, each) for each in found.terminations if finding.id in each.findings),
        *_possible(known, finding),
    )


def _duties(known: Known, finding: Finding) -> Iterator[Finding]:
    """The findings about duties that this breach began: they bear its group, and begin at its instant."""
    start = instant_of(finding)
    for each in known.evaluation.findings:
        same = each.group == finding.group and each.start == start and each.clause == finding.clause
        if same and each.rule.rpartition("/")[0] == finding.rule and known.duty_of(each) is not None:
            yield each


def _duty(known: Known, duty: Finding) -> Consequence:
    stands, standing = _done(known, duty)
    return Consequence(known.sentence_of(duty), duty.end, stands, standing)


def _done(known: Known, duty: Finding) -> tuple[str, Standing]:
    done = f"done on {time_text(duty.evidence[0].time, known.zone)}" if duty.evidence else "done"
    match duty.verdict:
        case Verdict.MET:
            return done, Standing.DONE
        case Verdict.EXCUSED:
            return f"excused: {duty.excuse}", Standing.DONE
        case Verdict.PENDING:
            return "to be done", Standing.OPEN
        case Verdict.BREACHED:
            return f"{done}, too late" if duty.evidence else "not done", Standing.FAILED
        case Verdict.UNMEASURED:
            return f"not known: {duty.because}", Standing.FAILED
        case _:
            assert_never(duty.verdict)


def _cure(known: Known, cure: CureStatus) -> Consequence:
    says = "The breach may be cured."
    match cure.state:
        case CureState.CURED:
            return Consequence(says, cure.until, f"cured on {time_text(cure.at, known.zone)}", Standing.DONE)
        case CureState.CURABLE:
            return Consequence(says, cure.until, "not cured yet", Standing.OPEN)
        case CureState.UNCURED:
            return Consequence(says, cure.until, "not cured in time", Standing.FAILED)
        case _:
            assert_never(cure.state)


def _credit(known: Known, credit: CreditDue) -> Consequence:
    to, amount = known.party(credit.party), money(credit.amount, credit.currency)
    before = "" if credit.amount == credit.before else f" ({money(credit.before, credit.currency)} before caps)"
    says = f"{to} is entitled to a service credit of {amount}{before}."
    match credit.state:
        case CreditState.DUE:
            return Consequence(says, None, "due", Standing.OPEN)
        case CreditState.CLAIMED:
            return Consequence(says, None, f"claimed on {time_text(credit.claimed_at, known.zone)}", Standing.OPEN)
        case CreditState.CLAIMABLE:
            return Consequence(says, credit.claim_until, "to be claimed", Standing.OPEN)
        case CreditState.LAPSED:
            return Consequence(says, credit.claim_until, "not claimed in time", Standing.DONE)
        case CreditState.BELOW_MINIMUM:
            return Consequence(says, None, "below the least amount that is payable", Standing.DONE)
        case CreditState.NOT_HIGHEST:
            return Consequence(says, None, "not payable beside a higher one", Standing.DONE)
        case CreditState.PENDING:
            return Consequence(says, None, "what was charged is not complete yet", Standing.OPEN)
        case CreditState.UNMEASURED:
            return Consequence(says, None, "cannot be worked out: what was charged is not in the data", Standing.OPEN)
        case _:
            assert_never(credit.state)


def _escalation(known: Known, step: Escalation) -> Consequence:
    says = f"The breach goes up to the {known.role(step.role)} unless it is cured before."
    return Consequence(says, step.at, "has gone up" if step.due else "not yet", Standing.OPEN)


def _block(known: Known, block: BlockedTime) -> Consequence:
    where = f" in {' or '.join(block.environments)}" if block.environments else ""
    since = f"since {time_text(block.start, known.zone)}"
    says = f"No {known.event(block.event)}{where} is allowed."
    if block.end is None:
        return Consequence(says, None, f"in force {since}", Standing.OPEN)
    return Consequence(says, block.end, f"ended; in force {since}", Standing.DONE)


def _interest(known: Known, interest: InterestDue) -> Consequence:
    to, amount = known.party(interest.party), known_money(interest.amount, interest.currency)
    says = f"{to} is owed interest: {amount} on {known_money(interest.principal, interest.currency)}."
    stands = "still runs" if interest.running else f"ended on {time_text(interest.end, known.zone)}"
    return Consequence(says, None, f"{stands} ({interest_text(interest)})", Standing.OPEN)


def _refund(known: Known, refund: RefundDue) -> Consequence:
    says = f"{known.party(refund.party)} is given back {known_money(refund.amount, refund.currency)}."
    return Consequence(
        says, None, f"due since {time_text(refund.at, known.zone)} ({refund_text(refund)})", Standing.OPEN
    )


def _right(known: Known, right: RightGiven) -> Consequence:
    says = f"{known.holder(right.holder)} may perform: {known.event(right.event)}."
    since = f"since {time_text(right.arises, known.zone)}"
    if right.used is not None:
        return Consequence(says, right.until, f"used on {time_text(right.used, known.zone)}", Standing.DONE)
    if right.ended is not None:
        return Consequence(says, right.until, f"ended on {time_text(right.ended, known.zone)}", Standing.DONE)
    lapsed = ", and has lapsed" if right.lapsed else ""
    return Consequence(says, right.until, f"{since}{lapsed}", Standing.DONE if right.lapsed else Standing.OPEN)


def _termination(known: Known, right: TerminationRight) -> Consequence:
    says = f"{known.party(right.party)} may terminate this Agreement."
    lapsed = ", and has lapsed" if right.lapsed else ""
    stands = f"arose on {time_text(right.arises, known.zone)}{lapsed}"
    return Consequence(says, right.until, stands, Standing.DONE if right.lapsed else Standing.OPEN)


def _possible(known: Known, finding: Finding) -> Iterator[Consequence]:
    """Rights to terminate that this breach counts for, and that have not arisen."""
    arisen = [right for right in known.evaluation.terminations if right.clause == finding.clause]
    for remedy in known.remedies_after(finding):
        terms = (remedy.party, remedy.count, remedy.uncured) if isinstance(remedy, Terminate) else None
        if isinstance(remedy, Terminate) and all((each.party, each.count, each.uncured) != terms for each in arisen):
            yield Consequence(remedy.sentence, None, "has not arisen", Standing.OPEN)
