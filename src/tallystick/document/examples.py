"""The annex of worked examples: each scenario as a table of what is given, and a table of what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never
from zoneinfo import ZoneInfo

from tallystick.document.document import Block, Inlines, Row, Subsection, Table, paragraph
from tallystick.document.references import link_to, rule_link
from tallystick.model.agreement import Agreement, Target
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
    SumExpected,
    VerdictExpected,
    WaiverExpected,
)
from tallystick.prose import phrases
from tallystick.prose.quantity import date_text, money_text, quantity_text
from tallystick.prose.sentence import Link
from tallystick.quantities import Quantity
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rule import Block as BlockRemedy
from tallystick.rules.rule import NotifyDuty, PerformDuty, Remedy, Rule

_TARGETS = {
    SeriesKind.METRIC: Target.METRIC,
    SeriesKind.EVENT: Target.EVENT,
    SeriesKind.RECORD: Target.RECORD,
}


def examples(agreement: Agreement) -> Iterator[Block]:
    """A part for each scenario, where the agreement annexes them."""
    if not agreement.examples or not agreement.scenarios:
        return
    yield paragraph(
        "These examples show how this Agreement is applied. Where one of them and a Section differ, the Section decides. "
        f"Times are those of the time zone {agreement.timezone}; one without a time of day is the first instant of the day."
    )
    zone = ZoneInfo(agreement.timezone)
    for number, scenario in enumerate(agreement.scenarios, 1):
        blocks = _given(agreement, scenario, zone), _outcome(agreement, scenario, zone)
        yield Subsection("", scenario.title, f"example-{number}", blocks)


# --- what is given -----------------------------------------------------------------------------------------------


def _given(agreement: Agreement, scenario: Scenario, zone: ZoneInfo) -> Table:
    rows = tuple(_row(agreement, each, zone) for each in scenario.given)
    return Table(("Given", "When", "With"), rows)


def _row(agreement: Agreement, given: Given, zone: ZoneInfo) -> Row:
    data = link_to(agreement, _TARGETS[given.source], given.name)
    numbers = [_number(agreement, given, name, number) for name, number in given.numbers]
    texts = [f"{phrases.dimension_text(name)} “{text}”" for name, text in given.texts]
    what: Inlines = (data,) if given.count == 1 else (data, f" ({given.count:,} times)")
    return Row((what, (_when(given, zone),), ("; ".join((*numbers, *texts)) or "–",)))


def _number(agreement: Agreement, given: Given, name: str, number: Decimal) -> str:
    """The value of a sample; of what an event or record carries, its name too."""
    if given.source is SeriesKind.METRIC:
        return quantity_text(Quantity(value=number, unit=agreement.metrics[given.name].unit))
    source = agreement.events if given.source is SeriesKind.EVENT else agreement.records
    unit = next(each.unit for each in source[given.name].attributes if each.name == name)
    return f"{name.replace('_', ' ')} {quantity_text(Quantity(value=number, unit=unit))}"


def _when(given: Given, zone: ZoneInfo) -> str:
    """One time, the first and the last of several, or how long a record lasts."""
    if not given.times:
        return "never"
    first = _moment(given.times[0], zone)
    if given.source is SeriesKind.RECORD:
        return f"from {first}, without end" if given.end is None else f"from {first} until {_moment(given.end, zone)}"
    if len(given.times) == 1:
        return first
    return f"{len(given.times):,} times from {first} to {_moment(given.times[-1], zone)}, both included"


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    midnight = local.hour == local.minute == local.second == 0
    return date_text(local.date()) if midnight else f"{date_text(local.date())} at {local:%H:%M}"


# --- what comes out ----------------------------------------------------------------------------------------------


def _outcome(agreement: Agreement, scenario: Scenario, zone: ZoneInfo) -> Table:
    rows = tuple(Row(_expected(agreement, each, zone)) for each in scenario.expected)
    return Table((f"At {_moment(scenario.as_of, zone)}", "Outcome"), rows)


def _expected(agreement: Agreement, expected: Expected, zone: ZoneInfo) -> tuple[Inlines, Inlines]:
    """What is looked at, and what comes out for it."""
    match expected:
        case VerdictExpected(place=place):
            value = "" if expected.value is None else f" at {quantity_text(expected.value.quantity)}"
            by = "" if expected.excused_by is None else f" by {agreement.records[expected.excused_by].title}"
            return (*_subject(agreement, place), *_limits(place, zone)), (f"{expected.verdict}{value}{by}",)
        case CureExpected(place=place):
            return ("Breach of ", *_subject(agreement, place), *_limits(place, zone)), (expected.state,)
        case EscalationExpected(place=place):
            goes = "has gone up to " if expected.due else "has not gone up to "
            subject = ("Breach of ", *_subject(agreement, place), *_limits(place, zone))
            return subject, (goes, *phrases.role(agreement, expected.role))
        case BlockExpected(place=place):
            event = link_to(agreement, Target.EVENT, expected.event)
            return (event, *_limits(place, zone)), ("blocked" if expected.blocked else "not blocked",)
        case WaiverExpected():
            known = [clause for clause in agreement.clauses if clause.id == expected.clause]
            what = link_to(agreement, Target.CLAUSE, expected.clause) if known else f"“{expected.clause}”"
            return ("Waiver of ", what), (expected.state,)
        case SumExpected(owed=owed, party=party, amount=amount):
            what = {Owed.CREDIT: "Credits", Owed.INTEREST: "Interest", Owed.REFUND: "Refunds"}[owed]
            to = (what,) if party is None else (f"{what} to ", *phrases.holder(agreement, party))
            return to, ("none" if amount is None else f"{money_text(amount)} in all",)
        case ActExpected(holder=holder, event=event):
            act = ("Right of ", *phrases.holder(agreement, holder), " to ", *phrases.action(agreement, event))
            return act, ("stands" if expected.may else "does not stand",)
        case RightExpected(party=party):
            right = ("Right of ", *phrases.holder(agreement, party), " to terminate")
            return right, ("has arisen" if expected.may else "has not arisen",)
        case _:
            assert_never(expected)


def _subject(agreement: Agreement, place: Place) -> Inlines:
    """The Sections whose findings are meant; before them the duty, where it is one."""
    rules = {rule.id: rule for rule in agreement.rules}
    parts = [name.partition("/") for name in place.rules]
    links = dict.fromkeys(rule_link(rules[rule]) for rule, _, _ in parts)
    kinds = {inlines for rule, _, part in parts if part for inlines in _duty(agreement, rules[rule], part)}
    duty = next(iter(sorted(kinds, key=str)), ())
    return *duty, *_joined(links)


def _joined(links: Iterable[Link]) -> Inlines:
    return phrases.joined([(link,) for link in links], "and")


def _duty(agreement: Agreement, rule: Rule, name: str) -> Iterator[Inlines]:
    """`Duty to notify the Risk Officer under `."""
    remedies: tuple[Remedy, ...] = (*rule.remedies, *agreement.remedies)
    for each in remedies:
        match each:
            case NotifyDuty() if each.id == name:
                yield ("Duty to notify ", *phrases.role(agreement, each.role), " under ")
            case PerformDuty() if each.id == name:
                yield ("Duty to ", *phrases.action(agreement, each.event), " under ")
            case BlockRemedy() if each.id == name:
                yield ("Block of ", link_to(agreement, Target.EVENT, each.event), " under ")
            case _:
                pass


def _limits(place: Place, zone: ZoneInfo) -> Inlines:
    """For which group, and from when."""
    group = [f"{phrases.dimension_text(name)} “{text}”" for name, text in place.group]
    words = f" for {' and '.join(group)}" if group else ""
    if place.since is None:
        return (words,)
    if place.until is None:
        return (f"{words}, from {_moment(place.since, zone)}",)
    last = _moment(place.until - timedelta(microseconds=1), zone).partition(" at ")[0]
    return (f"{words}, on {last}",)
