"""Interest and refunds: sums that grow, or shrink, with the days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tallystick.evaluation.belonging import instant_of
from tallystick.evaluation.clock import add, localized, midnight, plus_months
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.evaluation import InterestDue, RefundDue
from tallystick.evaluation.numbers import round_half_even
from tallystick.evaluation.remedies import Followed, follows, remedies_of
from tallystick.evaluation.windows import Stretch, calendar_period
from tallystick.quantities import CURRENCIES, Period, PeriodUnit
from tallystick.rules.rule import CaseNumber, DayCount, Interest, Refund, has_deadline

_MONTHS = {PeriodUnit.MONTHS: 1, PeriodUnit.QUARTERS: 3, PeriodUnit.YEARS: 12}
_ONE_DAY = Period(amount=1, unit=PeriodUnit.DAYS)
_ONE_MONTH = Period(amount=1, unit=PeriodUnit.MONTHS)


def principal(remedy: Interest | Refund, ground: Judgement) -> tuple[Decimal | None, str]:
    """The sum and its currency; None where the row that it stands in does not give it."""
    if remedy.amount is not None:
        return remedy.amount.money.value, remedy.amount.money.unit
    assert isinstance(remedy.of, CaseNumber)
    written = dict(ground.case).get(remedy.of.attribute)
    return None if written is None else Decimal(written), remedy.of.unit


# --- interest ----------------------------------------------------------------------------------------------------


def interest_of(ctx: Context, followed: Followed) -> Iterator[InterestDue]:
    """The interest of each breach, up to its cure, its performance, or as-of."""
    cured = {status.finding: status.at for status in followed.cured}
    for remedy in remedies_of(ctx, followed.rule):
        if isinstance(remedy, Interest) and (remedy.ends == "cured" or has_deadline(followed.rule)):
            for ground in followed.grounds:
                if follows(ctx, followed.rule, remedy, ground.finding):
                    end = cured.get(ground.finding.id) if remedy.ends == "cured" else ground.performed
                    yield from _interest(ctx, followed, remedy, ground, end)


def _interest(
    ctx: Context, followed: Followed, remedy: Interest, ground: Judgement, ended: int | None
) -> Iterator[InterestDue]:
    finding = ground.finding
    start = instant_of(finding) if remedy.begins == "breach" else finding.start
    end = ctx.as_of if ended is None else ended
    if start >= end:
        return
    money, currency = principal(remedy, ground)
    first, last = localized(start, ctx.zone).date(), localized(end, ctx.zone).date()
    amount = None
    if money is not None:
        grown = max(Fraction(money), Fraction(0)) * growth(remedy, first, last)
        amount = round_half_even(grown, CURRENCIES[currency])
    yield InterestDue(
        finding.id,
        followed.rule.id,
        followed.rule.clause,
        finding.group,
        remedy.party,
        remedy,
        start,
        end,
        days_between(remedy.counting, first, last),
        money,
        amount,
        currency,
        running=ended is None,
    )


def growth(remedy: Interest, first: date, last: date) -> Fraction:
    """The interest on one unit of money, exact: `rate x days / year`, or for each compounding period so much again."""
    times = {"year": 1, "month": 12, "day": remedy.counting.year}[remedy.per]
    rate = Fraction(remedy.rate.quantity.value) * times / remedy.counting.year
    if remedy.compounded is None:
        return rate * days_between(remedy.counting, first, last)
    over, under = 1, 1  # whole numbers that are reduced once, at the end
    for begin, end in _compounding(remedy.compounded, first, last):
        days = days_between(remedy.counting, begin, end)
        over *= rate.denominator + rate.numerator * days
        under *= rate.denominator
    return Fraction(over, under) - 1


def _compounding(each: Period, first: date, last: date) -> Iterator[tuple[date, date]]:
    """The compounding periods, counted from the first day; the last is cut."""
    begin, number = first, 1
    while begin < last:
        end = min(_later(each, first, number), last)
        yield begin, end
        begin, number = end, number + 1


def _later(each: Period, first: date, number: int) -> date:
    if each.unit in _MONTHS:
        return plus_months(first, number * each.amount * _MONTHS[each.unit])
    return first + timedelta(days=number * each.amount)


def days_between(counting: DayCount, first: date, last: date) -> int:
    """The days from one date to another: the first does not count, the last does.

    30/360 is the bond basis (ISDA 2006, 4.16(f)): the 31st is the 30th, at the end only where the beginning is one too.
    """
    if counting is not DayCount.THIRTY_360:
        return (last - first).days
    begin = min(first.day, 30)
    end = 30 if last.day == 31 and begin == 30 else last.day
    return 360 * (last.year - first.year) + 30 * (last.month - first.month) + end - begin


# --- refunds -----------------------------------------------------------------------------------------------------


def refunds_of(ctx: Context, followed: Followed) -> Iterator[RefundDue]:
    """What is given back because of each breach or occasion that has come by as-of."""
    for remedy in remedies_of(ctx, followed.rule):
        if isinstance(remedy, Refund):
            for ground in followed.grounds:
                finding = ground.finding
                if instant_of(finding) <= ctx.as_of and follows(ctx, followed.rule, remedy, finding):
                    yield _refund(ctx, followed, remedy, ground)


def _refund(ctx: Context, followed: Followed, remedy: Refund, ground: Judgement) -> RefundDue:
    finding, at = ground.finding, instant_of(ground.finding)
    money, currency = principal(remedy, ground)
    paid_for = _paid_for(ctx, followed.rule.order, remedy, at)
    unused, units = (1, 1) if remedy.by is None else _unused(ctx, remedy.by, paid_for, at)
    share = None if money is None else Fraction(money) * Fraction(unused, units)
    return RefundDue(
        finding.id,
        followed.rule.id,
        followed.rule.clause,
        finding.group,
        remedy.party,
        remedy,
        at,
        paid_for.start,
        paid_for.end,
        unused,
        units,
        money,
        None if share is None else round_half_even(share, CURRENCIES[currency]),
        currency,
    )


def _paid_for(ctx: Context, order: str | None, remedy: Refund, at: int) -> Stretch:
    """The period for which the sum was paid: that which holds the instant, or the term of the agreement or order."""
    whole = next((each for each in ctx.rulebook.orders if each.id == order), ctx.rulebook)
    start = midnight(whole.effective, ctx.zone)
    if remedy.each is not None:
        return calendar_period(remedy.each, at, ctx.clock)
    if remedy.every is not None:
        number = 0
        while add(start, remedy.every, ctx.clock, times=number + 1) <= at:
            number += 1
        return Stretch(
            add(start, remedy.every, ctx.clock, times=number), add(start, remedy.every, ctx.clock, times=number + 1)
        )
    until = whole.until
    return Stretch(start, at if until is None else midnight(until, ctx.zone))


def _unused(ctx: Context, by: str, paid_for: Stretch, at: int) -> tuple[int, int]:
    """How many of the days or months of a period begin at an instant or later, of how many."""
    each, unused, units = _ONE_DAY if by == "day" else _ONE_MONTH, 0, 0
    begin = paid_for.start
    while begin < paid_for.end:
        unused, units = unused + (begin >= at), units + 1
        begin = add(paid_for.start, each, ctx.clock, times=units)
    return unused, max(units, 1)
