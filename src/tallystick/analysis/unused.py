"""What is declared and never used: most often a slip, sometimes a forgotten clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement
from tallystick.model.scope import Declared
from tallystick.rules.calendars import OF_AGREEMENT


def check(agreement: Agreement, used: frozenset[str]) -> Iterator[Diagnostic]:
    """Metrics, events, records, terms, definitions, standards, roles and calendars that nothing refers to."""
    groups: dict[str, Mapping[str, Declared]] = {
        "metric": agreement.metrics,
        "event": agreement.events,
        "record": agreement.records,
        "term": agreement.terms,
        "definition": agreement.definitions,
        "standard": agreement.standards,
        "role": agreement.roles,
    }
    for kind, declared in groups.items():
        for name, item in declared.items():
            if name not in used and item.span is not None:
                yield Diagnostic("T0507", item.span, {"kind": kind, "name": name})
    for name, calendar in agreement.calendars.items():
        if name not in used and name != OF_AGREEMENT:
            yield Diagnostic("T0507", calendar.span, {"kind": "calendar", "name": name})
