"""Measures: from the tree of a rule to a number for each group and window.

Compiling a measure asks the scans for the aggregates it needs; once they have run, `value` finishes with exact
rational numbers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from heapq import heappop, heappush
from typing import NamedTuple, Protocol, assert_never

from tallystick.evaluation.clock import ALWAYS
from tallystick.evaluation.conditions import against
from tallystick.evaluation.context import Context, Group, Key, Table
from tallystick.evaluation.dialect import all_values, latest, order_statistic
from tallystick.evaluation.engine import Row
from tallystick.evaluation.numbers import calculate, root
from tallystick.evaluation.pairing import first_after, key
from tallystick.evaluation.rows import (
    ROW_TIME,
    Exceptions,
    chosen,
    dimension,
    excuse,
    exempt_where,
    in_time,
    known,
    record_spans,
    unexempted,
)
from tallystick.evaluation.scans import Scan, Scans
from tallystick.evaluation.spans import Spans
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import UNITS, Kind, Unit, known_unit
from tallystick.rules.measure import (
    Across,
    Age,
    Aggregate,
    Arithmetic,
    Distinct,
    Elapsed,
    Function,
    Measure,
    OpenTime,
    Series,
    SeriesKind,
    Share,
    Uptime,
    Value,
)
from tallystick.rules.rule import Rule

_MICROSECONDS = Unit("microseconds", Kind.DURATION)
_MEDIAN = Decimal(50)


class Computed(NamedTuple):
    """What a measure came to: its value in base units (None: missing), the rows it used, whether those limit a
    finding by their number, and how many elapsed times were still open."""

    value: Fraction | None
    samples: int = 0
    limits: bool = False
    open: int = 0


class Measured(Protocol):
    """A compiled measure."""

    def value(self, group: Group, window: int, /) -> Computed:
        """The number for a group in a window."""

    def members(self, group: Group, window: int, split: str, /) -> set[str]:
        """The values that a further dimension takes among the group's rows in the window."""


@dataclass(frozen=True)
class Scope:
    """Where a measure is computed: for which rule, split by which dimensions, in which windows."""

    ctx: Context
    rule: Rule
    scans: Scans
    dimensions: tuple[str, ...]
    windows: tuple[Stretch, ...]

    def shared(self, table: Table) -> tuple[str, ...]:
        """The dimensions of the scope that a source has."""
        return tuple(d for d in self.dimensions if d in table.dimensions)


def compiled(measure: Measure, scope: Scope) -> Measured:
    """The measure, ready to give numbers after the scans have run. Every source in it must be bound."""
    match measure:
        case Aggregate() | Share() | Distinct():
            return _sampled(measure, scope)
        case Elapsed():
            return _elapsed(measure, scope)
        case Uptime() | OpenTime():
            return _OpenTime(measure, scope)
        case Age(of=of):
            return _RecordAge(of, scope) if of.source is SeriesKind.RECORD else _RowAge(of, scope)
        case Across():
            inner = Scope(
                scope.ctx,
                scope.rule,
                scope.scans,
                (*scope.dimensions, measure.dimension),
                scope.windows,
            )
            return _Across(measure, compiled(measure.measure, inner), scope.rule.minimum_samples)
        case Arithmetic(left=left, right=right):
            return _Arithmetic(measure, compiled(left, scope), compiled(right, scope))
        case Value(quantity=quantity):
            return _Constant(quantity.base)
        case _:
            assert_never(measure)


def series_of(measure: Measure) -> Iterator[Series]:
    """Every series that a measure reads."""
    match measure:
        case Aggregate(of=of) | Share(of=of) | Distinct(of=of) | Age(of=of):
            yield of
        case Uptime(record=record, excluding=excluding) | OpenTime(record=record, excluding=excluding):
            yield from (record, *([excluding] if excluding else []))
        case Elapsed(start=start, finish=finish):
            yield from (start, finish)
        case Across(measure=inner):
            yield from series_of(inner)
        case Arithmetic(left=left, right=right):
            yield from series_of(left)
            yield from series_of(right)
        case Value():
            return
        case _:
            assert_never(measure)


