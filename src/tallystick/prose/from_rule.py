"""Each rule writes its own sentence. What is measurable stands in a named part; boundaries get a sentence of their own."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import assert_never

from tallystick.model.agreement import Agreement, Operative, Reference, Target
from tallystick.prose import phrases
from tallystick.prose.from_measure import measure
from tallystick.prose.phrases import Inlines
from tallystick.prose.quantity import number_text, ordinal_text, period_text, quantity_text
from tallystick.prose.references import reference_link
from tallystick.prose.sentence import Part, Sentence
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.measure import Comparison, Measure, Value
from tallystick.rules.rule import (
    Cadence,
    CountEvents,
    Deletion,
    During,
    Exemption,
    Gate,
    Keep,
    KeepAlways,
    Permission,
    Precedence,
    Prohibition,
    Response,
    Retention,
    Rolling,
    Rule,
    Where,
)

OBLIGATION = "shall"


def rule_sentence(agreement: Agreement, operative: Operative) -> Sentence:
    """The sentence of a rule: the drafter's wording where there is one, with every boundary said after it."""
    parts = tuple(_parts(agreement, operative.rule))
    if operative.worded is not None:
        parts = (*_worded(agreement, operative, parts), Part((".",)))
    else:
        parts = (*parts, Part((".",)))
    return Sentence((*parts, *_boundaries(operative.rule)))


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
    if found:
        yield Part((" ", *phrases.joined(found, "and")), "time")


def _threshold(agreement: Agreement, comparison: Comparison, threshold: Measure) -> Part:
    words = f" {comparison.value} " if comparison not in (Comparison.IS, Comparison.IS_NOT) else " exactly "
    if comparison is Comparison.IS_NOT:
        words = " other than "
    return Part((words, *measure(agreement, threshold)), "comparison")


def _keep(agreement: Agreement, rule: Keep) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{OBLIGATION} keep")
    yield Part(measure(agreement, rule.measure), "measure")
    yield _threshold(agreement, rule.comparison, rule.threshold)
    yield Part((" over ", *phrases.window(agreement, rule.window)), "window")
    yield from _scope(rule)
    yield from _only(agreement, rule)
    if rule.minimum_samples > 1:
        count = number_text(Decimal(rule.minimum_samples))
        yield Part((f", measured on at least {count} samples",), "samples")


def _gate(agreement: Agreement, rule: Gate) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{OBLIGATION} keep")
    yield Part(measure(agreement, rule.measure), "measure")
    yield _threshold(agreement, rule.comparison, rule.threshold)
    article = "the " if rule.before.term is None else ""
    yield Part((f" over {article}", *phrases.period(agreement, rule.before), " before"), "window")
    yield Part((" ", *phrases.each(agreement, rule.event)), "event")
    yield from _scope(rule)
    if rule.matching:
        yield Part((phrases.matching(rule.matching).replace(" of ", " for ", 1),), "matching")
    yield from _only(agreement, rule)
    if rule.minimum_samples > 1:
        count = number_text(Decimal(rule.minimum_samples))
        yield Part((f", measured on at least {count} samples",), "samples")


def _keep_always(agreement: Agreement, rule: KeepAlways) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{OBLIGATION} keep")
    yield Part(("each sample of ", *phrases.data(agreement, rule.series)), "measure")
    yield _threshold(agreement, rule.comparison, rule.threshold)
    yield Part((" at all times",), "window")
    yield from _scope(rule)
    yield from _only(agreement, rule)
    if rule.tolerance:
        words = ", except that a run of samples that miss this may last up to "
        yield Part((words, *phrases.period(agreement, rule.tolerance)), "tolerance")


def _cadence(agreement: Agreement, rule: Cadence) -> Iterator[Part]:
    yield from _holder(agreement, rule, OBLIGATION)
    yield Part((*phrases.action(agreement, rule.event.name), *phrases.where(agreement, rule.event.where)), "event")
    yield Part((" at least once every ", *_every(agreement, rule.every)), "period")
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
    yield from _holder(agreement, rule, "may" if may else OBLIGATION)
    yield Part((*phrases.action(agreement, rule.event.name), *phrases.where(agreement, rule.event.where)), "event")
    words = "exactly" if rule.comparison is Comparison.IS else rule.comparison.value
    yield Part((f" {words} {phrases.times(rule.times)}",), "times")
    yield Part((" in ", *phrases.window(agreement, rule.window)), "window")
    yield from _scope(rule)
    yield from _only(agreement, rule)


def _response(agreement: Agreement, rule: Response) -> Iterator[Part]:
    yield from _holder(agreement, rule, OBLIGATION)
    if rule.role is not None:
        who = (*phrases.role(agreement, rule.role), phrases.or_senior(rule.roles))
        yield Part(("notify ", *who), "role")
    else:
        name = rule.response.name
        yield Part((*phrases.action(agreement, name), *phrases.where(agreement, rule.response.where)), "event")
    yield Part((" ", *phrases.deadline(agreement, rule.within), " after"), "period")
    yield Part((" ", *phrases.each(agreement, rule.trigger)), "trigger")
    yield from _scope(rule)
    yield from _same(rule)
    yield from _only(agreement, rule)
    if rule.share is not None:
        words = "more than" if rule.share.comparison is Comparison.ABOVE else "at least"
        share = (f", in {words} ", *phrases.value(agreement, rule.share.threshold))
        yield Part((*share, " of cases over ", *phrases.window(agreement, rule.share.window)), "share")
    if rule.minimum_samples > 1:
        yield Part((f", measured on at least {number_text(Decimal(rule.minimum_samples))} cases",), "samples")


