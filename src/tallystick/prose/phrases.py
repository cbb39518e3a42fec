"""Phrases that many sentences share: names as links, values, conditions, groups, windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from tallystick.model.agreement import Agreement, Term
from tallystick.prose.quantity import date_text, listed, number_text, ordinal_text, period_text, quantity_text
from tallystick.prose.sentence import Inline, Link
from tallystick.quantities import Period, PeriodUnit, Quantity
from tallystick.rules.calendars import OF_AGREEMENT
from tallystick.rules.measure import (
    All,
    Any,
    Attribute,
    Compare,
    Comparison,
    Condition,
    Member,
    Not,
    Operand,
    Operator,
    RowArithmetic,
    Series,
    SeriesKind,
    Text,
    Value,
)
from tallystick.rules.rule import Calendar, CalendarUnit, Rolling, Window

Inlines = tuple[Inline, ...]

# Printed where the value of an optional term would stand.
NOT_SET = "not set"

_CALENDAR = {CalendarUnit.HOUR: "clock hour"} | {
    unit: unit.value if unit.value.startswith("fiscal") else f"calendar {unit.value}"
    for unit in CalendarUnit
    if unit is not CalendarUnit.HOUR
}

OPERATOR_WORDS = {
    Operator.PLUS: "plus",
    Operator.MINUS: "minus",
    Operator.TIMES: "times",
    Operator.DIVIDED_BY: "divided by",
}


def dimension_text(name: str) -> str:
    """A dimension as words: `incident_id` is printed as `incident id`."""
    return name.replace("_", " ")


def joined(items: Sequence[Inlines], last: str) -> Inlines:
    """`a, b and c`, keeping the links."""
    found: list[Inline] = []
    for index, item in enumerate(items):
        if index:
            found.append(f" {last} " if index == len(items) - 1 else ", ")
        found.extend(item)
    return tuple(found)


def capital(inlines: Inlines) -> Inlines:
    """The words as they begin a sentence."""
    first, *rest = inlines
    if isinstance(first, Link):
        return Link(first.text[:1].upper() + first.text[1:], first.anchor), *rest
    return first[:1].upper() + first[1:], *rest


def the(title: str, anchor: str) -> Inlines:
    """`the Monthly Fee`; a title that brings an article of its own stands alone."""
    link = Link(title, anchor)
    return (link,) if title.lower().startswith(("the ", "a ", "an ")) else ("the ", link)


def holder(agreement: Agreement, name: str | None) -> Inlines:
    """A party by the name the contract gives it, or a role with its article."""
    if name in agreement.parties:
        return (Link(agreement.parties[name].called, f"party-{name}"),)
    assert name is not None, "only a permission is held by nobody, and it names its roles"
    return role(agreement, name)


def role(agreement: Agreement, name: str) -> Inlines:
    """`the Risk Officer`."""
    return the(agreement.roles[name].title, f"role-{name}")


def or_senior(roles: Sequence[str]) -> str:
    """Said where a more senior role counts too."""
    return " (or a role senior to it)" if len(roles) > 1 else ""


def data(agreement: Agreement, series: Series) -> Inlines:
    """The title of a metric, event or record, as a link, with its condition."""
    match series.source:
        case SeriesKind.METRIC:
            title = agreement.metrics[series.name].title
        case SeriesKind.EVENT:
            title = agreement.events[series.name].title
        case SeriesKind.RECORD:
            title = agreement.records[series.name].title
    return Link(title, f"{series.source.value}-{series.name}"), *where(agreement, series.where)


def action(agreement: Agreement, name: str) -> Inlines:
    """The verb phrase of an event: its own, or `perform …`."""
    event = agreement.events[name]
    if event.action:
        return (Link(event.action, f"event-{name}"),)
    return "perform ", Link(event.title, f"event-{name}")


def value(agreement: Agreement, found: Value) -> Inlines:
    """`92%`, or `the Accuracy Floor (92%)`."""
    shown = quantity_text(found.quantity)
    if found.term is None:
        return (shown,)
    return *term(agreement, found.term), f" ({shown if is_set(agreement, found.term) else NOT_SET})"


def is_set(agreement: Agreement, name: str | None) -> bool:
    """Whether there is a value: of an optional term there is none until something sets it."""
    return name is None or agreement.terms[name].set


def term(agreement: Agreement, name: str) -> Inlines:
    """`the Accuracy Floor`."""
    return the(agreement.terms[name].title, f"term-{name}")


def each(agreement: Agreement, series: Series, word: str = "each") -> Inlines:
    """`each Incident where …`; what can happen only once, such as the termination, stands alone."""
    once = series.name in agreement.events and series.name == "termination" and series.source is SeriesKind.EVENT
    return data(agreement, series) if once else (f"{word} ", *data(agreement, series))


def where(agreement: Agreement, condition: Condition | None) -> Inlines:
    """` where severity is “critical”`, or nothing."""
    return (" where ", *condition_inlines(agreement, condition)) if condition else ()


def condition_inlines(agreement: Agreement, condition: Condition) -> Inlines:
    """A condition in words."""
    match condition:
        case Compare(left=left, comparison=comparison, right=right):
            words = comparison.value if comparison in (Comparison.IS, Comparison.IS_NOT) else f"is {comparison.value}"
            return *_operand(agreement, left), f" {words} ", *_operand(agreement, right)
        case Member(attribute=attribute, values=values, negated=negated):
            texts = listed([f"“{value}”" for value in values], "or" if negated else "and")
            return (f"{dimension_text(attribute)} is {'none of' if negated else 'one of'} {texts}",)
        case All(parts=parts):
            return joined([_grouped(agreement, part) for part in parts], "and")
        case Any(parts=parts):
            return joined([_grouped(agreement, part) for part in parts], "or")
        case Not(part=part):
            return "it is not so that ", *_grouped(agreement, part)


def _grouped(agreement: Agreement, part: Condition) -> Inlines:
    inner = condition_inlines(agreement, part)
    return ("(", *inner, ")") if isinstance(part, All | Any) else inner


def _operand(agreement: Agreement, operand: Operand) -> Inlines:
    match operand:
        case Attribute(name=name):
            return (dimension_text(name),)
        case Text(value=text):
            return (f"“{text}”",)
        case Value():
            return value(agreement, operand)
        case RowArithmetic(operator=operator, left=left, right=right):
            words = operator_words(operator, left)
            return *_side(agreement, left), f" {words} ", *_side(agreement, right)


def _side(agreement: Agreement, operand: Operand) -> Inlines:
    inner = _operand(agreement, operand)
    return ("(", *inner, ")") if isinstance(operand, RowArithmetic) else inner


def operator_words(operator: Operator, left: object) -> str:
    """`10% of`, but `2 times`."""
    share = isinstance(left, Value) and left.quantity.unit == "fraction"
    return "of" if operator is Operator.TIMES and share else OPERATOR_WORDS[operator]


def group(per: Sequence[str]) -> str:
    """`for each model and environment`, or nothing."""
    return f" for each {dimensions(per)}" if per else ""


def dimensions(names: Sequence[str]) -> str:
    """`model, version and environment`."""
    return listed([dimension_text(name) for name in names])


def environments(names: Iterable[str]) -> str:
    """`in the staging or production environment`, or nothing."""
    words = listed([dimension_text(name) for name in names], "or")
    return f" in the {words} environment" if words else ""


def matching(names: Sequence[str]) -> str:
    """`of the same model and version`, or nothing."""
    return f" of the same {dimensions(names)}" if names else ""


def period(agreement: Agreement, found: Period, article: str = "the ") -> Inlines:
    """`72 hours`, or `the Notice Period (72 hours)`; after `each` or `any` the name has no article."""
    shown = counted(agreement, found)
    if found.term is None:
        return (shown,)
    shown = shown if is_set(agreement, found.term) else NOT_SET
    return article, Link(agreement.terms[found.term].title, f"term-{found.term}"), f" ({shown})"


def counted(agreement: Agreement, found: Period) -> str:
    """`72 hours`, `10 Business Days`, `4 Business Hours of the Support Desk`."""
    return period_text(found) + of_calendar(agreement, found)


def value_text(agreement: Agreement, term: Term) -> str:
    """The value of a term as the paper shows it."""
    if not term.set:
        return "nothing until it is set"
    match term.value:
        case Quantity():
            return quantity_text(term.value)
        case Period():
            return counted(agreement, term.value)
        case date():
            return date_text(term.value)
        case str():
            return term.value


def of_calendar(agreement: Agreement, found: Period) -> str:
    """` of the Support Desk`, where it counts by another calendar than the agreement's own."""
    return "" if found.calendar is None else named_calendar(agreement, found.calendar)


