"""Rules about events, records and single cases, by hand."""

from __future__ import annotations

from typing import Any as Anything

from tallystick.rules.measure import Attribute, Compare, Comparison, Member, Text
from tallystick.rules.rule import (
    Cadence,
    CaseShare,
    CountEvents,
    Deletion,
    During,
    KeepAlways,
    Permission,
    Precedence,
    Prohibition,
    RequiredRole,
    Response,
    Retention,
    Where,
)

from .building import (
    AT_LEAST,
    AT_MOST,
    BASE,
    at,
    each,
    event,
    facts,
    judged,
    metric,
    period,
    quantity,
    record,
)


def verdicts(found: Anything) -> Anything:
    return [f.verdict.value for f in found.findings]


def spans(found: Anything) -> Anything:
    return [(f.verdict.value, f.start, f.end) for f in found.findings]


# --- keep at all times -------------------------------------------------------------------------------------------

ALWAYS = KeepAlways(**BASE, series=metric("score"), comparison=AT_MOST, threshold=quantity("5", "score"))


def scores(*pairs: Anything) -> Anything:
    return facts(score=[{"time": at(f"2027-01-01 {when}"), "value": value} for when, value in pairs])


def test_always_tolerates_a_run_of_exactly_the_tolerance() -> None:
    rule = ALWAYS.model_copy(update={"tolerance": period(15, "minutes")})
    data = scores(("01:00", "6"), ("01:10", "9"), ("01:15", "5"))
    [found] = judged(rule, data, "2027-01-02").findings
    assert (found.verdict.value, found.start, found.end, str(found.value), found.samples) == (
        "met",
        at("2027-01-01 01:00"),
        at("2027-01-02"),
        "9",
        3,
    )
    data = scores(("01:00", "6"), ("01:10", "9"), ("01:15:00.000001", "5"))
    [found] = judged(rule, data, "2027-01-02").findings
    assert (found.verdict.value, str(found.value), found.samples) == ("breached", "9", 2)
    assert (found.end, found.decided) == (at("2027-01-01 01:15:00.000001"), at("2027-01-01 01:15"))


def test_always_without_tolerance_breaches_on_a_single_sample() -> None:
    found = judged(ALWAYS, scores(("01:00", "4"), ("02:00", "6"), ("02:00", "4"), ("03:00", "5")), "2027-01-02")
    assert spans(found) == [("breached", at("2027-01-01 02:00"), at("2027-01-01 03:00"))]


def test_always_a_run_that_goes_on_is_pending() -> None:
    rule = ALWAYS.model_copy(update={"tolerance": period(15, "minutes")})
    found = judged(rule, scores(("01:00", "6")), "2027-01-01 01:15")
    assert [f.verdict.value for f in found.findings] == ["met", "pending"]
    assert verdicts(judged(rule, scores(("01:00", "6")), "2027-01-01 01:16")) == ["breached"]


def test_always_without_samples() -> None:
    assert verdicts(judged(ALWAYS, facts(score=[]), "2027-01-02")) == ["unmeasured"]
    assert verdicts(judged(ALWAYS, facts(), "2027-01-02")) == ["unmeasured"]
    assert verdicts(judged(ALWAYS.model_copy(update={"missing_excused": True}), facts(score=[]), "2027-01-02")) == [
        "excused"
    ]


def test_always_leaves_exempt_samples_out() -> None:
    rule = ALWAYS.model_copy(update={"exemptions": (During(record=record("maintenance")),)})
    score = [{"time": at(f"2027-01-01 0{hour}:00"), "value": value} for hour, value in ((1, "4"), (2, "9"))]
    planned = [{"begin": at("2027-01-01 02:00"), "model": "a"}]
    [found] = judged(rule, facts(score=score, maintenance=planned), "2027-01-02").findings
    assert (found.verdict.value, found.samples) == ("met", 1)


# --- cadence -----------------------------------------------------------------------------------------------------

CADENCE = Cadence(**BASE, event=event("evaluation"), every=period(10, "days"))


