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
from tallystick.evaluation.remedies import Followed, follows, grounds, heard, remedies_of
from tallystick.evaluation.windows import Stretch, calendar_period
from tallystick.quantities import CURRENCIES, Quantity
from tallystick.rules.rule import Amount, Cadence, CalendarUnit, Cap, Credit, Delay, Repeated, RuleFields, has_deadline


def credits_of(ctx: Context, rule: RuleFields, judged: Sequence[Judgement]) -> Iterator[CreditDue]:
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
            money = _late(ctx, rule, remedy.delay, breach) if remedy.delay else _sum(remedy, breach.exact)
            if money is not None:
                yield _due(ctx, rule, remedy, breach.finding, money, acts)


def counted_credits(ctx: Context, followed: Sequence[Followed]) -> Iterator[CreditDue]:
    """The credits that go by the number of breaches of a clause (or duty): for each sentence."""
    sentences = {
        (each.rule.scope, remedy): None if remedy in ctx.rulebook.remedies else each.rule.scope
        for each in followed
        for remedy in remedies_of(ctx, each.rule)
        if isinstance(remedy, Credit) and _over_breaches(remedy)
    }
    texts = {each.rule.id: each for each in followed}
    for (scope, remedy), of in sentences.items():
        found = [(each.rule, j.finding) for each in followed if each.rule.scope == scope for j in each.grounds]
        found.sort(key=lambda pair: (belongs(*pair), pair[0].id, pair[1].group, pair[1].start, pair[1].id))
        if remedy.repeated is None:
            chosen = list(_by_period(ctx, remedy, found))
        else:
            assert remedy.amount is not None
            chosen = [(*pair, remedy.amount.money) for pair in _repeated(ctx, remedy.repeated, found)]
        for rule, finding, money in chosen:
            if heard(ctx, texts[rule.id], of, remedy, belongs(rule, finding)):
                yield _due(ctx, rule, remedy, finding, money, _claims(ctx, rule, remedy))


_Breach = tuple[RuleFields, Finding]


def _over_breaches(credit: Credit) -> bool:
    """Whether it takes the other breaches to know what is due."""
    return credit.counted is not None or credit.repeated is not None


def _by_period(
    ctx: Context, credit: Credit, found: Sequence[_Breach]
) -> Iterator[tuple[RuleFields, Finding, Quantity]]:
    """One for each calendar period: the breach that reached the last tier."""
    periods: dict[int, list[_Breach]] = defaultdict(list)
    for rule, finding in found:
        assert credit.counted is not None
        periods[calendar_period(credit.counted, belongs(rule, finding), ctx.clock).start].append((rule, finding))
    for members in periods.values():
        reached = [tier for tier in credit.tiers if len(members) >= tier.threshold.quantity.value]
        if reached:
            rule, finding = members[int(reached[-1].threshold.quantity.value) - 1]
            yield rule, finding, reached[-1].amount.money


def _repeated(ctx: Context, repeated: Repeated, found: Sequence[_Breach]) -> Iterator[_Breach]:
    """Each breach that is at least the so-manieth of those in the period that ends with it."""
    instants = [belongs(rule, finding) for rule, finding in found]
    for place, (pair, at) in enumerate(zip(found, instants, strict=True)):
        oldest = add(at, repeated.within, ctx.clock, times=-1)
        if place + 1 - bisect_right(instants, oldest, hi=place) >= repeated.number:
            yield pair


def _sum(credit: Credit, value: Fraction | None) -> Quantity | None:
    amount = _amount(credit, value)
    return None if amount is None else amount.money


def _late(ctx: Context, rule: RuleFields, delay: Delay, breach: Judgement) -> Quantity | None:
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


def _claims(ctx: Context, rule: RuleFields, credit: Credit) -> Happenings | None:
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
    ctx: Context, rule: RuleFields, credit: Credit, finding: Finding, amount: Quantity, acts: Happenings | None
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
    """A cap and the clause (or occasion, or duty) whose credits it limits; None for all. `rules` are those whose
    credits it limits."""

    scope: str | None
    cap: Cap
    rules: frozenset[str]


def capped(
    ctx: Context, uncapped: Iterable[CreditDue], followed: Sequence[Followed]
) -> tuple[tuple[CreditDue, ...], tuple[CapUse, ...]]:
    """The credits in order, each reduced to what every cap still allows, and the use of the caps.

    Credits that are not payable use nothing of a cap. Credits under another text of a clause use its caps, too.
    """
    caps, texts = _caps(ctx, followed), {each.rule.id: each for each in followed}
    limiting: set[tuple[_Scoped, int]] = set()
    uses: dict[tuple[_Scoped, int], CapUse] = {}
    reduced: list[CreditDue] = []
    for credit in sorted(uncapped, key=lambda credit: (credit.belongs, credit.rule, credit.group)):
        if credit.state in (CreditState.CLAIMABLE, CreditState.LAPSED):
            reduced.append(replace(credit, amount=credit.before - credit.before))
            continue
        text = texts[credit.rule]
        touched = [_use(ctx, scoped, credit, uses, reduced) for scoped in caps if _uses(scoped, credit)]
        limits = [key for key in touched if heard(ctx, text, key[0].scope, key[0].cap, credit.belongs)]
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


def _caps(ctx: Context, followed: Sequence[Followed]) -> list[_Scoped]:
    """Every cap once: rules of one clause carry the same sentence. A cap reaches what follows further on, too."""
    scopes = {each.rule.id: each.rule.scope for each in followed}
    own = [(each.rule.scope, cap) for each in followed for cap in each.rule.remedies if isinstance(cap, Cap)]
    shared = [(None, cap) for cap in ctx.rulebook.remedies if isinstance(cap, Cap)]
    return [
        _Scoped(scope, cap, frozenset(rule for rule, of in scopes.items() if _reaches(scope, of)))
        for scope, cap in dict.fromkeys([*own, *shared])
    ]


def _reaches(scope: str | None, other: str) -> bool:
    return scope is None or other == scope or other.startswith(f"{scope}/")


def _uses(scoped: _Scoped, credit: CreditDue) -> bool:
    return credit.rule in scoped.rules and scoped.cap.amount.money.unit == credit.currency


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
        uses[key] = CapUse(scoped.scope, scoped.cap, *period, allowed, used, credit.currency)
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
