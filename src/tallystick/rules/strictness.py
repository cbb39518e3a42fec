"""Whether one text of a rule asks more or less than another: part by part, where it can be told from the two alone.

Stricter is what is harder to keep, or follows harder from a breach, for whoever is bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.measure import Comparison, Value
from tallystick.rules.rule import (
    Amount,
    Cadence,
    Cap,
    CaseShare,
    CountEvents,
    Credit,
    Cure,
    Deletion,
    Escalate,
    Gate,
    Highest,
    Keep,
    KeepAlways,
    NotifyDuty,
    PerformDuty,
    Permission,
    Precedence,
    Remedy,
    RequiredRole,
    Response,
    Retention,
    Rule,
    Survival,
    Terminate,
)


class Direction(StrEnum):
    """What a change of a rule does to whoever is bound by it."""

    TIGHTENS = "tightens"
    LOOSENS = "loosens"
    UNCLEAR = "changes"


@dataclass(frozen=True)
class Difference:
    """One part of a rule that reads otherwise, by the name of its field, and which way it goes.

    `before` and `after` are what stands there: a value, a period, an amount, or whatever else the field holds.
    """

    part: str
    before: Any
    after: Any
    direction: Direction


# What says where a rule stands, and since when, and not what it asks.
SAID = frozenset(
    {"id", "clause", "number", "title", "sentence", "term", "effective", "until", "order", "covers", "gives_way", "prevails"}
)  # fmt: skip

_FIXED = {
    PeriodUnit.SECONDS: (0, 1),
    PeriodUnit.MINUTES: (0, 60),
    PeriodUnit.HOURS: (0, 3_600),
    PeriodUnit.DAYS: (1, 1),
    PeriodUnit.WEEKS: (1, 7),
    PeriodUnit.MONTHS: (2, 1),
    PeriodUnit.QUARTERS: (2, 3),
    PeriodUnit.YEARS: (2, 12),
    PeriodUnit.BUSINESS_DAYS: (3, 1),
    PeriodUnit.BUSINESS_HOURS: (4, 1),
}
_LOWER = (Comparison.AT_LEAST, Comparison.ABOVE)
_UPPER = (Comparison.AT_MOST, Comparison.BELOW)


def unsaid(data: Any) -> Any:
    """What a rule or consequence asks, without its name, number, sentence and time in force."""
    match data:
        case Amount(money=money):
            return money
        case BaseModel():
            names = type(data).model_fields
            return type(data).__name__, *((name, unsaid(getattr(data, name))) for name in names if name not in SAID)
        case tuple():
            return tuple(unsaid(item) for item in data)
        case _:
            return data


def differences(old: Rule, new: Rule) -> tuple[Difference, ...]:
    """The parts that differ; a rule of another kind differs as a whole."""
    return tuple(_differences(old, new))


def direction(found: tuple[Difference, ...]) -> Direction:
    """Of all differences together. What loosens in one part loosens, whatever else it tightens."""
    for each in (Direction.LOOSENS, Direction.UNCLEAR):
        if any(item.direction is each for item in found):
            return each
    return Direction.TIGHTENS


def _differences(old: Rule, new: Rule) -> Iterator[Difference]:
    if type(old) is not type(new):
        yield Difference("kind", old.kind, new.kind, Direction.UNCLEAR)
        return
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if name in SAID or unsaid(before) == unsaid(after):
            continue
        if name == "remedies":
            yield from remedy_differences(before, after)
        else:
            yield Difference(name, before, after, _of_part(old, new, name, before, after))


def _of_part(old: Rule, new: Rule, name: str, before: Any, after: Any) -> Direction:
    match old, name:
        case Keep() | Gate() | KeepAlways(), "threshold":
            return _threshold(old.comparison, before, after) if old.comparison is new_comparison(new) else _UNCLEAR
        case Keep() | Gate() | KeepAlways() | CountEvents(), "comparison":
            return _comparison(before, after)
        case KeepAlways(), "tolerance":
            return _shorter(before, after, none=0)
        case (Cadence(), "every") | (Deletion(), "within"):
            return _shorter(before, after)
        case Response(), "within":
            return _shorter(before, after)
        case CountEvents(), "times":
            return _number(old.comparison, before, after)
        case Response(), "excluding":
            return _UNCLEAR if before and after else _LOOSENS if after else _TIGHTENS
        case Response(), "share":
            return _share(before, after)
        case Precedence(), "within":
            return _shorter(before, after, none=_ENDLESS)
        case Precedence(), "lead":
            return _flipped(_shorter(before, after, none=0))
        case Precedence(), "by":
            return _more(_roles(before), _roles(after))
        case Precedence(), "other_than_performer" | "different_persons":
            return _TIGHTENS if after else _LOOSENS
        case Permission(), "named" | "roles":
            return _flipped(_more(frozenset(before), frozenset(after)))
        case Retention(), "period":
            return _flipped(_shorter(before, after))
        case _, "exemptions":
            return _flipped(_more(frozenset(before), frozenset(after)))
        case _, "missing_excused":
            return _LOOSENS if after else _TIGHTENS
        case _, "survives":
            return _survival(before, after)
        case _, "waived_by":
            if not before or not after:
                return _TIGHTENS if after else _LOOSENS
            return _flipped(_more(frozenset(before), frozenset(after)))
        case _:
            return _UNCLEAR


_TIGHTENS, _LOOSENS, _UNCLEAR = Direction.TIGHTENS, Direction.LOOSENS, Direction.UNCLEAR
_ENDLESS = 10**30


def new_comparison(rule: Rule) -> Comparison | None:
    """The comparison of a rule that has one."""
    return rule.comparison if isinstance(rule, Keep | Gate | KeepAlways) else None


def _flipped(found: Direction) -> Direction:
    return {_TIGHTENS: _LOOSENS, _LOOSENS: _TIGHTENS}.get(found, _UNCLEAR)


def _smaller(before: Any, after: Any) -> Direction:
    """Tighter is less."""
    return _UNCLEAR if before == after else _TIGHTENS if after < before else _LOOSENS


def _threshold(comparison: Comparison, before: Any, after: Any) -> Direction:
    if not isinstance(before, Value) or not isinstance(after, Value):
        return _UNCLEAR
    if before.quantity.kind is not after.quantity.kind:
        return _UNCLEAR
    return _number(comparison, before.quantity.base, after.quantity.base)


def _number(comparison: Comparison, before: Any, after: Any) -> Direction:
    if comparison in _UPPER:
        return _smaller(before, after)
    return _flipped(_smaller(before, after)) if comparison in _LOWER else _UNCLEAR


def _comparison(before: Comparison, after: Comparison) -> Direction:
    """`at least` becomes `above`: the threshold itself is no longer enough."""
    return {
        (Comparison.AT_LEAST, Comparison.ABOVE): _TIGHTENS,
        (Comparison.AT_MOST, Comparison.BELOW): _TIGHTENS,
        (Comparison.ABOVE, Comparison.AT_LEAST): _LOOSENS,
        (Comparison.BELOW, Comparison.AT_MOST): _LOOSENS,
    }.get((before, after), _UNCLEAR)


def _length(period: Any, none: int | None) -> tuple[int, int, str | None] | int | None:
    """A period as what can be compared: its class (elapsed, days, months, business days or hours) and its length."""
    if period is None:
        return none
    if not isinstance(period, Period):
        return None
    kind, factor = _FIXED[period.unit]
    return kind, period.amount * factor, period.calendar


def _shorter(before: Any, after: Any, none: int | None = None) -> Direction:
    """Tighter is shorter. `none` is what no period stands for: nothing at all, or endless."""
    was, now = _length(before, none), _length(after, none)
    match was, now:
        case (one, old, calendar), (other, new, same) if one == other and calendar == same:
            return _smaller(old, new)
        case int(), (_, _, _):
            return _LOOSENS if was == 0 else _TIGHTENS
        case (_, _, _), int():
            return _TIGHTENS if now == 0 else _LOOSENS
        case _:
            return _UNCLEAR


def _more(before: frozenset[Any], after: frozenset[Any]) -> Direction:
    """Tighter is all that was there, and more."""
    return _TIGHTENS if after > before else _LOOSENS if after < before else _UNCLEAR


def _survival(before: Survival | None, after: Survival | None) -> Direction:
    """Tighter is to go on longer; without a period it never ends."""
    if before is None or after is None:
        return _LOOSENS if after is None else _TIGHTENS
    return _flipped(_shorter(before.period, after.period, none=_ENDLESS))


def _roles(required: tuple[RequiredRole, ...]) -> frozenset[Any]:
    return frozenset(required)


def _share(before: CaseShare | None, after: CaseShare | None) -> Direction:
    if before is None or after is None:
        return _LOOSENS if after is not None else _TIGHTENS
    if before.window != after.window or before.comparison != after.comparison:
        return _UNCLEAR
    return _threshold(before.comparison, before.threshold, after.threshold)


# --- consequences ------------------------------------------------------------------------------------------------


def remedy_differences(before: tuple[Remedy, ...], after: tuple[Remedy, ...]) -> tuple[Difference, ...]:
    """Consequences that differ."""
    return tuple(_of_remedies(before, after))


def _of_remedies(before: tuple[Remedy, ...], after: tuple[Remedy, ...]) -> Iterator[Difference]:
    """Consequences of a kind are compared in their order; what is there once more or once less is added or gone."""
    kinds = dict.fromkeys(type(each) for each in (*before, *after))
    for kind in kinds:
        old, new = ([each for each in side if type(each) is kind] for side in (before, after))
        same = {unsaid(each) for each in old} & {unsaid(each) for each in new}
        old, new = ([each for each in side if unsaid(each) not in same] for side in (old, new))
        yield from (
            Difference(name, was, now, way)
            for one, other in zip(old, new, strict=False)
            for name, was, now, way in _of_remedy(one, other)
        )
        milder = kind in (Cap, Cure, Highest)
        for gone in old[len(new) :]:
            yield Difference(gone.kind, gone, None, _TIGHTENS if milder else _LOOSENS)
        for added in new[len(old) :]:
            yield Difference(added.kind, None, added, _LOOSENS if milder else _TIGHTENS)


def _money(before: Any, after: Any) -> Direction:
    """Tighter is less, as a minimum is; a credit turns it round. What is worked out for each breach cannot be told."""
    if not isinstance(before, Amount) or not isinstance(after, Amount) or before.currency != after.currency:
        return _UNCLEAR
    return _smaller(Fraction(before.money.value), Fraction(after.money.value))


def _tiers(before: Any, after: Any) -> Direction:
    """Tiers with the same thresholds and other amounts."""
    bands = [[(tier.comparison, tier.threshold.quantity) for tier in side] for side in (before, after)]
    if bands[0] != bands[1]:
        return _UNCLEAR
    ways = {
        _flipped(_money(old.amount, new.amount))
        for old, new in zip(before, after, strict=True)
        if unsaid(old.amount) != unsaid(new.amount)
    }
    return ways.pop() if len(ways) == 1 else _LOOSENS if _LOOSENS in ways else _UNCLEAR


_Change = tuple[str, Any, Any, Direction]
_WAYS: dict[tuple[type, str], Callable[[Any, Any], Direction]] = {
    (NotifyDuty, "within"): _shorter,
    (PerformDuty, "within"): _shorter,
    (Escalate, "after"): _shorter,
    (Cure, "within"): lambda before, after: _flipped(_shorter(before, after)),
    (Terminate, "count"): _smaller,
    (Terminate, "within"): lambda before, after: _flipped(_shorter(before, after)),
    (Terminate, "uncured"): lambda _, after: _LOOSENS if after else _TIGHTENS,
    (Credit, "amount"): lambda before, after: _flipped(_money(before, after)),
    (Credit, "minimum"): _money,
    (Credit, "tiers"): _tiers,
    (Cap, "amount"): lambda before, after: _flipped(_money(before, after)),
}


def _of_remedy(old: Remedy, new: Remedy) -> Iterator[_Change]:
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if name in SAID or unsaid(before) == unsaid(after):
            continue
        way = _WAYS.get((type(old), name))
        yield f"{old.kind} {name}", before, after, way(before, after) if way else _UNCLEAR
