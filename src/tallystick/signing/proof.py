"""What is known of a file after it was examined: one check after the other, the signatures, and one line over all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What a check came to. `UNKNOWN` is never a yes: something stands in the way of knowing, and the check says what."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One thing that was examined: its stable name, what came of it, and a sentence that says why."""

    name: str
    outcome: Outcome
    says: str


@dataclass(frozen=True)
class Signed:
    """One signature field. `by` is the subject of the certificate, `at` the time that the signer states, or the time
    of a timestamping authority where `timestamped`. All three are empty while nobody has signed there."""

    field: str
    place: str
    by: str = ""
    issuer: str = ""
    at: datetime | None = None
    timestamped: bool = False


@dataclass(frozen=True)
class Proof:
    """The verdict on one file."""

    title: str
    tally: str
    checks: tuple[Check, ...]
    signatures: tuple[Signed, ...]

    @property
    def outcome(self) -> Outcome:
        """Fails when any check fails, holds when all of them do."""
        outcomes = {check.outcome for check in self.checks}
        if not outcomes or Outcome.FAILS in outcomes:
            return Outcome.FAILS
        return Outcome.UNKNOWN if Outcome.UNKNOWN in outcomes else Outcome.HOLDS

    @property
    def line(self) -> str:
        """Yes or no, in one line."""
        first = next((check for check in self.checks if check.outcome is self.outcome), None)
        match self.outcome:
            case Outcome.FAILS:
                return f"No. {first.says if first else 'It could not be examined.'}"
            case Outcome.UNKNOWN:
                return f"Not proven. {first.says if first else ''}"
            case Outcome.HOLDS:
                return f"Yes. Paper and rules match, and {self._signers}."

    @property
    def _signers(self) -> str:
        names = [signed.by for signed in self.signatures if signed.by]
        if not names:
            return "nobody has signed yet"
        return f"this is what {' and '.join([', '.join(names[:-1]), names[-1]] if len(names) > 1 else names)} signed"
