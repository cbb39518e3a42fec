"""Measures in words: briefly inside a sentence, and in full for the metric schedule."""

from __future__ import annotations

from tallystick.model.agreement import Agreement
from tallystick.prose.phrases import Inlines, data, dimension_text, each, matching, operator_words, period, value
from tallystick.prose.quantity import date_text, ordinal_text, period_text
from tallystick.prose.sentence import Part, Sentence
from tallystick.rules.measure import (
    Across,
    Age,
    Aggregate,
    All,
    Any,
    Arithmetic,
    Change,
    Compare,
    Comparison,
    Condition,
    Distinct,
    Drift,
    Elapsed,
    FirstTime,
    Function,
    Measure,
    Member,
    Not,
    Once,
    OpenTime,
    Operator,
    Series,
    SeriesKind,
    Share,
    TimeBefore,
    TimeBetween,
    Uptime,
    Value,
)

_AGGREGATES = {
    Function.MEAN: "the mean of ",
    Function.MEDIAN: "the median of ",
    Function.MIN: "the smallest ",
    Function.MAX: "the largest ",
    Function.SUM: "the sum of ",
    Function.STDDEV: "the standard deviation of ",
    Function.LATEST: "the latest ",
}

_COUNTED = {
    SeriesKind.METRIC: "samples",
    SeriesKind.EVENT: "occurrences",
    SeriesKind.RECORD: "beginnings",
}

_AGED = {
    SeriesKind.METRIC: "latest sample of ",
    SeriesKind.EVENT: "latest ",
    SeriesKind.RECORD: "oldest open ",
}

_EXTREMES = {Function.MIN: "the shortest time", Function.MAX: "the longest time"}

_HOW = {
    Function.MEAN: "The sum of all samples of the window divided by their number.",
    Function.MEDIAN: "The smallest sample of the window that at least half of its samples do not exceed.",
    Function.MIN: "The smallest sample of the window.",
    Function.MAX: "The largest sample of the window.",
    Function.SUM: "The sum of all samples of the window.",
    Function.COUNT: "The number of samples, or of events or records that begin, in the window.",
    Function.STDDEV: "The sample standard deviation of the window's samples (with one less than their number as divisor).",
    Function.LATEST: "The sample of the window with the latest time.",
}


def measure(agreement: Agreement, found: Measure) -> Inlines:
    """A measure as it stands in a sentence: `the mean of accuracy`."""
    match found:
        case Aggregate():
            return _aggregate(agreement, found)
        case Share(of=of, comparison=comparison, threshold=threshold):
            samples = ("the share of samples of ", *_samples(agreement, of))
            return *samples, f" that are {comparison.value} ", *value(agreement, threshold)
        case Distinct(of=of, dimension=dimension):
            name = dimension_text(dimension)
            return f"the number of different values of {name} recorded for ", *data(agreement, of)
        case Uptime(record=record, excluding=excluding):
            return "the share of time without ", *data(agreement, record), *_excluding(agreement, excluding)
        case OpenTime(record=record, excluding=excluding):
            return "the total time under ", *data(agreement, record), *_excluding(agreement, excluding)
        case Age(of=of):
            return f"the age of the {_AGED[of.source]}", *data(agreement, of)
        case Elapsed():
            return _elapsed(agreement, found)
        case Across(function=function, measure=inner, dimension=dimension):
            how = (
                "its largest value less its smallest"
                if function == "gap"
                else "its smallest value divided by its largest"
            )
            over = f"the {function} across every {dimension_text(dimension)} in "
            return over, *measure(agreement, inner), f" ({how})"
        case Change():
            return _change(agreement, found)
        case Drift(method=method, of=of, reference=reference):
            name = "population stability index" if method == "psi" else "Kolmogorov–Smirnov distance"
            against = f" against those of {_reference(reference)}"
            return f"the {name} of the samples of ", *_samples(agreement, of), against
        case Arithmetic(operator=operator, left=left, right=right):
            words = f" {operator_words(operator, left)} "
            return *_side(agreement, left), words, *_side(agreement, right)
        case Value():
            return value(agreement, found)


def compared(agreement: Agreement, found: Measure) -> Inlines:
    """A measure before its comparison: in parentheses where its own condition could be read on into it."""
    inner = measure(agreement, found)
    return ("(", *inner, ")") if isinstance(found, Aggregate) and _is_long(found.of.where) else inner


def _is_long(condition: Condition | None) -> bool:
    match condition:
        case All() | Any() | Not():
            return True
        case Compare(comparison=comparison):
            return comparison not in (Comparison.IS, Comparison.IS_NOT)
        case Member() | None:
            return False


_CHANGES = {"change": "difference", "rise": "rise", "fall": "fall"}


def _change(agreement: Agreement, found: Change) -> Inlines:
    how, inner = _CHANGES[found.function], measure(agreement, found.measure)
    if found.relative:
        return f"the {how} against the window before, in percent of its value then, of ", *inner
    points = " in percentage points" if is_fraction(agreement, found.measure) else ""
    return f"the {how}{points} against the window before of ", *inner


def is_fraction(agreement: Agreement, found: Measure) -> bool:
    """Whether the measure is a percentage, whose differences are percentage points."""
    match found:
        case Share() | Uptime() | Across(function="ratio"):
            return True
        case Aggregate(function=function, of=of) if of.source is SeriesKind.METRIC:
            return function is not Function.COUNT and agreement.metrics[of.name].unit == "fraction"
        case Across(measure=inner):
            return is_fraction(agreement, inner)
        case Arithmetic(operator=Operator.PLUS | Operator.MINUS, left=left):
            return is_fraction(agreement, left)
        case _:
            return False


