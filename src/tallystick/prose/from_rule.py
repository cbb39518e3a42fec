"""Each rule writes its own sentence. What is measurable stands in a named part; boundaries get a sentence of their own."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import assert_never

from tallystick.model.agreement import Agreement, Clause, Dormant, Operative, Reference, Target
from tallystick.model.measures import parts_of
from tallystick.prose import phrases
from tallystick.prose.from_measure import compared, measure
from tallystick.prose.manner import manner
from tallystick.prose.phrases import Inlines
from tallystick.prose.quantity import date_text, listed, number_text, ordinal_text, period_text, quantity_text
from tallystick.prose.references import reference_link
from tallystick.prose.sentence import Part, Sentence
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.measure import (
    Across,
    Aggregate,
    Change,
    Comparison,
    Drift,
    Elapsed,
    Measure,
    SeriesKind,
    TimeBefore,
    Value,
)
from tallystick.rules.rule import (
    AfterEvent,
    AgreedDay,
    AgreedTime,
    Between,
    ByClass,
    Cadence,
    CaseShare,
    CountEvents,
    Deletion,
    During,
    Exemption,
    Gate,
    Keep,
    KeepAlways,
    NotifyDuty,
    Occasion,
    PerformDuty,
    Permission,
    Precedence,
    Prohibition,
    Response,
    Retention,
    Rolling,
    Rule,
    Survival,
    Where,
    Whichever,
    has_runs,
)

MONTHS = "Months and years are counted to the same day of the other month, or to its last day where it lacks that day."
_MONTHS = (PeriodUnit.MONTHS, PeriodUnit.QUARTERS, PeriodUnit.YEARS)


def rule_sentence(agreement: Agreement, operative: Operative) -> Sentence:
    """The sentence of a rule: the drafter's wording where there is one, with every boundary said after it."""
    rule = operative.rule
    stops = _stop_boundaries(agreement, rule)
    bounds = (*_boundaries(rule), *stops, *_time_boundaries(agreement, rule), *_tenure(agreement, rule))
    return Sentence((*_said(agreement, operative), *bounds))


def dormant_sentence(agreement: Agreement, dormant: Dormant) -> Sentence:
    """The sentence without its boundaries, which depend on terms that have no value yet."""
    return Sentence(_said(agreement, dormant.operative))


def _said(agreement: Agreement, operative: Operative) -> tuple[Part, ...]:
    parts = tuple(_parts(agreement, operative.rule))
    return (*(parts if operative.worded is None else _worded(agreement, operative, parts)), Part((".",)))


def effect_sentence(agreement: Agreement, clause: Clause) -> Sentence | None:
    """On which optional terms the clause depends, and whether it has effect; None where it depends on none."""
    if clause.open:
        named = phrases.joined([phrases.term(agreement, name) for name in clause.open], "and")
        are = "is" if len(clause.open) == 1 else "are"
        return Sentence((Part((f"This Section\u00a0{clause.number} has no effect until ", *named, f" {are} set.")),))
    if clause.needs:
        named = phrases.joined([phrases.term(agreement, name) for name in clause.needs], "and")
        are = "is" if len(clause.needs) == 1 else "are"
        return Sentence((Part((f"This Section\u00a0{clause.number} has effect because ", *named, f" {are} set.")),))
    return None


def part_names(agreement: Agreement, rule: Rule) -> tuple[str, ...]:
    """The measurable parts of the sentence, which own wording must cite."""
    return tuple(part.name for part in _parts(agreement, rule) if part.name)


def _worded(agreement: Agreement, operative: Operative, parts: tuple[Part, ...]) -> Iterator[Part]:
    assert operative.worded is not None
    named = {part.name: part for part in parts if part.name}
    for piece in operative.worded.parts:
        match piece:
            case str():
                text = piece.replace("\n", " ")
                yield Part((text.rstrip().removesuffix(".") if piece is operative.worded.parts[-1] else text,))
            case Reference(target=Target.PART, id=name):
                yield Part(_stripped(named[name].inlines), name)
            case Reference():
                yield Part((reference_link(agreement, piece),))


def _stripped(inlines: Inlines) -> Inlines:
    first, *rest = inlines
    return (first.lstrip(" ,") if isinstance(first, str) else first, *rest)


