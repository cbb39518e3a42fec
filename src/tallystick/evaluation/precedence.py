"""`precedence`: no event without an earlier one from each required role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tallystick.evaluation.clock import add
from tallystick.evaluation.context import Context, Judgement, Table
from tallystick.evaluation.engine import TIME, Row
from tallystick.evaluation.finding import Evidence, Verdict
from tallystick.evaluation.holding import by_role, roles_of
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
from tallystick.rules.rulebook import PERSON


@dataclass(frozen=True)
class _Act:
    """A required act at or before the event (less its lead), and by whom, where that matters."""

    at: int
    person: str = ""


Acts = Sequence[Sequence[_Act]]
"""For each required role the acts that may count, newest first."""


def precedence(ctx: Context, rule: Precedence) -> list[Judgement]:
    """The findings of the rule: one for each event."""
    reason = unbound(ctx, rule.event, *time_records(rule))
    if reason:
        return without_cases(ctx, rule, reason)
    separate = rule.other_than_performer or rule.different_persons
    events = _by_persons(ctx, rule) if separate else _newest(ctx, rule)
    return [_judge(ctx, rule, row, acts) for row, acts in events] or without_cases(ctx, rule)


def _judge(ctx: Context, rule: Precedence, row: Row, acts: Acts) -> Judgement:
    """`row` has the time of the event, its group, its excuse and its content."""
    width, needed = 1 + len(rule.per), len(acts)
    at = row[0]
    event = evidence(ctx.table(rule.event), at, row[width + 1 :])
    oldest = None if rule.within is None else add(at, rule.within, ctx.clock, times=-1)
    fresh = [[act for act in found if oldest is None or act.at >= oldest] for found in acts]
    counted = _one_each(fresh) if rule.different_persons else {i: found[0] for i, found in enumerate(fresh) if found}
    reason = unbound(ctx, rule.required, *(roles_of(ctx, rule.required) if rule.by else ()))
    if len(counted) == needed:
        verdict, because = Verdict.MET, ""
    elif row[width] is not None:
        verdict, because = Verdict.EXCUSED, EXCEPTION
    elif reason:
        verdict, because = Verdict.UNMEASURED, reason
    else:
        verdict, because = Verdict.BREACHED, _missing(rule, acts, fresh)
    return judgement(
        rule,
        row[1:width],
        Stretch(at, at),
        verdict,
        samples=len(counted),
        decided=at,
        because=because,
        excuse=row[width] if verdict is Verdict.EXCUSED else "",
        case=event,
        evidence=tuple(_evidence(rule, {**_first(acts), **counted}, event)),
    )


def _first(acts: Acts) -> dict[int, _Act]:
    return {place: found[0] for place, found in enumerate(acts) if found}


def _one_each(acts: Acts) -> dict[int, _Act]:
    """As many roles as can be, each with an act of a person of its own: a largest matching, by augmenting paths."""
    taken: dict[str, tuple[int, _Act]] = {}

    def given(role: int, tried: set[str]) -> bool:
        for act in acts[role]:
            if act.person not in tried:
                tried.add(act.person)
                if act.person not in taken or given(taken[act.person][0], tried):
                    taken[act.person] = (role, act)
                    return True
        return False

    for role in range(len(acts)):
        given(role, set())
    return dict(taken.values())


def _missing(rule: Precedence, acts: Acts, fresh: Acts) -> str:
    act, late = rule.required.name, " in time" if rule.lead else ""
    if all(fresh):
        return f"not every {act} by a different person"
    if any(fresh):
        return f"not every {act}{late}"
    if any(acts):
        return f"too old {act}"
    return f"no {act} by anyone else{late}" if rule.other_than_performer else f"no {act}{late}"


def _evidence(rule: Precedence, acts: dict[int, _Act], event: Evidence) -> Iterator[Evidence]:
    """The newest required act of each role that came before, fresh or not."""
    shared = dict(event.values)
    matched = tuple((d, shared[d]) for d in rule.matching if d in shared)
    roles: list[tuple[tuple[str, str], ...]] = [(("role", by.role),) for by in rule.by] or [()]
    for place, role in enumerate(roles):
        if place in acts:
            by = ((PERSON, acts[place].person),) if acts[place].person else ()
            yield Evidence(rule.required.name, acts[place].at, (*matched, *role, *by))


# --- the events, each with the latest instant of its acts ----------------------------------------------------------


def _events(ctx: Context, rule: Precedence, extra: str = "") -> tuple[str, list[str]]:
    """SQL of the events, and what is asked of each: when it happened, its group, what excuses it, all it says.

    `time` is the latest instant at which a required act counts: the event's own, less the lead.
    """
    event, life = ctx.table(rule.event), ctx.life_of(rule.event)
    chosen_events = f'{chosen(ctx, rule, rule.event)} AND t."time" >= {life.start} AND t."time" < {life.end} AND {in_time(ctx, rule, event)}'
    times = [
        row[0] for row in ctx.engine.rows(f'SELECT DISTINCT "time" FROM {known(ctx, event)} t WHERE {chosen_events}')
    ]
    bounds = [(at, _latest(ctx, rule.lead, at)) for at in times]
    handed = ctx.engine.hand_over({"happened": TIME, "latest": TIME}, bounds)
    names = [f"label_{i}" for i in range(len(rule.per))]
    labelled = "".join(f", {label} AS {name}" for label, name in zip(labels(event, rule.per), names, strict=True))
    columns = content(event)
    sql = (
        f'SELECT b.latest AS "time", b.happened{_matches(event, rule)}{labelled},'
        f" {excuse(ctx, rule, event, 'b.happened')} AS excuse"
        f"{''.join(', ' + column for column in columns)}{extra}"
        f' FROM {known(ctx, event)} t JOIN {handed} b ON t."time" = b.happened WHERE {chosen_events}'
    )
    return sql, ["happened", *names, "excuse", *columns]


def _matches(table: Table, rule: Precedence) -> str:
    return "".join(f", {column} AS match_{i}" for i, column in enumerate(key(table, rule.matching)))


def _newest(ctx: Context, rule: Precedence) -> Iterator[tuple[Row, Acts]]:
    """The newest act of each role, in one sorted pass over events and acts."""
    events, asked = _events(ctx, rule)
    answers = [f"act_{i}" for i in range(max(1, len(rule.by)))]
    sql = last_before(events, ['"time"', *asked], _acts_sql(ctx, rule), len(rule.matching), answers)
    for row in ctx.engine.rows(sql):
        yield row[1 : -len(answers)], [[] if at is None else [_Act(at)] for at in row[-len(answers) :]]


def _latest(ctx: Context, lead: Period | None, event: int) -> int:
    """The last instant at which an act comes early enough; the day of the act is not among the business days."""
    if lead is None:
        return event
    return add(event, lead, ctx.clock, times=-1) - (lead.unit is PeriodUnit.BUSINESS_DAYS)


def _acts_sql(ctx: Context, rule: Precedence) -> str | None:
    table = ctx.table(rule.required)
    if not table.bound:
        return None
    acts = [f'CASE WHEN {each} THEN "time" END' for each in _by_roles(ctx, rule, table)]
    columns = "".join(f", {act} AS act_{i}" for i, act in enumerate(acts))
    condition = chosen(ctx, rule, rule.required, environments=False)
    return f'SELECT "time"{_matches(table, rule)}{columns} FROM {known(ctx, table)} t WHERE {condition}'


def _by_roles(ctx: Context, rule: Precedence, table: Table) -> list[str]:
    """For each required role, whether a row `t` is an act of it; for none, any is."""
    return [by_role(ctx, table, by.roles) for by in rule.by] or ["TRUE"]


def _by_persons(ctx: Context, rule: Precedence) -> Iterator[tuple[Row, Acts]]:
    """The newest act of each person for each role. An act counts only by a person who is named."""
    performer = f", t.{dimension(PERSON)} AS performer" if rule.other_than_performer else ""
    events, asked = _events(ctx, rule, performer)
    numbered = f"SELECT *, row_number() OVER (ORDER BY happened, {', '.join(asked)}) AS number FROM ({events})"
    found: dict[int, tuple[Row, list[list[_Act]]]] = {}
    needed = max(1, len(rule.by))
    for number, *row in ctx.engine.rows(f"SELECT number, {', '.join(asked)} FROM ({numbered})"):
        found[number] = (tuple(row), [[] for _ in range(needed)])
    for number, role, person, at in _newest_by_person(ctx, rule, numbered):
        found[number][1][role].append(_Act(at, person))
    for _, acts in found.values():
        for of_role in acts:
            of_role.sort(key=lambda act: (-act.at, act.person))
    yield from (found[number] for number in sorted(found))


def _newest_by_person(ctx: Context, rule: Precedence, events: str) -> Iterator[Row]:
    table = ctx.table(rule.required)
    if not table.bound:
        return
    condition = chosen(ctx, rule, rule.required, environments=False)
    same = "".join(f" AND e.match_{i} IS NOT DISTINCT FROM a.match_{i}" for i in range(len(rule.matching)))
    other = " AND e.performer <> a.person" if rule.other_than_performer else ""
    for role, counts in enumerate(_by_roles(ctx, rule, table)):
        acts = (
            f'SELECT "time", {dimension(PERSON)} AS person{_matches(table, rule)} FROM {known(ctx, table)} t'
            f" WHERE {condition} AND {dimension(PERSON)} IS NOT NULL AND {counts}"
        )
        yield from ctx.engine.rows(
            f'SELECT e.number, {role}, a.person, max(a."time") FROM ({events}) e JOIN ({acts}) a'
            f' ON a."time" <= e."time"{same}{other} GROUP BY e.number, a.person'
        )
