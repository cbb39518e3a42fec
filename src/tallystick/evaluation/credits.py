"""Service credits: what each breach is worth, and what the caps leave of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.evaluation import CapUse, CreditDue
from tallystick.evaluation.finding import Finding
from tallystick.evaluation.numbers import holds, round_half_even
from tallystick.evaluation.remedies import breaches, instant_of, remedies_of
from tallystick.evaluation.windows import calendar_period
from tallystick.quantities import CURRENCIES, Quantity
from tallystick.rules.rule import Amount, Cap, CountEvents, Credit, Keep, Response, Rule


def credits_of(ctx: Context, rule: Rule, judged: Sequence[Judgement]) -> Iterator[CreditDue]:
    """The credits of a rule's breaches, before any cap."""
    for breach in breaches(judged):
        for remedy in remedies_of(ctx, rule):
            if isinstance(remedy, Credit):
                amount = _amount(remedy, breach.exact)
                if amount is not None:
                    yield _due(rule, remedy, breach.finding, amount)


def _amount(credit: Credit, value: Fraction | None) -> Amount | None:
    """The amount, or that of the last tier whose comparison holds."""
    amount = credit.amount
    for tier in credit.tiers:
        if value is not None and holds(value, tier.comparison, tier.threshold.quantity.base):
            amount = tier.amount
    return amount


def _due(rule: Rule, credit: Credit, finding: Finding, amount: Amount) -> CreditDue:
    money = rounded(amount.money)
    belongs = instant_of_credit(rule, finding)
    return CreditDue(
        finding.id,
        rule.id,
        rule.clause,
        finding.group,
        credit.party,
        money,
        money,
        amount.money.unit,
        belongs,
    )


def rounded(money: Quantity) -> Decimal:
    """A sum of money to the currency's minor unit, half-even."""
    return round_half_even(Fraction(money.value), CURRENCIES[money.unit])


def instant_of_credit(rule: Rule, finding: Finding) -> int:
    """The instant that decides what a breach belongs to: the last of its window, else the breach instant."""
    over_windows = isinstance(rule, Keep | CountEvents) or (isinstance(rule, Response) and rule.share is not None)
    return finding.end - 1 if over_windows else instant_of(finding)


@dataclass(frozen=True)
class _Scoped:
    """A cap and the clause whose credits it limits; None for all."""

    clause: str | None
    cap: Cap


def capped(ctx: Context, uncapped: Iterable[CreditDue]) -> tuple[tuple[CreditDue, ...], tuple[CapUse, ...]]:
    """The credits in order, each reduced to what every cap still allows, and the use of the caps."""
    caps = _caps(ctx)
    uses: dict[tuple[_Scoped, int], CapUse] = {}
    reduced = []
    for credit in sorted(uncapped, key=lambda credit: (credit.belongs, credit.rule, credit.group)):
        touched = [_use(ctx, scoped, credit, uses) for scoped in caps if _limits(scoped, credit)]
        tightest = min((uses[key] for key in touched), key=lambda use: use.left, default=None)
        amount = credit.before if tightest is None else min(credit.before, tightest.left)
        for key in touched:
            uses[key] = replace(uses[key], used=uses[key].used + amount)
        cut = tightest.cap if tightest is not None and amount < credit.before else None
        reduced.append(replace(credit, amount=amount, reduced_by=cut))
    return tuple(reduced), tuple(uses.values())


def _caps(ctx: Context) -> list[_Scoped]:
    """Every cap once: rules of one clause carry the same sentence."""
    own = [_Scoped(rule.clause, cap) for rule in ctx.rulebook.rules for cap in rule.remedies if isinstance(cap, Cap)]
    shared = [_Scoped(None, cap) for cap in ctx.rulebook.remedies if isinstance(cap, Cap)]
    return list(dict.fromkeys([*own, *shared]))


def _limits(scoped: _Scoped, credit: CreditDue) -> bool:
    return scoped.clause in (None, credit.clause) and scoped.cap.amount.money.unit == credit.currency


def _use(
    ctx: Context,
    scoped: _Scoped,
    credit: CreditDue,
    uses: dict[tuple[_Scoped, int], CapUse],
) -> tuple[_Scoped, int]:
    period = calendar_period(scoped.cap.each, credit.belongs, ctx.zone)
    allowed = rounded(scoped.cap.amount.money)
    fresh = CapUse(scoped.clause, scoped.cap, *period, allowed, allowed - allowed, credit.currency)
    uses.setdefault((scoped, period.start), fresh)
    return scoped, period.start