def evaluations(*days: Anything, model: Anything = "a") -> Anything:
    return [{"time": at(f"2027-01-{day:02}"), "model": model, "environment": "production"} for day in days]


def test_cadence_gaps() -> None:
    found = judged(CADENCE, facts(evaluation=evaluations(11, 11, 22)), "2027-02-10")
    assert spans(found) == [
        ("met", at("2027-01-01"), at("2027-01-11")),  # exactly ten days
        ("breached", at("2027-01-11"), at("2027-01-21")),
        ("breached", at("2027-01-22"), at("2027-02-01")),
    ]
    assert [f.decided for f in found.findings] == [None, at("2027-01-21"), at("2027-02-01")]


def test_cadence_pending_until_after_the_deadline() -> None:
    assert verdicts(judged(CADENCE, facts(evaluation=[]), "2027-01-11")) == ["pending"]
    assert verdicts(judged(CADENCE, facts(evaluation=[]), "2027-01-11 00:00:00.000001")) == ["breached"]


def test_cadence_stops_at_the_end_of_the_life() -> None:
    found = judged(CADENCE, facts(evaluation=evaluations(5)), "2027-03-01", until="2027-01-15")
    assert spans(found) == [("met", at("2027-01-01"), at("2027-01-05"))]


def test_cadence_sees_a_model_that_was_never_evaluated() -> None:
    rule = CADENCE.model_copy(update={"per": ("model",), "environments": ("production",)})
    accuracy = [
        {"time": at("2027-01-03"), "value": "1", "model": m, "environment": e}
        for m, e in (("b", "production"), ("c", "staging"))
    ]
    found = judged(rule, facts(evaluation=evaluations(1, 9), accuracy=accuracy), "2027-01-15").findings
    assert [(f.group[0][1], f.verdict.value, f.start) for f in found] == [
        ("a", "met", at("2027-01-01")),
        ("a", "pending", at("2027-01-09")),
        ("b", "breached", at("2027-01-03")),
    ]  # the event at the very start counts as the first, and c lives in staging only
    assert verdicts(judged(rule, facts(evaluation=[]), "2027-01-15")) == ["unmeasured"]


def test_cadence_goes_on_after_an_exception() -> None:
    rule = CADENCE.model_copy(update={"exemptions": (During(record=record("maintenance")),)})
    planned = [{"begin": at("2027-01-05"), "end": at("2027-01-15"), "model": "a"}]
    found = judged(rule, facts(evaluation=[], maintenance=planned), "2027-02-01")
    assert spans(found) == [
        ("excused", at("2027-01-01"), at("2027-01-11")),
        ("breached", at("2027-01-15"), at("2027-01-25")),
    ]


# --- count -------------------------------------------------------------------------------------------------------


def count(comparison: Anything, times: Anything, **more: Anything) -> Anything:
    return CountEvents(
        **BASE, event=event("evaluation"), comparison=comparison, times=times, window=each("month"), **more
    )


def test_count_is_certain_early() -> None:
    data = facts(evaluation=evaluations(2, 3))
    assert verdicts(judged(count(AT_LEAST, 2), data, "2027-01-10")) == ["met"]
    assert verdicts(judged(count(AT_LEAST, 3), data, "2027-01-10")) == ["pending"]
    assert verdicts(judged(count(AT_MOST, 1), data, "2027-01-10")) == ["breached"]
    assert verdicts(judged(count(Comparison.IS, 1), data, "2027-01-10")) == ["breached"]
    assert verdicts(judged(count(Comparison.IS, 2), data, "2027-01-10")) == ["pending"]
    assert verdicts(judged(count(Comparison.IS, 2), data, "2027-02-01")) == ["met"]


def test_count_of_nothing_is_zero_and_no_group_is_unmeasured() -> None:
    [found] = judged(count(AT_LEAST, 1), facts(evaluation=[]), "2027-02-01").findings
    assert (found.verdict.value, str(found.value), str(found.threshold)) == ("breached", "0", "1")
    [found] = judged(count(AT_LEAST, 1, per=("model",)), facts(evaluation=[]), "2027-03-01").findings
    assert (found.verdict.value, found.group, found.start, found.end) == (
        "unmeasured",
        (),
        at("2027-01-01"),
        at("2027-03-01"),
    )


