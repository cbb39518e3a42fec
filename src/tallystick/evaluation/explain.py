"""The rows behind a finding, for someone who asks why it came out so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import assert_never

from tallystick.evaluation.clock import NEVER, localized
from tallystick.evaluation.context import Context, Table, context
from tallystick.evaluation.derived import with_derived
from tallystick.evaluation.dialect import text
from tallystick.evaluation.engine import DuckDB, Engine
from tallystick.evaluation.finding import Evidence, Finding
from tallystick.evaluation.measures import series_of
from tallystick.evaluation.once import with_firsts
from tallystick.evaluation.rows import chosen, content, dimension, evidence, in_time, known
from tallystick.facts.tables import Facts
from tallystick.rules.measure import Comparison, Series, SeriesKind
from tallystick.rules.rule import (
    Cadence,
    CountEvents,
    Deletion,
    Gate,
    Keep,
    KeepAlways,
    Occasion,
    Permission,
    Precedence,
    Prohibition,
    Response,
    Retention,
    Rule,
)
from tallystick.rules.rulebook import Rulebook


def rows_for(
    facts: Facts, rulebook: Rulebook, finding: Finding, limit: int, as_of: int = NEVER, engine: Engine | None = None
) -> tuple[Evidence, ...]:
    """The rows that decided a finding, the worst or most relevant first; at most `limit` of them.

    `as_of` is that of the evaluation, later rows are left out; `engine` is that where the data lies. A finding that names its own rows, such as an event
    without an approval, gives those. A rule that the rulebook does not have gives none.
    """
    rule = next((rule for rule in rulebook.rules if rule.id == finding.rule), None)
    if finding.evidence or rule is None:
        return finding.evidence[:limit]
    with engine or DuckDB(facts.connection) as running:
        ctx = with_derived(with_firsts(context(rulebook, facts, running, as_of)), until=finding.end).of(rule)
        rows = (row for series in _series(rule) for row in _rows(ctx, rule, series, finding, limit))
        return tuple(islice(rows, limit))


def _series(rule: Rule) -> tuple[Series, ...]:
    """What a rule judges, most telling first."""
    match rule:
        case Keep():
            return tuple(dict.fromkeys((*series_of(rule.measure), *series_of(rule.threshold))))
        case KeepAlways():
            return (rule.series,)
        case Cadence() | CountEvents() | Prohibition() | Permission() | Precedence() | Gate():
            return (rule.event,)
        case Response() | Deletion() | Occasion():
            return (rule.trigger,)
        case Retention():
            return (rule.record,)
        case _:
            assert_never(rule)


def _rows(ctx: Context, rule: Rule, series: Series, finding: Finding, limit: int) -> Iterator[Evidence]:
    table = ctx.table(series)
    if not table.bound:
        return
    columns = content(table)
    end = ['"end"'] if table.kind is SeriesKind.RECORD else []
    conditions = [
        _within(table, finding),
        chosen(ctx, rule, series, environments=not isinstance(rule, Permission)),
        in_time(ctx, rule, table),
        *(f"coalesce({dimension(d)}, '') = {text(value)}" for d, value in finding.group if d in table.dimensions),
    ]
    order = ", ".join([*_worst_first(rule, series, table), *end, *columns])
    listed = ", ".join(['"time"', *end, *columns])
    sql = f"SELECT {listed} FROM {known(ctx, table)} t WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT {limit}"
    for row in ctx.engine.rows(sql):
        found = evidence(table, row[0], row[1 + len(end) :])
        yield _with_end(ctx, found, row[1]) if end else found


def _within(table: Table, finding: Finding) -> str:
    """Rows in the window: its events, or the records with time in it."""
    if table.kind is SeriesKind.RECORD:
        return f'"time" < {finding.end} AND coalesce("end", {NEVER}) > {finding.start}'
    return f'"time" >= {finding.start} AND "time" < {max(finding.end, finding.start + 1)}'


def _worst_first(rule: Rule, series: Series, table: Table) -> list[str]:
    column = table.column("value" if table.kind is SeriesKind.METRIC else series.attribute or "")
    if column is None or not isinstance(rule, Keep | KeepAlways):
        return ['"time"']
    upper = rule.comparison in (Comparison.AT_MOST, Comparison.BELOW)
    return [f"{column} {'DESC' if upper else 'ASC'} NULLS LAST", '"time"']


def _with_end(ctx: Context, row: Evidence, end: int | None) -> Evidence:
    until = "open" if end is None else localized(end, ctx.zone).isoformat()
    return Evidence(row.source, row.time, (*row.values, ("end", until)))
