"""`retention` and `deletion`: records that must live long enough, or no longer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from tallystick.evaluation.clock import add
from tallystick.evaluation.context import Context, Judgement, Key
from tallystick.evaluation.deadlines import no_deadline, period_of
from tallystick.evaluation.dialect import NO_TEXT
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


def retention(ctx: Context, rule: Retention) -> list[Judgement]:
    """The findings of the rule: one for each record ended too young, one or two for the rest of each group."""
    reason = unbound(ctx, rule.record)
    if reason:
        return without_cases(ctx, rule, reason)
    rows = ctx.engine.rows(_records_sql(ctx, rule))
    rest: Counter[tuple[Key, Verdict]] = Counter()
    found = []
    for row in rows:
        due = add(row[0], rule.period, ctx.clock)
        if row[1] is not None and row[1] < due:
            found.append(_too_young(ctx, rule, row))
        else:
            kept = row[1] is not None or ctx.as_of >= due
            rest[row[3 : 3 + len(rule.per)], Verdict.MET if kept else Verdict.PENDING] += 1
    return [*found, *_rest(ctx, rule, rest)] or without_cases(ctx, rule)


def _too_young(ctx: Context, rule: Retention, row: Row) -> Judgement:
    begin, end, excused = row[:3]
    width = 3 + len(rule.per)
    return judgement(
        rule,
        row[3:width],
        Stretch(begin, end),
        Verdict.EXCUSED if excused else Verdict.BREACHED,
        exact=Fraction(end - begin),
        threshold=nominal(rule.period),
        unit=period_unit(rule.period),
        samples=1,
        decided=end,
        because=EXCEPTION if excused else "",
        excuse=excused or "",
        case=evidence(ctx.table(rule.record), begin, row[width:]),
    )


def _rest(ctx: Context, rule: Retention, rest: Counter[tuple[Key, Verdict]]) -> Iterator[Judgement]:
    for (group, verdict), number in sorted(rest.items()):
        because = OPEN_DEADLINE if verdict is Verdict.PENDING else ""
        yield judgement(rule, group, ctx.evaluated, verdict, samples=number, because=because)


def _records_sql(ctx: Context, rule: Retention) -> str:
    table, life = ctx.table(rule.record), ctx.life_of(rule.record)
    columns = [
        '"time"',
        '"end"',
        excuse(ctx, rule, table, 't."end"'),
        *labels(table, rule.per),
        *content(table),
    ]
    return (
        f"SELECT {', '.join(columns)} FROM {known(ctx, table)} t WHERE {chosen(ctx, rule, rule.record)}"
        f' AND "time" >= {life.start} AND "time" < {life.end}'
    )


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
    periods = [(at, text, period_of(rule.within, text)) for at, text in times]
    handed = ctx.engine.hand_over(
        {"happened": TIME, "of_class": TEXT, "deadline": TIME},
        [(at, text, None if period is None else add(at, period, ctx.clock)) for at, text, period in periods],
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