def shown_unit(ctx: Context, measure: Measure, threshold: Measure) -> Unit:
    """The unit in which a finding shows the measure: its own, or the threshold's for times and arithmetic."""
    own = _own_unit(ctx, measure)
    if own is not None:
        return own
    if isinstance(threshold, Value):
        return known_unit(threshold.quantity.unit)
    return _own_unit(ctx, threshold) or UNITS["hours" if isinstance(measure, Age | Elapsed | OpenTime) else "score"]


def series_unit(ctx: Context, series: Series) -> Unit:
    """The unit of the numbers of a series: of a metric, or of the attribute it picks."""
    return ctx.table(series).units.get(_number_name(series), UNITS["count"])


def _own_unit(ctx: Context, measure: Measure) -> Unit | None:
    match measure:
        case Aggregate(function=Function.COUNT) | Distinct():
            return UNITS["count"]
        case Aggregate(of=of):
            return series_unit(ctx, of)
        case Share() | Uptime() | Across(function="ratio"):
            return UNITS["fraction"]
        case Across(measure=inner):
            return _own_unit(ctx, inner)
        case Value(quantity=quantity):
            return known_unit(quantity.unit)
        case Elapsed(function=Function.COUNT):
            return UNITS["count"]
        case OpenTime() | Age() | Elapsed() | Arithmetic():
            return None
        case _:
            assert_never(measure)


def _number_name(series: Series) -> str:
    return "value" if series.source is SeriesKind.METRIC else series.attribute or ""


# --- measures over rows ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sampled:
    """A measure over rows: how many there are, and a number from the columns of their scan."""

    scan: Scan
    dimensions: tuple[str, ...]
    count: int
    finish: Callable[[Row], Fraction | None]
    empty: Fraction | None
    limits: bool
    open: int | None = None

    def value(self, group: Group, window: int) -> Computed:
        row = self.scan.get(tuple(group[d] for d in self.dimensions), window)
        if row is None or row[self.count] == 0:
            return Computed(self.empty, 0, self.limits)
        opened = 0 if self.open is None else row[self.open]
        return Computed(self.finish(row), row[self.count], self.limits, opened)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        if split not in self.dimensions:
            return set()
        return self._members(split).get((tuple(group[d] for d in self.dimensions if d != split), window), set())

    def _members(self, split: str) -> Mapping[tuple[Key, int], set[str]]:
        if split not in self._indexed:
            place = self.dimensions.index(split)
            index: dict[tuple[Key, int], set[str]] = defaultdict(set)
            for window in range(len(self.scan.windows)):
                for found, row in self.scan.members(window):
                    if row[self.count]:
                        index[(*found[:place], *found[place + 1 :]), window].add(found[place])
            self._indexed[split] = index
        return self._indexed[split]

    @cached_property
    def _indexed(self) -> dict[str, Mapping[tuple[Key, int], set[str]]]:
        return {}


def _sampled(measure: Aggregate | Share | Distinct, scope: Scope) -> _Sampled:
    table = scope.ctx.table(measure.of)
    condition = f"{chosen(scope.ctx, scope.rule, measure.of)} AND NOT {exempt_where(scope.ctx, scope.rule, table)}"
    dimensions = scope.shared(table)
    scan = scope.scans.scan(unexempted(scope.ctx, scope.rule, table), dimensions, scope.windows)
    number, unit = table.column(_number_name(measure.of)), series_unit(scope.ctx, measure.of)
    match measure:
        case Distinct():
            return _distinct(measure, scan, dimensions, condition)
        case Share():
            return _share(measure, scan, dimensions, condition, str(number), unit)
        case Aggregate(function=Function.COUNT) if measure.of.source is not SeriesKind.METRIC:
            there = '"time"' if number is None else number
            count = scan.column(f"count(CASE WHEN {condition} THEN {there} END)")
            return _Sampled(scan, dimensions, count, lambda row: Fraction(row[count]), Fraction(0), limits=False)
        case Aggregate(function=function, percentile=percentile):
            attribute_sum = function is Function.SUM and measure.of.source is not SeriesKind.METRIC
            return _aggregated(scan, dimensions, condition, str(number), function, percentile, unit, attribute_sum)


