"""Sentences: each becomes one rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from itertools import count
from typing import Any, Literal, assert_never

from tallystick.diagnostics.diagnostic import Related
from tallystick.model.agreement import Event, Metric, Record, Role, Term
from tallystick.model.conditions import Data, series
from tallystick.model.confidence import confidence, level
from tallystick.model.measures import has_dimension, matching, measure, parts_of, series_of
from tallystick.model.money import calendar_unit
from tallystick.model.remedies import Hangs, environments, holder, remedies, whole
from tallystick.model.scope import Scope
from tallystick.model.values import Typed, comparable, deadline, fitted, period, value
from tallystick.quantities import Kind, Period, PeriodUnit, known_unit
from tallystick.rules.measure import Across, Arithmetic, Change, Comparison, Elapsed, Measure, Series, SeriesKind, Value
from tallystick.rules.rule import (
    AfterEvent,
    AgreedDay,
    AgreedTime,
    Between,
    ByClass,
    Cadence,
    Calendar,
    CaseShare,
    CountEvents,
    Deletion,
    Gate,
    Keep,
    KeepAlways,
    Occasion,
    OnlyWhile,
    PeriodOfClass,
    Permission,
    Precedence,
    Prohibition,
    RequiredRole,
    Response,
    Retention,
    Rolling,
    Rule,
    Whichever,
    Window,
)
from tallystick.source import Span
from tallystick.syntax import tree

_WORDS: dict[type[tree.Node], str] = {
    tree.Per: "per …",
    tree.InEnvironments: "in …",
    tree.Samples: "with at least … samples",
    tree.Confidence: "with … confidence",
    tree.Matching: "matching …",
    tree.Labelled: "labelled …",
    tree.Worded: "worded …",
    tree.Where: "where …",
    tree.CaseShareNode: "in … of cases",
    tree.DuringTime: "during …",
    tree.OutsideTime: "outside …",
    tree.AfterTime: "after …",
    tree.Excluding: "excluding …",
}

_RECORD_TIMES = (tree.DuringTime, tree.OutsideTime)
_TIMES = (*_RECORD_TIMES, tree.AfterTime)
_ALWAYS = frozenset({tree.Labelled, tree.Worded, tree.Per, tree.InEnvironments})


@dataclass(frozen=True)
class Fields:
    """What every rule takes from its clause: ids and titles. The id of a rule without a label is made from it, or is
    `name`.

    `letter` is `(b)` for the second of several sentences of a clause, empty for the only one.
    """

    clause: str
    number: str
    title: str
    ordinal: int
    letter: str = ""
    name: str = ""

    @property
    def rule_id(self) -> str:
        """What a rule without a label is called."""
        return self.name or self.clause + (f"-{self.ordinal}" if self.ordinal > 1 else "")


@dataclass(frozen=True)
class Resolved:
    """A rule and the drafter's own wording of it, if any."""

    rule: Rule
    worded: tree.ProseText | None


class _Qualifiers:
    """The qualifiers of a sentence, each at most once and only those that make sense for its form."""

    def __init__(self, scope: Scope, nodes: tuple[tree.Qualifier, ...], *extra: type[tree.Node]) -> None:
        self.sound = True
        self.found: dict[type[tree.Node], Any] = {}
        for node in nodes:
            kind = type(node)
            if kind not in _ALWAYS and kind not in extra:
                scope.report("T0413", node.span, qualifier=_WORDS[kind])
                self.sound = False
            elif kind in self.found:
                first = Related(self.found[kind].span, "first said here")
                scope.report("T0405", node.span, qualifier=_WORDS[kind], related=(first,))
                self.sound = False
            else:
                self.found[kind] = node

    def names(self, kind: type[tree.Per | tree.InEnvironments]) -> tuple[tree.Name, ...]:
        node = self.found.get(kind)
        return node.names if node else ()

    @property
    def where(self) -> tree.Where | None:
        return self.found.get(tree.Where)

    @property
    def matching(self) -> tree.Matching | None:
        return self.found.get(tree.Matching)

    @property
    def confidence(self) -> tree.Confidence | None:
        return self.found.get(tree.Confidence)

    @property
    def worded(self) -> tree.ProseText | None:
        node = self.found.get(tree.Worded)
        return node.prose if node else None


