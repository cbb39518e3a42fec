"""Deadlines that leave time out: by hand, where clocks change, at ties, and where nothing is known."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.evaluation.finding import Finding
from tallystick.evaluation.working_time import passed, without
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.calendars import WorkingCalendar, WorkingHours
from tallystick.rules.rule import ByClass, PeriodOfClass, Response

from .building import BASE, BERLIN, at, event, facts, judged, period, record

RESPONSE = Response(
    **BASE,
    trigger=event("incident"),
    response=event("resolution"),
    within=period(8, "hours"),
    matching=("incident_id",),
    excluding=record("waiting"),
)
OFFICE = WorkingCalendar(
    id="agreement",
    title="",
    timezone="UTC",
    weekdays=(0, 1, 2, 3, 4),
    hours=tuple(WorkingHours(weekday=day, opens=540, closes=1020) for day in range(5)),
    first=2026,
    last=2030,
)
START = "2027-01-04 09:00"  # a Monday


def waits(*pairs: tuple[str, str | None], name: str = "1") -> list[dict[str, Any]]:
    return [{"begin": at(begin), "end": None if end is None else at(end), "incident_id": name} for begin, end in pairs]


def one(rule: Response, waiting: list[dict[str, Any]], answer: str | None, as_of: str = "2027-02-01") -> Finding:
    answers = [] if answer is None else [{"time": at(answer), "incident_id": "1"}]
    data = facts(incident=[{"time": at(START), "incident_id": "1"}], resolution=answers, waiting=waiting)
    [found] = judged(rule, data, as_of, calendars=(OFFICE,)).findings
    return found


@pytest.mark.parametrize(
    ("waiting", "end"),
    [
        ([], "2027-01-04 17:00"),
        ([("2027-01-04 10:00", "2027-01-04 13:00")], "2027-01-04 20:00"),
        ([("2027-01-04 10:00", "2027-01-04 12:00"), ("2027-01-04 11:00", "2027-01-04 14:00")], "2027-01-04 21:00"),
        ([("2027-01-04 08:00", "2027-01-04 10:00")], "2027-01-04 18:00"),
        ([("2027-01-04 08:00", "2027-01-04 09:00")], "2027-01-04 17:00"),
        ([("2027-01-04 17:00", "2027-01-04 18:00")], "2027-01-04 17:00"),
        ([("2027-01-04 16:59:59.999999", "2027-01-04 18:00")], "2027-01-04 18:00:00.000001"),
        ([("2027-01-04 10:00", "2027-01-04 10:00")], "2027-01-04 17:00"),
        ([("2027-01-04 10:00", "2027-01-04 19:00"), ("2027-01-04 20:00", "2027-01-04 21:00")], "2027-01-05 03:00"),
    ],
)
def test_the_deadline_moves_by_what_is_left_out(waiting: list[tuple[str, str]], end: str) -> None:
    found = one(RESPONSE, waits(*waiting), end)
    assert (found.verdict.value, found.end, str(found.value)) == ("met", at(end), "8")
    late = one(RESPONSE, waits(*waiting), None)
    assert (late.verdict.value, late.decided) == ("breached", at(end))


def test_waits_of_other_incidents_do_not_count() -> None:
    other = waits(("2027-01-04 10:00", "2027-01-04 13:00"), name="2")
    assert one(RESPONSE, other, "2027-01-04 17:00:00.000001").verdict.value == "breached"


def test_a_record_that_shares_nothing_stops_every_clock() -> None:
    rule = RESPONSE.model_copy(update={"excluding": record("maintenance")})
    planned = [{"begin": at("2027-01-04 10:00"), "end": at("2027-01-04 12:00"), "model": "x"}]
    data = facts(incident=[{"time": at(START), "incident_id": "1"}], resolution=[], maintenance=planned)
    [found] = judged(rule, data, "2027-02-01").findings
    assert found.end == at("2027-01-04 19:00")


def test_an_open_wait_keeps_the_case_pending_however_late_it_is() -> None:
    found = one(RESPONSE, waits(("2027-01-04 16:00", None)), None, "2027-03-01 12:00")
    assert (found.verdict.value, found.end, str(found.excluded)) == ("pending", at("2027-03-01 13:00"), "1340")
    answered = one(RESPONSE, waits(("2027-01-04 16:00", None)), "2027-01-20 09:00", "2027-03-01 12:00")
    assert (answered.verdict.value, str(answered.value)) == ("met", "7")


def test_a_wait_that_opens_once_all_time_has_passed_saves_nothing() -> None:
    found = one(RESPONSE, waits(("2027-01-04 17:00", None)), None)
    assert (found.verdict.value, found.end) == ("breached", at("2027-01-04 17:00"))


def test_a_wait_that_is_not_known_yet_does_not_count() -> None:
    later = waits(("2027-01-04 16:00", "2027-01-04 20:00"))
    assert one(RESPONSE, later, None, "2027-01-04 15:00").end == at("2027-01-04 17:00")
    assert one(RESPONSE, later, None, "2027-01-04 18:00").end == at("2027-01-04 19:00")
    assert one(RESPONSE, later, None, "2027-01-04 20:00:00.000001").end == at("2027-01-04 21:00")


def test_business_hours_leave_out_only_work() -> None:
    hours = Period(amount=4, unit=PeriodUnit.BUSINESS_HOURS, calendar="agreement")
    rule = RESPONSE.model_copy(update={"within": hours})
    night = waits(("2027-01-04 12:00", "2027-01-05 10:00"))
    found = one(rule, night, "2027-01-05 11:00")
    assert (found.verdict.value, found.end, found.threshold) == ("met", at("2027-01-05 11:00"), None)
    closed = waits(("2027-01-04 17:00", "2027-01-05 09:00"))
    assert one(rule, closed, "2027-01-04 13:00").end == at("2027-01-04 13:00")


def test_a_day_is_24_hours_where_clocks_change() -> None:
    rule = RESPONSE.model_copy(update={"within": period(1, "days")})
    data = facts(
        incident=[{"time": at("2027-03-27 12:00", BERLIN), "incident_id": "1"}],
        resolution=[],
        waiting=[{"begin": at("2027-03-27 13:00", BERLIN), "end": at("2027-03-27 14:00", BERLIN), "incident_id": "1"}],
    )
    [found] = judged(rule, data, "2027-04-01", timezone="Europe/Berlin").findings
    assert found.end == at("2027-03-28 14:00", BERLIN)  # 25 elapsed hours, over the hour that is skipped


def test_without_a_table_of_the_record_nothing_is_measured() -> None:
    data = facts(incident=[{"time": at(START), "incident_id": "1"}], resolution=[])
    [found] = judged(RESPONSE, data, "2027-02-01").findings
    assert (found.verdict.value, found.because) == ("unmeasured", "no table is bound for record waiting")


def test_evidence_names_the_time_that_did_not_count() -> None:
    found = one(RESPONSE, waits(("2027-01-04 10:00", "2027-01-04 13:00")), "2027-01-04 21:00")
    assert [(row.source, row.time) for row in found.evidence] == [
        ("incident", at(START)),
        ("waiting", at("2027-01-04 10:00")),
        ("resolution", at("2027-01-04 21:00")),
    ]
    assert (str(found.value), str(found.excluded)) == ("9", "3")


def test_without_a_deadline_the_value_leaves_the_same_time_out() -> None:
    other = PeriodOfClass(values=("2",), within=period(8, "hours"))
    rule = RESPONSE.model_copy(update={"within": ByClass(dimension="incident_id", classes=(other,))})
    waiting = waits(("2027-01-04 10:00", "2027-01-04 13:00"))
    found = one(rule, waiting, "2027-01-04 21:00")
    assert (found.verdict.value, found.end) == ("unmeasured", at(START))
    assert (str(found.value), str(found.excluded)) == ("9", "3")
    assert one(rule, waiting, None).excluded is None


def test_time_that_runs_out() -> None:
    assert list(without([(0, 10), (20, 30)], [(0, 2), (4, 5), (8, 22), (29, 40)])) == [(2, 4), (5, 8), (22, 29)]
    assert passed([(0, 10), (20, 30)], 10) == 10
    assert passed([(0, 10), (20, 30)], 11) == 21
    with pytest.raises(OverflowError):
        passed([(0, 10)], 11)
