"""Orders under an agreement: when each applies, what it covers, and the agreement as it stands under it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from string import ascii_letters, digits

from tallystick.diagnostics.diagnostic import Diagnostic, Related
from tallystick.model.agreement import Agreement, Order
from tallystick.model.conforming import Amended, conformed
from tallystick.model.from_syntax import from_syntax
from tallystick.model.over_time import Version, dated
from tallystick.model.uses import Alias, Joined
from tallystick.model.values import PERIOD_WORDS, after
from tallystick.quantities import Period, PeriodUnit
from tallystick.syntax import tree


@dataclass(frozen=True)
class Ordering:
    """An order as it was written, with what stands beside it in its file (scenarios), and what the files that it uses are
    given."""

    node: tree.OrderNode
    scenarios: tuple[tree.ScenarioNode, ...] = ()
    aliases: tuple[Alias, ...] = ()

    @property
    def id(self) -> str:
        """How it is called."""
        return self.node.id.text

    @property
    def effective(self) -> date | None:
        """The day on which it takes effect; None without one."""
        dates = [item.date.value for item in self.node.items if isinstance(item, tree.Effective)]
        return dates[0] if dates else None

    @property
    def term(self) -> Period | None:
        """How long it lasts, where it says so."""
        for item in self.node.items:
            if isinstance(item, tree.OrderTerm):
                word, amount = PERIOD_WORDS.get(item.period.word), item.period.amount
                if word is not None and amount is not None and 0 < amount == int(amount):
                    return Period(amount=int(amount), unit=PeriodUnit(word))
        return None

    @property
    def until(self) -> date | None:
        """The first day after it, where it says so."""
        days = [item.date.value for item in self.node.items if isinstance(item, tree.OrderUntil)]
        start = self.effective
        if self.term is not None and start is not None:
            return after(start, self.term)
        return days[0] if days else None


@dataclass(frozen=True)
class Ordered:
    """An order, with the agreement as it stands under it from each day on, and as it stands without it from the same
    days."""

    node: tree.OrderNode
    order: Order
    versions: tuple[Version, ...]
    beside: tuple[Version, ...]

    def until(self, place: int) -> date | None:
        """The end of the time of a version."""
        return self.versions[place + 1].effective if place + 1 < len(self.versions) else self.order.until


def under_orders(
    whole: Joined, versions: Sequence[Version], orderings: Sequence[Ordering], at: date | None = None
) -> tuple[tuple[Ordered, ...], tuple[Diagnostic, ...]]:
    """Each order, in order of day and name, on each text of the agreement in its time; only those begun `at` a day."""
    found: list[Diagnostic] = []
    ordered: list[Ordered] = []
    known: dict[str, Ordering] = {}
    for item in sorted(orderings, key=lambda item: (item.effective or date.min, item.id)):
        mistakes = list(_mistakes(item, versions[-1].agreement))
        if item.id in known:
            first = Related(known[item.id].node.id.span, "the other has this name, too")
            mistakes.append(Diagnostic("T0901", item.node.id.span, {"order": item.id}, (first,)))
        known.setdefault(item.id, item)
        found.extend(mistakes)
        start = item.effective
        if start is None or mistakes or (at is not None and start > at):
            continue
        made, wrong = _ordered(whole, versions, item, start)
        found.extend(each for each in wrong if each not in found)
        if made is not None:
            ordered.append(made)
    return tuple(ordered), tuple(found)


def in_force(versions: Sequence[Version], start: date, until: date | None) -> list[Version]:
    """The texts of the agreement in a time, the first of them from its beginning on."""
    last = {version.effective: version for version in versions}
    days = sorted(last)
    begun = max((day for day in days if day <= start), default=days[0])
    return [
        replace(last[day], effective=max(day, start)) for day in days if day >= begun and (until is None or day < until)
    ]


def _ordered(
    whole: Joined, versions: Sequence[Version], item: Ordering, start: date
) -> tuple[Ordered | None, list[Diagnostic]]:
    found: list[Diagnostic] = []
    until = item.until or versions[-1].agreement.until
    beside, under = in_force(versions, start, until), list[Version]()
    for place, version in enumerate(beside):
        text, mistakes = conformed(replace(version.text, changed={}), item.node.changes, start)
        found.extend(each for each in mistakes if each not in found)
        scenarios = item.scenarios if place + 1 == len(beside) else ()
        file = replace(text.file, declarations=(*text.file.declarations, *scenarios))
        by = Amended(item.node, start, text.gone, version.agreement.amendments, until, item.term)
        agreement, mistakes, used = from_syntax(
            replace(whole, file=file, aliases=(*version.aliases, *item.aliases)), by
        )
        found.extend(each for each in mistakes if each not in found)
        if agreement is None or agreement.order is None:
            return None, found
        before = (version.agreement, *(each.agreement for each in under[-1:]))
        under.append(Version(version.effective, dated(agreement, before, version.effective), used, text))
    order = under[-1].agreement.order
    assert order is not None
    return Ordered(item.node, order, tuple(under), tuple(beside)), found


# --- what an order says of itself --------------------------------------------------------------------------------

_NAMES = frozenset(ascii_letters + digits + "-_.")


def _mistakes(item: Ordering, agreement: Agreement) -> Iterator[Diagnostic]:
    node = item.node
    if not set(item.id) <= _NAMES or not set(item.id) & set(ascii_letters) or item.id[:1] in "-.":
        yield Diagnostic("T0915", node.id.span, {"order": item.id})
    if not node.changes:
        yield Diagnostic("T0905", node.id.span, {"order": item.id})
    yield from _twice(item)
    for change in node.changes:
        if isinstance(change, tree.ReplaceChange) and isinstance(change.text, tree.Duration | tree.GoverningLaw):
            yield Diagnostic("T0916", change.span, {"order": item.id})
    for said in node.items:
        if isinstance(said, tree.OrderTerm) and item.term is None:
            yield Diagnostic("T0303", said.period.span, {"found": said.period.span.text})
        if isinstance(said, tree.Effective | tree.OrderUntil) and said.date.value is None:
            yield Diagnostic("T0207", said.date.span, {"date": said.date.span.text})
    yield from _time(item, agreement)


def _twice(item: Ordering) -> Iterator[Diagnostic]:
    once = (tree.OrderTitle, tree.Version, tree.Effective, tree.OrderTerm, tree.OrderUntil, tree.Covers)
    for kind in once:
        said = [each for each in item.node.items if isinstance(each, kind)]
        for extra in said[1:]:
            first = Related(said[0].span, "first declared here")
            yield Diagnostic("T0202", extra.span, {"name": extra.span.text.split()[0], "kind": "statement"}, (first,))
    ends = [each for each in item.node.items if isinstance(each, tree.OrderTerm | tree.OrderUntil)]
    if len({type(each) for each in ends}) > 1:
        first = Related(ends[0].span, "it ends here already")
        yield Diagnostic("T0904", ends[-1].span, {"order": item.id}, (first,))


def _time(item: Ordering, agreement: Agreement) -> Iterator[Diagnostic]:
    stated = next((each for each in item.node.items if isinstance(each, tree.Effective)), None)
    if stated is None:
        yield Diagnostic("T0900", item.node.id.span, {"order": item.id})
        return
    start, until = item.effective, item.until
    if start is None:
        return
    lasts = Related(agreement.span, f"in effect from {agreement.effective} until {agreement.until or 'it ends'}")
    ends = next((each for each in item.node.items if isinstance(each, tree.OrderTerm | tree.OrderUntil)), stated)
    if until is not None and until <= start:
        begins = Related(stated.span, f"it begins on {start}")
        yield Diagnostic("T0903", ends.span, {"order": item.id, "day": str(until)}, (begins,))
    elif not agreement.effective <= start < (agreement.until or date.max):
        yield Diagnostic("T0902", stated.date.span, {"order": item.id, "day": str(start)}, (lasts,))
    elif until is not None and until > (agreement.until or date.max):
        yield Diagnostic("T0902", ends.span, {"order": item.id, "day": str(until)}, (lasts,))
    elif item.term is not None and _lacks_day(start, item.term):
        facts = {"period": str(item.term), "effective": start.isoformat(), "end": str(until)}
        yield Diagnostic("T0540", ends.span, facts)


def _lacks_day(start: date, term: Period) -> bool:
    """Whether the month of the end has no day of that number, so that two days could be meant."""
    months = {PeriodUnit.MONTHS: 1, PeriodUnit.QUARTERS: 3, PeriodUnit.YEARS: 12}.get(term.unit)
    if months is None:
        return False
    year, month = divmod(start.year * 12 + start.month - 1 + term.amount * months, 12)
    return year <= date.max.year and start.day > monthrange(year, month + 1)[1]
