"""The reference itself, against expectations worked out by hand, by the paragraphs of docs/meaning.md."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tallystick.quantities import Period, PeriodUnit, Quantity
from tallystick.rules import measure as m
from tallystick.rules import rule as r
from tallystick.rules.rulebook import Rulebook

from .clock import EPOCH, MICROSECOND, Window, add, calendar_windows, instant_of, rolling_windows, time_covered
from .evaluator import Result, evaluate
from .measures import percentile, root_to_nine_places, standard_deviation
from .rows import holds
from .strategies import EVENTS, METRICS, RECORDS, money

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
LORD_HOWE, HAVANA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Havana")
HOUR = 3_600_000_000
DAY = 24 * HOUR


def at(text: str) -> int:
    """Microseconds of a time in UTC, e.g. `2027-01-31T12:00`."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // MICROSECOND


def quantity(text: str) -> m.Value:
    """`0.9 fraction`."""
    number, unit = text.split()
    return m.Value(quantity=Quantity(value=Decimal(number), unit=unit))


def period(text: str) -> Period:
    """`3 days`."""
    amount, unit = text.split()
    return Period(amount=int(amount), unit=PeriodUnit(unit))


def series(name: str, where: m.Condition | None = None, attribute: str | None = None) -> m.Series:
    """A series of one of the sources of the generated examples."""
    kinds = {each.id: m.SeriesKind.METRIC for each in METRICS}
    kinds |= {each.id: m.SeriesKind.EVENT for each in EVENTS} | {each.id: m.SeriesKind.RECORD for each in RECORDS}
    return m.Series(source=kinds[name], name=name, where=where, attribute=attribute)


def is_text(name: str, text: str) -> m.Compare:
    """`name is "text"`."""
    return m.Compare(left=m.Attribute(name=name), comparison=m.Comparison.IS, right=m.Text(value=text))


def aggregate(function: str, of: m.Series, percent: str | None = None) -> m.Aggregate:
    """A plain aggregate."""
    return m.Aggregate(function=m.Function(function), of=of, percentile=None if percent is None else Decimal(percent))


COMMON: dict[str, Any] = {"id": "rule", "clause": "first", "number": "1", "title": "Clause"}
MONTH = r.Calendar(each=r.CalendarUnit.MONTH)
DAILY = r.Calendar(each=r.CalendarUnit.DAY)


def keep(measure: Any, comparison: str, threshold: str, window: Any = MONTH, **more: Any) -> r.Keep:
    """*Keep* over a window."""
    fields = {**COMMON, "measure": measure, "comparison": m.Comparison(comparison), "window": window, **more}
    return r.Keep(threshold=quantity(threshold), **fields)


def judge(
    rules: r.Rule | list[r.Rule],
    tables: dict[tuple[str, str], list[dict[str, Any]]],
    as_of: str,
    *,
    until: str | None = None,
    timezone: str = "UTC",
    remedies: tuple[r.Remedy, ...] = (),
) -> Result:
    """Evaluate rules of an agreement that is in force from 2027-01-01."""
    book = Rulebook(
        agreement="Example",
        version="1",
        effective=date(2027, 1, 1),
        until=None if until is None else date.fromisoformat(until),
        timezone=timezone,
        currency="USD",
        metrics=METRICS,
        events=EVENTS,
        records=RECORDS,
        rules=tuple(rules) if isinstance(rules, list) else (rules,),
        remedies=remedies,
    )
    return evaluate(book.model_dump(mode="json"), tables, at(as_of))


def verdicts(result: Result) -> list[str]:
    """The verdicts, in order."""
    return [each.verdict for each in result.findings]


def passed(*samples: tuple[str, str], model: str = "a") -> list[dict[str, Any]]:
    """Rows of the metric `passed`: (time, value)."""
    return [{"time": at(time), "model": model, "value": Decimal(value)} for time, value in samples]


def outage(begin: str, end: str | None, model: str = "a", environment: str = "production") -> dict[str, Any]:
    """A row of the record `outage`."""
    ends = None if end is None else at(end)
    return {"begin": at(begin), "end": ends, "model": model, "environment": environment, "users": None}


def maintenance(begin: str, end: str | None, model: str = "a") -> dict[str, Any]:
    """A row of the record `maintenance`."""
    return {"begin": at(begin), "end": None if end is None else at(end), "model": model}


def incident(time: str, ticket: str = "1", model: str = "a", loss: str | None = None) -> dict[str, Any]:
    """A row of the event `incident`."""
    lost = None if loss is None else Decimal(loss)
    return {"time": at(time), "ticket": ticket, "model": model, "severity": "high", "affected": None, "loss": lost}


def resolution(time: str, ticket: str = "1", model: str = "a") -> dict[str, Any]:
    """A row of the event `resolution`."""
    return {"time": at(time), "ticket": ticket, "model": model}


def deployment(
    time: str, role: str | None = "officer", environment: str = "production", model: str = "a"
) -> dict[str, Any]:
    """A row of the event `deployment`."""
    return {"time": at(time), "model": model, "environment": environment, "role": role, "person": None}


# --- Time -------------------------------------------------------------------------------------------------------


def test_skipped_local_time_has_the_offset_before_the_change() -> None:
    """02:30 on 14 March 2027 does not exist in New York; read with -05:00 it is 07:30 UTC."""
    assert instant_of(NEW_YORK, datetime.fromisoformat("2027-03-14T02:30")) == at("2027-03-14T07:30")


def test_repeated_local_time_is_the_first() -> None:
    """01:30 on 7 November 2027 comes twice in New York; the first is at -04:00."""
    assert instant_of(NEW_YORK, datetime.fromisoformat("2027-11-07T01:30")) == at("2027-11-07T05:30")


