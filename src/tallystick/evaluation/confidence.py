"""Confidence intervals: how far a share or a mean of samples can be trusted.

A breach is statistically sure when the whole two-sided interval misses the threshold. The interval is held as its centre
and the square of its half width, both rational, so that comparing it with a threshold needs no root and is exact. Only
the quantiles of the normal and of Student's t distribution are rounded, to nine significant digits.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from statistics import NormalDist
from typing import NamedTuple, assert_never

from tallystick.evaluation.numbers import root
from tallystick.rules.measure import Comparison

_DIGITS = 9
_MANY = 1_000
"""Degrees of freedom from which the expansion about the normal quantile is exact to far more than nine digits."""


class Interval(NamedTuple):
    """The numbers whose distance from `centre` has at most the square `square`."""

    centre: Fraction
    square: Fraction

    @property
    def ends(self) -> tuple[Fraction, Fraction]:
        """Lower and upper end, for show: the half width is rounded half-even to 18 places."""
        half = root(self.square, 18)
        return self.centre - half, self.centre + half

    def misses(self, comparison: Comparison, threshold: Fraction) -> bool:
        """Whether no number of the closed interval satisfies the comparison. Raises ValueError for `is`, `is not`."""
        distance = threshold - self.centre
        match comparison:
            case Comparison.AT_LEAST:
                return distance > 0 and distance**2 > self.square
            case Comparison.ABOVE:
                return distance >= 0 and distance**2 >= self.square
            case Comparison.AT_MOST:
                return distance < 0 and distance**2 > self.square
            case Comparison.BELOW:
                return distance <= 0 and distance**2 >= self.square
            case Comparison.IS | Comparison.IS_NOT:
                raise ValueError(f"no interval is wholly beyond “{comparison.value}”")
            case _:
                assert_never(comparison)


def wilson(share: Fraction, samples: int, level: Fraction) -> Interval:
    """Wilson's score interval of a share of at least one sample (E. B. Wilson, JASA 22, 1927, p. 209-212).

    It holds every p with n(share - p)² <= z² p(1 - p); its ends are the roots of that quadratic.
    """
    z2 = normal_quantile(level) ** 2
    centre = (2 * samples * share + z2) / (2 * (samples + z2))
    return Interval(centre, centre**2 - samples * share**2 / (samples + z2))


def student(mean: Fraction, variance: Fraction, samples: int, level: Fraction) -> Interval:
    """Student's interval of a mean of at least two samples: mean ± t·s/√n, t with n - 1 degrees of freedom.

    `variance` is the sample variance s² (Student, Biometrika 6, 1908, p. 1-25).
    """
    return Interval(mean, student_quantile(level, samples - 1) ** 2 * variance / samples)


@cache
def normal_quantile(level: Fraction) -> Fraction:
    """The z with P(|Z| <= z) = level, rounded to nine significant digits."""
    return _rounded(Decimal(_normal(level)))


def _normal(level: Fraction) -> float:
    return NormalDist().inv_cdf(float((1 + level) / 2))


@cache
def student_quantile(level: Fraction, freedom: int) -> Fraction:
    """The t with P(|T| <= t) = level for that many degrees of freedom, rounded to nine significant digits.

    Before rounding the relative error is below 1e-12 for levels up to 99.99%.
    """
    return _rounded(_expanded(level, freedom) if freedom >= _MANY else _solved(level, freedom))


def _expanded(level: Fraction, freedom: int) -> Decimal:
    """Cornish-Fisher expansion about the normal quantile: Abramowitz and Stegun, 26.7.5."""
    z, n = _normal(level), float(freedom)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return Decimal(z + sum(term / n**power for power, term in enumerate(terms, 1)))


def _solved(level: Fraction, freedom: int) -> Decimal:
    """The root of P(|T| <= t) = level by halving, in 30 digits, so that no machine rounds it otherwise."""
    with localcontext(prec=30):
        wanted = Decimal(level.numerator) / level.denominator
        low, high = Decimal(0), Decimal(1)
        while _within(high, freedom) < wanted:
            low, high = high, 2 * high
        while high - low > high * Decimal("1e-15"):
            middle = (low + high) / 2
            low, high = (middle, high) if _within(middle, freedom) < wanted else (low, middle)
        return high


def _within(t: Decimal, freedom: int) -> Decimal:
    """P(|T| <= t) as a finite sum: Abramowitz and Stegun, 26.7.3 and 26.7.4, with θ = arctan(t/√freedom)."""
    square = freedom / (freedom + t * t)  # cos²θ
    sine = (1 - square).sqrt()
    odd = freedom % 2
    term = square.sqrt() if odd else Decimal(1)
    total = term if freedom > 1 else Decimal(0)
    for k in range(2 + odd, freedom - 1, 2):
        term *= square * (k - 1) / k
        total += term
    if not odd:
        return sine * total
    return (_arctangent(t / Decimal(freedom).sqrt()) + sine * total) / (2 * _arctangent(Decimal(1)))


def _arctangent(x: Decimal) -> Decimal:
    """The arctangent of a positive number: halved until its series converges fast."""
    halvings = 0
    while x > Decimal("0.05"):
        x, halvings = x / (1 + (1 + x * x).sqrt()), halvings + 1
    total, power, k = Decimal(0), x, Decimal(1)
    while abs(power) > Decimal("1e-32"):
        total, power, k = total + power / k, -power * x * x, k + 2
    return total * Decimal(2**halvings)


def _rounded(value: Decimal) -> Fraction:
    with localcontext(prec=_DIGITS):
        return Fraction(+value)
