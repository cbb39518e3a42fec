"""Exact numbers: comparing, rounding for show, and roots."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import assert_never

from tallystick.evaluation.dialect import PLACES
from tallystick.rules.measure import Comparison, Operator


def holds(value: Fraction, comparison: Comparison, threshold: Fraction) -> bool:
    """Whether the comparison is true, exactly."""
    match comparison:
        case Comparison.AT_LEAST:
            return value >= threshold
        case Comparison.AT_MOST:
            return value <= threshold
        case Comparison.BELOW:
            return value < threshold
        case Comparison.ABOVE:
            return value > threshold
        case Comparison.IS:
            return value == threshold
        case Comparison.IS_NOT:
            return value != threshold
        case _:
            assert_never(comparison)


def calculate(operator: Operator, left: Fraction, right: Fraction) -> Fraction | None:
    """The exact result; None for a division by zero."""
    match operator:
        case Operator.PLUS:
            return left + right
        case Operator.MINUS:
            return left - right
        case Operator.TIMES:
            return left * right
        case Operator.DIVIDED_BY:
            return left / right if right else None
        case _:
            assert_never(operator)


def round_half_even(value: Fraction, places: int) -> Decimal:
    """The nearest decimal with that many places, ties to the even digit."""
    scaled = round(value * 10**places)  # Fraction rounds half to even
    sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled)).rjust(places + 1, "0")
    return Decimal(f"{sign}{digits[: len(digits) - places]}.{digits[len(digits) - places :]}".rstrip("."))


def shown(value: Fraction, factor: int = 1) -> Decimal:
    """The value over a factor to nine places, ties to the even digit, without trailing zeros and without exponent."""
    return _shown(value.numerator, value.denominator * factor)


@lru_cache(maxsize=4096)
def _shown(numerator: int, denominator: int) -> Decimal:
    whole, rest = divmod(abs(numerator) * 10**PLACES, denominator)
    whole += 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1)
    written = str(whole).rjust(PLACES + 1, "0")
    sign = "-" if numerator < 0 and whole else ""
    return Decimal(f"{sign}{written[:-PLACES]}.{written[-PLACES:]}".rstrip("0").rstrip("."))


def root(value: Fraction, places: int = PLACES) -> Fraction:
    """The square root of a number of at least zero, rounded half-even to that many places."""
    grid = 10**places
    scaled = value * grid * grid
    low = isqrt(scaled.numerator // scaled.denominator)
    twice, middle = 4 * scaled, (2 * low + 1) ** 2
    up = twice > middle or (twice == middle and low % 2 == 1)
    return Fraction(low + up, grid)
