"""*Confidence* of docs/meaning.md: intervals by their textbook formulas, quantiles by integration and halving."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import cos, erf, pi, sqrt, tan

from .rows import Json, compares, in_base

FEWEST = 2
Ends = tuple[Fraction, Fraction]


def halved(low: float, high: float, too_low: Callable[[float], bool]) -> float:
    """The place between two at which a condition ends."""
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if too_low(middle) else (low, middle)
    return (low + high) / 2


def nine_digits(number: float) -> Fraction:
    """Rounded to nine significant digits."""
    return Fraction(f"{number:.8e}")


@cache
def normal(level: Fraction) -> Fraction:
    """The quantile of the normal distribution for both sides."""
    return nine_digits(halved(0, 10, lambda z: erf(z / sqrt(2)) < level))


def area(power: int, angle: float) -> float:
    """The integral of cos^power from 0 to the angle, by Simpson's rule."""
    steps = 1000
    width = angle / steps
    inner = sum((4 if i % 2 else 2) * cos(i * width) ** power for i in range(1, steps))
    return (1 + inner + cos(angle) ** power) * width / 3


@cache
def student(level: Fraction, freedom: int) -> Fraction:
    """The quantile of Student's distribution for both sides: its density in θ = arctan(t/√freedom) is cos^(freedom-1)."""
    whole = area(freedom - 1, pi / 2)
    angle = halved(0, pi / 2, lambda theta: area(freedom - 1, theta) < whole * level)
    return nine_digits(sqrt(freedom) * tan(angle))


def ends(measured: Json | None, value: Fraction, samples: int, variance: Fraction | None, level: Fraction) -> Ends:
    """The two ends of the interval, to 40 digits."""
    with localcontext(prec=60):
        if measured is not None and measured["kind"] in ("aggregate", "elapsed"):
            assert variance is not None
            half = student(level, samples - 1) * root(variance / samples)
            return settled(value - half), settled(value + half)
        z, n = normal(level), Fraction(samples)
        middle = (value + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * root(value * (1 - value) / n + z**2 / (4 * n**2))
        return settled(middle - half), settled(middle + half)


def root(square: Fraction) -> Fraction:
    """The square root to 60 digits."""
    return Fraction((Decimal(square.numerator) / square.denominator).sqrt())


def settled(number: Fraction) -> Fraction:
    """Without the noise of the last digits, so that an end that is exactly a threshold is equal to it."""
    return Fraction(round(number * 10**40), 10**40)


def level_of(rule: Json) -> Fraction | None:
    """The level that a rule asks for, as a fraction."""
    asked = rule["confidence"]
    return in_base(asked["quantity"]["value"], asked["quantity"]["unit"]) if asked else None


def sure_breach(found: Ends | None, comparison: str, threshold: Fraction) -> bool:
    """Whether both ends, and so all between them, miss; without an interval the value that misses is enough."""
    return found is None or not any(compares(end, comparison, threshold) for end in found)
