"""The evaluation as a whole: order, repeatability, the rows behind a finding, shared passes."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any as Anything

import pytest

from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.explain import rows_for
from tallystick.evaluation.numbers import root, round_half_even, shown
from tallystick.rules.measure import Uptime
from tallystick.rules.rule import Keep, KeepAlways, Prohibition, Response

from .building import (
    AT_LEAST,
    AT_MOST,
    BASE,
    aggregate,
    at,
    each,
    event,
    facts,
    metric,
    period,
    quantity,
    record,
    rulebook,
)


def keep(**more: Anything) -> Anything:
    fields = BASE | {"per": ("model",), "window": each("month"), "comparison": AT_LEAST, "threshold": quantity("0.9")}
    return Keep(**(fields | {"measure": aggregate("mean", metric("accuracy"))} | more))


RULES = (
    keep(id="mean"),
    keep(id="median", measure=aggregate("median", metric("accuracy"))),
    keep(id="stddev", measure=aggregate("stddev", metric("accuracy")), comparison=AT_MOST),
    keep(id="latest", measure=aggregate("latest", metric("accuracy"))),
    Prohibition(**(BASE | {"id": "none"}), event=event("incident"), per=("severity",)),
    Response(
        **(BASE | {"id": "answer"}), trigger=event("incident"), response=event("resolution"), within=period(1, "days")
    ),
)


def rows(seed: Anything) -> Anything:
    source = random.Random(1)
    samples = [
        {
            "time": at("2027-01-01") + source.randrange(60) * 86_400_000_000,
            "value": Decimal(source.randrange(10**9)).scaleb(-9),
            "model": source.choice("ab"),
            "environment": source.choice("xy"),
        }
        for _ in range(200)
    ]
    incidents = [
        {"time": at("2027-01-05"), "incident_id": str(i % 3), "severity": source.choice(["low", None])}
        for i in range(9)
    ]
    for table in (samples, incidents):
        random.Random(seed).shuffle(table)
    return facts(accuracy=samples, incident=incidents, resolution=[])


@pytest.mark.parametrize(("seed", "threads"), [(2, 1), (3, 4)])
def test_order_of_rows_and_threads_change_nothing(seed: Anything, threads: Anything) -> None:
    expected = repr(evaluate(rulebook(*RULES), rows(0), at("2027-03-01")))
    data = rows(seed)
    data.connection.execute(f"SET threads = {threads}")
    found = evaluate(rulebook(*RULES), data, at("2027-03-01"))
    assert repr(found) == expected
    assert [f.rule for f in found.findings] == sorted(
        (f.rule for f in found.findings), key=[rule.id for rule in RULES].index
    )
    mean = [(f.group, f.start) for f in found.findings if f.rule == "mean"]
    assert mean == sorted(mean)
    assert len(mean) == 4


def test_evaluation_leaves_no_tables_behind_and_reports_progress() -> None:
    data, told = rows(0), []
    before = data.connection.execute("SHOW TABLES").fetchall()
    evaluate(rulebook(*RULES), data, at("2027-03-01"), lambda *step: told.append(step))
    assert data.connection.execute("SHOW TABLES").fetchall() == before
    assert {step for step, _, _ in told} == {
        "reading data",
        "counting samples",
        "judging rules",
        "working out consequences",
    }
    # four rules over the same rows and windows read them in one pass
    assert [total for step, _, total in told if step == "reading data"] == [1]


def test_rows_behind_a_window_are_the_worst_first() -> None:
    samples = [
        {"time": at(f"2027-01-0{day}"), "value": value, "model": model, "environment": "x"}
        for day, value, model in ((1, "0.9", "a"), (2, "0.1", "a"), (3, "0.5", "a"), (4, "0", "b"))
    ]
    data, book = facts(accuracy=samples), rulebook(keep())
    finding = evaluate(book, data, at("2027-02-01")).findings[0]
    found = rows_for(data, book, finding, 2)
    assert [dict(row.values)["value"] for row in found] == ["0.1", "0.5"]
    assert found[0].source == "accuracy"
    assert found[0].time == at("2027-01-02")
    assert len(rows_for(data, book, finding, 9, as_of=at("2027-01-02"))) == 1


def test_rows_behind_uptime_events_and_runs() -> None:
    outage = [
        {"begin": at("2026-12-31"), "end": at("2027-01-01 01:00"), "model": "a"},
        {"begin": at("2027-01-09"), "model": "a"},
    ]
    book = rulebook(keep(measure=Uptime(record=record("outage"))))
    data = facts(outage=outage)
    finding = evaluate(book, data, at("2027-02-01")).findings[0]
    assert [dict(row.values)["end"] for row in rows_for(data, book, finding, 5)] == [
        "2027-01-01T01:00:00+00:00",
        "open",
    ]
    always = KeepAlways(**BASE, series=metric("score"), comparison=AT_MOST, threshold=quantity("5", "score"))
    data = facts(score=[{"time": at("2027-01-02"), "value": "6"}, {"time": at("2027-01-03"), "value": "7.50"}])
    finding = evaluate(rulebook(always), data, at("2027-02-01")).findings[0]
    assert [dict(row.values) for row in rows_for(data, rulebook(always), finding, 5)] == [
        {"value": "7.5"},
        {"value": "6"},
    ]


def test_a_finding_with_evidence_gives_it_and_an_unknown_rule_nothing() -> None:
    data, book = rows(0), rulebook(*RULES)
    findings = evaluate(book, data, at("2027-03-01")).findings
    forbidden = next(f for f in findings if f.rule == "none")
    assert rows_for(data, book, forbidden, 5) == forbidden.evidence
    assert rows_for(data, rulebook(), findings[0], 5) == ()


def test_finding_ids_differ_and_are_stable() -> None:
    found = evaluate(rulebook(*RULES[:4]), rows(0), at("2027-03-01")).findings
    assert len({f.id for f in found}) == len(found) == 16
    assert all(len(f.id) == 12 for f in found)


def test_numbers() -> None:
    assert str(round_half_even(Fraction("2.345"), 2)) == "2.34"
    assert str(round_half_even(Fraction("-0.5"), 0)) == "0"
    assert str(round_half_even(Fraction("-1234.5675"), 3)) == "-1234.568"
    assert str(shown(Fraction(10**20))) == "1" + "0" * 20
    assert str(shown(Fraction(-1, 10**10))) == "0"
    assert root(Fraction(2)) == Fraction("1.414213562")
    assert root(Fraction(1, 4 * 10**18)) == 0  # exactly half a step: to even
    assert root(Fraction(9, 4 * 10**18)) == Fraction(2, 10**9)
