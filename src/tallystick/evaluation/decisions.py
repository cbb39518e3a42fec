"""May this happen? Permissions and prohibitions decided for one event at hand, without data, before it happens.

Rules become closures once; a decision is a look-up, or a few calls where rules have conditions. Whoever asks vouches
for the role. What only data could tell (an exception or a limit by a record that is open) never lets an event pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import assert_never
from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import Clock
from tallystick.evaluation.numbers import calculate, holds
from tallystick.evaluation.windows import survived, time_in_force
from tallystick.evaluation.working_time import working_time
from tallystick.quantities import known_unit
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
    RowArithmetic,
    Text,
    Value,
)
from tallystick.rules.rule import Covered, GivesWay, InForce, Permission, Prohibition, Where
from tallystick.rules.rulebook import EventData, Rulebook

Said = Mapping[str, str | int | Decimal]
"""What the event says: its dimensions as texts, its attributes as exact numbers in their declared units."""
Test = Callable[[Said], bool]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an event may happen. Otherwise `rule` is the first that it would breach, and `reason` says why."""

    allowed: bool
    rule: str = ""
    reason: str = ""


_ALLOWED = Decision(allowed=True)


@dataclass(frozen=True, slots=True)
class _Check:
    """A rule about an event: whether it speaks of the event, whom it allows where, and what exempts from it."""

    refusal: Decision
    speaks: Test | None
    roles: frozenset[str]
    environments: frozenset[str]
    forbids: bool
    exempt: Test | None

    def refuses(self, role: str | None, environment: str | None, said: Said) -> bool:
        """Whether the event would be a breach of the rule."""
        if self.forbids:
            spoken = not self.environments or environment in self.environments
        else:
            spoken = role not in self.roles or bool(self.environments and environment not in self.environments)
        return spoken and (self.speaks is None or self.speaks(said)) and not (self.exempt and self.exempt(said))


class Decider:
    """Decides about events by the rules that are in force at one instant."""

    def __init__(
        self, checks: Mapping[str, Iterable[_Check]], roles: Iterable[str], environments: Iterable[str]
    ) -> None:
        self._conditional: dict[str, tuple[_Check, ...]] = {}
        self._known: dict[tuple[str, str | None, str | None], Decision] = {}
        self._checks = {event: tuple(each) for event, each in checks.items()}
        asked = [(role, place) for role in (None, *roles) for place in (None, *environments)]
        for event, each in self._checks.items():
            if any(check.speaks or check.exempt for check in each):
                self._conditional[event] = each
            else:
                self._known.update(((event, *pair), _decided(each, *pair, {})) for pair in asked)

    def decide(
        self, event: str, role: str | None = None, environment: str | None = None, said: Said | None = None
    ) -> Decision:
        """Whether the event may happen, by whom and where. `said` is what conditions of rules may ask for."""
        found = self._known.get((event, role, environment))
        if found is not None:
            return found
        checks = self._checks.get(event)
        return _ALLOWED if checks is None else _decided(checks, role, environment, said or {})


def _decided(checks: Iterable[_Check], role: str | None, environment: str | None, said: Said) -> Decision:
    if role is not None and "role" not in said:
        said = {**said, "role": role}
    if environment is not None and "environment" not in said:
        said = {**said, "environment": environment}
    return next((check.refusal for check in checks if check.refuses(role, environment, said)), _ALLOWED)


def decider(rulebook: Rulebook, at: int) -> Decider:
    """The permissions and prohibitions in force at an instant (microseconds since 1970 UTC), compiled."""
    zone = ZoneInfo(rulebook.timezone)
    clock = Clock(zone, {each.id: working_time(each) for each in rulebook.calendars}, rulebook.fiscal_year)
    life = time_in_force(rulebook.effective, rulebook.until, zone)
    events = {event.id: event for event in rulebook.events}
    checks: dict[str, list[_Check]] = defaultdict(list)
    for rule in rulebook.rules:
        if (
            isinstance(rule, Permission | Prohibition)
            and rule.event.name in events
            and life.start <= at < survived(life.end, rule, clock)
            and _in_force(rule, at, zone)
        ):
            given = [way.covers for way in rule.gives_way if _in_force(way, at, zone)]
            checks[rule.event.name].append(_check(rule, events[rule.event.name], given))
    return Decider(checks, (role.id for role in rulebook.roles), rulebook.environments)


def _in_force(text: InForce | GivesWay, at: int, zone: ZoneInfo) -> bool:
    force = time_in_force(text.effective, text.until, zone)
    return force.start <= at < force.end


