"""What an order covers: the values of dimensions, from `covers where model in ("a", "b")`."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.diagnostics.diagnostic import Related
from tallystick.model.scope import Scope
from tallystick.rules.rule import Covered
from tallystick.syntax import tree


def covered(scope: Scope, node: tree.Covers) -> tuple[Covered, ...]:
    """Each dimension with its values; reports what does not name the covered texts one by one."""
    seen: dict[str, tree.NameReference] = {}
    found: list[Covered] = []
    for dimension, values in _parts(scope, node.where.condition):
        if dimension.text in seen:
            first = Related(seen[dimension.text].span, "first said here")
            scope.report("T0405", dimension.span, qualifier=dimension.text, related=(first,))
        seen.setdefault(dimension.text, dimension)
        name = tree.Name(dimension.span, dimension.text)
        if scope.choose(name, "dimension", dict.fromkeys(scope.dimensions)) is None:
            continue
        for value in values if dimension.text == "environment" and scope.environments else ():
            scope.choose(tree.Name(value.span, value.text), "environment", scope.environments)
        texts = tuple(dict.fromkeys(value.text for value in values))
        found.append(Covered(dimension=dimension.text, values=texts))
    return tuple(found)


def _parts(scope: Scope, node: tree.ConditionNode) -> Iterator[tuple[tree.NameReference, tuple[tree.String, ...]]]:
    match node:
        case tree.AllOf(parts=parts):
            for part in parts:
                yield from _parts(scope, part)
        case tree.Membership(left=tree.NameReference() as dimension, values=values):
            yield dimension, values
        case tree.ComparisonNode(
            left=tree.NameReference() as dimension, comparator=tree.Comparator(words="is"), right=tree.String() as value
        ):
            yield dimension, (value,)
        case _:
            scope.report("T0907", node.span, found=node.span.text)
