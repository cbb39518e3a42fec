"""What a measure comes to for one group and window, as *Measures* of docs/meaning.md has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isqrt

from .clock import Window, time_covered
from .rows import (
    Case,
    Group,
    Json,
    Row,
    agrees,
    calculate,
    compares,
    exception_records,
    exempt,
    in_base,
    in_time,
    meets_where_exemption,
    number_of,
    open_at,
    open_times,
    rows_of,
    time_of,
)


@dataclass(frozen=True)
class Measured:
    """A value in base units (None: missing), its samples, whether they limit, and whether elapsed times are open."""

    value: Fraction | None
    samples: int
    limits: bool
    still_open: bool = False


# --- the parts of a measure -------------------------------------------------------------------------------------


def leaves(measure: Json) -> Iterator[Json]:
    """The parts of a measure that read rows."""
    match measure["kind"]:
        case "arithmetic":
            yield from leaves(measure["left"])
            yield from leaves(measure["right"])
        case "across":
            yield from leaves(measure["measure"])
        case "value":
            return
        case _:
            yield measure


def series_of(leaf: Json) -> list[Json]:
    """The series that a leaf reads: all must be bound; *Groups* are seen in them."""
    match leaf["kind"]:
        case "uptime" | "duration":
            return [leaf["record"], *([leaf["excluding"]] if leaf["excluding"] else [])]
        case "elapsed":
            return [leaf["start"], leaf["finish"]]
        case _:
            return [leaf["of"]]


# --- aggregates of samples --------------------------------------------------------------------------------------


def percentile(samples: list[Fraction], percent: Fraction) -> Fraction:
    """The smallest sample that at least that percentage of the samples do not exceed."""
    rank = ceil(len(samples) * percent / 100)
    return sorted(samples)[rank - 1]


def root_to_nine_places(square: Fraction) -> Fraction:
    """The square root, rounded half-even to nine places, in whole numbers."""
    scaled = square * 10**18
    root = isqrt(scaled.numerator // scaled.denominator)
    middle = (root + Fraction(1, 2)) ** 2
    if scaled > middle or (scaled == middle and root % 2 == 1):
        root += 1
    return Fraction(root, 10**9)


def standard_deviation(samples: list[Fraction]) -> Fraction | None:
    """Sample standard deviation; missing for fewer than two samples."""
    if len(samples) < 2:
        return None
    mean = sum(samples, Fraction(0)) / len(samples)
    return root_to_nine_places(sum(((each - mean) ** 2 for each in samples), Fraction(0)) / (len(samples) - 1))


def aggregate(function: str, percent: str | None, samples: list[Fraction]) -> Fraction | None:
    """One number from samples; missing when there are none."""
    if not samples:
        return None
    match function:
        case "mean":
            return sum(samples, Fraction(0)) / len(samples)
        case "sum":
            return sum(samples, Fraction(0))
        case "min":
            return min(samples)
        case "max":
            return max(samples)
        case "count":
            return Fraction(len(samples))
        case "median":
            return percentile(samples, Fraction(50))
        case "percentile":
            return percentile(samples, Fraction(str(percent)))
        case "stddev":
            return standard_deviation(samples)
        case _:
            raise ValueError(function)


# --- leaves -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """For which rule, group and window a measure is taken; the group may fix further dimensions (`across`)."""

    case: Case
    rule: Json
    group: Group
    window: Window

    def rows(self, series: Json) -> list[Row]:
        """Rows of the series that agree with the group, at any time, exempt ones too."""
        dimensions = self.case.dimensions(series["source"], series["name"])
        rows = rows_of(self.case, series, self.rule["environments"])
        return [row for row in rows if agrees(row, dimensions, self.group)]

    def counted(self, series: Json) -> list[Row]:
        """The same without the exempt rows (of records: those that meet an `except where`)."""
        kind, name = series["source"], series["name"]
        if kind == "record":
            return [r for r in self.rows(series) if not meets_where_exemption(self.case, self.rule, kind, name, r)]
        counted = [r for r in self.rows(series) if in_time(self.case, self.rule, kind, name, r)]
        return [r for r in counted if not exempt(self.case, self.rule, kind, name, r, time_of(r))]

    def in_window(self, series: Json) -> list[Row]:
        """Counted rows in the window (records: that begin in it)."""
        return [row for row in self.counted(series) if self.window.has(time_of(row))]

    @property
    def now(self) -> int:
        """The end of the window, or as-of while it is open."""
        return min(self.window.end, self.case.as_of)


def samples_of(scope: Scope, series: Json) -> list[tuple[int, Fraction]]:
    """Time and number of each row in the window that has the number."""
    units = scope.case.units(series["source"], series["name"])
    name = series["attribute"] or "value"
    numbers = [(time_of(row), number_of(row, name, units)) for row in scope.in_window(series)]
    return [(time, number) for time, number in numbers if number is not None]


def measure_aggregate(scope: Scope, leaf: Json) -> Measured:
    """`mean`, `sum`, `min`, `max`, `count`, `percentile`, `median`, `stddev`, `latest`."""
    series, function = leaf["of"], leaf["function"]
    if function == "count" and series["source"] != "metric":
        count = len(scope.in_window(series))
        return Measured(Fraction(count), count, limits=False)
    samples = samples_of(scope, series)
    numbers = [number for _, number in samples]
    if function == "latest":
        return Measured(max(samples)[1] if samples else None, len(samples), limits=True)
    if function == "sum" and series["source"] == "event":
        return Measured(sum(numbers, Fraction(0)), len(samples), limits=False)
    return Measured(aggregate(function, leaf["percentile"], numbers), len(samples), limits=True)


def measure_share(scope: Scope, leaf: Json) -> Measured:
    """Samples that satisfy the comparison, divided by all."""
    numbers = [number for _, number in samples_of(scope, leaf["of"])]
    if not numbers:
        return Measured(None, 0, limits=True)
    satisfied = sum(compares(number, leaf["comparison"], constant(leaf["threshold"])) for number in numbers)
    return Measured(Fraction(satisfied, len(numbers)), len(numbers), limits=True)


def measure_distinct(scope: Scope, leaf: Json) -> Measured:
    """Number of distinct texts of a dimension; missing texts do not count."""
    found = [t for row in scope.in_window(leaf["of"]) if (t := row[leaf["dimension"]]) is not None]
    return Measured(Fraction(len(set(found))), len(found), limits=False)


def excluded_time(scope: Scope, leaf: Json) -> list[Window]:
    """Time that `excluding` and `except during` take out, for the group."""
    records = exception_records(scope.case, scope.rule, scope.group)
    if leaf["excluding"]:
        records = records + scope.counted(leaf["excluding"])
    return open_times(records, scope.now)


def measure_record_time(scope: Scope, leaf: Json) -> Measured:
    """`duration` and `uptime`: time with a record open, less excluded time; and what that leaves of the window."""
    window, excluded = scope.window, excluded_time(scope, leaf)
    records = [r for r in scope.counted(leaf["record"]) if time_covered(window, open_times([r], scope.now), []) > 0]
    down = time_covered(window, open_times(records, scope.now), excluded)
    if leaf["kind"] == "duration":
        return Measured(Fraction(down), len(records), limits=False)
    length = window.end - window.start - time_covered(window, excluded, [])
    return Measured(1 - Fraction(down, length) if length else None, len(records), limits=False)


def measure_age(scope: Scope, leaf: Json) -> Measured:
    """Time since the latest row at or before the end of the window (as-of), or since the oldest open record began."""
    rows = [row for row in scope.counted(leaf["of"]) if time_of(row) <= scope.now]
    if leaf["of"]["source"] == "record":
        begins = [row["begin"] for row in rows if open_at(row, scope.now)]
        return Measured(Fraction(scope.now - min(begins) if begins else 0), min(1, len(begins)), limits=False)
    if not rows:
        return Measured(None, 0, limits=False)
    return Measured(Fraction(scope.now - max(map(time_of, rows))), 1, limits=False)


def measure_elapsed(scope: Scope, leaf: Json) -> Measured:
    """For each start in the window, time to the first finish that matches (while there is none: to as-of)."""
    finishes, times, still_open = rows_of(scope.case, leaf["finish"], scope.rule["environments"]), [], False
    for start in scope.in_window(leaf["start"]):
        ends = [
            time_of(finish)
            for finish in finishes
            if time_of(finish) >= time_of(start) and all(finish[d] == start[d] for d in leaf["matching"])
        ]
        still_open = still_open or not ends
        times.append(Fraction(min(ends, default=scope.case.as_of) - time_of(start)))
    return Measured(aggregate(leaf["function"], leaf["percentile"], times), len(times), True, still_open)


# --- whole measures ---------------------------------------------------------------------------------------------


def constant(value: Json) -> Fraction:
    """A value in base units."""
    return in_base(value["quantity"]["value"], value["quantity"]["unit"])


def values_of_dimension(scope: Scope, measure: Json, dimension: str) -> list[str]:
    """The texts that a dimension takes among the group's rows in the window."""
    found: set[str] = set()
    for leaf in leaves(measure):
        for series in series_of(leaf)[:1]:
            if dimension in scope.case.dimensions(series["source"], series["name"]):
                found |= {row[dimension] for row in scope.in_window(series) if row[dimension] is not None}
    return sorted(found)


