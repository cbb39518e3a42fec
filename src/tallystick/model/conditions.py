"""Conditions on rows: `where severity is "critical" and affected above 100`."""

from __future__ import annotations

from tallystick.model.agreement import Event, Metric, Record, Term
from tallystick.model.scope import Scope
from tallystick.model.values import OPERATORS, Typed, combined, comparable, fitted, settled, value
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
    Series,
    SeriesKind,
    Text,
    Value,
)
from tallystick.syntax import tree

Data = Metric | Event | Record


def series(scope: Scope, data: Data, where: tree.Where | None = None, attribute: str | None = None) -> Series | None:
    """The rows of a metric, event or record that meet the condition."""
    condition = where_condition(scope, data, where)
    if where is not None and condition is None:
        return None
    return Series(source=kind_of(data), name=data.id, attribute=attribute, where=condition)


def kind_of(data: Data) -> SeriesKind:
    """Which of the three kinds of data this is."""
    match data:
        case Metric():
            return SeriesKind.METRIC
        case Event():
            return SeriesKind.EVENT
        case Record():
            return SeriesKind.RECORD


def where_condition(scope: Scope, data: Data, where: tree.Where | None) -> Condition | None:
    """The resolved condition, or None when there is none or it is wrong (which is reported)."""
    return condition(scope, data, where.condition) if where else None


def condition(scope: Scope, data: Data, node: tree.ConditionNode) -> Condition | None:
    """Resolve one condition."""
    match node:
        case tree.ComparisonNode():
            return _comparison(scope, data, node)
        case tree.Membership() | tree.NonMembership():
            return _member(scope, data, node)
        case tree.Negation(part=part):
            inner = condition(scope, data, part)
            return Not(part=inner) if inner else None
        case tree.AllOf(parts=parts):
            found = _parts(scope, data, parts)
            return All(parts=found) if found else None
        case tree.AnyOf(parts=parts):
            found = _parts(scope, data, parts)
            return Any(parts=found) if found else None


def _parts(scope: Scope, data: Data, nodes: tuple[tree.ConditionNode, ...]) -> tuple[Condition, ...] | None:
    found = [condition(scope, data, node) for node in nodes]
    complete = tuple(part for part in found if part is not None)
    return complete if len(complete) == len(found) else None


def _member(scope: Scope, data: Data, node: tree.Membership | tree.NonMembership) -> Condition | None:
    left = _operand(scope, data, node.left)
    if left is None:
        return None
    operand, typed = left
    if not isinstance(operand, Attribute) or typed is not None:
        scope.report("T0406", node.span)
        return None
    values = tuple(item.text for item in node.values)
    return Member(attribute=operand.name, values=values, negated=isinstance(node, tree.NonMembership))


def _comparison(scope: Scope, data: Data, node: tree.ComparisonNode) -> Condition | None:
    left, right = _operand(scope, data, node.left), _operand(scope, data, node.right)
    if left is None or right is None:
        return None
    comparison = Comparison(node.comparator.words)
    if left[1] is None or right[1] is None:
        ordered = comparison not in (Comparison.IS, Comparison.IS_NOT)
        if left[1] is not right[1] or ordered:
            scope.report("T0406", node.span)
            return None
        return Compare(left=left[0], comparison=comparison, right=right[0])
    if not comparable(scope, left[1], right[1], node.span):
        return None
    one = fitted(left[0], left[1], right[1]) if isinstance(left[0], Value) else left[0]
    other = fitted(right[0], right[1], left[1]) if isinstance(right[0], Value) else right[0]
    return Compare(left=one, comparison=comparison, right=other)


def _operand(scope: Scope, data: Data, node: tree.Expression) -> tuple[Operand, Typed | None] | None:
    """An operand with its type; None for the type of a text."""
    match node:
        case tree.String(text=text):
            return Text(value=text), None
        case tree.NameReference(text=name):
            return _named(scope, data, node, name)
        case tree.Binary():
            return _arithmetic(scope, data, node)
        case tree.Call() | tree.ElapsedNode() | tree.AttributeReference():
            scope.report("T0406", node.span)
            return None
        case _:
            return value(scope, node)


def _named(scope: Scope, data: Data, node: tree.NameReference, name: str) -> tuple[Operand, Typed | None] | None:
    if name in data.dimensions:
        return Attribute(name=name), None
    numbers = {} if isinstance(data, Metric) else {number.name: number.unit for number in data.attributes}
    if name in numbers:
        return Attribute(name=name), Typed(numbers[name])
    term = scope.names.get(name)
    if isinstance(term, Term):
        if isinstance(term.value, str):
            found = settled(scope, node)
            return (Text(value=term.value), None) if found else None
        return value(scope, node)
    terms = (key for key, item in scope.names.items() if isinstance(item, Term))
    scope.unknown(node, f"dimension or attribute of {data.id}", [*data.dimensions, *numbers, *terms])
    return None


def _arithmetic(scope: Scope, data: Data, node: tree.Binary) -> tuple[Operand, Typed | None] | None:
    left, right = _operand(scope, data, node.left), _operand(scope, data, node.right)
    if left is None or right is None:
        return None
    if left[1] is None or right[1] is None:
        scope.report("T0406", node.span)
        return None
    typed = combined(scope, node, left[1], right[1])
    if typed is None:
        return None
    return RowArithmetic(operator=OPERATORS[node.operator], left=left[0], right=right[0]), typed
