"""`keep` over windows, by hand."""

from __future__ import annotations

from typing import Any as Anything

import pytest

from tallystick.rules.measure import (
    Across,
    Age,
    Arithmetic,
    Attribute,
    Compare,
    Comparison,
    Distinct,
    Elapsed,
    Function,
    Member,
    Not,
    OpenTime,
    Operator,
    RowArithmetic,
    Share,
    Text,
    Uptime,
)
from tallystick.rules.rule import During, Keep, Rolling, Where

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
    short,
)


def keep(
    measure: Anything, comparison: Anything, threshold: Anything, window: Anything = None, **more: Anything
) -> Anything:
    return Keep(
        **BASE,
        measure=measure,
        comparison=comparison,
        threshold=threshold,
        window=window or each("month"),
        **more,
    )


def samples(*pairs: Anything, name: Anything = "time") -> Anything:
    return [{name: at(when), "value": value} for when, value in pairs]


SCORE = metric("score")


@pytest.mark.parametrize(
    ("function", "percentile", "expected"),
    [
        ("mean", None, "3.666666667"),
        ("median", None, "2"),
        ("min", None, "0"),
        ("max", None, "10"),
        ("sum", None, "22"),
        ("count", None, "6"),
        ("latest", None, "7"),
        ("stddev", None, "3.932768321"),
        ("percentile", "50", "2"),
        ("percentile", "50.1", "2"),
        ("percentile", "66.7", "7"),
        ("percentile", "100", "10"),
        ("percentile", "0.0001", "0"),
    ],
)
def test_aggregates(function: Anything, percentile: Anything, expected: Anything) -> None:
    rows = [
        ("2027-01-03", "1"),
        ("2027-01-04", "2"),
        ("2027-01-04", "2"),
        ("2027-01-05", "10"),
    ]
    rows += [
        ("2027-01-09", "0"),
        ("2027-01-09", "7"),
    ]  # of two at the latest time, the greater
    rule = keep(aggregate(function, SCORE, percentile), AT_LEAST, quantity("0", "score"))
    [finding] = judged(rule, facts(score=samples(*rows)), "2027-02-01").findings
    assert (finding.verdict.value, str(finding.value), finding.samples) == (
        "met",
        expected,
        6,
    )


def test_windows_are_half_open_and_exact_thresholds_are_met() -> None:
    data = facts(score=samples(("2027-01-31 23:59:59.999999", "0.1"), ("2027-02-01", "0.2")))
    rule = keep(aggregate("mean", SCORE), AT_LEAST, quantity("0.2", "score"))
    assert short(judged(rule, data, "2027-03-01").findings) == [
        ("breached", "0.1"),
        ("met", "0.2"),
    ]
    rule = keep(aggregate("mean", SCORE), ABOVE, quantity("0.2", "score"))
    assert short(judged(rule, data, "2027-03-01").findings)[1] == ("breached", "0.2")


def test_mean_of_thirds_is_compared_exactly() -> None:
    data = facts(score=samples(("2027-01-02", "1"), ("2027-01-03", "0"), ("2027-01-04", "0")))
    rule = keep(aggregate("mean", SCORE), AT_LEAST, quantity("0.333333333", "score"))
    assert short(judged(rule, data, "2027-02-01").findings) == [("met", "0.333333333")]
    rule = keep(aggregate("mean", SCORE), AT_MOST, quantity("0.333333333", "score"))
    assert short(judged(rule, data, "2027-02-01").findings) == [("breached", "0.333333333")]


def test_partial_first_month_and_open_last() -> None:
    data = facts(score=samples(("2027-01-14", "9"), ("2027-01-20", "1"), ("2027-02-01", "2")))
    rule = keep(aggregate("mean", SCORE), AT_LEAST, quantity("5", "score"))
    found = judged(rule, data, "2027-02-10", effective="2027-01-15").findings
    assert short(found) == [("breached", "1"), ("pending", "2")]
    assert (found[0].start, found[0].end, found[0].decided) == (
        at("2027-01-15"),
        at("2027-02-01"),
        at("2027-02-01"),
    )
    assert found[1].because == "the window is still open"


def test_rows_at_as_of_are_not_known() -> None:
    data = facts(score=samples(("2027-01-20", "1"), ("2027-02-01", "2")))
    rule = keep(aggregate("count", SCORE), AT_LEAST, quantity("1", "count"))
    assert short(judged(rule, data, "2027-02-01").findings) == [("met", "1")]