def _same(rule: Response | Deletion) -> Iterator[Part]:
    if rule.matching:
        yield Part((f" (with the same {phrases.dimensions(rule.matching)})",), "matching")


def _precedence(agreement: Agreement, rule: Precedence) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{OBLIGATION} not")
    yield Part((*phrases.action(agreement, rule.event.name), *phrases.where(agreement, rule.event.where)), "event")
    yield from _scope(rule)
    yield from _only(agreement, rule)
    yield Part((" without ", *_required(agreement, rule)), "required")
    if rule.by:
        roles = [(*phrases.role(agreement, item.role), phrases.or_senior(item.roles)) for item in rule.by]
        yield Part((" by ", *("each of " if len(roles) > 1 else "",), *phrases.joined(roles, "and")), "roles")
    if rule.matching:
        yield Part((phrases.matching(rule.matching).replace(" of ", " for ", 1),), "matching")
    yield Part((", ", *_when(agreement, rule)), "period")


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
    yield from _holder(agreement, rule, f"{OBLIGATION} not")
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
    yield from _holder(agreement, rule, f"{OBLIGATION} retain")
    yield Part(("each ", *phrases.data(agreement, rule.record)), "record")
    yield from _scope(rule)
    yield from _only(agreement, rule)
    yield Part((" for at least ", *phrases.period(agreement, rule.period), " from its beginning"), "period")


def _deletion(agreement: Agreement, rule: Deletion) -> Iterator[Part]:
    yield from _holder(agreement, rule, f"{OBLIGATION} delete")
    yield Part(("every ", *phrases.data(agreement, rule.record)), "record")
    yield Part((" ", *phrases.deadline(agreement, rule.within), " after "), "period")
    yield Part(phrases.each(agreement, rule.trigger), "trigger")
    yield from _scope(rule)
    yield from _same(rule)
    yield from _only(agreement, rule)


# --- boundaries ----------------------------------------------------------------------------------------------


def _boundaries(rule: Rule) -> Iterator[Part]:
    match rule:
        case Keep(threshold=Value() as threshold) | KeepAlways(threshold=threshold):
            yield _exactly(rule.comparison, threshold)
        case Precedence(within=None, lead=None):
            pass
        case Response() | Deletion() | Cadence() if _working_limit(rule).working:
            yield from _working_boundaries(rule)
        case Precedence() if any(bound and bound.working for bound in (rule.lead, rule.within)):
            yield from _working_bounds(rule)
        case Response() | Deletion():
            yield Part((f" Exactly {period_text(rule.within)} after is in time.",))
        case Cadence():
            runs = "runs" if rule.every.amount == 1 else "run"
            start = f"the start of this Agreement{_or_first_seen(rule)}"
            yield Part((f" The first {_bare(rule.every)} {runs} from {start}.",))
        case Precedence():
            limits = " and ".join(f"exactly {period_text(bound)}" for bound in (rule.lead, rule.within) if bound)
            yield Part((f" {limits[0].upper()}{limits[1:]} before {'are' if ' and ' in limits else 'is'} in time.",))
        case Gate():
            yield from _gate_boundaries(rule)
        case _:
            pass
    if isinstance(rule, Keep | CountEvents) and isinstance(rule.window, Rolling):
        ends = "hour" if rule.window.length.unit.value in ("hours", "minutes", "seconds") else "day"
        yield Part((f" This is judged at the end of each {ends}.",))
    yield from _time_boundaries(rule)


def _time_boundaries(rule: Rule) -> Iterator[Part]:
    """When a record to which the sentence is limited begins and ends, and what counts in a measure."""
    for record in dict.fromkeys(phrases.dimension_text(each.record.name) for each in rule.only):
        yield Part((f" Each {record} lasts from its beginning up to, but not including, its end.",))
    if rule.only and isinstance(rule, Keep | KeepAlways):
        yield Part((" Only what is recorded in that time is measured.",))


def _gate_boundaries(rule: Gate) -> Iterator[Part]:
    """What of the period counts, and whose environment is meant."""
    if isinstance(rule.threshold, Value):
        yield _exactly(rule.comparison, rule.threshold)
    event = phrases.dimension_text(rule.event.name)
    if rule.environments:
        yield Part((f" The environment is that of the {event}.",))
    within = f" What was recorded exactly {period_text(rule.before)} before the {event} counts;"
    yield Part((f"{within} what was recorded at its very time does not.",))


def _working_limit(rule: Response | Deletion | Cadence) -> Period:
    return rule.every if isinstance(rule, Cadence) else rule.within


def _working_boundaries(rule: Response | Deletion | Cadence) -> Iterator[Part]:
    """What of working time a deadline counts, and what is still in time."""
    limit = _working_limit(rule)
    if isinstance(rule, Cadence):
        start = f"the start of this Agreement{_or_first_seen(rule)}"
        yield Part((f" The first interval begins at {start}.",))
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


def _or_first_seen(rule: Rule) -> str:
    if not rule.per:
        return ""
    which = phrases.dimensions(rule.per)
    what = which if len(rule.per) == 1 else f"combination of {which}"
    return f", or from the time the {what} first appears, if later"


def _exactly(comparison: Comparison, threshold: Value) -> Part:
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
            return Sentence((Part(("What happens during ", *phrases.data(agreement, record), " does not count.")),))
        case Where(condition=condition):
            words = phrases.condition_inlines(agreement, condition)
            return Sentence((Part(("What is recorded where ", *words, " does not count.")),))


MISSING_EXCUSED = "Where too little or no data was recorded for a window, that window is excused."
