"""Confidence intervals against scipy, and what they do to verdicts, by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any as Anything

import pytest
from scipy import stats

from tallystick.evaluation.confidence import Interval, normal_quantile, student, student_quantile, wilson
from tallystick.evaluation.numbers import root
from tallystick.rules.measure import Comparison, Share
from tallystick.rules.rule import CaseShare, Gate, Keep, Response

from .building import ABOVE, AT_LEAST, AT_MOST, BASE, BELOW, aggregate, at, each, event, facts, judged, metric, period
from .building import quantity as number

LEVELS = ("0.5", "0.8", "0.9", "0.95", "0.99", "0.999", "0.9999")
SIZES = (2, 3, 4, 5, 10, 31, 100, 999, 1000, 1001, 5000, 10**6)


@pytest.mark.parametrize("level", LEVELS)
def test_quantiles_are_those_of_scipy_to_nine_digits(level: str) -> None:
    tail = (1 + float(level)) / 2
    assert float(normal_quantile(Fraction(level))) == pytest.approx(stats.norm.ppf(tail), rel=6e-9)
    for freedom in (*range(1, 60), 998, 999, 1000, 1001, 10_000, 10**8):
        found = student_quantile(Fraction(level), freedom)
        assert float(found) == pytest.approx(stats.t.ppf(tail, freedom), rel=6e-9), freedom
        assert len(f"{float(found):.12g}".replace(".", "").strip("0")) <= 9


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("samples", SIZES)
def test_wilson_is_that_of_scipy(level: str, samples: int) -> None:
    for kept in {0, 1, samples // 3, samples // 2, samples - 1, samples}:
        low, high = wilson(Fraction(kept, samples), samples, Fraction(level)).ends
        wanted = stats.binomtest(kept, samples).proportion_ci(float(level), method="wilson")
        assert (float(low), float(high)) == pytest.approx((wanted.low, wanted.high), rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("samples", SIZES)
def test_student_is_that_of_scipy(level: str, samples: int) -> None:
    mean, variance = Fraction("12.5"), Fraction("3.7")
    low, high = student(mean, variance, samples, Fraction(level)).ends
    wanted = stats.t.interval(float(level), samples - 1, loc=12.5, scale=float(root(variance / samples, 18)))
    half = float(high - low) / 2  # of which the quantile has nine digits
    assert (float(low), float(high)) == pytest.approx(wanted, abs=6e-9 * half + 1e-12)


def test_the_ends_of_an_interval_belong_to_it() -> None:
    found = Interval(Fraction(1, 2), Fraction(1, 100))  # from 0.4 to 0.6
    cases = {
        (AT_LEAST, "0.6"): False,
        (AT_LEAST, "0.60000000001"): True,
        (ABOVE, "0.6"): True,
        (ABOVE, "0.59999999999"): False,
        (AT_MOST, "0.4"): False,
        (AT_MOST, "0.39999999999"): True,
        (BELOW, "0.4"): True,
        (BELOW, "0.40000000001"): False,
        (AT_LEAST, "0.1"): False,
        (BELOW, "0.9"): False,
    }
    assert {case: found.misses(case[0], Fraction(case[1])) for case in cases} == cases
    with pytest.raises(ValueError, match="wholly beyond"):
        found.misses(Comparison.IS, Fraction(1))


def test_no_success_at_all_is_not_surely_zero() -> None:
    assert not wilson(Fraction(0), 50, Fraction("0.95")).misses(ABOVE, Fraction(0))
    assert wilson(Fraction(1, 50), 50, Fraction("0.95")).misses(AT_MOST, Fraction(0))  # one is surely more than none


def shares(kept: int, samples: int, comparison: Comparison = AT_LEAST, threshold: str = "0.95") -> Anything:
    rows = [{"time": at("2027-01-05"), "value": "1" if i < kept else "3"} for i in range(samples)]
    share = Share(of=metric("score"), comparison=AT_MOST, threshold=number("2", "score"))
    sides: Anything = {
        "measure": share,
        "comparison": comparison,
        "threshold": number(threshold),
        "window": each("month"),
    }
    return judged(Keep(**BASE, **sides, confidence=number("0.95")), facts(score=rows), "2027-02-01").findings[0]


@pytest.mark.parametrize(
    ("kept", "samples", "verdict", "because"),
    [
        (0, 0, "unmeasured", "no data"),
        (0, 1, "unmeasured", "too few samples"),
        (1, 1, "unmeasured", "too few samples"),
        (2, 2, "met", ""),
        (9, 10, "met", "not statistically established"),
        (8, 10, "breached", ""),
        (19, 20, "met", ""),
        (94, 100, "met", "not statistically established"),
        (89, 100, "breached", ""),
    ],
)
def test_a_share_is_breached_only_when_that_is_sure(kept: int, samples: int, verdict: str, because: str) -> None:
    found = shares(kept, samples)
    assert (found.verdict, found.because, found.samples) == (verdict, because, samples)
    assert (found.interval is None) == (samples < 2)


def test_an_interval_is_shown_in_the_unit_of_the_value() -> None:
    rows = [{"time": at("2027-01-05"), "value": v, "model": "a"} for v in ("100", "104", "102")]
    sides: Anything = {"measure": aggregate("mean", metric("latency")), "threshold": number("0.1", "seconds")}
    rule = Keep(**BASE, **sides, comparison=AT_MOST, window=each("month"), confidence=number("0.95"))
    found = judged(rule, facts(latency=rows), "2027-02-01").findings[0]
    # 102 ± 4.30265273 × 2 / √3 = 102 ± 4.968275424
    assert (found.verdict, found.unit) == ("met", "milliseconds")
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (Decimal("97.031724576"), Decimal("106.968275424"))


def test_samples_that_are_all_equal_are_sure() -> None:
    rows = [{"time": at("2027-01-05"), "value": "1"} for _ in range(2)]
    for comparison, verdict in ((ABOVE, "breached"), (AT_LEAST, "met"), (BELOW, "breached"), (AT_MOST, "met")):
        sides: Anything = {"measure": aggregate("mean", metric("score")), "threshold": number("1", "score")}
        rule = Keep(**BASE, **sides, comparison=comparison, window=each("month"), confidence=number("0.95"))
        assert judged(rule, facts(score=rows), "2027-02-01").findings[0].verdict == verdict


def test_an_open_window_is_never_certain() -> None:
    rows = [{"time": at("2027-01-05"), "value": "3"} for _ in range(50)]
    share = Share(of=metric("score"), comparison=AT_MOST, threshold=number("2", "score"))
    sides: Anything = {"measure": share, "comparison": AT_LEAST, "threshold": number("0.95"), "window": each("month")}
    found = judged(Keep(**BASE, **sides, confidence=number("0.95")), facts(score=rows), "2027-01-20").findings[0]
    assert found.verdict == "pending"


def test_a_gate_goes_by_the_interval_too() -> None:
    rows = [{"time": at("2027-01-05"), "value": "1" if i else "3"} for i in range(10)]
    share = Share(of=metric("score"), comparison=AT_MOST, threshold=number("2", "score"))
    sides: Anything = {
        "measure": share,
        "comparison": AT_LEAST,
        "threshold": number("0.95"),
        "before": period(7, "days"),
    }
    data = facts(score=rows, deployment=[{"time": at("2027-01-06"), "model": "a"}])
    found = judged(Gate(**BASE, **sides, event=event("deployment"), confidence=number("0.95")), data, "2027-02-01")
    assert [(f.verdict, f.because) for f in found.findings] == [("met", "not statistically established")]


@pytest.mark.parametrize(
    ("late", "cases", "verdict"), [(0, 0, "met"), (1, 1, "unmeasured"), (1, 10, "met"), (5, 10, "breached")]
)
def test_a_share_of_cases(late: int, cases: int, verdict: str) -> None:
    incidents = [{"time": at("2027-01-05"), "incident_id": str(i), "severity": "x"} for i in range(cases)]
    answers = [{"time": at("2027-01-05 01:00"), "incident_id": str(i)} for i in range(late, cases)]
    share = CaseShare(comparison=Comparison.AT_LEAST, threshold=number("0.95"), window=each("month"))
    rule = Response(
        **BASE,
        trigger=event("incident"),
        response=event("resolution"),
        within=period(1, "hours"),
        matching=("incident_id",),
        share=share,
        confidence=number("0.95"),
    )
    found = judged(rule, facts(incident=incidents, resolution=answers), "2027-02-01").findings
    assert [f.verdict for f in found] == [verdict]