def named_calendar(agreement: Agreement, name: str) -> str:
    """` of the Support Desk`; nothing for the agreement's own."""
    if name == OF_AGREEMENT:
        return ""
    title = agreement.calendars[name].title
    return f" of {title if title.lower().startswith(('the ', 'a ', 'an ')) else f'the {title}'}"


def day(agreement: Agreement, found: Period) -> Inlines:
    """`the 10th Business Day`, or of a term `the last of the Notice Period (10 Business Days)`."""
    if found.term is not None:
        return "the last day of ", *period(agreement, found)
    which = "next" if found.amount == 1 else ordinal_text(Decimal(found.amount))
    return (f"the {which} Business Day{of_calendar(agreement, found)}",)


def deadline(agreement: Agreement, found: Period) -> Inlines:
    """`no later than 72 hours`, `no later than the end of the 10th Business Day`, `within 4 Business Hours`."""
    match found.unit:
        case PeriodUnit.BUSINESS_DAYS:
            return "no later than the end of ", *day(agreement, found)
        case PeriodUnit.BUSINESS_HOURS:
            return "within ", *period(agreement, found)
        case _:
            return "no later than ", *period(agreement, found)


def window(agreement: Agreement, found: Window) -> Inlines:
    """`each calendar month`, or `any 30 days`."""
    match found:
        case Calendar(each=each):
            return (f"each {_CALENDAR[each]}",)
        case Rolling(length=length):
            return "any ", *period(agreement, length, "")


def calendar_text(each: CalendarUnit) -> str:
    """`calendar month`."""
    return _CALENDAR[each]


def times(count: int) -> str:
    """`once`, `2 times`."""
    return "once" if count == 1 else f"{number_text(Decimal(count))} times"
