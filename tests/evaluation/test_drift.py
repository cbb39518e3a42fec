"""Drift against scipy and a plain loop, and change, by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any as Anything

import pytest
from scipy import stats

from tallystick.evaluation.drift import kolmogorov_smirnov, population_stability
from tallystick.rules.measure import Across, Change, Drift, FirstTime, TimeBefore, Uptime
from tallystick.rules.rule import Keep, Rolling

from .building import (
    AT_LEAST,
    AT_MOST,
    BASE,
    NEW_YORK,
    aggregate,
    at,
    each,
    facts,
    judged,
    metric,
    period,
    record,
    short,
)
from .building import quantity as number

Draw = Callable[[random.Random], float]
WAYS: dict[str, tuple[Draw, Draw]] = {
    "close": (lambda r: r.gauss(0, 1), lambda r: r.gauss(0.1, 1)),
    "far": (lambda r: r.gauss(0, 1), lambda r: r.gauss(4, 1)),
    "ties": (lambda r: r.randint(0, 3), lambda r: r.randint(1, 4)),
    "one value": (lambda r: 5, lambda r: r.randint(4, 6)),
    "long tails": (lambda r: r.paretovariate(1.5), lambda r: r.paretovariate(1.2)),
}


def drawn(way: str, sizes: tuple[int, int]) -> tuple[list[Decimal], list[Decimal]]:
    chance = random.Random(f"{way}{sizes}")
    before, now = ([Decimal(f"{draw(chance):.3f}") for _ in range(n)] for draw, n in zip(WAYS[way], sizes, strict=True))
    return before, now


SIZES = [(1, 1), (1, 9), (7, 2), (10, 10), (100, 30), (500, 700)]


@pytest.mark.parametrize("sizes", SIZES[1:])  # scipy divides by zero when both sides have one sample
@pytest.mark.parametrize("way", WAYS)
def test_the_distance_is_that_of_scipy(way: str, sizes: tuple[int, int]) -> None:
    before, now = drawn(way, sizes)
    wanted = stats.ks_2samp([float(v) for v in before], [float(v) for v in now], method="asymp").statistic
    assert float(kolmogorov_smirnov(before, now)) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("way", WAYS)
def test_the_index_is_that_of_a_plain_loop(way: str, sizes: tuple[int, int]) -> None:
    before, now = drawn(way, sizes)
    ordered = sorted(before)
    ends = sorted({ordered[math.ceil(len(ordered) * tenth / 10) - 1] for tenth in range(1, 10)})
    total = 0.0
    for low, high in zip([Decimal("-Infinity"), *ends], [*ends, Decimal("Infinity")], strict=True):
        old, new = (max(sum(low < v <= high for v in side) / len(side), 0.0001) for side in (before, now))
        total += (new - old) * math.log(new / old)
    assert float(population_stability(before, now)) == pytest.approx(total, abs=1e-9)


def test_equal_samples_do_not_drift() -> None:
    samples = [Decimal(n) for n in range(25)]
    assert population_stability(samples, samples[::-1]) == kolmogorov_smirnov(samples, samples[::-1]) == 0


def keep(measure: Anything, threshold: Anything, comparison: Anything = AT_MOST, **more: Anything) -> Anything:
    return Keep(
        **(BASE | {"window": each("month")} | more), measure=measure, comparison=comparison, threshold=threshold
    )


def samples(*days: tuple[str, str]) -> list[dict[str, Anything]]:
    return [{"time": at(day), "value": value} for day, value in days]


def drift(reference: Anything, method: str = "ks") -> Drift:
    return Drift.model_validate({"method": method, "of": metric("score"), "reference": reference})


def test_samples_are_asked_for_on_both_sides() -> None:
    data = facts(score=samples(("2027-01-01", "1"), ("2027-01-02", "1"), *[("2027-02-05", "1")] * 9))
    rule = keep(drift(FirstTime(length=period(31, "days"))), number("0.1", "score"), minimum_samples=3)
    found = judged(rule, data, "2027-03-01").findings
    assert [(f.verdict, f.because, f.samples) for f in found] == [
        ("excused", "there is nothing before it to compare with", 0),
        ("unmeasured", "too few samples", 2),
    ]


def test_a_window_that_begins_when_the_reference_ends_is_judged() -> None:
    data = facts(score=samples(("2027-01-01", "1"), ("2027-02-01", "2")))
    for days, first in ((31, "breached"), (32, "excused")):
        rule = keep(drift(FirstTime(length=period(days, "days"))), number("0.1", "score"))
        assert [f.verdict for f in judged(rule, data, "2027-03-01").findings] == ["excused", first]


def test_the_reference_before_a_window_is_half_open_and_local() -> None:
    data = facts(
        score=[
            {"time": at("2027-03-01", NEW_YORK) - 1, "value": "1"},  # the last instant of the reference
            {"time": at("2027-03-01", NEW_YORK), "value": "2"},
        ]
    )
    rule = keep(drift(TimeBefore(length=period(1, "days"))), number("0.5", "score"))
    found = judged(rule, data, "2027-04-10", timezone="America/New_York").findings
    assert short(found)[:3] == [("excused", ""), ("unmeasured", ""), ("breached", "1")]


def test_change_over_rolling_windows_compares_those_that_touch() -> None:
    days = [(f"2027-01-{day:02d}", str(day)) for day in range(1, 7)]
    change = Change(function="rise", measure=aggregate("mean", metric("score")))
    rule = keep(change, number("2", "score"), window=Rolling(length=period(2, "days")))
    found = judged(rule, facts(score=samples(*days)), "2027-01-07").findings
    # Days 1 and 2 have nothing before them, nor days 2 and 3; days 3 and 4 (3.5) stand against 1 and 2 (1.5).
    assert short(found)[:3] == [("excused", ""), ("excused", ""), ("met", "2")]
    assert [(f.verdict, f.value) for f in found[2:]] == [("met", 2)] * 3 + [("pending", Decimal("1.5"))]


@pytest.mark.parametrize(
    ("function", "relative", "wanted"),
    [
        ("rise", False, "-1"),
        ("fall", False, "1"),
        ("change", False, "1"),
        ("fall", True, "0.25"),
        ("rise", True, "-0.25"),
    ],
)
def test_each_direction(function: str, relative: bool, wanted: str) -> None:
    data = facts(score=samples(("2027-01-05", "4"), ("2027-02-05", "3")))
    inner = aggregate("latest", metric("score"))
    rule = keep(
        Change.model_validate({"function": function, "measure": inner, "relative": relative}), number("9", "score")
    )
    found = judged(rule, data, "2027-03-01").findings[1]
    assert str(found.value) == wanted
    assert found.unit == ("fraction" if relative else "score")


def test_a_relative_change_from_nothing_is_no_measurement() -> None:
    data = facts(score=samples(("2027-01-05", "0"), ("2027-02-05", "3")))
    change = Change(function="rise", measure=aggregate("mean", metric("score")), relative=True)
    assert short(judged(keep(change, number("1")), data, "2027-03-01").findings)[1] == ("unmeasured", "")


def test_the_size_of_a_negative_value_divides() -> None:
    data = facts(score=samples(("2027-01-05", "-4"), ("2027-02-05", "-2")))
    change = Change(function="rise", measure=aggregate("mean", metric("score")), relative=True)
    assert short(judged(keep(change, number("1")), data, "2027-03-01").findings)[1] == ("met", "0.5")


def test_change_of_uptime_and_of_a_gap() -> None:
    data = facts(
        outage=[{"begin": at("2027-02-01"), "end": at("2027-02-15"), "model": "a"}],
        approved=[
            {"time": at(day), "value": value, "model": "m", "part": part}
            for day, part, value in (
                ("2027-01-05", "x", "1"),
                ("2027-01-05", "y", "0.9"),
                ("2027-02-05", "x", "1"),
                ("2027-02-05", "y", "0.6"),
            )
        ],
    )
    uptime = Change(function="fall", measure=Uptime(record=record("outage")))
    assert short(judged(keep(uptime, number("0.1")), data, "2027-03-01").findings) == [
        ("excused", ""),
        ("breached", "0.5"),
    ]
    gap = Across(function="gap", measure=aggregate("mean", metric("approved")), dimension="part")
    rise = Change(function="rise", measure=gap)
    assert short(judged(keep(rise, number("0.1")), data, "2027-03-01").findings) == [
        ("excused", ""),
        ("breached", "0.3"),
    ]


def test_an_open_window_is_pending() -> None:
    data = facts(score=samples(("2027-01-05", "4"), ("2027-02-05", "3")))
    change = Change(function="change", measure=aggregate("mean", metric("score")))
    found = judged(keep(change, number("0", "score"), AT_LEAST), data, "2027-02-10").findings
    assert [f.verdict for f in found] == ["excused", "pending"]


def test_the_distance_is_exact() -> None:
    assert kolmogorov_smirnov([Decimal(1)] * 3, [Decimal(1), Decimal(2)]) == Fraction(1, 2)
    assert kolmogorov_smirnov([Decimal(1), Decimal(2), Decimal(3)], [Decimal(3)]) == Fraction(2, 3)
