"""Measures: what a sentence computes, with the unit of the result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from difflib import get_close_matches
from typing import Literal

from tallystick.model.agreement import Event, Metric, Record
from tallystick.model.conditions import Data, series
from tallystick.model.scope import Scope
from tallystick.model.values import OPERATORS, Typed, combined, comparable, day, fitted, period, value
from tallystick.rules.measure import (
    Across,
    Age,
    Aggregate,
    Arithmetic,
    Change,
    Comparison,
    Distinct,
    Drift,
    Elapsed,
    FirstTime,
    Function,
    Measure,
    Once,
    OpenTime,
    ReferenceTime,
    Series,
    Share,
    TimeBefore,
    TimeBetween,
    Uptime,
    Value,
)
from tallystick.syntax import tree

PERCENTILE = re.compile(r"p(\d{1,2}(?:_\d+)?)\Z")

Result = tuple[Measure, Typed]

# What each function takes besides its argument.
_EXTRAS: dict[str, frozenset[str]] = {
    **{name: frozenset({"where"}) for name in ("mean", "median", "min", "max", "sum", "stddev", "latest")},
    "count": frozenset({"where", "counting"}),
    "percentile": frozenset({"where", "number"}),
    "share": frozenset({"where", "comparison"}),
    "distinct": frozenset({"where"}),
    "uptime": frozenset({"where", "excluding"}),
    "duration": frozenset({"where", "excluding"}),
    "age": frozenset({"where"}),
    "gap": frozenset({"across"}),
    "ratio": frozenset({"across"}),
    "change": frozenset(),
    "rise": frozenset(),
    "fall": frozenset(),
    "drift": frozenset(),
}
_REQUIRED = {"percentile": "number", "share": "comparison", "gap": "across", "ratio": "across"}
_EXTRA_WORDS = {
    "where": "where …",
    "number": "a number after a comma",
    "comparison": "a comparison such as at most …",
    "excluding": "excluding …",
    "across": "across …",
    "counting": "counting once …",
}


def measure(scope: Scope, node: tree.Expression) -> Result | None:
    """Resolve a measure: a call, a value, or arithmetic on them. Reports what is wrong with it."""
    match node:
        case tree.Call():
            return _call(scope, node)
        case tree.Binary():
            return _arithmetic(scope, node)
        case tree.RelativeChange(call=call):
            return _relative(scope, call)
        case tree.DriftNode():
            return _drift(scope, node)
        case tree.ElapsedNode():
            scope.report("T0402", node.span, function="time", needs="an aggregate around it", instead="mean(time(…))")
            return None
        case tree.NameReference(text=name) if isinstance(scope.names.get(name), Metric | Event | Record):
            scope.report("T0403", node.span, name=name, instead=f"mean({name})")
            return None
        case tree.AttributeReference():
            scope.report("T0403", node.span, name=node.span.text, instead=f"sum({node.span.text})")
            return None
        case _:
            return value(scope, node)


def _arithmetic(scope: Scope, node: tree.Binary) -> Result | None:
    left, right = measure(scope, node.left), measure(scope, node.right)
    if left is None or right is None:
        return None
    typed = combined(scope, node, left[1], right[1])
    if typed is None:
        return None
    return Arithmetic(operator=OPERATORS[node.operator], left=left[0], right=right[0]), typed


def _call(scope: Scope, node: tree.Call) -> Result | None:
    name = "percentile" if PERCENTILE.match(node.function.text) else node.function.text
    if name not in _EXTRAS:
        close = get_close_matches(name, _EXTRAS, 1, 0.6)
        listed = ", ".join(_EXTRAS) + ", p50 … p99"
        scope.report("T0210", node.function.span, name=name, known=listed, instead=close[0] if close else None)
        return None
    if not _extras_fit(scope, node, name):
        return None
    match name:
        case "share":
            return _share(scope, node)
        case "distinct":
            return _distinct(scope, node)
        case "uptime" | "duration":
            return _open_time(scope, node)
        case "age":
            return _age(scope, node)
        case "gap" | "ratio":
            return _across(scope, node, name)
        case "drift":
            scope.report("T0402", node.span, function=name, needs="by … against …")
            return None
        case "change" | "rise" | "fall":
            return _change(scope, node, name)
        case _:
            return _aggregate(scope, node, Function(name))


def _extras_fit(scope: Scope, node: tree.Call, name: str) -> bool:
    given = {
        "where": node.where,
        "number": node.number,
        "comparison": node.comparison,
        "excluding": node.excluding,
        "across": node.across,
        "counting": node.counting,
    }
    short_percentile = name == "percentile" and node.function.text != "percentile"
    allowed = _EXTRAS[name] - ({"number"} if short_percentile else set())
    for extra, part in given.items():
        if part is not None and extra not in allowed:
            scope.report("T0401", part.span, function=node.function.text, extra=_EXTRA_WORDS[extra])
            return False
    required = None if short_percentile else _REQUIRED.get(name)
    if required and given[required] is None:
        scope.report("T0402", node.span, function=node.function.text, needs=_EXTRA_WORDS[required])
        return False
    return True


def _percentile(scope: Scope, node: tree.Call) -> Decimal | None:
    found = PERCENTILE.match(node.function.text)
    if found:
        percentile, place = Decimal(found.group(1).replace("_", ".")), node.function.span
    else:
        assert node.number is not None
        percentile, place = node.number.value, node.number.span
    if not 0 < percentile <= 100:
        scope.report("T0410", place)
        return None
    return percentile


def _aggregate(scope: Scope, node: tree.Call, function: Function) -> Result | None:
    percentile = _percentile(scope, node) if function is Function.PERCENTILE else None
    if function is Function.PERCENTILE and percentile is None:
        return None
    if isinstance(node.argument, tree.ElapsedNode):
        return _elapsed(scope, node.argument, function, percentile)
    counted = function is Function.COUNT
    found = _samples(scope, node.argument, node.where, counted)
    if found is None:
        return None
    rows, unit = found
    if node.counting is not None:
        once = _once(scope, node.counting, rows)
        if once is None:
            return None
        rows = rows.model_copy(update={"once": once})
    typed = Typed("count") if counted else Typed(unit)
    return Aggregate(function=function, of=rows, percentile=percentile), typed


def _once(scope: Scope, node: tree.Counting, rows: Series) -> Once | None:
    """Within which period of the first what happens to the same thing is counted with it; only events have a first."""
    event = scope.names[rows.name]
    if not isinstance(event, Event):
        scope.report("T0223", node.span, found=rows.name)
        return None
    within, names = period(scope, node.within), node.per or ()
    scope.once(names)
    fits = [has_dimension(scope, name, event) for name in names]
    return Once(within=within, per=tuple(name.text for name in names)) if within and all(fits) else None


def _samples(
    scope: Scope, argument: tree.Expression, where: tree.Where | None, counted: bool
) -> tuple[Series, str] | None:
    """The samples that an aggregate reads, and their unit."""
    if isinstance(argument, tree.AttributeReference) and not counted:
        return _attribute(scope, argument, where)
    if not isinstance(argument, tree.NameReference):
        scope.report("T0411", argument.span, wanted="a metric, event or record" if counted else "a metric")
        return None
    data = find_data(scope, argument) if counted else scope.find(argument, Metric)
    if data is None:
        return None
    rows = series(scope, data, where)
    return (rows, data.unit if isinstance(data, Metric) else "count") if rows else None


def find_data(scope: Scope, name: tree.Name | tree.NameReference, *kinds: type) -> Data | None:
    """The metric, event or record of that name; reports when there is none."""
    found = scope.find_any(name, *(kinds or (Metric, Event, Record)))
    return found if isinstance(found, Metric | Event | Record) else None


def _attribute(scope: Scope, argument: tree.AttributeReference, where: tree.Where | None) -> tuple[Series, str] | None:
    data = find_data(scope, argument.of, Event, Record)
    if data is None or isinstance(data, Metric):
        return None
    units = {number.name: number.unit for number in data.attributes}
    if argument.attribute not in units:
        scope.unknown(tree.Name(argument.span, argument.attribute), f"number that {data.id} carries", units)
        return None
    rows = series(scope, data, where, argument.attribute)
    return (rows, units[argument.attribute]) if rows else None


def _elapsed(scope: Scope, node: tree.ElapsedNode, function: Function, percentile: Decimal | None) -> Result | None:
    if function in (Function.COUNT, Function.STDDEV, Function.LATEST):
        scope.report("T0401", node.span, function=function.value, extra="time(from … to …)")
        return None
    start, finish = scope.find(node.start, Event), scope.find(node.finish, Event)
    if start is None or finish is None:
        return None
    first, second = series(scope, start, node.start_where), series(scope, finish, node.finish_where)
    keys = matching(scope, node.matching, start, finish)
    if first is None or second is None or keys is None:
        return None
    found = Elapsed(function=function, start=first, finish=second, matching=keys, percentile=percentile)
    return found, Typed("seconds")


def matching(scope: Scope, node: tree.Matching | None, *data: Data) -> tuple[str, ...] | None:
    """The dimensions to match by; each must belong to every side. Reports the one that does not."""
    names = node.names if node else ()
    scope.once(names)
    fits = [has_dimension(scope, name, item) for item in data for name in names]
    return tuple(name.text for name in names) if all(fits) else None


def has_dimension(scope: Scope, name: tree.Name, data: Data) -> bool:
    """Whether the data has the dimension; reports when it has not."""
    if name.text in data.dimensions:
        return True
    scope.unknown(name, f"dimension of {data.id}", data.dimensions)
    return False


def _share(scope: Scope, node: tree.Call) -> Result | None:
    assert node.comparison is not None
    found = _samples(scope, node.argument, node.where, counted=False)
    threshold = value(scope, node.comparison.value)
    if found is None or threshold is None:
        return None
    rows, unit = found
    if not comparable(scope, Typed(unit), threshold[1], node.comparison.span):
        return None
    fitting = fitted(threshold[0], threshold[1], Typed(unit))
    comparison = Comparison(node.comparison.comparator.words)
    return Share(of=rows, comparison=comparison, threshold=fitting), Typed("fraction")


def _distinct(scope: Scope, node: tree.Call) -> Result | None:
    if not isinstance(node.argument, tree.AttributeReference):
        scope.report("T0411", node.argument.span, wanted="a dimension of something, such as deployment.model")
        return None
    data = find_data(scope, node.argument.of)
    dimension = tree.Name(node.argument.span, node.argument.attribute)
    if data is None or not has_dimension(scope, dimension, data):
        return None
    rows = series(scope, data, node.where)
    return (Distinct(of=rows, dimension=dimension.text), Typed("count")) if rows else None


def _record(scope: Scope, name: tree.Name | tree.NameReference, where: tree.Where | None) -> Series | None:
    data = scope.find(name, Record)
    return series(scope, data, where) if data else None


def _open_time(scope: Scope, node: tree.Call) -> Result | None:
    if not isinstance(node.argument, tree.NameReference):
        scope.report("T0411", node.argument.span, wanted="a record")
        return None
    record = _record(scope, node.argument, node.where)
    out = _record(scope, node.excluding.record, node.excluding.where) if node.excluding else None
    if record is None or (node.excluding and out is None):
        return None
    if node.function.text == "uptime":
        return Uptime(record=record, excluding=out), Typed("fraction")
    return OpenTime(record=record, excluding=out), Typed("seconds")


def _age(scope: Scope, node: tree.Call) -> Result | None:
    if not isinstance(node.argument, tree.NameReference):
        scope.report("T0411", node.argument.span, wanted="a metric, event or record")
        return None
    data = find_data(scope, node.argument)
    rows = series(scope, data, node.where) if data else None
    return (Age(of=rows), Typed("seconds")) if rows else None


def _across(scope: Scope, node: tree.Call, name: Literal["gap", "ratio"]) -> Result | None:
    assert node.across is not None
    inner = measure(scope, node.argument)
    if inner is None:
        return None
    dimension = node.across.dimension
    sources = [scope.names[item.name] for item in series_of(inner[0])]
    for source in sources:
        assert isinstance(source, Metric | Event | Record)
        if not has_dimension(scope, dimension, source):
            return None
    if not sources or any(isinstance(part, Across) for part in parts_of(inner[0])):
        scope.report("T0411", node.argument.span, wanted="a measure of data")
        return None
    typed = inner[1] if name == "gap" else Typed("fraction", derived=True)
    return Across(function=name, measure=inner[0], dimension=dimension.text), typed


def _change(scope: Scope, node: tree.Call, name: Literal["change", "rise", "fall"]) -> Result | None:
    inner = measure(scope, node.argument)
    if inner is None:
        return None
    if not any(series_of(inner[0])) or any(isinstance(part, Change | Drift) for part in parts_of(inner[0])):
        scope.report("T0411", node.argument.span, wanted="a measure of data in one window")
        return None
    return Change(function=name, measure=inner[0]), inner[1]


def _relative(scope: Scope, call: tree.Call) -> Result | None:
    found = measure(scope, call)
    if found is None or not isinstance(found[0], Change):
        return None
    return found[0].model_copy(update={"relative": True}), Typed("fraction", derived=True)


_METHODS: dict[str, Literal["psi", "ks"]] = {"psi": "psi", "ks": "ks"}


def _drift(scope: Scope, node: tree.DriftNode) -> Result | None:
    method = _METHODS.get(node.method.text)
    if method is None:
        scope.report("T0463", node.method.span, found=node.method.text)
    found, reference = _samples(scope, node.argument, node.where, counted=False), _reference(scope, node.reference)
    if method is None or found is None or reference is None:
        return None
    return Drift(method=method, of=found[0], reference=reference), Typed("score")


def _reference(scope: Scope, node: tree.FirstTime | tree.TimeBefore | tree.TimeBetween) -> ReferenceTime | None:
    if isinstance(node, tree.TimeBetween):
        first, until = day(scope, node.first), day(scope, node.until)
        if first is None or until is None:
            return None
        if first >= until:
            scope.report("T0464", node.span, first=str(first), until=str(until))
            return None
        return TimeBetween(first=first, until=until)
    length = period(scope, node.length)
    if length is None:
        return None
    return FirstTime(length=length) if isinstance(node, tree.FirstTime) else TimeBefore(length=length)


def parts_of(found: Measure) -> Iterator[Measure]:
    """The measure and every measure inside it."""
    yield found
    match found:
        case Arithmetic(left=left, right=right):
            yield from parts_of(left)
            yield from parts_of(right)
        case Across(measure=inner) | Change(measure=inner):
            yield from parts_of(inner)
        case _:
            return


def series_of(found: Measure) -> Iterator[Series]:
    """Every series the measure reads (without what it excludes)."""
    for part in parts_of(found):
        match part:
            case Aggregate(of=rows) | Share(of=rows) | Distinct(of=rows) | Age(of=rows) | Drift(of=rows):
                yield rows
            case Uptime(record=rows) | OpenTime(record=rows):
                yield rows
            case Elapsed(start=start):
                yield start
            case Value() | Arithmetic() | Across() | Change():
                pass