def _parts(agreement: Agreement, rule: Rule) -> Iterator[Part]:
    match rule:
        case Keep():
            return _keep(agreement, rule)
        case Gate():
            return _gate(agreement, rule)
        case KeepAlways():
            return _keep_always(agreement, rule)
        case Cadence():
            return _cadence(agreement, rule)
        case CountEvents():
            return _count(agreement, rule)
        case Response():
            return _response(agreement, rule)
        case Precedence():
            return _precedence(agreement, rule)
        case Prohibition():
            return _prohibition(agreement, rule)
        case Permission():
            return _permission(agreement, rule)
        case Retention():
            return _retention(agreement, rule)
        case Deletion():
            return _deletion(agreement, rule)
        case Occasion():
            return _occasion(agreement, rule)
        case _:
            assert_never(rule)


def _holder(agreement: Agreement, rule: Rule, verb: str) -> Iterator[Part]:
    inlines = phrases.holder(agreement, rule.holder)
    yield Part(phrases.capital(inlines), "holder")
    yield Part((f" {verb} ",))


def _scope(rule: Rule) -> Iterator[Part]:
    """The group and environments, where the sentence has them."""
    if rule.per:
        yield Part((phrases.group(rule.per),), "group")
    if rule.environments:
        yield Part((phrases.environments(rule.environments),), "environments")


def _only(agreement: Agreement, rule: Rule) -> Iterator[Part]:
    """The time to which the sentence is limited: `during any freeze for the same environment`."""
    found = [
        (
            f"{'during' if each.open else 'outside'} any ",
            *phrases.data(agreement, each.record),
            phrases.matching(each.matching).replace(" of ", " for ", 1),
        )
        for each in rule.only
    ]
    if rule.between is not None:
        found.append(_after_until(agreement, rule.between))
    if found:
        yield Part((" ", *phrases.joined(found, "and")), "time")


def _after_until(agreement: Agreement, between: Between) -> Inlines:
    """`after a go-live until the next retirement for the same model`."""
    until = ("until the next ", *phrases.data(agreement, between.end)) if between.end else ()
    same = phrases.matching(between.matching).replace(" of ", " for ", 1)
    start = phrases.each(agreement, between.start, "any")
    return "after ", *start, *((" ", *until) if until else ()), same


def _threshold(agreement: Agreement, comparison: Comparison, threshold: Measure) -> Part:
    words = f" {comparison.value} " if comparison not in (Comparison.IS, Comparison.IS_NOT) else " exactly "
    if comparison is Comparison.IS_NOT:
        words = " other than "
    return Part((words, *measure(agreement, threshold)), "comparison")


def _keep(agreement: Agreement, rule: Keep) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{manner().verb} keep")
    yield Part(compared(agreement, rule.measure), "measure")
    yield _threshold(agreement, rule.comparison, rule.threshold)
    yield Part((" over ", *phrases.window(agreement, rule.window)), "window")
    yield from _scope(rule)
    yield from _only(agreement, rule)
    yield from _samples(rule)
    yield from _confidence(agreement, rule)


def _gate(agreement: Agreement, rule: Gate) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{manner().verb} keep")
    yield Part(compared(agreement, rule.measure), "measure")
    yield _threshold(agreement, rule.comparison, rule.threshold)
    article = "the " if rule.before.term is None else ""
    yield Part((f" over {article}", *phrases.period(agreement, rule.before), " before"), "window")
    yield Part((" ", *phrases.each(agreement, rule.event)), "event")
    yield from _scope(rule)
    if rule.matching:
        yield Part((phrases.matching(rule.matching).replace(" of ", " for ", 1),), "matching")
    yield from _only(agreement, rule)
    yield from _samples(rule)
    yield from _confidence(agreement, rule)


def _samples(rule: Keep | Gate) -> Iterator[Part]:
    if rule.minimum_samples > 1:
        count = number_text(Decimal(rule.minimum_samples))
        of_each = f" for each {phrases.dimension_text(rule.samples_each)}" if rule.samples_each else ""
        yield Part((f", measured on at least {count} samples{of_each}",), "samples")


def _confidence(agreement: Agreement, rule: Keep | Gate | Response) -> Iterator[Part]:
    if rule.confidence:
        level = phrases.value(agreement, rule.confidence)
        words = ("confidence of ", *level) if rule.confidence.term else (*level, " confidence")
        yield Part((", judged with ", *words), "confidence")


def _keep_always(agreement: Agreement, rule: KeepAlways) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{manner().verb} keep")
    yield Part(("each sample of ", *phrases.data(agreement, rule.series)), "measure")
    yield _threshold(agreement, rule.comparison, rule.threshold)
    yield Part((" at all times",), "window")
    yield from _scope(rule)
    yield from _only(agreement, rule)
    if rule.tolerance:
        words = ", except that a run of samples that miss this may last up to "
        yield Part((words, *phrases.period(agreement, rule.tolerance)), "tolerance")


