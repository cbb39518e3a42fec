"""The rules of an agreement with those of the orders under it: which text judges what is covered, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tallystick.rules.over_time import over_time
from tallystick.rules.rule import (
    VERSION,
    Covered,
    GivesWay,
    InForce,
    Occasion,
    Prevails,
    Remedy,
    Rule,
    unversioned,
)
from tallystick.rules.rulebook import OrderData, Rulebook
from tallystick.rules.strictness import unsaid


@dataclass(frozen=True)
class Beside:
    """The rules under an order from a day on, and those of the agreement without it from the same day."""

    effective: date
    until: date | None
    own: Rulebook
    agreement: Rulebook


@dataclass(frozen=True)
class UnderOrder:
    """An order with the rules under it, from each day on which either changes.

    `over` are the ids of rules that read otherwise than the agreement demands and go before it, `yields` those that do not
    because the agreement goes first; `section` is where that is said, if anywhere.
    """

    order: OrderData
    texts: tuple[Beside, ...]
    over: frozenset[str] = frozenset()
    yields: frozenset[str] = frozenset()
    section: str | None = None


def changed(beside: Beside, yields: Collection[str] = ()) -> tuple[Rule, ...]:
    """The rules that read otherwise under an order, or have other consequences, or are there under it alone."""
    shared = _asks(beside.own.remedies) != _asks(beside.agreement.remedies)
    known = {rule.id: unsaid(rule) for rule in beside.agreement.rules}
    return tuple(
        rule
        for rule in beside.own.rules
        if rule.id not in yields
        and (rule.id not in known or known[rule.id] != unsaid(rule) or (shared and not isinstance(rule, Occasion)))
    )


def gone(beside: Beside, yields: Collection[str] = ()) -> tuple[str, ...]:
    """The ids of rules that the agreement has, and that do not hold under an order."""
    kept = {rule.id for rule in beside.own.rules}
    return tuple(rule.id for rule in beside.agreement.rules if rule.id not in kept and rule.id not in yields)


def overlap(one: Sequence[Covered], other: Sequence[Covered]) -> bool:
    """Whether some row could be covered by both."""
    values = {each.dimension: set(each.values) for each in one}
    return all(each.dimension not in values or values[each.dimension] & set(each.values) for each in other)


def together(one: InForce | GivesWay | OrderData, other: InForce | GivesWay | OrderData) -> bool:
    """Whether two times have a day in common."""
    start = max(one.effective or date.min, other.effective or date.min)
    return start < min(one.until or date.max, other.until or date.max)


def with_orders(
    book: Rulebook, orders: Sequence[UnderOrder], goes_first: Mapping[tuple[str, str], Prevails | None]
) -> Rulebook:
    """The rulebook with the texts under each order, in its order of rules; those of a rule stand after the agreement's.

    `goes_first` says for pairs of orders which one does (the first of a pair) where both say otherwise of the same rows.
    """
    if not orders:
        return book
    added = {under.order.id: tuple(_texts(under)) for under in orders}
    ways = {under.order.id: tuple(_ways(under)) for under in orders}
    own = tuple(_agreement_text(rule, orders, ways) for rule in book.rules)
    later = {
        under.order.id: tuple(_order_text(rule, under, orders, ways, goes_first) for rule in added[under.order.id])
        for under in orders
    }
    rules = _in_order(own, [rule for under in orders for rule in later[under.order.id]], orders)
    shared = [remedy for under in orders for remedy in _shared(under)]
    replaced = {remedy.order for remedy in shared} | {u.order.id for u in orders if _replaces(u)}
    data = tuple(u.order.model_copy(update={"own_remedies": u.order.id in replaced}) for u in orders)
    merged = _with_data(book, [beside.own for under in orders for beside in under.texts])
    return merged.model_copy(update={"rules": rules, "remedies": (*book.remedies, *shared), "orders": data})


def _asks(remedies: Sequence[Remedy]) -> tuple[Any, ...]:
    return tuple(unsaid(remedy) for remedy in remedies)


def _texts(under: UnderOrder) -> Iterator[Rule]:
    """The texts of rules under an order, with its time in force where no amendment cut it."""
    versions = [
        (beside.effective, beside.own.model_copy(update={"rules": changed(beside, under.yields), "remedies": ()}))
        for beside in under.texts
    ]
    order = under.order
    for rule in over_time(versions).rules if versions else ():
        name, _, day = rule.id.partition(VERSION)
        times = {"effective": rule.effective or order.effective, "until": rule.until or order.until}
        identifier = f"{name}{VERSION}{order.id}" + (f"{VERSION}{day}" if day else "")
        yield rule.model_copy(update={"id": identifier, "order": order.id, **times})


def _replaces(under: UnderOrder) -> bool:
    return any(_asks(beside.own.remedies) != _asks(beside.agreement.remedies) for beside in under.texts)


def _shared(under: UnderOrder) -> Iterator[Remedy]:
    """The consequences of every breach under an order, where they are not the agreement's."""
    if not _replaces(under):
        return
    versions = [(beside.effective, beside.own.model_copy(update={"rules": ()})) for beside in under.texts]
    order = under.order
    for remedy in over_time(versions).remedies:
        times = {"effective": remedy.effective or order.effective, "until": remedy.until or order.until}
        yield remedy.model_copy(update={"order": order.id, **times})


