"""How a finding is made, and what is already certain before a window closes."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from tallystick.evaluation.confidence import Interval
from tallystick.evaluation.context import Context, Group, Judgement, Key
from tallystick.evaluation.finding import Bounds, Evidence, Finding, Verdict
from tallystick.evaluation.numbers import holds, shown
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import UNITS, Kind, Period, PeriodUnit, Unit
from tallystick.rules.measure import (
    Aggregate,
    Comparison,
    Distinct,
    Elapsed,
    Function,
    Measure,
    OpenTime,
    Series,
    Uptime,
    Value,
)
from tallystick.rules.rule import RuleFields

NO_DATA = "no data"
NOT_SURE = "not statistically established"
TOO_FEW = "too few samples"
NO_VALUE = "the measure has no value"
NOTHING_BEFORE = "there is nothing before it to compare with"
NO_GROUP = "no group was seen"
OPEN_WINDOW = "the window is still open"
OPEN_CASES = "some cases are still open"
OPEN_DEADLINE = "the deadline is still open"
EXCEPTION = "an exception applies"
MISSING_EXCUSED = "missing data is excused"

_GROWING = (Function.COUNT, Function.MAX)
_SUMS = (Kind.FRACTION, Kind.COUNT, Kind.DURATION, Kind.BYTES)
_SETTLING = (
    Function.MEAN,
    Function.MEDIAN,
    Function.PERCENTILE,
    Function.MIN,
    Function.SUM,
)
_UPPER = (Comparison.AT_MOST, Comparison.BELOW)
_LOWER = (Comparison.AT_LEAST, Comparison.ABOVE)


def labelled(rule: RuleFields, key: Key) -> tuple[tuple[str, str], ...]:
    """A group as a finding holds it. A key without values stands for no group."""
    return tuple(zip(rule.per, key, strict=False))


def group_of(rule: RuleFields, key: Key) -> Group:
    """A group by dimension."""
    return dict(labelled(rule, key))


def judgement(
    rule: RuleFields,
    key: Key,
    stretch: Stretch,
    verdict: Verdict,
    *,
    exact: Fraction | None = None,
    threshold: Fraction | None = None,
    interval: Interval | None = None,
    excluded: Fraction | None = None,
    unit: Unit | None = None,
    samples: int = 0,
    decided: int | None = None,
    because: str = "",
    excuse: str = "",
    case: Evidence | None = None,
    evidence: tuple[Evidence, ...] = (),
    part: str = "",
    performed: int | None = None,
    vacant: bool = False,
) -> Judgement:
    """A finding of a rule, or of a `part` of it. Numbers come in base units and are shown in `unit`.

    `case` is the row that a finding about one row is about; it stands first in the evidence. A finding with a group of
    no values, of a rule that has groups, is `vacant`.
    """
    finding = Finding(
        rule=f"{rule.id}/{part}" if part else rule.id,
        clause=rule.clause,
        verdict=verdict,
        group=labelled(rule, key),
        start=stretch.start,
        end=stretch.end,
        value=_in_unit(exact, unit),
        threshold=_in_unit(threshold, unit),
        unit=unit.name if unit and any(number is not None for number in (exact, threshold, excluded)) else None,
        interval=_bounds(rule, interval, unit),
        excluded=_in_unit(excluded, unit),
        samples=samples,
        decided=decided if verdict is Verdict.BREACHED else None,
        because=because,
        excuse=excuse,
        evidence=evidence if case is None else (case, *evidence),
        about=() if case is None else case.values,
    )
    return Judgement(finding, exact, threshold, performed, finding.about, vacant or bool(rule.per and not key))


def _in_unit(value: Fraction | None, unit: Unit | None) -> Decimal | None:
    return None if value is None or unit is None else shown(value, unit.factor)


def _bounds(rule: RuleFields, interval: Interval | None, unit: Unit | None) -> Bounds | None:
    if interval is None or unit is None or rule.confidence is None:
        return None
    low, high = (shown(end, unit.factor) for end in interval.ends)
    return Bounds(rule.confidence.quantity.value, low, high)


def unbound(ctx: Context, *series: Series) -> str:
    """Why a rule cannot be judged: the first of its sources that has no table; empty when all have one."""
    for of in series:
        if not ctx.table(of).bound:
            return f"no table is bound for {ctx.table(of).lacks or f'{of.source.value} {of.name}'}"
    return ""


def without_cases(ctx: Context, rule: RuleFields, reason: str = "") -> list[Judgement]:
    """The one finding of a rule about cases that has none: met, or unmeasured for a reason."""
    verdict = Verdict.UNMEASURED if reason else Verdict.MET
    return [judgement(rule, (), ctx.evaluated, verdict, because=reason or "nothing happened", vacant=True)]


def certain(
    measure: Measure,
    comparison: Comparison,
    threshold: Measure,
    value: Fraction,
    unit: Unit,
    *,
    closed: bool,
) -> Verdict | None:
    """The verdict that no later row can change, or None. `closed`: only elapsed times are still open."""
    if not isinstance(threshold, Value):
        return None
    satisfied = holds(value, comparison, threshold.quantity.base)
    return certain_growth(measure, comparison, unit, satisfied=satisfied, closed=closed)


def certain_growth(
    measure: Measure, comparison: Comparison, unit: Unit, *, satisfied: bool, closed: bool
) -> Verdict | None:
    """The verdict that no later row can change, of a measure that now satisfies a comparison with a constant or not."""
    if _grows(measure, unit, closed):
        return certain_growing(comparison, satisfied)
    if isinstance(measure, Uptime) or (isinstance(measure, Aggregate) and measure.function is Function.MIN):
        if satisfied and comparison in _UPPER:
            return Verdict.MET
        return Verdict.BREACHED if not satisfied and comparison in _LOWER else None
    return None


def certain_growing(comparison: Comparison, satisfied: bool) -> Verdict | None:
    """What is certain about a number that can only grow."""
    if satisfied and comparison in _LOWER:
        return Verdict.MET
    return Verdict.BREACHED if not satisfied and comparison in _UPPER else None


def _grows(measure: Measure, unit: Unit, closed: bool) -> bool:
    match measure:
        case Aggregate(function=Function.SUM):
            return unit.kind in _SUMS
        case Aggregate(function=function):
            return function in _GROWING
        case Elapsed(function=function):
            return function in _GROWING or (closed and function in _SETTLING)
        case Distinct() | OpenTime():
            return True
        case _:
            return False


_NAMED = {
    PeriodUnit.SECONDS: "seconds",
    PeriodUnit.MINUTES: "minutes",
    PeriodUnit.HOURS: "hours",
    PeriodUnit.DAYS: "days",
    PeriodUnit.WEEKS: "weeks",
}


def period_unit(period: Period) -> Unit:
    """The unit in which a time is shown beside a period; days for months and longer."""
    return UNITS["hours" if period.unit is PeriodUnit.BUSINESS_HOURS else _NAMED.get(period.unit, "days")]


def nominal(period: Period) -> Fraction | None:
    """The period in microseconds for show; None for months and longer and for business periods, which differ in length."""
    return Fraction(period.amount * period_unit(period).factor) if period.unit in _NAMED else None
