"""Derived data, as *Derived data* of docs/meaning.md has it: one interval after the other, one group after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from tallystick.quantities import Kind, known_unit

from .clock import ELAPSED, Window, add, midnight
from .findings import Texts
from .measures import Measured, Scope, constant, leaves, series_of, take
from .rows import Case, Json, Row, compares
from .windows import first_seen

TOO_LARGE = 10**29


@dataclass(frozen=True)
class Interval:
    """One interval of a group: its time, its value in base units (None: missing), its samples."""

    window: Window
    value: Fraction | None
    samples: int


def intervals_of(case: Case, each: Json) -> list[Window]:
    """Intervals: from each local midnight on, the last one cut at the next; in the life, and over by as-of."""
    found: list[Window] = []
    day = date.fromisoformat(case.book["effective"])
    while midnight(case.zone, day) < min(case.life.end, case.as_of):
        following = day + timedelta(days=each["amount"] if each["unit"] == "days" else 1)
        start, end = midnight(case.zone, day), midnight(case.zone, following)
        while start < end:
            stop = end if each["unit"] == "days" else min(end, start + each["amount"] * ELAPSED[each["unit"]])
            found.append(Window(start, stop))
            start = stop
        day = following
    return [window for window in found if window.end <= case.life.end and window.end <= case.as_of]


def plain_rule(dimensions: list[str]) -> Json:
    """A rule that groups by the dimensions and has nothing else to say."""
    return {"kind": "keep", "per": dimensions, "environments": [], "exemptions": [], "minimum_samples": 1}


def samples_of(parts: list[Measured]) -> int:
    """The smallest number where samples limit; else the largest count."""
    limiting = [part.samples for part in parts if part.limits]
    return min(limiting) if limiting else max([part.samples for part in parts], default=0)


def taken(case: Case, measure: Json, each: Json, dimensions: list[str]) -> dict[Texts, list[Interval]]:
    """The measure for each group, in each interval from the one in which the group is first seen."""
    rule = plain_rule(dimensions)
    read = [series for leaf in leaves(measure) for series in series_of(leaf)]
    seen = first_seen(case, rule, read) if dimensions else {(): -(2**62)}
    found: dict[Texts, list[Interval]] = {}
    for group, first in seen.items():
        found[group] = []
        for window in intervals_of(case, each):
            if window.end > first:
                scope = Scope(case, rule, dict(zip(dimensions, group, strict=True)), window)
                samples = samples_of([take(scope, leaf) for leaf in leaves(measure)])
                found[group].append(Interval(window, take(scope, measure).value, samples))
    return found


def sample(value: Fraction | None, metric: Json) -> Decimal | None:
    """A value as a sample: in the metric's unit, rounded half-even to its places; none outside the unit's domain."""
    if value is None:
        return None
    unit = known_unit(metric["unit"])
    with localcontext(prec=200, rounding=ROUND_HALF_EVEN):
        rounded = Decimal(round(value / unit.factor * 10 ** metric["places"])).scaleb(-metric["places"])
    if unit.kind in (Kind.FRACTION, Kind.COUNT, Kind.DURATION, Kind.BYTES) and rounded < 0:
        return None
    if unit.kind is Kind.FRACTION and rounded > 1:
        return None
    return rounded if abs(rounded) < TOO_LARGE else None


def sampled(case: Case, metric: Json) -> dict[Texts, list[tuple[Interval, Decimal | None]]]:
    """The intervals of a derived metric with the sample of each."""
    derived = metric["derived"]
    empty = None if derived["empty"] is None else constant(derived["empty"])
    return {
        group: [(each, sample(empty if each.value is None else each.value, metric)) for each in found]
        for group, found in taken(case, derived["measure"], derived["each"], metric["dimensions"]).items()
    }


def intervals_of_record(case: Case, record: Json) -> dict[Texts, list[Interval]]:
    """The intervals that a derived record looks at: of its own measure, or of a derived metric with its samples."""
    over = record["derived"]["over"]
    if over["kind"] == "intervals":
        return taken(case, over["measure"], over["each"], record["dimensions"])
    metric = case.declaration("metric", over["metric"])
    factor = known_unit(metric["unit"]).factor
    found: dict[Texts, list[Interval]] = {}
    for group, intervals in sampled(case, metric).items():
        texts = dict(zip(metric["dimensions"], group, strict=True))
        found[tuple(texts[name] for name in record["dimensions"])] = [
            Interval(each.window, None if number is None else Fraction(number) * factor, each.samples)
            for each, number in intervals
        ]
    return found


def runs_of(case: Case, definition: Json, intervals: list[Interval]) -> list[Window]:
    """Runs of intervals in which the comparison holds, as long as asked for."""
    runs: list[list[Window]] = [[]]
    for each in intervals:
        enough = each.samples >= definition["minimum_samples"]
        threshold = constant(definition["threshold"])
        if each.value is not None and enough and compares(each.value, definition["comparison"], threshold):
            runs[-1].append(each.window)
        else:
            runs.append([])
    whole = [Window(run[0].start, run[-1].end) for run in runs if run]
    return [run for run in whole if add(case.clock, run.start, definition["lasting"]) <= run.end]


def bases(case: Case, over: Json) -> list[Json]:
    """The series of base data that a derivation reads."""
    if over["kind"] == "samples":
        over = case.declaration("metric", over["metric"])["derived"]
    return [series for leaf in leaves(over["measure"]) for series in series_of(leaf)]


def with_derived(case: Case) -> Case:
    """The case with a table for each derived source whose base sources are all bound; tables given for one are ignored."""
    metrics = [each for each in case.book["metrics"] if each["derived"]]
    records = [each for each in case.book["records"] if each["derived"]]
    derived = {("metric", each["id"]) for each in metrics} | {("record", each["id"]) for each in records}
    base = replace(case, tables={key: rows for key, rows in case.tables.items() if key not in derived})
    tables: dict[tuple[str, str], list[Row]] = dict(base.tables)
    shown: dict[tuple[str, str], list[Row]] = {}
    for metric in metrics:
        if all(base.bound(series["source"], series["name"]) for series in bases(base, metric["derived"])):
            tables["metric", metric["id"]] = [
                {"time": each.window.start, "value": number, **dict(zip(metric["dimensions"], group, strict=True))}
                for group, intervals in sampled(base, metric).items()
                for each, number in intervals
                if number is not None
            ]
    for record in records:
        if all(base.bound(series["source"], series["name"]) for series in bases(base, record["derived"]["over"])):
            found = intervals_of_record(base, record)
            texts = {group: dict(zip(record["dimensions"], group, strict=True)) for group in found}
            tables["record", record["id"]] = [
                {"begin": run.start, "end": run.end if run.end < case.as_of else None, **texts[group]}
                for group, intervals in found.items()
                for run in runs_of(base, record["derived"], intervals)
            ]
            shown["record", record["id"]] = [
                {"begin": intervals[0].window.start, "end": None, **texts[group]}
                for group, intervals in found.items()
                if intervals
            ]
    return replace(case, tables=tables, shown=shown, derived=frozenset(derived))
