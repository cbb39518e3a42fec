"""Values: literals, terms and arithmetic on them, each with its unit."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

from tallystick.diagnostics.diagnostic import Related
from tallystick.model.agreement import Term
from tallystick.model.scope import Scope
from tallystick.quantities import CURRENCIES, UNITS, Kind, Period, PeriodUnit, Quantity, known_unit, unit
from tallystick.rules.calendars import OF_AGREEMENT
from tallystick.rules.measure import Operator, Value
from tallystick.source import Span
from tallystick.syntax import tree

BUSINESS_WORDS = {
    "business days": PeriodUnit.BUSINESS_DAYS,
    "business day": PeriodUnit.BUSINESS_DAYS,
    "business hours": PeriodUnit.BUSINESS_HOURS,
    "business hour": PeriodUnit.BUSINESS_HOURS,
}
_PLAIN_UNITS = [word for word in PeriodUnit if word not in BUSINESS_WORDS.values()]
PERIOD_WORDS = {word: word for word in _PLAIN_UNITS} | {word.removesuffix("s"): word for word in _PLAIN_UNITS}


@dataclass(frozen=True)
class Typed:
    """The kind of a number: its unit; `bare` for a number written without one; `derived` for a computed ratio."""

    unit: str
    bare: bool = False
    derived: bool = False

    @property
    def kind(self) -> Kind:
        """The kind of the unit."""
        return known_unit(self.unit).kind


BARE = Typed("count", bare=True)


def unit_name(scope: Scope, name: tree.Name) -> str | None:
    """The unit declared for data: `fraction`, `milliseconds`, `USD` …; reports an unknown one."""
    word = name.text if name.text in UNITS or name.text in CURRENCIES else name.text + "s"
    if unit(word) is not None:
        return word
    known = [*UNITS, *CURRENCIES] if name.text.isupper() else list(UNITS)
    code = "T0208" if name.text.isupper() and len(name.text) == 3 else "T0205"
    close = get_close_matches(name.text, known, 1, 0.6)
    scope.report(code, name.span, unit=name.text, known=", ".join(UNITS), instead=close[0] if close else None)
    return None


def literal(scope: Scope, node: tree.Expression) -> Quantity | Period | date | str | None:
    """The value of a literal; reports units and dates that do not exist and anything that is not a literal."""
    match node:
        case tree.Number(value=value):
            return Quantity(value=value, unit="count")
        case tree.Percent(value=value):
            return Quantity(value=value, unit="fraction")
        case tree.Money(currency=currency, value=value):
            if currency not in CURRENCIES:
                scope.report("T0208", node.span, unit=currency)
                return None
            return Quantity(value=value, unit=currency)
        case tree.QuantityLiteral():
            return _quantity(scope, node)
        case tree.Binary(operator="of", left=tree.QuantityLiteral() as left, right=tree.NameReference() as right) if (
            left.unit in BUSINESS_WORDS
        ):
            named = tree.Name(right.span, right.text)
            return deadline(scope, tree.PeriodLiteral(node.span, left.value, left.unit, named))
        case tree.DateLiteral():
            return day(scope, node)
        case tree.String(text=text):
            return text
        case _:
            scope.report("T0408", node.span)
            return None


def day(scope: Scope, node: tree.DateLiteral) -> date | None:
    """A day of the calendar, in the years 1900 to 2999; reports any other."""
    if node.value is None or not 1900 <= node.value.year <= 2999:
        scope.report("T0207", node.span, date=node.span.text)
        return None
    return node.value


def _quantity(scope: Scope, node: tree.QuantityLiteral) -> Quantity | Period | None:
    if " " in node.unit:
        return deadline(scope, tree.PeriodLiteral(node.span, node.value, node.unit))
    if node.unit in PERIOD_WORDS and node.value == int(node.value) and node.value > 0:
        return _bounded(scope, Period(amount=int(node.value), unit=PeriodUnit(PERIOD_WORDS[node.unit])), node.span)
    if node.unit == "percent":
        scope.report("T0205", node.span, unit=node.unit, known=", ".join(UNITS), instead=f"{node.value}%")
        return None
    word = unit_name(scope, tree.Name(node.span, node.unit))
    return Quantity(value=node.value, unit=word) if word else None


def after(start: date, term: Period) -> date:
    """The day on which a period of plain days or longer, counted from a day, is over."""
    months = {PeriodUnit.MONTHS: 1, PeriodUnit.QUARTERS: 3, PeriodUnit.YEARS: 12}.get(term.unit)
    if months is None:
        days = 7 if term.unit is PeriodUnit.WEEKS else 1
        return date.fromordinal(start.toordinal() + term.amount * days)
    year, month = divmod(start.year * 12 + start.month - 1 + term.amount * months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def period(scope: Scope, node: tree.PeriodLiteral) -> Period | None:
    """A period of plain time; reports business days and hours, which only a deadline, lead or age limit takes."""
    found = deadline(scope, node)
    if found is not None and found.working:
        scope.report("T0234", node.span, found=node.span.text)
        return None
    return found


def deadline(scope: Scope, node: tree.PeriodLiteral) -> Period | None:
    """A period written out or named by a term, of plain or working time; whole and positive."""
    if node.calendar is not None and node.word not in BUSINESS_WORDS:
        scope.report("T0236", node.span, found=node.span.text)
        return None
    if node.amount is None:
        term = settled(scope, tree.Name(node.span, node.word))
        if term is not None and isinstance(term.value, Period):
            return term.value.model_copy(update={"term": term.id})
        if term is not None:
            scope.report("T0303", node.span, found=node.word)
        return None
    if node.word not in PERIOD_WORDS and node.word not in BUSINESS_WORDS:
        scope.report("T0303", node.span, found=node.span.text)
        return None
    if node.amount != int(node.amount) or node.amount <= 0:
        scope.report("T0409", node.span, found=node.span.text)
        return None
    if node.word in BUSINESS_WORDS:
        return _working(scope, node, int(node.amount))
    return _bounded(scope, Period(amount=int(node.amount), unit=PeriodUnit(PERIOD_WORDS[node.word])), node.span)


def _working(scope: Scope, node: tree.PeriodLiteral, amount: int) -> Period | None:
    """Business days or hours of a calendar that is declared, and that states hours where hours are counted."""
    name = node.calendar
    if name is None and OF_AGREEMENT not in scope.calendars:
        if "business" not in scope.doubtful:
            scope.report("T0232", node.span, found=node.span.text)
        return None
    chosen = scope.choose(name, "calendar", scope.calendars) if name else OF_AGREEMENT
    if chosen is None:
        return None
    unit = BUSINESS_WORDS[node.word]
    if unit is PeriodUnit.BUSINESS_HOURS and not scope.calendars[chosen].hours_stated:
        which = f"The calendar “{chosen}”" if name else "The agreement"
        scope.report("T0233", node.span, found=node.span.text, which=which)
        return None
    return _bounded(scope, Period(amount=amount, unit=unit, calendar=chosen), node.span)


# How many of a unit make about a thousand years, beyond which no calendar reaches.
_MOST = {
    PeriodUnit.SECONDS: 31_000_000_000,
    PeriodUnit.MINUTES: 520_000_000,
    PeriodUnit.HOURS: 8_700_000,
    PeriodUnit.DAYS: 365_000,
    PeriodUnit.WEEKS: 52_000,
    PeriodUnit.MONTHS: 12_000,
    PeriodUnit.QUARTERS: 4_000,
    PeriodUnit.YEARS: 1_000,
    PeriodUnit.BUSINESS_DAYS: 250_000,
    PeriodUnit.BUSINESS_HOURS: 2_000_000,
}


def _bounded(scope: Scope, found: Period, span: Span) -> Period | None:
    if found.amount <= _MOST[found.unit]:
        return found
    scope.report("T0308", span, found=span.text)
    return None


# The kinds of values that parameters and optional terms are declared with, besides units, periods and currencies.
_KINDS = ("text", "date", "period", "money")
VALUE_TYPES = (*_KINDS, *UNITS, *(word for word in _PLAIN_UNITS if word not in UNITS))


def is_value_type(word: str) -> bool:
    """Whether it names a kind of value: `period`, `money`, `fraction`, `hours`, `USD` …"""
    return word in VALUE_TYPES or word in CURRENCIES


def stand_in(word: str, currency: str | None) -> Quantity | Period | date | str:
    """Some value of a kind, for a term that has none yet: it says of what kind the term will be, and nothing more."""
    match word:
        case "text":
            return "not yet set"
        case "date":
            return date(2000, 1, 1)
        case "period":
            return Period(amount=1, unit=PeriodUnit.DAYS)
        case "money":
            return Quantity(value=Decimal(1), unit=currency or "USD")
        case _ if word in PERIOD_WORDS:
            return Period(amount=1, unit=PeriodUnit(word))
        case _:
            return Quantity(value=Decimal(1), unit=word)


def of_type(found: Quantity | Period | date | str, word: str) -> Quantity | Period | date | str | None:
    """The value as one of that kind; None where it is of another. A bare number may be a score."""
    if word == "score" and isinstance(found, Quantity) and found.unit == "count":
        return Quantity(value=found.value, unit="score")
    wanted = stand_in(word, found.unit if isinstance(found, Quantity) and found.kind is Kind.MONEY else None)
    if isinstance(found, Quantity) and isinstance(wanted, Quantity):
        fits = found.kind is wanted.kind and (found.kind is not Kind.MONEY or found.unit == wanted.unit)
        return found if fits else None
    return found if type(found) is type(wanted) else None


def as_quantity(scope: Scope, value: Quantity | Period | date | str, span: Span) -> Quantity | None:
    """A value as a number to compare with; months and years have no fixed length, so they are refused."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, Period):
        if value.unit.value in UNITS:
            return Quantity(value=Decimal(value.amount), unit=value.unit.value)
        scope.report("T0304", span, period=str(value))
        return None
    scope.report("T0305", span, found="a text" if isinstance(value, str) else "a date")
    return None


