"""An event at least every so often while something lasts: runs, their ends, and what is not known."""

from __future__ import annotations

from typing import Any

from tallystick.evaluation.evaluation import Evaluation
from tallystick.rules.rule import Between, Cadence, Covered, Credit, Delay, OnlyWhile

from .building import BASE, at, event, facts, judged, money, period, record

CREDIT = Credit(
    party="customer",
    delay=Delay(extent="started", each=period(1, "hours"), amount=money("10")),
)
RULE = Cadence(
    **BASE,
    event=event("evaluation"),
    every=period(4, "hours"),
    only=(OnlyWhile(record=record("outage"), open=True, matching=("model",)),),
    remedies=(CREDIT,),
)


def outages(*times: tuple[str, str | None], model: str = "a") -> list[dict[str, Any]]:
    return [
        {"begin": at(f"2027-01-04 {begin}"), "end": None if end is None else at(f"2027-01-04 {end}"), "model": model}
        for begin, end in times
    ]


def updates(*times: str, model: str = "a") -> list[dict[str, Any]]:
    return [{"time": at(f"2027-01-04 {time}"), "model": model, "environment": "x"} for time in times]


def told(
    outage: list[dict[str, Any]], evaluation: list[dict[str, Any]], as_of: str = "20:00", **more: Any
) -> Evaluation:
    rule = RULE.model_copy(update=more)
    return judged(rule, facts(outage=outage, evaluation=evaluation), f"2027-01-04 {as_of}", currency="USD")


def lines(found: Evaluation) -> list[tuple[str, int, int]]:
    return [(each.verdict.value, each.start, each.end) for each in found.findings]


def noon(hour: str) -> int:
    return at(f"2027-01-04 {hour}")


def test_what_is_due_at_the_end_or_later_is_not_due() -> None:
    for end in ("09:00", "12:00"):
        [found] = told(outages(("08:00", end)), []).findings
        assert (found.verdict.value, found.samples, found.because) == ("met", 0, "nothing happened")
    assert lines(told(outages(("08:00", "12:00:00.000001")), [])) == [("breached", noon("08:00"), noon("12:00"))]


def test_an_update_exactly_when_due_is_in_time_and_begins_the_next() -> None:
    found = told(outages(("08:00", "17:00")), updates("12:00", "16:00:00.000001"))
    assert lines(found) == [("met", noon("08:00"), noon("12:00")), ("breached", noon("12:00"), noon("16:00"))]


def test_an_update_at_the_beginning_begins_the_first_interval_anew_and_reports_nothing() -> None:
    assert lines(told(outages(("08:00", "12:30")), updates("08:00", "11:00"))) == [
        ("met", noon("08:00"), noon("11:00"))
    ]


def test_updates_before_and_after_a_run_do_not_count() -> None:
    found = told(outages(("08:00", "13:00")), updates("07:59", "13:00"))
    assert lines(found) == [("breached", noon("08:00"), noon("12:00"))]
    assert [str(credit.amount) for credit in found.credits] == ["10.00"]  # late until the outage ended


def test_runs_that_overlap_or_adjoin_are_one_and_others_begin_anew() -> None:
    overlapping = told(outages(("08:00", "10:00"), ("10:00", "12:30")), [])
    assert lines(overlapping) == [("breached", noon("08:00"), noon("12:00"))]
    apart = told(outages(("08:00", "10:00"), ("10:00:00.000001", "13:00")), [])
    assert [each.verdict.value for each in apart.findings] == ["met"]


def test_an_open_run_is_pending_until_after_the_deadline() -> None:
    assert lines(told(outages(("08:00", None)), [], "12:00")) == [("pending", noon("08:00"), noon("12:00"))]
    [late] = told(outages(("08:00", None)), [], "12:00:00.000001").findings
    assert late.verdict.value == "breached"


def test_each_record_runs_by_itself() -> None:
    both = [*outages(("08:00", "13:00")), *outages(("09:00", "14:00"), model="b")]
    found = told(both, updates("11:00"))
    assert [(each.about, each.verdict.value) for each in found.findings] == [
        ((("model", "a"),), "met"),
        ((("model", "b"),), "breached"),
    ]
    grouped = told(both, updates("11:00"), per=("model",))
    assert [(each.group, each.verdict.value) for each in grouped.findings] == [
        ((("model", "a"),), "met"),
        ((("model", "b"),), "breached"),
    ]


def test_the_end_of_the_agreement_ends_a_run() -> None:
    data = facts(outage=outages(("20:00", None)), evaluation=[])
    assert [f.verdict.value for f in judged(RULE, data, "2027-02-01", until="2027-01-05").findings] == ["met"]
    later = RULE.model_copy(update={"every": period(239, "minutes")})
    assert [f.verdict.value for f in judged(later, data, "2027-02-01", until="2027-01-05").findings] == ["breached"]


def test_between_two_events() -> None:
    between = Between(start=event("incident"), end=event("resolution"), matching=())
    rule = RULE.model_copy(update={"only": (), "between": between, "remedies": ()})
    data = facts(
        incident=[{"time": noon("08:00"), "incident_id": "1"}],
        resolution=[{"time": noon("16:30"), "incident_id": "1"}],
        evaluation=updates("12:00"),
    )
    assert lines(judged(rule, data, "2027-01-05")) == [
        ("met", noon("08:00"), noon("12:00")),
        ("breached", noon("12:00"), noon("16:00")),
    ]


def test_without_a_table_nothing_is_measured() -> None:
    [found] = judged(RULE, facts(evaluation=[]), "2027-02-01").findings
    assert (found.verdict.value, found.because) == ("unmeasured", "no table is bound for record outage")


def test_an_order_judges_the_runs_of_what_it_covers_alone() -> None:
    between = Between(start=event("deployment"), end=None, matching=("model",))
    covers = (Covered(dimension="model", values=("a",)),)
    rule = RULE.model_copy(update={"only": (), "between": between, "remedies": (), "covers": covers})
    begun = [{"time": noon("08:00"), "model": model, "version": "1", "environment": "x"} for model in ("a", "b")]
    found = judged(rule, facts(deployment=begun, evaluation=[]), "2027-01-05").findings
    assert [(each.about, each.verdict.value) for each in found] == [((("model", "a"),), "breached")]