def _cadence(agreement: Agreement, rule: Cadence) -> Iterator[Part]:
    yield from _holder(agreement, rule, manner().verb)
    yield Part((*phrases.action(agreement, rule.event.name), *phrases.where(agreement, rule.event.where)), "event")
    yield Part((" at least once every ", *_every(agreement, rule.every)), "period")
    if rule.start is not None:
        yield Part((" from ", *phrases.each(agreement, rule.start, "the first")), "start")
    yield from _scope(rule)
    yield from _only(agreement, rule)


def _every(agreement: Agreement, period: Period) -> Inlines:
    return (
        phrases.period(agreement, period, "")
        if period.term
        else (_bare(period), phrases.of_calendar(agreement, period))
    )


def _bare(period: Period) -> str:
    """`30 days`, but `day`."""
    return period_text(period).removeprefix("1 ") if period.amount == 1 else period_text(period)


def _count(agreement: Agreement, rule: CountEvents) -> Iterator[Part]:
    may = rule.comparison is Comparison.AT_MOST
    yield from _holder(agreement, rule, "may" if may else manner().verb)
    yield Part((*phrases.action(agreement, rule.event.name), *phrases.where(agreement, rule.event.where)), "event")
    words = "exactly" if rule.comparison is Comparison.IS else rule.comparison.value
    yield Part((f" {words} {phrases.times(rule.times)}",), "times")
    yield Part((" in ", *phrases.window(agreement, rule.window)), "window")
    yield from _scope(rule)
    yield from _only(agreement, rule)


def _response(agreement: Agreement, rule: Response) -> Iterator[Part]:
    yield from _holder(agreement, rule, manner().verb)
    if rule.role is not None:
        who = (*phrases.role(agreement, rule.role), phrases.or_senior(rule.roles))
        yield Part(("notify ", *who), "role")
    else:
        name = rule.response.name
        yield Part((*phrases.action(agreement, name), *phrases.where(agreement, rule.response.where)), "event")
    yield from _after_trigger(agreement, rule)
    if rule.share is not None:
        words = "more than" if rule.share.comparison is Comparison.ABOVE else "at least"
        share = (f", in {words} ", *phrases.value(agreement, rule.share.threshold))
        yield Part((*share, " of cases over ", *phrases.window(agreement, rule.share.window)), "share")
    if rule.minimum_samples > 1:
        yield Part((f", measured on at least {number_text(Decimal(rule.minimum_samples))} cases",), "samples")
    yield from _confidence(agreement, rule)
    yield from _by_class(agreement, rule)


def _after_trigger(agreement: Agreement, rule: Response | Deletion) -> Iterator[Part]:
    """`no later than 24 hours after each Incident (with the same incident id)`."""
    if isinstance(rule.within, Period):
        yield Part((" ", *phrases.deadline(agreement, rule.within), " after"), "period")
        yield Part((" ", *phrases.each(agreement, rule.trigger)), "trigger")
    else:
        yield Part((" after ", *phrases.each(agreement, rule.trigger)), "trigger")
    yield from _scope(rule)
    yield from _same(rule)
    if isinstance(rule, Response) and rule.whichever:
        yield Part((", or ", *_other_deadline(agreement, rule, rule.whichever)), "alternative")
    if isinstance(rule, Response) and rule.excluding:
        same = phrases.matching(excluded_on(agreement, rule)).replace(" of ", " for ", 1)
        yield Part((", leaving out the time during any ", *phrases.data(agreement, rule.excluding), same), "excluded")
    yield from _only(agreement, rule)


def excluded_on(agreement: Agreement, rule: Response) -> tuple[str, ...]:
    """The dimensions in which a record that stops the clock equals the trigger: all that both have."""
    if rule.excluding is None:
        return ()
    trigger = agreement.events[rule.trigger.name].dimensions
    return tuple(d for d in agreement.records[rule.excluding.name].dimensions if d in trigger)


