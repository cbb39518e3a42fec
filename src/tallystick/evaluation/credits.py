"""Service credits: what each breach is worth, before any cap."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from tallystick.evaluation.belonging import belongs, instant_of, names_of
from tallystick.evaluation.charges import Charges, Known, worked_out
from tallystick.evaluation.clock import SECOND, Clock, add
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.covering import part_of
from tallystick.evaluation.evaluation import CreditDue, CreditState
from tallystick.evaluation.finding import Finding
from tallystick.evaluation.happenings import Happenings, happenings
from tallystick.evaluation.numbers import holds, round_half_even
from tallystick.evaluation.remedies import Followed, follows, grounds, heard, remedies_of
from tallystick.evaluation.windows import Stretch, calendar_period
from tallystick.quantities import CURRENCIES, Quantity
from tallystick.rules.rule import (
    Amount,
    Cadence,
    CalculatedAmount,
    Charged,
    Credit,
    Delay,
    Observed,
    Repeated,
    RuleFields,
    has_deadline,
    has_limit,
)
from tallystick.rules.rulebook import ABOUT


@dataclass(frozen=True)
class _Sum:
    """What a credit comes to, before it is rounded; or why that is not known."""

    money: Fraction
    currency: str
    state: CreditState = CreditState.DUE


def credits_of(ctx: Context, rule: RuleFields, judged: Sequence[Judgement], charges: Charges) -> Iterator[CreditDue]:
    """The credits of a rule's breaches, before any cap; but not those that go by the number of breaches."""
    breached = grounds(rule, judged)
    remedies = (
        [r for r in remedies_of(ctx, rule) if isinstance(r, Credit) and not _over_breaches(r)] if breached else []
    )
    claims = [_claims(ctx, rule, remedy) for remedy in remedies]
    for breach in breached:
        for remedy, acts in zip(remedies, claims, strict=True):
            if not follows(ctx, rule, remedy, breach.finding):
                continue
            if remedy.delay:
                due = _late(ctx, rule, remedy.delay, breach)
            else:
                due = _sum(ctx, rule, _amount(remedy, breach.exact), breach, charges)
            if due is not None:
                yield _due(ctx, rule, remedy, breach.finding, due, acts)


def counted_credits(ctx: Context, followed: Sequence[Followed], charges: Charges) -> Iterator[CreditDue]:
    """The credits that go by the number of breaches of a clause (or duty): for each sentence."""
    sentences = {
        (each.rule.scope, remedy): None if remedy in ctx.rulebook.remedies else each.rule.scope
        for each in followed
        for remedy in remedies_of(ctx, each.rule)
        if isinstance(remedy, Credit) and _over_breaches(remedy)
    }
    texts = {each.rule.id: each for each in followed}
    for (scope, remedy), of in sentences.items():
        found = [_Breach(each.rule, j) for each in followed if each.rule.scope == scope for j in each.grounds]
        found.sort(key=lambda b: (b.belongs, b.rule.id, b.finding.group, b.finding.start, b.finding.id))
        if remedy.repeated is None:
            chosen = list(_by_period(ctx, remedy, found))
        else:
            assert remedy.amount is not None
            chosen = [(breach, remedy.amount) for breach in _repeated(ctx, remedy.repeated, found)]
        for breach, amount in chosen:
            if heard(ctx, texts[breach.rule.id], of, remedy, breach.belongs):
                due = _sum(ctx.of(breach.rule), breach.rule, amount, breach.judged, charges)
                if due is not None:
                    acts = _claims(ctx, breach.rule, remedy)
                    yield _due(ctx, breach.rule, remedy, breach.finding, due, acts)


class _Breach(NamedTuple):
    rule: RuleFields
    judged: Judgement

    @property
    def finding(self) -> Finding:
        return self.judged.finding

    @property
    def belongs(self) -> int:
        return belongs(self.rule, self.finding)


def _over_breaches(credit: Credit) -> bool:
    """Whether it takes the other breaches to know what is due."""
    return credit.counted is not None or credit.repeated is not None


def _by_period(
    ctx: Context, credit: Credit, found: Sequence[_Breach]
) -> Iterator[tuple[_Breach, Amount | CalculatedAmount]]:
    """One for each calendar period: the breach that reached the last tier."""
    periods: dict[int, list[_Breach]] = defaultdict(list)
    for breach in found:
        assert credit.counted is not None
        periods[calendar_period(credit.counted, breach.belongs, ctx.clock).start].append(breach)
    for members in periods.values():
        reached = [tier for tier in credit.tiers if len(members) >= tier.threshold.quantity.value]
        if reached:
            yield members[int(reached[-1].threshold.quantity.value) - 1], reached[-1].amount


def _repeated(ctx: Context, repeated: Repeated, found: Sequence[_Breach]) -> Iterator[_Breach]:
    """Each breach that is at least the so-manieth of those in the period that ends with it."""
    instants = [breach.belongs for breach in found]
    for place, (breach, at) in enumerate(zip(found, instants, strict=True)):
        oldest = add(at, repeated.within, ctx.clock, times=-1)
        if place + 1 - bisect_right(instants, oldest, hi=place) >= repeated.number:
            yield breach


