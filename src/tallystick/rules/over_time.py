"""The rules of an agreement over time, from its rules as they stand from each of several days on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from tallystick.rules.rule import VERSION, Remedy, Rule
from tallystick.rules.rulebook import Rulebook


class _Text(NamedTuple):
    """A rule without its consequences, and the versions `[first, end)` in which it stands unchanged."""

    rule: Rule
    first: int
    end: int


def over_time(versions: Sequence[tuple[date, Rulebook]]) -> Rulebook:
    """One rulebook of all versions, which come in order of their days; what it says of data is that of the last.

    A rule whose own text stays the same stands once, however often its consequences change: these have times in force
    of their own. A later text of a rule has `@` and its day in its id. Of versions of the same day only the last counts.
    """
    ordered = [item for place, item in enumerate(versions) if item[0] not in {day for day, _ in versions[place + 1 :]}]
    days = [day for day, _ in ordered]
    books = [book for _, book in ordered]
    rules = [_in_time(text, books, days) for text in _texts(books)]
    shared = _remedies([book.remedies for book in books], days)
    return books[-1].model_copy(update={"rules": tuple(rules), "remedies": shared})


def _texts(books: Sequence[Rulebook]) -> list[_Text]:
    """The texts of each rule, the rules in the order in which they stand in the last version that has them."""
    found: dict[str, list[_Text]] = {}
    for place, book in enumerate(books):
        previous = ""
        for rule in book.rules:
            texts = found.get(rule.id)
            bare = _bare(rule)
            if texts is None:
                found = _after(found, previous, rule.id, [_Text(bare, place, place + 1)])
            elif texts[-1].end == place and texts[-1].rule == bare:
                texts[-1] = texts[-1]._replace(end=place + 1)
            else:
                texts.append(_Text(bare, place, place + 1))
            previous = rule.id
    return [text for texts in found.values() for text in texts]


def _after(found: dict[str, list[_Text]], previous: str, name: str, texts: list[_Text]) -> dict[str, list[_Text]]:
    """A new rule stands after the one that precedes it in its own version."""
    keys = list(found)
    place = keys.index(previous) + 1 if previous else 0
    items = [(key, found[key]) for key in keys]
    return dict([*items[:place], (name, texts), *items[place:]])


def _bare(rule: Rule) -> Rule:
    return rule.model_copy(update={"remedies": (), "effective": None})


def _in_time(text: _Text, books: Sequence[Rulebook], days: Sequence[date]) -> Rule:
    """The text with its time in force, its consequences with theirs."""
    later = any(rule.id == text.rule.id for book in books[: text.first] for rule in book.rules)
    held = [next(rule for rule in book.rules if rule.id == text.rule.id) for book in books[text.first : text.end]]
    remedies = _remedies([rule.remedies for rule in held], days[text.first : text.end])
    update: dict[str, Any] = {**_times(text.first, text.end, days), "remedies": remedies}
    if later:
        update["id"] = f"{text.rule.id}{VERSION}{days[text.first]}"
    return text.rule.model_copy(update=update)


def _times(first: int, end: int, days: Sequence[date]) -> dict[str, date | None]:
    return {"effective": days[first] if first else None, "until": days[end] if end < len(days) else None}


def _remedies(versions: Sequence[Sequence[Remedy]], days: Sequence[date]) -> tuple[Remedy, ...]:
    """The consequences of all versions, each once for each stretch of versions that have it."""
    distinct = dict.fromkeys(remedy for version in versions for remedy in version)
    found = []
    for remedy in distinct:
        held = [place for place, version in enumerate(versions) if remedy in version]
        for first in (place for place in held if place - 1 not in held):
            end = next(place for place in range(first, len(versions) + 1) if place not in held)
            found.append(remedy.model_copy(update=_times(first, end, days)))
    return tuple(found)
