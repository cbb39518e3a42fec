"""Interest and refunds, as *Consequences* of docs/meaning.md has them: year by year, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tallystick.quantities import CURRENCIES

from .clock import add, local_of, midnight, period_starts
from .consequences import Step, following, instant_of_breach, remedies_in_order
from .findings import Finding
from .rows import Case, Json


@dataclass(frozen=True)
class Interest:
    """Interest on a breach: between two instants, so many days, on a sum; None where the data lacks it."""

    rule: str
    party: str
    start: int
    end: int
    days: int
    principal: Decimal | None
    amount: Decimal | None
    running: bool


@dataclass(frozen=True)
class Refund:
    """What is given back: so many of the units of a period."""

    rule: str
    party: str
    start: int
    end: int
    unused: int
    units: int
    amount: Decimal | None


def sum_of(remedy: Json, breach: Finding) -> Decimal | None:
    """The sum: stated, or the number of the row that the breach goes back to."""
    if remedy["amount"] is not None:
        return Decimal(remedy["amount"]["money"]["value"])
    return dict(breach.numbers).get(remedy["of"]["attribute"])


def rounded(remedy: Json, total: Fraction) -> Decimal:
    """To the minor unit, half-even, which is how Python rounds fractions."""
    places = CURRENCIES[remedy["of"]["unit"] if remedy["of"] else remedy["amount"]["money"]["unit"]]
    return Decimal(round(total * 10**places)).scaleb(-places)


def days(counting: str, first: date, last: date) -> int:
    """The days by a day count."""
    if counting != "30/360":
        return (last - first).days
    d1, d2 = first.day, last.day
    if d1 == 31:
        d1 = 30
    if d2 == 31 and d1 == 30:
        d2 = 30
    return (last.year - first.year) * 360 + (last.month - first.month) * 30 + d2 - d1


def later(first: date, each: Json, times: int) -> date:
    """The end of the so many-th compounding period after the first day."""
    months = {"months": 1, "quarters": 3, "years": 12}.get(each["unit"])
    if months is None:
        return first + timedelta(days=times * each["amount"])
    total = first.year * 12 + first.month - 1 + times * each["amount"] * months
    day = first.day
    while True:
        try:
            return date(total // 12, total % 12 + 1, day)
        except ValueError:
            day -= 1


def owed(remedy: Json, principal: Decimal, first: date, last: date) -> Fraction:
    """The interest, unrounded: of each period on what is owed at its beginning."""
    year = 365 if remedy["counting"] == "actual/365" else 360
    rate = Fraction(remedy["rate"]["quantity"]["value"]) * {"year": 1, "month": 12, "day": year}[remedy["per"]]
    start = max(Fraction(principal), Fraction(0))
    if remedy["compounded"] is None:
        return start * rate * days(remedy["counting"], first, last) / year
    total, begin, number = start, first, 0
    while begin < last:
        number += 1
        end = min(later(first, remedy["compounded"], number), last)
        total += total * rate * days(remedy["counting"], begin, end) / year
        begin = end
    return total - start


def interest(case: Case, step: Step) -> list[Interest]:
    """The interest of each breach."""
    found = []
    late = step.rule["kind"] in ("deletion", "cadence", "duty") or (
        step.rule["kind"] == "response" and not step.rule["share"]
    )
    cured = {id(cure.breach): cure.instant for cure in step.cures if cure.status == "cured"}
    for remedy in remedies_in_order(case, step.rule):
        if remedy["kind"] != "interest" or (remedy["ends"] == "performed" and not late):
            continue
        for breach in step.grounds:
            start = instant_of_breach(breach) if remedy["begins"] == "breach" else breach.start
            ended = breach.performed if remedy["ends"] == "performed" else cured.get(id(breach))
            end = case.as_of if ended is None else ended
            if start >= end or remedy not in following(case, step.rule, "interest", breach):
                continue
            first, last = local_of(case.zone, start).date(), local_of(case.zone, end).date()
            principal = sum_of(remedy, breach)
            amount = None if principal is None else rounded(remedy, owed(remedy, principal, first, last))
            number = days(remedy["counting"], first, last)
            found.append(
                Interest(step.rule["id"], remedy["party"], start, end, number, principal, amount, running=ended is None)
            )
    return found


def period_paid(case: Case, order: str | None, remedy: Json, at: int) -> tuple[int, int]:
    """The period that the sum was paid for; the term is that of the order under which it is given back, if any."""
    whole = next((each for each in case.book["orders"] if each["id"] == order), case.book)
    begin = midnight(case.zone, date.fromisoformat(whole["effective"]))
    if remedy["each"] is not None:
        starts = period_starts(case.clock, at, remedy["each"])
        return next(starts), next(starts)
    if remedy["every"] is not None:
        ends = [begin, add(case.clock, begin, remedy["every"])]
        while ends[-1] <= at:
            ends.append(add(case.clock, begin, remedy["every"], len(ends)))
        return ends[-2], ends[-1]
    until = whole["until"]
    return begin, midnight(case.zone, date.fromisoformat(until)) if until else at


def refunds(case: Case, step: Step) -> list[Refund]:
    """What is given back because of each breach."""
    found = []
    for remedy in remedies_in_order(case, step.rule):
        for breach in step.grounds if remedy["kind"] == "refund" else []:
            at = instant_of_breach(breach)
            if at > case.as_of or remedy not in following(case, step.rule, "refund", breach):
                continue
            start, end = period_paid(case, step.rule["order"], remedy, at)
            unused, units = 1, 1
            if remedy["by"] is not None:
                each, begins = {"amount": 1, "unit": f"{remedy['by']}s", "calendar": None}, [start]
                while begins[-1] < end:
                    begins.append(add(case.clock, start, each, len(begins)))
                begins.pop()
                unused, units = len([b for b in begins if b >= at]), max(len(begins), 1)
            prepaid = sum_of(remedy, breach)
            amount = None if prepaid is None else rounded(remedy, Fraction(prepaid) * unused / units)
            found.append(Refund(step.rule["id"], remedy["party"], start, end, unused, units, amount))
    return found
