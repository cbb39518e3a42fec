"""What was charged: sums of money in the data, by group and time; and formulas with such sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import assert_never

from tallystick.evaluation.conditions import condition_sql
from tallystick.evaluation.context import Context
from tallystick.evaluation.evaluation import CreditState
from tallystick.evaluation.measures import number_name
from tallystick.evaluation.numbers import calculate
from tallystick.evaluation.rows import covered, dimension, known
from tallystick.evaluation.windows import Stretch
from tallystick.rules.measure import Series, SeriesKind, Value
from tallystick.rules.rule import Charged, Computation, Formula, Observed

Known = Fraction | CreditState | None
"""An exact number in base units; the state of a credit that it leaves open; None where there is no such number."""


def worked_out(formula: Formula, found: Callable[[Observed | Charged], Known]) -> Known:
    """What a formula comes to. Of two sides of which one is no number the first decides; a division by zero is not known."""
    match formula:
        case Value(quantity=quantity):
            return quantity.base
        case Observed() | Charged():
            return found(formula)
        case Computation(operator=operator, left=left, right=right):
            one, other = worked_out(left, found), worked_out(right, found)
            if not isinstance(one, Fraction):
                return one
            if not isinstance(other, Fraction):
                return other
            result = calculate(operator, one, other)
            return CreditState.UNMEASURED if result is None else result
        case _:
            assert_never(formula)


class Charges:
    """Sums of a series in a time; each time is read once for all groups."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._read: dict[tuple[Series, Stretch, tuple[str, ...], str | None], dict[tuple[str, ...], Fraction]] = {}

    def known(self, of: Series) -> bool:
        """Whether there is data of it."""
        return self._ctx.table(of).bound

    def total(self, of: Series, time: Stretch, group: Mapping[str, str], order: str | None = None) -> Fraction | None:
        """The sum over the rows that equal the group on the dimensions that they share, and under an order are covered by
        it; of a metric without a sample there is none, and an event that did not happen comes to zero."""
        if not self.known(of):
            return None
        shared = tuple(d for d in self._ctx.table(of).dimensions if d in group)
        key = (of, time, shared, order)
        if key not in self._read:
            self._read[key] = self._sums(of, time, shared, order)
        nothing = None if of.source is SeriesKind.METRIC else Fraction(0)
        return self._read[key].get(tuple(group[d] for d in shared), nothing)

    def _sums(
        self, of: Series, time: Stretch, shared: Sequence[str], order: str | None
    ) -> dict[tuple[str, ...], Fraction]:
        table, ctx = self._ctx.table(of), self._ctx.under(order)
        number = table.column(number_name(of))
        columns = [*(f"coalesce({dimension(d)}, '')" for d in shared), f"sum({number})"]
        within = f'"time" >= {time.start} AND "time" < {time.end} AND {condition_sql(ctx, table, of.where)} AND {covered(ctx, table)}'
        sql = f"SELECT {', '.join(columns)} FROM {known(ctx, table)} WHERE {within} GROUP BY ALL"
        return {tuple(row[:-1]): Fraction(row[-1]) for row in ctx.engine.rows(sql) if row[-1] is not None}
