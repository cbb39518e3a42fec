"""Which text of a rule judges what, where orders cover some of it: the parts of a text, each with a life of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tallystick.evaluation.context import Cell, Context
from tallystick.evaluation.windows import Life, Stretch, time_in_force
from tallystick.rules.rule import Covered, RuleFields
from tallystick.rules.under_orders import overlap


def parts(ctx: Context, rule: RuleFields) -> list[tuple[Context, bool]]:
    """The evaluations of a text: one for each stretch of time that orders leave it for some rows, with those rows.

    The second of a pair says whether rows that no order covers are among them.
    """
    own = ctx.of(rule)
    if not rule.gives_way:
        return [(own, True)]
    found: dict[Stretch, list[Cell]] = {}
    covers_itself: Cell = ((rule.covers, True),) if rule.covers else ()
    for cell in cells(rule):
        inside = {covers for covers, is_inside in cell if is_inside}
        given = [time_in_force(way.effective, way.until, ctx.zone) for way in rule.gives_way if way.covers in inside]
        for stretch in _left(own.life, given):
            found.setdefault(stretch, []).append(cell)
    return [
        (
            replace(own, life=_life(own.life, stretch), cells=tuple((*cell, *covers_itself) for cell in members)),
            any(map(is_rest, members)),
        )
        for stretch, members in sorted(found.items())
    ]


def cells(rule: RuleFields) -> list[Cell]:
    """Every way in which a row can be covered: what covers it, and what does not."""
    covers = list(dict.fromkeys(way.covers for way in rule.gives_way))
    inside: list[tuple[tuple[Covered, ...], ...]] = [()]
    for each in covers:
        both = [(*others, each) for others in inside if all(overlap(each, other) for other in others)]
        inside = [*inside, *both] if each else both  # without covers, an order covers every row
    return [tuple((each, each in among) for each in covers) for among in inside]


def is_rest(cell: Cell) -> bool:
    """Whether it is that of rows which no order covers, but one that covers everything."""
    return not any(covers and is_inside for covers, is_inside in cell)


def in_cells(of: Sequence[Cell], group: Mapping[str, str]) -> bool:
    """Whether a group is that of one of the cells."""
    return any(all(_is_in(covers, group) is is_inside for covers, is_inside in cell) for cell in of)


def part_of(ctx: Context, rule: RuleFields, group: Mapping[str, str], at: int) -> Context:
    """The part of a text that judges a group at an instant; the text as a whole where its group does not tell."""
    for part, _ in parts(ctx, rule) if rule.gives_way else ():
        if part.life.start <= at < part.life.end and in_cells(part.cells or (), group):
            return part
    return ctx.of(rule)


def _is_in(covers: Iterable[Covered], group: Mapping[str, str]) -> bool:
    return all(group.get(each.dimension) in each.values for each in covers)


def _left(life: Life, given: Iterable[Stretch]) -> Iterator[Stretch]:
    """What the times of orders leave of a life."""
    start = life.start
    for stretch in sorted(given):
        if start < min(stretch.start, life.end):
            yield Stretch(start, min(stretch.start, life.end))
        start = max(start, stretch.end)
    if start < life.end:
        yield Stretch(start, life.end)


def _life(life: Life, stretch: Stretch) -> Life:
    return Life(stretch.start, stretch.end, life.terminated and stretch.end >= life.end)
