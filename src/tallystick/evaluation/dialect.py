"""The few pieces of SQL that differ from one engine to another, and safe spelling of names and constants."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

PLACES = 9
"""Decimal places of every value in the canonical tables."""


def name(identifier: str) -> str:
    """A quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text constant."""
    return "'" + value.replace("'", "''") + "'"


def number(value: Decimal) -> str:
    """A decimal constant of the canonical type."""
    return f"CAST('{value:f}' AS DECIMAL(38, {PLACES}))"


def decimal_of_steps(steps: str) -> str:
    """A whole number of steps of 10^-9 as a decimal of the canonical type."""
    return f"CAST(CAST({steps} AS DECIMAL(29, 0)) * CAST(0.000000001 AS DECIMAL(9, 9)) AS DECIMAL(38, {PLACES}))"


def texts(values: Iterable[str]) -> str:
    """A list of text constants, for `IN`. An empty one holds nothing."""
    return "(" + (", ".join(text(value) for value in values) or "NULL") + ")"


def order_statistic(value: str, percent: Decimal) -> str:
    """Aggregate: the k-th smallest value that is not NULL, k = ceil(n * percent / 100) in whole numbers."""
    numerator, denominator = percent.as_integer_ratio()
    whole = 100 * denominator
    rank = f"(count({value}) * {numerator} + {whole - 1}) // {whole}"
    return f"list_extract(list_sort(list({value}), 'ASC', 'NULLS LAST'), {rank})"


def nearest_ranks(value: str, shares: Iterable[Fraction]) -> str:
    """Aggregate: for each share s the k-th smallest value, k = ceil(n * s), as a list. Shares are of the same places.

    `quantile_disc` takes decimal shares and counts in whole numbers.
    """
    listed = ", ".join(f"{Decimal(share.numerator) / Decimal(share.denominator):f}" for share in shares)
    return f"quantile_disc({value}, [{listed}])"


def latest(condition: str, value: str) -> str:
    """Aggregate: time and value (`t`, `v`) of the newest row, the greatest value among several.

    A list, because DuckDB's `max` of a struct fails on a condition with a sub-query in it.
    """
    return f"list_max(list(CASE WHEN {condition} AND {value} IS NOT NULL THEN {{'t': \"time\", 'v': {value}}} END))"


def all_values(value: str) -> str:
    """Aggregate: the values as a list, in any order, perhaps with NULLs."""
    return f"list({value})"