# --- response ----------------------------------------------------------------------------------------------------

RESPONSE = Response(
    **BASE,
    trigger=event("incident"),
    response=event("resolution"),
    within=period(8, "hours"),
    matching=("incident_id",),
)


def incidents(*pairs: Anything, **more: Anything) -> Anything:
    return [{"time": at(f"2027-01-02 {when}"), "incident_id": name} | more for name, when in pairs]


def test_response_in_time_late_and_pending() -> None:
    data = facts(
        incident=incidents(("1", "00:00"), ("2", "01:00"), ("3", "02:00")),
        resolution=incidents(("1", "08:00"), ("2", "09:00:00.000001"), ("9", "03:00")),
    )
    found = judged(RESPONSE, data, "2027-01-02 10:00").findings
    assert [(f.verdict.value, str(f.value), str(f.threshold), f.unit) for f in found] == [
        ("met", "8", "8", "hours"),
        ("breached", "8", "8", "hours"),
        ("pending", "None", "8", "hours"),
    ]
    assert [row.source for row in found[0].evidence] == ["incident", "resolution"]
    assert found[1].decided == at("2027-01-02 09:00")


def test_response_breaches_with_the_clock_alone() -> None:
    data = facts(incident=incidents(("1", "00:00")), resolution=[])
    assert verdicts(judged(RESPONSE, data, "2027-01-02 08:00")) == ["pending"]
    assert verdicts(judged(RESPONSE, data, "2027-01-02 08:00:00.000001")) == ["breached"]


def test_response_unbound_none_and_excused() -> None:
    assert verdicts(judged(RESPONSE, facts(incident=incidents(("1", "00:00"))), "2027-02-01")) == ["unmeasured"]
    assert verdicts(judged(RESPONSE, facts(resolution=[]), "2027-02-01")) == ["unmeasured"]
    [found] = judged(RESPONSE, facts(incident=[], resolution=[]), "2027-02-01").findings
    assert (found.verdict.value, found.samples) == ("met", 0)
    rule = RESPONSE.model_copy(update={"exemptions": (During(record=record("maintenance")),)})
    planned = [{"begin": at("2027-01-02"), "end": at("2027-01-02 00:30"), "model": "x"}]
    data = facts(incident=incidents(("1", "00:00"), ("2", "00:30")), resolution=[], maintenance=planned)
    assert [(f.verdict.value, f.excuse) for f in judged(rule, data, "2027-02-01").findings] == [
        ("excused", "maintenance"),
        ("breached", ""),
    ]


def test_notice_must_go_to_one_of_the_roles() -> None:
    rule = RESPONSE.model_copy(update={"response": event("notice"), "roles": ("risk", "head"), "matching": ()})
    notices = [{"time": at("2027-01-02 01:00"), "role": "clerk"}, {"time": at("2027-01-02 02:00"), "role": "head"}]
    [found] = judged(rule, facts(incident=incidents(("1", "00:00")), notice=notices), "2027-02-01").findings
    assert (found.verdict.value, str(found.value)) == ("met", "2")


def test_share_of_cases() -> None:
    rule = RESPONSE.model_copy(
        update={"share": CaseShare(comparison=Comparison.AT_LEAST, threshold=quantity("0.5"), window=each("day"))}
    )
    data = facts(
        incident=incidents(("1", "00:00"), ("2", "20:00"), ("3", "21:00")),
        resolution=incidents(("1", "01:00")),
    )
    found = judged(rule, data, "2027-01-03").findings
    assert [(f.verdict.value, str(f.value), f.samples) for f in found] == [
        ("met", "None", 0),
        ("pending", "0.333333333", 3),  # two cases are still open
    ]
    data = facts(incident=incidents(("1", "00:00"), ("2", "20:00")), resolution=incidents(("1", "01:00")))
    assert verdicts(judged(rule, data, "2027-01-03"))[1] == "met"  # whatever becomes of the open one
    assert verdicts(judged(rule, data, "2027-01-02 12:00"))[1] == "pending"
    data = facts(incident=incidents(("1", "00:00")), resolution=[])
    assert verdicts(judged(rule, data, "2027-01-03"))[1] == "breached"
    assert verdicts(judged(rule.model_copy(update={"minimum_samples": 2}), data, "2027-01-03")) == ["unmeasured"] * 2