def _other_deadline(agreement: Agreement, rule: Response, whichever: Whichever) -> Inlines:
    end = f", whichever is {'later' if whichever.later else 'earlier'}"
    match whichever.other:
        case AfterEvent(event=event, within=within):
            same = f" with the same {phrases.dimensions(rule.matching)}" if rule.matching else ""
            once = phrases.each(agreement, event, "the first")
            return *phrases.deadline(agreement, within), " after ", *once, same, end
        case AgreedTime(attribute=attribute):
            return f"no later than its {phrases.dimension_text(attribute)} after it", end
        case AgreedDay(day=day, term=term):
            return "no later than the end of ", *phrases.term(agreement, term), f" ({date_text(day)})", end
        case other:
            assert_never(other)


def _by_class(agreement: Agreement, rule: Response | Deletion) -> Iterator[Part]:
    """`, by its severity: no later than 4 hours after it where that is “critical”, …`"""
    if isinstance(rule.within, Period):
        return
    deadlines = [
        (*deadline, f" after it where that is {text}") for text, deadline in class_deadlines(agreement, rule.within)
    ]
    dimension = phrases.dimension_text(rule.within.dimension)
    yield Part((f", by its {dimension}: ", *phrases.joined(deadlines, "and")), "period")


def class_deadlines(agreement: Agreement, within: ByClass) -> Iterator[tuple[str, Inlines]]:
    """The classes of a table in words, each with its deadline."""
    for each in within.classes:
        texts = listed([f"“{text}”" for text in each.values], "or")
        yield texts, phrases.deadline(agreement, each.within)
    if within.otherwise is not None:
        yield "any other", phrases.deadline(agreement, within.otherwise)


def _same(rule: Response | Deletion) -> Iterator[Part]:
    if rule.matching:
        yield Part((f" (with the same {phrases.dimensions(rule.matching)})",), "matching")


def _precedence(agreement: Agreement, rule: Precedence) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{manner().verb} not")
    yield Part((*phrases.action(agreement, rule.event.name), *phrases.where(agreement, rule.event.where)), "event")
    yield from _scope(rule)
    yield from _only(agreement, rule)
    yield Part((" without ", *_required(agreement, rule)), "required")
    if rule.by:
        roles = [(*phrases.role(agreement, item.role), phrases.or_senior(item.roles)) for item in rule.by]
        yield Part((" by ", *("each of " if len(roles) > 1 else "",), *phrases.joined(roles, "and")), "roles")
    if rule.other_than_performer or rule.different_persons:
        yield Part((_persons(rule),), "persons")
    if rule.matching:
        yield Part((phrases.matching(rule.matching).replace(" of ", " for ", 1),), "matching")
    yield Part((", ", *_when(agreement, rule)), "period")


def _persons(rule: Precedence) -> str:
    """Whose act does not count, or not twice."""
    if not rule.different_persons:
        return f"{'' if rule.by else ' by someone'} other than the person who does so"
    others = " and none of them the person who does so" if rule.other_than_performer else ""
    return f", each a different person{others},"


def _required(agreement: Agreement, rule: Precedence) -> Inlines:
    return "a prior ", *phrases.data(agreement, rule.required)


def _when(agreement: Agreement, rule: Precedence) -> Inlines:
    bounds = (("at least ", rule.lead), ("no more than ", rule.within))
    found = [_bound(agreement, words, length) for words, length in bounds if length]
    return phrases.joined(found, "and") or ("given at or before that time",)


def _bound(agreement: Agreement, words: str, length: Period) -> Inlines:
    if length.unit is not PeriodUnit.BUSINESS_DAYS:
        return words, *phrases.period(agreement, length), " before it"
    if words == "at least ":
        full = (
            phrases.period(agreement, length)
            if length.term
            else (f"{number_text(Decimal(length.amount))} full ", _whole(agreement, length))
        )
        return "with at least ", *full, " between the two"
    if length.term is not None:
        return "no earlier than the start of the first day of ", *phrases.period(agreement, length), " before it"
    which = "last" if length.amount == 1 else ordinal_text(Decimal(length.amount))
    return (f"no earlier than the start of the {which} Business Day{phrases.of_calendar(agreement, length)} before it",)


def _whole(agreement: Agreement, length: Period) -> str:
    return phrases.counted(agreement, length).split(" ", 1)[1]


def _prohibition(agreement: Agreement, rule: Prohibition) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{manner().verb} not")
    yield Part((*phrases.action(agreement, rule.event.name), *phrases.where(agreement, rule.event.where)), "event")
    yield from _scope(rule)
    yield from _only(agreement, rule)


