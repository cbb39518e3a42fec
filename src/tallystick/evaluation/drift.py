"""Drift: how far the samples of a window lie from those of a reference time."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from itertools import accumulate

_FLOOR = Fraction(1, 10_000)
"""The least share that a bin counts with, so that an empty one has a logarithm."""


def population_stability(reference: Sequence[Decimal], found: Sequence[Decimal]) -> Fraction:
    """The population stability index, rounded half-even to nine places. Neither side may be empty.

    Bins end at the deciles of the reference (nearest rank), equal ones taken once; the sum over bins of the difference of
    the shares times the logarithm of their quotient (N. Siddiqi, Credit Risk Scorecards, 2006, p. 136).
    """
    ordered = sorted(reference)
    ends = sorted({ordered[(len(ordered) * tenth + 9) // 10 - 1] for tenth in range(1, 10)})
    pairs = zip(_shares(ends, reference), _shares(ends, found), strict=True)
    with localcontext(prec=50, rounding=ROUND_HALF_EVEN):
        total = sum(
            (_decimal(now - before) * _decimal(now / before).ln() for before, now in pairs if now != before), Decimal(0)
        )
        return Fraction(total.quantize(Decimal("1e-9")))


def _shares(ends: Sequence[Decimal], samples: Sequence[Decimal]) -> Iterator[Fraction]:
    """The share of the samples in each bin: above the end before it and not above its own; the last has no end."""
    counts = Counter(bisect_left(ends, sample) for sample in samples)
    return (max(Fraction(counts[place], len(samples)), _FLOOR) for place in range(len(ends) + 1))


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / number.denominator


def kolmogorov_smirnov(reference: Sequence[Decimal], found: Sequence[Decimal]) -> Fraction:
    """The largest difference between the shares of both sides that do not exceed a value, exact. Neither may be empty."""
    first, second = Counter(reference), Counter(found)
    values = sorted(first.keys() | second.keys())
    below = zip(accumulate(first[v] for v in values), accumulate(second[v] for v in values), strict=True)
    most = max(abs(one * len(found) - other * len(reference)) for one, other in below)
    return Fraction(most, len(reference) * len(found))
