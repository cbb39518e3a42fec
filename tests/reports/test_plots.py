"""Plots: what is drawn stands where it belongs, and nothing is drawn where nothing is known."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.document.document import WHOLE, Plot, PointMark, Subsection
from tallystick.reports.month import month_in, report_of
from tallystick.reports.plots import _axis, plots

from .deal import compiled, judged

NUMBERS = st.decimals(-(10**9), 10**9, places=3)


def shown(folder: Path, month: str, as_of: str) -> list[object]:
    found = report_of(compiled().agreement, judged(folder, as_of), month_in(month, "America/New_York"))
    return list(plots(found))


def test_values_and_the_agreed_line_stand_at_their_heights(tmp_path: Path) -> None:
    """From 82.5% to 97%: ticks each 5%, from 80% to 100%. January to March is 90 days less an hour; their middles are at
    15.5, 45 and 74.5 days of them."""
    (plot,) = shown(tmp_path / "a", "2027-03", "2027-04-01")
    assert isinstance(plot, Plot)
    assert [tick.says for tick in plot.values] == ["80%", "85%", "90%", "95%", "100%"]
    alpha, beta = plot.curves
    assert [(point.y, point.mark) for point in alpha.runs[0]] == [
        (750, PointMark.KEPT),
        (125, PointMark.BREACHED),
        (400, PointMark.BREACHED),
    ]
    assert [point.x // 10 for point in alpha.runs[0]] == [17, 50, 82]
    assert [[point.y for point in run] for run in beta.runs] == [[850, 850]]
    assert plot.agreed == ((0, 500), (WHOLE, 500))
    assert [x // 10 for x in plot.unmeasured] == [82]
    assert [tick.says for tick in plot.times] == ["Jan 27", "Feb 27", "Mar 27"]


def test_what_was_measured_once_is_a_table(tmp_path: Path) -> None:
    found = shown(tmp_path / "a", "2027-01", "2027-02-01")
    assert [type(each) for each in found] == [Subsection]


@settings(max_examples=100, deadline=None)
@given(st.lists(NUMBERS, min_size=1), st.lists(NUMBERS, max_size=2), st.booleans())
def test_an_axis_holds_every_value_on_few_round_ticks(
    values: list[Decimal], limits: list[Decimal], whole: bool
) -> None:
    low, high, step = _axis(values, limits, whole=whole)
    assert low <= min(*values, *limits, values[0])
    assert high >= max(*values, *limits, values[0])
    assert low < high
    assert (high - low) % step == 0
    assert 1 <= (high - low) / step <= 8
    assert not whole or step >= 1


@pytest.mark.parametrize(
    ("values", "limits", "whole", "axis"),
    [
        (["0.9", "0.95"], ["0.92"], False, ("0.9", "0.96", "0.02")),
        (["0.999"], ["0.999"], False, None),
        (["0", "1"], ["1"], True, ("0", "2", "1")),
        (["120", "180"], ["200"], False, None),
    ],
)
def test_an_axis_is_round(values: list[str], limits: list[str], whole: bool, axis: tuple[str, ...] | None) -> None:
    found = _axis([Decimal(v) for v in values], [Decimal(v) for v in limits], whole=whole)
    assert all(Decimal(limit) not in found[:2] for limit in limits)
    if axis is not None:
        assert found == tuple(map(Decimal, axis))