def _permission(agreement: Agreement, rule: Permission) -> Iterator[Part]:
    roles = phrases.joined([phrases.role(agreement, name) for name in rule.named], "or")
    whom = "it" if len(rule.named) == 1 else "one of them"
    senior = f" (or a role senior to {whom})" if len(rule.roles) > len(rule.named) else ""
    yield Part(("Only ", *roles, senior), "roles")
    yield Part((" may ",))
    yield Part((*phrases.action(agreement, rule.event.name), *phrases.where(agreement, rule.event.where)), "event")
    if rule.per:
        yield Part((phrases.group(rule.per),), "group")
    if rule.environments:
        yield Part((f", and only{phrases.environments(rule.environments)}",), "environments")
    yield from _only(agreement, rule)


def _retention(agreement: Agreement, rule: Retention) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{manner().verb} retain")
    yield Part(("each ", *phrases.data(agreement, rule.record)), "record")
    yield from _scope(rule)
    yield from _only(agreement, rule)
    yield Part((" for at least ", *phrases.period(agreement, rule.period), " from its beginning"), "period")


def _deletion(agreement: Agreement, rule: Deletion) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{manner().verb} delete")
    yield Part(("every ", *phrases.data(agreement, rule.record)), "record")
    yield from _after_trigger(agreement, rule)
    yield from _by_class(agreement, rule)


def _occasion(agreement: Agreement, rule: Occasion) -> Iterator[Part]:
    """`On each Incident the following applies`; of a state, when it begins or has lasted so long."""
    state = rule.trigger.source is SeriesKind.RECORD
    yield Part(("Whenever " if state else "On ",))
    yield Part(phrases.each(agreement, rule.trigger, "any" if state else "each"), "event")
    if state and rule.lasting is None:
        yield Part((" has begun",))
    if rule.lasting is not None:
        yield Part((" has lasted at least ", *phrases.period(agreement, rule.lasting)), "period")
    yield from _scope(rule)
    yield from _only(agreement, rule)
    yield Part((", the following applies",))


# --- boundaries ----------------------------------------------------------------------------------------------


def _boundaries(rule: Rule) -> Iterator[Part]:
    match rule:
        case Keep(threshold=Value() as threshold, confidence=None) | KeepAlways(threshold=threshold):
            yield _exactly(rule.comparison, threshold)
        case Precedence(within=None, lead=None):
            pass
        case Response(within=ByClass() as within) | Deletion(within=ByClass() as within):
            yield from _class_boundaries(within)
        case Response() | Deletion() | Cadence() if _working_limit(rule).working:
            yield from _working_boundaries(rule)
        case Precedence() if any(bound and bound.working for bound in (rule.lead, rule.within)):
            yield from _working_bounds(rule)
        case Response() | Deletion():
            yield Part((f" Exactly {period_text(_working_limit(rule))} after is in time.",))
        case Cadence():
            runs = "runs" if rule.every.amount == 1 else "run"
            yield Part((f" The first {_bare(rule.every)} {runs} from {_beginning(rule)}.",))
        case Precedence():
            limits = " and ".join(f"exactly {period_text(bound)}" for bound in (rule.lead, rule.within) if bound)
            yield Part((f" {limits[0].upper()}{limits[1:]} before {'are' if ' and ' in limits else 'is'} in time.",))
        case Gate():
            yield from _gate_boundaries(rule)
        case Occasion():
            yield from _occasion_boundaries(rule)
        case _:
            pass
    if isinstance(rule, Keep | CountEvents) and isinstance(rule.window, Rolling):
        ends = "hour" if rule.window.length.unit.value in ("hours", "minutes", "seconds") else "day"
        yield Part((f" This is judged at the end of each {ends}.",))
    if isinstance(rule, Response) and rule.whichever is not None:
        yield from _whichever_boundaries(rule.whichever)
    if isinstance(rule, Keep | Gate):
        yield from _comparison_boundaries(rule)
        yield from _fewer_samples(rule)
    if isinstance(rule, Keep | Gate | Response) and rule.confidence:
        yield from _confidence_boundaries(rule, rule.confidence)
    if any(period.unit in _MONTHS for period in _periods(rule)):
        yield Part((f" {MONTHS}",))


def _fewer_samples(rule: Keep | Gate) -> Iterator[Part]:
    """What becomes of a compared group with too few samples."""
    if rule.minimum_samples > 1:
        across = (part.dimension for part in parts_of(rule.measure) if isinstance(part, Across))
        for dimension in dict.fromkeys(across):
            what = f" Where a {phrases.dimension_text(dimension)} has fewer, "
            is_each = dimension == rule.samples_each
            yield Part((what + ("there is no measurement." if is_each else "it is left out of the comparison."),))


