"""Units that a source may count in, and how they convert to what an agreement declares. Exact."""

from __future__ import annotations

from fractions import Fraction

from tallystick.quantities import UNITS, Kind, known_unit, unit

# Units of sources only: (kind, base units that make one).
_SOURCE_UNITS = {
    "percent": (Kind.FRACTION, Fraction(1, 100)),
    "nanoseconds": (Kind.DURATION, Fraction(1, 1000)),
    "microseconds": (Kind.DURATION, Fraction(1)),
}


def source_units(target: str) -> list[str]:
    """Every unit that converts to `target`, which must exist."""
    return [name for name in (*UNITS, *_SOURCE_UNITS, target) if factor(name, target) is not None]


def factor(source: str, target: str) -> Fraction | None:
    """How many of `target` make one of `source`; None when they do not convert.

    The numerator or the denominator is always 1: every unit of a kind is a multiple of the smaller ones.
    """
    wanted = known_unit(target)
    if wanted.kind is Kind.MONEY:
        return Fraction(1) if source == target else None
    known = unit(source)
    kind, base = (known.kind, Fraction(known.factor)) if known else _SOURCE_UNITS.get(source, (None, Fraction(1)))
    return base / wanted.factor if kind is wanted.kind else None
