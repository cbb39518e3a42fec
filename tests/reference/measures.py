"""What a measure comes to for one group and window, as *Measures* of docs/meaning.md has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from math import ceil, isqrt

from . import confidence
from .clock import Window, add, midnight, time_covered, windows_of
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
    """A value in base units (None: missing), its samples, whether they limit, and whether elapsed times are open.

    A mean has the variance of its samples too, where there are two.
    """

    value: Fraction | None
    samples: int
    limits: bool
    still_open: bool = False
    variance: Fraction | None = None


# --- the parts of a measure -------------------------------------------------------------------------------------


def leaves(measure: Json) -> Iterator[Json]:
    """The parts of a measure that read rows."""
    match measure["kind"]:
        case "arithmetic":
            yield from leaves(measure["left"])
            yield from leaves(measure["right"])
        case "across" | "change":
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


def variance_of(samples: list[Fraction]) -> Fraction | None:
    """Sample variance; missing for fewer than two samples."""
    if len(samples) < 2:
        return None
    mean = sum(samples, Fraction(0)) / len(samples)
    return sum(((each - mean) ** 2 for each in samples), Fraction(0)) / (len(samples) - 1)


def standard_deviation(samples: list[Fraction]) -> Fraction | None:
    """Sample standard deviation; missing for fewer than two samples."""
    variance = variance_of(samples)
    return None if variance is None else root_to_nine_places(variance)


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
    value = aggregate(function, leaf["percentile"], numbers)
    return Measured(value, len(samples), limits=True, variance=variance_of(numbers) if function == "mean" else None)


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
    value = aggregate(leaf["function"], leaf["percentile"], times)
    return Measured(value, len(times), True, still_open, variance_of(times))


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
    lacking = scope.rule.get("samples_each") == dimension and any(too_few(p, scope.rule) for p in parts)
    if len(values) < 2 or lacking:
        return Measured(None, samples, limits, still_open)
    if measure["function"] == "gap":
        return Measured(max(values) - min(values), samples, limits, still_open)
    return Measured(min(values) / max(values) if max(values) else None, samples, limits, still_open)


def take_change(scope: Scope, measure: Json) -> Measured:
    """`change`, `rise`, `fall`: the measure in the window against that in the window before."""
    now, window = take(scope, measure["measure"]), window_before(scope)
    if window is None:
        return replace(now, value=None)
    before = take(replace(scope, window=window), measure["measure"])
    difference = None
    if now.value is not None and before.value is not None:
        difference = {"rise": 1, "fall": -1}.get(measure["function"], 0) * (now.value - before.value)
        difference = abs(now.value - before.value) if measure["function"] == "change" else difference
        if measure["relative"]:
            difference = difference / abs(before.value) if before.value else None
    return join(now, before, difference)


def window_before(scope: Scope) -> Window | None:
    """The window just before, None where there is none in the life; that of a gate is as long as it is."""
    case, rule, window = scope.case, scope.rule, scope.window
    if rule["kind"] == "gate":
        return Window(add(case.clock, window.start, rule["before"], -1), window.start)
    if rule["window"]["kind"] == "calendar":
        windows = windows_of(case.clock, case.life, rule["window"], case.as_of)
        return next((each for each in windows if each.end == window.start), None)
    begin = add(case.clock, window.start, rule["window"]["length"], -1)
    return Window(begin, window.start) if begin >= case.life.start else None


def reference_time(scope: Scope, reference: Json) -> Window | None:
    """What samples are compared with; None where it has not ended yet, or would begin before the life."""
    case, start = scope.case, scope.window.start
    if reference["kind"] == "before":
        begin = add(case.clock, start, reference["length"], -1)
        known = begin >= case.life.start or scope.rule["kind"] == "gate"
        return Window(begin, start) if known else None
    if reference["kind"] == "first":
        found = Window(case.life.start, add(case.clock, case.life.start, reference["length"]))
    else:
        first, until = date.fromisoformat(reference["first"]), date.fromisoformat(reference["until"])
        found = Window(midnight(case.zone, first), midnight(case.zone, until))
    return found if found.end <= start else None


def measure_drift(scope: Scope, leaf: Json) -> Measured:
    """The distance of the window's samples from those of the reference time."""
    window = reference_time(scope, leaf["reference"])
    now = [number for _, number in samples_of(scope, leaf["of"])]
    old = [] if window is None else [number for _, number in samples_of(replace(scope, window=window), leaf["of"])]
    if not now or not old:
        return Measured(None, 0, limits=True)
    return Measured((psi if leaf["method"] == "psi" else ks)(old, now), min(len(now), len(old)), limits=True)