def _ways(under: UnderOrder) -> Iterator[tuple[str, GivesWay]]:
    """The rules that the order says otherwise, and from when until when."""
    for beside in under.texts:
        way = GivesWay(order=under.order.id, covers=under.order.covers, effective=beside.effective, until=beside.until)
        for name in (*(rule.id for rule in changed(beside, under.yields)), *gone(beside, under.yields)):
            yield name, way


_Ways = Mapping[str, Sequence[tuple[str, GivesWay]]]


def _agreement_text(rule: Rule, orders: Sequence[UnderOrder], ways: _Ways) -> Rule:
    name = unversioned(rule.id)
    given = [way for under in orders for of, way in ways[under.order.id] if of == name and together(rule, way)]
    over = tuple(Prevails(over=u.order.id, section=u.section) for u in orders if name in u.yields)
    return rule.model_copy(update={"gives_way": _joined(given), "prevails": over})


def _order_text(
    rule: Rule,
    under: UnderOrder,
    orders: Sequence[UnderOrder],
    ways: _Ways,
    goes_first: Mapping[tuple[str, str], Prevails | None],
) -> Rule:
    name, own = unversioned(rule.id), under.order
    given: list[GivesWay] = []
    over = [Prevails(over="agreement", section=under.section)] if name in under.over else []
    for other in orders:
        beside = [way for of, way in ways[other.order.id] if of == name and together(rule, way)]
        if other is under or not overlap(own.covers, other.order.covers) or not beside:
            continue
        if (other.order.id, own.id) in goes_first:
            given.extend(beside)
        elif (prevails := goes_first.get((own.id, other.order.id))) is not None:
            over.append(prevails)
    return rule.model_copy(update={"covers": own.covers, "gives_way": _joined(given), "prevails": tuple(over)})


def _joined(ways: Sequence[GivesWay]) -> tuple[GivesWay, ...]:
    """The times of one order that follow each other as one."""
    found: list[GivesWay] = []
    for way in ways:
        if found and found[-1].order == way.order and found[-1].until == way.effective:
            found[-1] = found[-1].model_copy(update={"until": way.until})
        else:
            found.append(way)
    return tuple(found)


def _in_order(own: Sequence[Rule], later: Sequence[Rule], orders: Sequence[UnderOrder]) -> tuple[Rule, ...]:
    """The texts under orders after those of the agreement; a rule that only orders have stands where they have it."""
    names = list(dict.fromkeys(unversioned(rule.id) for rule in own))
    for under in orders:
        for beside in under.texts:
            previous = -1
            for rule in beside.own.rules:
                if rule.id not in names:
                    names.insert(previous + 1, rule.id)
                previous = names.index(rule.id)
    found: dict[str, list[Rule]] = {name: [] for name in names}
    for rule in (*own, *later):
        found[unversioned(rule.id)].append(rule)
    return tuple(rule for texts in found.values() for rule in texts)


def _with_data(book: Rulebook, others: Sequence[Rulebook]) -> Rulebook:
    """The rulebook with the data, roles, terms and calendars that orders add."""
    update: dict[str, Any] = {}
    for field in ("roles", "metrics", "events", "records", "calendars"):
        found = {item.id: item for each in (*reversed(others), book) for item in getattr(each, field)}
        known = [item.id for item in getattr(book, field)]
        names = [*known, *(name for name in found if name not in known)]
        update[field] = tuple(found[name] for name in names)
    update["terms"] = {**{name: title for each in others for name, title in each.terms.items()}, **book.terms}
    return book.model_copy(update=update)
