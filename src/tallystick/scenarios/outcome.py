"""What came of a scenario: each expectation, whether it held, and what came out for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tallystick.evaluation.evaluation import (
    BlockedTime,
    CreditDue,
    CureStatus,
    Escalation,
    InterestDue,
    RefundDue,
    RightGiven,
    TerminationRight,
    WaiverStatus,
)
from tallystick.evaluation.finding import Finding
from tallystick.model.scenario import Expected, Scenario


class State(StrEnum):
    """An idle expectation is a mistake of the scenario: it holds also with no facts at all, so it shows nothing."""

    HELD = "held"
    FAILED = "failed"
    IDLE = "idle"


@dataclass(frozen=True)
class Outcome:
    """One expectation, and what came out where it looked."""

    expected: Expected
    state: State
    findings: tuple[Finding, ...] = ()
    owed: tuple[CreditDue | InterestDue | RefundDue, ...] = ()
    acts: tuple[RightGiven, ...] = ()
    rights: tuple[TerminationRight, ...] = ()
    cures: tuple[CureStatus, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    blocks: tuple[BlockedTime, ...] = ()
    waivers: tuple[WaiverStatus, ...] = ()


@dataclass(frozen=True)
class Result:
    """A scenario with its outcomes, in order."""

    scenario: Scenario
    outcomes: tuple[Outcome, ...]

    @property
    def held(self) -> bool:
        """Whether every expectation held, and could have failed."""
        return all(outcome.state is State.HELD for outcome in self.outcomes)
