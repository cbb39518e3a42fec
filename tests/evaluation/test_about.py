"""Claims, cures and notices that name the breach they are about."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.evaluation.evaluate import evaluate
from tallystick.facts.tables import Facts
from tallystick.rules.measure import Comparison
from tallystick.rules.rule import Credit, Cure, Keep, Prohibition, Terminate
from tallystick.rules.rulebook import EventData

from .building import BASE, EVENTS, aggregate, at, each, event, metric, money, period, quantity, rulebook
from .building import facts as usual_facts

ABOUT = tuple(
    source.model_copy(update={"dimensions": ("clause", "about"), "optional": ("clause", "about")})
    for source in EVENTS
    if source.id in ("claim", "cure")
)
KEEP = Keep(
    **BASE,
    measure=aggregate("mean", metric("score")),
    comparison=Comparison.AT_LEAST,
    threshold=quantity("1", "score"),
    window=each("month"),
    remedies=(Credit(party="customer", amount=money("10"), claim_within=period(60, "days")),),
)
SCORES = [{"time": at(time), "value": "0"} for time in ("2027-03-10", "2027-04-10")]


def with_about(facts: Facts, name: str, *rows: tuple[str, str | None]) -> Facts:
    """The facts with a table of an event that says what it is about."""
    table = f"event_{name}"
    facts.connection.execute(f'DROP TABLE "{table}"')
    columns = '"time" BIGINT, "d_clause" VARCHAR, "d_about" VARCHAR, "row" BIGINT'
    facts.connection.execute(f'CREATE TABLE "{table}" ({columns})')
    for number, (time, about) in enumerate(rows):
        facts.connection.execute(f'INSERT INTO "{table}" VALUES (?, ?, ?, ?)', [at(time), "clause", about, number])
    return facts


def book(rule: Any, events: tuple[EventData, ...] = ABOUT, **more: Any) -> Any:
    kept = tuple(source for source in EVENTS if source.id not in ("claim", "cure"))
    return rulebook(rule, currency="USD", events=(*kept, *events), **more)


def claimed(about: str | None, as_of: str = "2027-05-20", **more: Any) -> list[str]:
    facts = with_about(usual_facts(score=SCORES, claim=[]), "claim", ("2027-05-05", about))
    return [credit.state.value for credit in evaluate(book(KEEP, **more), facts, at(as_of)).credits]


@pytest.mark.parametrize(
    ("about", "states"),
    [
        (None, ["claimed", "claimed"]),
        ("2027", ["claimed", "claimed"]),
        ("2027-03", ["claimed", "claimable"]),
        ("2027-04", ["claimable", "claimed"]),
        ("2027-04-30", ["claimable", "claimed"]),
        ("2027-04-29", ["claimable", "claimable"]),
        ("2027-05", ["claimable", "claimable"]),
        ("2026", ["claimable", "claimable"]),
    ],
)
def test_a_claim_is_of_the_time_that_it_names(about: str | None, states: list[str]) -> None:
    assert claimed(about) == states


def test_a_claim_is_of_the_finding_that_it_names() -> None:
    facts = usual_facts(score=SCORES)
    ids = [f.id for f in evaluate(book(KEEP), facts, at("2027-05-20")).findings if f.verdict.value == "breached"]
    assert claimed(ids[0]) == ["claimed", "claimable"]
    assert claimed(ids[1]) == ["claimable", "claimed"]


def test_the_day_is_that_of_the_agreements_timezone() -> None:
    rule = Prohibition(**BASE, event=event("incident"), remedies=(Cure(within=period(10, "days")),))
    late = [{"time": at("2027-03-03 23:00"), "incident_id": "1"}]
    facts = with_about(usual_facts(incident=late, cure=[]), "cure", ("2027-03-05", "2027-03-04"))
    [status] = evaluate(book(rule, timezone="Asia/Jerusalem"), facts, at("2027-03-06")).cures
    assert status.state.value == "cured"
    [status] = evaluate(book(rule), facts, at("2027-03-06")).cures
    assert status.state.value == "curable"


def test_a_right_counts_what_is_not_cured() -> None:
    remedies = (
        Cure(within=period(10, "days")),
        Terminate(party="customer", count=2, uncured=True, within=period(1, "months")),
    )
    rule = Prohibition(**BASE, event=event("incident"), remedies=remedies)
    late = [{"time": at(time), "incident_id": "1"} for time in ("2027-03-01", "2027-03-02")]
    facts = with_about(usual_facts(incident=late, cure=[]), "cure", ("2027-03-05", None))
    assert evaluate(book(rule), facts, at("2027-06-01")).terminations == ()
    facts = with_about(usual_facts(incident=late, cure=[]), "cure", ("2027-03-05", "2027-03-02"))
    found = evaluate(book(rule), facts, at("2027-06-01"))
    assert [status.state.value for status in found.cures] == ["uncured", "cured"]
    assert found.terminations == ()