def _comparison_boundaries(rule: Keep | Gate) -> Iterator[Part]:
    """What a change or drift is measured against, where that is not there yet, and what samples are asked for."""
    parts = (part for side in (rule.measure, rule.threshold) for part in parts_of(side))
    found = [part for part in parts if isinstance(part, Change | Drift)]
    moving = [part for part in found if isinstance(part, Change) or isinstance(part.reference, TimeBefore)]
    if isinstance(rule, Gate):
        if any(isinstance(part, Change) for part in found):
            length = period_text(rule.before)
            yield Part((f" The window before is that of the {length} before those {length}.",))
    elif found:
        first = _or_group(rule) if moving else ""
        fixed = "whose reference time has not ended when it begins" if len(moving) < len(found) else ""
        earlier = f"with nothing of this Agreement’s time before it to compare with{first}" if moving else ""
        yield Part((f" A window {' or '.join(part for part in (earlier, fixed) if part)} is excused.",))
    if any(isinstance(part, Drift) for part in found):
        yield Part(
            (" The window and its reference must each have that many samples.",) if rule.minimum_samples > 1 else ()
        )


def _or_group(rule: Keep) -> str:
    """The same for what was not there before the window began."""
    if not rule.per:
        return ""
    which = phrases.dimensions(rule.per)
    return f", or in which the {which if len(rule.per) == 1 else f'combination of {which}'} first appears,"


def _confidence_boundaries(rule: Keep | Gate | Response, level: Value) -> Iterator[Part]:
    """What must lie beyond the threshold before anything is breached, and what too little data comes to."""
    few, name = "Fewer than 2 samples are", "Wilson’s score"
    match rule:
        case Response(share=CaseShare(comparison=comparison, threshold=threshold)):
            few = "A single case is"
        case (
            Keep(comparison=comparison, threshold=Value() as threshold, measure=measured)
            | Gate(comparison=comparison, threshold=Value() as threshold, measure=measured)
        ):
            name = "Student’s" if isinstance(measured, Aggregate | Elapsed) else name
        case _:
            return
    interval = f"the whole two-sided {quantity_text(level.quantity)} confidence interval ({name} interval) of the value"
    limit, beyond = quantity_text(threshold.quantity), _BEYOND[comparison]
    end = "does not meet" if comparison in (Comparison.BELOW, Comparison.ABOVE) else "meets"
    yield Part((f" This is breached only when {interval} lies {beyond} {limit}.",))
    yield Part((f" An interval that reaches exactly {limit} and no further {end} this requirement.",))
    yield Part((f" {few} no measurement.",))


_BEYOND = {
    Comparison.AT_LEAST: "below",
    Comparison.ABOVE: "at or below",
    Comparison.AT_MOST: "above",
    Comparison.BELOW: "at or above",
}


def _periods(rule: Rule) -> Iterator[Period]:
    """The periods of the sentence itself that run from an instant."""
    match rule:
        case (
            Gate(before=period)
            | Retention(period=period)
            | Cadence(every=period)
            | KeepAlways(tolerance=Period() as period)
        ):
            yield period
        case Keep(window=Rolling(length=period)) | CountEvents(window=Rolling(length=period)):
            yield period
        case Precedence():
            yield from (bound for bound in (rule.lead, rule.within) if bound)
        case Response() | Deletion():
            yield from rule.within.periods if isinstance(rule.within, ByClass) else (rule.within,)
            if isinstance(rule, Response) and rule.whichever and isinstance(rule.whichever.other, AfterEvent):
                yield rule.whichever.other.within
        case _:
            return


def _occasion_boundaries(rule: Occasion) -> Iterator[Part]:
    """How long is long enough, and whether a duty among what follows has the consequences of other breaches."""
    if rule.lasting is not None:
        yield Part((f" What has lasted exactly {period_text(rule.lasting)} has lasted long enough.",))
    if any(isinstance(each, NotifyDuty | PerformDuty) for each in rule.remedies):
        yield Part((" A breach of a duty below has only the consequences that stand with it.",))


def _time_boundaries(agreement: Agreement, rule: Rule) -> Iterator[Part]:
    """When a record to which the sentence is limited begins and ends, and what counts in a measure."""
    for record in dict.fromkeys(agreement.records[each.record.name].title for each in rule.only):
        yield Part((f" Each {record} lasts from its beginning up to, but not including, its end.",))
    if rule.between is not None:
        if rule.between.end is None:
            yield Part((" That time begins at its very instant.",))
        else:
            yield Part((" That time begins at the instant of the former and ends immediately before the latter.",))
    if isinstance(rule, Cadence) and has_runs(rule):
        yield Part((" Times that overlap or adjoin are one.",))
    if (rule.only or rule.between) and isinstance(rule, Keep | KeepAlways):
        yield Part((" Only what is recorded in that time is measured.",))


