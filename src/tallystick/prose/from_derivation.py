"""How derived data is computed, in words: what each sample or record is, and every boundary of it."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from tallystick.model.agreement import Agreement
from tallystick.prose import phrases
from tallystick.prose.from_measure import measure
from tallystick.prose.phrases import Inlines
from tallystick.prose.quantity import number_text, period_text, quantity_text
from tallystick.prose.sentence import Link, Part, Sentence
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.derived import Intervals, Runs, SampledIntervals
from tallystick.rules.measure import Comparison, Value


def derived_sentences(agreement: Agreement) -> dict[str, Sentence]:
    """For the id of each derived metric and record: how it is computed."""
    metrics = {
        metric.id: _metric(agreement, metric.derived, metric.dimensions, metric.places)
        for metric in agreement.metrics.values()
        if metric.derived
    }
    records = {
        record.id: _record(agreement, record.derived, record.dimensions)
        for record in agreement.records.values()
        if record.derived
    }
    return metrics | records


def _metric(agreement: Agreement, found: Intervals, dimensions: tuple[str, ...], places: int) -> Sentence:
    return Sentence(
        (
            Part(phrases.capital(measure(agreement, found.measure))),
            Part((" in each interval of ", *phrases.period(agreement, found.each), phrases.group(dimensions), ".")),
            Part((_when(found.each), " Only intervals that have ended count.")),
            Part((" A sample carries the time at which its interval starts.",)),
            Part((f" It is rounded to {places} decimal places, a value halfway between two to the even one.",)),
            Part(_empty(agreement, found.empty)),
        )
    )


def _when(each: Period) -> str:
    """Where intervals start and end."""
    if each.unit is PeriodUnit.DAYS:
        starts = "begin at local midnight" if each.amount == 1 else "begin at the start of this Agreement"
        return f" Intervals {starts}, follow one another, and include their start but not their end."
    return " Intervals are counted from each local midnight and include their start but not their end."


def _empty(agreement: Agreement, empty: Value | None) -> Inlines:
    if empty is None:
        return (" An interval in which there is nothing to compute it from gives no sample.",)
    return " An interval in which there is nothing to compute it from counts as ", *phrases.value(agreement, empty), "."


def _record(agreement: Agreement, found: Runs, dimensions: tuple[str, ...]) -> Sentence:
    least = number_text(Decimal(found.minimum_samples))
    samples = f", computed from at least {least} sample{'' if found.minimum_samples == 1 else 's'}"
    return Sentence(
        (
            Part((*_runs(agreement, found.over), phrases.group(dimensions), ", in each of which ")),
            Part((*_measured(agreement, found.over), " is ", *_compared(agreement, found))),
            Part((samples if found.minimum_samples else "",)),
            Part((", that lasts at least ", *phrases.period(agreement, found.lasting), ".")),
            Part((_exactly(found),)),
            Part((f" A run of exactly {period_text(found.lasting)} counts.",)),
            Part((" It begins when its first interval starts and ends when its last interval ends.",)),
            Part((_broken(found, least),)),
            Part((_when(found.over.each) if isinstance(found.over, Intervals) else "",)),
            Part((" Only intervals that have ended count.",)),
        )
    )


def _runs(agreement: Agreement, over: Intervals | SampledIntervals) -> Inlines:
    match over:
        case Intervals(each=each):
            return "A run of consecutive intervals of ", *phrases.period(agreement, each)
        case SampledIntervals(metric=metric):
            title = agreement.metrics[metric].title
            return "A run of consecutive intervals of ", Link(title, f"metric-{metric}")
        case _:
            assert_never(over)


def _measured(agreement: Agreement, over: Intervals | SampledIntervals) -> Inlines:
    match over:
        case Intervals(measure=found):
            return measure(agreement, found)
        case SampledIntervals():
            return ("its value",)
        case _:
            assert_never(over)


def _compared(agreement: Agreement, found: Runs) -> Inlines:
    words = {Comparison.IS: "exactly", Comparison.IS_NOT: "other than"}.get(found.comparison, found.comparison.value)
    return f"{words} ", *phrases.value(agreement, found.threshold)


def _exactly(found: Runs) -> str:
    shown = quantity_text(found.threshold.quantity)
    if found.comparison in (Comparison.AT_LEAST, Comparison.AT_MOST):
        return f" A value of exactly {shown} counts."
    if found.comparison in (Comparison.BELOW, Comparison.ABOVE):
        return f" A value of exactly {shown} does not count."
    return ""


def _broken(found: Runs, least: str) -> str:
    if not found.minimum_samples:
        return " An interval without a value ends the run."
    return f" An interval without a value, or with fewer than {least} samples, ends the run."