def test_local_days_at_clock_changes() -> None:
    rows = samples(("2027-03-28 21:59", "1"), ("2027-03-28 22:00", "2"))  # 28 March has 23 hours in Berlin
    rule = keep(aggregate("sum", SCORE), AT_LEAST, quantity("1", "score"), each("day"))
    found = judged(
        rule,
        facts(score=rows),
        "2027-03-30",
        effective="2027-03-28",
        timezone="Europe/Berlin",
    ).findings
    assert short(found)[:2] == [("met", "1"), ("met", "2")]
    assert (found[0].end - found[0].start) == 23 * 3_600_000_000


def test_rolling_windows_lie_inside_the_life() -> None:
    rows = samples(*((f"2027-01-0{day}", str(day)) for day in range(1, 6)))
    rule = keep(
        aggregate("sum", SCORE),
        AT_LEAST,
        quantity("6", "score"),
        Rolling(length=period(3, "days")),
    )
    found = judged(rule, facts(score=rows), "2027-01-05").findings
    closed = [f for f in found if f.end <= at("2027-01-05")]
    assert short(tuple(closed)) == [("met", "6"), ("met", "9")]  # days 1-3, 2-4
    assert [f.verdict.value for f in found if f.end > at("2027-01-05")] == [
        "pending",
        "pending",
        "pending",
    ][: len(found) - 2]


def test_too_few_samples_no_data_and_excused_missing() -> None:
    data = facts(score=samples(("2027-02-02", "1")))
    rule = keep(aggregate("mean", SCORE), AT_LEAST, quantity("1", "score"), minimum_samples=2)
    found = judged(rule, data, "2027-03-01").findings
    assert [(f.verdict.value, f.because) for f in found] == [
        ("unmeasured", "no data"),
        ("unmeasured", "too few samples"),
    ]
    rule = rule.model_copy(update={"missing_excused": True})
    assert [(f.verdict.value, f.excuse) for f in judged(rule, data, "2027-03-01").findings] == [
        ("excused", "missing data"),
        ("excused", "missing data"),
    ]


def test_unbound_source() -> None:
    [finding] = judged(
        keep(aggregate("mean", SCORE), AT_LEAST, quantity("1", "score")),
        facts(),
        "2027-01-05",
    ).findings
    assert (finding.verdict.value, finding.because) == (
        "unmeasured",
        "no table is bound for metric score",
    )


def test_groups_are_judged_from_where_they_are_first_seen() -> None:
    rows = [
        {
            "time": at("2027-01-05"),
            "value": "0.9",
            "model": "b",
            "environment": "production",
        },
        {
            "time": at("2027-02-05"),
            "value": "0.8",
            "model": "a",
            "environment": "production",
        },
        {
            "time": at("2027-01-05"),
            "value": "0.1",
            "model": "c",
            "environment": "staging",
        },
    ]
    rule = keep(
        aggregate("mean", metric("accuracy")),
        AT_LEAST,
        quantity("0.9"),
        per=("model",),
        environments=("production",),
    )
    found = judged(rule, facts(accuracy=rows), "2027-03-01").findings
    assert [(f.group, f.verdict.value, f.start) for f in found] == [
        ((("model", "a"),), "breached", at("2027-02-01")),
        ((("model", "b"),), "met", at("2027-01-01")),
        ((("model", "b"),), "unmeasured", at("2027-02-01")),
    ]


def test_no_group_seen() -> None:
    rule = keep(aggregate("mean", metric("accuracy")), AT_LEAST, quantity("0.9"), per=("model",))
    found = judged(rule, facts(accuracy=[]), "2027-02-10").findings
    assert [(f.group, f.verdict.value, f.because) for f in found] == [
        ((), "unmeasured", "no group was seen"),
        ((), "pending", "the window is still open"),
    ]


def test_share_counts_the_boundary() -> None:
    rows = [{"time": at(f"2027-01-0{i}"), "value": v, "model": "a"} for i, v in enumerate(["249", "250", "251"], 1)]
    share = Share(of=metric("latency"), comparison=AT_MOST, threshold=quantity("0.25", "seconds"))
    [found] = judged(keep(share, AT_LEAST, quantity("0.67")), facts(latency=rows), "2027-02-01").findings
    assert (found.verdict.value, str(found.value)) == ("breached", "0.666666667")
    share = Share(of=metric("latency"), comparison=BELOW, threshold=quantity("0.25", "seconds"))
    [found] = judged(keep(share, AT_LEAST, quantity("0.3")), facts(latency=rows), "2027-02-01").findings
    assert str(found.value) == "0.333333333"


