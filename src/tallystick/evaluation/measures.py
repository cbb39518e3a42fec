"""Measures: from the tree of a rule to a number for each group and window.

Compiling a measure asks the scans for the aggregates it needs; once they have run, `value` finishes with exact
rational numbers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from heapq import heappop, heappush
from typing import Literal, NamedTuple, Protocol, assert_never

from tallystick.evaluation.clock import ALWAYS
from tallystick.evaluation.comparing import reference_times, windows_before
from tallystick.evaluation.conditions import against
from tallystick.evaluation.context import Context, Group, Key, Table
from tallystick.evaluation.drift import kolmogorov_smirnov, population_stability
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
    Change,
    Distinct,
    Drift,
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
    finding by their number, how many elapsed times were still open; the samples' variance, of a mean whose
    confidence is asked for; and what was left out."""

    value: Fraction | None
    samples: int = 0
    limits: bool = False
    open: int = 0
    variance: Fraction | None = None
    note: str = ""


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
            every = scope.rule.samples_each == measure.dimension
            return _Across(measure, compiled(measure.measure, inner), scope.rule.minimum_samples, every)
        case Change():
            return _change(measure, scope)
        case Drift():
            return _drift(measure, scope)
        case Arithmetic(left=left, right=right):
            sides = compiled(left, scope), compiled(right, scope)
            return _Proportion(*sides) if scope.rule.confidence else _Arithmetic(measure, *sides)
        case Value(quantity=quantity):
            return _Constant(quantity.base)
        case _:
            assert_never(measure)


def series_of(measure: Measure) -> Iterator[Series]:
    """Every series that a measure reads."""
    match measure:
        case Aggregate(of=of) | Share(of=of) | Distinct(of=of) | Age(of=of) | Drift(of=of):
            yield of
        case Uptime(record=record, excluding=excluding) | OpenTime(record=record, excluding=excluding):
            yield from (record, *([excluding] if excluding else []))
        case Elapsed(start=start, finish=finish):
            yield from (start, finish)
        case Across(measure=inner) | Change(measure=inner):
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
    return ctx.table(series).units.get(number_name(series), UNITS["count"])


def _own_unit(ctx: Context, measure: Measure) -> Unit | None:
    match measure:
        case Aggregate(function=Function.COUNT) | Distinct():
            return UNITS["count"]
        case Aggregate(of=of):
            return series_unit(ctx, of)
        case Share() | Uptime() | Across(function="ratio") | Change(relative=True):
            return UNITS["fraction"]
        case Drift():
            return UNITS["score"]
        case Across(measure=inner) | Change(measure=inner):
            return _own_unit(ctx, inner)
        case Value(quantity=quantity):
            return known_unit(quantity.unit)
        case Elapsed(function=Function.COUNT):
            return UNITS["count"]
        case OpenTime() | Age() | Elapsed() | Arithmetic():
            return None
        case _:
            assert_never(measure)


def number_name(series: Series) -> str:
    """What a source calls the numbers of a series."""
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
    variance: Callable[[Row], Fraction | None] | None = None

    def value(self, group: Group, window: int) -> Computed:
        row = self.scan.get(tuple(group[d] for d in self.dimensions), window)
        if row is None or row[self.count] == 0:
            return Computed(self.empty, 0, self.limits)
        opened = 0 if self.open is None else row[self.open]
        variance = None if self.variance is None else self.variance(row)
        return Computed(self.finish(row), row[self.count], self.limits, opened, variance)

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
    number, unit = table.column(number_name(measure.of)), series_unit(scope.ctx, measure.of)
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
            sure = scope.rule.confidence is not None
            return _aggregated(
                scan, dimensions, condition, str(number), function, percentile, unit, attribute_sum, varies=sure
            )


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
    varies: bool = False,
) -> _Sampled:
    """`varies`: the variance of the samples is wanted beside their mean."""
    taken = f"CASE WHEN {condition} THEN {number} END"
    count = scan.column(f"count({taken})")
    finish = _finish(scan, condition, number, taken, function, percentile, count, unit.factor)
    empty = Fraction(0) if zero_when_empty else None
    still_open = None if opened is None else scan.column(f"count(CASE WHEN {condition} AND {opened} THEN 1 END)")
    variance = _variance_of(scan, taken, unit.factor) if varies and function is Function.MEAN else None
    return _Sampled(scan, dimensions, count, finish, empty, not zero_when_empty, still_open, variance)


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
            found = scan.column(scan.dialect.order_statistic(taken, percent))
        case Function.LATEST:
            newest = scan.column(scan.dialect.latest(condition, number))
            return lambda row: Fraction(row[newest]["v"]) * factor
        case Function.STDDEV:
            variance = _variance_of(scan, taken, factor)
            return lambda row: None if (found := variance(row)) is None else root(found)
        case _:
            assert_never(function)
    return lambda row: Fraction(row[found]) * factor