def rule(scope: Scope, node: tree.SentenceNode, fields: Fields) -> Resolved | None:
    """Resolve one sentence to its rule; what is wrong with it is reported."""
    match node:
        case tree.KeepNode():
            return _keep(scope, node, fields)
        case tree.GateNode():
            return _gate(scope, node, fields)
        case tree.KeepAlwaysNode():
            return _keep_always(scope, node, fields)
        case tree.CadenceNode():
            return _cadence(scope, node, fields)
        case tree.MustCountNode() | tree.MayCountNode():
            return _count(scope, node, fields)
        case tree.NotifyResponseNode() | tree.PerformResponseNode():
            return _response(scope, node, fields)
        case tree.PrecedenceNode():
            return _precedence(scope, node, fields)
        case tree.ProhibitionNode():
            return _prohibition(scope, node, fields)
        case tree.PermissionNode():
            return _permission(scope, node, fields)
        case tree.RetentionNode():
            return _retention(scope, node, fields)
        case tree.DeletionNode():
            return _deletion(scope, node, fields)
        case _:
            assert_never(node)


def _common(
    scope: Scope,
    fields: Fields,
    qualifiers: _Qualifiers,
    data: list[Data],
    span: Span,
) -> dict[str, Any] | None:
    """The fields that all rules share; None when a qualifier is wrong."""
    per = _per(scope, qualifiers.names(tree.Per), data)
    where = environments(scope, qualifiers.names(tree.InEnvironments))
    if where and not any("environment" in item.dimensions for item in data):
        scope.report("T0404", span, name=" or ".join(item.id for item in data), dimension="environment")
        where = None
    only, between = _only_while(scope, qualifiers, data), _between(scope, qualifiers, data)
    if per is None or where is None or only is None or between is False or not qualifiers.sound:
        return None
    return {
        "id": _rule_id(scope, fields, qualifiers, span),
        "clause": fields.clause,
        "number": fields.number + fields.letter,
        "title": fields.title,
        "per": per,
        "environments": where,
        "only": only,
        "between": between,
    }


def _only_while(scope: Scope, qualifiers: _Qualifiers, data: list[Data]) -> tuple[OnlyWhile, ...] | None:
    """`during RECORD` and `outside RECORD`; None when one is wrong. They choose among rows: records are measured whole."""
    nodes = [node for kind in _RECORD_TIMES if (node := qualifiers.found.get(kind)) is not None]
    for node in nodes if any(isinstance(item, Record) for item in data) else ():
        scope.report("T0413", node.span, qualifier=_WORDS[type(node)])
        return None
    found = [_while(scope, node, data) for node in nodes]
    return None if None in found else tuple(item for item in found if item is not None)


def _while(scope: Scope, node: tree.DuringTime | tree.OutsideTime, data: list[Data]) -> OnlyWhile | None:
    """Without `matching`, the record equals the row on every dimension that they share."""
    record = scope.find(node.record, Record)
    if record is None:
        return None
    rows = series(scope, record, node.where)
    names = node.matching.names if node.matching else ()
    scope.once(names)
    best = max(data, key=lambda item: sum(name.text in item.dimensions for name in names))
    fits = [has_dimension(scope, name, record) and has_dimension(scope, name, best) for name in names]
    shared = tuple(d for d in record.dimensions if any(d in item.dimensions for item in data))
    if rows is None or not all(fits):
        return None
    keys = tuple(name.text for name in names) if node.matching else shared
    return OnlyWhile(record=rows, open=isinstance(node, tree.DuringTime), matching=keys)


def _between(scope: Scope, qualifiers: _Qualifiers, data: list[Data]) -> Between | Literal[False] | None:
    """`after EVENT until EVENT`; None without it, False when it is wrong. Records are measured whole.

    Without `matching`, both events equal the row on every dimension that all of them have.
    """
    node: tree.AfterTime | None = qualifiers.found.get(tree.AfterTime)
    if node is None:
        return None
    if any(isinstance(item, Record) for item in data):
        scope.report("T0413", node.span, qualifier=_WORDS[tree.AfterTime])
        return False
    start, end = scope.find(node.event, Event), scope.find(node.until, Event) if node.until else None
    if start is None or (node.until and end is None):
        return False
    events = [event for event in (start, end) if event is not None]
    names = node.matching.names if node.matching else ()
    scope.once(names)
    best = max(data, key=lambda item: sum(name.text in item.dimensions for name in names))
    fits = [has_dimension(scope, name, item) for item in (*events, best) for name in names]
    first, last = series(scope, start, node.where), series(scope, end, node.until_where) if end else None
    if first is None or (end and last is None) or not all(fits):
        return False
    shared = (d for d in start.dimensions if all(d in item.dimensions for item in events))
    keys = [name.text for name in names] or [d for d in shared if any(d in item.dimensions for item in data)]
    return Between(start=first, end=last, matching=tuple(keys))