def _check(rule: Permission | Prohibition, event: EventData, given: Iterable[Sequence[Covered]]) -> _Check:
    """`given` is what orders that are in force cover, of which other texts judge."""
    exempting = [each.condition for each in rule.exemptions if isinstance(each, Where)]
    numbers = {each.name: known_unit(each.unit).factor for each in event.attributes}
    known = {*event.dimensions, *numbers}
    tests = [_test(each, numbers) for each in exempting if _named(each) <= known]
    return _Check(
        Decision(allowed=False, rule=rule.id, reason=rule.sentence),
        _all(
            *([] if rule.event.where is None else [_test(rule.event.where, numbers)]),
            *([_covered(rule.covers)] if rule.covers and _tells(event, rule.covers) else []),
            *(_not_covered(covers) for covers in given if _tells(event, covers)),
        ),
        frozenset(rule.roles) if isinstance(rule, Permission) else frozenset(),
        frozenset(rule.environments)
        if "environment" in event.dimensions or isinstance(rule, Permission)
        else frozenset(),
        isinstance(rule, Prohibition),
        (lambda said: any(test(said) for test in tests)) if tests else None,
    )


def _all(*tests: Test) -> Test | None:
    """A test for all of them; None where there is nothing to test."""
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda said: all(test(said) for test in tests)


def _tells(event: EventData, covers: Sequence[Covered]) -> bool:
    """Whether events say whether an order covers them."""
    return {each.dimension for each in covers} <= set(event.dimensions)


def _covered(covers: Sequence[Covered]) -> Test:
    listed = tuple((each.dimension, frozenset(each.values)) for each in covers)
    return lambda said: all(said.get(dimension) in values for dimension, values in listed)


def _not_covered(covers: Sequence[Covered]) -> Test:
    inside = _covered(covers)
    return lambda said: not inside(said)


# --- conditions ------------------------------------------------------------------------------------------------------

Factors = Mapping[str, int]


def _named(condition: Condition) -> frozenset[str]:
    match condition:
        case All(parts=parts) | Any(parts=parts):
            return frozenset().union(*(_named(part) for part in parts))
        case Not(part=part):
            return _named(part)
        case Member(attribute=attribute):
            return frozenset({attribute})
        case Compare(left=left, right=right):
            return _names(left) | _names(right)
        case _:
            assert_never(condition)


def _names(operand: Operand) -> frozenset[str]:
    match operand:
        case Attribute(name=name):
            return frozenset({name})
        case RowArithmetic(left=left, right=right):
            return _names(left) | _names(right)
        case Text() | Value():
            return frozenset()
        case _:
            assert_never(operand)


def _test(condition: Condition, numbers: Factors) -> Test:
    match condition:
        case All(parts=parts):
            every = tuple(_test(part, numbers) for part in parts)
            return lambda said: all(test(said) for test in every)
        case Any(parts=parts):
            some = tuple(_test(part, numbers) for part in parts)
            return lambda said: any(test(said) for test in some)
        case Not(part=part):
            inner = _test(part, numbers)
            return lambda said: not inner(said)
        case Member(attribute=attribute, values=values, negated=negated):
            listed = frozenset(values)
            return lambda said: (said.get(attribute) in listed) is not negated
        case Compare():
            return _compare(condition, numbers)
        case _:
            assert_never(condition)


def _compare(compare: Compare, numbers: Factors) -> Test:
    left, right, comparison = compare.left, compare.right, compare.comparison
    if _is_text(left, numbers) or _is_text(right, numbers):
        one, two = _text(left), _text(right)
        match comparison:
            case Comparison.IS:
                return lambda said: one(said) == two(said)
            case Comparison.IS_NOT:
                return lambda said: one(said) != two(said)
            case _:
                return lambda _: False  # texts have no order
    first, second = _number(left, numbers), _number(right, numbers)

    def satisfied(said: Said) -> bool:
        a, b = first(said), second(said)
        return a is not None and b is not None and holds(a, comparison, b)

    return satisfied


def _is_text(operand: Operand, numbers: Factors) -> bool:
    return isinstance(operand, Text) or (isinstance(operand, Attribute) and operand.name not in numbers)


def _text(operand: Operand) -> Callable[[Said], object]:
    match operand:
        case Text(value=value):
            return lambda _: value
        case Attribute(name=name):
            return lambda said: said.get(name)
        case _:
            return lambda _: None


def _number(operand: Operand, numbers: Factors) -> Callable[[Said], Fraction | None]:
    match operand:
        case Value(quantity=quantity):
            base = quantity.base
            return lambda _: base
        case Attribute(name=name) if name in numbers:
            factor = numbers[name]
            return lambda said: None if (found := said.get(name)) is None else Fraction(found) * factor
        case RowArithmetic(operator=operator, left=left, right=right):
            one, two = _number(left, numbers), _number(right, numbers)

            def worked_out(said: Said) -> Fraction | None:
                a, b = one(said), two(said)
                return None if a is None or b is None else calculate(operator, a, b)

            return worked_out
        case _:
            return lambda _: None
