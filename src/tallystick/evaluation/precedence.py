"""`precedence`: no event without an earlier one from each required role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tallystick.evaluation.cases import Cases, Witness, about, case_rows, labelled, placed, telling
from tallystick.evaluation.clock import ALWAYS
from tallystick.evaluation.context import Context, Judgement, Table
from tallystick.evaluation.dialect import text
from tallystick.evaluation.engine import Row
from tallystick.evaluation.finding import Evidence, Verdict
from tallystick.evaluation.holding import by_role, roles_of
from tallystick.evaluation.judging import EXCEPTION, judgement, nominal, unbound, without_cases
from tallystick.evaluation.moving import Moved, moved
from tallystick.evaluation.pairing import key, last_before
from tallystick.evaluation.rows import (
    ROW_TIME,
    chosen,
    content,
    dimension,
    evidence,
    excuse,
    in_time,
    known,
    time_records,
)
from tallystick.evaluation.settling import quick
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import PeriodUnit
from tallystick.rules.rule import Precedence
from tallystick.rules.rulebook import PERSON


@dataclass(frozen=True)
class _Act:
    """A required act at or before the event (less its lead), and by whom, where that matters."""

    at: int
    person: str = ""


Acts = Sequence[Sequence[_Act]]
"""For each required role the acts that may count, newest first."""


def precedence(ctx: Context, rule: Precedence) -> Cases | list[Judgement]:
    """The findings of the rule: one for each event."""
    reason = unbound(ctx, rule.event, *time_records(rule))
    if reason:
        return without_cases(ctx, rule, reason)
    if not (rule.other_than_performer or rule.different_persons):
        return _by_roles_alone(ctx, rule)
    return [_judge(ctx, rule, row, acts) for row, acts in _by_persons(ctx, rule)] or without_cases(ctx, rule)


def _by_roles_alone(ctx: Context, rule: Precedence) -> Cases:
    """The newest act of each role decides, whoever performed it: one sorted pass over events and acts."""
    event, acts = ctx.table(rule.event), [f"act_{i}" for i in range(max(1, len(rule.by)))]
    asked = ["happened", "oldest", "excuse", *(f"label_{i}" for i in range(len(rule.per))), *about(event)]
    events, required = _events(ctx, rule, f"{labelled(event, rule.per)}{telling(event)}"), _acts_sql(ctx, rule)
    paired = last_before(ctx.engine.dialect, events, ['"time"', *asked], required, len(rule.matching), acts)
    counted = " + ".join(f"CASE WHEN {act} >= oldest THEN 1 ELSE 0 END" for act in acts)
    rows = (
        f"SELECT *, {counted} AS counted, {' OR '.join(f'{act} IS NOT NULL' for act in acts)} AS acted FROM ({paired})"
    )
    reason = unbound(ctx, rule.required, *(roles_of(ctx, rule.required) if rule.by else ()))
    otherwise = placed(Verdict.UNMEASURED if reason else Verdict.BREACHED)
    missed = f"CASE WHEN excuse IS NOT NULL THEN {placed(Verdict.EXCUSED)} ELSE {otherwise} END"
    judged = f"CASE WHEN counted = {len(acts)} THEN {placed(Verdict.MET)} ELSE {missed} END"
    because = (
        f"CASE WHEN counted > 0 THEN {text(_missing(rule, some=True, fresh=True))}"
        f" WHEN acted THEN {text(_missing(rule, some=True, fresh=False))} ELSE {text(_missing(rule, some=False, fresh=False))} END"
    )
    excused = f"counted < {len(acts)} AND excuse IS NOT NULL"
    sql = case_rows(
        rule,
        event,
        rows,
        start="happened",
        end="happened",
        verdict=judged,
        because=f"CASE WHEN counted = {len(acts)} THEN '' WHEN {excused} THEN {text(EXCEPTION)} ELSE {text(reason) if reason else because} END",
        excuse=f"CASE WHEN {excused} THEN excuse ELSE '' END",
        samples="counted",
        witnesses=acts,
    )
    roles: list[tuple[tuple[str, str], ...]] = [(("role", by.role),) for by in rule.by] or [()]
    witnesses = [Witness(rule.required.name, act, rule.matching, role) for act, role in zip(acts, roles, strict=True)]
    reach = None if rule.within is None else nominal(rule.within)
    return Cases(
        rule,
        sql,
        event,
        tuple(witnesses),
        otherwise=tuple(without_cases(ctx, rule)),
        quick=quick(ctx, events, "oldest", missed, required, len(rule.matching), acts, reach, forward=False),
    )


def _judge(ctx: Context, rule: Precedence, row: Row, acts: Acts) -> Judgement:
    """`row` has the time of the event, the oldest that an act may be, its group, its excuse and its content."""
    width, needed = 2 + len(rule.per), len(acts)
    at, oldest = row[0], row[1]
    event = evidence(ctx.table(rule.event), at, row[width + 1 :])
    fresh = [[act for act in found if act.at >= oldest] for found in acts]
    counted = _one_each(fresh) if rule.different_persons else {i: found[0] for i, found in enumerate(fresh) if found}
    reason = unbound(ctx, rule.required, *(roles_of(ctx, rule.required) if rule.by else ()))
    if len(counted) == needed:
        verdict, because = Verdict.MET, ""
    elif row[width] is not None:
        verdict, because = Verdict.EXCUSED, EXCEPTION
    elif reason:
        verdict, because = Verdict.UNMEASURED, reason
    elif all(fresh):
        verdict, because = Verdict.BREACHED, f"not every {rule.required.name} by a different person"
    else:
        verdict, because = Verdict.BREACHED, _missing(rule, some=any(acts), fresh=any(fresh))
    return judgement(
        rule,
        row[2:width],
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


def _missing(rule: Precedence, *, some: bool, fresh: bool) -> str:
    """What lacks where not every required role has acted: whether `some` have, and some not too long ago (`fresh`)."""
    act, late = rule.required.name, " in time" if rule.lead else ""
    if fresh:
        return f"not every {act}{late}"
    if some:
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


def _events(ctx: Context, rule: Precedence, columns: str) -> str:
    """SQL of the events with some columns: when each `happened`, the latest `time` and the `oldest` at which a required
    act counts, what its `excuse` is."""
    event, life = ctx.table(rule.event), ctx.life_of(rule.event)
    chosen_events = (
        f'{known(ctx, event)} t WHERE {chosen(ctx, rule, rule.event)} AND t."time" >= {life.start}'
        f' AND t."time" < {life.end} AND {in_time(ctx, rule, event)}'
    )
    lead = Moved(ROW_TIME) if rule.lead is None else moved(ctx, chosen_events, ROW_TIME, rule.lead, -1)
    # The day of the act is not among the business days.
    latest = f"({lead.sql} - 1)" if rule.lead and rule.lead.unit is PeriodUnit.BUSINESS_DAYS else lead.sql
    oldest = Moved(str(ALWAYS)) if rule.within is None else moved(ctx, chosen_events, ROW_TIME, rule.within, -1)
    return (
        f'SELECT {latest} AS "time", t."time" AS happened, {oldest.sql} AS oldest{_matches(event, rule)},'
        f" {excuse(ctx, rule, event, ROW_TIME)} AS excuse{columns}"
        f" FROM (SELECT * FROM {chosen_events}) t{lead.join}{oldest.join}"
    )


def _matches(table: Table, rule: Precedence) -> str:
    return "".join(f", {column} AS match_{i}" for i, column in enumerate(key(table, rule.matching)))


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
    event = ctx.table(rule.event)
    names = [f"label_{i}" for i in range(len(rule.per))]
    columns = "".join(f", {column}" for column in content(event))
    performer = f", t.{dimension(PERSON)} AS performer" if rule.other_than_performer else ""
    events = _events(ctx, rule, f"{labelled(event, rule.per)}{columns}{performer}")
    asked = ", ".join(["happened", "oldest", *names, "excuse", *content(event)])
    numbered = f"SELECT *, row_number() OVER (ORDER BY {asked}) AS number FROM ({events})"
    found: dict[int, tuple[Row, list[list[_Act]]]] = {}
    needed = max(1, len(rule.by))
    for number, *row in ctx.engine.rows(f"SELECT number, {asked} FROM ({numbered})"):
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
