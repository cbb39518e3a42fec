"""Fairness measures, against fairlearn on the same decisions."""

from __future__ import annotations

import random
from typing import Any as Anything

import pytest

from tallystick.evaluation.evaluate import evaluate
from tallystick.rules.measure import Across, Compare, Comparison, Text
from tallystick.rules.measure import Attribute as Dimension
from tallystick.rules.rule import Keep

from .building import AT_MOST, BASE, aggregate, at, each, facts, judged, metric, rulebook
from .building import quantity as number

# One decision each: the group stands in the dimension `model`, the true outcome in `environment`.


def decisions(seed: int, groups: int) -> list[tuple[str, int, int]]:
    """Group, true outcome and decision."""
    chance = random.Random(seed)
    found = []
    for _ in range(400):
        group = chance.randrange(groups)
        outcome = int(chance.random() < 0.3 + 0.1 * group)
        found.append((f"g{group}", outcome, int(chance.random() < (0.2 + 0.4 * outcome + 0.05 * group))))
    return found


def measured(rows: list[tuple[str, int, int]], function: str, outcome: int | None) -> float:
    where = None
    if outcome is not None:
        where = Compare(left=Dimension(name="environment"), comparison=Comparison.IS, right=Text(value=str(outcome)))
    rate = aggregate("mean", metric("accuracy", where=where))
    across = Across.model_validate({"function": function, "measure": rate, "dimension": "model"})
    rule = Keep(**BASE, measure=across, comparison=AT_MOST, threshold=number("1"), window=each("month"))
    data = facts(
        accuracy=[
            {"time": at("2027-01-05"), "value": str(selected), "model": group, "environment": str(true)}
            for group, true, selected in rows
        ]
    )
    found = evaluate(rulebook(rule), data, at("2027-02-01")).findings[0]
    assert found.value is not None
    return float(found.value)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("seed", "groups"), [(1, 2), (2, 3), (3, 5)])
def test_each_measure_is_that_of_fairlearn(seed: int, groups: int) -> None:
    fairness = pytest.importorskip("fairlearn.metrics", reason="fairlearn is not installed")
    rows = decisions(seed, groups)
    data: dict[str, Anything] = {
        "y_true": [true for _, true, _ in rows],
        "y_pred": [selected for _, _, selected in rows],
        "sensitive_features": [group for group, _, _ in rows],
    }
    gap = {outcome: measured(rows, "gap", outcome) for outcome in (None, 1, 0)}
    ratio = {outcome: measured(rows, "ratio", outcome) for outcome in (None, 1, 0)}
    wanted = {
        "demographic_parity_difference": gap[None],
        "demographic_parity_ratio": ratio[None],
        "equal_opportunity_difference": gap[1],
        "equal_opportunity_ratio": ratio[1],
        "equalized_odds_difference": max(gap[1], gap[0]),
        "equalized_odds_ratio": min(ratio[1], ratio[0]),
        "false_positive_rate_difference": gap[0],
        "true_positive_rate_ratio": ratio[1],
    }
    for name, value in wanted.items():
        assert getattr(fairness, name)(**data) == pytest.approx(value, abs=1e-9), name


def small(every: bool) -> Anything:
    rows = [("x", 10, 5), ("y", 10, 4), ("z", 3, 3)]
    data = facts(
        approved=[
            {"time": at("2027-01-05"), "value": "1" if i < kept else "0", "model": "a", "part": part}
            for part, samples, kept in rows
            for i in range(samples)
        ]
    )
    gap = Across(function="gap", measure=aggregate("mean", metric("approved")), dimension="part")
    fields: dict[str, Anything] = {**BASE, "minimum_samples": 5, "samples_each": "part" if every else None}
    rule = Keep(**fields, measure=gap, comparison=AT_MOST, threshold=number("0.2"), window=each("month"))
    return judged(rule, data, "2027-02-01").findings[0]


def test_a_group_with_too_few_samples_is_left_out_and_named() -> None:
    found = small(every=False)
    assert (found.verdict, str(found.value), found.because) == ("met", "0.1", "too few samples of part z (3)")


def test_every_group_may_be_asked_for_samples() -> None:
    found = small(every=True)
    assert (found.verdict, found.value) == ("unmeasured", None)
    assert found.because == "the measure has no value; too few samples of part z (3)"
