"""Derived data: metrics and records that the agreement computes from other data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pydantic import BaseModel

from tallystick.model.agreement import Event, Metric, Record
from tallystick.model.measures import has_dimension, measure, parts_of
from tallystick.model.remedies import whole
from tallystick.model.scope import Scope
from tallystick.model.values import Typed, comparable, fitted, period, value
from tallystick.quantities import Kind, Period, PeriodUnit
from tallystick.rules.derived import Intervals, Runs, SampledIntervals
from tallystick.rules.measure import Change, Comparison, Drift, Elapsed, Measure, Series, Value
from tallystick.syntax import tree

_SECONDS_OF_A_DAY = 86_400
_SECONDS = {PeriodUnit.SECONDS: 1, PeriodUnit.MINUTES: 60, PeriodUnit.HOURS: 3_600}


def derive(scope: Scope, file: tree.File) -> None:
    """What derived metrics and records are computed from, once every name is known. Metrics come first."""
    derived = {name for node in file.declarations for name in _derived_name(node)}
    for node in file.declarations:
        if isinstance(node, tree.MetricNode) and node.derivation:
            _metric(scope, node, node.derivation, derived)
    for node in file.declarations:
        if isinstance(node, tree.RecordNode) and node.occurring:
            _record(scope, node, node.occurring, derived)


def _derived_name(node: tree.Declaration) -> Iterator[str]:
    match node:
        case (
            tree.MetricNode(name=name, derivation=tree.Derivation())
            | tree.RecordNode(name=name, occurring=tree.Occurring())
        ):
            yield name.text
        case _:
            return


def _metric(scope: Scope, node: tree.MetricNode, derivation: tree.Derivation, derived: set[str]) -> None:
    known = scope.names.get(node.name.text)
    if not isinstance(known, Metric) or known.span != node.span:
        return
    typed = Typed(known.unit)
    found, each = (
        _measured(scope, derivation.measure, node.dimensions or (), derived),
        _interval(scope, derivation.each),
    )
    empty = _empty(scope, node, derivation, typed)
    if found is None or each is None or not _fits(scope, typed, found[1], derivation.measure):
        return
    scope.names[known.id] = replace(known, derived=Intervals(measure=found[0], each=each, empty=empty))


def _fits(scope: Scope, typed: Typed, measured: Typed, node: tree.Expression) -> bool:
    """Whether the metric's unit is that of the measure. A computed ratio may be a fraction or a score."""
    if measured.derived and typed.kind is Kind.SCORE:
        return True
    return comparable(scope, typed, measured, node.span)


def _empty(scope: Scope, node: tree.MetricNode, derivation: tree.Derivation, typed: Typed) -> Value | None:
    """What an interval without data counts as; reports when that is not said."""
    if derivation.empty is None:
        scope.report("T0440", derivation.span, name=node.name.text)
    if not isinstance(derivation.empty, tree.EmptyCounts):
        return None
    found = value(scope, derivation.empty.value)
    if found is None or not comparable(scope, typed, found[1], derivation.empty.span):
        return None
    fitting = fitted(found[0], found[1], typed)
    if typed.unit == "fraction" and fitting.quantity.value > 1:
        scope.report("T0307", derivation.empty.span, found=derivation.empty.value.span.text)
        return None
    return fitting


def _interval(scope: Scope, node: tree.PeriodLiteral) -> Period | None:
    """The length of an interval: whole days, or hours and minutes that divide a day."""
    found = period(scope, node)
    if found is None or found.unit is PeriodUnit.DAYS:
        return found
    length = found.amount * _SECONDS.get(found.unit, 0)
    if length == 0 or length % 60 or _SECONDS_OF_A_DAY % length:
        scope.report("T0441", node.span, found=str(found))
        return None
    return found