def _distinct(measure: Distinct, scan: Scan, dimensions: tuple[str, ...], condition: str) -> _Sampled:
    taken = f"CASE WHEN {condition} THEN {dimension(measure.dimension)} END"
    count, distinct = scan.column(f"count({taken})"), scan.column(f"count(DISTINCT {taken})")
    return _Sampled(scan, dimensions, count, lambda row: Fraction(row[distinct]), Fraction(0), limits=False)


def _share(
    measure: Share, scan: Scan, dimensions: tuple[str, ...], condition: str, number: str, unit: Unit
) -> _Sampled:
    count = scan.column(f"count(CASE WHEN {condition} THEN {number} END)")
    good = against(number, unit, measure.comparison, measure.threshold.quantity.base)
    kept = scan.column(f"count(CASE WHEN {condition} AND {good} THEN {number} END)")
    return _Sampled(scan, dimensions, count, lambda row: Fraction(row[kept], row[count]), None, limits=True)


def _aggregated(
    scan: Scan,
    dimensions: tuple[str, ...],
    condition: str,
    number: str,
    function: Function,
    percentile: Decimal | None,
    unit: Unit,
    zero_when_empty: bool = False,
    opened: str | None = None,
) -> _Sampled:
    taken = f"CASE WHEN {condition} THEN {number} END"
    count = scan.column(f"count({taken})")
    finish = _finish(scan, condition, number, taken, function, percentile, count, unit.factor)
    empty = Fraction(0) if zero_when_empty else None
    still_open = None if opened is None else scan.column(f"count(CASE WHEN {condition} AND {opened} THEN 1 END)")
    return _Sampled(scan, dimensions, count, finish, empty, not zero_when_empty, still_open)


def _finish(
    scan: Scan,
    condition: str,
    number: str,
    taken: str,
    function: Function,
    percentile: Decimal | None,
    count: int,
    factor: int,
) -> Callable[[Row], Fraction | None]:
    match function:
        case Function.COUNT:
            return lambda row: Fraction(row[count])
        case Function.MEAN:
            total = scan.column(f"sum({taken})")
            return lambda row: Fraction(row[total]) * factor / row[count]
        case Function.SUM | Function.MIN | Function.MAX:
            found = scan.column(f"{function.value}({taken})")
        case Function.MEDIAN | Function.PERCENTILE:
            percent = _MEDIAN if percentile is None else percentile
            found = scan.column(order_statistic(taken, percent))
        case Function.LATEST:
            newest = scan.column(latest(condition, number))
            return lambda row: Fraction(row[newest]["v"]) * factor
        case Function.STDDEV:
            values = scan.column(all_values(taken))
            return lambda row: _deviation([Fraction(v) * factor for v in row[values] if v is not None])
        case _:
            assert_never(function)
    return lambda row: Fraction(row[found]) * factor


def _deviation(values: Sequence[Fraction]) -> Fraction | None:
    n = len(values)
    if n < 2:
        return None
    return root((n * sum((v * v for v in values), Fraction(0)) - sum(values, Fraction(0)) ** 2) / (n * (n - 1)))


def _elapsed(measure: Elapsed, scope: Scope) -> _Sampled:
    """Elapsed times are samples of their start events; one without a finish has lasted until as-of."""
    ctx, rule = scope.ctx, scope.rule
    start, finish = ctx.table(measure.start), ctx.table(measure.finish)
    dimensions = scope.shared(start)
    kept = [dimension(d) for d in dimensions]
    left = (
        f'SELECT "time"{_also(kept)}{_matches(key(start, measure.matching))} FROM {known(ctx, start)} t'
        f" WHERE {chosen(ctx, rule, measure.start)} AND ({excuse(ctx, rule, start, ROW_TIME)}) IS NULL AND {in_time(ctx, rule, start)}"
    )
    right = (
        f'SELECT "time", "time" AS answer{_matches(key(finish, measure.matching))}'
        f" FROM {known(ctx, finish)} WHERE {chosen(ctx, rule, measure.finish)}"
    )
    pairs = first_after(left, ['"time"', *kept], right, len(measure.matching))
    lasted = f'CAST(coalesce(answer, {ctx.as_of}) - "time" AS DECIMAL(38, 9))'
    relation = f'(SELECT "time"{_also(kept)}, {lasted} AS lasted, answer IS NULL AS unfinished FROM ({pairs}))'
    scan = scope.scans.scan(relation, dimensions, scope.windows)
    return _aggregated(
        scan,
        dimensions,
        "TRUE",
        "lasted",
        measure.function,
        measure.percentile,
        _MICROSECONDS,
        opened="unfinished",
    )


