"""What cannot be measured says so: a clause has a rule, or says why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement, Clause, Dormant, Operative


@dataclass(frozen=True)
class Measurability:
    """How many clauses are measured by at least one rule (their own or a nested clause's), of how many with effect.

    `dormant` are the others: clauses that wait for optional terms to be set.
    """

    measured: int
    clauses: int
    dormant: int = 0

    @property
    def share(self) -> str:
        """The share in whole percent, rounded down: 100% means every clause."""
        return f"{self.measured * 100 // self.clauses}%" if self.clauses else "none"


def measurability(agreement: Agreement) -> Measurability:
    """The share of clauses that are measured, reported at each build."""
    clauses = [clause for clause in agreement.clauses if not clause.open and not clause.omitted]
    dormant = sum(bool(clause.open) for clause in agreement.clauses)
    return Measurability(sum(is_measured(clause) for clause in clauses), len(clauses), dormant)


def is_measured(clause: Clause) -> bool:
    """Whether the clause has a rule, or, unless it says that it is narrative, one nested in it has."""
    nested = clause.narrative is None and any(is_measured(inner) for inner in clause.clauses)
    return bool(clause.rules) or nested


def _will_be_measured(clause: Clause) -> bool:
    """The same, as if every optional term were set."""
    sentences = any(isinstance(item, Operative | Dormant) for item in clause.content)
    return sentences or (clause.narrative is None and any(_will_be_measured(inner) for inner in clause.clauses))


def check(agreement: Agreement, used: frozenset[str]) -> Iterator[Diagnostic]:
    """Clauses that are neither measured nor narrative, both at once, or empty."""
    for clause in agreement.clauses:
        if clause.omitted:
            continue
        facts = {"clause": clause.id}
        sentences = any(isinstance(item, Operative | Dormant) for item in clause.content)
        if clause.narrative is not None and sentences:
            yield Diagnostic("T0503", clause.span, facts)
        elif not clause.content and not clause.clauses:
            yield Diagnostic("T0510", clause.span, facts)
        elif clause.narrative is None and not _will_be_measured(clause):
            yield Diagnostic("T0501", clause.span, facts)