def _measured(
    scope: Scope, node: tree.Expression, dimensions: tuple[tree.Name, ...], derived: set[str]
) -> tuple[Measure, Typed] | None:
    """A measure of base data of which one source has all the dimensions."""
    found = measure(scope, node)
    if found is None:
        return None
    read = list(_series(found[0]))
    if not read:
        scope.report("T0411", node.span, wanted="a measure of data")
        return None
    for series in read:
        if series.name in derived:
            scope.report("T0442", node.span, found=series.name, why="it is derived itself")
            return None
    if any(isinstance(part, Elapsed) for part in parts_of(found[0])):
        scope.report("T0442", node.span, found="time(from … to …)", why="it can still change once its interval is over")
        return None
    if any(isinstance(part, Change | Drift) for part in parts_of(found[0])):
        scope.report("T0442", node.span, found=node.span.text, why="it compares windows of a sentence")
        return None
    data = [item for series in read if isinstance(item := scope.names[series.name], Metric | Event | Record)]
    best = max(data, key=lambda item: sum(name.text in item.dimensions for name in dimensions))
    fits = [has_dimension(scope, name, best) for name in dimensions]
    return found if all(fits) else None


def _series(data: object) -> Iterator[Series]:
    """Every series that is read anywhere in a measure, also what it leaves out."""
    if isinstance(data, Series):
        yield data
    elif isinstance(data, BaseModel):
        for name in type(data).model_fields:
            yield from _series(getattr(data, name))


def _record(scope: Scope, node: tree.RecordNode, occurring: tree.Occurring, derived: set[str]) -> None:
    known = scope.names.get(node.name.text)
    if not isinstance(known, Record) or known.span != node.span:
        return
    over = _intervals(scope, node, occurring, derived)
    lasting = period(scope, occurring.lasting)
    least = whole(scope, occurring.samples) if occurring.samples else 0
    limit = value(scope, occurring.threshold)
    if over is None or lasting is None or least is None or limit is None:
        return
    intervals, typed = over
    if not comparable(scope, typed, limit[1], occurring.threshold.span):
        return
    threshold = fitted(limit[0], limit[1], typed)
    if typed.unit == "fraction" and not typed.derived and threshold.quantity.value > 1:
        scope.report("T0307", occurring.threshold.span, found=occurring.threshold.span.text)
        return
    runs = Runs(
        over=intervals,
        comparison=Comparison(occurring.comparator.words),
        threshold=threshold,
        lasting=lasting,
        minimum_samples=least,
    )
    scope.names[known.id] = replace(known, derived=runs)


def _intervals(
    scope: Scope, node: tree.RecordNode, occurring: tree.Occurring, derived: set[str]
) -> tuple[Intervals | SampledIntervals, Typed] | None:
    """The intervals of a derived metric, or of a measure with its own length."""
    named = scope.names.get(occurring.measure.text) if isinstance(occurring.measure, tree.NameReference) else None
    if isinstance(named, Metric) and named.id in derived:
        scope.used.add(named.id)
        if occurring.each is not None:
            scope.report("T0443", occurring.each.span, found=f"each {occurring.each.span.text}", what=named.id)
            return None
        fitting = _columns_fit(scope, node, named.id, named.dimensions)
        return (SampledIntervals(metric=named.id), Typed(named.unit)) if fitting else None
    found = _measured(scope, occurring.measure, node.dimensions or (), derived)
    if found is None or not _columns_fit(scope, node, "such a record", None):
        return None
    if occurring.each is None:
        scope.report("T0443", occurring.measure.span, found=occurring.measure.span.text, what="a measure")
        return None
    each = _interval(scope, occurring.each)
    return (Intervals(measure=found[0], each=each), found[1]) if each else None


def _columns_fit(scope: Scope, node: tree.RecordNode, what: str, dimensions: tuple[str, ...] | None) -> bool:
    """A derived record carries no numbers, and has the dimensions of the metric it comes from."""
    own = tuple(name.text for name in node.dimensions or ())
    wanted = own if dimensions is None else dimensions
    if not node.attributes and set(own) == set(wanted):
        return True
    listed = ", ".join(wanted) or "nothing"
    scope.report("T0444", node.name.span, found=node.name.text, what=what, dimensions=listed)
    return False
