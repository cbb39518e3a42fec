"""All checks of an agreement as a whole. A new check is a new file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tallystick.analysis import measurability, missing_days, money, numbers_in_prose, stages, survival, tiers, unused
from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement

CHECKS: tuple[Callable[[Agreement, frozenset[str]], Iterator[Diagnostic]], ...] = (
    measurability.check,
    numbers_in_prose.check,
    unused.check,
    stages.check,
    tiers.check,
    missing_days.check,
    money.check,
    survival.check,
)


def check(agreement: Agreement, used: frozenset[str]) -> tuple[Diagnostic, ...]:
    """Run every check. `used` holds the names that something refers to."""
    return tuple(diagnostic for one in CHECKS for diagnostic in one(agreement, used))
