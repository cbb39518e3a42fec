"""Derived data: samples of intervals, and records made of runs of them, as tables like those that are bound.

They are computed once, before any rule is judged, with the measures that rules use; the rest of the evaluation reads
them like any other table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import assert_never

from tallystick.evaluation.clock import HOUR, NEVER, SECOND, add, midnight
from tallystick.evaluation.context import Context, Group, Key, Table
from tallystick.evaluation.engine import NUMBER, TEXT, TIME
from tallystick.evaluation.groups import seen_in_series
from tallystick.evaluation.measures import Measured, Scope, compiled, series_of
from tallystick.evaluation.numbers import holds, round_half_even
from tallystick.evaluation.scans import Scans
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import Kind, Period, PeriodUnit, Quantity, Unit, known_unit
from tallystick.rules.derived import Intervals, Runs, SampledIntervals
from tallystick.rules.measure import Arithmetic, Comparison, Measure, SeriesKind, Value
from tallystick.rules.rule import Calendar, CalendarUnit, Keep
from tallystick.rules.rulebook import MetricData, RecordData

_LARGEST = 10**29
"""Canonical numbers have 38 digits, nine of them after the point."""
_LENGTHS = {PeriodUnit.SECONDS: SECOND, PeriodUnit.MINUTES: 60 * SECOND, PeriodUnit.HOURS: HOUR}


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval of one group: its time, its value in base units (None: missing), and the samples it was made of."""

    time: Stretch
    value: Fraction | None
    samples: int


Taken = dict[Key, list[Interval]]
"""The intervals of each group, in order, without a gap."""


def with_derived(ctx: Context, until: int = NEVER) -> Context:
    """The context with every derived table that can be computed. Intervals that begin at `until` or later are left out."""
    tables = dict(ctx.tables)
    samples: dict[str, Taken] = {}
    for metric in ctx.rulebook.metrics:
        if metric.derived:
            key, lacks = (SeriesKind.METRIC, metric.id), _lacking(ctx, metric.derived.measure)
            tables[key] = replace(tables[key], lacks=lacks)
            if not lacks:
                samples[metric.id] = _sampled(_taken(ctx, metric.derived, metric.dimensions, until), metric)
                tables[key] = replace(tables[key], bound=True, place=_metric_table(ctx, metric, samples[metric.id]))
    for record in ctx.rulebook.records:
        if record.derived:
            over, key = record.derived.over, (SeriesKind.RECORD, record.id)
            lacks = _lacking_of_record(tables, ctx, over)
            tables[key] = replace(tables[key], lacks=lacks)
            if not lacks:
                taken = _intervals_of(ctx, record, samples, until)
                tables[key] = _record_table(ctx, record, record.derived, tables[key], taken)
    return replace(ctx, tables=tables)


def _lacking(ctx: Context, measure: Measure) -> str:
    """The first base source that has no table; empty when all have one."""
    unbound = (of for of in series_of(measure) if not ctx.table(of).bound)
    return next((f"{of.source.value} {of.name}" for of in unbound), "")


def _lacking_of_record(
    tables: Mapping[tuple[SeriesKind, str], Table], ctx: Context, over: Intervals | SampledIntervals
) -> str:
    match over:
        case Intervals(measure=measure):
            return _lacking(ctx, measure)
        case SampledIntervals(metric=metric):
            table = tables.get((SeriesKind.METRIC, metric))
            return (table.lacks if table else "") or ("" if table and table.bound else f"metric {metric}")
        case _:
            assert_never(over)


def _intervals_of(ctx: Context, record: RecordData, samples: Mapping[str, Taken], until: int) -> Taken:
    assert record.derived is not None
    match record.derived.over:
        case Intervals() as intervals:
            return _taken(ctx, intervals, record.dimensions, until)
        case SampledIntervals(metric=metric):
            names = next(each.dimensions for each in ctx.rulebook.metrics if each.id == metric)
            return {
                tuple(dict(zip(names, key, strict=True))[name] for name in record.dimensions): found
                for key, found in samples[metric].items()
            }
        case other:
            assert_never(other)


# --- intervals -----------------------------------------------------------------------------------------------------


def intervals(ctx: Context, each: Period, until: int = NEVER) -> Iterator[Stretch]:
    """Every interval of the length in the life that has ended by as-of, from one local midnight to the next."""
    last = min(ctx.life.end, ctx.as_of)
    length = _LENGTHS.get(each.unit)
    days = timedelta(days=each.amount if length is None else 1)
    day, begin = ctx.rulebook.effective, ctx.life.start
    while begin < min(last, until):
        day += days
        end = midnight(day, ctx.zone)
        step = end - begin if length is None else length * each.amount
        for start in range(begin, min(end, last, until), step):
            if min(start + step, end) <= last:
                yield Stretch(start, min(start + step, end))
        begin = end


def _taken(ctx: Context, derivation: Intervals, dimensions: tuple[str, ...], until: int) -> Taken:
    """The measure for every group and interval, from the one on in which the group is first seen."""
    rule, read = _as_rule(derivation.measure, dimensions), tuple(series_of(derivation.measure))
    seen = seen_in_series(ctx, rule, read)
    if not seen:
        return {}
    earliest = min(seen.values())
    stretches = tuple(each for each in intervals(ctx, derivation.each, until) if each.end > earliest)
    scans = Scans(ctx.engine)
    scope = Scope(ctx, rule, scans, dimensions, stretches)
    whole = compiled(derivation.measure, scope)
    leaves = [compiled(leaf, scope) for leaf in _leaves(derivation.measure)]
    scans.run(lambda _done, _total: None)
    return {key: list(_of_group(key, first, dimensions, stretches, whole, leaves)) for key, first in seen.items()}


