"""What a change of the source means: which terms and which parts of which rules are no longer the same."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.compilation import Compiled
from tallystick.prose.phrases import value_text
from tallystick.prose.quantity import period_text, quantity_text
from tallystick.quantities import Period, Quantity
from tallystick.rules.measure import Comparison, Value
from tallystick.rules.rule import Keep, Response, Rule

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
    return [_part(name, getattr(old, name), getattr(new, name, None)) for name in names]


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
        case _:
            return None


_LOWER = (Comparison.AT_LEAST, Comparison.ABOVE)
_UPPER = (Comparison.AT_MOST, Comparison.BELOW)


def _only(old: Rule, new: Rule, name: str) -> bool:
    return [part.split(" ")[0] for part in _changed(old, new)] == [name]
