"""`prohibition` and `permission`: events that must not happen, or only by some roles in some environments."""

from __future__ import annotations

from collections import Counter

from tallystick.evaluation.context import Context, Judgement, Key
from tallystick.evaluation.engine import Row
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.holding import by_role, roles_of
from tallystick.evaluation.judging import EXCEPTION, judgement, unbound, without_cases
from tallystick.evaluation.rows import (
    ROW_TIME,
    chosen,
    content,
    evidence,
    excuse,
    in_environments,
    in_time,
    known,
    labels,
    time_records,
)
from tallystick.evaluation.windows import Stretch
from tallystick.rules.rule import Permission, Prohibition


def occurrence(ctx: Context, rule: Prohibition | Permission) -> list[Judgement]:
    """The findings of the rule: one for each violating event, one for the rest of each group."""
    holders = roles_of(ctx, rule.event) if isinstance(rule, Permission) else ()
    reason = unbound(ctx, rule.event, *holders, *time_records(rule))
    if reason:
        return without_cases(ctx, rule, reason)
    violating = [_judge(ctx, rule, row) for row in ctx.engine.rows(_violations_sql(ctx, rule))]
    kept = [
        judgement(rule, key, ctx.evaluated, Verdict.MET, samples=number)
        for key, number in sorted(_kept(ctx, rule).items())
    ]
    return [*violating, *kept] or without_cases(ctx, rule)


def _judge(ctx: Context, rule: Prohibition | Permission, row: Row) -> Judgement:
    width = 1 + len(rule.per)
    at, excused = row[0], row[width]
    return judgement(
        rule,
        row[1:width],
        Stretch(at, at),
        Verdict.EXCUSED if excused else Verdict.BREACHED,
        samples=1,
        decided=at,
        because=EXCEPTION if excused else "",
        excuse=excused or "",
        case=evidence(ctx.table(rule.event), at, row[width + 1 :]),
    )


def _allowed(ctx: Context, rule: Prohibition | Permission) -> str:
    """SQL: whether an event is one that the rule allows."""
    if isinstance(rule, Prohibition):
        return "FALSE"
    table = ctx.table(rule.event)
    return f"({by_role(ctx, table, rule.roles)} AND {in_environments(table, rule.environments)})"


def _events(ctx: Context, rule: Prohibition | Permission) -> str:
    life = ctx.life_of(rule.event)
    condition = chosen(ctx, rule, rule.event, environments=isinstance(rule, Prohibition))
    return f't WHERE {condition} AND t."time" >= {life.start} AND t."time" < {life.end} AND {in_time(ctx, rule, ctx.table(rule.event))}'


def _violations_sql(ctx: Context, rule: Prohibition | Permission) -> str:
    table = ctx.table(rule.event)
    excused = excuse(ctx, rule, table, ROW_TIME)
    columns = ", ".join(['"time"', *labels(table, rule.per), excused, *content(table)])
    return f"SELECT {columns} FROM {known(ctx, table)} {_events(ctx, rule)} AND NOT {_allowed(ctx, rule)}"


def _kept(ctx: Context, rule: Prohibition | Permission) -> Counter[Key]:
    table = ctx.table(rule.event)
    columns = ", ".join([*labels(table, rule.per), "count(*)"])
    grouped = " GROUP BY ALL"
    rows = ctx.engine.rows(
        f"SELECT {columns} FROM {known(ctx, table)} {_events(ctx, rule)} AND {_allowed(ctx, rule)}{grouped}"
    )
    return Counter({row[:-1]: row[-1] for row in rows if row[-1]})
