"""`prohibition` and `permission`: events that must not happen, or only by some roles in some environments."""

from __future__ import annotations

from tallystick.evaluation.cases import Cases, case_rows, labelled, placed, rest_rows, telling
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.dialect import text
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.holding import by_role, roles_of
from tallystick.evaluation.judging import EXCEPTION, unbound, without_cases
from tallystick.evaluation.rows import (
    ROW_TIME,
    chosen,
    excuse,
    in_environments,
    in_time,
    known,
    time_records,
)
from tallystick.rules.rule import Permission, Prohibition


def occurrence(ctx: Context, rule: Prohibition | Permission) -> Cases | list[Judgement]:
    """The findings of the rule: one for each violating event, one for the rest of each group."""
    holders = roles_of(ctx, rule.event) if isinstance(rule, Permission) else ()
    reason = unbound(ctx, rule.event, *holders, *time_records(rule))
    if reason:
        return without_cases(ctx, rule, reason)
    sql = f"{_violations_sql(ctx, rule)} UNION ALL {_kept_sql(ctx, rule)}"
    return Cases(rule, sql, ctx.table(rule.event), otherwise=tuple(without_cases(ctx, rule)))


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
    events = (
        f'SELECT "time"{labelled(table, rule.per)}, {excuse(ctx, rule, table, ROW_TIME)} AS excuse{telling(table)}'
        f" FROM {known(ctx, table)} {_events(ctx, rule)} AND NOT {_allowed(ctx, rule)}"
    )
    judged = f"CASE WHEN excuse IS NULL THEN {placed(Verdict.BREACHED)} ELSE {placed(Verdict.EXCUSED)} END"
    because = f"CASE WHEN excuse IS NULL THEN '' ELSE {text(EXCEPTION)} END"
    return case_rows(
        rule,
        table,
        events,
        start='"time"',
        end='"time"',
        verdict=judged,
        because=because,
        excuse="coalesce(excuse, '')",
    )


def _kept_sql(ctx: Context, rule: Prohibition | Permission) -> str:
    table = ctx.table(rule.event)
    rows = f"{known(ctx, table)} {_events(ctx, rule)} AND {_allowed(ctx, rule)}"
    return rest_rows(
        ctx, rule, table, f"SELECT {placed(Verdict.MET)} AS verdict{labelled(table, rule.per)} FROM {rows}"
    )
