"""Service credits: what each breach is worth, and what the caps leave of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from tallystick.evaluation.belonging import belongs, instant_of
from tallystick.evaluation.clock import SECOND, Clock, add
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.evaluation import CapUse, CreditDue, CreditState
from tallystick.evaluation.finding import Finding
from tallystick.evaluation.happenings import Happenings, happenings
from tallystick.evaluation.numbers import holds, round_half_even
from tallystick.evaluation.remedies import breaches, follows, heard, remedies_of
from tallystick.evaluation.windows import Stretch, calendar_period
from tallystick.quantities import CURRENCIES, Quantity
from tallystick.rules.rule import Amount, Cadence, CalendarUnit, Cap, Credit, Delay, Rule, has_deadline


def credits_of(ctx: Context, rule: Rule, judged: Sequence[Judgement]) -> Iterator[CreditDue]:
    """The credits of a rule's breaches, before any cap; but not those that go by the number of breaches."""
    breached = breaches(judged)
    remedies = [r for r in remedies_of(ctx, rule) if isinstance(r, Credit) and r.counted is None] if breached else []
    claims = [_claims(ctx, rule, remedy) for remedy in remedies]
    for breach in breached:
        for remedy, acts in zip(remedies, claims, strict=True):
            if not follows(ctx, rule, remedy, breach.finding):
                continue
            money = _late(ctx, rule, remedy.delay, breach) if remedy.delay else _sum(remedy, breach.exact)
            if money is not None:
                yield _due(ctx, rule, remedy, breach.finding, money, acts)


def counted_credits(ctx: Context, judged: Sequence[tuple[Rule, Sequence[Judgement]]]) -> Iterator[CreditDue]:
    """One credit for each sentence, clause and calendar period, for the breach that reached its tier."""
    sentences = {
        (rule.clause, remedy): None if remedy in ctx.rulebook.remedies else rule.clause
        for rule, _ in judged
        for remedy in remedies_of(ctx, rule)
        if isinstance(remedy, Credit) and remedy.counted is not None
    }
    for (clause, remedy), of in sentences.items():
        found = [(rule, j.finding) for rule, own in judged if rule.clause == clause for j in breaches(own)]
        found.sort(key=lambda pair: (belongs(*pair), pair[0].id, pair[1].group, pair[1].start, pair[1].id))
        periods: dict[int, list[tuple[Rule, Finding]]] = defaultdict(list)
        for rule, finding in found:
            assert remedy.counted is not None
            periods[calendar_period(remedy.counted, belongs(rule, finding), ctx.clock).start].append((rule, finding))
        for members in periods.values():
            reached = [tier for tier in remedy.tiers if len(members) >= tier.threshold.quantity.value]
            if reached:
                rule, finding = members[int(reached[-1].threshold.quantity.value) - 1]
                if heard(ctx, rule, of, remedy, belongs(rule, finding)):
                    acts = _claims(ctx, rule, remedy)
                    yield _due(ctx, rule, remedy, finding, reached[-1].amount.money, acts)


def _sum(credit: Credit, value: Fraction | None) -> Quantity | None:
    amount = _amount(credit, value)
    return None if amount is None else amount.money


def _late(ctx: Context, rule: Rule, delay: Delay, breach: Judgement) -> Quantity | None:
    """The amount for the delay of what was due; None where the rule has no deadline, or no full unit has passed."""
    if not has_deadline(rule):
        return None
    deadline = instant_of(breach.finding)
    still = min(ctx.as_of, ctx.life.end) if isinstance(rule, Cadence) else ctx.as_of
    units = _units(delay, deadline, still if breach.performed is None else breach.performed, ctx.clock)
    total = units * delay.amount.money.value
    most = total if delay.most is None else min(total, delay.most.money.value)
    return Quantity(value=most, unit=delay.amount.money.unit) if units else None


