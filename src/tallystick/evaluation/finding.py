"""Findings: one rule, one group, one window (or one event), and what it came to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Verdict(StrEnum):
    """The five verdicts. Only `met` and `excused` pass."""

    MET = "met"
    BREACHED = "breached"
    EXCUSED = "excused"
    UNMEASURED = "unmeasured"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A row that decided a finding: its source, its instant (microseconds) and its texts and numbers by name."""

    source: str
    time: int
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The ends of a confidence interval in the unit of the finding, rounded half-even to nine places for show only.

    `confidence` is its level, a fraction.
    """

    confidence: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Finding:
    """The judgement of one rule on one group in one window `[start, end)`, instants in microseconds since 1970 UTC.

    A finding about one row (one incident, one deployment) has the row's texts and numbers in `about`.

    `value` and `threshold` are decimal numbers in `unit`, rounded half-even to nine places for show only; `interval`
    is that of the value, of a rule that asks for confidence.
    `excluded` is the time, in that unit too, in which the clock of a deadline stood still; it is no part of the value.
    `decided` is the breach instant of a breached finding. `because` says why in a stable word, such as
    `too few samples`; `excuse` names the exception of an excused one.
    """

    rule: str
    clause: str
    verdict: Verdict
    group: tuple[tuple[str, str], ...]
    start: int
    end: int
    value: Decimal | None = None
    threshold: Decimal | None = None
    unit: str | None = None
    interval: Bounds | None = None
    excluded: Decimal | None = None
    samples: int = 0
    decided: int | None = None
    because: str = ""
    excuse: str = ""
    evidence: tuple[Evidence, ...] = ()
    about: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that name the finding the same in every evaluation."""
        parts = [
            self.rule,
            *(f"{name}={value}" for name, value in (*self.group, *self.about)),
            str(self.start),
            str(self.end),
        ]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]
