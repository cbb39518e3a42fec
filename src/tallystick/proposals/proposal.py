"""What the other side changed in Word, as changes of the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.source import Source


@dataclass(frozen=True)
class Edit:
    """Characters `[start, end)` of a source, and what stands there instead."""

    file: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Proposal:
    """One change of the source. `number` and `title` name the clause in which it was made, `was` and `now` are the words
    that changed, `edit` is in the text of the sources as they were given, at line `line`. `meaning` says what it changes
    in terms and rules, `elsewhere` which other clauses then read otherwise too.
    """

    place: str
    number: str
    title: str
    was: str
    now: str
    file: str
    line: int
    meaning: tuple[str, ...]
    elsewhere: tuple[str, ...]


@dataclass(frozen=True)
class Unmapped:
    """A change for which no change of the source was found, and why."""

    place: str
    number: str
    title: str
    was: str
    now: str
    reason: str


@dataclass(frozen=True)
class Import:
    """Everything that differs in a file, in its order. `changed` are the sources with every proposal in them."""

    proposals: tuple[Proposal, ...]
    unmapped: tuple[Unmapped, ...]
    authors: tuple[str, ...]
    sources: tuple[Source, ...]
    changed: Mapping[str, str]
