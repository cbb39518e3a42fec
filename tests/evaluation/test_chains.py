"""Chains of duties, occasions and other rights at their edges."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.finding import Verdict
from tallystick.rules.rule import (
    Block,
    Cap,
    Credit,
    Cure,
    Escalate,
    Occasion,
    PerformDuty,
    Remedy,
    Right,
    Rule,
    Terminate,
    followed,
)

from .building import BASE, at, event, facts, judged, money, period, record

DEPTH = 12
INCIDENT: dict[str, Any] = {"time": at("2027-01-10 09:00"), "incident_id": "1"}


def chain(depth: int) -> PerformDuty:
    """A duty within a day, from whose breach follows another, and so on."""
    further = (chain(depth - 1),) if depth > 1 else ()
    return PerformDuty(id="duty", holder="provider", event="evaluation", within=period(1, "days"), remedies=further)


def evaluated(
    rule: Rule, rows: dict[str, list[dict[str, Any]]], as_of: str, shared: tuple[Remedy, ...] = ()
) -> Evaluation:
    return judged(rule, facts(**rows), as_of, remedies=shared)


def test_a_chain_is_followed_to_any_depth() -> None:
    """Each duty is due a day after the breach of the one before it, and each names the way to it."""
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(chain(DEPTH),))
    found = evaluated(rule, {"incident": [INCIDENT], "evaluation": []}, "2027-03-01 00:00")
    duties = [finding for finding in found.findings if "/" in finding.rule]
    assert [finding.verdict for finding in duties] == [Verdict.BREACHED] * DEPTH
    assert [finding.start for finding in duties] == [at(f"2027-01-{10 + day:02} 09:00") for day in range(DEPTH)]
    assert duties[-1].rule == "rule" + "/duty" * DEPTH
    assert len(list(followed(rule.remedies, ""))) == DEPTH


def test_duties_of_two_incidents_of_one_instant_are_two() -> None:
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(chain(1),))
    rows = [INCIDENT, INCIDENT | {"incident_id": "2"}]
    found = evaluated(rule, {"incident": rows, "evaluation": []}, "2027-02-01 00:00")
    duties = [finding for finding in found.findings if finding.rule == "rule/duty"]
    assert [dict(finding.about)["incident_id"] for finding in duties] == ["1", "2"]
    assert len({finding.id for finding in found.findings}) == 4


def test_a_duty_that_is_not_breached_yet_starts_nothing() -> None:
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(chain(3),))
    found = evaluated(rule, {"incident": [INCIDENT], "evaluation": []}, "2027-01-12 09:00")
    assert [(f.rule, f.verdict.value) for f in found.findings[1:]] == [
        ("rule/duty", "breached"),
        ("rule/duty/duty", "pending"),
    ]


def test_without_a_table_a_duty_is_unmeasured_and_starts_nothing() -> None:
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(chain(2),))
    found = evaluated(rule, {"incident": [INCIDENT]}, "2027-02-01 00:00")
    assert [(f.rule, f.verdict.value) for f in found.findings[1:]] == [("rule/duty", "unmeasured")]


def test_an_occasion_without_a_table_is_unmeasured() -> None:
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(Credit(party="customer", amount=money("5")),))
    found = evaluated(rule, {}, "2027-02-01 00:00")
    assert [f.verdict.value for f in found.findings] == ["unmeasured"]
    assert found.credits == ()


def test_an_occasion_that_never_came_gives_rise_to_nothing() -> None:
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(Credit(party="customer", amount=money("5")),))
    found = evaluated(rule, {"incident": []}, "2027-02-01 00:00")
    assert [(f.verdict.value, f.samples) for f in found.findings] == [("met", 0)]
    assert found.credits == ()


@pytest.mark.parametrize(
    ("end", "as_of", "verdict"),
    [
        ("2027-01-11 00:00", "2027-02-01 00:00", [("met", 1)]),  # exactly as long as it must last
        ("2027-01-10 23:59", "2027-02-01 00:00", [("met", 0)]),
        (None, "2027-01-11 00:00", [("pending", 1)]),
        (None, "2027-01-11 00:01", [("met", 1)]),
    ],
)
def test_how_long_a_state_must_last(end: str | None, as_of: str, verdict: list[tuple[str, int]]) -> None:
    rows = {"outage": [{"begin": at("2027-01-01 00:00"), "end": None if end is None else at(end)}]}
    rule = Occasion(**BASE, trigger=record("outage"), lasting=period(10, "days"))
    assert [(f.verdict.value, f.samples) for f in evaluated(rule, rows, as_of).findings] == verdict


def test_doing_a_duty_late_cures_it_and_ends_the_right() -> None:
    further = (
        Right(holder="provider", event="deployment"),
        Escalate(role="chief", after=period(2, "days")),
        Cure(within=period(5, "days")),
    )
    duty = PerformDuty(id="duty", holder="provider", event="evaluation", within=period(1, "days"), remedies=further)
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(duty,))
    done = {"time": at("2027-01-13 09:00")}
    found = evaluated(rule, {"incident": [INCIDENT], "evaluation": [done]}, "2027-02-01 00:00")
    (right,) = found.rights
    assert (right.arises, right.ended, right.lapsed) == (at("2027-01-11 09:00"), at("2027-01-13 09:00"), True)
    assert [(cure.state.value, cure.at) for cure in found.cures] == [("cured", at("2027-01-13 09:00"))]
    assert found.escalations == ()  # two days after the breach it is done, which is just in time


def test_a_right_may_be_used_at_its_last_instant_and_not_after() -> None:
    rule = Occasion(
        **BASE,
        trigger=event("incident"),
        remedies=(Right(holder="provider", event="deployment", within=period(1, "days")),),
    )
    for time, used in (("2027-01-11 09:00", at("2027-01-11 09:00")), ("2027-01-11 09:01", None)):
        rows = {"incident": [INCIDENT], "deployment": [{"time": at(time)}]}
        (right,) = evaluated(rule, rows, "2027-02-01 00:00").rights
        assert right.used == used


def test_a_block_of_stated_length_ends_with_it() -> None:
    rule = Occasion(
        **BASE,
        trigger=event("incident"),
        remedies=(Block(id="block", event="deployment", lasting=period(2, "days")),),
    )
    rows = {"incident": [INCIDENT], "deployment": [{"time": at("2027-01-12 08:59")}, {"time": at("2027-01-12 09:00")}]}
    found = evaluated(rule, rows, "2027-02-01 00:00")
    assert [f.start for f in found.findings if f.rule == "rule/block"] == [at("2027-01-12 08:59")]


def test_two_occasions_at_the_same_instant_are_two() -> None:
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(Credit(party="customer", amount=money("5")),))
    rows = {"incident": [INCIDENT, {**INCIDENT, "incident_id": "2"}]}
    assert len(evaluated(rule, rows, "2027-02-01 00:00").credits) == 2


def test_a_right_to_terminate_at_once_arises_again_after_it_lapsed() -> None:
    right = Terminate(party="customer", count=1, uncured=False, at_once=True, exercisable=period(5, "days"))
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(right,))
    rows = {"incident": [{"time": at(f"2027-01-{day} 09:00"), "incident_id": "1"} for day in ("10", "12", "20")]}
    found = evaluated(rule, rows, "2027-01-22 00:00")
    assert [(r.arises, r.lapsed) for r in found.terminations] == [
        (at("2027-01-10 09:00"), True),
        (at("2027-01-20 09:00"), False),
    ]


def test_a_cap_of_a_duty_leaves_other_credits_alone() -> None:
    duty = PerformDuty(
        id="duty",
        holder="provider",
        event="evaluation",
        within=period(1, "days"),
        remedies=(Credit(party="customer", amount=money("30")), Cap(amount=money("20"))),
    )
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(Credit(party="customer", amount=money("50")), duty))
    found = evaluated(rule, {"incident": [INCIDENT], "evaluation": []}, "2027-02-01 00:00")
    assert [(credit.rule, credit.amount) for credit in found.credits] == [
        ("rule", Decimal(50)),
        ("rule/duty", Decimal(20)),
    ]


def test_what_is_said_of_all_breaches_is_not_said_of_occasions() -> None:
    rule = Occasion(**BASE, trigger=event("incident"), remedies=(chain(1),))
    shared = (Credit(party="customer", amount=money("5")),)
    found = evaluated(rule, {"incident": [INCIDENT], "evaluation": []}, "2027-02-01 00:00", shared)
    assert found.credits == ()
