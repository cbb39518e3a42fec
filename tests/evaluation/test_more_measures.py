"""Thresholds off the grid, joined conditions, and measures inside measures, by hand."""

from __future__ import annotations

from typing import Any as Anything

import pytest

from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.explain import rows_for
from tallystick.rules.measure import (
    Across,
    Age,
    All,
    Any,
    Arithmetic,
    Attribute,
    Compare,
    Comparison,
    Member,
    Operator,
    RowArithmetic,
    Share,
    Text,
    Uptime,
)
from tallystick.rules.rule import Cadence, Deletion, Keep, Precedence, Response, Retention

from .building import (
    ABOVE,
    AT_LEAST,
    AT_MOST,
    BASE,
    BELOW,
    aggregate,
    at,
    each,
    event,
    facts,
    judged,
    metric,
    period,
    quantity,
    record,
    rulebook,
    short,
)

IS, IS_NOT = Comparison.IS, Comparison.IS_NOT


def keep(measure: Anything, comparison: Anything, threshold: Anything, **more: Anything) -> Anything:
    fields = BASE | {"window": each("month")} | more
    return Keep(**fields, measure=measure, comparison=comparison, threshold=threshold)


@pytest.mark.parametrize(
    ("comparison", "threshold", "expected"),
    [
        (AT_LEAST, "1.0000000005", "0.5"),  # between two steps of the grid
        (AT_MOST, "1.0000000005", "0.5"),
        (ABOVE, "0.9999999995", "1"),
        (BELOW, "1.0000000005", "0.5"),
        (IS, "1.0000000005", "0"),
        (IS_NOT, "1.0000000005", "1"),
        (IS, "1", "0.5"),
        (AT_MOST, "1e40", "1"),
        (AT_LEAST, "1e40", "0"),
        (AT_LEAST, "-1e40", "1"),
        (AT_MOST, "-1e40", "0"),
        (AT_LEAST, "-1", "1"),
    ],
)
def test_share_against_any_threshold(comparison: Anything, threshold: Anything, expected: Anything) -> None:
    data = facts(score=[{"time": at("2027-01-02"), "value": value} for value in ("1", "2")])
    share = Share(of=metric("score"), comparison=comparison, threshold=quantity(threshold, "score"))
    assert short(judged(keep(share, AT_LEAST, quantity("0")), data, "2027-02-01").findings) == [("met", expected)]


def attribute(name: Anything) -> Anything:
    return Attribute(name=name)


def arithmetic(operator: Anything, left: Anything, right: Anything) -> Anything:
    return RowArithmetic(operator=operator, left=left, right=right)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Any(parts=()), "0"),
        (All(parts=()), "3"),
        (All(parts=(Member(attribute="severity", values=("high",)), Member(attribute="incident_id", values=("1",)))), "1"),
        (Any(parts=(Member(attribute="severity", values=("low",)), Member(attribute="incident_id", values=("1",)))), "2"),
        (Member(attribute="severity", values=()), "0"),
        (Compare(left=attribute("nothing"), comparison=IS_NOT, right=Text(value="x")), "3"),
        (Compare(left=attribute("nothing"), comparison=AT_MOST, right=quantity("1", "USD")), "0"),
        (Compare(left=attribute("severity"), comparison=BELOW, right=Text(value="x")), "0"),
        (Compare(left=attribute("severity"), comparison=IS, right=attribute("incident_id")), "0"),
        (Compare(left=attribute("severity"), comparison=IS, right=quantity("1", "USD")), "1"),  # both missing
        (Compare(left=quantity("1", "USD"), comparison=BELOW, right=quantity("2", "USD")), "3"),
        (Compare(left=attribute("loss"), comparison=BELOW, right=attribute("gross")), "1"),
        (Compare(left=arithmetic(Operator.PLUS, attribute("loss"), attribute("gross")), comparison=IS, right=quantity("9", "USD")), "1"),
        (Compare(left=arithmetic(Operator.MINUS, attribute("loss"), attribute("gross")), comparison=ABOVE, right=quantity("0", "USD")), "0"),
        (Compare(left=arithmetic(Operator.DIVIDED_BY, attribute("gross"), attribute("delay")), comparison=IS_NOT, right=quantity("1")), "0"),
    ],
)  # fmt: skip
def test_conditions(condition: Anything, expected: Anything) -> None:
    rows = [
        {"time": at("2027-01-02"), "incident_id": "1", "severity": "high", "loss": "4", "gross": "5", "delay": "0"},
        {"time": at("2027-01-03"), "incident_id": "2", "severity": "low", "loss": "5"},
        {"time": at("2027-01-04"), "incident_id": "3"},
    ]
    rule = keep(aggregate("count", event("incident", where=condition)), AT_LEAST, quantity("0", "count"))
    assert short(judged(rule, facts(incident=rows), "2027-02-01").findings) == [("met", expected)]


