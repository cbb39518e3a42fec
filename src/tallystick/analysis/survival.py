"""What goes on after the end of the agreement must have data of its own then: derived data ends with the agreement."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement, Operative
from tallystick.rules.measure import series_in


def check(agreement: Agreement, used: frozenset[str]) -> Iterator[Diagnostic]:
    """Sentences of a clause that survives, and that read derived metrics or records."""
    derived = {name for name, metric in agreement.metrics.items() if metric.derived}
    derived |= {name for name, record in agreement.records.items() if record.derived}
    for clause in agreement.clauses:
        for item in clause.content if clause.survives else ():
            if isinstance(item, Operative):
                for name in sorted({each.name for each in series_in(item.rule)} & derived):
                    yield Diagnostic("T0923", item.span, {"name": name, "clause": clause.id})
