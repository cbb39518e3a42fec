"""Running scenarios: the given rows through the real evaluation, then each expectation against what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import assert_never

from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.evaluation import CreditDue, Evaluation, InterestDue, RefundDue
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.facts.from_rows import Row, from_rows
from tallystick.model.scenario import (
    ActExpected,
    BlockExpected,
    CureExpected,
    EscalationExpected,
    Expected,
    Given,
    Owed,
    Place,
    RightExpected,
    Scenario,
    Shown,
    SumExpected,
    VerdictExpected,
    WaiverExpected,
)
from tallystick.quantities import known_unit
from tallystick.rules.rule import unversioned
from tallystick.rules.rulebook import Rulebook
from tallystick.scenarios.outcome import Outcome, Result, State

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def run(rulebook: Rulebook, scenario: Scenario) -> Result:
    """Judge a scenario, and once more without its rows, to see what could not have failed."""
    outcomes = outcomes_of(rulebook, scenario)
    without = outcomes_of(rulebook, replace(scenario, given=()))
    affirmed = any(affirms(item) for item in scenario.expected)
    pairs = zip(outcomes, without, strict=True)
    return Result(scenario, tuple(_or_idle(outcome, bare, affirmed=affirmed) for outcome, bare in pairs))


def _or_idle(outcome: Outcome, without: Outcome, *, affirmed: bool) -> Outcome:
    """That nothing follows holds without facts, too: such an expectation shows something only beside one that affirms."""
    idle = without.state is State.HELD and (affirms(outcome.expected) or not affirmed)
    return replace(outcome, state=State.IDLE) if idle and outcome.state is State.HELD else outcome


def affirms(expected: Expected) -> bool:
    """Whether the expectation is of something that comes out, not of its absence."""
    match expected:
        case VerdictExpected() | CureExpected() | WaiverExpected():
            return True
        case EscalationExpected(due=due):
            return due
        case BlockExpected(blocked=blocked):
            return blocked
        case SumExpected(amount=amount):
            return amount is not None and amount.value != 0
        case RightExpected(may=may) | ActExpected(may=may):
            return may
        case _:
            assert_never(expected)


def outcomes_of(rulebook: Rulebook, scenario: Scenario) -> tuple[Outcome, ...]:
    """Each expectation against the evaluation of the given rows."""
    evaluation = evaluated(rulebook, scenario)
    return tuple(_outcome(item, evaluation) for item in scenario.expected)


def evaluated(rulebook: Rulebook, scenario: Scenario) -> Evaluation:
    """The evaluation of the given rows."""
    as_of = instant(scenario.as_of)
    rows = [((given.source, given.name), _rows(given)) for given in scenario.given]
    facts = from_rows(rulebook, rows, as_of)
    try:
        return evaluate(rulebook, facts, as_of)
    finally:
        facts.connection.close()


def instant(moment: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def _rows(given: Given) -> Sequence[Row]:
    end = None if given.end is None else instant(given.end)
    texts, numbers = dict(given.texts), dict(given.numbers)
    return [Row(instant(moment), end, texts, numbers) for moment in given.times for _ in range(given.count)]


# --- one expectation -----------------------------------------------------------------------------------------


def _outcome(expected: Expected, evaluation: Evaluation) -> Outcome:
    match expected:
        case VerdictExpected():
            picked = _picked(expected.place, evaluation)
            return Outcome(expected, _state(_comes_out(expected, picked)), picked)
        case SumExpected():
            return _owed(expected, evaluation)
        case ActExpected():
            acts = tuple(
                right
                for right in evaluation.rights
                if (right.holder, right.event) == (expected.holder, expected.event)
                and right.arises <= evaluation.as_of
                and not right.lapsed
            )
            return Outcome(expected, _state(bool(acts) is expected.may), acts=acts)
        case RightExpected():
            arisen = tuple(right for right in evaluation.terminations if right.party == expected.party)
            rights = tuple(right for right in arisen if right.arises <= evaluation.as_of and not right.lapsed)
            return Outcome(expected, _state(bool(rights) is expected.may), rights=rights)
        case CureExpected():
            ids = {finding.id for finding in _picked(expected.place, evaluation)}
            cures = tuple(cure for cure in evaluation.cures if cure.finding in ids)
            return Outcome(expected, _state(any(cure.state == expected.state for cure in cures)), cures=cures)
        case EscalationExpected():
            ids = {finding.id for finding in _picked(expected.place, evaluation)}
            found = tuple(e for e in evaluation.escalations if e.finding in ids and e.role == expected.role)
            return Outcome(expected, _state(any(e.due for e in found) is expected.due), escalations=found)
        case BlockExpected():
            ids = {finding.id for finding in _picked(expected.place, evaluation)}
            blocks = tuple(b for b in evaluation.blocks if b.finding in ids and b.event == expected.event)
            blocked = any(b.start < evaluation.as_of and (b.end is None or b.end > evaluation.as_of) for b in blocks)
            return Outcome(expected, _state(blocked is expected.blocked), blocks=blocks)
        case WaiverExpected():
            waivers = tuple(waiver for waiver in evaluation.waivers if waiver.clause == expected.clause)
            return Outcome(expected, _state(any(w.state == expected.state for w in waivers)), waivers=waivers)
        case _:
            assert_never(expected)


def _owed(expected: SumExpected, evaluation: Evaluation) -> Outcome:
    """What is not in the data comes to no sum, so that no expectation of one holds."""
    every: dict[Owed, tuple[CreditDue | InterestDue | RefundDue, ...]]
    every = {Owed.CREDIT: evaluation.credits, Owed.INTEREST: evaluation.interest, Owed.REFUND: evaluation.refunds}
    owed = tuple(item for item in every[expected.owed] if expected.party in (None, item.party))
    sums = [item.amount for item in owed if _in_currency(expected, item.currency)]
    wanted = expected.amount.value if expected.amount else Decimal(0)
    known = [amount for amount in sums if amount is not None]
    return Outcome(expected, _state(len(known) == len(sums) and sum(known, Decimal(0)) == wanted), owed=owed)


def _state(holds: bool) -> State:
    return State.HELD if holds else State.FAILED


def _in_currency(expected: SumExpected, currency: str) -> bool:
    return expected.amount is None or expected.amount.unit == currency


def _picked(place: Place, evaluation: Evaluation) -> tuple[Finding, ...]:
    return tuple(finding for finding in evaluation.findings if _picks(place, finding))


def _picks(place: Place, finding: Finding) -> bool:
    """Whether a finding is one that the expectation speaks of."""
    named = dict((*finding.about, *finding.group))
    if unversioned(finding.rule) not in place.rules or any(named.get(name) != text for name, text in place.group):
        return False
    if place.since is None:
        return True
    since, at = instant(place.since), finding.end if finding.rule in place.gates else finding.start
    return at == since if place.until is None else since <= at < instant(place.until)


def _comes_out(expected: VerdictExpected, picked: Sequence[Finding]) -> bool:
    """`met` speaks of every finding that is picked, each other verdict of at least one."""
    same = [finding for finding in picked if finding.verdict.value == expected.verdict]
    if expected.verdict == Verdict.MET and len(same) != len(picked):
        return False
    if expected.excused_by is not None:
        same = [finding for finding in same if expected.excused_by in finding.excuse.split(", ")]
    return any(expected.value is None or _shows(expected.value, finding) for finding in same)


def _shows(shown: Shown, finding: Finding) -> bool:
    """Whether the value of a finding, in the unit of the expectation and rounded to its places, is that value."""
    if finding.value is None:
        return False
    ours, theirs = known_unit(shown.quantity.unit), known_unit(finding.unit or "count")
    if ours.kind is not theirs.kind and not {ours.kind.value, theirs.kind.value} <= {"count", "score", "fraction"}:
        return False
    if ours.kind.value == "money" and ours.name != theirs.name:
        return False
    exact = Fraction(finding.value) * theirs.factor / ours.factor
    with localcontext(prec=60):
        value = Decimal(exact.numerator) / Decimal(exact.denominator)
        return value.quantize(Decimal(1).scaleb(-shown.places), ROUND_HALF_EVEN) == shown.quantity.value
