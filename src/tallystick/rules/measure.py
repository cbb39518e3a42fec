"""Measures and conditions: what a rule computes from data. Plain data, no behaviour.

Conditions are true or false of one row; measures are a number for one group and window.
`docs/meaning.md` defines each.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tallystick.quantities import Data, Period, Quantity


class Comparison(StrEnum):
    """How a number is compared. `at least` and `at most` include the threshold, `below` and `above` do not."""

    AT_LEAST = "at least"
    AT_MOST = "at most"
    BELOW = "below"
    ABOVE = "above"
    IS = "is"
    IS_NOT = "is not"


class Operator(StrEnum):
    """Arithmetic, exact on rational numbers. Division by zero leaves a measure unmeasured."""

    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    DIVIDED_BY = "/"


# --- conditions on one row ---------------------------------------------------------------------------------


class Attribute(Data):
    """A dimension (text) or an attribute (a number) of the row."""

    kind: Literal["attribute"] = "attribute"
    name: str


class Text(Data):
    """A text constant. Comparison is exact, with capitals."""

    kind: Literal["text"] = "text"
    value: str


class Value(Data):
    """A number, and the term that stands for it where it has one (so that paper can say its name)."""

    kind: Literal["value"] = "value"
    quantity: Quantity
    term: str | None = None


class RowArithmetic(Data):
    """Arithmetic on the numbers of one row (`75% of gross`)."""

    kind: Literal["arithmetic"] = "arithmetic"
    operator: Operator
    left: Operand
    right: Operand


Operand = Annotated[Attribute | Text | Value | RowArithmetic, Field(discriminator="kind")]


class Compare(Data):
    """`left comparison right`. A row that lacks a value it needs does not satisfy the comparison."""

    kind: Literal["compare"] = "compare"
    left: Operand
    comparison: Comparison
    right: Operand


class Member(Data):
    """`attribute in (…)` or, negated, `attribute not in (…)`."""

    kind: Literal["member"] = "member"
    attribute: str
    values: tuple[str, ...]
    negated: bool = False


class All(Data):
    """Every part holds."""

    kind: Literal["all"] = "all"
    parts: tuple[Condition, ...]


class Any(Data):
    """At least one part holds."""

    kind: Literal["any"] = "any"
    parts: tuple[Condition, ...]


class Not(Data):
    """The part does not hold."""

    kind: Literal["not"] = "not"
    part: Condition


Condition = Annotated[Compare | Member | All | Any | Not, Field(discriminator="kind")]


# --- measures ------------------------------------------------------------------------------------------------


class SeriesKind(StrEnum):
    """The three kinds of data."""

    METRIC = "metric"
    EVENT = "event"
    RECORD = "record"


class Once(Data):
    """`counting once within 5 minutes per request_id`: of rows with the same texts in `per`, those within the period of
    the first are as if they were not there; the next one after it is a first again.
    """

    within: Period
    per: tuple[str, ...] = ()


class Series(Data):
    """Rows of one metric, event or record, all or those that meet `where`; `attribute` picks a number of an event."""

    source: SeriesKind
    name: str
    attribute: str | None = None
    where: Condition | None = None
    once: Once | None = None


def series_in(data: object) -> Iterator[Series]:
    """Every series that is read anywhere within a rule, or other data made of them."""
    waiting = [data]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Series):
            yield item
        within = item if isinstance(item, tuple) else item.__dict__.values() if isinstance(item, BaseModel) else ()
        waiting.extend(part for part in reversed([*within]) if _has_parts(part.__class__))


@cache
def _has_parts(kind: type) -> bool:
    return issubclass(kind, tuple | BaseModel)


class Function(StrEnum):
    """Plain aggregates. `percentile` is nearest rank; `stddev` is the sample standard deviation (n - 1)."""

    MEAN = "mean"
    MEDIAN = "median"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    COUNT = "count"
    STDDEV = "stddev"
    LATEST = "latest"
    PERCENTILE = "percentile"


class Aggregate(Data):
    """One number from the samples of a series. `percentile` is in percent, `0 < p <= 100`; median is p50."""

    kind: Literal["aggregate"] = "aggregate"
    function: Function
    of: Series
    percentile: Decimal | None = None


class Share(Data):
    """The share of samples that satisfy a comparison: a fraction."""

    kind: Literal["share"] = "share"
    of: Series
    comparison: Comparison
    threshold: Value


class Distinct(Data):
    """How many distinct values a dimension takes."""

    kind: Literal["distinct"] = "distinct"
    of: Series
    dimension: str


class Uptime(Data):
    """The share of the window's time in which no record is open; `excluding` time leaves both sides of the division."""

    kind: Literal["uptime"] = "uptime"
    record: Series
    excluding: Series | None = None


class OpenTime(Data):
    """`duration(record)`: the time of the window in which at least one record is open."""

    kind: Literal["duration"] = "duration"
    record: Series
    excluding: Series | None = None


class Age(Data):
    """Time from the newest sample (metric, event) or the oldest open record to the end of the window."""

    kind: Literal["age"] = "age"
    of: Series


class Elapsed(Data):
    """`time(from event to event)` under an aggregate: for each start, the time to the first finish that matches."""

    kind: Literal["elapsed"] = "elapsed"
    function: Function
    start: Series
    finish: Series
    matching: tuple[str, ...] = ()
    percentile: Decimal | None = None


class Across(Data):
    """`gap` is the largest less the smallest value over a dimension's groups, `ratio` the smallest by the largest."""

    kind: Literal["across"] = "across"
    function: Literal["gap", "ratio"]
    measure: Measure
    dimension: str


class Change(Data):
    """How a measure differs from the window before: `rise` is upwards, `fall` downwards, `change` either way.

    `relative` divides it by the size of the earlier value.
    """

    kind: Literal["change"] = "change"
    function: Literal["change", "rise", "fall"]
    measure: Measure
    relative: bool = False


class FirstTime(Data):
    """The first days of the agreement's life."""

    kind: Literal["first"] = "first"
    length: Period


class TimeBefore(Data):
    """The time just before each window."""

    kind: Literal["before"] = "before"
    length: Period


class TimeBetween(Data):
    """From the local midnight of one day to that of another."""

    kind: Literal["between"] = "between"
    first: date
    until: date


ReferenceTime = Annotated[FirstTime | TimeBefore | TimeBetween, Field(discriminator="kind")]


class Drift(Data):
    """How far the samples lie from those of a reference time: by the population stability index (`psi`), or by the
    Kolmogorov-Smirnov distance (`ks`)."""

    kind: Literal["drift"] = "drift"
    method: Literal["psi", "ks"]
    of: Series
    reference: ReferenceTime


class Arithmetic(Data):
    """Arithmetic between measures, or a measure and a value."""

    kind: Literal["arithmetic"] = "arithmetic"
    operator: Operator
    left: Measure
    right: Measure


Measure = Annotated[
    Aggregate | Share | Distinct | Uptime | OpenTime | Age | Elapsed | Across | Change | Drift | Arithmetic | Value,
    Field(discriminator="kind"),
]
