"""What a change of the source means: which terms and which parts of which rules are no longer the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from tallystick.compilation import Compiled
from tallystick.prose.phrases import value_text
from tallystick.prose.quantity import period_text, quantity_text
from tallystick.quantities import Period, Quantity
from tallystick.rules.measure import Comparison, Value
from tallystick.rules.rule import (
    Amount,
    Credit,
    Cure,
    Keep,
    NotifyDuty,
    PerformDuty,
    Remedy,
    Response,
    Rule,
    Terminate,
)

_SAID = ("number", "title", "sentence", "clause")


def meaning(old: Compiled, new: Compiled) -> tuple[str, ...]:
    """Each term and each part of a rule that changed, in words."""
    return (*_terms(old, new), *_rules(old, new))


def _terms(old: Compiled, new: Compiled) -> Iterator[str]:
    after = new.agreement.terms
    for name, term in old.agreement.terms.items():
        if name in after and after[name].value != term.value:
            yield f"{term.title} {value_text(old.agreement, term)} → {value_text(new.agreement, after[name])}"


def _rules(old: Compiled, new: Compiled) -> Iterator[str]:
    after = {rule.id: rule for rule in new.rulebook.rules}
    before = {rule.id: rule for rule in old.rulebook.rules}
    for name, rule in before.items():
        if name not in after:
            yield f"strikes the rule {name} of {rule.number}"
        elif parts := _changed(rule, after[name]):
            direction = _direction(rule, after[name])
            yield f"{direction or 'changes'} {rule.number} {rule.title} ({', '.join(parts)})"
    for name, rule in after.items():
        if name not in before:
            yield f"adds the rule {name} to {rule.number}"


def _changed(old: Rule, new: Rule) -> list[str]:
    was, now = old.model_dump(exclude=set(_SAID)), new.model_dump(exclude=set(_SAID))
    names = [name for name in was if _without_sentence(was[name]) != _without_sentence(now.get(name))]
    parts = (_part(name, getattr(old, name), getattr(new, name, None)) for name in names if name != "remedies")
    return [*parts, *(_remedies(old.remedies, new.remedies) if "remedies" in names else ())]


_CALLED = {
    "notify": "notice",
    "perform": "duty",
    "credit": "credit",
    "cap": "cap on credits",
    "cure": "cure",
    "escalate": "escalation",
    "terminate": "right to terminate",
    "block": "block",
    "right": "right",
    "interest": "interest",
    "refund": "refund",
}


def _remedies(old: Sequence[Remedy], new: Sequence[Remedy]) -> list[str]:
    """Each consequence that changed, with its numbers; where there are more or fewer than before, only that they changed."""
    if [each.kind for each in old] != [each.kind for each in new]:
        return ["remedies"]
    found = []
    for before, after in zip(old, new, strict=True):
        leaves = list(dict.fromkeys(f"{was} → {now}" for was, now in _differing(before, after)))
        if leaves or _without_sentence(before.model_dump()) != _without_sentence(after.model_dump()):
            act = getattr(before, "event", "").replace("_", " ")
            found.append(" ".join([act or _CALLED[before.kind], ", ".join(leaves)]).strip())
    return list(dict.fromkeys(found))


def _differing(old: object, new: object) -> Iterator[tuple[str, str]]:
    """The values, anywhere within, that are not the same."""
    before, after = _shown(old), _shown(new)
    if before and after:
        if before != after:
            yield before, after
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        for was, now in zip(old, new, strict=True):
            yield from _differing(was, now)
    elif isinstance(old, BaseModel) and type(old) is type(new):
        for name in type(old).model_fields:
            if name not in ("sentence", "id", "kind"):
                yield from _differing(getattr(old, name), getattr(new, name))


def _without_sentence(data: object) -> object:
    """A consequence holds its sentence, too."""
    if isinstance(data, dict):
        return {name: _without_sentence(value) for name, value in data.items() if name != "sentence"}
    if isinstance(data, list | tuple):
        return [_without_sentence(item) for item in data]
    return data


def _part(name: str, old: object, new: object) -> str:
    words = name.replace("_", " ")
    before, after = _shown(old), _shown(new)
    return f"{words} {before} → {after}" if before and after and before != after else words


def _shown(value: object) -> str:
    match value:
        case Value():
            return quantity_text(value.quantity)
        case Amount():
            return quantity_text(value.money)
        case Quantity():
            return quantity_text(value)
        case Period():
            return period_text(value)
        case str():
            return value
        case int():
            return str(value)
        case _:
            return ""


def _direction(old: Rule, new: Rule) -> str | None:
    """`loosens` or `tightens`, where it can be told from one number alone."""
    match old, new:
        case Keep(threshold=Value(quantity=was)), Keep(threshold=Value(quantity=now)) if _only(old, new, "threshold"):
            if was.unit != now.unit or old.comparison not in (*_LOWER, *_UPPER):
                return None
            return "loosens" if (now.value < was.value) == (old.comparison in _LOWER) else "tightens"
        case Response(within=Period() as was), Response(within=Period() as now) if _only(old, new, "within"):
            same = was.unit == now.unit and was.calendar == now.calendar
            return None if not same else "loosens" if now.amount > was.amount else "tightens"
        case _ if _without_remedies(old) == _without_remedies(new):
            return _direction_of_remedies(old.remedies, new.remedies)
        case _:
            return None


def _without_remedies(rule: Rule) -> object:
    return rule.model_dump(exclude={*_SAID, "remedies"})


def _direction_of_remedies(old: Sequence[Remedy], new: Sequence[Remedy]) -> str | None:
    """More time to act, or more breaches before a party may terminate, loosen; where one part says so and no other differs."""
    if len(old) != len(new):
        return None
    pairs = [(was, now) for was, now in zip(old, new, strict=True) if list(_differing(was, now))]
    if len(pairs) != 1 or len(list(_differing(*pairs[0]))) != 1:
        return None
    match pairs[0]:
        case (NotifyDuty() | PerformDuty() | Cure() as was, NotifyDuty() | PerformDuty() | Cure() as now):
            before, after = was.within, now.within
            same = before.unit == after.unit and before.calendar == after.calendar and before != after
            return None if not same else "loosens" if after.amount > before.amount else "tightens"
        case Terminate() as was, Terminate() as now if was.count != now.count:
            return "loosens" if now.count > was.count else "tightens"
        case Credit(amount=Amount() as was), Credit(amount=Amount() as now) if was.money.unit == now.money.unit:
            return "loosens" if now.money.value < was.money.value else "tightens"
        case _:
            return None


_LOWER = (Comparison.AT_LEAST, Comparison.ABOVE)
_UPPER = (Comparison.AT_MOST, Comparison.BELOW)


def _only(old: Rule, new: Rule, name: str) -> bool:
    return [part.split(" ")[0] for part in _changed(old, new)] == [name]