def test_days_keep_the_local_time_of_day_and_hours_elapse() -> None:
    """From noon before the change in Berlin (28 March 2027), a day is 23 hours long."""
    noon = instant_of(BERLIN, datetime.fromisoformat("2027-03-27T12:00"))
    assert add(BERLIN, noon, {"amount": 1, "unit": "days"}) == noon + 23 * HOUR
    assert add(BERLIN, noon, {"amount": 24, "unit": "hours"}) == noon + 24 * HOUR


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2027-01-31T08:00", 1, "months", "2027-02-28T08:00"),
        ("2028-01-31T08:00", 1, "months", "2028-02-29T08:00"),
        ("2028-02-29T08:00", 1, "years", "2029-02-28T08:00"),
        ("2027-11-30T08:00", 1, "quarters", "2028-02-29T08:00"),
        ("2027-12-31T08:00", 2, "weeks", "2028-01-14T08:00"),
    ],
)
def test_months_that_lack_the_day_give_their_last(start: str, amount: int, unit: str, expected: str) -> None:
    """Calendar arithmetic at month ends."""
    assert add(ZoneInfo("UTC"), at(start), {"amount": amount, "unit": unit}) == at(expected)


def test_a_period_is_taken_away_by_the_same_rule() -> None:
    """A month before 31 March is 28 February."""
    assert add(ZoneInfo("UTC"), at("2027-03-31T08:00"), {"amount": 1, "unit": "months"}, -1) == at("2027-02-28T08:00")


def test_rows_at_as_of_are_not_yet_known() -> None:
    """The second sample is dated as-of itself; the outage that ends at as-of is still open."""
    rule = keep(aggregate("count", series("passed")), "at most", "1 count")
    tables = {("metric", "passed"): passed(("2027-01-01T00:00", "1"), ("2027-01-02T00:00", "1"))}
    assert judge(rule, tables, "2027-01-02").findings[0].samples == 1
    assert judge(rule, tables, "2027-01-03").findings[0].samples == 2
    age = keep(m.Age(of=series("outage")), "at most", "1 hours", DAILY)
    open_tables = {("record", "outage"): [outage("2027-01-01T12:00", "2027-01-02T00:00")]}
    assert judge(age, open_tables, "2027-01-02").findings[0].value == 12 * HOUR
    assert judge(age, open_tables, "2027-01-02T00:00:01").findings[0].value == 0


def test_a_termination_ends_the_life() -> None:
    """The window of January is cut at noon of the tenth; nothing after it is judged."""
    rule = keep(aggregate("count", series("incident")), "at most", "1 count")
    tables = {
        ("event", "termination"): [{"time": at("2027-01-10T12:00")}, {"time": at("2027-01-20")}],
        ("event", "incident"): [incident("2027-01-10T12:00")],
    }
    found = judge(rule, tables, "2027-05-01").findings
    assert [(f.start, f.end, f.samples, f.verdict) for f in found] == [
        (at("2027-01-01"), at("2027-01-10T12:00"), 0, "met")
    ]


# --- Rows -------------------------------------------------------------------------------------------------------


def test_a_missing_number_satisfies_no_comparison_but_its_negation_holds() -> None:
    """*A comparison in a `where`*."""
    row, units = {"loss": None}, {"loss": "USD"}
    for comparison in m.Comparison:
        compare = m.Compare(left=m.Attribute(name="loss"), comparison=comparison, right=quantity("5 USD"))
        assert not holds(compare.model_dump(mode="json"), row, units)
        assert holds(m.Not(part=compare).model_dump(mode="json"), row, units)


def test_a_missing_text_equals_only_a_missing_text() -> None:
    """`is` false, `is not` true, `in` false, `not in` true; two missing texts are equal."""
    row = {"role": None, "model": None}
    is_not = m.Compare(left=m.Attribute(name="role"), comparison=m.Comparison.IS_NOT, right=m.Text(value="x"))
    same = m.Compare(left=m.Attribute(name="role"), comparison=m.Comparison.IS, right=m.Attribute(name="model"))
    cases: list[tuple[m.Condition, bool]] = [
        (is_text("role", "x"), False),
        (is_not, True),
        (m.Member(attribute="role", values=("x",)), False),
        (m.Member(attribute="role", values=("x",), negated=True), True),
        (same, True),
    ]
    for condition, expected in cases:
        assert holds(condition.model_dump(mode="json"), row, {}) is expected


def test_unbound_is_unmeasured_and_empty_is_nothing_happened() -> None:
    """A bound table without rows says that nothing happened."""
    rule = keep(aggregate("count", series("incident")), "at most", "0 count")
    assert verdicts(judge(rule, {}, "2027-02-01")) == ["unmeasured"]
    assert verdicts(judge(rule, {("event", "incident"): []}, "2027-02-01")) == ["met"]


def test_environments_filter_the_sources_that_have_the_dimension() -> None:
    """The outage in staging does not count for a rule in production."""
    tables = {("record", "outage"): [outage("2027-01-01", "2027-01-02", environment="staging")]}
    rule = keep(m.Uptime(record=series("outage")), "at least", "1 fraction", environments=("production",))
    assert verdicts(judge(rule, tables, "2027-02-01")) == ["met"]
    assert verdicts(judge(rule.model_copy(update={"environments": ("staging",)}), tables, "2027-02-01")) == ["breached"]


# --- Windows ----------------------------------------------------------------------------------------------------


def test_days_at_a_clock_change_have_23_and_25_hours() -> None:
    """New York, 14 March and 7 November 2027."""
    for start, hours in (("2027-03-14", 23), ("2027-11-07", 25)):
        first = instant_of(NEW_YORK, datetime.fromisoformat(start))
        windows = calendar_windows(NEW_YORK, Window(first, first + 3 * DAY), "day", first + 1)
        assert [w.end - w.start for w in windows] == [hours * HOUR]