def _rule_id(scope: Scope, fields: Fields, qualifiers: _Qualifiers, span: Span) -> str:
    label: tree.Labelled | None = qualifiers.found.get(tree.Labelled)
    name = label.name.text if label else fields.rule_id
    place = label.span if label else span
    if name in scope.rule_ids:
        scope.twice(name, "rule", place, scope.rule_ids[name])
    scope.rule_ids.setdefault(name, place)
    return name


def _per(scope: Scope, names: tuple[tree.Name, ...], data: list[Data]) -> tuple[str, ...] | None:
    """The `per` dimensions: at least one source must have them all."""
    scope.once(names)
    best = max(data, key=lambda item: sum(name.text in item.dimensions for name in names))
    fits = [has_dimension(scope, name, best) for name in names]
    return tuple(name.text for name in names) if all(fits) else None


def _window(scope: Scope, node: tree.WindowNode) -> Window | None:
    match node:
        case tree.CalendarWindow(each=each):
            unit = calendar_unit(scope, each)
            return Calendar(each=unit) if unit else None
        case tree.RollingWindow(length=length):
            found = period(scope, length)
            return Rolling(length=found) if found else None


def _sources(scope: Scope, *measures: Measure) -> list[Data]:
    found = (scope.names[item.name] for part in measures for item in series_of(part))
    return [item for item in found if isinstance(item, Metric | Event | Record)]


def _comparison(scope: Scope, node: tree.KeepNode | tree.GateNode) -> tuple[Measure, Measure, Typed] | None:
    left, right = measure(scope, node.left), measure(scope, node.right)
    if left is None or right is None or not comparable(scope, left[1], right[1], node.right.span):
        return None
    threshold = right[0]
    if isinstance(threshold, Value):
        threshold = fitted(threshold, right[1], left[1])
        if not _in_domain(scope, threshold, left[1], node.right.span):
            return None
    return left[0], threshold, left[1]


def _in_domain(scope: Scope, threshold: Value, typed: Typed, span: Span) -> bool:
    """A percentage over 100% can never be reached by a share of something."""
    over = typed.unit == "fraction" and not typed.derived and threshold.quantity.value > 1
    if over:
        scope.report("T0307", span, found=span.text)
    return not over


def _keep(scope: Scope, node: tree.KeepNode, fields: Fields) -> Resolved | None:
    qualifiers = _Qualifiers(scope, node.qualifiers, tree.Samples, tree.Confidence, *_TIMES)
    who, window, sides = holder(scope, node.holder), _window(scope, node.window), _comparison(scope, node)
    if sides is None:
        return None
    data = _sources(scope, sides[0], sides[1])
    if not _sources(scope, sides[0]):
        scope.report("T0411", node.left.span, wanted="a measure of data")
        return None
    common = _common(scope, fields, qualifiers, data, node.span)
    samples, sure = _minimum_samples(scope, qualifiers), confidence(scope, qualifiers.confidence, sides[:2], node)
    if who is None or window is None or common is None or samples is None or sure is False:
        return None
    comparison = Comparison(node.comparator.words)
    found = Keep(
        **common,
        holder=who,
        measure=sides[0],
        comparison=comparison,
        threshold=sides[1],
        window=window,
        minimum_samples=samples,
        samples_each=_samples_each(scope, qualifiers, sides[:2]),
        confidence=sure,
    )
    return Resolved(found, qualifiers.worded)


def _gate(scope: Scope, node: tree.GateNode, fields: Fields) -> Resolved | None:
    qualifiers = _Qualifiers(scope, node.qualifiers, tree.Where, tree.Matching, tree.Samples, tree.Confidence, *_TIMES)
    who, before, event = holder(scope, node.holder), period(scope, node.before), scope.find(node.event, Event)
    sides = _comparison(scope, node)
    if sides is None or event is None:
        return None
    if not _sources(scope, sides[0]):
        scope.report("T0411", node.left.span, wanted="a measure of data")
        return None
    late = [side.span for side, found in ((node.left, sides[0]), (node.right, sides[1])) if _ends_later(found)]
    for span in late:
        scope.report("T0413", span, qualifier="time(from … to …)")
    keys = _gate_matching(scope, qualifiers.matching, event, _sources(scope, sides[0], sides[1]))
    rows, common = series(scope, event, qualifiers.where), _common(scope, fields, qualifiers, [event], node.span)
    samples, sure = _minimum_samples(scope, qualifiers), confidence(scope, qualifiers.confidence, sides[:2], node)
    if late or sure is False:
        return None
    if who is None or before is None or rows is None or keys is None or common is None or samples is None:
        return None
    found = Gate(
        **common,
        holder=who,
        measure=sides[0],
        comparison=Comparison(node.comparator.words),
        threshold=sides[1],
        before=before,
        event=rows,
        matching=keys,
        minimum_samples=samples,
        samples_each=_samples_each(scope, qualifiers, sides[:2]),
        confidence=sure,
    )
    return Resolved(found, qualifiers.worded)


