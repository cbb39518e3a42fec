"""Consequences: what follows a breach."""

from __future__ import annotations

from decimal import localcontext
from difflib import get_close_matches

from tallystick.model.agreement import Event, Party, Role
from tallystick.model.scope import Scope
from tallystick.model.values import Typed, comparable, deadline, period, value
from tallystick.quantities import Kind, Quantity
from tallystick.rules.measure import Comparison
from tallystick.rules.rule import (
    Amount,
    Block,
    CalendarUnit,
    Cap,
    Credit,
    Cure,
    Escalate,
    NotifyDuty,
    PerformDuty,
    Remedy,
    Terminate,
    Tier,
)
from tallystick.source import Span
from tallystick.syntax import tree

CALENDAR_WORDS = {unit.value: unit for unit in CalendarUnit}


def remedies(scope: Scope, node: tree.OnBreach) -> tuple[Remedy, ...]:
    """The consequences of one block, in order; drafting notes are not among them."""
    found = (_remedy(scope, item) for item in node.items)
    return unique_ids(tuple(item for item in found if item is not None))


def unique_ids(found: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
    """Number the ids of duties and blocks that would otherwise be alike: `notify-officer`, `notify-officer-2`."""
    seen: dict[str, int] = {}
    result: list[Remedy] = []
    for item in found:
        if isinstance(item, NotifyDuty | PerformDuty | Block):
            seen[item.id] = seen.get(item.id, 0) + 1
            if seen[item.id] > 1:
                item = item.model_copy(update={"id": f"{item.id}-{seen[item.id]}"})
        result.append(item)
    return tuple(result)


def calendar_unit(scope: Scope, name: tree.Name) -> CalendarUnit | None:
    """`month` and its like; reports anything else."""
    if name.text not in CALENDAR_WORDS:
        close = get_close_matches(name.text, CALENDAR_WORDS, 1, 0.6)
        scope.report("T0215", name.span, name=name.text, instead=close[0] if close else None)
    return CALENDAR_WORDS.get(name.text)


def holder(scope: Scope, name: tree.Name) -> str | None:
    """Who owes: a party, or a role on its behalf."""
    found = scope.find_any(name, Party, Role)
    return found.id if found else None


def environments(scope: Scope, names: tuple[tree.Name, ...]) -> tuple[str, ...] | None:
    """Declared environments."""
    scope.once(names)
    found = [scope.choose(name, "environment", scope.environments) for name in names]
    complete = tuple(name for name in found if name is not None)
    return complete if len(complete) == len(found) else None


def _remedy(scope: Scope, node: tree.Consequence) -> Remedy | None:
    match node:
        case tree.NotifyDutyNode():
            return _notify(scope, node)
        case tree.PerformDutyNode():
            return _perform(scope, node)
        case tree.CreditNode():
            party, money = scope.find(node.party, Party), amount(scope, node.amount)
            return Credit(party=party.id, amount=money) if party and money else None
        case tree.CreditByValueNode():
            return _tiers(scope, node)
        case tree.CapNode():
            money, each = amount(scope, node.amount), calendar_unit(scope, node.each)
            return Cap(amount=money, each=each) if money and each else None
        case tree.CureNode():
            within = deadline(scope, node.within)
            return Cure(within=within) if within else None
        case tree.EscalateNode():
            role, after = scope.find(node.role, Role), deadline(scope, node.after)
            return Escalate(role=role.id, after=after) if role and after else None
        case tree.TerminateNode():
            return _terminate(scope, node)
        case tree.BlockNode():
            return _block(scope, node)
        case tree.NoteNode():
            return None


def _notify(scope: Scope, node: tree.NotifyDutyNode) -> Remedy | None:
    who, role, within = holder(scope, node.holder), scope.find(node.role, Role), deadline(scope, node.within)
    if who is None or role is None or within is None:
        return None
    seniors = scope.seniors(role.id)
    return NotifyDuty(id=f"notify-{role.id}", holder=who, role=role.id, roles=seniors, within=within)


def _perform(scope: Scope, node: tree.PerformDutyNode) -> Remedy | None:
    who, event, within = holder(scope, node.holder), scope.find(node.event, Event), deadline(scope, node.within)
    if who is None or event is None or within is None:
        return None
    return PerformDuty(id=f"perform-{event.id}", holder=who, event=event.id, within=within)


def _block(scope: Scope, node: tree.BlockNode) -> Remedy | None:
    event = scope.find(node.event, Event)
    where = environments(scope, node.environments.names) if node.environments else ()
    if event is None or where is None:
        return None
    if where and "environment" not in event.dimensions:
        scope.report("T0404", node.span, name=event.id, dimension="environment")
        return None
    return Block(id=f"block-{event.id}", event=event.id, environments=where)


def whole(scope: Scope, node: tree.Number, least: int = 1) -> int | None:
    """A whole number of at least `least`."""
    if node.value == int(node.value) and node.value >= least:
        return int(node.value)
    scope.report("T0409", node.span, found=node.span.text)
    return None


def _terminate(scope: Scope, node: tree.TerminateNode) -> Remedy | None:
    party, count, within = scope.find(node.party, Party), whole(scope, node.count), period(scope, node.within)
    if party is None or count is None or within is None:
        return None
    return Terminate(party=party.id, count=count, uncured=node.uncured is not None, within=within)


def _tiers(scope: Scope, node: tree.CreditByValueNode) -> Remedy | None:
    party = scope.find(node.party, Party)
    found = [_tier(scope, tier) for tier in node.tiers]
    tiers = tuple(tier for tier in found if tier is not None)
    if party is None or len(tiers) != len(found):
        return None
    for before, after, place in zip(tiers, tiers[1:], node.tiers[1:], strict=False):
        if not _further(scope, before, after, place.span):
            return None
    return Credit(party=party.id, tiers=tiers)


def _tier(scope: Scope, node: tree.TierNode) -> Tier | None:
    threshold, money = value(scope, node.threshold), amount(scope, node.amount)
    if node.comparator.words in ("is", "is not"):
        scope.report("T0407", node.span)
        return None
    if threshold is None or money is None:
        return None
    return Tier(comparison=Comparison(node.comparator.words), threshold=threshold[0], amount=money)


def _further(scope: Scope, before: Tier, after: Tier, span: Span) -> bool:
    """Tiers go one way and get ever stricter, so that the last one that holds is the one that applies."""
    one, other = before.threshold.quantity, after.threshold.quantity
    if not comparable(scope, Typed(one.unit), Typed(other.unit), span):
        return False
    falling = before.comparison in (Comparison.BELOW, Comparison.AT_MOST)
    further = other.base < one.base if falling else other.base > one.base
    if after.comparison is before.comparison and further:
        return True
    scope.report("T0407", span)
    return False


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