def _gate_boundaries(rule: Gate) -> Iterator[Part]:
    """What of the period counts, and whose environment is meant."""
    if isinstance(rule.threshold, Value) and not rule.confidence:
        yield _exactly(rule.comparison, rule.threshold)
    event = phrases.dimension_text(rule.event.name)
    if rule.environments:
        yield Part((f" The environment is that of the {event}.",))
    within = f" What was recorded exactly {period_text(rule.before)} before the {event} counts;"
    yield Part((f"{within} what was recorded at its very time does not.",))


def _working_limit(rule: Response | Deletion | Cadence) -> Period:
    limit = rule.every if isinstance(rule, Cadence) else rule.within
    assert isinstance(limit, Period), "tables of classes have sentences of their own"
    return limit


def _class_boundaries(within: ByClass) -> Iterator[Part]:
    """What is still in time for each class, and what becomes of others."""
    plain = [period_text(each) for each in within.periods if each.unit is not PeriodUnit.BUSINESS_DAYS]
    if plain:
        exact = listed(list(dict.fromkeys(plain)))
        yield Part((f" Exactly {exact} after {'is' if len(set(plain)) == 1 else 'are each'} in time.",))
    units = {each.unit for each in within.periods}
    if PeriodUnit.BUSINESS_HOURS in units:
        yield Part((" Of Business Hours, only time within those hours counts.",))
    if PeriodUnit.BUSINESS_DAYS in units:
        words = "Of Business Days, the day of that occurrence does not count, and the whole of the last is in time."
        yield Part((f" {words}",))
    if within.otherwise is None:
        dimension = phrases.dimension_text(within.dimension)
        yield Part((f" No deadline is set for any other {dimension}: such a case is unmeasured.",))


def _whichever_boundaries(whichever: Whichever) -> Iterator[Part]:
    """What of the other deadline is in time, and what holds while there is none."""
    match whichever.other:
        case AfterEvent(within=within):
            limit = f"exactly {period_text(within)} after it is in time"
            if within.unit is PeriodUnit.BUSINESS_DAYS:
                limit = "its day does not count, and the whole of the last day is in time"
            elif within.unit is PeriodUnit.BUSINESS_HOURS:
                limit = f"only time within those hours counts, and {limit}"
            none = "the later time has not come" if whichever.later else "the other alone counts"
            yield Part((f" After the latter occurrence, {limit}; while there is none, {none}.",))
        case AgreedTime():
            yield Part((" Where it states none, the other alone counts.",))
        case AgreedDay():
            yield Part((" The whole of that day is in time.",))
        case other:
            assert_never(other)


def _stop_boundaries(agreement: Agreement, rule: Rule) -> Iterator[Part]:
    """From when until when the clock of a deadline stands still, and what a day is where it can."""
    if not isinstance(rule, Response) or rule.excluding is None:
        return
    title = agreement.records[rule.excluding.name].title
    if any(period.unit in (PeriodUnit.DAYS, PeriodUnit.WEEKS) for period in _periods(rule)):
        yield Part((" A day is counted as 24 hours.",))
    stands = f" The clock stands still from the beginning of a {title} up to, but not including, its end"
    yield Part((f"{stands}; overlapping ones count once.",))


def _start_of_text(rule: Rule) -> str:
    """When the text begins to hold: where an amendment made this text, with the day from which it is in force."""
    return "the start of this Agreement" if rule.effective is None else f"the start of {date_text(rule.effective)}"


def _working_boundaries(rule: Response | Deletion | Cadence) -> Iterator[Part]:
    """What of working time a deadline counts, and what is still in time."""
    limit = _working_limit(rule)
    if isinstance(rule, Cadence):
        yield Part((f" The first interval begins at {_beginning(rule)}.",))
    if limit.unit is PeriodUnit.BUSINESS_HOURS:
        yield Part((f" Only time within those hours counts; exactly {period_text(limit)} after is in time.",))
        return
    first = "on which an interval begins" if isinstance(rule, Cadence) else "of that occurrence"
    which = "" if limit.amount == 1 else f"{ordinal_text(Decimal(limit.amount))} "
    yield Part((f" The day {first} does not count, and the whole of the {which}Business Day after it is in time.",))