def _also(columns: Sequence[str]) -> str:
    return "".join(f", {column}" for column in columns)


def _matches(columns: Sequence[str]) -> str:
    return "".join(f", {column} AS match_{i}" for i, column in enumerate(columns))


# --- measures over time ------------------------------------------------------------------------------------------


class _ByGroup:
    """Spans of a record series for each group: those that equal it on the dimensions they have."""

    def __init__(self, scope: Scope, series: Series) -> None:
        self.dimensions = scope.shared(scope.ctx.table(series))
        self.spans = record_spans(scope.ctx, scope.rule, series, self.dimensions, measured=True)

    def of(self, group: Group) -> Spans:
        return self.spans.get(tuple(group[d] for d in self.dimensions), _NONE)

    def members(self, group: Group, stretch: Stretch, split: str) -> set[str]:
        if split not in self.dimensions:
            return set()
        wanted = [group.get(d) for d in self.dimensions]
        place = self.dimensions.index(split)
        return {
            found
            for values, spans in self.spans.items()
            if (found := values[place]) is not None
            and all(v == w for i, (v, w) in enumerate(zip(values, wanted, strict=True)) if i != place)
            and spans.overlapping(stretch)
        }


_NONE = Spans(())


class _OpenTime:
    """`uptime` and `duration`."""

    def __init__(self, measure: Uptime | OpenTime, scope: Scope) -> None:
        self._measure, self._scope = measure, scope
        self._open = _ByGroup(scope, measure.record)
        self._excluded = _ByGroup(scope, measure.excluding) if measure.excluding else None
        self._exceptions = Exceptions(scope.ctx, scope.rule, scope.dimensions)
        self._spans: dict[Key, tuple[Spans, Spans, Spans]] = {}

    def value(self, group: Group, window: int) -> Computed:
        opened, excluded, both = self._of(group)
        whole = self._scope.windows[window]
        known_part = Stretch(whole.start, min(whole.end, self._scope.ctx.as_of))
        left_out = excluded.covered(known_part)
        lasted = both.covered(known_part) - left_out
        samples = opened.overlapping(known_part)
        if isinstance(self._measure, OpenTime):
            return Computed(Fraction(lasted), samples)
        counted = whole.end - whole.start - left_out
        return Computed(1 - Fraction(lasted, counted) if counted else None, samples)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        return self._open.members(group, self._scope.windows[window], split)

    def _of(self, group: Group) -> tuple[Spans, Spans, Spans]:
        values = tuple(group.values())
        if values not in self._spans:
            opened, excluded = self._open.of(group), self._exceptions.union(group)
            if self._excluded is not None:
                excluded |= self._excluded.of(group)
            self._spans[values] = (opened, excluded, opened | excluded)
        return self._spans[values]


class _RecordAge:
    """`age(record)`: how long the oldest open record has been open."""

    def __init__(self, series: Series, scope: Scope) -> None:
        self._records = _ByGroup(scope, series)
        self._windows = scope.windows
        self._instants = [min(window.end, scope.ctx.as_of) for window in scope.windows]
        self._oldest: dict[Key, dict[int, tuple[int, int]]] = {}

    def value(self, group: Group, window: int) -> Computed:
        values = tuple(group.values())
        if values not in self._oldest:
            self._oldest[values] = _oldest_open(self._records.of(group), sorted(set(self._instants)))
        at = self._instants[window]
        begin, count = self._oldest[values][at]
        return Computed(Fraction(at - begin), count)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        return self._records.members(group, self._windows[window], split)


def _oldest_open(spans: Spans, instants: Sequence[int]) -> dict[int, tuple[int, int]]:
    """For each instant the begin of the oldest span open at it (the instant itself when none is), and 1 or 0."""
    found: dict[int, tuple[int, int]] = {}
    waiting: list[Stretch] = []
    place = 0
    for at in instants:
        while place < len(spans.stretches) and spans.stretches[place].start <= at:
            heappush(waiting, spans.stretches[place])
            place += 1
        while waiting and waiting[0][1] <= at:
            heappop(waiting)
        found[at] = (waiting[0][0], 1) if waiting else (at, 0)
    return found


