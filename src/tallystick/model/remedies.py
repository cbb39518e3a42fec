"""Consequences: what follows a breach."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from tallystick.model.agreement import Event, Party, Role
from tallystick.model.money import OF_DEADLINES, Seen, amount, amount_of, calendar_unit, interest, refund
from tallystick.model.scope import Scope
from tallystick.model.values import PERIOD_WORDS, Typed, comparable, deadline, period, value
from tallystick.quantities import Period, PeriodUnit, Quantity
from tallystick.rules.measure import Comparison, Value
from tallystick.rules.rule import (
    Amount,
    Block,
    CalculatedAmount,
    CalendarUnit,
    Cap,
    Credit,
    Cure,
    Delay,
    Escalate,
    Highest,
    Notified,
    NotifyDuty,
    PerformDuty,
    Remedy,
    Repeated,
    Right,
    Spans,
    Terminate,
    Tier,
)
from tallystick.source import Span
from tallystick.syntax import tree

MOST_SPANS = 1_000
_ELAPSED = (PeriodUnit.SECONDS, PeriodUnit.MINUTES, PeriodUnit.HOURS)


class Hangs(StrEnum):
    """What a block of consequences hangs on."""

    BREACH = "breach"
    DUTY = "duty"
    EVENT = "event"
    STATE = "state"


# What counts breaches, or needs one, has nothing to go by where something merely happens.
_OF_BREACHES = (
    tree.CureNode,
    tree.EscalateNode,
    tree.CreditByValueNode,
    tree.CreditByCountNode,
    tree.CreditByDelayNode,
    tree.TerminateNode,
    tree.TerminateInRowNode,
    tree.TerminateInSpansNode,
    tree.InterestNode,
)


def remedies(
    scope: Scope,
    items: tuple[tree.Consequence, ...],
    hangs: Hangs,
    before: tuple[Remedy, ...] = (),
    seen: Seen = OF_DEADLINES,
) -> tuple[Remedy, ...]:
    """The consequences of one block, in order, after those `before`; drafting notes are not among them.

    `seen` is what a formula may name of what the block hangs on.
    """
    labels: dict[str, Span] = {}
    for item in items:
        label = item.label if isinstance(item, _DUTIES) else None
        if label is not None and label.name.text in labels:
            scope.twice(label.name.text, "duty", label.span, labels[label.name.text])
        if label is not None:
            labels.setdefault(label.name.text, label.span)
    found = (_remedy(scope, item, hangs, seen) for item in items)
    return _unique_ids((*before, *(item for item in found if item is not None)))


_DUTIES = (tree.NotifyDutyNode, tree.PerformDutyNode, tree.TriggerDutyNode)


def _unique_ids(found: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
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


def _remedy(scope: Scope, node: tree.Consequence, hangs: Hangs, seen: Seen) -> Remedy | None:
    if hangs in (Hangs.EVENT, Hangs.STATE) and isinstance(node, _OF_BREACHES):
        scope.report("T0480", node.span)
        return None
    match node:
        case tree.NotifyDutyNode():
            return _notify(scope, node)
        case tree.PerformDutyNode():
            return _perform(scope, node)
        case tree.CreditNode():
            party, money = scope.find(node.party, Party), amount_of(scope, node.amount, seen)
            repeated = _repeated(scope, node.each, hangs) if node.each else None
            sound = party is not None and money is not None and (repeated is not None or _plain(node.each))
            found = Credit(party=party.id, amount=money, repeated=repeated) if sound and party else None
            return _payable(scope, node, found)
        case tree.CreditByValueNode():
            return _payable(scope, node, _tiers(scope, node, seen))
        case tree.CreditByCountNode():
            return _payable(scope, node, _count_tiers(scope, node, seen))
        case tree.CreditByDelayNode():
            return _payable(scope, node, _by_delay(scope, node))
        case tree.CapNode():
            return _cap(scope, node)
        case tree.HighestNode():
            return _highest(scope, node)
        case tree.CureNode():
            within = deadline(scope, node.within)
            return Cure(within=within) if within else None
        case tree.EscalateNode():
            role, after = scope.find(node.role, Role), deadline(scope, node.after)
            return Escalate(role=role.id, after=after) if role and after else None
        case tree.TerminateNode():
            return _terminate(scope, node)
        case tree.TerminateInRowNode():
            return _terminate_in_row(scope, node)
        case tree.TerminateInSpansNode():
            return _terminate_in_spans(scope, node)
        case tree.TriggerDutyNode():
            return _trigger(scope, node)
        case tree.BlockNode():
            return _block(scope, node, hangs)
        case tree.TerminateAtOnceNode():
            return _terminate_at_once(scope, node)
        case tree.RightNode():
            return _right(scope, node)
        case tree.InterestNode():
            return interest(scope, node)
        case tree.RefundNode():
            return refund(scope, node)
        case tree.NoteNode():
            return None


def _notify(scope: Scope, node: tree.NotifyDutyNode) -> Remedy | None:
    who, role, within = holder(scope, node.holder), scope.find(node.role, Role), deadline(scope, node.within)
    following = _following(scope, node)
    if who is None or role is None or within is None:
        return None
    seniors, name = scope.seniors(role.id), _duty_id(node, f"notify-{role.id}")
    return NotifyDuty(id=name, holder=who, role=role.id, roles=seniors, within=within, remedies=following)


def _perform(scope: Scope, node: tree.PerformDutyNode) -> Remedy | None:
    who, event, within = holder(scope, node.holder), scope.find(node.event, Event), deadline(scope, node.within)
    following = _following(scope, node)
    if who is None or event is None or within is None:
        return None
    name = _duty_id(node, f"perform-{event.id}")
    return PerformDuty(id=name, holder=who, event=event.id, within=within, remedies=following)


def _trigger(scope: Scope, node: tree.TriggerDutyNode) -> Remedy | None:
    event, within, following = scope.find(node.event, Event), deadline(scope, node.within), _following(scope, node)
    if event is None or within is None:
        return None
    name = _duty_id(node, f"trigger-{event.id}")
    return PerformDuty(id=name, holder=None, event=event.id, within=within, remedies=following)


_DutyNode = tree.NotifyDutyNode | tree.PerformDutyNode | tree.TriggerDutyNode


def _following(scope: Scope, node: _DutyNode) -> tuple[Remedy, ...]:
    """What follows when the duty is not done either."""
    return remedies(scope, node.on_breach.items, Hangs.DUTY) if node.on_breach else ()


def _duty_id(node: _DutyNode, otherwise: str) -> str:
    return node.label.name.text if node.label else otherwise


def _block(scope: Scope, node: tree.BlockNode, hangs: Hangs) -> Remedy | None:
    """Where an event is the occasion, nothing would end a block that states no time."""
    event = scope.find(node.event, Event)
    where = environments(scope, node.environments.names) if node.environments else ()
    lasting = deadline(scope, node.time.period) if node.time else None
    if node.time is None and hangs is Hangs.EVENT:
        scope.report("T0481", node.span, event=node.event.text)
        return None
    if event is None or where is None or (node.time and lasting is None):
        return None
    if where and "environment" not in event.dimensions:
        scope.report("T0404", node.span, name=event.id, dimension="environment")
        return None
    return Block(id=f"block-{event.id}", event=event.id, environments=where, lasting=lasting)


def _right(scope: Scope, node: tree.RightNode) -> Remedy | None:
    who, event = holder(scope, node.holder), scope.find(node.event, Event)
    within, known = _exercisable(scope, node.time)
    return Right(holder=who, event=event.id, within=within) if who and event and known else None


def _terminate_at_once(scope: Scope, node: tree.TerminateAtOnceNode) -> Remedy | None:
    party = scope.find(node.party, Party)
    exercisable, known = _exercisable(scope, node.time)
    if party is None or not known:
        return None
    return Terminate(party=party.id, count=1, uncured=False, at_once=True, exercisable=exercisable)


def _plain(node: tree.ForEachBreach | None) -> bool:
    """Whether a credit is for each breach, from the first on."""
    return node is None or node.number is None


def _repeated(scope: Scope, node: tree.ForEachBreach, hangs: Hangs) -> Repeated | None:
    if node.number is None or node.within is None:
        return None
    if hangs in (Hangs.EVENT, Hangs.STATE):
        scope.report("T0480", node.span)
        return None
    number, within = whole(scope, node.number), period(scope, node.within)
    return Repeated(number=number, within=within) if number and within else None


def whole(scope: Scope, node: tree.Number, least: int = 1) -> int | None:
    """A whole number of at least `least`."""
    if node.value == int(node.value) and node.value >= least:
        return int(node.value)
    scope.report("T0409", node.span, found=node.span.text)
    return None


def _terminate(scope: Scope, node: tree.TerminateNode) -> Remedy | None:
    party, count, within = scope.find(node.party, Party), whole(scope, node.count), period(scope, node.within)
    exercisable, known = _exercisable(scope, node.exercisable)
    notified, sound = _notified(scope, node.notified, party)
    if party is None or count is None or within is None or not known or not sound:
        return None
    return Terminate(
        party=party.id,
        count=count,
        uncured=node.uncured is not None,
        within=within,
        exercisable=exercisable,
        notified=notified,
    )


def _terminate_in_row(scope: Scope, node: tree.TerminateInRowNode) -> Remedy | None:
    party, count = scope.find(node.party, Party), whole(scope, node.count)
    exercisable, known = _exercisable(scope, node.exercisable)
    notified, sound = _notified(scope, node.notified, party)
    if party is None or count is None or not known or not sound:
        return None
    uncured = node.uncured is not None
    return Terminate(party=party.id, count=count, uncured=uncured, exercisable=exercisable, notified=notified)


def _notified(scope: Scope, node: tree.NotifiedInTime | None, party: Party | None) -> tuple[Notified | None, bool]:
    """The notice that makes a breach count, to a role of another party; and whether that is known."""
    within = deadline(scope, node.within) if node else None
    if node is None or within is None or party is None:
        return None, node is None
    roles = [item.id for item in scope.names.values() if isinstance(item, Role) and item.party != party.id]
    if not roles:
        scope.report("T0488", node.span, party=party.called)
    return Notified(within=within, roles=tuple(roles)) if roles else None, bool(roles)


def _terminate_in_spans(scope: Scope, node: tree.TerminateInSpansNode) -> Remedy | None:
    """No more periods can have a breach than there are."""
    party, count, number = scope.find(node.party, Party), whole(scope, node.count), whole(scope, node.number)
    each = calendar_unit(scope, tree.Name(node.each.span, node.each.text.removesuffix("s")))
    exercisable, known = _exercisable(scope, node.exercisable)
    notified, sound = _notified(scope, node.notified, party)
    if party is None or count is None or number is None or each is None or not (known and sound):
        return None
    if each is CalendarUnit.HOUR:
        scope.report("T0430", node.each.span, found=node.each.text)
        return None
    if count > number or number > MOST_SPANS:
        scope.report("T0409", (node.count if count > number else node.number).span, found=f"{max(count, number):,}")
        return None
    spans = Spans(number=number, each=each)
    return Terminate(
        party=party.id,
        count=count,
        uncured=node.uncured is not None,
        spans=spans,
        exercisable=exercisable,
        notified=notified,
    )


def _exercisable(scope: Scope, node: tree.Exercisable | tree.ExerciseTime | None) -> tuple[Period | None, bool]:
    """How long a right lasts, None for ever; and whether that is known."""
    found = period(scope, node.within if isinstance(node, tree.Exercisable) else node.period) if node else None
    return found, node is None or found is not None


def _cap(scope: Scope, node: tree.CapNode) -> Remedy | None:
    money = amount_of(scope, node.amount, {}, in_cap=True)
    match node.span_of:
        case tree.CalendarWindow(each=name):
            each = calendar_unit(scope, name)
            return Cap(amount=money, each=each) if money and each else None
        case tree.CapRolling(length=node_length):
            length = period(scope, node_length)
            if length is not None and length.unit in _ELAPSED:
                scope.report("T0430", node_length.span, found=node_length.span.text)
                return None
            return Cap(amount=money, rolling=length) if money and length else None
        case tree.OverTerm():
            return Cap(amount=money) if money else None


def _highest(scope: Scope, node: tree.HighestNode) -> Remedy | None:
    each, names = calendar_unit(scope, node.each), node.per.names if node.per else ()
    scope.once(names)
    found = [scope.choose(name, "dimension", dict.fromkeys(scope.dimensions)) for name in names]
    known = tuple(name for name in found if name is not None)
    return Highest(each=each, per=known) if each is not None and len(known) == len(names) else None


def _payable(
    scope: Scope,
    node: tree.CreditNode | tree.CreditByValueNode | tree.CreditByCountNode | tree.CreditByDelayNode,
    found: Credit | None,
) -> Credit | None:
    """The credit with its minimum and its time to claim."""
    minimum = amount(scope, node.minimum.amount) if node.minimum else None
    claim = deadline(scope, node.claimed.within) if node.claimed else None
    if found is None or (node.minimum and minimum is None) or (node.claimed and claim is None):
        return None
    if claim is not None:
        scope.used.add("claim")
    return found.model_copy(update={"minimum": minimum, "claim_within": claim})


def _count_tiers(scope: Scope, node: tree.CreditByCountNode, seen: Seen) -> Credit | None:
    party, each = scope.find(node.party, Party), calendar_unit(scope, node.each)
    found = [(whole(scope, tier.count), amount_of(scope, tier.amount, seen)) for tier in node.tiers]
    tiers = tuple(_count_tier(count, money) for count, money in found if count is not None and money is not None)
    if party is None or each is None or len(tiers) != len(found):
        return None
    for before, after, place in zip(tiers, tiers[1:], node.tiers[1:], strict=False):
        if not _further(scope, before, after, place.span):
            return None
    return Credit(party=party.id, tiers=tiers, counted=each)


def _count_tier(count: int, money: Amount | CalculatedAmount) -> Tier:
    threshold = Value(quantity=Quantity(value=Decimal(count), unit="count"))
    return Tier(comparison=Comparison.AT_LEAST, threshold=threshold, amount=money)


def _by_delay(scope: Scope, node: tree.CreditByDelayNode) -> Credit | None:
    """`each started day` is each started 1 day, where no term has that name."""
    party, money = scope.find(node.party, Party), amount(scope, node.amount)
    one = node.each.amount is None and node.each.word in PERIOD_WORDS and node.each.word not in scope.names
    unit = Period(amount=1, unit=PeriodUnit(PERIOD_WORDS[node.each.word])) if one else period(scope, node.each)
    most = amount(scope, node.most.amount) if node.most else None
    if party is None or money is None or unit is None or (node.most and most is None):
        return None
    extent: Literal["started", "full"] = "full" if node.extent.words == "full" else "started"
    return Credit(party=party.id, delay=Delay(extent=extent, each=unit, amount=money, most=most))


def _tiers(scope: Scope, node: tree.CreditByValueNode, seen: Seen) -> Credit | None:
    party = scope.find(node.party, Party)
    found = [_tier(scope, tier, seen) for tier in node.tiers]
    tiers = tuple(tier for tier in found if tier is not None)
    if party is None or len(tiers) != len(found):
        return None
    for before, after, place in zip(tiers, tiers[1:], node.tiers[1:], strict=False):
        if not _further(scope, before, after, place.span):
            return None
    return Credit(party=party.id, tiers=tiers)


def _tier(scope: Scope, node: tree.TierNode, seen: Seen) -> Tier | None:
    threshold, money = value(scope, node.threshold), amount_of(scope, node.amount, seen)
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
