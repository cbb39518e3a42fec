"""`response`: each trigger is followed by an answer in time; singly, or in a share of cases over windows."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tallystick.evaluation.cases import Cases, Witness, about, case_rows, labelled, placed, telling
from tallystick.evaluation.clock import ALWAYS, localized
from tallystick.evaluation.context import Context, Judgement, Key, Table
from tallystick.evaluation.deadlines import NO_TIME, Deadlines, Due, no_deadline, other_sources
from tallystick.evaluation.deciding import FEWEST, compared, interval_of, minimum_samples
from tallystick.evaluation.dialect import text
from tallystick.evaluation.finding import Evidence, Verdict
from tallystick.evaluation.groups import seen_in_series
from tallystick.evaluation.holding import by_role, roles_of
from tallystick.evaluation.judging import (
    EXCEPTION,
    MISSING_EXCUSED,
    OPEN_CASES,
    OPEN_DEADLINE,
    OPEN_WINDOW,
    TOO_FEW,
    group_of,
    judgement,
    nominal,
    period_unit,
    unbound,
    without_cases,
)
from tallystick.evaluation.measures import Computed
from tallystick.evaluation.moving import moved
from tallystick.evaluation.pairing import first_after, key
from tallystick.evaluation.rows import (
    ROW_TIME,
    Applies,
    Exceptions,
    chosen,
    content,
    evidence,
    excuse,
    in_time,
    known,
    time_records,
)
from tallystick.evaluation.settling import quick
from tallystick.evaluation.spans import Spans
from tallystick.evaluation.windows import Stretch, windows
from tallystick.quantities import UNITS, Period
from tallystick.rules.rule import CaseShare, Response


@dataclass(frozen=True)
class _Case:
    """One trigger and what came of it."""

    key: Key
    at: int
    deadline: int
    period: Period | None
    answer: int | None
    verdict: Verdict
    excuse: str
    trigger: Evidence
    stops: Spans = NO_TIME


def response(ctx: Context, rule: Response) -> Cases | list[Judgement]:
    """The findings of the rule."""
    reason = unbound(ctx, rule.trigger, *time_records(rule), *other_sources(rule))
    if reason:
        return without_cases(ctx, rule, reason)
    if rule.share is not None:
        return _shares(ctx, rule, rule.share, _cases(ctx, rule))
    if isinstance(rule.within, Period) and rule.whichever is None and rule.excluding is None:
        return _alike(ctx, rule, rule.within)
    return [_finding(ctx, rule, case) for case in _cases(ctx, rule)] or without_cases(ctx, rule)


def _alike(ctx: Context, rule: Response, within: Period) -> Cases:
    """The findings where one period is that of all cases."""
    trigger = ctx.table(rule.trigger)
    kept = ["due", "excuse", *(f"label_{i}" for i in range(len(rule.per))), *about(trigger)]
    rows, reason = _triggers(ctx, rule), _unanswerable(ctx, rule)
    due = moved(ctx, rows, ROW_TIME, within)
    left = (
        f'SELECT "time", {due.sql} AS due, {excuse(ctx, rule, trigger, ROW_TIME)} AS excuse{_matches(trigger, rule)}'
        f"{labelled(trigger, rule.per)}{telling(trigger)} FROM (SELECT * FROM {rows}) t{due.join}"
    )
    paired = first_after(ctx.engine.dialect, left, ['"time"', *kept], _answers(ctx, rule), len(rule.matching))
    late = f"CASE WHEN excuse IS NULL THEN {placed(Verdict.BREACHED)} ELSE {placed(Verdict.EXCUSED)} END"
    missed = (
        f"CASE WHEN due >= {ctx.as_of} THEN {placed(Verdict.PENDING)}"
        f" ELSE {placed(Verdict.UNMEASURED) if reason else late} END"
    )
    judged = f"CASE WHEN answer <= due THEN {placed(Verdict.MET)} ELSE {missed} END"
    because = (
        f"CASE verdict WHEN {placed(Verdict.PENDING)} THEN {text(OPEN_DEADLINE)}"
        f" WHEN {placed(Verdict.UNMEASURED)} THEN {text(reason)} WHEN {placed(Verdict.EXCUSED)} THEN {text(EXCEPTION)}"
        f" WHEN {placed(Verdict.BREACHED)} THEN CASE WHEN answer IS NULL THEN 'no response' ELSE '' END ELSE '' END"
    )
    sql = case_rows(
        rule,
        trigger,
        f"SELECT *, {judged} AS verdict FROM ({paired})",
        start='"time"',
        end="due",
        verdict="verdict",
        because=because,
        excuse=f"CASE WHEN verdict = {placed(Verdict.EXCUSED)} THEN excuse ELSE '' END",
        value='answer - "time"',
        performed="answer",
        witnesses=["answer"],
    )
    return Cases(
        rule,
        sql,
        trigger,
        (Witness(rule.response.name, "answer", rule.matching),),
        nominal(within),
        period_unit(within),
        tuple(without_cases(ctx, rule)),
        quick(
            ctx, left, "due", missed, _answers(ctx, rule), len(rule.matching), ["answer"], nominal(within), forward=True
        ),
    )


def _triggers(ctx: Context, rule: Response) -> str:
    """SQL after FROM: the rows `t` that must be answered."""
    trigger, life = ctx.table(rule.trigger), ctx.life_of(rule.trigger)
    return (
        f'{known(ctx, trigger)} t WHERE {chosen(ctx, rule, rule.trigger)} AND "time" >= {life.start}'
        f' AND "time" < {life.end} AND {in_time(ctx, rule, trigger)}'
    )


def _matches(table: Table, rule: Response) -> str:
    return "".join(f", {column} AS match_{i}" for i, column in enumerate(key(table, rule.matching)))


def _cases(ctx: Context, rule: Response) -> list[_Case]:
    trigger, names = ctx.table(rule.trigger), [f"label_{i}" for i in range(len(rule.per))]
    left = (
        f"SELECT *{_matches(trigger, rule)}{labelled(trigger, rule.per)}, {excuse(ctx, rule, trigger, ROW_TIME)} AS excuse"
        f" FROM {_triggers(ctx, rule)}"
    )
    columns = ['"time"', *names, "excuse", *content(trigger)]
    rows = ctx.engine.rows(first_after(ctx.engine.dialect, left, columns, _answers(ctx, rule), len(rule.matching)))
    width, deadlines = 1 + len(names), Deadlines(ctx, rule)
    return [
        _case(
            ctx,
            rule,
            row[1:width],
            deadlines.of(row[0], row[width + 1 : -1]),
            row[-1],
            row[width],
            evidence(trigger, row[0], row[width + 1 : -1]),
        )
        for row in rows
    ]


def _unanswerable(ctx: Context, rule: Response) -> str:
    """Why it cannot be told that no answer came; empty when it can."""
    return unbound(ctx, rule.response, *(roles_of(ctx, rule.response) if rule.roles else ()))


def _answers(ctx: Context, rule: Response) -> str | None:
    """SQL of the rows that answer; None when the source has no table."""
    table = ctx.table(rule.response)
    if not table.bound:
        return None
    to_role = f" AND {by_role(ctx, table, rule.roles)}" if rule.roles else ""
    condition = chosen(ctx, rule, rule.response, environments=False)
    return (
        f'SELECT "time", "time" AS answer{_matches(table, rule)} FROM {known(ctx, table)} t WHERE {condition}{to_role}'
    )


def _case(
    ctx: Context,
    rule: Response,
    group: Key,
    due: Due,
    answer: int | None,
    excused: str | None,
    trigger: Evidence,
) -> _Case:
    at = trigger.time
    if due.period is None:
        verdict, excused = Verdict.UNMEASURED, None
    elif answer is not None and answer <= due.last:
        verdict = Verdict.MET
    elif ctx.as_of <= due.last:
        verdict = Verdict.PENDING
    elif _unanswerable(ctx, rule):
        verdict = Verdict.UNMEASURED
    else:
        verdict = Verdict.EXCUSED if excused else Verdict.BREACHED
    return _Case(tuple(group), at, due.shown, due.period, answer, verdict, excused or "", trigger, due.stops)


def _finding(ctx: Context, rule: Response, case: _Case) -> Judgement:
    because = {
        Verdict.PENDING: OPEN_DEADLINE,
        Verdict.UNMEASURED: _unanswerable(ctx, rule) if case.period else no_deadline(rule.within, case.trigger),
        Verdict.EXCUSED: EXCEPTION,
        Verdict.BREACHED: "" if case.answer is not None else "no response",
    }.get(case.verdict, "")
    shared = dict(case.trigger.values)
    matched = tuple((d, shared[d]) for d in rule.matching if d in shared)
    answered = () if case.answer is None else (Evidence(rule.response.name, case.answer, matched),)
    until = case.deadline if case.answer is None else case.answer
    stopped = case.stops.covered(Stretch(case.at, min(until, ctx.as_of)))
    return judgement(
        rule,
        case.key,
        Stretch(case.at, case.deadline),
        case.verdict,
        exact=None if case.answer is None else Fraction(case.answer - case.at - stopped),
        excluded=Fraction(stopped) if rule.excluding and (case.period or case.answer is not None) else None,
        threshold=nominal(case.period) if case.period and rule.whichever is None else None,
        unit=period_unit(case.period) if case.period else UNITS["hours"],
        samples=1,
        decided=case.deadline,
        because=because,
        excuse=case.excuse if case.verdict is Verdict.EXCUSED else "",
        case=case.trigger,
        evidence=(*_stops(ctx, rule, case), *answered),
        performed=case.answer,
    )


def _stops(ctx: Context, rule: Response, case: _Case) -> Iterator[Evidence]:
    """The time in which the clock stood still since the trigger, as rows that say until when; overlapping ones as one."""
    for stretch in case.stops.overlaps(Stretch(case.at, max(case.deadline, case.answer or case.at))):
        until = "open" if stretch.end == ctx.as_of else localized(stretch.end, ctx.zone).isoformat()
        yield Evidence(rule.excluding.name if rule.excluding else "", stretch.start, (("end", until),))


# --- a share of cases --------------------------------------------------------------------------------------------


def _shares(ctx: Context, rule: Response, share: CaseShare, cases: Sequence[_Case]) -> list[Judgement]:
    stretches = windows(share.window, ctx.life, ctx.as_of, ctx.clock)
    groups: dict[Key, list[_Case]] = defaultdict(list)
    for case in sorted(cases, key=lambda case: case.at):
        groups[case.key].append(case)
    seen = seen_in_series(ctx, rule, [rule.trigger]) or {(): ALWAYS}
    exceptions, applies = Exceptions(ctx, rule, rule.per), Applies(ctx, rule, rule.per)
    found = []
    for group, first in seen.items():
        members = groups[group]
        times = [case.at for case in members]
        for window in stretches:
            if window.end > first and applies.within(group_of(rule, group), window):
                inside = members[bisect_left(times, window.start) : bisect_left(times, window.end)]
                found.append(_share(ctx, rule, share, exceptions, group, window, inside))
    return found


def _share(
    ctx: Context,
    rule: Response,
    share: CaseShare,
    exceptions: Exceptions,
    group: Key,
    window: Stretch,
    cases: Sequence[_Case],
) -> Judgement:
    counts = {verdict: sum(case.verdict is verdict for case in cases) for verdict in Verdict}
    cases_counted = counts[Verdict.MET] + counts[Verdict.BREACHED] + counts[Verdict.PENDING]
    closed = window.end <= ctx.as_of
    excused = exceptions.excuse(group_of(rule, group), window) if closed else ""
    reason = _unanswerable(ctx, rule)
    if reason:
        verdict, because, cases_counted = Verdict.UNMEASURED, reason, 0
    elif unset := [case for case in cases if case.period is None]:
        verdict, because = Verdict.UNMEASURED, no_deadline(rule.within, unset[0].trigger)
    elif excused:
        verdict, because = Verdict.EXCUSED, EXCEPTION
    elif not closed:
        verdict, because = Verdict.PENDING, OPEN_WINDOW
    elif cases_counted == 0 and rule.minimum_samples <= 1:
        verdict, because = Verdict.MET, "nothing happened"
    elif cases_counted < minimum_samples(rule):
        verdict, because = Verdict.UNMEASURED, TOO_FEW
        if rule.missing_excused:
            verdict, because, excused = Verdict.EXCUSED, MISSING_EXCUSED, "missing data"
    else:
        verdict, because = _certain_share(rule, share, counts, cases)
    exact = Fraction(counts[Verdict.MET], cases_counted) if cases_counted else None
    return judgement(
        rule,
        group,
        window,
        verdict,
        exact=exact,
        threshold=share.threshold.quantity.base,
        interval=interval_of(rule, None, Computed(exact, cases_counted)),
        unit=UNITS["fraction"],
        samples=cases_counted,
        decided=window.end,
        because=because,
        excuse=excused,
    )


def _certain_share(
    rule: Response, share: CaseShare, counts: dict[Verdict, int], cases: Sequence[_Case]
) -> tuple[Verdict, str]:
    """Worst and best that can still become of the open cases; one under an exception counts only when it is met."""
    met, pending = counts[Verdict.MET], counts[Verdict.PENDING]
    safe = sum(case.verdict is Verdict.PENDING and bool(case.excuse) for case in cases)
    counted = met + counts[Verdict.BREACHED]
    worst_of, best_of = counted + pending - safe, counted + pending
    if worst_of == 0:
        return Verdict.MET, ""
    if rule.confidence and worst_of < FEWEST:
        return Verdict.PENDING, OPEN_CASES
    worst, best = (_decided(rule, share, met, worst_of), _decided(rule, share, met + pending, best_of))
    if worst[0] is Verdict.MET or best[0] is Verdict.BREACHED:
        return worst
    return Verdict.PENDING, OPEN_CASES


def _decided(rule: Response, share: CaseShare, met: int, cases: int) -> tuple[Verdict, str]:
    part = Computed(Fraction(met, cases), cases)
    return compared(rule, None, share.comparison, part, share.threshold.quantity.base)
