"""The day on which the agreement ends, or renews, exists in the month that it falls into."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement
from tallystick.quantities import Period, PeriodUnit

_MONTHS = {PeriodUnit.MONTHS: 1, PeriodUnit.QUARTERS: 3, PeriodUnit.YEARS: 12}
_RENEWALS = 12


def check(agreement: Agreement, used: frozenset[str]) -> Iterator[Diagnostic]:
    """A term of months that begins on a day which the month of its end, or of one of its renewals, lacks."""
    for period, total in _ends(agreement):
        year, month = divmod(agreement.effective.year * 12 + agreement.effective.month - 1 + total, 12)
        if year <= date.max.year and agreement.effective.day > (last := monthrange(year, month + 1)[1]):
            facts = {
                "period": str(period),
                "effective": agreement.effective.isoformat(),
                "end": date(year, month + 1, last).isoformat(),
            }
            yield Diagnostic("T0540", agreement.span, facts)
            return


def _ends(agreement: Agreement) -> Iterator[tuple[Period, int]]:
    """The months from the effective date to the end of the term and, where all is in months, to the first renewals."""
    term, renewal = agreement.term, agreement.renewal
    if term is None or term.unit not in _MONTHS:
        return
    total = term.amount * _MONTHS[term.unit]
    yield term, total
    if renewal is not None and renewal.unit in _MONTHS:
        step = renewal.amount * _MONTHS[renewal.unit]
        yield from ((renewal, total + step * number) for number in range(1, _RENEWALS + 1))
