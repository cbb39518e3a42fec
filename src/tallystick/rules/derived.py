"""Data that the agreement computes itself: samples of intervals, and records made of runs of them. Plain data.

An auditor recomputes both from the base data alone; `docs/meaning.md` defines each.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tallystick.quantities import Data, Period
from tallystick.rules.measure import Comparison, Measure, Value


class Intervals(Data):
    """A measure of base data for each interval of a length. An interval without data counts as `empty`.

    Where `empty` is None, it gives no sample.
    """

    kind: Literal["intervals"] = "intervals"
    measure: Measure
    each: Period
    empty: Value | None = None


class SampledIntervals(Data):
    """The intervals and samples of a derived metric."""

    kind: Literal["samples"] = "samples"
    metric: str


class Runs(Data):
    """Runs of consecutive intervals in which the comparison holds, of at least a length.

    With `minimum_samples`, an interval with fewer samples ends a run as if the comparison did not hold.
    """

    over: Annotated[Intervals | SampledIntervals, Field(discriminator="kind")]
    comparison: Comparison
    threshold: Value
    lasting: Period
    minimum_samples: int = 0
