"""A decision before an event says what the evaluation would say after it."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any as Anything

import pytest

from tallystick.evaluation.decisions import Decision, decider
from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.finding import Verdict
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.measure import (
    All,
    Any,
    Attribute,
    Compare,
    Comparison,
    Condition,
    Member,
    Not,
    Operator,
    RowArithmetic,
    Text,
)
from tallystick.rules.rule import Covered, During, GivesWay, Permission, Prohibition, Rule, Survival, Where
from tallystick.rules.rulebook import Role, Rulebook

from .building import AT_LEAST, AT_MOST, BASE, at, event, facts, quantity, record, rulebook

ROLES = tuple(Role(id=name, title=name, party="customer") for name in ("officer", "chief"))
NOW = at("2027-03-01")


def permission(of: Anything, *roles: str, **more: Anything) -> Permission:
    return Permission(**(BASE | more), event=of, named=roles[:1], roles=roles)


def is_(name: str, value: str, comparison: Comparison = Comparison.IS) -> Compare:
    return Compare(left=Attribute(name=name), comparison=comparison, right=Text(value=value))


def more_than(name: str, value: str, comparison: Comparison = AT_LEAST, unit: str = "USD") -> Compare:
    return Compare(left=Attribute(name=name), comparison=comparison, right=quantity(value, unit))


def book(*rules: Rule, **more: Anything) -> Rulebook:
    return rulebook(*rules, roles=ROLES, environments=("staging", "production"), **more)


DEPLOYMENTS = [
    {"model": model, "version": "1", "environment": environment, "role": role}
    for model, environment, role in product("ab", ["staging", "production"], ["officer", "chief", "nobody"])
]
INCIDENTS: list[dict[str, Anything]] = [
    {"incident_id": str(number), "severity": severity, "loss": loss, "gross": "100", "delay": delay}
    for number, (severity, loss, delay) in enumerate(product(["low", "high", None], ["10", "80", None], ["30", "90"]))
]
HALF = RowArithmetic(operator=Operator.TIMES, left=quantity("0.5", "fraction"), right=Attribute(name="gross"))


@pytest.mark.parametrize(
    "rules",
    [
        [permission(event("deployment"), "officer")],
        [permission(event("deployment"), "officer", "chief", environments=("staging",))],
        [permission(event("deployment", where=is_("model", "a")), "chief")],
        [permission(event("deployment"), "chief", exemptions=(Where(condition=is_("model", "b")),))],
        [permission(event("deployment"), "chief", exemptions=(Where(condition=is_("unknown", "b")),))],
        [Prohibition(**BASE, event=event("deployment"), environments=("production",))],
        [Prohibition(**BASE, event=event("deployment", where=Member(attribute="role", values=("nobody",))))],
        [
            permission(event("deployment"), "officer", "chief"),
            Prohibition(**(BASE | {"id": "second"}), event=event("deployment", where=Not(part=is_("model", "a")))),
        ],
    ],
)
def test_deployments(rules: list[Rule]) -> None:
    _decided_as_evaluated(rules)


def _under(*covers: Covered, until: str = "2028-01-01") -> list[Rule]:
    """A permission that reads otherwise under an order."""
    way = GivesWay(order="of1", covers=covers, effective=date(2027, 2, 1), until=date.fromisoformat(until))
    own = {"id": "rule@of1", "order": "of1", "effective": way.effective, "until": way.until, "covers": covers}
    return [
        permission(event("deployment"), "officer", gives_way=(way,)),
        permission(event("deployment"), "chief", **own),
    ]


@pytest.mark.parametrize(
    "covers",
    [
        (),
        (Covered(dimension="model", values=("a",)),),
        (Covered(dimension="model", values=("a",)), Covered(dimension="environment", values=("production",))),
        (Covered(dimension="region", values=("north",)),),
    ],
)
@pytest.mark.parametrize("until", ["2028-01-01", "2027-02-15"])
def test_deployments_under_an_order(covers: tuple[Covered, ...], until: str) -> None:
    _decided_as_evaluated(_under(*covers, until=until))


def test_what_survives_the_agreement_decides_after_it() -> None:
    month = Survival(period=Period(amount=1, unit=PeriodUnit.MONTHS))
    forever = Survival()
    for survives, allowed in ((None, True), (month, False), (forever, False)):
        made = book(permission(event("deployment"), "chief", survives=survives), until="2027-02-10")
        assert decider(made, NOW).decide("deployment", "officer").allowed is allowed
    lapsed = book(permission(event("deployment"), "chief", survives=month), until="2027-02-01")
    assert decider(lapsed, NOW).decide("deployment", "officer").allowed


def _decided_as_evaluated(rules: list[Rule]) -> None:
    made = book(*rules)
    decide = decider(made, NOW).decide
    for row in DEPLOYMENTS:
        found = evaluate(made, facts(deployment=[row | {"time": NOW}]), NOW + 1).findings
        breached = [finding.rule for finding in found if finding.verdict is Verdict.BREACHED]
        decision = decide("deployment", row["role"], row["environment"], row)
        assert (decision.allowed, decision.rule) == (not breached, breached[0] if breached else "")


@pytest.mark.parametrize(
    "condition",
    [
        is_("severity", "high"),
        is_("severity", "high", Comparison.IS_NOT),
        is_("severity", "high", AT_LEAST),
        Member(attribute="severity", values=("low",), negated=True),
        more_than("loss", "10", Comparison.ABOVE),
        Not(part=more_than("loss", "10", Comparison.ABOVE)),
        more_than("delay", "1", unit="hours"),
        All(parts=(is_("severity", "low"), more_than("loss", "50"))),
        Any(parts=(is_("severity", "low"), more_than("loss", "50"))),
        Compare(left=Attribute(name="loss"), comparison=AT_MOST, right=HALF),
        more_than("unknown", "1"),
    ],
)
def test_conditions(condition: Condition) -> None:
    made = book(Prohibition(**BASE, event=event("incident", where=condition)))
    decide = decider(made, NOW).decide
    for row in INCIDENTS:
        found = evaluate(made, facts(incident=[row | {"time": NOW}]), NOW + 1).findings
        said = {
            name: int(value) if name in ("loss", "gross", "delay") else value for name, value in row.items() if value
        }
        assert decide("incident", said=said).allowed is not any(f.verdict is Verdict.BREACHED for f in found)


def test_what_needs_data_never_passes() -> None:
    waiting = permission(event("deployment"), "chief", exemptions=(During(record=record("maintenance")),))
    assert not decider(book(waiting), NOW).decide("deployment", "officer").allowed


def test_only_what_is_in_force_decides() -> None:
    rule = permission(event("deployment"), "chief", sentence="Only a Chief may deploy.", effective=date(2027, 3, 1))
    made = book(rule)
    assert decider(made, NOW).decide("deployment", "officer") == Decision(False, "rule", "Only a Chief may deploy.")
    assert decider(made, NOW - 1).decide("deployment", "officer").allowed
    assert decider(book(rule, until="2027-03-01"), NOW).decide("deployment", "officer").allowed
    assert decider(made, NOW).decide("unheard").allowed
