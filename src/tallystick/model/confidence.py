"""`with 95% confidence`: which measures have a confidence interval, and at which levels."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from tallystick.model.measures import PERCENTILE
from tallystick.model.scope import Scope
from tallystick.model.values import value
from tallystick.rules.measure import (
    Aggregate,
    All,
    Arithmetic,
    Comparison,
    Condition,
    Elapsed,
    Function,
    Measure,
    Operator,
    Series,
    Share,
    Value,
)
from tallystick.syntax import tree

_LOWEST, _HIGHEST = Decimal("0.5"), Decimal("0.9999")


def level(scope: Scope, node: tree.Confidence | None) -> Value | Literal[False] | None:
    """The level as a fraction; None where none is asked for, False when it is none."""
    if node is None:
        return None
    found = value(scope, node.level)
    if found is None:
        return False
    if found[1].unit != "fraction" or not _LOWEST <= found[0].quantity.value <= _HIGHEST:
        scope.report("T0460", node.level.span, found=node.level.span.text)
        return False
    return found[0]


def confidence(
    scope: Scope, node: tree.Confidence | None, sides: tuple[Measure, Measure], keep: tree.KeepNode | tree.GateNode
) -> Value | Literal[False] | None:
    """The level at which a breach of a comparison must be sure; reports where there is nothing to be sure about."""
    found = level(scope, node)
    if not found or node is None:
        return found
    if not has_interval(sides[0]):
        scope.report("T0461", keep.left.span, found=keep.left.span.text, instead=_instead(keep))
        return False
    if not isinstance(sides[1], Value) or keep.comparator.words in (Comparison.IS, Comparison.IS_NOT):
        words = "exactly " if keep.comparator.words == Comparison.IS else ""
        scope.report("T0462", keep.right.span, found=f"{words}{keep.right.span.text}")
        return False
    return found


def has_interval(found: Measure) -> bool:
    """Whether a confidence interval is known for the measure: a mean, a share, a count divided by what it is part of."""
    match found:
        case Share() | Aggregate(function=Function.MEAN) | Elapsed(function=Function.MEAN):
            return True
        case Arithmetic(
            operator=Operator.DIVIDED_BY,
            left=Aggregate(function=Function.COUNT, of=part),
            right=Aggregate(function=Function.COUNT, of=whole),
        ):
            return _is_part(part, whole)
        case _:
            return False


def _is_part(part: Series, whole: Series) -> bool:
    """Whether every row that the one counts is counted by the other: the same source under at least its conditions."""
    same = (part.source, part.name) == (whole.source, whole.name)
    return same and set(_conditions(whole.where)) <= set(_conditions(part.where))


def _conditions(where: Condition | None) -> Iterator[Condition]:
    match where:
        case None:
            return
        case All(parts=parts):
            yield from parts
        case _:
            yield where


# A percentile against a value says as much as a share of the samples against its rank.
_AS_SHARE = {
    Comparison.AT_MOST: (Comparison.AT_MOST, Comparison.AT_LEAST),
    Comparison.BELOW: (Comparison.BELOW, Comparison.AT_LEAST),
    Comparison.AT_LEAST: (Comparison.BELOW, Comparison.BELOW),
    Comparison.ABOVE: (Comparison.AT_MOST, Comparison.BELOW),
}


def _instead(keep: tree.KeepNode | tree.GateNode) -> str | None:
    """The share that says the same as a percentile."""
    call, comparison = keep.left, Comparison(keep.comparator.words)
    rank = _rank(call) if isinstance(call, tree.Call) else ""
    if not isinstance(call, tree.Call) or not rank or comparison not in _AS_SHARE:
        return None
    of, than = _AS_SHARE[comparison]
    where = f" {call.where.span.text}" if call.where else ""
    limit = f"{call.argument.span.text} {of.value} {keep.right.span.text}{where}"
    return f"share({limit}) {than.value} {rank}"


def _rank(call: tree.Call) -> str:
    """`95%` for `p95`, nothing for what is no percentile."""
    if call.function.text == "median":
        return "50%"
    short = PERCENTILE.match(call.function.text)
    if short:
        return f"{short.group(1).replace('_', '.')}%"
    return f"{call.number.value:f}%" if call.function.text == "percentile" and call.number else ""
