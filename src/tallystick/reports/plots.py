"""Values over time against what is agreed: from findings to plots. All arithmetic is on whole numbers and decimals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tallystick.document.document import WHOLE, Block, Curve, Plot, Point, PointMark, Row, Subsection, Table, Tick
from tallystick.evaluation.clock import DAY, localized, midnight, plus_months
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.prose.quantity import listed
from tallystick.quantities import Kind, known_unit
from tallystick.reports.month import Report, over_windows
from tallystick.reports.words import agreed_text, group_text, span_text, value_text
from tallystick.rules.rule import CountEvents, Gate, Keep, Response, Rolling, Rule, unversioned

MOST_CURVES = 6
_MONTHS_BACK = 12
_MANY = 12
"""Where a group has so many windows in the month itself, earlier ones are left out."""

_MARKS = {
    Verdict.MET: PointMark.KEPT,
    Verdict.BREACHED: PointMark.BREACHED,
    Verdict.EXCUSED: PointMark.EXCUSED,
    Verdict.UNMEASURED: PointMark.OPEN,
    Verdict.PENDING: PointMark.OPEN,
}
_CALLED = ((PointMark.BREACHED, "breached"), (PointMark.EXCUSED, "excused"), (PointMark.OPEN, "not decided"))


def plots(report: Report) -> Iterator[Block]:
    """A plot for each rule that measured something in the month, in the order of the agreement; what was measured only
    once stands in a table behind them.
    """
    single: list[tuple[Rule, Finding]] = []
    for name, rule in _last_texts(report.judged.rulebook.rules).items():
        in_month = [each for each in report.findings if unversioned(each.rule) == name and each.value is not None]
        if in_month and isinstance(rule, Keep | Gate | CountEvents | Response):
            since, found = _shown(report, rule, name)
            times = {_place(rule, each) for each in found if each.value is not None}
            if len(times) > 1:
                yield _plot(report, rule, since, found)
            else:
                single += [(rule, each) for each in in_month]
    if single:
        rows = tuple(_row(report, rule, each) for rule, each in single)
        table = Table(("Section", "For", "When", "Measured", "Agreed"), rows)
        yield Subsection("", "Measured once", "measured-once", (table,))


def _row(report: Report, rule: Rule, found: Finding) -> Row:
    cells = (
        f"{rule.number} {rule.title}",
        group_text(found.group or found.about),
        span_text(found.start, found.end, report.zone),
        _cell(found),
        agreed_text(rule, found),
    )
    return Row(tuple((cell,) for cell in cells))


def _last_texts(rules: Iterable[Rule]) -> dict[str, Rule]:
    """The last text of each rule, by the id that all of them share."""
    return {unversioned(rule.id): rule for rule in rules}


@dataclass(frozen=True)
class _Scale:
    """From instants and values to the plot."""

    start: int
    end: int
    low: Decimal
    high: Decimal

    def x(self, at: int) -> int:
        return min(max((at - self.start) * WHOLE // (self.end - self.start), 0), WHOLE)

    def y(self, value: Decimal) -> int:
        return int((value - self.low) * WHOLE / (self.high - self.low))


def _shown(report: Report, rule: Rule, name: str) -> tuple[int, list[Finding]]:
    """From when on is shown, and the findings since: those of the month where they are many, else of a year."""
    of_rule = (each for each in report.judged.evaluation.findings if unversioned(each.rule) == name)
    known = (each for each in of_rule if each.value is not None or each.verdict is Verdict.UNMEASURED)
    ended = [each for each in known if each.end <= report.month.end and each.start < report.month.end]
    own = [each for each in ended if _place(rule, each) > report.month.start]
    groups = {each.group for each in own}
    if groups and len(own) >= _MANY * len(groups):
        return report.month.start, own
    since = midnight(plus_months(report.month.first, 1 - _MONTHS_BACK), report.zone)
    recent = [each for each in ended if _place(rule, each) >= since]
    oldest = min((localized(_place(rule, each), report.zone).date() for each in recent), default=report.month.first)
    return max(since, midnight(oldest.replace(day=1), report.zone)), recent


def _place(rule: Rule, finding: Finding) -> int:
    """Where a finding stands in time: in the middle of its window, at the end of a rolling one, where a case began."""
    if isinstance(rule, Keep | CountEvents):
        rolling = isinstance(rule.window, Rolling)
        return finding.end if rolling else (finding.start + finding.end) // 2
    return finding.start


def _plot(report: Report, rule: Rule, since: int, found: Sequence[Finding]) -> Plot:
    groups = _chosen({each.group: None for each in found}, found)
    drawn = [each for each in found if each.group in groups]
    unit = next((each.unit for each in drawn if each.unit), None)
    values = [each.value for each in drawn if each.value is not None]
    limits = [each.threshold for each in drawn if each.threshold is not None]
    low, high, step = _axis(values, limits, whole=unit is not None and known_unit(unit).kind is Kind.COUNT)
    scale = _Scale(since, report.month.end, low, high)
    curves = tuple(_curve(report, rule, scale, group, drawn) for group in groups)
    agreed = {agreed_text(rule, each) for each in drawn if each.threshold is not None}
    kinds = {point.mark for curve in curves for run in curve.runs for point in run}
    left_out = len({each.group for each in found}) - len(groups)
    more = f" ({left_out} more are not drawn)" if left_out else ""
    return Plot(
        title=f"{rule.number} {rule.title}{f', in {unit}' if _unit_apart(unit) else ''}{more}",
        says=_in_words(report, rule, groups, drawn, since),
        curves=curves,
        agreed=_agreed(scale, drawn) if limits else (),
        agreed_says=next(iter(agreed)) if len(agreed) == 1 else "as agreed" if agreed else "",
        unmeasured=tuple(scale.x(_place(rule, each)) for each in drawn if each.value is None),
        marks=tuple((kind, says) for kind, says in _CALLED if kind in kinds),
        times=tuple(_times(report, scale)),
        values=tuple(_values(low, high, step, unit, scale)),
        table=_table(report, groups, drawn),
    )


def _chosen(
    groups: Iterable[tuple[tuple[str, str], ...]], found: Sequence[Finding]
) -> list[tuple[tuple[str, str], ...]]:
    """The groups to draw: where they are too many, those with a breach first; then in order of their names."""
    breached = {each.group for each in found if each.verdict is not Verdict.MET}
    first = sorted(groups, key=lambda group: (group not in breached, group))[:MOST_CURVES]
    return sorted(first)


def _curve(
    report: Report, rule: Rule, scale: _Scale, group: tuple[tuple[str, str], ...], found: Sequence[Finding]
) -> Curve:
    """The points of a group; a window without a value breaks the line, and cases are joined by none."""
    own = sorted((each for each in found if each.group == group), key=lambda each: (each.start, each.end, each.id))
    runs: list[tuple[Point, ...]] = []
    run: list[Point] = []
    for each in own:
        if each.value is None:
            runs.append(tuple(run))
            run = []
            continue
        says = f"{span_text(each.start, each.end, report.zone)}: {value_text(each.value, each.unit)}"
        run.append(Point(scale.x(_place(rule, each)), scale.y(each.value), _MARKS[each.verdict], says))
        if not over_windows(rule):
            runs.append(tuple(run))
            run = []
    return Curve(group_text(group) or "measured", tuple(run for run in (*runs, tuple(run)) if run))


def _agreed(scale: _Scale, found: Sequence[Finding]) -> tuple[tuple[int, int], ...]:
    """The agreed value: one line across, or steps where it changed. It is not drawn where groups differ in it."""
    steps: dict[int, set[Decimal]] = {}
    for each in found:
        if each.threshold is not None:
            steps.setdefault(each.start, set()).add(each.threshold)
    if any(len(values) > 1 for values in steps.values()):
        return ()
    corners: list[tuple[int, int]] = []
    for start, (value,) in sorted(steps.items()):
        y = scale.y(value)
        if not corners:
            corners.append((0, y))
        elif corners[-1][1] != y:
            corners += [(scale.x(start), corners[-1][1]), (scale.x(start), y)]
    return (*corners, (WHOLE, corners[-1][1]))


# --- axes ------------------------------------------------------------------------------------------------------


def _axis(values: Sequence[Decimal], limits: Sequence[Decimal], *, whole: bool) -> tuple[Decimal, Decimal, Decimal]:
    """Round ends of an axis around values and limits, so that no limit lies on an end but 0 and 1, and the step between
    its ticks: 1, 2 or 5 times a power of ten, of `whole` numbers at least 1.
    """
    low, high = min(*values, *limits, values[0]), max(*values, *limits, values[0])
    if low >= 0 and low * 5 <= high * 2:
        low = Decimal(0)
    rough = ((high - low) or abs(high) / 10 or Decimal(1)) / 4
    power = Decimal(10) ** rough.adjusted()
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    step = max(step, Decimal(1)) if whole else step
    first = (low / step).to_integral_value(ROUND_FLOOR) * step
    last = (high / step).to_integral_value(ROUND_CEILING) * step
    if first in limits and first != 0:
        first -= step
    if last in limits and (whole or last != 1):
        last += step
    return (first, last, step) if last > first else (first, first + step, step)


def _values(low: Decimal, high: Decimal, step: Decimal, unit: str | None, scale: _Scale) -> Iterator[Tick]:
    """The ticks of the value axis; a unit that takes room stands in the title."""
    shown = None if _unit_apart(unit) else unit
    for place in range(int((high - low) / step) + 1):
        value = low + step * place
        yield Tick(scale.y(value), value_text(value, shown))


def _unit_apart(unit: str | None) -> bool:
    return unit is not None and known_unit(unit).kind in (Kind.DURATION, Kind.BYTES)


def _times(report: Report, scale: _Scale) -> Iterator[Tick]:
    """The first day of each week of a month, or the middle of each of several months."""
    zone = report.zone
    if scale.start == report.month.start:
        for day in (1, 8, 15, 22, 29):
            at = report.month.first + timedelta(days=day - 1)
            if at.month == report.month.first.month:
                yield Tick(scale.x(midnight(at, zone)), f"{day} {at:%b}")
        return
    first = localized(scale.start, zone).date()
    while first <= report.month.first:
        middle = midnight(first, zone) + 15 * DAY
        yield Tick(scale.x(middle), _short(first))
        first = plus_months(first, 1)


def _short(month: date) -> str:
    return f"{month:%b} {month:%y}"


# --- the same in words -----------------------------------------------------------------------------------------


def _in_words(
    report: Report, rule: Rule, groups: Sequence[tuple[tuple[str, str], ...]], found: Sequence[Finding], since: int
) -> str:
    span = span_text(since, report.month.end, report.zone)
    said = [f"Values of {rule.number} {rule.title}, {span}."]
    agreed = list(dict.fromkeys(agreed_text(rule, each) for each in found if each.threshold is not None))
    if agreed:
        said.append(f"Agreed: {listed(agreed)}.")
    for group in groups:
        own = [each for each in found if each.group == group]
        known = sorted((each.value, each.start, each.id) for each in own if each.value is not None)
        unit = next((each.unit for each in own if each.unit), None)
        name = group_text(group) or "Value"
        if not known:
            said.append(f"{name}: not measured.")
            continue
        breached = [span_text(each.start, each.end, report.zone) for each in own if each.verdict is Verdict.BREACHED]
        ends = f"{value_text(known[0][0], unit)} to {value_text(known[-1][0], unit)}"
        said.append(f"{name}: {ends}" + (f"; breached in {listed(breached[:6])}." if breached else "."))
    return " ".join(said)


def _table(report: Report, groups: Sequence[tuple[tuple[str, str], ...]], found: Sequence[Finding]) -> Table:
    """One row for each time, one column for each group."""
    times = sorted({(each.start, each.end) for each in found})
    cells = {((each.start, each.end), each.group): _cell(each) for each in found}
    columns = ("Time", *(group_text(group) or "Value" for group in groups))
    rows = (
        Row(
            (
                (span_text(*time, report.zone),),
                *((cells.get((time, group), ""),) for group in groups),
            )
        )
        for time in times
    )
    return Table(columns, tuple(rows))


def _cell(finding: Finding) -> str:
    if finding.value is None:
        return finding.verdict.value
    value = value_text(finding.value, finding.unit)
    return value if finding.verdict is Verdict.MET else f"{value} ({finding.verdict.value})"