def _variance_of(scan: Scan, taken: str, factor: int) -> Callable[[Row], Fraction | None]:
    values = scan.column(scan.dialect.all_values(taken))
    return lambda row: _variance([Fraction(v) * factor for v in row[values] if v is not None])


def _variance(values: Sequence[Fraction]) -> Fraction | None:
    """The sample variance, with n - 1; none of fewer than two samples."""
    n = len(values)
    if n < 2:
        return None
    return (n * sum((v * v for v in values), Fraction(0)) - sum(values, Fraction(0)) ** 2) / (n * (n - 1))


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
    pairs = first_after(ctx.engine.dialect, left, ['"time"', *kept], right, len(measure.matching))
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
        varies=scope.rule.confidence is not None,
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
        return Computed(result, samples, limits, left.open + right.open, note=left.note or right.note)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        return self.left.members(group, window, split) | self.right.members(group, window, split)


@dataclass(frozen=True)
class _Proportion:
    """A count divided by the count that it is part of, whose samples are those below the line."""

    part: Measured
    whole: Measured

    def value(self, group: Group, window: int) -> Computed:
        part, whole = self.part.value(group, window).value, self.whole.value(group, window).value
        samples = self.whole.value(group, window).samples
        return Computed(part / whole if part is not None and whole else None, samples, limits=True)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        return self.whole.members(group, window, split)


@dataclass(frozen=True)
class _Change:
    """A measure in each window against the same in the time before; `places` are where that stands among those times."""

    measure: Change
    now: Measured
    before: Measured
    places: tuple[int | None, ...]

    def value(self, group: Group, window: int) -> Computed:
        now, place = self.now.value(group, window), self.places[window]
        if place is None:
            return Computed(None, now.samples, now.limits, now.open)
        before = self.before.value(group, place)
        samples, limits = together(now, before)
        return Computed(self._difference(now.value, before.value), samples, limits, now.open + before.open)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        return self.now.members(group, window, split)

    def _difference(self, now: Fraction | None, before: Fraction | None) -> Fraction | None:
        if now is None or before is None:
            return None
        match self.measure.function:
            case "rise":
                found = now - before
            case "fall":
                found = before - now
            case "change":
                found = abs(now - before)
            case _:
                assert_never(self.measure.function)
        if not self.measure.relative:
            return found
        return found / abs(before) if before else None


def _change(measure: Change, scope: Scope) -> _Change:
    times, places = _distinct_times(windows_before(scope.ctx, scope.rule, scope.windows))
    earlier = compiled(measure.measure, replace(scope, windows=times))
    return _Change(measure, compiled(measure.measure, scope), earlier, places)


def _distinct_times(times: Sequence[Stretch | None]) -> tuple[tuple[Stretch, ...], tuple[int | None, ...]]:
    """Each time once, and for each place which of them stands there."""
    distinct = tuple(dict.fromkeys(time for time in times if time is not None))
    numbers = {time: number for number, time in enumerate(distinct)}
    return distinct, tuple(None if time is None else numbers[time] for time in times)