def _ends_later(found: Measure) -> bool:
    """Whether a measure has times that may end only after the event, when a gate must be decided."""
    match found:
        case Elapsed():
            return True
        case Across(measure=inner) | Change(measure=inner):
            return _ends_later(inner)
        case Arithmetic(left=left, right=right):
            return _ends_later(left) or _ends_later(right)
        case _:
            return False


def _gate_matching(scope: Scope, node: tree.Matching | None, event: Event, data: list[Data]) -> tuple[str, ...] | None:
    """The dimensions in which rows equal the event: it must have them all, and so must at least one source."""
    names = node.names if node else ()
    scope.once(names)
    best = max(data, key=lambda item: sum(name.text in item.dimensions for name in names))
    fits = [has_dimension(scope, name, event) and has_dimension(scope, name, best) for name in names]
    return tuple(name.text for name in names) if all(fits) else None


def _minimum_samples(scope: Scope, qualifiers: _Qualifiers) -> int | None:
    node: tree.Samples | None = qualifiers.found.get(tree.Samples)
    return whole(scope, node.number) if node else 1


def _samples_each(scope: Scope, qualifiers: _Qualifiers, sides: tuple[Measure, ...]) -> str | None:
    """The dimension of which every value needs the samples; the measure must compare across it."""
    node: tree.Samples | None = qualifiers.found.get(tree.Samples)
    if node is None or node.each is None:
        return None
    compared = {part.dimension for side in sides for part in parts_of(side) if isinstance(part, Across)}
    if node.each.text not in compared:
        scope.report("T0465", node.each.span, name=node.each.text)
    return node.each.text


def _keep_always(scope: Scope, node: tree.KeepAlwaysNode, fields: Fields) -> Resolved | None:
    qualifiers = _Qualifiers(scope, node.qualifiers, *_TIMES)
    who = holder(scope, node.holder)
    rows, limit = _sampled(scope, node.left), value(scope, node.right)
    tolerance = period(scope, node.tolerance) if node.tolerance else None
    if rows is None or limit is None or (node.tolerance and tolerance is None):
        return None
    metric = scope.names[rows.name]
    assert isinstance(metric, Metric)
    typed = Typed(metric.unit)
    common = _common(scope, fields, qualifiers, [metric], node.span)
    if not comparable(scope, typed, limit[1], node.right.span) or who is None or common is None:
        return None
    threshold = fitted(limit[0], limit[1], typed)
    if not _in_domain(scope, threshold, typed, node.right.span):
        return None
    comparison = Comparison(node.comparator.words)
    found = KeepAlways(
        **common, holder=who, series=rows, comparison=comparison, threshold=threshold, tolerance=tolerance
    )
    return Resolved(found, qualifiers.worded)


def _sampled(scope: Scope, node: tree.Expression) -> Series | None:
    """`queue`, or `max(queue)`, `min(queue)`, `latest(queue)`: every sample counts at all times."""
    match node:
        case tree.NameReference():
            name, where = node, None
        case tree.Call(
            function=tree.Name(text="max" | "min" | "latest"),
            argument=tree.NameReference() as name,
            comparison=None,
            across=None,
            where=where,
            excluding=None,
            number=None,
        ):
            pass
        case _:
            scope.report("T0415", node.span)
            return None
    metric = scope.find(name, Metric)
    return series(scope, metric, where) if metric else None


def _cadence(scope: Scope, node: tree.CadenceNode, fields: Fields) -> Resolved | None:
    qualifiers = _Qualifiers(scope, node.qualifiers, tree.DuringTime, tree.AfterTime)
    who, event, every = holder(scope, node.holder), scope.find(node.event, Event), deadline(scope, node.every)
    begin = [each for each in (node.start, *map(qualifiers.found.get, (tree.DuringTime, tree.AfterTime))) if each]
    if len(begin) > 1:
        first, second = sorted((each.span for each in begin), key=lambda span: span.start)[:2]
        scope.report("T0922", second, found=second.text, related=(Related(first, "first said here"),))
        return None
    if event is None:
        return None
    rows, common = series(scope, event, node.where), _common(scope, fields, qualifiers, [event], node.span)
    begins = scope.find(node.start.event, Event) if node.start else None
    start = series(scope, begins, node.start.where) if node.start and begins else None
    if who is None or every is None or rows is None or common is None or (node.start and start is None):
        return None
    return Resolved(Cadence(**common, holder=who, event=rows, every=every, start=start), qualifiers.worded)


