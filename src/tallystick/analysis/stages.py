"""Every stage of the model lifecycle is covered by some clause."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement


def check(agreement: Agreement, used: frozenset[str]) -> Iterator[Diagnostic]:
    """Declared stages that no clause names."""
    covered = {stage for clause in agreement.clauses for stage in clause.stages}
    for stage in agreement.stages:
        if stage not in covered:
            yield Diagnostic("T0508", agreement.span, {"stage": stage})