def measure_across(scope: Scope, measure: Json) -> Measured:
    """`gap` and `ratio`: the measure for each value of the dimension, the largest against the smallest."""
    dimension, inner = measure["dimension"], measure["measure"]
    parts = [
        take(Scope(scope.case, scope.rule, {**scope.group, dimension: value}, scope.window), inner)
        for value in values_of_dimension(scope, inner, dimension)
    ]
    enough = [p for p in parts if p.value is not None and not too_few(p, scope.rule)]
    values = [p.value for p in enough if p.value is not None]
    samples, limits = sum(p.samples for p in enough), any(p.limits for p in enough)
    still_open = any(p.still_open for p in enough)
    if len(values) < 2:
        return Measured(None, samples, limits, still_open)
    if measure["function"] == "gap":
        return Measured(max(values) - min(values), samples, limits, still_open)
    return Measured(min(values) / max(values) if max(values) else None, samples, limits, still_open)


def join(left: Measured, right: Measured, value: Fraction | None) -> Measured:
    """Samples of two sides together: the smallest count of those that limit, else the smallest of all."""
    sides = [side for side in (left, right) if side.limits] or [left, right]
    return Measured(value, min(side.samples for side in sides), sides[0].limits, left.still_open or right.still_open)


def take_arithmetic(scope: Scope, measure: Json) -> Measured:
    """Exact arithmetic between measures; values bring no samples."""
    left, right = take(scope, measure["left"]), take(scope, measure["right"])
    value = calculate(measure["operator"], left.value, right.value)
    return together(measure["left"], left, measure["right"], right, value)


def together(left: Json, first: Measured, right: Json, second: Measured, value: Fraction | None) -> Measured:
    """The two sides as one; a side that reads no rows has no say on samples."""
    if not list(leaves(right)):
        return Measured(value, first.samples, first.limits, first.still_open)
    if not list(leaves(left)):
        return Measured(value, second.samples, second.limits, second.still_open)
    return join(first, second, value)


def take(scope: Scope, measure: Json) -> Measured:
    """The measure for a group and a window."""
    match measure["kind"]:
        case "aggregate":
            return measure_aggregate(scope, measure)
        case "share":
            return measure_share(scope, measure)
        case "distinct":
            return measure_distinct(scope, measure)
        case "uptime" | "duration":
            return measure_record_time(scope, measure)
        case "age":
            return measure_age(scope, measure)
        case "elapsed":
            return measure_elapsed(scope, measure)
        case "across":
            return measure_across(scope, measure)
        case "arithmetic":
            return take_arithmetic(scope, measure)
        case _:
            return Measured(constant(measure), 0, limits=False)


def too_few(measured: Measured, rule: Json) -> bool:
    """*Samples*: fewer than the rule's minimum, where samples limit."""
    return measured.limits and measured.samples < rule["minimum_samples"]
