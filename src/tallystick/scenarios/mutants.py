"""Mutants: the rulebook with one number or comparison changed, and whether any scenario would notice.

A scenario that holds for the rules as they are and for a mutant does not tell the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, assert_never

from pydantic import BaseModel

from tallystick.evaluation.finding import Verdict
from tallystick.model.scenario import (
    ActExpected,
    BlockExpected,
    CureExpected,
    EscalationExpected,
    Expected,
    RightExpected,
    Scenario,
    SumExpected,
    VerdictExpected,
    WaiverExpected,
)
from tallystick.prose.quantity import quantity_text
from tallystick.quantities import Kind, Period, Quantity
from tallystick.rules.measure import Comparison, Series, Value
from tallystick.rules.rule import (
    Amount,
    Calendar,
    CalendarUnit,
    CountEvents,
    PeriodOfClass,
    Response,
    Rolling,
    Rule,
    Terminate,
    Whichever,
    unversioned,
)
from tallystick.rules.rulebook import Rulebook
from tallystick.scenarios.outcome import State
from tallystick.scenarios.run import evaluated, outcomes_of

Told = Callable[[str, int, int], None]


class Part(StrEnum):
    """What of a rule was changed."""

    THRESHOLD = "threshold"
    COMPARISON = "comparison"
    WINDOW = "window"
    PERIOD = "period"
    AMOUNT = "amount"
    NUMBER = "number"


@dataclass(frozen=True)
class Change:
    """One change, in words: `of` is where in the rule it stands, `at least` became `above`."""

    part: Part
    of: str
    before: str
    after: str


@dataclass(frozen=True)
class Mutant:
    """A rulebook with one change. `rule` is None for a consequence of all rules."""

    rule: str | None
    change: Change
    rulebook: Rulebook


@dataclass(frozen=True)
class Judged:
    """A mutant, and the scenario that noticed it; None when none would."""

    mutant: Mutant
    noticed_by: str | None


def judge_mutants(rulebook: Rulebook, scenarios: Sequence[Scenario], told: Told | None = None) -> tuple[Judged, ...]:
    """Each mutant against the scenarios, which hold for the rulebook itself."""
    found = []
    watches = [_watch(rulebook, scenario) for scenario in scenarios]
    mutants = list(mutants_of(rulebook))
    for place, mutant in enumerate(mutants):
        if told:
            told("changing rules", place, len(mutants))
        noticed = (watch.scenario.title for watch in watches if watch.notices(mutant))
        found.append(Judged(mutant, next(noticed, None)))
    return tuple(found)


def mutants_of(rulebook: Rulebook) -> Iterator[Mutant]:
    """Every change, in the order of the rules, the consequences of all rules last."""
    for place, rule in enumerate(rulebook.rules):
        for change, changed in _changes(rule):
            rules = (*rulebook.rules[:place], changed, *rulebook.rules[place + 1 :])
            yield Mutant(rule.id, change, rulebook.model_copy(update={"rules": rules}))
    for change, remedies in _changes_of_many(rulebook.remedies, ON_BREACH):
        yield Mutant(None, change, rulebook.model_copy(update={"remedies": remedies}))


# --- which scenarios could notice ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Watch:
    """A scenario with the rules that have a part in what it expects: those it names, and those that were breached.

    A rule is judged by itself; credits and rights add up over breaches. The other rules need not be judged again.
    """

    scenario: Scenario
    named: frozenset[str]
    breached: frozenset[str]
    adds_up: bool

    def matters(self, rule: Rule, rulebook: Rulebook) -> bool:
        """Whether a change of the rule could be noticed at all."""
        return unversioned(rule.id) in self.named or (self.adds_up and bool(rule.remedies or rulebook.remedies))

    def notices(self, mutant: Mutant) -> bool:
        """Whether some expectation no longer holds."""
        changed = next((rule for rule in mutant.rulebook.rules if rule.id == mutant.rule), None)
        if changed is not None and not self.matters(changed, mutant.rulebook):
            return False
        kept = self.named | self.breached | {mutant.rule}
        texts = {unversioned(name) for name in kept if name is not None}
        rules = tuple(rule for rule in mutant.rulebook.rules if unversioned(rule.id) in texts)
        fewer = mutant.rulebook.model_copy(update={"rules": rules})
        return any(outcome.state is not State.HELD for outcome in outcomes_of(fewer, self.scenario))


def _watch(rulebook: Rulebook, scenario: Scenario) -> _Watch:
    sums = (SumExpected, RightExpected, ActExpected)
    findings = evaluated(rulebook, scenario).findings
    return _Watch(
        scenario,
        named=frozenset(_rule_of(name) for item in scenario.expected for name in _rules_of(item)),
        breached=frozenset(_rule_of(item.rule) for item in findings if item.verdict is Verdict.BREACHED),
        adds_up=any(isinstance(item, sums) for item in scenario.expected),
    )


def _rules_of(expected: Expected) -> tuple[str, ...]:
    """The rules of which an expectation speaks by name. No number of a rule decides how a waiver stands."""
    match expected:
        case VerdictExpected() | CureExpected() | EscalationExpected() | BlockExpected():
            return expected.place.rules
        case SumExpected() | ActExpected() | RightExpected() | WaiverExpected():
            return ()
        case _:
            assert_never(expected)


def _rule_of(finding: str) -> str:
    """The rule that a duty or block belongs to."""
    return finding.partition("/")[0]


# --- the changes -----------------------------------------------------------------------------------------------

_OTHER = {
    Comparison.AT_LEAST: Comparison.ABOVE,
    Comparison.ABOVE: Comparison.AT_LEAST,
    Comparison.AT_MOST: Comparison.BELOW,
    Comparison.BELOW: Comparison.AT_MOST,
    Comparison.IS: Comparison.IS_NOT,
    Comparison.IS_NOT: Comparison.IS,
}
_BESIDE = {
    CalendarUnit.HOUR: CalendarUnit.DAY,
    CalendarUnit.DAY: CalendarUnit.WEEK,
    CalendarUnit.WEEK: CalendarUnit.MONTH,
    CalendarUnit.MONTH: CalendarUnit.QUARTER,
    CalendarUnit.QUARTER: CalendarUnit.YEAR,
    CalendarUnit.YEAR: CalendarUnit.QUARTER,
    CalendarUnit.FISCAL_QUARTER: CalendarUnit.FISCAL_YEAR,
    CalendarUnit.FISCAL_YEAR: CalendarUnit.FISCAL_QUARTER,
}
ON_BREACH = "on breach"


def _changes(part: Any, of: str = "") -> Iterator[tuple[Change, Any]]:
    """Each change of one number or comparison in a rule or a part of it, with the part as it then is."""
    match part:
        case Value():
            for changed in _beside(part.quantity):
                change = Change(Part.THRESHOLD, of, quantity_text(part.quantity), quantity_text(changed))
                yield change, Value(quantity=changed)
        case Amount():
            for changed in _beside(part.money):
                yield Change(Part.AMOUNT, of, quantity_text(part.money), quantity_text(changed)), Amount(money=changed)
        case Period():
            for amount in (part.amount - 1, part.amount + 1):
                other = part.model_copy(update={"amount": amount, "term": None})
                if amount > 0:
                    yield Change(Part.PERIOD, of, str(part), str(other)), other
        case Calendar(each=each):
            beside = _BESIDE[each]
            yield Change(Part.WINDOW, of, f"each {each}", f"each {beside}"), Calendar(each=beside)
        case PeriodOfClass(values=values, within=within):
            for change, changed in _changes(within, f"{of}, {' or '.join(values)}"):
                yield change, part.model_copy(update={"within": changed})
        case Whichever(later=later):
            words = ["whichever is earlier", "whichever is later"]
            yield (
                Change(Part.COMPARISON, of, words[later], words[not later]),
                part.model_copy(update={"later": not later}),
            )
            yield from _changes_of_fields(part, "or")
        case Response(excluding=Series() as stops):
            without = part.model_copy(update={"excluding": None})
            yield Change(Part.PERIOD, "excluding", stops.name, "nothing"), without
            yield from _changes_of_fields(part, of)
        case Comparison():
            yield Change(Part.COMPARISON, of, part.value, _OTHER[part].value), _OTHER[part]
        case tuple():
            yield from _changes_of_many(part, of)
        case BaseModel():
            yield from _changes_of_fields(part, of)
        case _:
            pass


def _changes_of_fields(part: BaseModel, of: str) -> Iterator[tuple[Change, BaseModel]]:
    for name in sorted(type(part).model_fields, key=_LAST.__contains__):
        # At least and above so many times differ by one: the number of times is changed instead.
        if isinstance(part, CountEvents) and name == "comparison":
            continue
        place = of if isinstance(part, Rolling) else _place(name, of)
        value = getattr(part, name)
        if isinstance(value, int) and (name, type(part)) in _NUMBERS:
            found: Iterator[tuple[Change, Any]] = _counts(value, place)
        elif name == "minimum_samples" and value > 1:
            found = _counts(value, "with at least … samples")
        else:
            found = _changes(value, place)
        for change, changed in found:
            yield change, part.model_copy(update={name: changed})


_LAST = frozenset({"exemptions", "remedies"})
_NUMBERS = {("times", CountEvents), ("count", Terminate)}


def _counts(value: int, of: str) -> Iterator[tuple[Change, int]]:
    for changed in (value - 1, value + 1):
        if changed >= 0:
            yield Change(Part.NUMBER, of, f"{value:,}", f"{changed:,}"), changed


def _changes_of_many(parts: tuple[Any, ...], of: str) -> Iterator[tuple[Change, tuple[Any, ...]]]:
    for place, part in enumerate(parts):
        named = f"{ON_BREACH}, {part.kind}" if of == ON_BREACH else of
        for change, changed in _changes(part, named):
            yield change, (*parts[:place], changed, *parts[place + 1 :])


def _place(name: str, of: str) -> str:
    """Where a change stands, in the words of the contract: within, tolerating, on breach …"""
    if name == "remedies":
        return ON_BREACH
    if name == "confidence":
        return "with … confidence"
    if name in ("within", "lead", "tolerance", "every", "after", "period", "before", "otherwise"):
        words = {"lead": "at least … before", "tolerance": "tolerating", "period": "for at least"}.get(name, name)
        return f"{of}, {words}" if of else words
    return of


def _beside(quantity: Quantity) -> Iterator[Quantity]:
    """The number one step in its last place lower and higher; a percentage stays within 0% and 100%."""
    exponent = quantity.value.normalize().as_tuple().exponent
    whole = -2 if quantity.kind is Kind.FRACTION else 0
    step = Decimal(1).scaleb(min(exponent, whole) if isinstance(exponent, int) else whole)
    for value in (quantity.value - step, quantity.value + step):
        if value >= 0 and not (quantity.kind is Kind.FRACTION and value > 1):
            yield Quantity(value=value, unit=quantity.unit)