# --- precedence --------------------------------------------------------------------------------------------------

PRECEDENCE = Precedence(
    **BASE,
    event=event("deployment"),
    required=event("approval"),
    by=(RequiredRole(role="risk", roles=("risk", "head")), RequiredRole(role="legal", roles=("legal",))),
    matching=("model", "version"),
    within=period(14, "days"),
)


def deployment(
    day: Anything, version: Anything = "1", role: Anything = "dev", environment: Anything = "production"
) -> Anything:
    return {"time": at(day), "model": "m", "version": version, "environment": environment, "role": role}


def approval(day: Anything, role: Anything, version: Anything = "1") -> Anything:
    return {"time": at(day), "model": "m", "version": version, "role": role}


def test_precedence_needs_each_role_for_the_same_version() -> None:
    data = facts(
        deployment=[deployment("2027-01-10"), deployment("2027-01-11", "2")],
        approval=[approval("2027-01-09", "head"), approval("2027-01-10", "legal"), approval("2027-01-09", "risk", "2")],
    )
    found = judged(PRECEDENCE, data, "2027-02-01").findings
    assert [(f.verdict.value, f.samples, f.because) for f in found] == [
        ("met", 2, ""),
        ("breached", 1, "not every approval"),
    ]
    assert found[0].start == found[0].end == at("2027-01-10")


def test_precedence_age_and_lead() -> None:
    rule = PRECEDENCE.model_copy(update={"by": ()})
    data = facts(deployment=[deployment("2027-01-20")], approval=[approval("2027-01-06", "x")])
    assert verdicts(judged(rule, data, "2027-02-01")) == ["met"]  # exactly 14 days
    data = facts(deployment=[deployment("2027-01-20")], approval=[approval("2027-01-05 23:59", "x")])
    assert verdicts(judged(rule, data, "2027-02-01")) == ["breached"]
    rule = rule.model_copy(update={"within": None, "lead": period(2, "days")})
    data = facts(
        deployment=[deployment("2027-01-20"), deployment("2027-01-21")],
        approval=[approval("2027-01-19", "x"), approval("2027-01-20", "x")],
    )
    assert verdicts(judged(rule, data, "2027-02-01")) == ["breached", "met"]


def test_precedence_after_the_event_does_not_count_and_empty_is_met() -> None:
    rule = PRECEDENCE.model_copy(update={"by": ()})
    data = facts(deployment=[deployment("2027-01-20")], approval=[approval("2027-01-20 00:00:00.000001", "x")])
    assert verdicts(judged(rule, data, "2027-02-01")) == ["breached"]
    assert verdicts(judged(rule, facts(deployment=[], approval=[]), "2027-02-01")) == ["met"]
    assert verdicts(judged(rule, facts(deployment=[deployment("2027-01-20")]), "2027-02-01")) == ["unmeasured"]


# --- prohibition and permission ----------------------------------------------------------------------------------


def test_prohibition() -> None:
    where = Member(attribute="environment", values=("staging", "test"), negated=True)
    rule = Prohibition(**BASE, event=event("deployment", where=where))
    data = facts(deployment=[deployment("2027-01-10"), deployment("2027-01-11", environment="staging")])
    [found] = judged(rule, data, "2027-02-01").findings
    assert (found.verdict.value, found.start, found.decided) == ("breached", at("2027-01-10"), at("2027-01-10"))
    assert dict(found.evidence[0].values)["environment"] == "production"
    assert verdicts(judged(rule, facts(deployment=[]), "2027-02-01")) == ["met"]
    assert verdicts(judged(rule, data, "2027-01-10")) == ["met"]  # not known yet
    spared = Where(condition=Compare(left=Attribute(name="version"), comparison=Comparison.IS, right=Text(value="1")))
    excused = judged(rule.model_copy(update={"exemptions": (spared,)}), data, "2027-02-01").findings
    assert [(f.verdict.value, f.excuse) for f in excused] == [("excused", "condition")]


