"""A value against its threshold: outright, or only where a breach is statistically sure."""

from __future__ import annotations

from fractions import Fraction
from typing import assert_never

from tallystick.evaluation.confidence import Interval, student, wilson
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.judging import NOT_SURE
from tallystick.evaluation.measures import Computed
from tallystick.evaluation.numbers import holds
from tallystick.rules.measure import (
    Across,
    Age,
    Aggregate,
    Arithmetic,
    Change,
    Comparison,
    Distinct,
    Drift,
    Elapsed,
    Measure,
    OpenTime,
    Share,
    Uptime,
    Value,
)
from tallystick.rules.rule import Rule

FEWEST = 2
"""Samples below which no interval tells anything."""


def minimum_samples(rule: Rule) -> int:
    """How many samples a finding takes at least."""
    return max(rule.minimum_samples, FEWEST) if rule.confidence else rule.minimum_samples


def with_note(because: str, found: Computed) -> str:
    """Why, and what was left out of the value."""
    return "; ".join(words for words in (because, found.note) if words)


def compared(
    rule: Rule, measure: Measure | None, comparison: Comparison, found: Computed, threshold: Fraction
) -> tuple[Verdict, str]:
    """Met or breached, and why it is met although the value misses. The value must not be missing.

    `measure` is None for a share of cases.
    """
    assert found.value is not None
    if holds(found.value, comparison, threshold):
        return Verdict.MET, ""
    interval = interval_of(rule, measure, found)
    if interval is not None and not interval.misses(comparison, threshold):
        return Verdict.MET, NOT_SURE
    return Verdict.BREACHED, ""


def interval_of(rule: Rule, measure: Measure | None, found: Computed) -> Interval | None:
    """The confidence interval of a value; None where the rule asks for none, or there is too little to tell."""
    if rule.confidence is None or found.value is None or found.samples < FEWEST:
        return None
    level = rule.confidence.quantity.base
    match measure:
        case None | Share() | Arithmetic():
            return wilson(found.value, found.samples, level)
        case Aggregate() | Elapsed():
            return None if found.variance is None else student(found.value, found.variance, found.samples, level)
        case Distinct() | Uptime() | OpenTime() | Age() | Across() | Change() | Drift() | Value():
            return None
        case _:
            assert_never(measure)
