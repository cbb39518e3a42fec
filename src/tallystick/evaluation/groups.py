"""Groups: the values of a rule's `per` dimensions, and the instant at which each was first seen."""

from __future__ import annotations

from collections.abc import Iterable

from tallystick.evaluation.clock import ALWAYS
from tallystick.evaluation.context import Context, Key, Table
from tallystick.evaluation.rows import (
    chosen,
    covered,
    dimension,
    exempt_where,
    in_environments,
    known,
)
from tallystick.rules.measure import Series
from tallystick.rules.rule import Cadence, CountEvents, Rule

Seen = dict[Key, int]


def seen_in_series(ctx: Context, rule: Rule, series: Iterable[Series]) -> Seen:
    """Groups of a rule about a measure: seen in any of its sources that has all the dimensions."""
    if not rule.per:
        return {(): ALWAYS}
    return _merged(
        _seen(ctx, rule, table, chosen(ctx, rule, of))
        for of in series
        if (table := ctx.table(of)).bound and set(rule.per) <= set(table.dimensions)
    )


def seen_anywhere(ctx: Context, rule: Cadence | CountEvents) -> Seen:
    """Groups of a rule about how often an event happens: seen in any table, so that one never served counts too."""
    if not rule.per:
        return {(): ALWAYS}
    needed = {*rule.per, *(("environment",) if rule.environments else ())}
    needed |= {each.dimension for each in rule.covers if each.dimension in ctx.table(rule.event).dimensions}
    return _merged(
        _seen(ctx, rule, table, f"{in_environments(table, rule.environments)} AND {covered(ctx, table)}")
        for table in ctx.tables.values()
        if table.bound and not table.place and needed <= set(table.dimensions)
    )


def _seen(ctx: Context, rule: Rule, table: Table, condition: str) -> Seen:
    keys = [dimension(d) for d in rule.per]
    present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    listed = ", ".join(keys)
    rows = ctx.engine.rows(
        f'SELECT {listed}, min("time") FROM {table.groups or known(ctx, table)}'
        f' WHERE {present} AND "time" < {ctx.life.end} AND {condition} AND NOT {exempt_where(ctx, rule, table)}'
        f" GROUP BY {listed}"
    )
    return {row[:-1]: row[-1] for row in rows}


def _merged(parts: Iterable[Seen]) -> Seen:
    merged: Seen = {}
    for part in parts:
        for group, first in part.items():
            merged[group] = min(first, merged.get(group, first))
    return dict(sorted(merged.items()))
