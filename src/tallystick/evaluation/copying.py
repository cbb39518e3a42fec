"""Metrics that are read in place and that rules ask about one by one: their rows are copied, once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tallystick.evaluation.context import Context, Table
from tallystick.evaluation.counting import needs
from tallystick.evaluation.dialect import name, text
from tallystick.rules.measure import SeriesKind, series_in
from tallystick.rules.rule import Cadence, CountEvents
from tallystick.rules.rulebook import MetricData, RecordData


def with_copies(ctx: Context) -> Context:
    """The context in which such metrics lie in one table, sorted so that each is found without reading the others."""
    wanted = _asked_for(ctx)
    tables = dict(ctx.tables)
    for relation in dict.fromkeys(table.shape.relation for table in wanted if table.shape):
        members = [(table, table.shape) for table in wanted if table.shape and table.shape.relation == relation]
        parts = " UNION ALL ".join(
            f"SELECT {text(raw or '')} AS raw, {text(table.id)} AS metric"
            for table, shape in members
            for raw in shape.raws
        )
        one = members[0][0]
        columns = ", ".join(name(f"d_{d}") for d in one.dimensions)
        listed = f'metric, "time", "value"{", " + columns if columns else ""}'
        copy = ctx.engine.create(
            f"SELECT {listed}, CAST(NULL AS BIGINT) AS \"row\" FROM {one.lying()} l JOIN ({parts}) m ON coalesce(l.source, '') = m.raw ORDER BY metric"
        )
        for table, _ in members:
            place = f"(SELECT {', '.join(table.columns)} FROM {copy} WHERE metric = {text(table.id)})"
            tables[SeriesKind.METRIC, table.id] = replace(table, place=place)
    return replace(ctx, tables=tables)


def _asked_for(ctx: Context) -> list[Table]:
    rulebook = ctx.rulebook
    lying = [table for table in ctx.tables.values() if table.shape is not None and table.shape.copied]
    if not lying:
        return []
    if any(isinstance(rule, Cadence | CountEvents) for rule in rulebook.rules):
        return lying  # their groups are those seen in any table
    apart: list[object] = [rule for rule in rulebook.rules if needs(ctx, rule) is None]
    derived = (each for sources in (rulebook.metrics, rulebook.records) for each in _derived(sources))
    named = {
        series.name for each in (*apart, *derived) for series in series_in(each) if series.source is SeriesKind.METRIC
    }
    return [table for table in lying if table.id in named]


def _derived(sources: Sequence[MetricData] | Sequence[RecordData]) -> list[object]:
    return [source.derived for source in sources]