@dataclass(frozen=True)
class _Drift:
    """The samples of a window against those of its reference time."""

    method: Literal["psi", "ks"]
    now: _Sampled
    reference: _Sampled
    columns: tuple[int, int]
    places: tuple[int | None, ...]

    def value(self, group: Group, window: int) -> Computed:
        place = self.places[window]
        now = _values(self.now, self.columns[0], group, window)
        reference = [] if place is None else _values(self.reference, self.columns[1], group, place)
        fewer = min(len(now), len(reference))
        if not fewer:
            return Computed(None, 0, limits=True)
        of = population_stability if self.method == "psi" else kolmogorov_smirnov
        return Computed(of(reference, now), fewer, limits=True)

    def members(self, group: Group, window: int, split: str) -> set[str]:
        return self.now.members(group, window, split)


def _values(side: _Sampled, column: int, group: Group, window: int) -> list[Decimal]:
    row = side.scan.get(tuple(group[d] for d in side.dimensions), window)
    return [] if row is None else [value for value in row[column] if value is not None]


def _drift(measure: Drift, scope: Scope) -> _Drift:
    times, places = _distinct_times(reference_times(scope.ctx, measure, scope.rule, scope.windows))
    now, values = _all_samples(measure.of, scope)
    reference, same = _all_samples(measure.of, replace(scope, windows=times))
    return _Drift(measure.method, now, reference, (values, same), places)


def _all_samples(series: Series, scope: Scope) -> tuple[_Sampled, int]:
    """The number of samples of a series, and the column that holds them all."""
    table = scope.ctx.table(series)
    condition = f"{chosen(scope.ctx, scope.rule, series)} AND NOT {exempt_where(scope.ctx, scope.rule, table)}"
    dimensions = scope.shared(table)
    scan = scope.scans.scan(unexempted(scope.ctx, scope.rule, table), dimensions, scope.windows)
    taken = f"CASE WHEN {condition} THEN {table.column(number_name(series))} END"
    count, values = scan.column(f"count({taken})"), scan.column(scan.dialect.all_values(taken))
    return _Sampled(scan, dimensions, count, lambda _: None, None, limits=True), values


@dataclass(frozen=True)
class _Across:
    measure: Across
    inner: Measured
    minimum: int
    every: bool

    def value(self, group: Group, window: int) -> Computed:
        dimension = self.measure.dimension
        found = {
            member: self.inner.value({**group, dimension: member}, window)
            for member in sorted(self.inner.members(group, window, dimension))
        }
        fewer = {member: c for member, c in found.items() if c.limits and c.samples < self.minimum}
        compared = [c for member, c in found.items() if c.value is not None and member not in fewer]
        note = self._note(fewer)
        samples, opened = (
            sum(c.samples for c in compared),
            sum(c.open for c in compared),
        )
        limits = any(c.limits for c in compared)
        if len(compared) < 2 or (self.every and fewer):
            return Computed(None, samples, limits, opened, note=note)
        values = [c.value for c in compared if c.value is not None]
        low, high = min(values), max(values)
        if self.measure.function == "gap":
            return Computed(high - low, samples, limits, opened, note=note)
        return Computed(low / high if high else None, samples, limits, opened, note=note)

    def _note(self, fewer: Mapping[str, Computed]) -> str:
        """Which values of the dimension have too few samples, and how many."""
        if not fewer:
            return ""
        listed = ", ".join(f"{member} ({c.samples})" for member, c in fewer.items())
        return f"too few samples of {self.measure.dimension} {listed}"

    def members(self, group: Group, window: int, split: str) -> set[str]:
        return self.inner.members(group, window, split)


def together(left: Computed, right: Computed) -> tuple[int, bool]:
    """The samples of two measures together: the smaller count of those that limit, of both where none does."""
    counted = [c for c in (left, right) if c.samples >= 0]
    limiting = [c for c in counted if c.limits] or counted
    return min((c.samples for c in limiting), default=-1), any(c.limits for c in counted)