def psi(old: list[Fraction], now: list[Fraction]) -> Fraction:
    """The population stability index, by its textbook sum, to nine places."""
    total, low = Decimal(0), None
    with localcontext(prec=60, rounding=ROUND_HALF_EVEN):
        for high in [*sorted({percentile(old, Fraction(10 * tenth)) for tenth in range(1, 10)}), None]:
            shares = []
            for samples in (old, now):
                inside = sum((low is None or low < each) and (high is None or each <= high) for each in samples)
                share = max(Fraction(inside, len(samples)), Fraction("0.0001"))
                shares.append(Decimal(share.numerator) / Decimal(share.denominator))
            total += (shares[1] - shares[0]) * (shares[1].ln() - shares[0].ln())
            low = high
        return Fraction(round(total, 9))


def ks(old: list[Fraction], now: list[Fraction]) -> Fraction:
    """The Kolmogorov-Smirnov distance: the largest difference of the shares up to any sample."""
    return max(abs(share_up_to(old, each) - share_up_to(now, each)) for each in {*old, *now})


def share_up_to(samples: list[Fraction], most: Fraction) -> Fraction:
    """The share of samples that do not exceed a number."""
    return Fraction(sum(each <= most for each in samples), len(samples))


def nothing_before(scope: Scope, first: int | None) -> bool:
    """Whether some part of the rule has nothing to be compared with; `first` is when the group was first seen."""
    parts = [*compared(scope.rule["measure"]), *compared(scope.rule["threshold"])]
    for part in parts:
        before = window_before(scope) if part["kind"] == "change" else reference_time(scope, part["reference"])
        moving = part["kind"] == "change" or part["reference"]["kind"] == "before"
        if before is None or (moving and first is not None and first >= scope.window.start):
            return True
    return False


def compared(measure: Json) -> Iterator[Json]:
    """The changes and drifts in a measure."""
    match measure["kind"]:
        case "change" | "drift":
            yield measure
        case "across":
            yield from compared(measure["measure"])
        case "arithmetic":
            yield from compared(measure["left"])
            yield from compared(measure["right"])
        case _:
            return


def join(left: Measured, right: Measured, value: Fraction | None) -> Measured:
    """Samples of two sides together: the smallest count of those that limit, else the smallest of all."""
    sides = [side for side in (left, right) if side.limits] or [left, right]
    return Measured(value, min(side.samples for side in sides), sides[0].limits, left.still_open or right.still_open)


def take_arithmetic(scope: Scope, measure: Json) -> Measured:
    """Exact arithmetic between measures; values bring no samples."""
    left, right = take(scope, measure["left"]), take(scope, measure["right"])
    value = calculate(measure["operator"], left.value, right.value)
    if scope.rule.get("confidence"):
        return Measured(value, right.samples, limits=True)  # a count by the count that it is part of
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
        case "change":
            return take_change(scope, measure)
        case "drift":
            return measure_drift(scope, measure)
        case "arithmetic":
            return take_arithmetic(scope, measure)
        case _:
            return Measured(constant(measure), 0, limits=False)


def too_few(measured: Measured, rule: Json) -> bool:
    """*Samples*: fewer than the rule's minimum, where samples limit."""
    return measured.limits and measured.samples < fewest(rule)


def fewest(rule: Json) -> int:
    """The rule's minimum of samples; with confidence it is never below 2."""
    return max(int(rule["minimum_samples"]), confidence.FEWEST if rule.get("confidence") else 0)


def interval_of(rule: Json, measure: Json | None, measured: Measured) -> confidence.Ends | None:
    """*Confidence*: the interval of a value; None where the rule asks for none, or where there is too little."""
    level = confidence.level_of(rule)
    if level is None or measured.value is None or measured.samples < confidence.FEWEST:
        return None
    return confidence.ends(measure, measured.value, measured.samples, measured.variance, level)


def kept(rule: Json, measure: Json | None, comparison: str, measured: Measured, threshold: Fraction) -> bool:
    """Whether a value keeps the threshold, or misses it without being sure."""
    assert measured.value is not None
    found = interval_of(rule, measure, measured)
    return compares(measured.value, comparison, threshold) or not confidence.sure_breach(found, comparison, threshold)