def samples(*pairs: Anything) -> Anything:
    return [{"time": at("2027-01-02"), "value": v, "model": m, "part": p} for m, p, v in pairs]


def test_gap_of_uptime_age_and_arithmetic() -> None:
    outages = [
        {"begin": at("2027-01-01"), "end": at("2027-01-01 12:00"), "model": "a"},
        {"begin": at("2027-01-01"), "end": at("2027-01-02"), "model": "b"},
    ]
    gap = Across(function="gap", measure=Uptime(record=record("outage")), dimension="model")
    found = judged(keep(gap, AT_MOST, quantity("0.5"), window=each("day")), facts(outage=outages), "2027-01-02")
    assert short(found.findings) == [("met", "0.5")]
    age = Across(function="gap", measure=Age(of=metric("latency")), dimension="model")
    rows = [{"time": at(f"2027-01-01 {h}:00"), "value": "1", "model": m} for h, m in (("10", "a"), ("13", "b"))]
    found = judged(keep(age, AT_MOST, quantity("3", "hours"), window=each("day")), facts(latency=rows), "2027-01-02")
    assert short(found.findings) == [("met", "3")]
    logs = [{"begin": at("2027-01-01"), "model": "a"}, {"begin": at("2027-01-01 06:00"), "model": "b"}]
    oldest = Across(function="gap", measure=Age(of=record("log")), dimension="model")
    found = judged(keep(oldest, AT_MOST, quantity("6", "hours"), window=each("day")), facts(log=logs), "2027-01-02")
    assert short(found.findings) == [("met", "6")]
    doubled = Arithmetic(operator=Operator.TIMES, left=aggregate("mean", metric("approved")), right=quantity("2"))
    rule = keep(Across(function="ratio", measure=doubled, dimension="part"), AT_LEAST, quantity("0.5"))
    data = facts(approved=samples(("m", "x", "0.4"), ("m", "y", "0.8")))
    assert short(judged(rule, data, "2027-02-01").findings) == [("met", "0.5")]


def test_ratio_of_zeros_is_missing() -> None:
    rule = keep(
        Across(function="ratio", measure=aggregate("mean", metric("approved")), dimension="part"),
        AT_LEAST,
        quantity("0"),
    )
    data = facts(approved=samples(("m", "x", "0"), ("m", "y", "0")))
    [found] = judged(rule, data, "2027-02-01").findings
    assert (found.verdict.value, found.because, found.samples) == ("unmeasured", "the measure has no value", 2)


def test_minimum_is_certain_when_it_has_fallen() -> None:
    data = facts(score=[{"time": at("2027-01-02"), "value": "1"}])
    least = aggregate("min", metric("score"))
    assert short(judged(keep(least, AT_LEAST, quantity("2", "score")), data, "2027-01-10").findings) == [
        ("breached", "1")
    ]
    assert short(judged(keep(least, AT_MOST, quantity("2", "score")), data, "2027-01-10").findings) == [("met", "1")]
    assert short(judged(keep(least, IS, quantity("2", "score")), data, "2027-01-10").findings) == [("pending", "1")]
    against_measure = keep(least, AT_LEAST, aggregate("max", metric("score")))
    assert short(judged(against_measure, data, "2027-01-10").findings) == [("pending", "1")]


def test_rows_behind_other_rules() -> None:
    incident = [{"time": at("2027-01-02"), "incident_id": "1"}]
    log = [{"begin": at("2027-01-02"), "model": "a"}]
    data = facts(incident=incident, log=log, evaluation=[])
    base: dict[str, Anything] = {"clause": "c", "number": "1", "title": "t"}
    rules = (
        Retention(id="retention", **base, record=record("log"), period=period(1, "days")),
        Response(id="response", **base, trigger=event("incident", where=Member(attribute="incident_id", values=())),
                 response=event("resolution"), within=period(1, "days")),
        Deletion(id="deletion", **base, record=record("log"), trigger=event("termination"), within=period(1, "days")),
        Cadence(id="cadence", **base, event=event("evaluation"), every=period(1, "days")),
        Precedence(id="precedence", **base, event=event("deployment"), required=event("approval")),
    )  # fmt: skip
    book = rulebook(*rules)
    found = evaluate(book, data, at("2027-01-04")).findings
    behind = {f.rule: rows_for(data, book, f, 3) for f in found}
    assert [row.source for row in behind["retention"]] == ["log"]
    assert {rule: rows for rule, rows in behind.items() if rows}.keys() == {"retention"}
    assert [f.verdict.value for f in found if f.rule in ("deletion", "precedence")] == ["unmeasured"] * 2
