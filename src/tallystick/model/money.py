"""Sums of money in consequences: amounts, interest, refunds. What a contract must say of them is asked, never assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import localcontext
from difflib import get_close_matches
from typing import Literal

from tallystick.model.agreement import Event, Party, Record
from tallystick.model.measures import measure
from tallystick.model.scope import Scope
from tallystick.model.values import OPERATORS, Typed, combined, period, value
from tallystick.quantities import CURRENCIES, Kind, Period, PeriodUnit, Quantity, known_unit
from tallystick.rules.measure import Aggregate, Function, SeriesKind, Value
from tallystick.rules.rule import (
    FISCAL,
    Amount,
    CalculatedAmount,
    CalendarUnit,
    CaseNumber,
    CaseShare,
    Charged,
    Computation,
    CountEvents,
    DayCount,
    Formula,
    Gate,
    Interest,
    Keep,
    Observed,
    Occasion,
    Refund,
    Response,
    Rule,
)
from tallystick.syntax import tree

CALENDAR_WORDS = {unit.value: unit for unit in CalendarUnit}
_COMPOUNDED = {
    "daily": Period(amount=1, unit=PeriodUnit.DAYS),
    "monthly": Period(amount=1, unit=PeriodUnit.MONTHS),
    "quarterly": Period(amount=1, unit=PeriodUnit.QUARTERS),
    "yearly": Period(amount=1, unit=PeriodUnit.YEARS),
}


def calendar_unit(scope: Scope, name: tree.Name) -> CalendarUnit | None:
    """`month` and its like; reports anything else."""
    if name.text not in CALENDAR_WORDS:
        close = get_close_matches(name.text, CALENDAR_WORDS, 1, 0.6)
        scope.report("T0215", name.span, name=name.text, instead=close[0] if close else None)
    found = CALENDAR_WORDS.get(name.text)
    if found in FISCAL and scope.fiscal_year is None and "fiscal" not in scope.doubtful:
        scope.report("T0221", name.span, found=name.text)
    return found


def amount(scope: Scope, node: tree.Expression) -> Amount | None:
    """A sum of money: outright, a term, or a share of one (`10% of monthly_fee`)."""
    if isinstance(node, tree.Binary) and node.operator in ("of", "*"):
        share, of = value(scope, node.left), value(scope, node.right)
        if share is None or of is None:
            return None
        if share[1].kind not in (Kind.FRACTION, Kind.COUNT) or of[1].kind is not Kind.MONEY:
            scope.report("T0412", node.span)
            return None
        with localcontext(prec=60):
            total = share[0].quantity.value * of[0].quantity.value
        return Amount(money=Quantity(value=total, unit=of[1].unit), share=share[0], of=of[0])
    found = value(scope, node)
    if found is None:
        return None
    if found[1].kind is not Kind.MONEY:
        scope.report("T0412", node.span)
        return None
    return Amount(money=found[0].quantity, term=found[0].term)


Seen = Mapping[str, Typed]
"""What a formula may name of a breach, `value`, `shortfall` and `delay`, with the kind of number that it is."""

OF_DEADLINES: Seen = {"delay": Typed("hours")}
"""What is known of every breach of something that was due."""


def seen_of(rules: Sequence[Rule]) -> Seen:
    """What is known of each breach of a clause with these rules: a value, where all measure one of one kind."""
    units = [_unit_of_value(rule) for rule in rules if not isinstance(rule, Occasion)]
    kinds = {None if unit is None else known_unit(unit).kind for unit in units}
    if len(kinds) != 1 or units[0] is None:
        return OF_DEADLINES
    return {"value": Typed(units[0]), "shortfall": Typed(units[0]), **OF_DEADLINES}


def _unit_of_value(rule: Rule) -> str | None:
    """The unit of the value of a rule that has a number for its threshold."""
    match rule:
        case Keep(threshold=Value() as limit) | Gate(threshold=Value() as limit):
            return limit.quantity.unit
        case CountEvents():
            return "count"
        case Response(share=CaseShare()):
            return "fraction"
        case _:
            return None


def amount_of(
    scope: Scope, node: tree.Expression, seen: Seen, *, in_cap: bool = False
) -> Amount | CalculatedAmount | None:
    """A sum of money, or a formula that comes to one: with what a breach came to, or what was charged."""
    if not any(_worked_out(scope, part) for part in _parts(node)):
        return amount(scope, node)
    found = _formula(scope, node, seen, in_cap=in_cap)
    if found is None:
        return None
    if found[1].kind is not Kind.MONEY:
        scope.report("T0412", node.span)
        return None
    return CalculatedAmount(formula=found[0], currency=found[1].unit)


_OF_BREACH: tuple[Literal["value", "shortfall", "delay"], ...] = ("value", "shortfall", "delay")


def _worked_out(scope: Scope, node: tree.Expression) -> bool:
    if isinstance(node, tree.NameReference):
        return node.text in _OF_BREACH and node.text not in scope.names
    return isinstance(node, tree.Call | tree.ChargedNode)


def _parts(node: tree.Expression) -> Iterator[tree.Expression]:
    yield node
    if isinstance(node, tree.Binary):
        yield from _parts(node.left)
        yield from _parts(node.right)


def _formula(scope: Scope, node: tree.Expression, seen: Seen, *, in_cap: bool) -> tuple[Formula, Typed] | None:
    match node:
        case tree.Binary():
            left = _formula(scope, node.left, seen, in_cap=in_cap)
            right = _formula(scope, node.right, seen, in_cap=in_cap)
            typed = combined(scope, node, left[1], right[1]) if left and right else None
            if left is None or right is None or typed is None:
                return None
            return Computation(operator=OPERATORS[node.operator], left=left[0], right=right[0]), typed
        case tree.Call():
            return _charged(scope, node, None, in_cap=in_cap)
        case tree.ChargedNode(call=call, each=each):
            return _charged(scope, call, each, in_cap=in_cap)
        case tree.NameReference() if _worked_out(scope, node):
            what = next(word for word in _OF_BREACH if word == node.text)
            if what not in seen:
                scope.report("T0489", node.span, word=what)
                return None
            return Observed(what=what), seen[what]
        case _:
            return value(scope, node)


def _charged(scope: Scope, call: tree.Call, each: tree.Name | None, *, in_cap: bool) -> tuple[Formula, Typed] | None:
    """A sum of money that was charged. A cap has a time of its own; a credit says the period that is summed."""
    found = measure(scope, call)
    if found is None:
        return None
    summed, typed = found
    if (
        not isinstance(summed, Aggregate)
        or summed.function is not Function.SUM
        or summed.of.source is SeriesKind.RECORD
        or summed.of.once is not None
        or typed.kind is not Kind.MONEY
    ):
        scope.report("T0491", call.span)
        return None
    if (each is None) is not in_cap:
        name = call.span.text
        scope.report("T0490", call.span, charge=name, instead=name if in_cap else f"{name} in that month")
        return None
    unit = calendar_unit(scope, each) if each else None
    return (Charged(of=summed.of, each=unit), typed) if unit or in_cap else None


def principal(scope: Scope, node: tree.Expression) -> Amount | CaseNumber | None:
    """A sum of money, or a number of the event or record that a breach goes back to (`invoice.amount`)."""
    if not isinstance(node, tree.AttributeReference):
        return amount(scope, node)
    data = scope.find_any(node.of, Event, Record)
    if not isinstance(data, Event | Record):
        return None
    units = {item.name: item.unit for item in data.attributes}
    name = scope.choose(tree.Name(node.span, node.attribute), "attribute", units)
    if name is None:
        return None
    if units[name] not in CURRENCIES:
        scope.report("T0412", node.span)
        return None
    kind: Literal[SeriesKind.EVENT, SeriesKind.RECORD] = (
        SeriesKind.EVENT if isinstance(data, Event) else SeriesKind.RECORD
    )
    return CaseNumber(source=kind, name=data.id, attribute=name, unit=units[name])


# --- interest ----------------------------------------------------------------------------------------------------

# What interest must say, with the choices; the first word of each names the part that says it.
_MUST_SAY: dict[str, tuple[tuple[type[tree.Node], ...], str]] = {
    "on what it accrues": (
        (tree.InterestOn,),
        "on USD 1,000, on a term, or on the number of an event (on invoice.amount)",
    ),
    "whether interest bears interest": (
        (tree.InterestSimple, tree.InterestCompounded),
        "simple, or compounded daily, monthly, quarterly or yearly",
    ),
    "how days are counted": ((tree.InterestCounting,), "counting actual/365, actual/360 or 30/360"),
    "from when it accrues": ((tree.InterestFrom,), "from breach, or from the event that began it (from invoice)"),
    "until when it accrues": ((tree.InterestUntil,), "until performed, or until cured"),
}


def interest(scope: Scope, node: tree.InterestNode) -> Interest | None:
    """Interest that says all it must, each thing once."""
    seen: dict[type[tree.Node], tree.InterestPart] = {}
    for part in node.parts:
        if type(part) in seen:
            scope.report("T0405", part.span, qualifier=part.span.text)
            return None
        seen[type(part)] = part
    if tree.InterestSimple in seen and tree.InterestCompounded in seen:
        scope.report("T0484", node.span, found="Interest", why="is either simple or compounded")
        return None
    missing = [(what, how) for what, (kinds, how) in _MUST_SAY.items() if not any(kind in seen for kind in kinds)]
    for what, how in missing:
        scope.report("T0483", node.span, missing=what, choices=how)
    party, rate, per = scope.find(node.party, Party), value(scope, node.rate), _per(scope, node.per)
    if rate is not None and rate[1].kind is not Kind.FRACTION:
        scope.report("T0484", node.rate.span, found=f"“{node.rate.span.text}”", why="is no percentage")
        return None
    sum_of = next((principal(scope, part.amount) for part in node.parts if isinstance(part, tree.InterestOn)), None)
    compounded, known = _compounded(scope, seen.get(tree.InterestCompounded))
    since, until = _since(scope, node, sum_of), _until(scope, node)
    counting = next((DayCount(part.days) for part in node.parts if isinstance(part, tree.InterestCounting)), None)
    if missing or party is None or rate is None or per is None or sum_of is None or counting is None:
        return None
    if since is None or until is None or not known:
        return None
    return Interest(
        party=party.id,
        rate=rate[0],
        per=per,
        amount=sum_of if isinstance(sum_of, Amount) else None,
        of=sum_of if isinstance(sum_of, CaseNumber) else None,
        compounded=compounded,
        counting=counting,
        begins=since,
        ends=until,
    )


def _per(scope: Scope, name: tree.Name) -> Literal["year", "month", "day"] | None:
    match name.text:
        case "year" | "month" | "day" as word:
            return word
        case _:
            scope.report("T0484", name.span, found=f"“per {name.text}”", why="is no rate; write per year, month or day")
            return None


def _compounded(scope: Scope, part: tree.InterestPart | None) -> tuple[Period | None, bool]:
    """How often, None where it is simple; and whether that is known."""
    if not isinstance(part, tree.InterestCompounded):
        return None, True
    found = _COMPOUNDED.get(part.how.text)
    if found is None:
        choices = "write daily, monthly, quarterly or yearly"
        scope.report("T0484", part.span, found=f"“{part.span.text}”", why=f"does not say how often; {choices}")
    return found, found is not None


def _since(
    scope: Scope, node: tree.InterestNode, sum_of: Amount | CaseNumber | None
) -> Literal["breach", "case"] | None:
    for part in node.parts:
        if isinstance(part, tree.InterestFrom) and part.start.text == "breach":
            return "breach"
        if isinstance(part, tree.InterestFrom):
            data = scope.find_any(part.start, Event, Record)
            if data is None:
                return None
            if isinstance(sum_of, CaseNumber) and data.id != sum_of.name:
                found = f"“from {part.start.text}”"
                scope.report("T0484", part.span, found=found, why=f"is not from {sum_of.name}, whose number it is")
                return None
            return "case"
    return None


def _until(scope: Scope, node: tree.InterestNode) -> Literal["performed", "cured"] | None:
    for part in node.parts:
        if isinstance(part, tree.InterestUntil):
            match part.end.text:
                case "performed" | "cured" as word:
                    return word
                case _:
                    why = "is no end of interest; write until performed, or until cured"
                    scope.report("T0484", part.span, found=f"“{part.span.text}”", why=why)
    return None


# --- refunds -----------------------------------------------------------------------------------------------------


def refund(scope: Scope, node: tree.RefundNode) -> Refund | None:
    """A sum given back: all of it, or the part that is not used up, for which the period it was paid for is stated."""
    party, sum_of = scope.find(node.party, Party), principal(scope, node.amount)
    if node.by is not None and node.span_of is None:
        scope.report("T0485", node.span, by=node.by.text)
        return None
    by = _by(scope, node.by)
    over, known = _over(scope, node)
    if party is None or sum_of is None or not known or (node.by is not None and by is None):
        return None
    if by == "month" and not _whole_months(scope, over):
        scope.report("T0486", node.span, found=node.span_of.span.text if node.span_of else "")
        return None
    return Refund(
        party=party.id,
        amount=sum_of if isinstance(sum_of, Amount) else None,
        of=sum_of if isinstance(sum_of, CaseNumber) else None,
        by=by,
        each=over if isinstance(over, CalendarUnit) else None,
        every=over if isinstance(over, Period) else None,
    )


def _by(scope: Scope, name: tree.Name | None) -> Literal["day", "month"] | None:
    match name.text if name else None:
        case "day" | "month" as word:
            return word
        case None:
            return None
        case _:
            assert name is not None
            scope.report("T0215", name.span, name=name.text, instead="day" if name.text[:1] == "d" else "month")
            return None


def _over(scope: Scope, node: tree.RefundNode) -> tuple[CalendarUnit | Period | None, bool]:
    """The period a sum was paid for, None for the term; and whether it is known."""
    match node.span_of:
        case tree.CalendarWindow(each=name):
            unit = calendar_unit(scope, name)
            return unit, unit is not None
        case tree.CapRolling(length=node_length):
            length = period(scope, node_length)
            fits = length is not None and (length.in_months or length.unit in (PeriodUnit.DAYS, PeriodUnit.WEEKS))
            if length is not None and not fits:
                scope.report("T0430", node_length.span, found=node_length.span.text)
            return length, fits
        case tree.OverTerm():
            if not scope.term_ends:
                scope.report("T0487", node.span_of.span)
            return None, scope.term_ends
        case None:
            return None, True


def _whole_months(scope: Scope, over: CalendarUnit | Period | None) -> bool:
    match over:
        case CalendarUnit():
            return over in (CalendarUnit.MONTH, CalendarUnit.QUARTER, CalendarUnit.YEAR)
        case Period():
            return over.in_months
        case None:
            return scope.term_in_months