def _count(scope: Scope, node: tree.MustCountNode | tree.MayCountNode, fields: Fields) -> Resolved | None:
    qualifiers = _Qualifiers(scope, node.qualifiers, *_TIMES)
    who, event, window = holder(scope, node.holder), scope.find(node.event, Event), _window(scope, node.window)
    times = whole(scope, node.times.number, least=0)
    comparison = _count_comparison(scope, node)
    if event is None:
        return None
    rows, common = series(scope, event, node.where), _common(scope, fields, qualifiers, [event], node.span)
    if who is None or window is None or times is None or comparison is None or rows is None or common is None:
        return None
    found = CountEvents(**common, holder=who, event=rows, comparison=comparison, times=times, window=window)
    return Resolved(found, qualifiers.worded)


_CountComparison = Literal[Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.IS]


def _count_comparison(scope: Scope, node: tree.MustCountNode | tree.MayCountNode) -> _CountComparison | None:
    words = Comparison(node.times.comparator.words)
    if isinstance(node, tree.MayCountNode) and words is not Comparison.AT_MOST:
        scope.report("T0416", node.times.span, found=node.times.span.text)
        return None
    match words:
        case Comparison.AT_LEAST | Comparison.AT_MOST | Comparison.IS:
            return words
        case _:
            scope.report("T0416", node.times.span, found=node.times.span.text)
            return None


def _response(
    scope: Scope, node: tree.NotifyResponseNode | tree.PerformResponseNode, fields: Fields
) -> Resolved | None:
    qualifiers = _Qualifiers(
        scope,
        node.qualifiers,
        *(tree.Where, tree.Matching, tree.CaseShareNode, tree.Samples, tree.Confidence, tree.Excluding),
        *_TIMES,
    )
    who, trigger = holder(scope, node.holder), scope.find(node.trigger, Event)
    within = _within(scope, node.within, trigger)
    answer = _answer(scope, node)
    share, samples = _case_share(scope, qualifiers), _minimum_samples(scope, qualifiers)
    sure = _confidence_of_share(scope, qualifiers)
    if trigger is None or answer is None or samples is None or share is False or sure is False:
        return None
    event, rows, role = answer
    first, keys = series(scope, trigger, qualifiers.where), matching(scope, qualifiers.matching, trigger, event)
    if role is not None and keys and event.actor in keys:
        scope.report("T0452", node.span)
        return None
    common = _common(scope, fields, qualifiers, [trigger], node.span)
    if who is None or within is None or first is None or keys is None or common is None:
        return None
    whichever = _whichever(scope, node.whichever, trigger, keys) if node.whichever else None
    if node.whichever and whichever is None:
        return None
    stops = _stops(scope, qualifiers, node)
    if stops is False:
        return None
    found = Response(
        **common,
        holder=who,
        trigger=first,
        response=rows,
        role=role,
        roles=scope.seniors(role) if role else (),
        within=within,
        whichever=whichever,
        excluding=stops,
        matching=keys,
        share=share,
        minimum_samples=samples,
        samples_each=_samples_each(scope, qualifiers, ()),
        confidence=sure,
    )
    return Resolved(found, qualifiers.worded)


def _within(
    scope: Scope, node: tree.PeriodLiteral | tree.ByClassNode, trigger: Event | None
) -> Period | ByClass | None:
    """One period for every trigger, or one for each class of them; no class stands twice."""
    if isinstance(node, tree.PeriodLiteral):
        return deadline(scope, node)
    seen: dict[str, Span] = {}
    for name in (name for each in node.classes for name in each.classes):
        if name.text in seen:
            first = Related(seen[name.text], "first said here")
            scope.report("T0218", name.span, found=name.text, related=(first,))
        seen.setdefault(name.text, name.span)
    fits = trigger is not None and has_dimension(scope, node.dimension, trigger)
    periods = [deadline(scope, each.within) for each in node.classes]
    otherwise = deadline(scope, node.otherwise.within) if node.otherwise else None
    classes = [
        PeriodOfClass(values=tuple(name.text for name in each.classes), within=found)
        for each, found in zip(node.classes, periods, strict=True)
        if found
    ]
    if not fits or len(classes) < len(periods) or (node.otherwise and otherwise is None):
        return None
    return ByClass(dimension=node.dimension.text, classes=tuple(classes), otherwise=otherwise)