def test_hours_that_occur_twice_and_half_hour_changes() -> None:
    """Berlin, 31 October 2027: 25 hours. Lord Howe, 4 April 2027: 24.5 hours in 24 windows, one of 90 minutes."""
    first = instant_of(BERLIN, datetime.fromisoformat("2027-10-31"))
    windows = calendar_windows(BERLIN, Window(first, first + 25 * HOUR), "hour", first + 3 * DAY)
    assert {w.end - w.start for w in windows} == {HOUR}
    assert len(windows) == 25
    first = instant_of(LORD_HOWE, datetime.fromisoformat("2027-04-04"))
    windows = calendar_windows(LORD_HOWE, Window(first, first + 49 * HOUR // 2), "hour", first + 3 * DAY)
    assert [(w.end - w.start) / HOUR for w in windows] == [1, 1.5, *[1] * 22]


def test_a_skipped_midnight_begins_the_day_at_the_change() -> None:
    """Havana, 14 March 2027: 00:00 becomes 01:00, the day has 23 hours."""
    first = instant_of(HAVANA, datetime.fromisoformat("2027-03-14"))
    assert first == at("2027-03-14T05:00")
    windows = calendar_windows(HAVANA, Window(first, first + 3 * DAY), "day", first + 1)
    assert windows == [Window(first, first + 23 * HOUR)]


def test_weeks_begin_on_monday_and_are_cut_to_the_life() -> None:
    """1 January 2027 is a Friday."""
    life = Window(at("2027-01-01"), at("2027-01-13"))
    windows = calendar_windows(ZoneInfo("UTC"), life, "week", at("2027-02-01"))
    cuts = ["2027-01-01", "2027-01-04", "2027-01-11", "2027-01-13"]
    assert windows == [Window(at(a), at(b)) for a, b in pairwise(cuts)]


def test_rolling_windows_lie_wholly_inside_the_life_and_begin_before_as_of() -> None:
    """Two days within a life of four: they end on the 3rd, 4th and 5th; at as-of on the 3rd the last has not begun."""
    utc, life = ZoneInfo("UTC"), Window(at("2027-01-01"), at("2027-01-05"))
    windows = rolling_windows(utc, life, {"amount": 2, "unit": "days"}, at("2027-02-01"))
    assert [(w.start, w.end) for w in windows] == [
        (at("2027-01-01"), at("2027-01-03")),
        (at("2027-01-02"), at("2027-01-04")),
        (at("2027-01-03"), at("2027-01-05")),
    ]
    assert len(rolling_windows(utc, life, {"amount": 2, "unit": "days"}, at("2027-01-03"))) == 2


def test_rows_at_the_edges_of_a_window() -> None:
    """Half-open: the first microsecond of February is not January's."""
    rows = passed(("2027-01-31T23:59:59.999999", "1"), ("2027-02-01T00:00:00", "0"))
    rule = keep(aggregate("mean", series("passed")), "at least", "1 fraction")
    assert verdicts(judge(rule, {("metric", "passed"): rows}, "2027-03-01")) == ["met", "breached"]


# --- Groups -----------------------------------------------------------------------------------------------------


def test_a_group_is_judged_from_the_window_in_which_it_is_first_seen() -> None:
    """Model b appears in February; in January it has no finding. In February, model a has no samples."""
    rows = passed(("2027-01-05", "1")) + passed(("2027-02-05", "1"), model="b")
    rule = keep(aggregate("mean", series("passed")), "at least", "1 fraction", per=("model",))
    found = judge(rule, {("metric", "passed"): rows}, "2027-03-01").findings
    assert [(f.group, f.start, f.verdict) for f in found] == [
        (("a",), at("2027-01-01"), "met"),
        (("a",), at("2027-02-01"), "unmeasured"),
        (("b",), at("2027-02-01"), "met"),
    ]


def test_shared_sources_count_for_every_group() -> None:
    """The metric `total` has no dimension: all models divide by it."""
    rows = passed(("2027-01-05", "1")) + passed(("2027-01-06", "0.5"), model="b")
    total = [{"time": at("2027-01-07"), "value": Decimal(2)}]
    measure = m.Arithmetic(
        operator=m.Operator.DIVIDED_BY,
        left=aggregate("mean", series("passed")),
        right=aggregate("mean", series("total")),
    )
    rule = keep(measure, "at least", "0.5 fraction", per=("model",))
    found = judge(rule, {("metric", "passed"): rows, ("metric", "total"): total}, "2027-02-01").findings
    assert [(f.group, f.value, f.verdict) for f in found] == [
        (("a",), Fraction(1, 2), "met"),
        (("b",), Fraction(1, 4), "breached"),
    ]


def test_no_group_ever_seen() -> None:
    """*Keep*: each window, unmeasured; *count* and *cadence*: once, over the evaluated time."""
    rule = keep(m.Uptime(record=series("outage")), "at least", "1 fraction", per=("model",))
    assert verdicts(judge(rule, {("record", "outage"): []}, "2027-03-01")) == ["unmeasured", "unmeasured"]
    every = r.Cadence(**COMMON, per=("model",), event=series("deployment"), every=period("1 days"))
    (found,) = judge(every, {("event", "deployment"): []}, "2027-03-01").findings
    assert (found.verdict, found.start, found.end) == ("unmeasured", at("2027-01-01"), at("2027-03-01"))


def test_a_model_seen_only_in_a_metric_is_still_missed_by_cadence_and_count() -> None:
    """*For cadence and count*: groups of any bound table."""
    tables = {("metric", "passed"): passed(("2027-01-05", "1")), ("event", "deployment"): []}
    every = r.Cadence(**COMMON, per=("model",), event=series("deployment"), every=period("10 days"))
    (found,) = judge(every, tables, "2027-01-20").findings
    assert (found.group, found.verdict, found.decided) == (("a",), "breached", at("2027-01-15"))
    least = r.CountEvents(
        **COMMON, per=("model",), event=series("deployment"), comparison=m.Comparison.AT_LEAST, times=1, window=MONTH
    )
    assert verdicts(judge(least, tables, "2027-02-01")) == ["breached"]


def test_rows_after_the_life_and_excepted_rows_show_no_group() -> None:
    """Model b is seen after the end, model c is excepted."""
    rows = passed(("2027-01-05", "1")) + passed(("2027-02-02", "1"), model="b") + passed(("2027-01-05", "0"), model="c")
    rule = keep(
        aggregate("mean", series("passed")),
        "at least",
        "1 fraction",
        per=("model",),
        exemptions=(r.Where(condition=is_text("model", "c")),),
    )
    found = judge(rule, {("metric", "passed"): rows}, "2027-03-01", until="2027-02-01").findings
    assert [f.group for f in found] == [("a",)]


# --- Measures ---------------------------------------------------------------------------------------------------


def test_percentile_is_nearest_rank() -> None:
    """Of 1 to 20, p95 is 19; of 1 to 21, 20 (19.95 rounded up); the median of four is the second."""
    numbers = [Fraction(n) for n in range(1, 22)]
    assert percentile(numbers[:20], Fraction(95)) == 19
    assert percentile(numbers, Fraction(95)) == 20
    assert percentile(numbers[:4], Fraction(50)) == 2
    assert percentile(numbers[:3], Fraction(100)) == 3


def test_standard_deviation_is_exact_to_nine_places() -> None:
    """Of 1, 2, 4 the variance is 7/3; the root of 2.25 is 1.5; half a unit in the tenth place goes to even."""
    assert standard_deviation([Fraction(1), Fraction(2), Fraction(4)]) == Fraction("1.527525232")
    assert root_to_nine_places(Fraction(9, 4)) == Fraction(3, 2)
    half = Fraction(25, 10**20)
    assert root_to_nine_places(half) == 0
    assert root_to_nine_places(9 * half) == Fraction(2, 10**9)
    assert standard_deviation([Fraction(1)]) is None


@pytest.mark.parametrize(
    ("function", "percent", "expected"),
    [
        ("mean", None, Fraction(7, 12)),
        ("sum", None, Fraction(7, 4)),
        ("min", None, Fraction(1, 4)),
        ("max", None, Fraction(1)),
        ("count", None, Fraction(3)),
        ("median", None, Fraction(1, 2)),
        ("percentile", "34", Fraction(1, 2)),
        ("latest", None, Fraction(1)),
    ],
)
def test_aggregates(function: str, percent: str | None, expected: Fraction) -> None:
    """Of 0.25, 0.5 and 1, where the last two are of the same instant."""
    rows = passed(("2027-01-05", "0.25"), ("2027-01-06", "1"), ("2027-01-06", "0.5"))
    rule = keep(aggregate(function, series("passed"), percent), "above", "5 fraction")
    assert judge(rule, {("metric", "passed"): rows}, "2027-02-01").findings[0].value == expected


def test_share_distinct_and_event_attributes() -> None:
    """Two of three at most 200 ms; one distinct role, a missing one not counted; a sum without numbers is 0."""
    rows = [
        {"time": at("2027-01-05"), "model": "a", "segment": "x", "value": Decimal(v)} for v in ("200", "100", "200.001")
    ]
    share = m.Share(of=series("latency"), comparison=m.Comparison.AT_MOST, threshold=quantity("200 milliseconds"))
    found = judge(keep(share, "at least", "0.6 fraction"), {("metric", "latency"): rows}, "2027-02-01").findings[0]
    assert (found.value, found.samples, found.verdict) == (Fraction(2, 3), 3, "met")
    roles = keep(m.Distinct(of=series("deployment"), dimension="role"), "at most", "1 count")
    events = [deployment("2027-01-05"), deployment("2027-01-06", role=None)]
    assert judge(roles, {("event", "deployment"): events}, "2027-02-01").findings[0].value == 1
    loss = keep(aggregate("sum", series("incident", attribute="loss")), "at most", "0 USD")
    assert verdicts(judge(loss, {("event", "incident"): [incident("2027-01-02")]}, "2027-02-01")) == ["met"]
    mean = keep(aggregate("mean", series("incident", attribute="loss")), "at most", "0 USD")
    assert verdicts(judge(mean, {("event", "incident"): [incident("2027-01-02")]}, "2027-02-01")) == ["unmeasured"]


def test_uptime_takes_the_union_and_excluded_time_out_of_both_sides() -> None:
    """Outages 0–6 and 3–12 of day 1, maintenance 6–18: 6 of 12 hours down."""
    tables = {
        ("record", "outage"): [
            outage("2027-01-01T00:00", "2027-01-01T06:00"),
            outage("2027-01-01T03:00", "2027-01-01T12:00"),
        ],
        ("record", "maintenance"): [maintenance("2027-01-01T06:00", "2027-01-01T18:00")],
    }
    excluding = series("maintenance")
    uptime = keep(m.Uptime(record=series("outage"), excluding=excluding), "at least", "0.5 fraction", DAILY)
    assert judge(uptime, tables, "2027-01-02").findings[0].value == Fraction(1, 2)
    duration = keep(m.OpenTime(record=series("outage"), excluding=excluding), "at most", "6 hours", DAILY)
    assert judge(duration, tables, "2027-01-02").findings[0].value == 6 * HOUR
    assert time_covered(Window(0, 10), [Window(-5, 3), Window(2, 4)], [Window(1, 2)]) == 3


def test_uptime_of_an_open_window_is_of_the_whole_window() -> None:
    """At noon, 6 hours down of a day of 24: 75%, which can only fall."""
    tables = {("record", "outage"): [outage("2027-01-01T06:00", None)]}
    rule = keep(m.Uptime(record=series("outage")), "at least", "0.8 fraction", DAILY)
    found = judge(rule, tables, "2027-01-01T12:00").findings[0]
    assert (found.value, found.verdict, found.decided) == (Fraction(3, 4), "breached", at("2027-01-02"))


def test_age_of_rows_and_records() -> None:
    """From the newest row at or before the end of the window, also from before it; 0 when no record is open."""
    rows = passed(("2027-01-01T18:00", "1"))
    age = keep(m.Age(of=series("passed")), "at most", "6 hours", DAILY)
    found = judge(age, {("metric", "passed"): rows}, "2027-01-03").findings
    assert [(f.value, f.verdict) for f in found] == [(Fraction(6 * HOUR), "met"), (Fraction(30 * HOUR), "breached")]
    records = keep(m.Age(of=series("outage")), "at most", "6 hours", DAILY)
    tables = {("record", "outage"): [outage("2027-01-01T12:00", "2027-01-02T12:00")]}
    assert [f.value for f in judge(records, tables, "2027-01-03").findings] == [12 * HOUR, 0]


def test_elapsed_time_of_open_starts_counts_up_to_as_of() -> None:
    """Ticket 1 took 2 hours; ticket 2 is open for 24 hours at as-of: the mean can only grow."""
    tables = {
        ("event", "incident"): [incident("2027-01-01T10:00"), incident("2027-01-01T12:00", "2")],
        ("event", "resolution"): [resolution("2027-01-01T09:00"), resolution("2027-01-01T12:00")],
    }
    measure = m.Elapsed(
        function=m.Function.MEAN, start=series("incident"), finish=series("resolution"), matching=("ticket",)
    )
    found = judge(keep(measure, "at most", "13 hours", DAILY), tables, "2027-01-02T12:00").findings[0]
    assert (found.value, found.samples, found.verdict) == (Fraction(13 * HOUR), 2, "pending")
    assert (
        judge(keep(measure, "below", "13 hours", DAILY), tables, "2027-01-02T12:00").findings[0].verdict == "breached"
    )


def test_gap_and_ratio_compare_values_with_enough_samples() -> None:
    """Segments x: 100, y: 300; z has one sample only."""
    rows = [
        {"time": at("2027-01-05"), "model": "a", "segment": segment, "value": Decimal(value)}
        for segment, value in (("x", 100), ("x", 100), ("y", 300), ("y", 300), ("z", 999))
    ]
    for function, expected in (("gap", Fraction(200_000)), ("ratio", Fraction(1, 3))):
        measure = m.Across.model_validate(
            {"function": function, "measure": aggregate("mean", series("latency")).model_dump(), "dimension": "segment"}
        )
        rule = keep(measure, "at least", "0 fraction", minimum_samples=2)
        found = judge(rule, {("metric", "latency"): rows}, "2027-02-01").findings[0]
        assert (found.value, found.samples) == (expected, 4)


def test_division_by_zero_is_missing_and_the_smaller_side_limits() -> None:
    """Quality over total, where total is 0; with at least 2 samples the one of total is too few."""
    quality = [
        {"time": at("2027-01-05"), "model": "a", "environment": "production", "value": Decimal(v)} for v in (1, 2, 3)
    ]
    measure = m.Arithmetic(
        operator=m.Operator.DIVIDED_BY,
        left=aggregate("mean", series("quality")),
        right=aggregate("mean", series("total")),
    )
    for total, minimum, expected in (("0", 1, "unmeasured"), ("2", 1, "met"), ("2", 2, "unmeasured")):
        tables = {
            ("metric", "quality"): quality,
            ("metric", "total"): [{"time": at("2027-01-05"), "value": Decimal(total)}],
        }
        rule = keep(measure, "is", "1 score", minimum_samples=minimum)
        found = judge(rule, tables, "2027-02-01").findings[0]
        assert (found.verdict, found.samples) == (expected, 1)


def test_exception_time_takes_out_samples_of_the_equal_model() -> None:
    """The bad sample of a falls into its maintenance; that of b does not."""
    rows = passed(("2027-01-05", "0"), ("2027-01-06", "1")) + passed(("2027-01-05", "0"), model="b")
    tables = {
        ("metric", "passed"): rows,
        ("record", "maintenance"): [maintenance("2027-01-05", "2027-01-05T01:00")],
    }
    rule = keep(
        aggregate("mean", series("passed")),
        "at least",
        "1 fraction",
        per=("model",),
        exemptions=(r.During(record=series("maintenance")),),
    )
    assert verdicts(judge(rule, tables, "2027-02-01")) == ["met", "breached"]


# --- Verdicts ---------------------------------------------------------------------------------------------------


def test_verdicts_of_windows_in_order() -> None:
    """Whole window excepted; no data; no data that is excused; open without data."""
    whole = {("metric", "passed"): passed(), ("record", "maintenance"): [maintenance("2026-12-01", None)]}
    mean = aggregate("mean", series("passed"))
    excused = keep(mean, "at least", "1 fraction", exemptions=(r.During(record=series("maintenance")),))
    assert verdicts(judge(excused, whole, "2027-02-01")) == ["excused"]
    missing = keep(mean, "at least", "1 fraction")
    assert verdicts(judge(missing, whole, "2027-02-15")) == ["unmeasured", "pending"]
    assert verdicts(judge(missing.model_copy(update={"missing_excused": True}), whole, "2027-02-01")) == ["excused"]


@pytest.mark.parametrize(
    ("function", "comparison", "threshold", "expected"),
    [
        ("max", "at most", "0.4 fraction", "breached"),
        ("max", "at least", "0.5 fraction", "met"),
        ("max", "below", "0.6 fraction", "pending"),
        ("min", "at least", "0.6 fraction", "breached"),
        ("min", "at most", "0.5 fraction", "met"),
        ("min", "at least", "0.5 fraction", "pending"),
        ("sum", "at most", "0.4 fraction", "breached"),
        ("count", "is", "1 count", "pending"),
        ("mean", "at most", "0.4 fraction", "pending"),
    ],
)
def test_what_is_certain_in_an_open_window(function: str, comparison: str, threshold: str, expected: str) -> None:
    """One sample of 0.5 so far."""
    rule = keep(aggregate(function, series("passed")), comparison, threshold)
    tables = {("metric", "passed"): passed(("2027-01-05", "0.5"))}
    assert verdicts(judge(rule, tables, "2027-01-20")) == [expected]


def always(comparison: str, threshold: str, tolerance: str | None, **more: Any) -> r.KeepAlways:
    """*Keep at all times* of the metric `passed`."""
    fields = {**COMMON, **more}
    return r.KeepAlways(
        **fields,
        series=series("passed"),
        comparison=m.Comparison(comparison),
        threshold=quantity(threshold),
        tolerance=None if tolerance is None else period(tolerance),
    )


def test_keep_always_finds_runs_longer_than_tolerated() -> None:
    """Bad at 10:00, 10:10 and 10:40, good at 10:20 and 11:00: two runs of 20 minutes; tolerated to the minute."""
    rows = passed(
        ("2027-01-05T10:00", "0.5"),
        ("2027-01-05T10:10", "0.25"),
        ("2027-01-05T10:20", "1"),
        ("2027-01-05T10:40", "0"),
        ("2027-01-05T10:40", "1"),
        ("2027-01-05T11:00", "1"),
    )
    tables = {("metric", "passed"): rows}
    found = judge(always("at least", "1 fraction", "19 minutes"), tables, "2027-02-01").findings
    assert [(f.verdict, f.value, f.samples, f.decided) for f in found] == [
        ("breached", Fraction(1, 4), 2, at("2027-01-05T10:19")),
        ("breached", 0, 1, at("2027-01-05T10:59")),
    ]
    (met,) = judge(always("at least", "1 fraction", "20 minutes"), tables, "2027-02-01").findings
    assert (met.verdict, met.value, met.samples, met.start) == ("met", Fraction(0), 6, at("2027-01-05T10:00"))


def test_keep_always_while_a_run_goes_on() -> None:
    """At as-of the run is 20 minutes old: pending if that is tolerated, else breached; no samples: unmeasured."""
    tables = {("metric", "passed"): passed(("2027-01-05T10:00", "0"))}
    assert verdicts(judge(always("is", "1 fraction", "20 minutes"), tables, "2027-01-05T10:20")) == ["met", "pending"]
    assert verdicts(judge(always("is", "1 fraction", "19 minutes"), tables, "2027-01-05T10:20")) == ["breached"]
    assert verdicts(judge(always("is", "1 fraction", None), tables, "2027-01-05T10:20")) == ["breached"]
    assert verdicts(judge(always("is", "1 fraction", None), {("metric", "passed"): []}, "2027-01-06")) == ["unmeasured"]


def test_cadence_walks_from_event_to_event() -> None:
    """Every 10 days: on the 11th just in time, then missed on the 21st, done on the 25th, due again on 4 February."""
    events = [deployment("2027-01-11"), deployment("2027-01-25"), deployment("2027-01-25")]
    rule = r.Cadence(**COMMON, event=series("deployment"), every=period("10 days"))
    found = judge(rule, {("event", "deployment"): events}, "2027-02-04").findings
    assert [(f.verdict, f.start, f.end) for f in found] == [
        ("met", at("2027-01-01"), at("2027-01-11")),
        ("breached", at("2027-01-11"), at("2027-01-21")),
        ("pending", at("2027-01-25"), at("2027-02-04")),
    ]
    ended = judge(rule, {("event", "deployment"): events}, "2027-03-01", until="2027-02-04").findings
    assert len(ended) == 2


def test_cadence_goes_on_from_the_end_of_an_exception() -> None:
    """Due on the 11th in maintenance that ends on the 15th: excused; due again on the 25th: breached."""
    tables = {
        ("event", "deployment"): [],
        ("record", "maintenance"): [maintenance("2027-01-10", "2027-01-15")],
    }
    exemptions = (r.During(record=series("maintenance")),)
    rule = r.Cadence(**COMMON, exemptions=exemptions, event=series("deployment"), every=period("10 days"))
    found = judge(rule, tables, "2027-02-01").findings
    assert [(f.verdict, f.start, f.end) for f in found] == [
        ("excused", at("2027-01-01"), at("2027-01-11")),
        ("breached", at("2027-01-15"), at("2027-01-25")),
    ]


def test_count_exactly_is_breached_once_exceeded() -> None:
    """Two deployments where exactly one was due."""
    rule = r.CountEvents(**COMMON, event=series("deployment"), comparison=m.Comparison.IS, times=1, window=MONTH)
    one = {("event", "deployment"): [deployment("2027-01-05")]}
    two = {("event", "deployment"): [deployment("2027-01-05"), deployment("2027-01-05")]}
    assert verdicts(judge(rule, one, "2027-01-20")) == ["pending"]
    assert verdicts(judge(rule, two, "2027-01-20")) == ["breached"]
    assert verdicts(judge(rule, one, "2027-02-01")) == ["met"]


def respond(**more: Any) -> r.Response:
    """A resolution within 4 hours of an incident, of the same ticket."""
    fields = {**COMMON, "within": period("4 hours"), "matching": ("ticket",), **more}
    return r.Response(**fields, trigger=series("incident"), response=series("resolution"))


def test_response_at_the_deadline_is_met() -> None:
    """Exactly 4 hours; one microsecond more; before the incident; another ticket."""
    for time, ticket, expected in (
        ("2027-01-05T14:00:00", "1", "met"),
        ("2027-01-05T14:00:00.000001", "1", "breached"),
        ("2027-01-05T09:59:59", "1", "breached"),
        ("2027-01-05T10:00:00", "1", "met"),
        ("2027-01-05T12:00:00", "2", "breached"),
    ):
        tables = {
            ("event", "incident"): [incident("2027-01-05T10:00")],
            ("event", "resolution"): [resolution(time, ticket)],
        }
        assert verdicts(judge(respond(), tables, "2027-02-01")) == [expected]


def test_response_pending_unmeasured_excused_and_nothing_happened() -> None:
    """The order of the verdicts of a response."""
    trigger = {("event", "incident"): [incident("2027-01-05T10:00")]}
    assert verdicts(judge(respond(), trigger, "2027-01-05T14:00")) == ["pending"]
    assert verdicts(judge(respond(), trigger, "2027-01-05T14:00:00.000001")) == ["unmeasured"]
    excepted = respond(exemptions=(r.Where(condition=is_text("severity", "high")),))
    assert verdicts(judge(excepted, {**trigger, ("event", "resolution"): []}, "2027-02-01")) == ["excused"]
    (found,) = judge(respond(), {("event", "incident"): []}, "2027-02-01").findings
    assert (found.verdict, found.samples, found.end) == ("met", 0, at("2027-02-01"))


def test_share_of_responses() -> None:
    """One of two answered in time in January: 50%; at the deadline of the second it is still open."""
    share = r.CaseShare(comparison=m.Comparison.AT_LEAST, threshold=quantity("0.6 fraction"), window=MONTH)
    tables = {
        ("event", "incident"): [incident("2027-01-05T10:00"), incident("2027-01-31T22:00", "2")],
        ("event", "resolution"): [resolution("2027-01-05T11:00")],
    }
    january = judge(respond(share=share), tables, "2027-02-01T02:00").findings[0]
    assert (january.verdict, january.value, january.samples) == ("pending", Fraction(1, 2), 2)
    january, february = judge(respond(share=share), tables, "2027-03-01").findings
    assert (january.verdict, january.value, january.samples) == ("breached", Fraction(1, 2), 2)
    assert (february.verdict, february.value, february.samples) == ("met", None, 0)


def test_precedence_needs_each_role_in_time() -> None:
    """Officer and chief within 2 days, at least 1 hour before; the chief's act also counts as the officer's."""
    roles = (
        r.RequiredRole(role="officer", roles=("officer", "chief")),
        r.RequiredRole(role="chief", roles=("chief",)),
    )
    rule = r.Precedence(
        **COMMON,
        event=series("deployment"),
        required=series("approval"),
        by=roles,
        matching=("model",),
        within=period("2 days"),
        lead=period("1 hours"),
    )
    for time, role, model, expected in (
        ("2027-01-05T09:00", "chief", "a", ("met", 2)),
        ("2027-01-05T09:00:00.000001", "chief", "a", ("breached", 0)),
        ("2027-01-03T10:00", "chief", "a", ("met", 2)),
        ("2027-01-03T09:59:59.999999", "chief", "a", ("breached", 0)),
        ("2027-01-05T08:00", "officer", "a", ("breached", 1)),
        ("2027-01-05T08:00", "chief", "b", ("breached", 0)),
    ):
        tables = {
            ("event", "deployment"): [deployment("2027-01-05T10:00")],
            ("event", "approval"): [{"time": at(time), "role": role, "model": model, "person": None}],
        }
        (found,) = judge(rule, tables, "2027-02-01").findings
        assert (found.verdict, found.samples) == expected
        assert found.start == found.end == at("2027-01-05T10:00")


def test_prohibition_and_permission() -> None:
    """An officer may deploy to staging, nobody else and nowhere else."""
    events = [
        deployment("2027-01-05", environment="staging"),
        deployment("2027-01-06"),
        deployment("2027-01-07", role=None, environment="staging"),
    ]
    tables = {("event", "deployment"): events}
    permission = r.Permission(
        **COMMON, environments=("staging",), event=series("deployment"), named=("officer",), roles=("officer", "chief")
    )
    found = judge(permission, tables, "2027-02-01").findings
    assert [(f.verdict, f.start, f.samples) for f in found] == [
        ("met", at("2027-01-01"), 1),
        ("breached", at("2027-01-06"), 1),
        ("breached", at("2027-01-07"), 1),
    ]
    prohibition = r.Prohibition(**COMMON, environments=("production",), event=series("deployment"))
    assert verdicts(judge(prohibition, tables, "2027-02-01")) == ["breached"]
    assert verdicts(judge(prohibition, {("event", "deployment"): []}, "2027-02-01")) == ["met"]


def test_retention_counts_the_age_at_the_end() -> None:
    """Three months: one record ended a microsecond early, one in time, one is open and too young, one old enough."""
    records = [
        outage("2027-01-31", "2027-04-29T23:59:59.999999"),
        outage("2027-01-30", "2027-04-30"),
        outage("2027-04-01", None),
        outage("2027-01-05", None),
    ]
    rule = r.Retention(**COMMON, record=series("outage"), period=period("3 months"))
    found = judge(rule, {("record", "outage"): records}, "2027-05-01").findings
    assert [(f.verdict, f.samples) for f in found] == [("met", 2), ("pending", 1), ("breached", 1)]
    assert found[2].value == at("2027-04-29T23:59:59.999999") - at("2027-01-31")


def test_deletion_after_a_termination_that_ends_the_life() -> None:
    """Two records lived on the 10th; one is deleted on the 15th, the other on the 20th at noon, a noon too late."""
    records = [
        outage("2027-01-02", "2027-01-15"),
        outage("2027-01-02", "2027-01-20T12:00"),
        outage("2027-01-11", None),
    ]
    tables = {("record", "outage"): records, ("event", "termination"): [{"time": at("2027-01-10")}]}
    rule = r.Deletion(**COMMON, record=series("outage"), trigger=series("termination"), within=period("10 days"))
    (found,) = judge(rule, tables, "2027-02-01").findings
    assert (found.verdict, found.value, found.samples, found.decided) == ("breached", Fraction(1), 2, at("2027-01-20"))
    assert verdicts(judge(rule, tables, "2027-01-20")) == ["pending"]
    assert verdicts(judge(rule, {**tables, ("record", "outage"): records[:1]}, "2027-01-20")) == ["met"]


# --- Consequences -----------------------------------------------------------------------------------------------


def failing(*remedies: r.Remedy, **more: Any) -> r.Keep:
    """A rule that January breaches at 50%."""
    return keep(aggregate("mean", series("passed")), "at least", "0.9 fraction", remedies=remedies, **more)


JANUARY = {("metric", "passed"): passed(("2027-01-05", "0.5"))}


def test_a_duty_is_done_by_a_notice_about_the_clause() -> None:
    """Within 2 days of 1 February; a notice about another clause, or to another role, does not do."""
    duty = r.NotifyDuty(
        id="notify", holder="provider", role="officer", roles=("officer", "chief"), within=period("2 days")
    )
    for clause, role, time, expected in (
        ("first", "chief", "2027-02-03", "met"),
        (None, "officer", "2027-02-01", "met"),
        ("second", "officer", "2027-02-02", "breached"),
        ("first", "engineer", "2027-02-02", "breached"),
        ("first", "officer", "2027-01-31", "breached"),
        ("first", "officer", "2027-02-03T00:00:00.000001", "breached"),
    ):
        notice = {"time": at(time), "clause": clause, "role": role, "model": None, "person": None}
        (found,) = judge(failing(duty), {**JANUARY, ("event", "notice"): [notice]}, "2027-02-10").parts
        assert (found.rule, found.verdict, found.start, found.end) == (
            "rule/notify",
            expected,
            at("2027-02-01"),
            at("2027-02-03"),
        )
    assert [d.verdict for d in judge(failing(duty), JANUARY, "2027-02-10").parts] == ["unmeasured"]


def test_cure_escalation_and_uncured_breaches() -> None:
    """A cure period of 10 days after 1 February, escalation after 5."""
    remedies = (r.Cure(within=period("10 days")), r.Escalate(role="chief", after=period("5 days")))
    cure = {"time": at("2027-02-06"), "clause": "first", "model": None}
    cured = judge(failing(*remedies), {**JANUARY, ("event", "cure"): [cure]}, "2027-02-20")
    assert [(c.status, c.instant) for c in cured.cures] == [("cured", at("2027-02-06"))]
    assert cured.escalations == []
    for as_of, status, escalated in (("2027-02-11", "curable", "due"), ("2027-02-11T00:00:01", "uncured", "due")):
        open_result = judge(failing(*remedies), {**JANUARY, ("event", "cure"): []}, as_of)
        assert [c.status for c in open_result.cures] == [status]
        assert [(e.instant, e.status) for e in open_result.escalations] == [(at("2027-02-06"), escalated)]


def test_credits_take_the_last_tier_that_holds_and_round_half_even() -> None:
    """50% is below 90% and below 60%; 0.125 USD is 0.12."""
    tiers = tuple(
        r.Tier(comparison=m.Comparison.BELOW, threshold=quantity(f"{below} fraction"), amount=money(amount))
        for below, amount in (("0.9", "10"), ("0.6", "25"), ("0.5", "50"))
    )
    result = judge(failing(r.Credit(party="customer", tiers=tiers)), JANUARY, "2027-02-10")
    assert [(c.amount, c.instant) for c in result.credits] == [(Decimal(25), at("2027-02-01") - 1)]
    small = failing(r.Credit(party="customer", amount=money("0.125")))
    assert [c.amount for c in judge(small, JANUARY, "2027-02-10").credits] == [Decimal("0.12")]


def test_caps_reduce_credits_in_order() -> None:
    """Two rules of a clause, 10 USD each: its cap of 15 leaves 5 for the second; the agreement's of 12 leaves 2."""
    credit, cap = r.Credit(party="customer", amount=money("10")), r.Cap(amount=money("15"), each=r.CalendarUnit.MONTH)
    rules: list[r.Rule] = [failing(credit, cap), failing(credit, cap, id="rule_b")]
    assert [c.due for c in judge(rules, JANUARY, "2027-02-10").credits] == [10, 5]
    agreement = (r.Cap(amount=money("12"), each=r.CalendarUnit.YEAR),)
    assert [c.due for c in judge(rules, JANUARY, "2027-02-10", remedies=agreement).credits] == [10, 2]


def test_termination_after_enough_breaches_in_a_period() -> None:
    """Days 5, 6 and 9: two within 2 days on the 7th (when day 6 ends); two within 1 day never."""
    rows = [deployment(f"2027-01-0{day}T12:00") for day in (5, 6, 9)]
    for within, expected in (("2 days", [at("2027-01-07")]), ("1 days", [])):
        terminate = r.Terminate(party="customer", count=2, uncured=False, within=period(within))
        rule = keep(aggregate("count", series("deployment")), "at most", "0 count", DAILY, remedies=(terminate,))
        result = judge(rule, {("event", "deployment"): rows}, "2027-02-01")
        assert [t.instant for t in result.terminations] == expected


def test_a_block_lasts_until_a_later_window_is_met() -> None:
    """January is breached and February met: deployments in February are breaches, one in March is not."""
    block = r.Block(id="block", event="deployment", environments=("production",))
    tables = {
        ("metric", "passed"): passed(("2027-01-05", "0.5"), ("2027-02-05", "1")),
        ("event", "deployment"): [
            deployment("2027-02-01"),
            deployment("2027-02-10"),
            deployment("2027-02-11", environment="staging"),
            deployment("2027-03-01"),
        ],
    }
    found = judge(failing(block), tables, "2027-03-15").parts
    assert [(f.rule, f.verdict, f.start) for f in found] == [("rule/block", "breached", at("2027-02-10"))]
    free = {**tables, ("event", "deployment"): []}
    (kept,) = judge(failing(block), free, "2027-03-15").parts
    assert (kept.verdict, kept.start, kept.end) == ("met", at("2027-02-01"), at("2027-03-01"))
