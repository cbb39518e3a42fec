"""What the agreement derives itself takes no data, and says so."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tallystick.quantities import Period, PeriodUnit, Quantity
from tallystick.rules.derived import Intervals, Runs, SampledIntervals
from tallystick.rules.measure import Aggregate, Comparison, Function, Series, SeriesKind, Value
from tallystick.rules.rulebook import MetricData, RecordData

from .helpers import LATENCY, loaded, problems_of, rulebook, write

SLOWEST = MetricData(
    id="slowest",
    title="slowest",
    unit="milliseconds",
    derived=Intervals(
        measure=Aggregate(function=Function.MAX, of=Series(source=SeriesKind.METRIC, name="latency")),
        each=Period(amount=1, unit=PeriodUnit.HOURS),
    ),
)
SLOWNESS = RecordData(
    id="slowness",
    title="slowness",
    derived=Runs(
        over=SampledIntervals(metric="slowest"),
        comparison=Comparison.ABOVE,
        threshold=Value(quantity=Quantity(value=Decimal(1), unit="seconds")),
        lasting=Period(amount=2, unit=PeriodUnit.HOURS),
    ),
)
RULES = rulebook(LATENCY, SLOWEST, SLOWNESS)
LATENCIES = "time,value,model\n2026-01-01T00:00:00Z,5,a\n"


def test_derived_data_is_bound_to_nothing(tmp_path: Path) -> None:
    facts = loaded(write(tmp_path, latency__csv=LATENCIES), RULES)
    assert facts.bound == {(SeriesKind.METRIC, "latency")}


def test_a_section_for_derived_data_is_refused(tmp_path: Path) -> None:
    toml = '[metric.slowest]\nfile = "latency.csv"\n[record.slowness]\nfile = "latency.csv"\n'
    problems = problems_of(write(tmp_path, latency__csv=LATENCIES, tally__toml=toml), RULES)
    assert [(each.where, each.says) for each in problems] == [
        (
            "tally.toml, [metric.slowest]",
            "the agreement derives the metric `slowest` from other data: it takes no table.",
        ),
        (
            "tally.toml, [record.slowness]",
            "the agreement derives the record `slowness` from other data: it takes no table.",
        ),
    ]


def test_a_file_called_like_derived_data_is_refused(tmp_path: Path) -> None:
    problems = problems_of(write(tmp_path, latency__csv=LATENCIES, slowest__csv=LATENCIES), RULES)
    assert [each.where for each in problems] == ["slowest.csv"]


def test_a_file_of_that_name_may_be_the_data_of_another(tmp_path: Path) -> None:
    toml = '[metric.latency]\nfile = "slowest.csv"\n'
    facts = loaded(write(tmp_path, slowest__csv=LATENCIES, tally__toml=toml), RULES)
    assert facts.bound == {(SeriesKind.METRIC, "latency")}