def test_latency_shows_its_own_unit() -> None:
    rows = [{"time": at("2027-01-02"), "value": "1500", "model": "a"}]
    rule = keep(
        aggregate("percentile", metric("latency"), "95"),
        AT_MOST,
        quantity("1.5", "seconds"),
    )
    [found] = judged(rule, facts(latency=rows), "2027-02-01").findings
    assert (
        found.verdict.value,
        str(found.value),
        str(found.threshold),
        found.unit,
    ) == (
        "met",
        "1500",
        "1500",
        "milliseconds",
    )


def test_uptime_takes_excluded_time_out_of_both_sides() -> None:
    rows = [{"begin": at("2027-01-10"), "end": at("2027-01-12"), "model": "a"}]
    rows += [{"begin": at("2027-01-11"), "end": at("2027-01-13"), "model": "a"}]  # overlaps: counts once
    planned = [{"begin": at("2027-01-12"), "end": at("2027-01-14"), "model": "a"}]
    rule = keep(
        Uptime(record=record("outage"), excluding=record("maintenance")),
        AT_LEAST,
        quantity("0.9"),
        per=("model",),
    )
    [found] = judged(rule, facts(outage=rows, maintenance=planned), "2027-02-01").findings
    # 31 days less 2 excluded; 2 days of outage remain: 27/29
    assert (found.verdict.value, str(found.value)) == ("met", "0.931034483")


def test_uptime_without_per_and_without_records_is_whole() -> None:
    rule = keep(Uptime(record=record("outage")), AT_LEAST, quantity("1"))
    assert short(judged(rule, facts(outage=[]), "2027-02-02").findings) == [
        ("met", "1"),
        ("pending", "1"),
    ]


def test_uptime_of_an_open_month_is_certain_when_it_is_lost() -> None:
    rows = [{"begin": at("2027-01-01"), "model": "a"}]
    rule = keep(Uptime(record=record("outage")), AT_LEAST, quantity("0.9"))
    assert short(judged(rule, facts(outage=rows), "2027-01-04").findings) == [("pending", "0.903225806")]
    assert short(judged(rule, facts(outage=rows), "2027-01-05").findings) == [("breached", "0.870967742")]


def test_duration_and_record_count() -> None:
    rows = [{"begin": at("2026-12-31 23:00"), "end": at("2027-01-01 01:30"), "model": "a"}]
    rule = keep(OpenTime(record=record("outage")), AT_MOST, quantity("90", "minutes"))
    [found] = judged(rule, facts(outage=rows), "2027-02-01").findings
    assert (found.verdict.value, str(found.value), found.unit) == (
        "met",
        "90",
        "minutes",
    )
    rule = keep(aggregate("count", record("outage")), AT_MOST, quantity("0", "count"))
    assert short(judged(rule, facts(outage=rows), "2027-02-01").findings) == [("met", "0")]  # it began before


def test_window_inside_exception_is_excused_and_rows_in_it_left_out() -> None:
    rows = samples(("2027-01-05", "1"), ("2027-02-05", "1"), ("2027-02-15", "9"))
    planned = [{"begin": at("2027-01-01"), "end": at("2027-02-10"), "model": "a"}]
    rule = keep(
        aggregate("mean", SCORE),
        AT_LEAST,
        quantity("5", "score"),
        exemptions=(During(record=record("maintenance")),),
    )
    found = judged(rule, facts(score=rows, maintenance=planned), "2027-03-01").findings
    assert [(f.verdict.value, f.excuse, f.samples) for f in found] == [
        ("excused", "maintenance", 0),
        ("met", "", 1),
    ]


