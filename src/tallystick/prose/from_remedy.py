"""Consequences in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from tallystick.model.agreement import Agreement
from tallystick.prose import phrases
from tallystick.prose.from_measure import measure
from tallystick.prose.manner import manner
from tallystick.prose.phrases import Inlines
from tallystick.prose.quantity import money_text, ordinal_text, period_text
from tallystick.prose.sentence import Part, Sentence
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.measure import Aggregate, Function, Series, SeriesKind, Value
from tallystick.rules.rule import (
    Amount,
    Block,
    CalculatedAmount,
    Cap,
    Charged,
    Computation,
    Credit,
    Cure,
    DayCount,
    Delay,
    Deletion,
    Escalate,
    Formula,
    Highest,
    Interest,
    NotifyDuty,
    Observed,
    Occasion,
    PerformDuty,
    Refund,
    Remedy,
    Repeated,
    Response,
    Right,
    Rule,
    Terminate,
    formula_parts,
    has_deadline,
)


@dataclass(frozen=True)
class Ground:
    """What consequences follow from, in words: the instant from which time runs, for what each is given, and what
    counts together. `rules` are those that are breached, where they are those of one clause.
    """

    since: Inlines
    each: Inlines
    scope: str
    rules: Sequence[Rule] = ()
    of_all: bool = False
    of_duty: bool = False
    state: bool = False

    @property
    def breach(self) -> bool:
        """Whether it is a breach."""
        return bool(self.rules) or self.of_all or self.of_duty


def of_clause(rules: Sequence[Rule]) -> Ground:
    """A breach of a clause with these rules."""
    breached = tuple(rule for rule in rules if not isinstance(rule, Occasion))
    return Ground(("the breach",), ("each breach",), "this Section", breached)


OF_ALL = Ground(("the breach",), ("each breach",), "this Agreement", of_all=True)
"""A breach of any clause."""

OF_DUTY = Ground(("the breach of this duty",), ("each breach of this duty",), "this duty", of_duty=True)
"""A breach of a duty that follows from something else."""


def of_occasion(agreement: Agreement, rule: Occasion) -> Ground:
    """Something that happens, begins, or has lasted so long."""
    data, once = phrases.data(agreement, rule.trigger.model_copy(update={"where": None})), rule.trigger.name
    if once == "termination" and rule.trigger.source is SeriesKind.EVENT:
        return Ground(data, data, "this paragraph")
    since: Inlines = ("the ", *data)
    if rule.lasting is not None:
        since = ("the instant at which ", *since, " has lasted ", *phrases.period(agreement, rule.lasting))
    elif rule.trigger.source is SeriesKind.RECORD:
        since = ("the beginning of the ", *data)
    state = rule.trigger.source is SeriesKind.RECORD
    such = "each " if rule.lasting is None and rule.trigger.where is None else "each such "
    return Ground(since, (such, *data), "this paragraph", state=state)


def remedy_sentence(agreement: Agreement, remedy: Remedy, ground: Ground) -> Sentence:
    """The sentence of a consequence, which follows from a ground. What follows a duty in turn is not part of it."""
    return Sentence((Part((*_inlines(agreement, remedy, ground), ".")),))


def remedy_sentences(
    agreement: Agreement, remedies: Sequence[Remedy], ground: Ground, depth: int = 0
) -> Iterator[tuple[int, Sentence]]:
    """The sentences of consequences, one further in for each duty whose breach they follow from."""
    for remedy in remedies:
        yield depth, remedy_sentence(agreement, remedy, ground)
        if isinstance(remedy, NotifyDuty | PerformDuty):
            yield from remedy_sentences(agreement, remedy.remedies, OF_DUTY, depth + 1)


def _inlines(agreement: Agreement, remedy: Remedy, ground: Ground) -> Inlines:
    match remedy:
        case NotifyDuty(holder=holder, role=role, roles=roles, within=within):
            whom = (*phrases.role(agreement, role), phrases.or_senior(roles))
            return (
                *phrases.capital(phrases.holder(agreement, holder)),
                f" {manner().verb} notify ",
                *whom,
                *_deadline(agreement, within, ground),
            )
        case PerformDuty(holder=holder, event=event, within=within):
            doing = phrases.action(agreement, event)
            who = ("someone, no matter who,",) if holder is None else phrases.holder(agreement, holder)
            return (
                *phrases.capital(who),
                f" {manner().verb} ",
                *doing,
                *_deadline(agreement, within, ground),
            )
        case Credit():
            return (*_credit(agreement, remedy, ground), *_payable(agreement, remedy, ground))
        case Cap(amount=money):
            limit = amount(agreement, money)
            return (
                f"Service credits under {ground.scope} {manner().verb} not exceed ",
                *limit,
                *cap_span(agreement, remedy),
                *_worked_out(agreement, (money,)),
            )
        case Highest(each=each, per=per):
            which = f"of the service credits under {ground.scope} that belong to the same {phrases.calendar_text(each)}"
            group = f" and are for the same {phrases.dimensions(per)}" if per else ""
            rest = ", only the highest is payable to a party; of equal ones, the one of the earliest breach"
            return phrases.capital((which, group, rest))
        case Cure(within=within):
            late = "; doing it late cures it, too" if ground.of_duty else ""
            if within.unit is PeriodUnit.BUSINESS_DAYS:
                return "A breach may be cured until the end of ", *phrases.day(agreement, within), f" after it{late}"
            return "A breach may be cured within ", *phrases.period(agreement, within), f" after it{late}"
        case Escalate(role=role, after=after):
            made_good = "neither cured nor made good" if ground.of_duty else "not cured"
            by: Inlines = ("within ", *phrases.period(agreement, after))
            if after.unit is PeriodUnit.BUSINESS_DAYS:
                by = ("by the end of ", *phrases.day(agreement, after), " after it")
            return f"A breach that is {made_good} ", *by, " goes up to ", *phrases.role(agreement, role)
        case Terminate(party=party):
            who = phrases.capital(phrases.holder(agreement, party))
            if remedy.at_once:
                last = _last_day(agreement, remedy.exercisable, ground)
                return *who, " may terminate this Agreement on ", *ground.each, *last
            once = termination_ground(agreement, remedy, ground)
            counting, last = _counting(agreement, remedy), _exercisable(agreement, remedy.exercisable)
            return *who, " may terminate this Agreement once ", *once, *counting, *last
        case Block(event=event, environments=environments):
            doing = (*phrases.action(agreement, event), phrases.environments(environments), _same_group(ground.rules))
            return (*blocked_time(agreement, remedy, ground), ", no one may ", *doing)
        case Right(holder=holder, event=event):
            who = phrases.holder(agreement, holder)
            return (
                *right_time(agreement, remedy, ground),
                ", ",
                *who,
                " may ",
                *phrases.action(agreement, event),
                _same_group(ground.rules),
            )
        case Interest():
            return _interest(agreement, remedy, ground)
        case Refund():
            return _refund(agreement, remedy, ground)
        case _:
            assert_never(remedy)


def sum_of(agreement: Agreement, remedy: Interest | Refund) -> Inlines:
    """The sum that bears interest or is given back: `USD 1,000`, or `the amount of the Invoice`."""
    if remedy.amount is not None:
        return amount(agreement, remedy.amount)
    assert remedy.of is not None
    data = phrases.data(agreement, Series(source=remedy.of.source, name=remedy.of.name))
    return f"the {phrases.dimension_text(remedy.of.attribute)} of the ", *data


def interest_terms(agreement: Agreement, remedy: Interest) -> Inlines:
    """`1.5% per month, simple, counted in actual days of a year of 365`."""
    how = "simple" if remedy.compounded is None else f"compounded {_OFTEN[remedy.compounded.unit]}"
    return *phrases.value(agreement, remedy.rate), f" per {remedy.per}, {how}, {remedy.counting.value}"


_OFTEN = {
    PeriodUnit.DAYS: "daily",
    PeriodUnit.MONTHS: "monthly",
    PeriodUnit.QUARTERS: "quarterly",
    PeriodUnit.YEARS: "yearly",
}


def interest_end(remedy: Interest) -> str:
    """Until when interest accrues."""
    return "it is cured" if remedy.ends == "cured" else "what was due is done"


def _interest(agreement: Agreement, remedy: Interest, ground: Ground) -> Inlines:
    since: Inlines = ground.since
    if remedy.begins == "case":
        triggers = [rule.trigger for rule in ground.rules if isinstance(rule, Response | Deletion)]
        since = phrases.joined([("the ", *phrases.data(agreement, each)) for each in dict.fromkeys(triggers)], "or")
    owed = (*phrases.value(agreement, remedy.rate), f" per {remedy.per} on ", *sum_of(agreement, remedy))
    who = phrases.capital(phrases.holder(agreement, remedy.party))
    year = "30 days a month" if remedy.counting is DayCount.THIRTY_360 else "actual days"
    days = f". Days are counted {remedy.counting.value}: {year}, of a year of {remedy.counting.year} days"
    times = {
        "year": "",
        "month": "; a rate per month counts 12 times a year",
        "day": "; a rate per day counts for each day",
    }
    ends = "; the day on which it begins does not count, the day on which it ends does"
    if remedy.compounded is None:
        bears = ". It is simple: interest bears no interest"
    else:
        each = "day" if remedy.compounded.unit is PeriodUnit.DAYS else remedy.compounded.unit.value.removesuffix("s")
        bears = f". It is compounded: at the end of each {each} counted from that day, interest bears interest, too"
    once = ". The sum is rounded once"
    accrues = (
        " is entitled to interest at ",
        *owed,
        " for ",
        *ground.each,
        ", from ",
        *since,
        f" until {interest_end(remedy)}",
    )
    return *who, *accrues, f"{days}{times[remedy.per]}{ends}{bears}{once}"


def paid_for(agreement: Agreement, remedy: Refund) -> Inlines:
    """`the term of this Agreement`, `each calendar month`, or a period counted from its beginning."""
    if remedy.each is not None:
        return (f"each {phrases.calendar_text(remedy.each)}",)
    if remedy.every is not None:
        return "each ", *phrases.period(agreement, remedy.every, ""), " counted from the start of this Agreement"
    return ("the whole term of this Agreement",)


def _refund(agreement: Agreement, remedy: Refund, ground: Ground) -> Inlines:
    who = phrases.capital(phrases.holder(agreement, remedy.party))
    back = (*sum_of(agreement, remedy), " on ", *ground.each)
    if remedy.by is None:
        return *who, " is entitled to a refund of ", *back
    share = (
        ", paid for ",
        *paid_for(agreement, remedy),
        f", prorated by {remedy.by}: the same part of it for each {remedy.by}",
    )
    begun = f" of that period that begins at or after that instant. A {remedy.by} that has begun is used up"
    return *who, " is entitled to a refund of the unused part of ", *back, *share, begun


def blocked_time(agreement: Agreement, remedy: Block, ground: Ground) -> Inlines:
    """From when until when something is blocked."""
    return _from_to(agreement, remedy.lasting, ground, "up to")


def right_time(agreement: Agreement, remedy: Right, ground: Ground) -> Inlines:
    """From when until when a right lasts."""
    return _from_to(agreement, remedy.within, ground, "up to and including", ", what was due is done")


def _from_to(agreement: Agreement, lasting: Period | None, ground: Ground, up_to: str, done: str = "") -> Inlines:
    """`From the breach until it is cured or this requirement is met again, but no longer than 30 days`."""
    if ground.of_duty:
        ends = " until it is cured or the duty is done"
    elif ground.breach:
        late = done if ground.of_all or any(map(has_deadline, ground.rules)) else ""
        ends = f" until it is cured{late} or this requirement is met again"
    else:
        ends = " until its end" if ground.state else ""
    if lasting is None:
        return "From ", *ground.since, ends
    limit = (*phrases.period(agreement, lasting), " after it")
    return "From ", *ground.since, ends, ", and in any case no longer than " if ends else f" {up_to} ", *limit


def _same_group(rules: Sequence[Rule]) -> str:
    """`for the same model`, where every rule of the clause is judged for each model."""
    groups = {rule.per for rule in rules}
    return phrases.group(groups.pop()).replace("for each", "for the same", 1) if len(groups) == 1 else ""


def termination_ground(agreement: Agreement, remedy: Terminate, ground: Ground) -> Inlines:
    """When the right arises: `3 breaches of this Section fall within any 6 months`."""
    count = remedy.count
    kind = "uncured breach" if remedy.uncured else "breach"
    noun, verb = (kind, "falls") if count == 1 else (f"{kind}es", "fall")
    of = " of one Section" if ground.of_all else f" of {ground.scope}"
    if remedy.spans is not None:
        number, unit = remedy.spans.number, phrases.calendar_text(remedy.spans.each)
        has = f"{count:,} of any {number:,} consecutive {unit}s {'has' if count == 1 else 'have'}"
        return (f"at least {has} at least one {kind}{of}",)
    if remedy.within is None:
        judged = "; those that are excused or unmeasured neither count nor interrupt"
        windows = "windows (or cases) in a row of the same requirement and group"
        cured = " and not cured in time" if remedy.uncured else ""
        return (f"{count:,} judged {windows}{of} are breached{cured}{judged}",)
    of = "" if ground.of_all else of
    return f"{count:,} {noun}{of} {verb} within any ", *phrases.period(agreement, remedy.within, "")


def _counting(agreement: Agreement, remedy: Terminate) -> Inlines:
    """From when a breach counts, where that is not its own instant."""
    cured = "the end of the time in which it could be cured" if remedy.uncured else ""
    if remedy.notified is None:
        return (f". A breach counts from {cured}",) if cured else ()
    within = (*phrases.period(agreement, remedy.notified.within), " after it")
    notice = (". A breach counts only if notice of it is given to another party no later than ", *within)
    since = f"that notice, or from {cured} if later" if cured else "that notice"
    return *notice, f" (exactly {period_text(remedy.notified.within)} after is in time), and from {since}"


def _exercisable(agreement: Agreement, within: Period | None) -> Inlines:
    if within is None:
        return ()
    limit = phrases.period(agreement, within)
    exactly = f" after it arises (exactly {period_text(within)} after is in time)"
    again = f"{exactly}; then it lapses, until a later breach gives rise to it again"
    return ". The right may be exercised no later than ", *limit, again


def cap_span(agreement: Agreement, cap: Cap) -> Inlines:
    """` in each calendar month`, or the rolling period, or the term."""
    if cap.each is not None:
        return (f" in each {phrases.calendar_text(cap.each)}",)
    if cap.rolling is None:
        return (" over the whole term of this Agreement",)
    return " in any ", *phrases.period(agreement, cap.rolling, ""), " that end with the day of a credit"


def _last_day(agreement: Agreement, within: Period | None, ground: Ground) -> Inlines:
    """The last instant of a right that arises at each ground."""
    if within is None:
        return ()
    limit = (
        ", no later than ",
        *phrases.period(agreement, within),
        " after ",
        *(("it",) if ground.breach else ground.since),
    )
    return (*limit, f"; exactly {period_text(within)} after is in time")


def _deadline(agreement: Agreement, within: Period, ground: Ground) -> Inlines:
    return " ", *phrases.deadline(agreement, within), " after ", *ground.since


def _payable(agreement: Agreement, remedy: Credit, ground: Ground) -> Inlines:
    """What else a credit needs to be payable."""
    found: Inlines = _worked_out(agreement, (remedy.amount, *(tier.amount for tier in remedy.tiers)))
    if remedy.minimum is not None:
        least = amount(agreement, remedy.minimum)
        found = (*found, ". What comes to less than ", *least, ", after any cap, is not payable; exactly that is")
    if remedy.claim_within is not None:
        limit = phrases.deadline(agreement, remedy.claim_within)
        breach = ("the breach that completes the number",) if remedy.counted is not None else ground.since
        exactly = f"; exactly {period_text(remedy.claim_within)} after is in time"
        late = (" after ", *breach, "" if remedy.claim_within.unit is PeriodUnit.BUSINESS_DAYS else exactly)
        found = (*found, ". It is payable only if claimed ", *limit, *late)
    return found


def _formula(agreement: Agreement, formula: Formula) -> Inlines:
    match formula:
        case Value():
            return phrases.value(agreement, formula)
        case Observed(what=what):
            return (f"the {what}",)
        case Charged(of=of, each=each):
            total = measure(agreement, Aggregate(function=Function.SUM, of=of))
            when = "" if each is None else f" in the {phrases.calendar_text(each)} to which the breach belongs"
            return *total, when
        case Computation(operator=operator, left=left, right=right):
            words = phrases.operator_words(operator, left)
            return *_side(agreement, left), f" {words} ", *_side(agreement, right)
        case _:
            assert_never(formula)


def _side(agreement: Agreement, formula: Formula) -> Inlines:
    words = _formula(agreement, formula)
    return ("(", *words, ")") if isinstance(formula, Computation) else words


def _worked_out(agreement: Agreement, amounts: Sequence[Amount | CalculatedAmount | None]) -> Inlines:
    """What the words of the formulas mean, and how what they come to is rounded."""
    formulas = [each.formula for each in amounts if isinstance(each, CalculatedAmount)]
    parts = [part for formula in formulas for part in formula_parts(formula)]
    named = {part.what for part in parts if isinstance(part, Observed)}
    found: Inlines = tuple(words for what, words in _MEANING.items() if what in named)
    charged = next((part for part in parts if isinstance(part, Charged)), None)
    if charged is not None:
        alike = agreement.metrics if charged.of.source is SeriesKind.METRIC else agreement.events
        dims = alike[charged.of.name].dimensions
        same = f", for the same {phrases.dimensions(dims)} where the breach is of one" if dims and charged.each else ""
        whole = "; nothing is payable before that period has ended" if charged.each else ""
        found = (*found, f". Each charge counts at its own time{same}{whole}")
    return (*found, ". The sum is rounded once; what comes to zero or less is nothing") if parts else ()


_MEANING = {
    "value": ". The value is what was measured",
    "shortfall": ". The shortfall is the difference between what was measured and its limit",
    "delay": ". The delay runs from the deadline until what was due is done",
}


def delay_unit(agreement: Agreement, delay: Delay) -> Inlines:
    """`each started day`, or `each full 2 days`."""
    if delay.each.amount == 1 and delay.each.term is None:
        return (f"each {delay.extent} {delay.each.unit.value.removesuffix('s')}",)
    return f"each {delay.extent} ", *phrases.period(agreement, delay.each, "")


def _by_delay(agreement: Agreement, delay: Delay) -> Inlines:
    most = () if delay.most is None else (", up to ", *amount(agreement, delay.most), " for each breach")
    once = f"; exactly {period_text(delay.each)} late counts once"
    unit = delay_unit(agreement, delay)
    return "of ", *amount(agreement, delay.amount), " for ", *unit, " of delay after the deadline", *most, once


def _credit(agreement: Agreement, remedy: Credit, ground: Ground) -> Inlines:
    who = (*phrases.holder(agreement, remedy.party), " is entitled to a service credit ")
    if remedy.amount is not None:
        often = () if remedy.repeated is None else _repeated(agreement, remedy.repeated, ground)
        return *phrases.capital(who), "of ", *amount(agreement, remedy.amount), " for ", *ground.each, *often
    if remedy.delay is not None:
        return *phrases.capital(who), *_by_delay(agreement, remedy.delay)
    tiers = [
        (f"{tier.comparison.value} ", *phrases.value(agreement, tier.threshold), ", ", *amount(agreement, tier.amount))
        for tier in remedy.tiers
    ]
    found: Inlines = ()
    for index, tier in enumerate(tiers):
        found = (*found, *(("; ",) if index else ()), *tier)
    if remedy.counted is not None:
        unit = phrases.calendar_text(remedy.counted)
        of = "the same Section" if ground.of_all else ground.scope
        once = f"for each {unit} by the number of breaches of {of} that belong to it: "
        return *phrases.capital(who), once, *found, "; the last that applies counts alone"
    return *phrases.capital(who), "by the value measured: ", *found, "; the last that applies counts alone"


def _repeated(agreement: Agreement, repeated: Repeated, ground: Ground) -> Inlines:
    of = "the same Section" if ground.of_all else ground.scope
    words = f" that is at least the {ordinal_text(Decimal(repeated.number))} of {of} in the "
    return words, *phrases.period(agreement, repeated.within, ""), " that end with it"


def amount(agreement: Agreement, found: Amount | CalculatedAmount) -> Inlines:
    """`USD 4,000 (10% of the Monthly Fee)`, or `10% of the sum of the fees in the calendar month of the breach`."""
    if isinstance(found, CalculatedAmount):
        return _formula(agreement, found.formula)
    shown = money_text(found.money)
    if found.share is not None and found.of is not None:
        share = phrases.value(agreement, found.share)
        term = found.of.term
        of = phrases.term(agreement, term) if term else phrases.value(agreement, found.of)
        if not (phrases.is_set(agreement, term) and phrases.is_set(agreement, found.share.term)):
            return *share, " of ", *of
        return f"{shown} (", *share, " of ", *of, ")"
    if found.term is not None:
        shown = shown if phrases.is_set(agreement, found.term) else phrases.NOT_SET
        return *phrases.term(agreement, found.term), f" ({shown})"
    return (shown,)