def value(scope: Scope, node: tree.Expression) -> tuple[Value, Typed] | None:
    """A literal or a term as a value with its type."""
    if isinstance(node, tree.NameReference):
        term = settled(scope, node)
        if term is None:
            return None
        quantity = as_quantity(scope, term.value, node.span)
        return (Value(quantity=quantity, term=term.id), Typed(quantity.unit)) if quantity else None
    found = literal(scope, node)
    quantity = None if found is None else as_quantity(scope, found, node.span)
    if quantity is None:
        return None
    return Value(quantity=quantity), BARE if isinstance(node, tree.Number) else Typed(quantity.unit)


def settled(scope: Scope, name: tree.Name | tree.NameReference) -> Term | None:
    """The term of that name; reports an optional one where only what has a value can stand."""
    term = scope.find(name, Term)
    if term is not None and not term.set and not scope.dormant:
        there = (Related(term.span, "declared optional here"),)
        scope.report("T0245", name.span, term=name.text, related=there)
        return None
    return term


def fitted(node: Value, typed: Typed, other: Typed) -> Value:
    """A bare number takes the unit of what it is compared with."""
    if typed.bare and not other.bare and other.kind in (Kind.COUNT, Kind.SCORE, Kind.FRACTION):
        return Value(quantity=Quantity(value=node.quantity.value, unit=other.unit), term=node.term)
    return node


