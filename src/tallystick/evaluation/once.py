"""Events of which several in a short time count once: only the first of them is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from tallystick.evaluation.clock import add
from tallystick.evaluation.conditions import condition_sql
from tallystick.evaluation.context import Context, Table
from tallystick.evaluation.engine import TEXT, TIME, Row
from tallystick.evaluation.rows import content, dimension
from tallystick.rules.measure import Once, Series, series_in


def with_firsts(ctx: Context) -> Context:
    """The context with a table for every series that counts once. Later rows change none of it."""
    found = {series for series in series_in(ctx.rulebook) if series.once is not None}
    return replace(ctx, firsts={series: _firsts(ctx, series, series.once) for series in found if series.once})


def _firsts(ctx: Context, series: Series, once: Once) -> Table:
    table = ctx.table(series.model_copy(update={"once": None}))
    if not table.bound:
        return table
    keys = [dimension(d) for d in once.per]
    rows = f"(SELECT * FROM {table.sql} WHERE {condition_sql(ctx, table, series.where)})"
    listed = ", ".join([*keys, '"time"'])
    times = ctx.engine.rows(f"SELECT DISTINCT {listed} FROM {rows} ORDER BY {listed}")
    columns = {f"key_{i}": TEXT for i in range(len(keys))} | {"first": TIME}
    handed = ctx.engine.hand_over(columns, list(_first_of_each_run(ctx, once, times)))
    equal = "".join(f" AND b.{key} IS NOT DISTINCT FROM f.key_{i}" for i, key in enumerate(keys))
    together = ", ".join([*(f"b.{key}" for key in keys), 'b."time"'])
    order = ", ".join(f"b.{column} NULLS LAST" for column in content(table)) or 'b."time"'
    joined = f'FROM {rows} b JOIN {handed} f ON b."time" = f.first{equal}'
    number = f"row_number() OVER (PARTITION BY {together} ORDER BY {order}) AS place"
    columns_of = ", ".join(['"time"', *content(table), '"row"'])
    return replace(table, place=f"(SELECT {columns_of} FROM (SELECT b.*, {number} {joined}) WHERE place = 1)")


def _first_of_each_run(ctx: Context, once: Once, times: Iterable[Row]) -> Iterator[Row]:
    """Keys and times, in order: those that come later than the period after the first one before them."""
    for key, rows in groupby(times, key=lambda row: row[:-1]):
        last = None
        for *_, at in rows:
            if last is None or at > last:
                last = add(at, once.within, ctx.clock)
                yield (*key, at)
