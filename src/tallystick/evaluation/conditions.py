"""Conditions on one row, as SQL that is true or false, never NULL."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import assert_never

from tallystick.evaluation.context import Context, Table
from tallystick.evaluation.dialect import NO_TEXT, PLACES, name, number, text, texts
from tallystick.evaluation.engine import NUMBER
from tallystick.evaluation.numbers import calculate, holds
from tallystick.quantities import Unit
from tallystick.rules.measure import (
    All,
    Any,
    Attribute,
    Compare,
    Comparison,
    Condition,
    Member,
    Not,
    Operand,
    RowArithmetic,
    Text,
    Value,
)

_MIRROR = {
    Comparison.AT_LEAST: Comparison.AT_MOST,
    Comparison.AT_MOST: Comparison.AT_LEAST,
    Comparison.BELOW: Comparison.ABOVE,
    Comparison.ABOVE: Comparison.BELOW,
}
_SIGNS = {
    Comparison.AT_LEAST: ">=",
    Comparison.AT_MOST: "<=",
    Comparison.BELOW: "<",
    Comparison.ABOVE: ">",
    Comparison.IS: "=",
    Comparison.IS_NOT: "<>",
}
_LARGEST = 10**38 - 1


def condition_sql(ctx: Context, table: Table, condition: Condition | None) -> str:
    """SQL over the columns of the canonical table; TRUE without a condition."""
    match condition:
        case None:
            return "TRUE"
        case Compare():
            return _compare(ctx, table, condition)
        case Member(attribute=attribute, values=values, negated=negated):
            found = f"coalesce({_text_column(table, attribute)} IN {texts(values)}, FALSE)" if values else "FALSE"
            return f"NOT {found}" if negated else found
        case All(parts=parts):
            return _joined(ctx, table, parts, " AND ", "TRUE")
        case Any(parts=parts):
            return _joined(ctx, table, parts, " OR ", "FALSE")
        case Not(part=part):
            return f"NOT ({condition_sql(ctx, table, part)})"
        case _:
            assert_never(condition)


def attributes(condition: Condition) -> frozenset[str]:
    """The dimensions and attributes that a condition names."""
    match condition:
        case Compare(left=left, right=right):
            return _operand_attributes(left) | _operand_attributes(right)
        case Member(attribute=attribute):
            return frozenset({attribute})
        case All(parts=parts) | Any(parts=parts):
            return frozenset().union(*(attributes(part) for part in parts))
        case Not(part=part):
            return attributes(part)
        case _:
            assert_never(condition)


def against(column: str, unit: Unit, comparison: Comparison, threshold: Fraction) -> str:
    """A canonical number compared with a threshold in base units, exactly; false where the number is missing.

    Columns hold whole multiples of 10^-9, so any threshold can be moved onto that grid without changing the answer.
    """
    exact = threshold / unit.factor * 10**PLACES
    match comparison:
        case Comparison.AT_LEAST:
            return _at_least(column, ceil(exact))
        case Comparison.ABOVE:
            return _at_least(column, floor(exact) + 1)
        case Comparison.AT_MOST:
            return _at_most(column, floor(exact))
        case Comparison.BELOW:
            return _at_most(column, ceil(exact) - 1)
        case Comparison.IS | Comparison.IS_NOT:
            if exact.denominator != 1 or abs(exact) > _LARGEST:
                return "FALSE" if comparison is Comparison.IS else f"{column} IS NOT NULL"
            return f"coalesce({column} {_SIGNS[comparison]} {_grid(int(exact))}, FALSE)"
        case _:
            assert_never(comparison)


def _at_least(column: str, steps: int) -> str:
    if abs(steps) > _LARGEST:
        return f"{column} IS NOT NULL" if steps < 0 else "FALSE"
    return f"coalesce({column} >= {_grid(steps)}, FALSE)"


def _at_most(column: str, steps: int) -> str:
    if abs(steps) > _LARGEST:
        return f"{column} IS NOT NULL" if steps > 0 else "FALSE"
    return f"coalesce({column} <= {_grid(steps)}, FALSE)"


def _grid(steps: int) -> str:
    return number(Decimal((int(steps < 0), tuple(int(digit) for digit in str(abs(steps))), -PLACES)))


def _joined(ctx: Context, table: Table, parts: tuple[Condition, ...], word: str, empty: str) -> str:
    return f"({word.join(condition_sql(ctx, table, part) for part in parts) or empty})"


def _operand_attributes(operand: Operand) -> frozenset[str]:
    match operand:
        case Attribute(name=attribute):
            return frozenset({attribute})
        case RowArithmetic(left=left, right=right):
            return _operand_attributes(left) | _operand_attributes(right)
        case Text() | Value():
            return frozenset()
        case _:
            assert_never(operand)


def _compare(ctx: Context, table: Table, compare: Compare) -> str:
    left, right, comparison = compare.left, compare.right, compare.comparison
    if _is_text(table, left) or _is_text(table, right):
        return _compare_texts(_text(table, left), comparison, _text(table, right))
    named = attributes(compare)
    if not named <= table.units.keys():
        return "FALSE"  # a number that no row of this source has
    if isinstance(left, Value) and isinstance(right, Attribute):
        left, right, comparison = right, left, _MIRROR.get(comparison, comparison)
    if isinstance(left, Attribute) and isinstance(right, Value):
        column = table.column(left.name)
        assert column is not None  # its unit is known
        return against(column, table.units[left.name], comparison, right.quantity.base)
    return _compare_exactly(ctx, table, compare, sorted(named))


def _compare_texts(left: str, comparison: Comparison, right: str) -> str:
    match comparison:
        case Comparison.IS:
            return f"({left} IS NOT DISTINCT FROM {right})"
        case Comparison.IS_NOT:
            return f"({left} IS DISTINCT FROM {right})"
        case _:
            return "FALSE"  # texts have no order


def _compare_exactly(ctx: Context, table: Table, compare: Compare, named: list[str]) -> str:
    """Arithmetic on rational numbers, which SQL lacks: decided in Python for each distinct set of numbers."""
    if not named:
        return "TRUE" if _satisfied(compare, {}) else "FALSE"
    if not table.bound:
        return "FALSE"
    columns = ", ".join(str(table.column(attribute)) for attribute in named)
    present = " AND ".join(f"{table.column(attribute)} IS NOT NULL" for attribute in named)
    rows = ctx.engine.rows(f"SELECT DISTINCT {columns} FROM {table.sql} WHERE {present}")
    units = [table.units[attribute].factor for attribute in named]
    good = [
        row
        for row in rows
        if _satisfied(
            compare,
            {a: Fraction(n) * factor for a, n, factor in zip(named, row, units, strict=True)},
        )
    ]
    handed = ctx.engine.hand_over({f"number_{i}": NUMBER for i in range(len(named))}, good)
    listed = ", ".join(f"number_{i}" for i in range(len(named)))
    return f"coalesce(({columns}) IN (SELECT {listed} FROM {handed}), FALSE)"


def _satisfied(compare: Compare, numbers: Mapping[str, Fraction]) -> bool:
    left, right = _number(compare.left, numbers), _number(compare.right, numbers)
    return left is not None and right is not None and holds(left, compare.comparison, right)


def _number(operand: Operand, numbers: Mapping[str, Fraction]) -> Fraction | None:
    match operand:
        case Attribute(name=attribute):
            return numbers[attribute]
        case Value(quantity=quantity):
            return quantity.base
        case RowArithmetic(operator=operator, left=left, right=right):
            one, other = _number(left, numbers), _number(right, numbers)
            return None if one is None or other is None else calculate(operator, one, other)
        case Text():
            return None
        case _:
            assert_never(operand)


def _is_text(table: Table, operand: Operand) -> bool:
    if isinstance(operand, Attribute):
        return operand.name in table.dimensions
    return isinstance(operand, Text)


def _text(table: Table, operand: Operand) -> str:
    match operand:
        case Text(value=value):
            return text(value)
        case Attribute(name=attribute):
            return _text_column(table, attribute)
        case _:
            return "NULL"


def _text_column(table: Table, attribute: str) -> str:
    return name(f"d_{attribute}") if attribute in table.dimensions else NO_TEXT
