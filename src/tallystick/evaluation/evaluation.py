"""The result of an evaluation: findings, and what follows from the breaches among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tallystick.evaluation.finding import Finding
from tallystick.rules.rule import Cap, Interest, Refund


class CreditState(StrEnum):
    """Whether a credit is payable: as it stands, or because it was claimed; or why nothing of it is.

    Of one that is `pending`, what was charged is not known before the end of its period; of one that is `unmeasured`,
    the data does not give what it is worked out from. Both stand with a sum of zero.
    """

    DUE = "due"
    CLAIMED = "claimed"
    CLAIMABLE = "claimable"
    LAPSED = "lapsed"
    BELOW_MINIMUM = "below minimum"
    NOT_HIGHEST = "not the highest"
    PENDING = "pending"
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True)
class CreditDue:
    """A credit for one breached finding, before and after the caps. `reduced_by` is the cap that left the least.

    `claim_until` is the last instant of a claim where one is needed, `claimed_at` that of the first one in time.
    """

    finding: str
    rule: str
    clause: str
    group: tuple[tuple[str, str], ...]
    party: str
    before: Decimal
    amount: Decimal
    currency: str
    belongs: int
    reduced_by: Cap | None = None
    state: CreditState = CreditState.DUE
    claim_until: int | None = None
    claimed_at: int | None = None
    minimum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CapUse:
    """How much of a cap the credits of one period `[start, end)` have used: a calendar period; a rolling one, which
    ends with the day of a credit; the term. `clause` is None for the agreement's own caps."""

    clause: str | None
    cap: Cap
    start: int
    end: int
    allowed: Decimal
    used: Decimal
    currency: str

    @property
    def left(self) -> Decimal:
        """What further credits of the period may come to."""
        return self.allowed - self.used


class CureState(StrEnum):
    """Whether a breach was cured, can still be, or was not."""

    CURED = "cured"
    CURABLE = "curable"
    UNCURED = "uncured"


@dataclass(frozen=True, slots=True)
class CureStatus:
    """The cure of one breached finding: `at` its instant, `until` the end of the cure period where there is one."""

    finding: str
    rule: str
    clause: str
    state: CureState
    breached: int
    until: int | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """A breach that goes up to a role at an instant; `due` once that has passed without a cure, else scheduled."""

    finding: str
    rule: str
    clause: str
    role: str
    at: int
    due: bool


@dataclass(frozen=True, slots=True)
class TerminationRight:
    """A party's right to terminate, and the findings that gave rise to it at an instant. `until` is its last instant,
    None where it has none; `lapsed` once that has passed. `order` is the one
    under which it has arisen, if any."""

    clause: str
    party: str
    count: int
    uncured: bool
    arises: int
    findings: tuple[str, ...]
    until: int | None = None
    lapsed: bool = False
    order: str | None = None


@dataclass(frozen=True, slots=True)
class RightGiven:
    """What a party or role may do because of a finding: from `arises` to its last instant `until`, or to the instant
    `ended` by a cure or what else ends it; None for neither. `lapsed` once that has passed; `used` is when it first did.
    """

    finding: str
    rule: str
    clause: str
    group: tuple[tuple[str, str], ...]
    holder: str
    event: str
    arises: int
    until: int | None
    ended: int | None
    lapsed: bool
    used: int | None


@dataclass(frozen=True, slots=True)
class InterestDue:
    """Interest on a breached finding in `[start, end)`: `days` by its day count, on `principal`. `running` while nothing
    has ended it. Without a principal, which the data lacks, the amount is not known."""

    finding: str
    rule: str
    clause: str
    group: tuple[tuple[str, str], ...]
    party: str
    interest: Interest
    start: int
    end: int
    days: int
    principal: Decimal | None
    amount: Decimal | None
    currency: str
    running: bool


@dataclass(frozen=True, slots=True)
class RefundDue:
    """What is given back at an instant: `unused` of the `units` (days or months) of the period `[start, end)` that was
    paid for, of the sum `prepaid`. Without that, which the data lacks, the amount is not known."""

    finding: str
    rule: str
    clause: str
    group: tuple[tuple[str, str], ...]
    party: str
    refund: Refund
    at: int
    start: int
    end: int
    unused: int
    units: int
    prepaid: Decimal | None
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class BlockedTime:
    """From a breach on, an event is blocked; `end` is None while nothing has ended the block."""

    finding: str
    rule: str
    clause: str
    block: str
    event: str
    environments: tuple[str, ...]
    start: int
    end: int | None


class WaiverState(StrEnum):
    """How a waiver stands at as-of. Only one in force or expired has ever counted."""

    IN_FORCE = "in force"
    EXPIRED = "expired"
    ORPHANED = "orphaned"
    NOT_ENTITLED = "not entitled"


@dataclass(frozen=True, slots=True)
class WaiverStatus:
    """A waiver in `[begin, end)` (None: without end), and the findings that it excused. An unnamed role is empty."""

    clause: str
    role: str
    group: tuple[tuple[str, str], ...]
    begin: int
    end: int | None
    state: WaiverState
    findings: tuple[str, ...]

    @property
    def last(self) -> int | None:
        """Its last instant."""
        return None if self.end is None else self.end - 1


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that an evaluation at one instant found.

    Findings stand in the order of the rules, each rule's by group and start, its duties and blocks after them.
    """

    as_of: int
    tally: str
    findings: Sequence[Finding] = ()
    credits: tuple[CreditDue, ...] = ()
    caps: tuple[CapUse, ...] = ()
    cures: Sequence[CureStatus] = ()
    escalations: tuple[Escalation, ...] = ()
    terminations: tuple[TerminationRight, ...] = ()
    blocks: tuple[BlockedTime, ...] = ()
    rights: tuple[RightGiven, ...] = ()
    interest: tuple[InterestDue, ...] = ()
    refunds: tuple[RefundDue, ...] = ()
    waivers: tuple[WaiverStatus, ...] = ()
