"""`retention` and `deletion`: records that must live long enough, or no longer."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from tallystick.evaluation.cases import Cases, Quick, case_rows, labelled, placed, rest_rows, telling, verdicts_of
from tallystick.evaluation.clock import add
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.deadlines import no_deadline, period_of
from tallystick.evaluation.dialect import NO_TEXT, text
from tallystick.evaluation.engine import TEXT, TIME, Row
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.judging import (
    EXCEPTION,
    OPEN_DEADLINE,
    judgement,
    nominal,
    period_unit,
    unbound,
    without_cases,
)
from tallystick.evaluation.moving import moved
from tallystick.evaluation.pairing import key
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
from tallystick.quantities import UNITS
from tallystick.rules.rule import ByClass, Deletion, Retention


def retention(ctx: Context, rule: Retention) -> Cases | list[Judgement]:
    """The findings of the rule: one for each record ended too young, one or two for the rest of each group."""
    reason = unbound(ctx, rule.record)
    if reason:
        return without_cases(ctx, rule, reason)
    table, life = ctx.table(rule.record), ctx.life_of(rule.record)
    records = (
        f"{known(ctx, table)} t WHERE {chosen(ctx, rule, rule.record)}"
        f' AND "time" >= {life.start} AND "time" < {life.end}'
    )
    due = moved(ctx, records, '"time"', rule.period)
    dated = f"(SELECT *, {due.sql} AS due FROM (SELECT * FROM {records}){due.join}) t"
    return Cases(
        rule,
        f"{_too_young(ctx, rule, dated)} UNION ALL {_others(ctx, rule, dated)}",
        table,
        threshold=nominal(rule.period),
        unit=period_unit(rule.period),
        otherwise=tuple(without_cases(ctx, rule)),
        quick=Quick(f"SELECT 1 FROM {records}", lambda _: _counted(ctx, rule, dated)),
    )


def _counted(ctx: Context, rule: Retention, dated: str) -> Counter[Verdict]:
    """How many findings there are of each verdict, in one pass: the others of a group are one finding for each verdict."""
    table, others = ctx.table(rule.record), [placed(Verdict.MET), placed(Verdict.PENDING)]
    excused = excuse(ctx, rule, table, 't."end"')
    young = f"CASE WHEN ({excused}) IS NULL THEN {placed(Verdict.BREACHED)} ELSE {placed(Verdict.EXCUSED)} END"
    judged = f'CASE WHEN "end" < due THEN {young} ELSE {_of_others(ctx)} END'
    listed = ", ".join(["verdict", *(f"label_{i}" for i in range(len(rule.per)))])
    rows = f"SELECT {judged} AS verdict{labelled(table, rule.per)} FROM {dated}"
    groups = f"SELECT verdict, count(*) AS records FROM ({rows}) GROUP BY {listed}"
    findings = f"CASE WHEN verdict IN ({', '.join(others)}) THEN 1 ELSE records END"
    return verdicts_of(ctx.engine, f"SELECT verdict, sum({findings}) FROM ({groups}) GROUP BY verdict")


def _of_others(ctx: Context) -> str:
    """SQL: the verdict of a record that has not ended too young."""
    still = f'"end" IS NULL AND due > {ctx.as_of}'
    return f"CASE WHEN {still} THEN {placed(Verdict.PENDING)} ELSE {placed(Verdict.MET)} END"


def _too_young(ctx: Context, rule: Retention, dated: str) -> str:
    table = ctx.table(rule.record)
    excused = excuse(ctx, rule, table, 't."end"')
    records = f'SELECT "time", "end", {excused} AS excuse{labelled(table, rule.per)}{telling(table)} FROM {dated} WHERE "end" < due'
    return case_rows(
        rule,
        table,
        records,
        start='"time"',
        end='"end"',
        verdict=f"CASE WHEN excuse IS NULL THEN {placed(Verdict.BREACHED)} ELSE {placed(Verdict.EXCUSED)} END",
        because=f"CASE WHEN excuse IS NULL THEN '' ELSE {text(EXCEPTION)} END",
        excuse="coalesce(excuse, '')",
        value='"end" - "time"',
    )


def _others(ctx: Context, rule: Retention, dated: str) -> str:
    table, open_still = ctx.table(rule.record), placed(Verdict.PENDING)
    rows = f'SELECT {_of_others(ctx)} AS verdict{labelled(table, rule.per)} FROM {dated} WHERE "end" IS NULL OR "end" >= due'
    because = f"CASE verdict WHEN {open_still} THEN {text(OPEN_DEADLINE)} ELSE '' END"
    return rest_rows(ctx, rule, table, rows, because)


def deletion(ctx: Context, rule: Deletion) -> list[Judgement]:
    """The findings of the rule: one for each trigger."""
    reason = unbound(ctx, rule.trigger, *time_records(rule))
    if reason:
        return without_cases(ctx, rule, reason)
    return [_judge_trigger(ctx, rule, row) for row in ctx.engine.rows(_triggers_sql(ctx, rule))] or without_cases(
        ctx, rule
    )


def _judge_trigger(ctx: Context, rule: Deletion, row: Row) -> Judgement:
    at, deadline, excused, records, late, living, gone = row[:7]
    width = 7 + len(rule.per)
    case = evidence(ctx.table(rule.trigger), at, row[width:])
    reason = unbound(ctx, rule.record) or ("" if deadline else no_deadline(rule.within, case))
    deadline = deadline or at
    passed = ctx.as_of > deadline
    if reason:
        verdict = Verdict.UNMEASURED
    elif passed:
        verdict = Verdict.MET if not late else Verdict.EXCUSED if excused else Verdict.BREACHED
    else:
        verdict = Verdict.PENDING if living else Verdict.MET
    because = {Verdict.PENDING: OPEN_DEADLINE, Verdict.EXCUSED: EXCEPTION}.get(verdict, reason)
    return judgement(
        rule,
        row[7:width],
        Stretch(at, deadline),
        verdict,
        exact=None if reason else Fraction(late if passed else living),
        threshold=Fraction(0),
        unit=UNITS["count"],
        samples=records,
        decided=deadline,
        because=because,
        excuse=(excused or "") if verdict is Verdict.EXCUSED else "",
        case=case,
        performed=None if living else gone,
    )


def _triggers_sql(ctx: Context, rule: Deletion) -> str:
    """Triggers with the number of matching records, of those late at the deadline, of those still open; and the last
    end."""
    trigger, life = ctx.table(rule.trigger), ctx.life_of(rule.trigger)
    condition = f'{chosen(ctx, rule, rule.trigger)} AND t."time" >= {life.start} AND t."time" < {life.end} AND {in_time(ctx, rule, trigger)}'
    source = f"{known(ctx, trigger)} t"
    of_class = dimension(rule.within.dimension) if isinstance(rule.within, ByClass) else NO_TEXT
    times = ctx.engine.rows(f'SELECT DISTINCT "time", {of_class} FROM {source} WHERE {condition}')
    periods = [(at, named, period_of(rule.within, named)) for at, named in times]
    handed = ctx.engine.hand_over(
        {"happened": TIME, "of_class": TEXT, "deadline": TIME},
        [(at, named, None if period is None else add(at, period, ctx.clock)) for at, named, period in periods],
    )
    texts = content(trigger)
    columns = [f"{column} AS content_{i}" for i, column in enumerate([*labels(trigger, rule.per), *texts])]
    matches = [f"{column} AS match_{i}" for i, column in enumerate(key(trigger, rule.matching))]
    excused = f"{excuse(ctx, rule, trigger, 'b.happened')} AS excuse"
    triggers = (
        f"SELECT row_number() OVER (ORDER BY b.happened) AS place, {', '.join(['b.happened', 'b.deadline', excused, *columns, *matches])}"
        f' FROM {source} JOIN {handed} b ON t."time" = b.happened AND {of_class} IS NOT DISTINCT FROM b.of_class WHERE {condition}'
    )
    equal = "".join(f" AND r.match_{i} IS NOT DISTINCT FROM c.match_{i}" for i in range(len(rule.matching)))
    shown = "".join(f", content_{i}" for i in range(len(columns)))
    return (
        "SELECT happened, deadline, excuse, count(begins),"
        " count(CASE WHEN begins IS NOT NULL AND (ends IS NULL OR ends > deadline) THEN 1 END),"
        f" count(CASE WHEN begins IS NOT NULL AND ends IS NULL THEN 1 END), max(ends){shown}"
        f" FROM ({triggers}) c LEFT JOIN ({_owned_sql(ctx, rule)}) r ON r.begins <= c.happened{equal}"
        f" GROUP BY place, happened, deadline, excuse{shown}"
    )


def _owned_sql(ctx: Context, rule: Deletion) -> str:
    """The records that a trigger can concern; none when no table is bound."""
    record = ctx.table(rule.record)
    if not record.bound:
        missing = "".join(f", {NO_TEXT} AS match_{i}" for i in range(len(rule.matching)))
        return f"SELECT CAST(NULL AS BIGINT) AS begins, CAST(NULL AS BIGINT) AS ends{missing}"
    matches = "".join(f", {column} AS match_{i}" for i, column in enumerate(key(record, rule.matching)))
    condition = chosen(ctx, rule, rule.record, environments=False)
    return f'SELECT "time" AS begins, "end" AS ends{matches} FROM {known(ctx, record)} WHERE {condition}'
