"""What people write out of habit, and what the language says instead; and what a later version of it will say."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_UNITS = "hour|day|week|month|quarter|year"

# What is written -> what the language says.
_HABITS = {
    rf"each\s+(?P<unit>{_UNITS})(?=\s*:)": "each started {unit}",
    r"(?:by|on)\s+(?:the\s+end\s+of\s+)?the\s+next\s+business\s+day(?:\s+(?:after|following|of))?": "within 1 business day of",
    r"(?:by|on)\s+(?:the\s+end\s+of\s+)?the\s+(?P<number>\d+)(?:st|nd|rd|th)\s+business\s+day(?:\s+(?:after|following|of))?": "within {number} business days of",
    r"may\s+not": "must not",
    r"shall|will|agrees\s+to|is\s+required\s+to": "must",
    r"(?:no|not)\s+(?:less|fewer|lower)\s+than|minimum": "at least",
    r"(?:no|not)\s+(?:more|greater|higher)\s+than|up\s+to|maximum": "at most",
    r"(?:more|greater|higher)\s+than|over|exceeding|exceeds": "above",
    r"(?:less|fewer|lower)\s+than|under": "below",
    r"equals|equal\s+to": "is",
    r"once": "1 time",
    r"twice": "2 times",
    r"in|no\s+later\s+than|by": "within",
    r"after|from|belonging\s+to|for": "of",
    r"every": "at least every",
    rf"(?:per|in\s+each|in\s+a|every)\s+(?:calendar\s+)?(?P<unit>{_UNITS})": "each {unit}",
    rf"(?:per|in\s+each|in\s+a|each|every)\s+(?P<unit>{_UNITS})": "over each {unit}",
    rf"calendar\s+(?P<unit>{_UNITS})": "{unit}",
    r"in\s+any": "over any",
    r"unless(?:\s+during)?": "except during",
}
_MARKS = {
    r">=|≥": "at least",
    r"<=|≤": "at most",
    r"!=|<>|≠": "is not",
    r">": "above",
    r"<": "below",
    r"==?": "is",
    r"(?P<number>\d[\d.,]*)\s+%": "{number}%",
    r"[“„](?P<text>[^“”\n]*)[“”]|'(?P<text2>[^'\n]*)'": '"{text}"',
    r";": ".",
}

# What a later version of the language will say, anywhere in a statement.
_LATER = (r"across\s+the\s+term",)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})(?!\w)")


_HABIT_PATTERNS = [(_words(pattern), words) for pattern, words in _HABITS.items()] + [
    (re.compile(pattern), words) for pattern, words in _MARKS.items()
]
_LATER_PATTERNS = [_words(pattern) for pattern in _LATER]


@dataclass(frozen=True)
class Saying:
    """Words found at `[start, end)`; `instead` is what to write, None where only a later version says it."""

    start: int
    end: int
    instead: str | None


def later(text: str, begin: int, place: int, end: int) -> Saying | None:
    """What of a later version stands at a place of the statement `[begin, end)`."""
    found = _around(_LATER_PATTERNS, text, begin, place, end)
    return Saying(found[0].start(), found[0].end(), None) if found else None


def habit(text: str, begin: int, place: int, end: int, accepts: Collection[str]) -> Saying | None:
    """What was written out of habit at a place. `accepts` are the words that may stand there; none: any may."""
    for pattern, words in _HABIT_PATTERNS:
        for match in _around([pattern], text, begin, place, end):
            instead = words.format(**_groups(match))
            first = instead.split()[0]
            if not accepts or match.start() < place or first in accepts or not first.isalpha():
                return Saying(match.start(), match.end(), instead)
    return None


def _groups(match: re.Match[str]) -> dict[str, str]:
    return {name.rstrip("2"): found for name, found in match.groupdict().items() if found is not None}


def _around(patterns: list[re.Pattern[str]], text: str, begin: int, place: int, end: int) -> list[re.Match[str]]:
    matches = (match for pattern in patterns for match in pattern.finditer(text, begin, end))
    return [match for match in matches if match.start() <= place < match.end()]