_NO_STOPS = (
    PeriodUnit.BUSINESS_DAYS,
    PeriodUnit.MONTHS,
    PeriodUnit.QUARTERS,
    PeriodUnit.YEARS,
)


def _stops(
    scope: Scope, qualifiers: _Qualifiers, node: tree.NotifyResponseNode | tree.PerformResponseNode
) -> Series | Literal[False] | None:
    """The record while which the deadline does not run; None without one, False when it is wrong.

    Only what is counted in hours can be counted with some of them left out, and only one deadline can stand still.
    """
    excluded: tree.Excluding | None = qualifiers.found.get(tree.Excluding)
    if excluded is None:
        return None
    record = scope.find(excluded.record, Record)
    rows = series(scope, record, excluded.where) if record else None
    if node.whichever is not None:
        scope.report("T0921", excluded.span, record=excluded.record.text)
        return False
    nodes = [node.within]
    if isinstance(node.within, tree.ByClassNode):
        last = [node.within.otherwise.within] if node.within.otherwise else []
        nodes = [*(each.within for each in node.within.classes), *last]
    lengths = [(each, deadline(scope, each)) for each in nodes if isinstance(each, tree.PeriodLiteral)]
    wrong = [each for each, length in lengths if length is not None and length.unit in _NO_STOPS]
    for each in wrong:
        scope.report("T0920", each.span, found=each.span.text, record=excluded.record.text)
    return False if rows is None or wrong else rows


def _whichever(scope: Scope, node: tree.WhicheverNode, trigger: Event, keys: tuple[str, ...]) -> Whichever | None:
    """The other deadline: of another event of the same thing, or of what the trigger carries, or a day."""
    other = _other_deadline(scope, node.other, trigger, keys)
    return Whichever(later=node.extreme.words == "later", other=other) if other else None


def _other_deadline(
    scope: Scope,
    node: tree.AfterEventNode | tree.AttributeReference | tree.NameReference,
    trigger: Event,
    keys: tuple[str, ...],
) -> AfterEvent | AgreedTime | AgreedDay | None:
    match node:
        case tree.AfterEventNode():
            within, event = deadline(scope, node.within), scope.find(node.event, Event)
            if within is None or event is None:
                return None
            if not keys and event.id != "termination":
                scope.report("T0219", node.span, event=event.id, trigger=trigger.id)
                return None
            fits = [has_dimension(scope, tree.Name(node.event.span, key), event) for key in keys]
            rows = series(scope, event)
            return AfterEvent(event=rows, within=within) if rows and (all(fits) or event.id == "termination") else None
        case tree.AttributeReference():
            units = {number.name: number.unit for number in trigger.attributes}
            unit = units.get(node.attribute) if node.of.text == trigger.id else None
            if unit is None or known_unit(unit).kind is not Kind.DURATION:
                scope.report("T0220", node.span, found=node.span.text, trigger=trigger.id)
                return None
            return AgreedTime(attribute=node.attribute)
        case tree.NameReference():
            term = scope.find(node, Term)
            if term is None:
                return None
            if not isinstance(term.value, date):
                scope.report("T0220", node.span, found=node.span.text, trigger=trigger.id)
                return None
            return AgreedDay(day=term.value, term=term.id)


def _answer(
    scope: Scope, node: tree.NotifyResponseNode | tree.PerformResponseNode
) -> tuple[Event, Series, str | None] | None:
    """What answers the trigger: a notice to a role, or an event."""
    if isinstance(node, tree.NotifyResponseNode):
        role, notice = scope.find(node.role, Role), scope.names["notice"]
        assert isinstance(notice, Event)
        return (notice, Series(source=SeriesKind.EVENT, name="notice"), role.id) if role else None
    event = scope.find(node.event, Event)
    rows = series(scope, event, node.where) if event else None
    return (event, rows, None) if event and rows else None


def _case_share(scope: Scope, qualifiers: _Qualifiers) -> CaseShare | Literal[False] | None:
    """The share of cases asked for; None without one, False when it is wrong."""
    node: tree.CaseShareNode | None = qualifiers.found.get(tree.CaseShareNode)
    if node is None:
        return None
    threshold, window = value(scope, node.threshold), _window(scope, node.window)
    words = Comparison(node.comparator.words)
    if threshold is None or window is None:
        return False
    if words not in (Comparison.AT_LEAST, Comparison.ABOVE) or threshold[1].unit != "fraction":
        scope.report("T0414", node.span)
        return False
    if not _in_domain(scope, threshold[0], threshold[1], node.threshold.span):
        return False
    comparison: Literal[Comparison.AT_LEAST, Comparison.ABOVE] = (
        Comparison.AT_LEAST if words is Comparison.AT_LEAST else Comparison.ABOVE
    )
    return CaseShare(comparison=comparison, threshold=threshold[0], window=window)