def test_except_where_leaves_rows_and_groups_out() -> None:
    rows = [
        {
            "time": at("2027-01-05"),
            "value": "0.1",
            "model": "shadow",
            "environment": "production",
        },
        {
            "time": at("2027-01-05"),
            "value": "0.9",
            "model": "a",
            "environment": "production",
        },
    ]
    shadow = Compare(
        left=Attribute(name="model"),
        comparison=Comparison.IS,
        right=Text(value="shadow"),
    )
    rule = keep(
        aggregate("mean", metric("accuracy")),
        AT_LEAST,
        quantity("0.9"),
        per=("model",),
        exemptions=(Where(condition=shadow),),
    )
    found = judged(rule, facts(accuracy=rows), "2027-02-01").findings
    assert [(f.group, f.verdict.value) for f in found] == [((("model", "a"),), "met")]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (
            Compare(
                left=Attribute(name="severity"),
                comparison=Comparison.IS,
                right=Text(value="high"),
            ),
            "1",
        ),
        (
            Compare(
                left=Attribute(name="severity"),
                comparison=Comparison.IS_NOT,
                right=Text(value="high"),
            ),
            "2",
        ),
        (Member(attribute="severity", values=("high", "low")), "2"),
        (Member(attribute="severity", values=("high",), negated=True), "2"),
        (
            Compare(
                left=Attribute(name="loss"),
                comparison=AT_LEAST,
                right=quantity("5", "USD"),
            ),
            "1",
        ),
        (
            Compare(
                left=quantity("5", "USD"),
                comparison=AT_LEAST,
                right=Attribute(name="loss"),
            ),
            "2",
        ),
        (
            Not(
                part=Compare(
                    left=Attribute(name="loss"),
                    comparison=AT_LEAST,
                    right=quantity("5", "USD"),
                )
            ),
            "2",
        ),
        (
            Compare(
                left=Attribute(name="loss"),
                comparison=Comparison.IS_NOT,
                right=quantity("5", "USD"),
            ),
            "1",
        ),
        (
            Compare(
                left=Attribute(name="loss"),
                comparison=AT_MOST,
                right=RowArithmetic(
                    operator=Operator.TIMES,
                    left=quantity("0.75"),
                    right=Attribute(name="gross"),
                ),
            ),
            "1",
        ),
        (
            Compare(
                left=Attribute(name="delay"),
                comparison=ABOVE,
                right=quantity("59", "seconds"),
            ),
            "1",
        ),
        (
            Compare(
                left=Attribute(name="incident_id"),
                comparison=Comparison.IS,
                right=Text(value='it\'s "1"; --'),
            ),
            "1",
        ),
    ],
)
def test_conditions(condition: Anything, expected: Anything) -> None:
    rows = [
        {
            "time": at("2027-01-02"),
            "incident_id": 'it\'s "1"; --',
            "severity": "high",
            "loss": "4",
            "gross": "5",
        },
        {
            "time": at("2027-01-03"),
            "incident_id": "2",
            "severity": "low",
            "loss": "5",
            "gross": "6",
            "delay": "1",
        },
        {"time": at("2027-01-04"), "incident_id": "3"},
    ]
    if "gross" in str(condition):
        rows[0] |= {"loss": "3.75"}  # exactly three quarters
    rule = keep(
        aggregate("count", event("incident", where=condition)),
        AT_LEAST,
        quantity("0", "count"),
    )
    assert short(judged(rule, facts(incident=rows), "2027-02-01").findings) == [("met", expected)]


def test_sum_of_an_attribute_is_zero_without_events_and_certain_only_when_it_grows() -> None:
    rows = [{"time": at("2027-02-02"), "incident_id": "1", "loss": "10.5", "delay": "30"}]
    losses = keep(
        aggregate("sum", event("incident", attribute="loss")),
        AT_MOST,
        quantity("10", "USD"),
    )
    assert short(judged(losses, facts(incident=rows), "2027-02-20").findings) == [
        ("met", "0"),
        ("pending", "10.5"),
    ]
    delays = keep(
        aggregate("sum", event("incident", attribute="delay")),
        AT_MOST,
        quantity("0.25", "hours"),
    )
    assert short(judged(delays, facts(incident=rows), "2027-02-20").findings)[1] == (
        "breached",
        "30",
    )


def test_distinct_and_count_are_certain_early() -> None:
    rows = [{"time": at("2027-01-02"), "model": m, "environment": "x"} for m in ("a", "b", "b")]
    rule = keep(
        Distinct(of=event("deployment"), dimension="model"),
        AT_MOST,
        quantity("1", "count"),
    )
    assert short(judged(rule, facts(deployment=rows), "2027-01-10").findings) == [("breached", "2")]
    rule = keep(aggregate("count", event("deployment")), AT_LEAST, quantity("3", "count"))
    assert short(judged(rule, facts(deployment=rows), "2027-01-10").findings) == [("met", "3")]