def _units(delay: Delay, deadline: int, end: int, clock: Clock) -> int:
    """How many units have started, or are full, between the deadline and the end of the delay."""
    longest = max((end - deadline) // SECOND, 0) + 1
    ends = range(1, longest + 1)  # a unit is at least a second long
    if delay.extent == "full":
        return bisect_right(ends, end, key=lambda number: add(deadline, delay.each, clock, times=number))
    return int(end > deadline) + bisect_left(ends, end, key=lambda k: add(deadline, delay.each, clock, times=k))


def _claims(ctx: Context, rule: Rule, credit: Credit) -> Happenings | None:
    """The claims that may concern the rule; None where none are needed or no table is bound."""
    return None if credit.claim_within is None else happenings(ctx, "claim", ("clause", *rule.per))


def _amount(credit: Credit, value: Fraction | None) -> Amount | None:
    """The amount, or that of the last tier whose comparison holds."""
    amount = credit.amount
    for tier in credit.tiers:
        if value is not None and holds(value, tier.comparison, tier.threshold.quantity.base):
            amount = tier.amount
    return amount


def _due(
    ctx: Context, rule: Rule, credit: Credit, finding: Finding, amount: Quantity, acts: Happenings | None
) -> CreditDue:
    money = rounded(amount)
    due = CreditDue(
        finding.id,
        rule.id,
        rule.clause,
        finding.group,
        credit.party,
        money,
        money,
        amount.unit,
        belongs(rule, finding),
        minimum=None if credit.minimum is None else rounded(credit.minimum.money),
    )
    if credit.claim_within is None:
        return due
    start = instant_of(finding)
    until = add(start, credit.claim_within, ctx.clock)
    claim = acts.first({"clause": rule.clause, **dict(finding.group)}, start, until) if acts else None
    unclaimed = CreditState.CLAIMABLE if ctx.as_of <= until else CreditState.LAPSED
    state = unclaimed if claim is None else CreditState.CLAIMED
    return replace(due, state=state, claim_until=until, claimed_at=claim.time if claim else None)


def rounded(money: Quantity) -> Decimal:
    """A sum of money to the currency's minor unit, half-even."""
    return round_half_even(Fraction(money.value), CURRENCIES[money.unit])


@dataclass(frozen=True)
class _Scoped:
    """A cap and the clause whose credits it limits; None for all."""

    clause: str | None
    cap: Cap


def capped(ctx: Context, uncapped: Iterable[CreditDue]) -> tuple[tuple[CreditDue, ...], tuple[CapUse, ...]]:
    """The credits in order, each reduced to what every cap still allows, and the use of the caps.

    Credits that are not payable use nothing of a cap. Credits under another text of a clause use its caps, too.
    """
    caps, rules = _caps(ctx), {rule.id: rule for rule in ctx.rulebook.rules}
    limiting: set[tuple[_Scoped, int]] = set()
    uses: dict[tuple[_Scoped, int], CapUse] = {}
    reduced: list[CreditDue] = []
    for credit in sorted(uncapped, key=lambda credit: (credit.belongs, credit.rule, credit.group)):
        if credit.state in (CreditState.CLAIMABLE, CreditState.LAPSED):
            reduced.append(replace(credit, amount=credit.before - credit.before))
            continue
        rule = rules[credit.rule]
        touched = [_use(ctx, scoped, credit, uses, reduced) for scoped in caps if _uses(scoped, credit)]
        limits = [key for key in touched if heard(ctx, rule, key[0].clause, key[0].cap, credit.belongs)]
        limiting.update(limits)
        tightest = min((uses[key] for key in limits), key=lambda use: use.left, default=None)
        nothing = credit.before - credit.before
        amount = credit.before if tightest is None else min(credit.before, max(tightest.left, nothing))
        if credit.minimum is not None and amount < credit.minimum:
            credit = replace(credit, state=CreditState.BELOW_MINIMUM)
            amount = nothing
        for key in touched:
            uses[key] = replace(uses[key], used=uses[key].used + amount)
        cut = tightest.cap if tightest is not None and amount < credit.before else None
        reduced.append(replace(credit, amount=amount, reduced_by=cut))
    return tuple(reduced), tuple(use for key, use in uses.items() if key in limiting)


def _caps(ctx: Context) -> list[_Scoped]:
    """Every cap once: rules of one clause carry the same sentence."""
    own = [_Scoped(rule.clause, cap) for rule in ctx.rulebook.rules for cap in rule.remedies if isinstance(cap, Cap)]
    shared = [_Scoped(None, cap) for cap in ctx.rulebook.remedies if isinstance(cap, Cap)]
    return list(dict.fromkeys([*own, *shared]))


def _uses(scoped: _Scoped, credit: CreditDue) -> bool:
    return scoped.clause in (None, credit.clause) and scoped.cap.amount.money.unit == credit.currency


def _use(
    ctx: Context,
    scoped: _Scoped,
    credit: CreditDue,
    uses: dict[tuple[_Scoped, int], CapUse],
    before: Sequence[CreditDue],
) -> tuple[_Scoped, int]:
    period = _cap_period(ctx, scoped.cap, credit.belongs)
    key = (scoped, period.end)
    if key not in uses:
        allowed = rounded(scoped.cap.amount.money)
        nothing = allowed - allowed
        used = nothing if scoped.cap.rolling is None else _used(scoped, period, before, nothing)
        uses[key] = CapUse(scoped.clause, scoped.cap, *period, allowed, used, credit.currency)
    return key


def _cap_period(ctx: Context, cap: Cap, belongs: int) -> Stretch:
    """The calendar period, the rolling one that ends with the day, or the life, over which a credit is capped."""
    if cap.each is not None:
        return calendar_period(cap.each, belongs, ctx.clock)
    if cap.rolling is None:
        return Stretch(ctx.life.start, ctx.life.end)
    end = calendar_period(CalendarUnit.DAY, belongs, ctx.clock).end
    return Stretch(add(end, cap.rolling, ctx.clock, times=-1), end)


def _used(scoped: _Scoped, period: Stretch, before: Sequence[CreditDue], nothing: Decimal) -> Decimal:
    """What earlier credits, which come in order, have used of a rolling period."""
    first = bisect_left(before, period.start, key=lambda credit: credit.belongs)
    return sum((credit.amount for credit in before[first:] if _uses(scoped, credit)), nothing)