def _confidence_of_share(scope: Scope, qualifiers: _Qualifiers) -> Value | Literal[False] | None:
    """Only a share of cases can be more or less sure; one late answer is late."""
    if qualifiers.confidence and tree.CaseShareNode not in qualifiers.found:
        scope.report("T0413", qualifiers.confidence.span, qualifier=_WORDS[tree.Confidence])
        return False
    return level(scope, qualifiers.confidence)


def _prohibition(scope: Scope, node: tree.ProhibitionNode, fields: Fields) -> Resolved | None:
    qualifiers = _Qualifiers(scope, node.qualifiers, tree.Where, *_TIMES)
    who, event = holder(scope, node.holder), scope.find(node.event, Event)
    if event is None:
        return None
    rows, common = series(scope, event, qualifiers.where), _common(scope, fields, qualifiers, [event], node.span)
    if who is None or rows is None or common is None:
        return None
    return Resolved(Prohibition(**common, holder=who, event=rows), qualifiers.worded)


def _precedence(scope: Scope, node: tree.PrecedenceNode, fields: Fields) -> Resolved | None:
    before = _Qualifiers(scope, node.event_qualifiers, tree.Where, *_TIMES)
    after = _Qualifiers(scope, node.qualifiers, tree.Matching)
    qualifiers = _Qualifiers(scope, (*node.event_qualifiers, *node.qualifiers), tree.Where, tree.Matching, *_TIMES)
    who = holder(scope, node.holder)
    event, required = scope.find(node.event, Event), scope.find(node.required, Event)
    bounds = _bounds(scope, node)
    if event is None or required is None or bounds is None or not (before.sound and after.sound):
        return None
    separation = _separation(scope, node, event, required)
    rows, needed = series(scope, event, before.where), series(scope, required, node.required_where)
    keys, by = matching(scope, after.matching, event, required), _required_roles(scope, node, required)
    common = _common(scope, fields, qualifiers, [event], node.span)
    if who is None or rows is None or needed is None or keys is None or by is None or common is None:
        return None
    if separation is None:
        return None
    found = Precedence(
        **common,
        holder=who,
        event=rows,
        required=needed,
        by=by,
        matching=keys,
        within=bounds.get("within"),
        lead=bounds.get("lead"),
        other_than_performer=separation[0],
        different_persons=separation[1],
    )
    return Resolved(found, qualifiers.worded)


def _bounds(scope: Scope, node: tree.PrecedenceNode) -> dict[str, Period] | None:
    found: dict[str, Period] = {}
    for bound in node.bounds or ():
        length = deadline(scope, bound.period)
        name = "within" if isinstance(bound, tree.WithinBefore) else "lead"
        if length is None:
            return None
        if name in found:
            scope.report("T0405", bound.span, qualifier=bound.span.text)
            return None
        found[name] = length
    return found


def _required_roles(scope: Scope, node: tree.PrecedenceNode, event: Event) -> tuple[RequiredRole, ...] | None:
    names = node.by.roles if isinstance(node.by, tree.ByRoles) else ()
    scope.once(names)
    roles = [scope.find(name, Role) for name in names]
    if names and not _tells_role(scope, node.required.span, event):
        return None
    if any(role is None for role in roles):
        return None
    return tuple(RequiredRole(role=role.id, roles=scope.seniors(role.id)) for role in roles if role)


def _tells_role(scope: Scope, span: Span, event: Event) -> bool:
    """Whether rows of the event tell by which role they are: it is stated, or follows from who acts."""
    if "role" in event.dimensions or event.actor is not None:
        return True
    scope.report("T0404", span, name=event.id, dimension="role")
    return False


def _separation(scope: Scope, node: tree.PrecedenceNode, event: Event, required: Event) -> tuple[bool, bool] | None:
    """Whether the performer's act does not count, and nobody's twice; None where the events do not say who acts."""
    by = node.by
    other = by.other if by else None
    different = by.different if isinstance(by, tree.ByRoles) else None
    if isinstance(by, tree.ByRoles) and different is not None and len(by.roles) < 2:
        scope.report("T0451", different.span)
        return None
    asked = [(other, event), (other, required), (different, required)]
    nameless = [(said, of) for said, of in asked if said is not None and of.actor is None]
    for said, of in nameless:
        scope.report("T0450", said.span, name=of.id)
    if nameless:
        return None
    return other is not None, different is not None