def _of_group(
    key: Key,
    first: int,
    dimensions: Sequence[str],
    stretches: Sequence[Stretch],
    whole: Measured,
    leaves: Sequence[Measured],
) -> Iterator[Interval]:
    group = dict(zip(dimensions, key, strict=True))
    for number, stretch in enumerate(stretches):
        if stretch.end > first:
            yield Interval(stretch, whole.value(group, number).value, _samples(leaves, group, number))


def _samples(leaves: Sequence[Measured], group: Group, number: int) -> int:
    """The smallest number among the parts that read samples; where none does, the largest among the counts."""
    found = [leaf.value(group, number) for leaf in leaves]
    limiting = [each.samples for each in found if each.limits]
    return min(limiting) if limiting else max((each.samples for each in found), default=0)


def _leaves(measure: Measure) -> Iterator[Measure]:
    match measure:
        case Arithmetic(left=left, right=right):
            yield from _leaves(left)
            yield from _leaves(right)
        case Value():
            return
        case _:
            yield measure


def _as_rule(measure: Measure, dimensions: tuple[str, ...]) -> Keep:
    """What the measures need to know of a rule: it groups by the dimensions, and nothing is exempt."""
    return Keep(
        id="",
        clause="",
        number="",
        title="",
        per=dimensions,
        measure=measure,
        comparison=Comparison.AT_LEAST,
        threshold=Value(quantity=Quantity(value=Decimal(0), unit="count")),
        window=Calendar(each=CalendarUnit.DAY),
    )


# --- metrics -------------------------------------------------------------------------------------------------------


def _sampled(taken: Taken, metric: MetricData) -> Taken:
    """The intervals with their values as samples of the metric: empty ones counted, all rounded to its places."""
    assert metric.derived is not None
    unit, empty = known_unit(metric.unit), metric.derived.empty
    counted = None if empty is None else empty.quantity.base
    return {
        key: [
            replace(each, value=_sample(counted if each.value is None else each.value, unit, metric)) for each in found
        ]
        for key, found in taken.items()
    }


def _sample(value: Fraction | None, unit: Unit, metric: MetricData) -> Fraction | None:
    if value is None:
        return None
    rounded = Fraction(round_half_even(value / unit.factor, metric.places))
    return rounded * unit.factor if _is_sample(rounded, unit.kind) else None


def _is_sample(rounded: Fraction, kind: Kind) -> bool:
    match kind:
        case Kind.FRACTION:
            return 0 <= rounded <= 1
        case Kind.COUNT | Kind.DURATION | Kind.BYTES:
            return 0 <= rounded < _LARGEST
        case Kind.SCORE | Kind.MONEY:
            return abs(rounded) < _LARGEST
        case _:
            assert_never(kind)


def _metric_table(ctx: Context, metric: MetricData, samples: Taken) -> str:
    factor = known_unit(metric.unit).factor
    rows = [
        (each.time.start, round_half_even(each.value / factor, metric.places), *key)
        for key, found in samples.items()
        for each in found
        if each.value is not None
    ]
    columns = {"time": TIME, "value": NUMBER, **{f"d_{name}": TEXT for name in metric.dimensions}, "row": TIME}
    return ctx.engine.hand_over(columns, [(*row, number) for number, row in enumerate(rows, 1)])


# --- records -------------------------------------------------------------------------------------------------------


def _record_table(ctx: Context, record: RecordData, definition: Runs, table: Table, taken: Taken) -> Table:
    """The table of the runs, and that of the groups, each from the start of its first interval."""
    texts = {f"d_{name}": TEXT for name in record.dimensions}
    rows = [(*run, *key) for key, found in sorted(taken.items()) for run in _runs(ctx, definition, found)]
    numbered = [(*row, number) for number, row in enumerate(rows, 1)]
    runs = ctx.engine.hand_over({"begin": TIME, "end": TIME, **texts, "row": TIME}, numbered)
    shown = [(found[0].time.start, *key) for key, found in sorted(taken.items()) if found]
    groups = ctx.engine.hand_over({"time": TIME, **texts}, shown)
    return replace(table, bound=True, place=runs, groups=groups)


def _runs(ctx: Context, definition: Runs, found: Sequence[Interval]) -> Iterator[Stretch]:
    """Runs of intervals in which the comparison holds, long enough to be records."""
    begin: int | None = None
    end, limit, clock = 0, definition.threshold.quantity.base, ctx.clock
    for each in (*found, None):
        if each is not None and _violates(definition, limit, each):
            begin, end = each.time.start if begin is None else begin, each.time.end
        elif begin is not None:
            if add(begin, definition.lasting, clock) <= end:
                yield Stretch(begin, end)
            begin = None


def _violates(definition: Runs, limit: Fraction, each: Interval) -> bool:
    if each.value is None or each.samples < definition.minimum_samples:
        return False
    return holds(each.value, definition.comparison, limit)