def test_permission() -> None:
    rule = Permission(
        **BASE,
        event=event("deployment"),
        named=("dev",),
        roles=("dev", "lead"),
        environments=("staging",),
        per=("version",),
    )
    data = facts(
        deployment=[
            deployment("2027-01-10", role="lead", environment="staging"),
            deployment("2027-01-11", role="dev", environment="production"),
            deployment("2027-01-12", role="intern", environment="staging", version="2"),
            deployment("2027-01-13", role=None, environment="staging", version="2"),
        ]
    )
    found = judged(rule, data, "2027-02-01").findings
    assert [(f.group[0][1], f.verdict.value, f.samples) for f in found] == [
        ("1", "met", 1),
        ("1", "breached", 1),
        ("2", "breached", 1),
        ("2", "breached", 1),
    ]


# --- retention and deletion --------------------------------------------------------------------------------------


def test_retention() -> None:
    rule = Retention(**BASE, record=record("log"), period=period(1, "months"), per=("model",))
    logs = [
        {"begin": at("2027-01-31"), "end": at("2027-02-28"), "model": "a"},  # a month: to the last day of February
        {"begin": at("2027-01-31"), "end": at("2027-02-27 23:59"), "model": "a"},
        {"begin": at("2027-01-31"), "model": "a"},
        {"begin": at("2027-02-10"), "model": "a"},
        {"begin": at("2026-12-31"), "end": at("2027-01-02"), "model": "b"},  # began before the life
    ]
    found = judged(rule, facts(log=logs), "2027-03-01").findings
    assert [(f.verdict.value, f.samples, str(f.value)) for f in found] == [
        ("met", 2, "None"),
        ("pending", 1, "None"),
        ("breached", 1, "27.999305556"),
    ]
    assert verdicts(judged(rule, facts(log=[]), "2027-03-01")) == ["met"]


def test_deletion_after_termination_of_the_agreement() -> None:
    rule = Deletion(**BASE, record=record("customer_data"), trigger=event("termination"), within=period(30, "days"))
    sets = [
        {"begin": at("2027-01-05"), "end": at("2027-02-20"), "data_set": "x"},
        {"begin": at("2027-01-06"), "data_set": "y"},
        {"begin": at("2027-02-05"), "data_set": "later"},
    ]
    data = facts(termination=[{"time": at("2027-02-01")}], customer_data=sets)
    [found] = judged(rule, data, "2027-03-03").findings
    assert (found.verdict.value, found.samples) == ("pending", 2)
    [found] = judged(rule, data, "2027-03-03 00:00:01").findings
    assert (found.verdict.value, str(found.value), found.decided) == ("breached", "1", at("2027-03-03"))
    sets[1]["end"] = at("2027-03-03")  # at the deadline itself
    data = facts(termination=[{"time": at("2027-02-01")}], customer_data=sets)
    assert verdicts(judged(rule, data, "2027-04-01")) == ["met"]
    assert verdicts(judged(rule, facts(termination=[{"time": at("2027-02-01")}]), "2027-04-01")) == ["unmeasured"]
    assert verdicts(judged(rule, facts(termination=[], customer_data=[]), "2027-04-01")) == ["met"]


def test_termination_ends_the_life() -> None:
    data = facts(evaluation=evaluations(2), termination=[{"time": at("2027-01-20")}])
    [found] = judged(count(AT_LEAST, 1), data, "2027-04-01").findings
    assert (found.start, found.end, found.verdict.value) == (at("2027-01-01"), at("2027-01-20"), "met")


def test_nothing_is_judged_before_the_life() -> None:
    assert judged(CADENCE, facts(evaluation=[]), "2027-01-01").findings == ()