def comparable(scope: Scope, left: Typed, right: Typed, span: Span) -> bool:
    """Whether two numbers may be compared or added; reports when they may not."""
    for one, other in ((left, right), (right, left)):
        if one.bare and (other.bare or other.kind in (Kind.COUNT, Kind.SCORE) or other.derived):
            return True
        if one.bare and other.kind is Kind.FRACTION:
            scope.report("T0302", span)
            return False
    same = left.kind is right.kind and (left.kind is not Kind.MONEY or left.unit == right.unit)
    if not same:
        scope.report("T0301", span, left=words(left), right=words(right))
    return same


def words(typed: Typed) -> str:
    """What a lawyer calls this kind of number."""
    match typed.kind:
        case Kind.FRACTION:
            return "a percentage"
        case Kind.COUNT:
            return "a number"
        case Kind.SCORE:
            return "a score"
        case Kind.DURATION:
            return f"a duration in {typed.unit}"
        case Kind.BYTES:
            return f"an amount of data in {typed.unit}"
        case Kind.MONEY:
            return f"an amount in {typed.unit}"


OPERATORS = {
    "+": Operator.PLUS,
    "-": Operator.MINUS,
    "*": Operator.TIMES,
    "/": Operator.DIVIDED_BY,
    "of": Operator.TIMES,
}

_PLAIN = (Kind.FRACTION, Kind.COUNT, Kind.SCORE)


def combined(scope: Scope, node: tree.Binary, left: Typed, right: Typed) -> Typed | None:
    """The type of an arithmetic expression; reports units that do not fit."""
    match node.operator:
        case "+" | "-":
            return (right if left.bare else left) if comparable(scope, left, right, node.span) else None
        case "/":
            if right.kind in _PLAIN and left.kind not in _PLAIN:
                return left
            if left.kind is right.kind and (left.kind is not Kind.MONEY or left.unit == right.unit):
                return Typed("fraction", derived=True)
            if left.kind in _PLAIN and right.kind in _PLAIN:
                return Typed("fraction", derived=True)
        case _:
            if left.kind in _PLAIN:
                return left if right.bare and not left.bare else right
            if right.kind in _PLAIN:
                return left
    scope.report("T0306", node.span, operator=node.operator, left=words(left), right=words(right))
    return None