def _working_bounds(rule: Precedence) -> Iterator[Part]:
    """The same for what must come before."""
    for bound, is_lead in ((rule.lead, True), (rule.within, False)):
        if bound is None:
            continue
        match bound.unit:
            case PeriodUnit.BUSINESS_DAYS if is_lead:
                yield Part((" Neither the day of the one nor the day of the other counts among them.",))
            case PeriodUnit.BUSINESS_DAYS:
                yield Part((" The whole of that Business Day is in time.",))
            case PeriodUnit.BUSINESS_HOURS:
                yield Part((f" Only time within those hours counts; exactly {period_text(bound)} before is in time.",))
            case _:
                yield Part((f" Exactly {period_text(bound)} before is in time.",))


def _tenure(agreement: Agreement, rule: Rule) -> Iterator[Part]:
    """When a person has a role, where it is persons who act."""
    match rule:
        case Permission(event=acting) | Precedence(required=acting, by=(_, *_)) | Response(response=acting, role=str()):
            if agreement.events[acting.name].actor is not None:
                what = "notice" if isinstance(rule, Response) else phrases.dimension_text(acting.name)
                whose = "who is told" if isinstance(rule, Response) else "who acts"
                yield Part((f" The person {whose} must hold the role at the time of the {what}:",))
                yield Part((" from the first instant of the tenure up to, but not including, its end.",))
        case _:
            pass


def _beginning(rule: Cadence) -> str:
    """From when the first interval runs: nothing earlier than the agreement, the group, or the event that starts it."""
    which = phrases.dimensions(rule.per)
    what = which if len(rule.per) == 1 else f"combination of {which}"
    seen = f"the time the {what} first appears"
    if rule.start is None and not has_runs(rule):
        return f"{_start_of_text(rule)}{f', or from {seen}, if later' if rule.per else ''}"
    others = _start_of_text(rule) + (f" or {seen}" if rule.per else "")
    if has_runs(rule):
        return f"the beginning of that time, or from {others}, if later; nothing is due at its end or after it"
    return f"that occurrence, or from {others}, if later; before it, nothing is due"


def _exactly(comparison: Comparison, threshold: Value) -> Part:
    """What a value at the very threshold comes to."""
    shown = quantity_text(threshold.quantity)
    if comparison in (Comparison.AT_LEAST, Comparison.AT_MOST):
        return Part((f" A value of exactly {shown} meets this requirement.",))
    if comparison in (Comparison.BELOW, Comparison.ABOVE):
        return Part((f" A value of exactly {shown} does not meet this requirement.",))
    return Part(())


def exemption_sentence(agreement: Agreement, exemption: Exemption) -> Sentence:
    """What does not count: `Time under planned maintenance does not count.`"""
    match exemption:
        case During(record=record):
            return Sentence((Part(("What happens during any ", *phrases.data(agreement, record), " does not count.")),))
        case Where(condition=condition):
            words = phrases.condition_inlines(agreement, condition)
            return Sentence((Part(("What is recorded where ", *words, " does not count.")),))


MISSING_EXCUSED = "Where too little or no data was recorded for a window, that window is excused."


def waiver_sentence(agreement: Agreement, clause: Clause) -> Sentence:
    """Who alone may waive a breach of a clause, and until when a waiver lasts."""
    roles = phrases.joined([phrases.role(agreement, name) for name in clause.waivers], "or")
    whom = "it" if len(clause.waivers) == 1 else "one of them"
    above = any(role.above in clause.waivers for role in agreement.roles.values())
    senior = f" (or a role senior to {whom})" if above else ""
    lasts = "A waiver lasts from its beginning up to, but not including, its end"
    zone = f", in the time zone {agreement.timezone}."
    return Sentence((Part(("Only ", *roles, senior, f" may waive a breach of this Section. {lasts}{zone}")),))


def survival_sentence(agreement: Agreement, survival: Survival) -> Sentence:
    """For how long a clause goes on after the end of the agreement, and until when exactly."""
    opening = "This Section survives the end of this Agreement"
    if survival.period is None:
        return Sentence((Part((f"{opening} without a limit of time.",)),))
    lasts = (f"{opening} and applies for ", *phrases.period(agreement, survival.period), " after it,")
    until = f" up to, but not including, the instant exactly {period_text(survival.period)} after."
    months = f" {MONTHS}" if survival.period.unit in _MONTHS else ""
    return Sentence((Part((*lasts, until, months)),))