class _RowAge:
    """`age` of a metric or event: time since its newest row, also one from before the window."""

    def __init__(self, series: Series, scope: Scope) -> None:
        ctx = scope.ctx
        table = ctx.table(series)
        self._dimensions = scope.shared(table)
        self._windows = scope.windows
        self._instants = [min(window.end, ctx.as_of) for window in scope.windows]
        self._ends = sorted(set(self._instants))
        between = [Stretch(a + 1, b + 1) for a, b in zip([ALWAYS, *self._ends], self._ends, strict=False)]
        self._scan = scope.scans.scan(unexempted(ctx, scope.rule, table), self._dimensions, tuple(between))
        condition = f"{chosen(ctx, scope.rule, series)} AND NOT {exempt_where(ctx, scope.rule, table)}"
        self._newest = self._scan.column(f'max(CASE WHEN {condition} THEN "time" END)')
        self._known: dict[Key, list[int | None]] = {}

    def value(self, group: Group, window: int) -> Computed:
        values = tuple(group[d] for d in self._dimensions)
        if values not in self._known:
            self._known[values] = self._running(values)
        at = self._instants[window]
        newest = self._known[values][bisect_left(self._ends, at)]
        return Computed(None, 0) if newest is None else Computed(Fraction(at - newest), 1)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        if split not in self._dimensions:
            return set()
        place = self._dimensions.index(split)
        until = bisect_left(self._ends, self._instants[window])
        return {
            found[place]
            for part in range(until + 1)
            for found, row in self._scan.members(part)
            if row[self._newest] is not None
            and all(found[i] == group[d] for i, d in enumerate(self._dimensions) if i != place)
        }

    def _running(self, values: Key) -> list[int | None]:
        newest: int | None = None
        found: list[int | None] = []
        for part in range(len(self._ends)):
            row = self._scan.get(values, part)
            newest = row[self._newest] if row is not None and row[self._newest] is not None else newest
            found.append(newest)
        return found


# --- measures of measures ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Constant:
    number: Fraction

    def value(self, _group: Group, _window: int) -> Computed:
        return Computed(self.number, -1)

    def members(self, _group: Group, _window: int, _split: str) -> set[str]:
        return set()


@dataclass(frozen=True)
class _Arithmetic:
    measure: Arithmetic
    left: Measured
    right: Measured

    def value(self, group: Group, window: int) -> Computed:
        left, right = self.left.value(group, window), self.right.value(group, window)
        samples, limits = together(left, right)
        result = None
        if left.value is not None and right.value is not None:
            result = calculate(self.measure.operator, left.value, right.value)
        return Computed(result, samples, limits, left.open + right.open)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        return self.left.members(group, window, split) | self.right.members(group, window, split)


@dataclass(frozen=True)
class _Across:
    measure: Across
    inner: Measured
    minimum: int

    def value(self, group: Group, window: int) -> Computed:
        found = [
            self.inner.value({**group, self.measure.dimension: member}, window)
            for member in self.inner.members(group, window, self.measure.dimension)
        ]
        compared = [c for c in found if c.value is not None and not (c.limits and c.samples < self.minimum)]
        samples, opened = (
            sum(c.samples for c in compared),
            sum(c.open for c in compared),
        )
        limits = any(c.limits for c in compared)
        if len(compared) < 2:
            return Computed(None, samples, limits, opened)
        values = [c.value for c in compared if c.value is not None]
        low, high = min(values), max(values)
        if self.measure.function == "gap":
            return Computed(high - low, samples, limits, opened)
        return Computed(low / high if high else None, samples, limits, opened)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        return self.inner.members(group, window, split)


def together(left: Computed, right: Computed) -> tuple[int, bool]:
    """The samples of two measures together: the smaller count of those that limit, of both where none does."""
    counted = [c for c in (left, right) if c.samples >= 0]
    limiting = [c for c in counted if c.limits] or counted
    return min((c.samples for c in limiting), default=-1), any(c.limits for c in counted)
