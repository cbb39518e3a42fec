"""The engine equals the reference on derived metrics and records, drawn over the sources of all other examples."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.quantities import Period, PeriodUnit, Quantity
from tallystick.rules import derived as d
from tallystick.rules import measure as m
from tallystick.rules import rule as r
from tallystick.rules.rulebook import MetricData, RecordData

from . import strategies as s
from .test_agreement import PROFILE, assert_agreement

UNITS = {"score": "score", "fraction": "fraction", "duration": "minutes", "count": "count", "money": "USD"}


def is_refused(measure: m.Measure) -> bool:
    """Whether elapsed times are measured, or windows compared, which the language refuses here."""
    return isinstance(measure, m.Elapsed | m.Change | m.Drift)


@st.composite
def derivations(draw: st.DrawFn, span: s.Span) -> tuple[str, d.Intervals, tuple[str, ...]]:
    """The kind of its values, the intervals, and dimensions that one source has."""
    kind = draw(st.sampled_from(sorted(s.MEASURES)))
    measure = draw(s.MEASURES[kind].filter(lambda each: not is_refused(each)))
    short = ((30, "minutes"), (1, "hours"), (6, "hours"), (7, "hours"), (1, "days"))
    amount, unit = draw(s.choice(*short) if span.days < 10 else s.choice((8, "hours"), (1, "days"), (2, "days")))
    each = Period(amount=amount, unit=PeriodUnit(unit))
    available = sorted(draw(st.sampled_from(s.dimensions_measured(measure))))
    dimensions = draw(st.lists(st.sampled_from(available), unique=True, max_size=2)) if available else []
    empty = draw(st.none() | s.value(kind))
    return kind, d.Intervals(measure=measure, each=each, empty=empty), tuple(dimensions)


@st.composite
def thresholds(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """What makes a run."""
    amount, unit = draw(s.choice((1, "hours"), (90, "minutes"), (8, "hours"), (1, "days"), (2, "days")))
    return {
        "comparison": draw(s.COMPARISONS),
        "threshold": draw(s.value(kind)),
        "lasting": Period(amount=amount, unit=PeriodUnit(unit)),
        "minimum_samples": draw(s.choice(0, 0, 1, 2)),
    }


def rules_over(draw: st.DrawFn, span: s.Span, kind: str, dimensions: tuple[str, ...]) -> list[r.Rule]:
    """Rules that read the derived metric `rate` and the derived records `runs` and `spells`."""
    rate = m.Series(source=m.SeriesKind.METRIC, name="rate")
    record = m.Series(source=m.SeriesKind.RECORD, name=draw(s.choice("runs", "spells")))
    out = m.Series(source=m.SeriesKind.RECORD, name="maintenance") if draw(st.booleans()) else None
    function = draw(s.choice(m.Function.MEAN, m.Function.MAX, m.Function.COUNT, m.Function.SUM))
    share, zero = m.Value(quantity=Quantity(value=Decimal("0.9"), unit="fraction")), draw(s.value("duration"))
    measures: list[tuple[m.Measure, m.Value]] = [
        (m.Aggregate(function=function, of=rate), draw(s.value("count" if function is m.Function.COUNT else kind))),
        (m.Uptime(record=record, excluding=out), share),
        (m.OpenTime(record=record, excluding=out), zero),
        (m.Age(of=record), zero),
        (m.Aggregate(function=m.Function.COUNT, of=record), draw(s.value("count"))),
    ]
    found: list[r.Rule] = []
    for measure, threshold in measures:
        shared = {"comparison": draw(s.COMPARISONS), "threshold": threshold, "window": draw(span.windows)}
        found.append(r.Keep(id=f"rule_{len(found)}", **draw(s.fields(dimensions)), measure=measure, **shared))
    always = {"series": rate, "comparison": draw(s.COMPARISONS), "threshold": draw(s.value(kind))}
    found.append(r.KeepAlways(id="always", **draw(s.fields(dimensions)), **always))
    event = m.Series(source=m.SeriesKind.EVENT, name="deployment")
    found.append(r.Cadence(id="cadence", **draw(s.fields({"model"})), event=event, every=draw(s.PERIODS)))
    chosen = draw(st.lists(st.sampled_from(range(len(found))), min_size=1, max_size=3, unique=True))
    return [found[each] for each in sorted(chosen)]


@st.composite
def derived_examples(draw: st.DrawFn) -> s.Example:
    """An example of the others, its rules replaced by rules over derived data."""
    example = draw(s.examples(("keep",)))
    short = example.as_of - s.anchors(example.rulebook.timezone, str(example.rulebook.effective), 3)[0] < 10 * s.DAY
    span = s.Span(3 if short else 75)
    kind, intervals, dimensions = draw(derivations(span))
    over: d.Intervals | d.SampledIntervals = d.SampledIntervals(metric="rate")
    runs = RecordData(
        id="runs", title="r", dimensions=dimensions[::-1], derived=d.Runs(over=over, **draw(thresholds(kind)))
    )
    spells = RecordData(
        id="spells", title="s", dimensions=dimensions, derived=d.Runs(over=intervals, **draw(thresholds(kind)))
    )
    rate = MetricData(
        id="rate",
        title="rate",
        unit=UNITS[kind],
        dimensions=dimensions,
        places=draw(s.choice(9, 9, 2, 0)),
        derived=intervals,
    )
    rules = rules_over(draw, span, kind, dimensions)
    book = example.rulebook.model_copy(
        update={"metrics": (*s.METRICS, rate), "records": (*s.RECORDS, runs, spells), "rules": tuple(rules)}
    )
    written = str([intervals.model_dump(mode="json"), *(rule.model_dump(mode="json") for rule in rules)])
    used = {name for name in s.SOURCES if f"'{name}'" in written}
    points = s.anchors(book.timezone, str(book.effective), span.days)
    known = [point for point in points if point < example.as_of] or points
    return s.Example(book, draw(s.tables([*known, example.as_of], used)), example.as_of)


@settings(PROFILE, max_examples=PROFILE.max_examples // 5)
@given(derived_examples())
def test_engine_equals_reference_on_derived_data(example: s.Example) -> None:
    """Findings over derived metrics and records, the same on both sides."""
    assert_agreement(example)