def _permission(scope: Scope, node: tree.PermissionNode, fields: Fields) -> Resolved | None:
    qualifiers = _Qualifiers(scope, node.qualifiers, tree.Where, *_TIMES)
    scope.once(node.roles)
    roles, event = [scope.find(name, Role) for name in node.roles], scope.find(node.event, Event)
    if event is None or any(role is None for role in roles):
        return None
    if not _tells_role(scope, node.event.span, event):
        return None
    rows, common = series(scope, event, qualifiers.where), _common(scope, fields, qualifiers, [event], node.span)
    if rows is None or common is None:
        return None
    named = tuple(role.id for role in roles if role)
    everyone = tuple(dict.fromkeys(senior for name in named for senior in scope.seniors(name)))
    return Resolved(Permission(**common, event=rows, named=named, roles=everyone), qualifiers.worded)


def _retention(scope: Scope, node: tree.RetentionNode, fields: Fields) -> Resolved | None:
    qualifiers = _Qualifiers(scope, node.qualifiers)
    who, record, length = holder(scope, node.holder), scope.find(node.record, Record), period(scope, node.period)
    if record is None:
        return None
    rows, common = series(scope, record, node.where), _common(scope, fields, qualifiers, [record], node.span)
    if who is None or length is None or rows is None or common is None:
        return None
    return Resolved(Retention(**common, holder=who, record=rows, period=length), qualifiers.worded)


def _deletion(scope: Scope, node: tree.DeletionNode, fields: Fields) -> Resolved | None:
    qualifiers = _Qualifiers(scope, node.qualifiers, tree.Where, tree.Matching, *_TIMES)
    who, record, trigger = holder(scope, node.holder), scope.find(node.record, Record), scope.find(node.trigger, Event)
    within = _within(scope, node.within, trigger)
    if record is None or trigger is None:
        return None
    rows, first = series(scope, record, node.where), series(scope, trigger, qualifiers.where)
    keys = matching(scope, qualifiers.matching, record, trigger)
    common = _common(scope, fields, qualifiers, [trigger], node.span)
    if who is None or within is None or rows is None or first is None or keys is None or common is None:
        return None
    found = Deletion(**common, holder=who, record=rows, trigger=first, within=within, matching=keys)
    return Resolved(found, qualifiers.worded)


# --- occasions ------------------------------------------------------------------------------------------------

_BREACH = "breach"


def occasion(scope: Scope, node: tree.OnEvent, fields: Fields | None = None) -> Occasion | None:
    """Resolve `on EVENT { … }` and `on RECORD lasting at least … { … }`. Without `fields` it stands in no clause."""
    if node.source.text not in scope.names and get_close_matches(node.source.text, [_BREACH], 1, 0.7):
        scope.report(
            "T0201", node.source.span, name=node.source.text, wanted="event or record", known="", instead=_BREACH
        )
        return None
    data = scope.find_any(node.source, Event, Record)
    if not isinstance(data, Event | Record):
        return None
    if isinstance(data, Event) and node.lasting is not None:
        scope.report("T0482", node.lasting.span, event=data.id)
        return None
    qualifiers = _Qualifiers(scope, node.qualifiers, tree.Where, *_TIMES)
    if qualifiers.worded is not None:
        scope.report("T0413", qualifiers.worded.span, qualifier="worded …")
        return None
    rows = series(scope, data, qualifiers.where)
    lasting = deadline(scope, node.lasting.period) if node.lasting else None
    common = _common(scope, _named(scope, data, fields), qualifiers, [data], node.span)
    hangs = Hangs.EVENT if isinstance(data, Event) else Hangs.STATE
    following = remedies(scope, node.items, hangs, seen={})
    if rows is None or common is None or (node.lasting and lasting is None):
        return None
    if fields is None:
        common["clause"] = common["id"]
    return Occasion(**common, trigger=rows, lasting=lasting, remedies=following)


def _named(scope: Scope, data: Event | Record, fields: Fields | None) -> Fields:
    """An occasion is called after its clause and what happens; a second one of the same is numbered."""
    clause, number, title = (
        (fields.clause, fields.number, fields.title)
        if fields
        else (f"on_{data.id}", "", f"On {data.title[:1].upper()}{data.title[1:]}")
    )
    name = f"{clause}-on-{data.id}" if fields else clause
    alike = (f"{name}-{place}" for place in count(2))
    unique = name if name not in scope.rule_ids else next(each for each in alike if each not in scope.rule_ids)
    return Fields(clause, number, title, 1, fields.letter if fields else "", unique)
