"""`occasion`: each time that something happens, or has lasted so long, from which consequences follow."""

from __future__ import annotations

from tallystick.evaluation.clock import add
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.engine import Row
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.judging import EXCEPTION, judgement, unbound, without_cases
from tallystick.evaluation.rows import (
    ROW_TIME,
    chosen,
    content,
    evidence,
    excuse,
    in_time,
    known,
    labels,
    time_records,
)
from tallystick.evaluation.windows import Stretch
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rule import Occasion

HAPPENED = "it happened"
NOT_YET = "it has not lasted so long yet"


def occasion(ctx: Context, rule: Occasion) -> list[Judgement]:
    """The findings of the rule: one for each event, or for each record that has lasted so long or still can."""
    reason = unbound(ctx, rule.trigger, *time_records(rule))
    if reason:
        return without_cases(ctx, rule, reason)
    judged = (_judge(ctx, rule, row) for row in ctx.engine.rows(_sql(ctx, rule)))
    return [found for found in judged if found is not None] or without_cases(ctx, rule)


def _judge(ctx: Context, rule: Occasion, row: Row) -> Judgement | None:
    """None for a record that ended too early."""
    begin, end, excused = row[:3]
    at = begin if rule.lasting is None else add(begin, rule.lasting, ctx.clock)
    if end is not None and end < at:
        return None
    if at >= ctx.as_of:
        verdict, because = Verdict.PENDING, NOT_YET
    else:
        verdict, because = (Verdict.EXCUSED, EXCEPTION) if excused else (Verdict.MET, HAPPENED)
    width = 3 + len(rule.per)
    return judgement(
        rule,
        row[3:width],
        Stretch(begin, at),
        verdict,
        samples=1,
        because=because,
        excuse=excused or "" if verdict is Verdict.EXCUSED else "",
        case=evidence(ctx.table(rule.trigger), begin, row[width:]),
        performed=end,
    )


def _sql(ctx: Context, rule: Occasion) -> str:
    table, life = ctx.table(rule.trigger), ctx.life_of(rule.trigger)
    end = '"end"' if table.kind is SeriesKind.RECORD else "CAST(NULL AS BIGINT)"
    columns = ['"time"', end, excuse(ctx, rule, table, ROW_TIME), *labels(table, rule.per), *content(table)]
    return (
        f"SELECT {', '.join(columns)} FROM {known(ctx, table)} t WHERE {chosen(ctx, rule, rule.trigger)}"
        f' AND "time" >= {life.start} AND "time" < {life.end} AND {in_time(ctx, rule, table)}'
    )
