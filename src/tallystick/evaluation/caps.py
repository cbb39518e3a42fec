"""What is left of the credits: only the highest where that is said, and what every cap allows."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import Generic, TypeVar

from tallystick.evaluation.charges import Charges, worked_out
from tallystick.evaluation.clock import add
from tallystick.evaluation.context import Context
from tallystick.evaluation.credits import rounded
from tallystick.evaluation.evaluation import CapUse, CreditDue, CreditState
from tallystick.evaluation.numbers import round_half_even
from tallystick.evaluation.remedies import Followed, heard, of_order
from tallystick.evaluation.windows import Stretch, calendar_period
from tallystick.quantities import CURRENCIES
from tallystick.rules.rule import (
    Amount,
    CalendarUnit,
    Cap,
    Charged,
    Highest,
    Remedy,
)

_Limit = TypeVar("_Limit", Cap, Highest)
_PAYABLE = (CreditState.DUE, CreditState.CLAIMED)


@dataclass(frozen=True, eq=False)
class _Scoped(Generic[_Limit]):
    """A limit and the clause (or occasion, or duty) whose credits it is about; None for all. `rules` are those whose
    credits it is about, `order` the one under which they are."""

    scope: str | None
    limit: _Limit
    order: str | None
    rules: frozenset[str]


def capped(
    ctx: Context, uncapped: Iterable[CreditDue], followed: Sequence[Followed], charges: Charges
) -> tuple[tuple[CreditDue, ...], tuple[CapUse, ...]]:
    """The credits in order, each reduced to what every cap still allows, and the use of the caps.

    Credits that are not payable use nothing of a cap. Credits under another text of a clause use its caps, too.
    """
    texts = {each.rule.id: each for each in followed}
    caps: dict[str, list[_Scoped[Cap]]] = defaultdict(list)
    for scoped in _scoped(ctx, followed, Cap):
        for rule in scoped.rules:
            caps[rule].append(scoped)
    limiting: set[tuple[_Scoped[Cap], int]] = set()
    uses: dict[tuple[_Scoped[Cap], int], CapUse] = {}
    reduced: list[CreditDue] = []
    in_order = sorted(uncapped, key=lambda credit: (credit.belongs, credit.rule, credit.group))
    for credit in _highest(ctx, in_order, followed, texts):
        nothing = credit.before - credit.before
        if credit.state not in _PAYABLE:
            reduced.append(replace(credit, amount=nothing))
            continue
        text = texts[credit.rule]
        touched = [
            _use(ctx, scoped, credit, uses, reduced, charges) for scoped in caps[credit.rule] if _about(scoped, credit)
        ]
        limits = [key for key in touched if heard(ctx, text, key[0].scope, key[0].limit, credit.belongs)]
        if any(key not in uses for key in limits):
            reduced.append(replace(credit, amount=nothing, state=CreditState.UNMEASURED))
            continue
        limiting.update(limits)
        tightest = min((uses[key] for key in limits), key=lambda use: use.left, default=None)
        amount = credit.before if tightest is None else min(credit.before, max(tightest.left, nothing))
        if credit.minimum is not None and amount < credit.minimum:
            credit = replace(credit, state=CreditState.BELOW_MINIMUM)
            amount = nothing
        for key in touched:
            if key in uses:
                uses[key] = replace(uses[key], used=uses[key].used + amount)
        cut = tightest.cap if tightest is not None and amount < credit.before else None
        reduced.append(replace(credit, amount=amount, reduced_by=cut))
    return tuple(reduced), tuple(use for key, use in uses.items() if key in limiting)


def _scoped(ctx: Context, followed: Sequence[Followed], kind: type[_Limit]) -> list[_Scoped[_Limit]]:
    """Every limit once: rules of one clause carry the same sentence. It reaches what follows further on, too."""
    rules = {each.rule.id: each.rule for each in followed}
    within: dict[str, list[str]] = defaultdict(list)  # the rules of a clause, and of what follows further on
    for name, rule in rules.items():
        for place in accumulate(rule.scope.split("/"), lambda above, own: f"{above}/{own}"):
            within[place].append(name)
    own: list[tuple[str | None, Remedy, str | None]] = [
        (each.rule.scope, remedy, each.rule.order) for each in followed for remedy in each.rule.remedies
    ]
    found = [*own, *((None, remedy, remedy.order) for remedy in ctx.rulebook.remedies)]
    return [
        _Scoped(
            scope,
            limit,
            order,
            frozenset(name for name, rule in rules.items() if of_order(ctx, limit, rule))
            if scope is None
            else frozenset(within[scope]),
        )
        for scope, limit, order in dict.fromkeys(found)
        if isinstance(limit, kind)
    ]


# --- only the highest --------------------------------------------------------------------------------------------


def _highest(
    ctx: Context, due: Sequence[CreditDue], followed: Sequence[Followed], texts: dict[str, Followed]
) -> Sequence[CreditDue]:
    """The credits, of which those that a higher one of the same period and group stands for are not payable."""
    standing = list(due)
    for scoped in _scoped(ctx, followed, Highest):
        best: dict[tuple[object, ...], int] = {}
        for place, credit in enumerate(standing):
            text = texts[credit.rule]
            about = credit.rule in scoped.rules and credit.state in _PAYABLE
            if not about or not heard(ctx, text, scoped.scope, scoped.limit, credit.belongs):
                continue
            group = dict(credit.group)
            period = calendar_period(scoped.limit.each, credit.belongs, ctx.clock)
            key = (credit.party, credit.currency, period.start, *(group.get(d, "") for d in scoped.limit.per))
            other = best.setdefault(key, place)
            if other != place:
                lower = other if credit.before > standing[other].before else place
                best[key] = place if lower == other else other
                standing[lower] = replace(standing[lower], state=CreditState.NOT_HIGHEST)
    return standing


# --- caps --------------------------------------------------------------------------------------------------------


def _about(scoped: _Scoped[Cap], credit: CreditDue) -> bool:
    return credit.rule in scoped.rules and scoped.limit.amount.currency == credit.currency


def _use(
    ctx: Context,
    scoped: _Scoped[Cap],
    credit: CreditDue,
    uses: dict[tuple[_Scoped[Cap], int], CapUse],
    before: Sequence[CreditDue],
    charges: Charges,
) -> tuple[_Scoped[Cap], int]:
    """The use of a cap in the period to which a credit belongs. What is not known has none."""
    period = _period(ctx, scoped.limit, credit.belongs)
    key = (scoped, period.end)
    allowed = None if key in uses else _allowed(scoped.limit, period, charges, scoped.order)
    if allowed is not None:
        used = allowed - allowed if scoped.limit.rolling is None else _used(scoped, period, before, allowed - allowed)
        uses[key] = CapUse(scoped.scope, scoped.limit, *period, allowed, used, credit.currency)
    return key


def _allowed(cap: Cap, period: Stretch, charges: Charges, order: str | None) -> Decimal | None:
    """What a cap allows in its period. It is not that of one breach, and the model lets nothing of one stand in it."""
    if isinstance(cap.amount, Amount):
        return rounded(cap.amount.money)
    found = worked_out(
        cap.amount.formula,
        lambda part: charges.total(part.of, period, {}, order) if isinstance(part, Charged) else None,
    )
    currency = CURRENCIES[cap.amount.currency]
    return round_half_even(max(found, Fraction(0)), currency) if isinstance(found, Fraction) else None


def _period(ctx: Context, cap: Cap, belongs: int) -> Stretch:
    """The calendar period, the rolling one that ends with the day, or the life, over which a credit is capped."""
    if cap.each is not None:
        return calendar_period(cap.each, belongs, ctx.clock)
    if cap.rolling is None:
        return Stretch(ctx.life.start, ctx.life.end)
    end = calendar_period(CalendarUnit.DAY, belongs, ctx.clock).end
    return Stretch(add(end, cap.rolling, ctx.clock, times=-1), end)


def _used(scoped: _Scoped[Cap], period: Stretch, before: Sequence[CreditDue], nothing: Decimal) -> Decimal:
    """What earlier credits, which come in order, have used of a rolling period."""
    first = bisect_left(before, period.start, key=lambda credit: credit.belongs)
    return sum((credit.amount for credit in before[first:] if _about(scoped, credit)), nothing)
