"""`precedence`: no event without an earlier one from each required role."""

from __future__ import annotations

from tallystick.evaluation.clock import add
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.dialect import texts
from tallystick.evaluation.engine import TIME, Row
from tallystick.evaluation.finding import Evidence, Verdict
from tallystick.evaluation.judging import EXCEPTION, judgement, unbound, without_cases
from tallystick.evaluation.pairing import key, last_before
from tallystick.evaluation.rows import (
    chosen,
    content,
    dimension,
    evidence,
    excuse,
    in_time,
    known,
    labels,
    time_records,
)
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.rule import Precedence


def precedence(ctx: Context, rule: Precedence) -> list[Judgement]:
    """The findings of the rule: one for each event."""
    reason = unbound(ctx, rule.event, *time_records(rule))
    if reason:
        return without_cases(ctx, rule, reason)
    return [_judge(ctx, rule, row) for row in ctx.engine.rows(_sql(ctx, rule))] or without_cases(ctx, rule)


def _judge(ctx: Context, rule: Precedence, row: Row) -> Judgement:
    width, needed = 2 + len(rule.per), max(1, len(rule.by))
    at, acts = row[1], row[-needed:]
    event = evidence(ctx.table(rule.event), at, row[width + 1 : -needed])
    oldest = None if rule.within is None else add(at, rule.within, ctx.clock, times=-1)
    fresh = [act for act in acts if act is not None and (oldest is None or act >= oldest)]
    reason = unbound(ctx, rule.required)
    if len(fresh) == needed:
        verdict, because = Verdict.MET, ""
    elif row[width] is not None:
        verdict, because = Verdict.EXCUSED, EXCEPTION
    elif reason:
        verdict, because = Verdict.UNMEASURED, reason
    else:
        verdict, because = Verdict.BREACHED, _missing(rule, acts, fresh)
    return judgement(
        rule,
        row[2:width],
        Stretch(at, at),
        verdict,
        samples=len(fresh),
        decided=at,
        because=because,
        excuse=row[width] if verdict is Verdict.EXCUSED else "",
        case=event,
        evidence=_acts(rule, acts, event),
    )


def _missing(rule: Precedence, acts: Row, fresh: list[int]) -> str:
    late = " in time" if rule.lead else ""
    return (
        f"too old {rule.required.name}"
        if any(a is not None for a in acts) and not fresh
        else (f"no {rule.required.name}{late}" if not fresh else f"not every {rule.required.name}{late}")
    )


def _acts(rule: Precedence, acts: Row, event: Evidence) -> tuple[Evidence, ...]:
    """The newest required act of each role that came before, fresh or not."""
    shared = dict(event.values)
    matched = tuple((d, shared[d]) for d in rule.matching if d in shared)
    roles: list[tuple[tuple[str, str], ...]] = [(("role", by.role),) for by in rule.by] or [()]
    return tuple(
        Evidence(rule.required.name, act, (*matched, *role))
        for act, role in zip(acts, roles, strict=True)
        if act is not None
    )


def _sql(ctx: Context, rule: Precedence) -> str:
    """Events with the newest act of each role at or before the event less its lead time (`time` of the left side)."""
    event, life = ctx.table(rule.event), ctx.life_of(rule.event)
    chosen_events = f'{chosen(ctx, rule, rule.event)} AND t."time" >= {life.start} AND t."time" < {life.end} AND {in_time(ctx, rule, event)}'
    times = [
        row[0] for row in ctx.engine.rows(f'SELECT DISTINCT "time" FROM {known(ctx, event)} t WHERE {chosen_events}')
    ]
    bounds = [(at, _latest(ctx, rule.lead, at)) for at in times]
    handed = ctx.engine.hand_over({"happened": TIME, "latest": TIME}, bounds)
    matches = "".join(f", {column} AS match_{i}" for i, column in enumerate(key(event, rule.matching)))
    names = [f"label_{i}" for i in range(len(rule.per))]
    labelled = "".join(f", {label} AS {name}" for label, name in zip(labels(event, rule.per), names, strict=True))
    columns = content(event)
    left = (
        f'SELECT b.latest AS "time", b.happened{matches}{labelled}, {excuse(ctx, rule, event, "b.happened")} AS excuse'
        f"{''.join(', ' + column for column in columns)}"
        f' FROM {known(ctx, event)} t JOIN {handed} b ON t."time" = b.happened WHERE {chosen_events}'
    )
    answers = [f"act_{i}" for i in range(max(1, len(rule.by)))]
    return last_before(
        left,
        ['"time"', "happened", *names, "excuse", *columns],
        _acts_sql(ctx, rule),
        len(rule.matching),
        answers,
    )


def _latest(ctx: Context, lead: Period | None, event: int) -> int:
    """The last instant at which an act comes early enough; the day of the act is not among the business days."""
    if lead is None:
        return event
    return add(event, lead, ctx.clock, times=-1) - (lead.unit is PeriodUnit.BUSINESS_DAYS)


def _acts_sql(ctx: Context, rule: Precedence) -> str | None:
    table = ctx.table(rule.required)
    if not table.bound:
        return None
    matches = "".join(f", {column} AS match_{i}" for i, column in enumerate(key(table, rule.matching)))
    acts = [
        f'CASE WHEN {dimension("role")} IN {texts(by.roles)} THEN "time" END' if "role" in table.dimensions else "NULL"
        for by in rule.by
    ] or ['"time"']
    columns = "".join(f", {act} AS act_{i}" for i, act in enumerate(acts))
    condition = chosen(ctx, rule, rule.required, environments=False)
    return f'SELECT "time"{matches}{columns} FROM {known(ctx, table)} WHERE {condition}'