def _reference(reference: FirstTime | TimeBefore | TimeBetween) -> str:
    match reference:
        case FirstTime(length=length):
            return f"the first {period_text(length)} of this Agreement"
        case TimeBefore(length=length):
            return f"the {period_text(length)} before it"
        case TimeBetween(first=first, until=until):
            return f"the time from the start of {date_text(first)} to the start of {date_text(until)}"


def _side(agreement: Agreement, found: Measure) -> Inlines:
    inner = measure(agreement, found)
    long = isinstance(found, Arithmetic) or any(isinstance(word, str) and " where " in word for word in inner)
    return ("(", *inner, ")") if long else inner


def _samples(agreement: Agreement, series: Series, article: str = "the ") -> Inlines:
    if series.attribute is None:
        return data(agreement, series)
    return f"{article}{dimension_text(series.attribute)} of ", *each(agreement, series, "each" if article else "any")


def _aggregate(agreement: Agreement, found: Aggregate) -> Inlines:
    picks = found.function in (Function.MIN, Function.MAX, Function.LATEST)
    samples = _samples(agreement, found.of, "" if picks else "the ")
    match found.function:
        case Function.COUNT:
            return f"the number of {_COUNTED[found.of.source]} of ", *samples, *_once(agreement, found.of.once)
        case Function.PERCENTILE:
            assert found.percentile is not None
            return f"the {ordinal_text(found.percentile)} percentile of ", *samples
        case function:
            return _AGGREGATES[function], *samples


def _once(agreement: Agreement, once: Once | None) -> Inlines:
    """` (those up to 5 minutes after a first one of the same request id count as one with it)`."""
    if once is None:
        return ()
    length = period(agreement, once.within)
    return " (those up to ", *length, " after a first one", matching(once.per), " count as one with it)"


def _elapsed(agreement: Agreement, found: Elapsed) -> Inlines:
    if found.function is Function.PERCENTILE:
        assert found.percentile is not None
        how = f"the {ordinal_text(found.percentile)} percentile of "
    else:
        how = _AGGREGATES[found.function]
    what = _EXTREMES.get(found.function) or f"{how}the time"
    start, finish = each(agreement, found.start), data(agreement, found.finish)
    return f"{what} from ", *start, " to the first ", *finish, matching(found.matching), " after it"


def _excluding(agreement: Agreement, series: Series | None) -> Inlines:
    return (" (leaving out the time under ", *data(agreement, series), ")") if series else ()


def _how_once(agreement: Agreement, once: Once) -> Inlines:
    exactly = ("An occurrence is not counted up to ", *period(agreement, once.within), " after a first one")
    same = matching(once.per)
    return *exactly, f"{same}, exactly that long after included; the next one is a first one again."


def measure_definition(agreement: Agreement, found: Measure) -> Sentence:
    """How the measure is computed, in words, for the metric schedule."""
    return Sentence((Part(_definition(agreement, found)),))


def _definition(agreement: Agreement, found: Measure) -> Inlines:
    match found:
        case Aggregate(function=Function.PERCENTILE, percentile=percentile) if percentile is not None:
            share = f"{percentile.normalize():f}%"
            return (
                f"The smallest sample of the window that at least {share} of its samples do not exceed (nearest rank).",
            )
        case Aggregate(of=Series(once=Once() as once)):
            return (_HOW[Function.COUNT], " ", *_how_once(agreement, once))
        case Aggregate(function=function):
            return (_HOW[function],)
        case Share():
            return (
                "The number of samples of the window that meet the comparison, divided by the number of all its samples.",
            )
        case Distinct():
            return ("How many different values occur in the window; rows without a value do not count.",)
        case Uptime(excluding=excluding):
            out = ", both without the excluded time" if excluding else ""
            return (
                f"One less the time in which at least one such record is open divided by the length of the window{out}.",
            )
        case OpenTime():
            return (
                "The time of the window in which at least one such record is open; overlapping records count once.",
            )
        case Age(of=of) if of.source is SeriesKind.RECORD:
            return (
                "The time from the beginning of the oldest record open at the end of the window to that end; zero when none is open.",
            )
        case Age():
            return ("The time from the latest occurrence at or before the end of the window to that end.",)
        case Elapsed():
            return (
                "For each start in the window, the time to the first finish at or after it; a start not yet finished counts with the time so far.",
            )
        case Across(measure=inner):
            return (
                "First for each group: ",
                *_definition(agreement, inner),
                " Groups with too few samples are not compared; fewer than two groups are no measurement.",
            )
        case Change(function=function, measure=inner, relative=relative):
            how = {
                "change": "The size of the difference between the values of a window and of the window before it",
                "rise": "The value of a window less that of the window before it",
                "fall": "The value of the window before less that of the window itself",
            }[function]
            divided = ", divided by the size of the earlier value (none when that is 0)" if relative else ""
            return f"{how}{divided}. The value: ", *_definition(agreement, inner)
        case Drift(method="psi"):
            return (
                "The deciles of the reference samples (nearest rank; equal ones taken once) end bins; the last bin has no end. For each bin, the share of the window’s samples less that of the reference samples, times the natural logarithm of the first divided by the second; of this the sum over all bins, rounded to nine decimal places. A share below 0.01% counts as 0.01%. Without samples on both sides it is no measurement.",
            )
        case Drift():
            return (
                "The largest difference, at any value, between the share of the window’s samples and the share of the reference samples that do not exceed that value. Without samples on both sides it is no measurement.",
            )
        case Arithmetic(operator=operator, left=left, right=right):
            sides = (_definition(agreement, side) for side in (left, right) if not isinstance(side, Value))
            words = tuple(inline for side in dict.fromkeys(sides) for inline in (" ", *side))[1:]
            return (*words, " A division by zero is no measurement.") if operator is Operator.DIVIDED_BY else words
        case Value():
            return ("A fixed value.",)
