"""Scenarios: tests of the contract in its own words. They stand in the agreement and in neither of its counterparts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tallystick.quantities import Quantity
from tallystick.rules.measure import SeriesKind
from tallystick.source import Span


@dataclass(frozen=True)
class Given:
    """Rows of one source that are alike but for their time: `count` of them at each of `times`, which are in UTC.

    A metric's number is called `value`; numbers are in the declared units. `end` is a record's, None while it is
    open. A source without rows has no times.
    """

    source: SeriesKind
    name: str
    span: Span
    times: tuple[datetime, ...] = ()
    count: int = 1
    end: datetime | None = None
    texts: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True)
class Shown:
    """A value written to so many decimal places of its unit: what comes out is rounded to as many."""

    quantity: Quantity
    places: int


@dataclass(frozen=True)
class Place:
    """Findings of any of `rules` (a duty is `rule/duty`), of the group, that start in `[since, until)`.

    `until` is None for findings that start at `since` exactly, both for findings whenever they start. Those of `gates`
    are placed by their event, with which they end.
    """

    rules: tuple[str, ...]
    group: tuple[tuple[str, str], ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    gates: tuple[str, ...] = ()


@dataclass(frozen=True)
class VerdictExpected:
    """Findings with a verdict; with `excused_by`, the name of what excused them."""

    span: Span
    place: Place
    verdict: str
    value: Shown | None = None
    excused_by: str | None = None


@dataclass(frozen=True)
class CureExpected:
    """A breach that is cured, can still be, or was not."""

    span: Span
    place: Place
    state: str


@dataclass(frozen=True)
class EscalationExpected:
    """Whether a breach has gone up to the role by the day of the scenario."""

    span: Span
    place: Place
    role: str
    due: bool


@dataclass(frozen=True)
class BlockExpected:
    """Whether an event is blocked, by a breach of any of the rules, at the day of the scenario."""

    span: Span
    place: Place
    event: str
    blocked: bool


@dataclass(frozen=True)
class WaiverExpected:
    """How a waiver of a clause stands at the day of the scenario."""

    span: Span
    clause: str
    state: str


class Owed(StrEnum):
    """What a party may be owed."""

    CREDIT = "credit"
    INTEREST = "interest"
    REFUND = "refund"


@dataclass(frozen=True)
class SumExpected:
    """All credits (all interest, all refunds) to a party (to anyone, for None) come to the amount; None is none at all."""

    span: Span
    owed: Owed
    party: str | None
    amount: Quantity | None


@dataclass(frozen=True)
class ActExpected:
    """Whether a consequence gives a party or role the right to do something at the day of the scenario."""

    span: Span
    holder: str
    event: str
    may: bool


@dataclass(frozen=True)
class RightExpected:
    """Whether a party may terminate at the day of the scenario."""

    span: Span
    party: str
    may: bool


Expected = (
    VerdictExpected
    | SumExpected
    | ActExpected
    | RightExpected
    | CureExpected
    | EscalationExpected
    | BlockExpected
    | WaiverExpected
)


@dataclass(frozen=True)
class Scenario:
    """Given rows, an instant, and what must come out."""

    title: str
    span: Span
    given: tuple[Given, ...]
    as_of: datetime
    expected: tuple[Expected, ...]
