"""The few pieces of SQL that differ from one engine to another, and names and constants in a spelling that all share.

Identifiers stand in double quotes, texts in single ones. What no engine may do is decide by a binary fraction: numbers
are decimals and whole numbers throughout, and one that does not fit is an error, never another number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

PLACES = 9
"""Decimal places of every value in the canonical tables."""

NO_TEXT = "CAST(NULL AS STRING)"
"""A missing text."""


def name(identifier: str) -> str:
    """A quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text constant. Backslashes and dollars, in which some engines see more than a character, go by number."""
    parts = [part for part in re.split(r"([\\$])", value) if part] or [""]
    spelled = [
        f"chr({ord(part)})" if part in ("\\", "$") else f"'{part.replace(chr(39), chr(39) * 2)}'" for part in parts
    ]
    return spelled[0] if len(spelled) == 1 else f"({' || '.join(spelled)})"


def number(value: Decimal) -> str:
    """A decimal constant of the canonical type."""
    return f"CAST('{value:f}' AS DECIMAL(38, {PLACES}))"


def decimal_of_steps(steps: str) -> str:
    """A whole number of steps of 10^-9 as a decimal of the canonical type."""
    return f"CAST(CAST({steps} AS DECIMAL(29, 0)) * CAST(0.000000001 AS DECIMAL(9, 9)) AS DECIMAL(38, {PLACES}))"


def number_text(value: str) -> str:
    """A decimal of the canonical type as text, without zeros at its end."""
    return f"trim(TRAILING '.' FROM trim(TRAILING '0' FROM CAST({value} AS STRING)))"


def texts(values: Iterable[str]) -> str:
    """A list of text constants, for `IN`. An empty one holds nothing."""
    return "(" + (", ".join(text(value) for value in values) or "NULL") + ")"


class Dialect(Protocol):
    """What engines spell differently. Each method gives an expression, but `nearest_ranks`."""

    joins_nearest: bool
    """Whether `ASOF LEFT JOIN` finds the nearest row at or after, or at or before, an instant. Such an engine is on one
    machine: it counts verdicts by joins that stop early, and by sorts of all rows in one."""

    def whole(self, number: str, /) -> str:
        """A number without fraction as the widest whole number there is."""

    def quotient(self, number: str, divisor: str, /) -> str:
        """The whole part of the quotient of 64-bit whole numbers."""

    def wide_quotient(self, number: str, divisor: str, /) -> str:
        """The same of a number as `whole` gives it; the divisor has 64 bits."""

    def total(self, number: str, /) -> str:
        """Aggregate: the sum of 64-bit or wider whole numbers, exact."""

    def order_statistic(self, value: str, percent: Decimal, /) -> str:
        """Aggregate: the k-th smallest value that is not NULL, k = ceil(n * percent / 100) in whole numbers."""

    def latest(self, condition: str, value: str, /) -> str:
        """Aggregate: time and value (`t`, `v`) of the newest row, the greatest value among several."""

    def all_values(self, value: str, /) -> str:
        """Aggregate: the values as a list, in any order, perhaps with NULLs."""

    def digest(self, value: str, /) -> str:
        """The SHA-256 of a text in UTF-8, in hexadecimal digits."""

    def months_after(self, local: str, months: int, /) -> str:
        """A local time in microseconds, some months later (earlier, if negative): the last day of a month that lacks the
        day."""

    def nearest_ranks(self, keys: Sequence[str], value: str, shares: Sequence[Fraction], relation: str, /) -> str:
        """A query: for each group of rows its keys and, for the share s at place i, as `r{i}` the k-th smallest value,
        k = ceil(n * s). Shares are of the same places, and no value is NULL."""


class DuckDBDialect:
    """As DuckDB has it."""

    joins_nearest = True

    def whole(self, number: str) -> str:
        return f"CAST({number} AS HUGEINT)"

    def quotient(self, number: str, divisor: str) -> str:
        return f"({number}) // {divisor}"

    def wide_quotient(self, number: str, divisor: str) -> str:
        return f"({number}) // {divisor}"

    def total(self, number: str) -> str:
        return f"sum({number})"

    def order_statistic(self, value: str, percent: Decimal) -> str:
        return f"list_extract(list_sort(list({value}), 'ASC', 'NULLS LAST'), {self.quotient(*_rank(value, percent))})"

    def latest(self, condition: str, value: str) -> str:
        # A list, because DuckDB's `max` of a struct fails on a condition with a sub-query in it.
        return f"list_max(list(CASE WHEN {condition} AND {value} IS NOT NULL THEN {{'t': \"time\", 'v': {value}}} END))"

    def all_values(self, value: str) -> str:
        return f"list({value})"

    def digest(self, value: str) -> str:
        return f"sha256({value})"

    def months_after(self, local: str, months: int) -> str:
        return f"epoch_us(make_timestamp({local}) + INTERVAL ({months}) MONTH)"

    def nearest_ranks(self, keys: Sequence[str], value: str, shares: Sequence[Fraction], relation: str) -> str:
        # `quantile_disc` takes decimal shares and counts in whole numbers.
        exact = ", ".join(f"{Decimal(share.numerator) / Decimal(share.denominator):f}" for share in shares)
        listed, ranks = ", ".join(keys), ", ".join(f"ranked[{i + 1}] AS r{i}" for i in range(len(shares)))
        ranked = f"SELECT {listed}, quantile_disc({value}, [{exact}]) AS ranked FROM {relation} GROUP BY {listed}"
        return f"SELECT {listed}, {ranks} FROM ({ranked})"


class SparkDialect:
    """As Apache Spark has it, in ANSI mode, with identifiers in double quotes and without loss of decimal places.

    Its decimals have 38 digits; `div` of two of them gives 64 bits, and its own percentiles take binary shares.
    """

    joins_nearest = False

    def whole(self, number: str) -> str:
        return f"CAST({number} AS DECIMAL(38, 0))"

    def quotient(self, number: str, divisor: str) -> str:
        return f"(({number}) div ({divisor}))"

    def wide_quotient(self, number: str, divisor: str) -> str:
        narrow = f"CAST({divisor} AS DECIMAL(20, 0))"  # so that the quotient below keeps 28 digits before the point
        return f"CAST((({number}) - ({number}) % {narrow}) / {narrow} AS DECIMAL(38, 0))"

    def total(self, number: str) -> str:
        return f"sum({self.whole(number)})"

    def order_statistic(self, value: str, percent: Decimal) -> str:
        return f"get(array_sort(collect_list({value})), CAST({self.quotient(*_rank(value, percent))} - 1 AS INT))"

    def latest(self, condition: str, value: str) -> str:
        return f"max(CASE WHEN {condition} AND {value} IS NOT NULL THEN named_struct('t', \"time\", 'v', {value}) END)"

    def all_values(self, value: str) -> str:
        return f"collect_list({value})"

    def digest(self, value: str) -> str:
        return f"sha2({value}, 256)"

    def months_after(self, local: str, months: int) -> str:
        return f"unix_micros(timestamp_micros({local}) + make_interval(0, {months}))"

    def nearest_ranks(self, keys: Sequence[str], value: str, shares: Sequence[Fraction], relation: str) -> str:
        # Equal values are counted where they lie, so that a large group is sorted once, on disk where it must be.
        listed = ", ".join(keys)
        counted = f"SELECT {listed}, {value} AS value, count(*) AS many FROM {relation} GROUP BY {listed}, {value}"
        upto = f"sum(many) OVER (PARTITION BY {listed} ORDER BY value ROWS UNBOUNDED PRECEDING) AS upto"
        running = f"SELECT *, {upto}, sum(many) OVER (PARTITION BY {listed}) AS n FROM ({counted})"
        ranks = (
            self.quotient(f"n * {share.numerator} + {share.denominator - 1}", str(share.denominator))
            for share in shares
        )
        found = ", ".join(f"min(CASE WHEN upto >= {rank} THEN value END) AS r{i}" for i, rank in enumerate(ranks))
        return f"SELECT {listed}, {found} FROM ({running}) GROUP BY {listed}"


def _rank(value: str, percent: Decimal) -> tuple[str, str]:
    """The rank of a percentile, as a whole number and its divisor."""
    numerator, denominator = percent.as_integer_ratio()
    whole = 100 * denominator
    return f"count({value}) * {numerator} + {whole - 1}", str(whole)
