"""Derived data where it is easily wrong: clock changes, midnight, rounding, missing bases, tables that nobody asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any as Anything
from zoneinfo import ZoneInfo

import pytest

from tallystick.evaluation.context import context
from tallystick.evaluation.derived import intervals
from tallystick.evaluation.engine import DuckDB
from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.explain import rows_for
from tallystick.facts.tables import Facts
from tallystick.rules.derived import Intervals, Runs, SampledIntervals
from tallystick.rules.measure import Arithmetic, OpenTime, Operator, SeriesKind
from tallystick.rules.rule import Keep
from tallystick.rules.rulebook import MetricData, RecordData, Rulebook

from .building import (
    ABOVE,
    AT_MOST,
    BASE,
    HOUR,
    METRICS,
    RECORDS,
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
    short,
)

HIGH = event("incident", where={"kind": "member", "attribute": "severity", "values": ("high",)})
RATIO = Arithmetic(
    operator=Operator.DIVIDED_BY, left=aggregate("count", HIGH), right=aggregate("count", event("incident"))
)


def rate(each_hours: int = 1, **more: Anything) -> MetricData:
    derived = Intervals(measure=RATIO, each=period(each_hours, "hours"), empty=more.pop("empty", None))
    return MetricData(id="rate", title="rate", unit="fraction", derived=derived, **more)


def runs(lasting: int, **more: Anything) -> RecordData:
    fields = {"over": SampledIntervals(metric="rate"), "comparison": ABOVE, "threshold": quantity("0.5")}
    definition = Runs.model_validate({**fields, "lasting": period(lasting, "hours"), **more})
    return RecordData(id="runs", title="runs", derived=definition)


def mean_of_rate(window: str = "day") -> Keep:
    return Keep(
        **BASE,
        measure=aggregate("mean", metric("rate")),
        comparison=AT_MOST,
        threshold=quantity("0.5"),
        window=each(window),
    )


def time_of_runs() -> Keep:
    measure = OpenTime(record=record("runs"))
    return Keep(**BASE, measure=measure, comparison=AT_MOST, threshold=quantity("1", "hours"), window=each("day"))


def book(*rules: Keep, with_metric: MetricData | None = None, with_record: RecordData | None = None) -> Rulebook:
    return rulebook(*rules, metrics=(*METRICS, with_metric or rate()), records=(*RECORDS, with_record or runs(2)))


def incidents(*rows: tuple[str, str]) -> list[dict[str, Anything]]:
    return [{"time": at(time), "incident_id": "1", "severity": severity} for time, severity in rows]


def judged(rules: Rulebook, data: Facts, as_of: str) -> Evaluation:
    return evaluate(rules, data, at(as_of))


@pytest.mark.parametrize(
    ("day", "length", "number", "last"),
    [("2027-03-14", 1, 23, 1), ("2027-11-07", 1, 25, 1), ("2027-03-14", 6, 4, 5), ("2027-11-07", 6, 5, 1)],
)
def test_a_day_whose_clock_changes_has_the_intervals_that_it_has(day: str, length: int, number: int, last: int) -> None:
    rules = rulebook(effective=day, timezone="America/New_York")
    data, end = facts(), at(f"{day}T12:00:00Z") + 24 * HOUR
    with DuckDB(data.connection) as engine:
        found = list(intervals(context(rules, data, engine, end), period(length, "hours")))
        midnight = at(f"{day}T23:59:59", ZoneInfo("America/New_York")) + 1_000_000
    first_day = [stretch for stretch in found if stretch.start < midnight]
    assert len(first_day) == number
    assert first_day[-1].end == midnight
    assert first_day[-1].end - first_day[-1].start == last * HOUR


def test_the_mean_of_ratios_is_not_the_ratio_of_sums() -> None:
    data = facts(
        incident=incidents(
            ("2027-01-01T00:10:00Z", "high"),
            ("2027-01-01T01:10:00Z", "high"),
            ("2027-01-01T01:20:00Z", "low"),
            ("2027-01-01T01:30:00Z", "low"),
            ("2027-01-01T01:40:00Z", "low"),
        )
    )
    # (1/1 + 1/4) / 2, where 2 of 5 would be 0.4
    assert short(judged(book(mean_of_rate()), data, "2027-01-02").findings) == [("breached", "0.625")]


def test_a_sample_is_rounded_half_even_to_the_places_of_the_metric() -> None:
    rows = [("2027-01-01T00:10:00Z", "high"), *[("2027-01-01T00:20:00Z", "low")] * 7]
    data = facts(incident=incidents(*rows))
    rules = book(mean_of_rate(), with_metric=rate(places=2))
    assert short(judged(rules, data, "2027-01-02").findings) == [("met", "0.12")]  # 1/8 = 0.125


def test_empty_intervals_count_only_from_the_first_row_on() -> None:
    data = facts(incident=incidents(("2027-01-01T20:10:00Z", "high")))
    rules = book(mean_of_rate(), with_metric=rate(empty=quantity("0"), dimensions=("severity",)))
    # 20:00 to 24:00: one of four intervals
    assert short(judged(rules, data, "2027-01-02").findings) == [("met", "0.25")]


def test_a_run_goes_on_over_midnight_and_ends_with_the_first_interval_that_does_not_violate() -> None:
    hours = ("2027-01-01T22:10", "2027-01-01T23:10", "2027-01-02T00:10", "2027-01-02T02:10")
    data = facts(incident=incidents(*((f"{hour}:00Z", "high") for hour in hours)))
    found = judged(book(time_of_runs()), data, "2027-01-03").findings
    # [22:00, 01:00); the hour of 02:00 alone is too short
    assert short(found) == [("breached", "2"), ("met", "1")]


def test_too_few_samples_end_a_run() -> None:
    hours = ("2027-01-01T10:10", "2027-01-01T10:20", "2027-01-01T11:10", "2027-01-01T12:10", "2027-01-01T12:20")
    data = facts(incident=incidents(*((f"{hour}:00Z", "high") for hour in hours)))
    assert short(judged(book(time_of_runs()), data, "2027-01-02").findings) == [("breached", "3")]
    rules = book(time_of_runs(), with_record=runs(1, minimum_samples=2))
    assert short(judged(rules, data, "2027-01-02").findings) == [("breached", "2")]
    rules = book(time_of_runs(), with_record=runs(2, minimum_samples=2))
    assert short(judged(rules, data, "2027-01-02").findings) == [("met", "0")]


def test_without_its_base_derived_data_is_unmeasured_and_says_what_is_missing() -> None:
    found = judged(book(mean_of_rate(), time_of_runs()), facts(), "2027-01-02").findings
    assert {finding.because for finding in found} == {"no table is bound for event incident"}
    assert {finding.verdict.value for finding in found} == {"unmeasured"}


def test_a_table_given_for_derived_data_is_ignored() -> None:
    data = facts(incident=incidents(("2027-01-01T00:10:00Z", "high")))
    data.connection.execute('CREATE TABLE "metric_rate" ("time" BIGINT, "value" DECIMAL(38,9), "row" BIGINT)')
    given = replace(data, bound=data.bound | {(SeriesKind.METRIC, "rate")})
    assert judged(book(mean_of_rate()), given, "2027-01-02") == judged(book(mean_of_rate()), data, "2027-01-02")


def test_derived_samples_explain_a_finding() -> None:
    data = facts(incident=incidents(("2027-01-01T00:10:00Z", "low"), ("2027-01-01T05:10:00Z", "high")))
    rules = book(mean_of_rate())
    finding = judged(rules, data, "2027-01-02").findings[0]
    assert [(row.source, row.time, row.values) for row in rows_for(data, rules, finding, 5)] == [
        ("rate", at("2027-01-01T05:00:00Z"), (("value", "1"),)),
        ("rate", at("2027-01-01"), (("value", "0"),)),
    ]