# --- what one comes to -------------------------------------------------------------------------------------------


def _sum(
    ctx: Context, rule: RuleFields, amount: Amount | CalculatedAmount | None, breach: Judgement, charges: Charges
) -> _Sum | None:
    """A sum of money for a breach; None where there is none, or it comes to nothing."""
    match amount:
        case None:
            return None
        case Amount(money=money):
            return _Sum(Fraction(money.value), money.unit)
        case CalculatedAmount(formula=formula, currency=currency):
            found = worked_out(formula, lambda part: _known(ctx, rule, part, breach, charges))
            if isinstance(found, CreditState):
                return _Sum(Fraction(0), currency, found)
            return None if found is None or found <= 0 else _Sum(found, currency)


def _known(ctx: Context, rule: RuleFields, part: Observed | Charged, breach: Judgement, charges: Charges) -> Known:
    """What a breach came to, or was charged; None for a delay of what has no deadline, or a value that there is not."""
    match part:
        case Observed(what="value" | "shortfall" as what):
            if not has_limit(rule) or breach.exact is None or breach.limit is None:
                return None
            return breach.exact if what == "value" else abs(breach.exact - breach.limit)
        case Observed():
            late = _delay(ctx, rule, breach)
            return None if late is None else Fraction(late.end - late.start)
        case Charged(of=of, each=each):
            assert each is not None  # only a cap has a time of its own
            period = calendar_period(each, belongs(rule, breach.finding), ctx.clock)
            if charges.known(of) and period.end > ctx.as_of:
                return CreditState.PENDING
            total = charges.total(of, period, dict(breach.finding.group), rule.order)
            return CreditState.UNMEASURED if total is None else total


def _delay(ctx: Context, rule: RuleFields, breach: Judgement) -> Stretch | None:
    """From the deadline until what was due was done, or is looked for; None where the rule has no deadline."""
    if not has_deadline(rule):
        return None
    still = ctx.as_of
    if isinstance(rule, Cadence):
        still = min(still, part_of(ctx, rule, dict(breach.finding.group), breach.finding.start).life.end)
    return Stretch(instant_of(breach.finding), still if breach.performed is None else breach.performed)


def _late(ctx: Context, rule: RuleFields, delay: Delay, breach: Judgement) -> _Sum | None:
    """The amount for the delay of what was due; None where the rule has no deadline, or no full unit has passed."""
    late = _delay(ctx, rule, breach)
    if late is None:
        return None
    units = _units(delay, *late, ctx.clock)
    total = units * delay.amount.money.value
    most = total if delay.most is None else min(total, delay.most.money.value)
    return _Sum(Fraction(most), delay.amount.currency) if units else None


def _units(delay: Delay, deadline: int, end: int, clock: Clock) -> int:
    """How many units have started, or are full, between the deadline and the end of the delay."""
    longest = max((end - deadline) // SECOND, 0) + 1
    ends = range(1, longest + 1)  # a unit is at least a second long
    if delay.extent == "full":
        return bisect_right(ends, end, key=lambda number: add(deadline, delay.each, clock, times=number))
    return int(end > deadline) + bisect_left(ends, end, key=lambda k: add(deadline, delay.each, clock, times=k))


def _claims(ctx: Context, rule: RuleFields, credit: Credit) -> Happenings | None:
    """The claims that may concern the rule; None where none are needed or no table is bound."""
    return None if credit.claim_within is None else happenings(ctx, "claim", ("clause", ABOUT, *rule.per))


def _amount(credit: Credit, value: Fraction | None) -> Amount | CalculatedAmount | None:
    """The amount, or that of the last tier whose comparison holds."""
    amount = credit.amount
    for tier in credit.tiers:
        if value is not None and holds(value, tier.comparison, tier.threshold.quantity.base):
            amount = tier.amount
    return amount


def _due(
    ctx: Context, rule: RuleFields, credit: Credit, finding: Finding, found: _Sum, acts: Happenings | None
) -> CreditDue:
    money = round_half_even(found.money, CURRENCIES[found.currency])
    due = CreditDue(
        finding.id,
        rule.id,
        rule.clause,
        finding.group,
        credit.party,
        money,
        money,
        found.currency,
        belongs(rule, finding),
        state=found.state,
        minimum=None if credit.minimum is None else rounded(credit.minimum.money),
    )
    if credit.claim_within is None:
        return due
    start = instant_of(finding)
    until = add(start, credit.claim_within, ctx.clock)
    about = names_of(rule, finding, ctx.zone)
    claim = acts.first({"clause": rule.clause, **dict(finding.group)}, start, until, about) if acts else None
    if found.state is CreditState.DUE:
        unclaimed = CreditState.CLAIMABLE if ctx.as_of <= until else CreditState.LAPSED
        due = replace(due, state=unclaimed if claim is None else CreditState.CLAIMED)
    return replace(due, claim_until=until, claimed_at=claim.time if claim else None)


def rounded(money: Quantity) -> Decimal:
    """A sum of money to the currency's minor unit, half-even."""
    return round_half_even(Fraction(money.value), CURRENCIES[money.unit])