def test_age_of_rows_and_records() -> None:
    rows = samples(("2026-12-31", "1"), ("2027-01-02", "1"), ("2027-01-03", "1"))
    rule = keep(Age(of=SCORE), AT_MOST, quantity("1", "days"), each("day"))
    found = judged(rule, facts(score=rows), "2027-01-04 12:00").findings
    # a row at the very end of a day is at or before it
    assert short(found) == [
        ("met", "0"),
        ("met", "0"),
        ("met", "1"),
        ("pending", "1.5"),
    ]
    logs = [
        {"begin": at("2027-01-01"), "end": at("2027-01-03"), "model": "a"},
        {"begin": at("2027-01-02"), "model": "a"},
    ]
    rule = keep(Age(of=record("log")), AT_MOST, quantity("1", "days"), each("day"))
    found = judged(rule, facts(log=logs), "2027-01-04 12:00").findings
    assert short(found) == [
        ("met", "1"),
        ("met", "1"),
        ("breached", "2"),
        ("pending", "2.5"),
    ]


def test_elapsed_times_and_open_ones() -> None:
    incidents = [
        {"time": at("2027-01-02 00:00"), "incident_id": "1"},
        {"time": at("2027-01-03 00:00"), "incident_id": "2"},
    ]
    done = [
        {"time": at("2027-01-02 04:00"), "incident_id": "1"},
        {"time": at("2027-01-02 05:00"), "incident_id": "1"},
    ]
    measure = Elapsed(
        function=Function.MAX,
        start=event("incident"),
        finish=event("resolution"),
        matching=("incident_id",),
    )
    rule = keep(measure, AT_MOST, quantity("8", "hours"))
    data = facts(incident=incidents, resolution=done)
    assert short(judged(rule, data, "2027-01-03 07:00").findings) == [("pending", "7")]
    assert short(judged(rule, data, "2027-01-03 09:00").findings) == [("breached", "9")]
    mean = rule.model_copy(update={"measure": measure.model_copy(update={"function": Function.MEAN})})
    assert short(judged(mean, data, "2027-01-31 00:00").findings) == [("pending", "338")]
    assert short(judged(mean, data, "2027-02-01 00:00").findings) == [("breached", "350")]
    lax = mean.model_copy(update={"threshold": quantity("2000", "hours")})
    [finding] = judged(lax, data, "2027-02-01 00:00").findings
    assert (finding.verdict.value, finding.because) == (
        "pending",
        "some cases are still open",
    )


def test_gap_and_ratio_across_a_dimension() -> None:
    rows = [
        {"time": at("2027-01-02"), "value": value, "model": "m", "part": part}
        for part, values in {"x": ["1", "0"], "y": ["1", "1"], "z": ["0"]}.items()
        for value in values
    ]
    approved = aggregate("mean", metric("approved"))
    gap = keep(
        Across(function="gap", measure=approved, dimension="part"),
        AT_MOST,
        quantity("0.5"),
        minimum_samples=2,
    )
    [found] = judged(gap, facts(approved=rows), "2027-02-01").findings
    assert (found.verdict.value, str(found.value), found.samples) == (
        "met",
        "0.5",
        4,
    )  # z has too few
    ratio = keep(
        Across(function="ratio", measure=approved, dimension="part"),
        AT_LEAST,
        quantity("0.8"),
        per=("model",),
    )
    assert short(judged(ratio, facts(approved=rows), "2027-02-01").findings) == [("breached", "0")]
    alone = facts(approved=[row for row in rows if row["part"] == "x"])
    assert short(judged(gap, alone, "2027-02-01").findings) == [("unmeasured", "")]


def test_arithmetic_between_counts_and_division_by_zero() -> None:
    critical = Compare(
        left=Attribute(name="severity"),
        comparison=Comparison.IS,
        right=Text(value="critical"),
    )
    rows = [
        {
            "time": at("2027-01-02"),
            "incident_id": str(i),
            "severity": "critical" if i == 0 else "low",
        }
        for i in range(8)
    ]
    share = Arithmetic(
        operator=Operator.DIVIDED_BY,
        left=aggregate("count", event("incident", where=critical)),
        right=aggregate("count", event("incident")),
    )
    found = judged(keep(share, AT_MOST, quantity("0.125")), facts(incident=rows), "2027-03-01").findings
    assert [(f.verdict.value, str(f.value), f.because) for f in found] == [
        ("met", "0.125", ""),
        ("unmeasured", "None", "no data"),
    ]


def test_threshold_may_be_a_measure_of_a_shared_source() -> None:
    rows = [{"time": at("2027-01-02"), "value": "0.8", "model": "a", "environment": "p"}]
    rule = keep(
        aggregate("mean", metric("accuracy")),
        AT_LEAST,
        aggregate("mean", SCORE),
        per=("model",),
    )
    [found] = judged(rule, facts(accuracy=rows, score=samples(("2027-01-03", "0.8"))), "2027-02-01").findings
    assert (found.verdict.value, str(found.threshold)) == ("met", "0.8")
