"""Rules that outlive the agreement: when their own life ends, and what is judged in it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tallystick.evaluation.evaluation import Evaluation
from tallystick.rules.measure import Comparison
from tallystick.rules.rule import Cadence, CountEvents, Prohibition, Survival

from .building import BASE, BERLIN, at, each, event, facts, judged, period

MONTH = Survival(period=period(1, "months"))


def forbidden(survives: Survival | None, **more: Any) -> Prohibition:
    return Prohibition(**BASE, event=event("incident"), survives=survives, **more)


def incidents(*times: str, zone: Any = None) -> list[dict[str, Any]]:
    return [{"time": at(time, zone), "incident_id": "1"} for time in times]


def breaches(found: Evaluation) -> list[int]:
    return [each.start for each in found.findings if each.verdict.value == "breached"]


@pytest.mark.parametrize(
    ("until", "length", "end"),
    [
        ("2027-07-01", period(1, "months"), "2027-08-01"),
        ("2027-08-31", period(6, "months"), "2028-02-29"),
        ("2026-08-31", period(6, "months"), "2027-02-28"),
        ("2027-03-28", period(1, "days"), "2027-03-29"),  # a day of 23 hours
        ("2027-10-31", period(24, "hours"), "2027-10-31 23:00"),  # of a day of 25
    ],
)
def test_the_end_moves_by_the_calendar_and_is_no_part_of_it(until: str, length: Any, end: str) -> None:
    last = at(end if " " in end else f"{end} 00:00", BERLIN)
    times = [{"time": last - 1, "incident_id": "1"}, {"time": last, "incident_id": "1"}]
    more = {"until": until, "timezone": "Europe/Berlin", "effective": "2026-01-01"}
    found = judged(forbidden(Survival(period=length)), facts(incident=times), "2029-01-01", **more)
    assert breaches(found) == [last - 1]


def test_it_begins_with_a_termination() -> None:
    rows = incidents("2027-03-01", "2027-04-10 11:59", "2027-04-10 12:00")
    data = facts(incident=rows, termination=[{"time": at("2027-03-10 12:00")}])
    assert breaches(judged(forbidden(MONTH), data, "2028-01-01")) == [at("2027-03-01"), at("2027-04-10 11:59")]
    assert breaches(judged(forbidden(None), data, "2028-01-01")) == [at("2027-03-01")]


def test_without_a_limit_and_without_an_end() -> None:
    data = facts(incident=incidents("2035-01-01"))
    assert breaches(judged(forbidden(Survival()), data, "2040-01-01", until="2027-07-01")) == [at("2035-01-01")]
    assert breaches(judged(forbidden(MONTH), data, "2040-01-01")) == [at("2035-01-01")]


def test_windows_are_cut_where_it_ends() -> None:
    rule = CountEvents(
        **BASE,
        event=event("incident"),
        comparison=Comparison.AT_MOST,
        times=0,
        window=each("month"),
        survives=Survival(period=period(45, "days")),
    )
    data = facts(incident=incidents("2027-08-14 23:59", "2027-08-15"))
    found = judged(rule, data, "2028-01-01", until="2027-07-01", effective="2027-06-15").findings
    assert [(f.start, f.end, f.verdict.value, str(f.value)) for f in found] == [
        (at("2027-06-15"), at("2027-07-01"), "met", "0"),
        (at("2027-07-01"), at("2027-08-01"), "met", "0"),
        (at("2027-08-01"), at("2027-08-15"), "breached", "1"),
    ]


def test_an_interval_that_runs_at_the_end_runs_on() -> None:
    rule = Cadence(**BASE, event=event("evaluation"), every=period(20, "days"))
    data = facts(evaluation=[{"time": at("2027-06-20"), "model": "a", "environment": "x"}])
    more = {"until": "2027-07-01", "effective": "2027-06-15"}
    assert [f.verdict.value for f in judged(rule, data, "2028-01-01", **more).findings] == ["met"]
    lasting = rule.model_copy(update={"survives": MONTH})
    found = judged(lasting, data, "2028-01-01", **more)
    assert breaches(found) == [at("2027-06-20")]
    assert found.findings[-1].decided == at("2027-07-10")


def test_a_text_that_an_amendment_ended_does_not_survive() -> None:
    rule = forbidden(MONTH, until=date(2027, 3, 1))
    data = facts(incident=incidents("2027-02-01", "2027-03-01", "2027-07-10"))
    assert breaches(judged(rule, data, "2028-01-01", until="2027-07-01")) == [at("2027-02-01")]
    newer = forbidden(MONTH, effective=date(2027, 3, 1))
    assert breaches(judged(newer, data, "2028-01-01", until="2027-07-01")) == [at("2027-03-01"), at("2027-07-10")]


def test_as_of_during_the_time_after_the_end() -> None:
    data = facts(incident=incidents("2027-07-10", "2027-07-20"))
    assert breaches(judged(forbidden(MONTH), data, "2027-07-15", until="2027-07-01")) == [at("2027-07-10")]
