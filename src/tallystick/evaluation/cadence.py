"""`cadence`: an event at least once in every period."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tallystick.evaluation.clock import NEVER, add
from tallystick.evaluation.context import Context, Judgement, Key
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.groups import Seen, seen_anywhere
from tallystick.evaluation.judging import (
    EXCEPTION,
    NO_GROUP,
    OPEN_DEADLINE,
    group_of,
    judgement,
    unbound,
    without_cases,
)
from tallystick.evaluation.rows import (
    Exceptions,
    chosen,
    dimension,
    exempt_where,
    known,
)
from tallystick.evaluation.windows import Stretch
from tallystick.rules.rule import Cadence


def cadence(ctx: Context, rule: Cadence) -> list[Judgement]:
    """The findings of the rule: one for each period kept or missed, in each group."""
    reason = unbound(ctx, rule.event, *([rule.start] if rule.start else []))
    seen = seen_anywhere(ctx, rule)
    if reason or not seen:
        keys = list(seen) or [()]
        because = reason or NO_GROUP
        return [judgement(rule, key, ctx.evaluated, Verdict.UNMEASURED, because=because) for key in keys]
    times: dict[Key, list[int]] = defaultdict(list)
    for *key, time in ctx.engine.rows(_times_sql(ctx, rule)):
        times[tuple(key)].append(time)
    exceptions, starts = Exceptions(ctx, rule, rule.per), _starts(ctx, rule, seen)
    found = [
        found
        for key, first in starts.items()
        if first < ctx.life.end
        for found in _group(ctx, rule, exceptions, key, max(first, ctx.life.start), times[key])
    ]
    return found if starts else without_cases(ctx, rule)


def _starts(ctx: Context, rule: Cadence, seen: Seen) -> Seen:
    """When the first interval of each group begins: once it is seen and, where an event starts it, that has happened."""
    if rule.start is None:
        return seen
    table = ctx.table(rule.start)
    shared = [place for place, d in enumerate(rule.per) if d in table.dimensions]
    listed = "".join(f"{dimension(rule.per[place])}, " for place in shared)
    grouped = f" GROUP BY {listed.removesuffix(', ')}" if listed else " HAVING count(*) > 0"
    condition = chosen(ctx, rule, rule.start)
    rows = ctx.engine.rows(f'SELECT {listed}min("time") FROM {known(ctx, table)} WHERE {condition}{grouped}')
    first = {tuple(row[:-1]): row[-1] for row in rows}
    keys = {key: tuple(key[place] for place in shared) for key in seen}
    return {key: max(at, first[keys[key]]) for key, at in seen.items() if keys[key] in first}


def _group(
    ctx: Context,
    rule: Cadence,
    exceptions: Exceptions,
    key: Key,
    start: int,
    times: Sequence[int],
) -> Iterator[Judgement]:
    """Walks from event to event; `place` is the first event that has not been used."""
    place = bisect_left(times, start)
    if place < len(times) and times[place] == start:
        place += 1
    while True:
        due = add(start, rule.every, ctx.clock)
        following = times[place] if place < len(times) else None
        if following is not None and following <= due:
            yield judgement(rule, key, Stretch(start, following), Verdict.MET, samples=1)
            start, place = following, place + 1
            continue
        if due >= ctx.life.end and ctx.life.end <= ctx.as_of:
            return
        if ctx.as_of <= due:
            yield judgement(rule, key, Stretch(start, due), Verdict.PENDING, because=OPEN_DEADLINE)
            return
        opened = exceptions.open_until(group_of(rule, key), due)
        if opened is not None:
            yield judgement(
                rule,
                key,
                Stretch(start, due),
                Verdict.EXCUSED,
                because=EXCEPTION,
                excuse=opened[0],
            )
            resumed = min(opened[1], NEVER if following is None else following)
        else:
            yield judgement(rule, key, Stretch(start, due), Verdict.BREACHED, decided=due, performed=following)
            resumed = NEVER if following is None else following
        if resumed == NEVER:
            return
        start = resumed
        if resumed == following:
            place += 1


def _times_sql(ctx: Context, rule: Cadence) -> str:
    table, life = ctx.table(rule.event), ctx.life_of(rule.event)
    columns = ", ".join([*(dimension(d) for d in rule.per if d in table.dimensions), '"time"'])
    return (
        f"SELECT DISTINCT {columns} FROM {known(ctx, table)} WHERE {chosen(ctx, rule, rule.event)}"
        f' AND NOT {exempt_where(ctx, rule, table)} AND "time" >= {life.start} AND "time" < {life.end}'
        f" ORDER BY {columns}"
    )
