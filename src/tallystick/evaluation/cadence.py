"""`cadence`: an event at least once in every period."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tallystick.evaluation.cases import NO_TIME, Cases, Quick, placed, verdicts_of
from tallystick.evaluation.clock import NEVER, add
from tallystick.evaluation.context import Context, Judgement, Key
from tallystick.evaluation.dialect import text
from tallystick.evaluation.engine import TEXT, TIME
from tallystick.evaluation.finding import Evidence, Verdict
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
from tallystick.evaluation.moving import Moved, moved
from tallystick.evaluation.rows import (
    Exceptions,
    between_spans,
    chosen,
    dimension,
    exempt_where,
    known,
    record_spans,
    time_records,
)
from tallystick.evaluation.spans import Spans
from tallystick.evaluation.windows import Stretch
from tallystick.rules.rule import Cadence, During, has_runs


def cadence(ctx: Context, rule: Cadence) -> Cases | list[Judgement]:
    """The findings of the rule: one for each period kept or missed, in each group."""
    reason = unbound(ctx, rule.event, *([rule.start] if rule.start else []), *time_records(rule))
    seen = seen_anywhere(ctx, rule)
    if reason or not seen:
        keys = list(seen) or [()]
        because = reason or NO_GROUP
        return [judgement(rule, key, ctx.evaluated, Verdict.UNMEASURED, because=because) for key in keys]
    if has_runs(rule):
        return list(_in_runs(ctx, rule, seen)) or without_cases(ctx, rule)
    starts = _starts(ctx, rule, seen)
    begun = {key: max(first, ctx.life.start) for key, first in starts.items() if first < ctx.life.end}
    if not starts:
        return without_cases(ctx, rule)
    if not any(isinstance(each, During) for each in rule.exemptions):
        return _one_after_another(ctx, rule, begun)
    exceptions, times = Exceptions(ctx, rule, rule.per), _times(ctx, rule, rule.per)
    return [
        found
        for key, first in begun.items()
        for found in _group(ctx, rule, exceptions, key, _Run(first, ctx.life.end), times[key])
    ]


def _one_after_another(ctx: Context, rule: Cadence, begun: Seen) -> Cases:
    """Where nothing excuses a period, each goes from one event (or the beginning) to the next: kept if it is not longer
    than the rule allows. Of the last, which no event ends, the deadline tells."""
    labels = [f"label_{i}" for i in range(len(rule.per))]
    listed = "".join(f", {label}" for label in labels)
    starts = ctx.engine.hand_over(
        dict.fromkeys(labels, TEXT) | {"began": TIME, "place": TIME},
        [(*key, at, place) for place, (key, at) in enumerate(begun.items())],
    )
    named = "".join(f", {dimension(d)} AS {label}" for d, label in zip(rule.per, labels, strict=True))
    joined = " AND ".join(f"e.{label} = s.{label}" for label in labels) or "TRUE"
    times = (
        f'SELECT "time" AS happened, s.place{"".join(f", e.{label}" for label in labels)}'
        f' FROM (SELECT "time"{named} FROM {_events(ctx, rule)} AND "time" < {ctx.life.end}) e JOIN {starts} s'
        f' ON {joined} AND e."time" > s.began'
        f" UNION ALL SELECT began, place{listed} FROM {starts}"
    )
    partition = f"PARTITION BY {', '.join(labels)} " if labels else ""
    paired = f"SELECT *, lead(happened) OVER ({partition}ORDER BY happened) AS following FROM ({times})"
    # Of events at the same instant the last one has what follows.
    rows = f"(SELECT * FROM ({paired}) WHERE following IS NULL OR following > happened) t"
    due = moved(ctx, rows, "t.happened", rule.every)
    met = f"verdict = {placed(Verdict.MET)}"
    sql = (
        f'SELECT happened AS start, CASE WHEN {met} THEN following ELSE due END AS "end", verdict,'
        f" CASE verdict WHEN {placed(Verdict.PENDING)} THEN {text(OPEN_DEADLINE)} ELSE '' END AS because, '' AS excuse,"
        f" {NO_TIME} AS value, CASE WHEN {met} THEN 1 ELSE 0 END AS samples,"
        f" CASE WHEN {met} THEN NULL ELSE following END AS performed, FALSE AS cased{listed}"
        f" FROM ({_periods(ctx, rows, due)})"
    )
    return Cases(
        rule,
        sql,
        quick=_quick(
            ctx, f"SELECT 1 FROM {_events(ctx, rule)} UNION ALL SELECT 1 FROM {starts}", times, len(begun), due
        ),
    )


def _quick(ctx: Context, rows: str, times: str, groups: int, due: Moved) -> Quick | None:
    in_a_row = _in_one_row(ctx, times, groups)
    if in_a_row is None:
        return None
    counted = f"SELECT verdict, count(*) FROM ({_periods(ctx, in_a_row, due)}) GROUP BY verdict"
    return Quick(rows, lambda _: verdicts_of(ctx.engine, counted))


def _periods(ctx: Context, rows: str, due: Moved) -> str:
    """SQL of the periods that each begin with a row `t`, which `happened`, with what is `following`: their `due` and
    `verdict`."""
    pending = f"following IS NULL AND due >= {ctx.as_of}"
    verdict = (
        f"CASE WHEN following <= due THEN {placed(Verdict.MET)} WHEN {pending} THEN {placed(Verdict.PENDING)}"
        f" ELSE {placed(Verdict.BREACHED)} END AS verdict"
    )
    ended = f"following IS NULL AND due >= {ctx.life.end}" if ctx.life.end <= ctx.as_of else "FALSE"
    return f"SELECT *, {verdict} FROM (SELECT t.*, {due.sql} AS due FROM {rows}{due.join}) WHERE NOT ({ended})"


def _in_one_row(ctx: Context, times: str, groups: int) -> str | None:
    """SQL after FROM: the same rows `t` without their labels, from one sort of whole numbers: the place of the group, and
    the time since the beginning of the life. None where these have no room in one number, or the engine sorts such a row
    on one machine."""
    start, end = ctx.evaluated
    bits = (end - start).bit_length()
    if not ctx.engine.dialect.joins_nearest or groups << bits >= 1 << 62:
        return None
    packed = f"SELECT (place << {bits}) + (happened - {start}) AS packed FROM ({times})"
    paired = f"SELECT packed, lead(packed) OVER (ORDER BY packed) AS next FROM ({packed})"
    same = f"next >> {bits} = packed >> {bits}"
    since = f"& {(1 << bits) - 1}) + {start}"
    return (
        f"(SELECT (packed {since} AS happened, CASE WHEN {same} THEN (next {since} END AS following"
        f" FROM ({paired}) WHERE next IS NULL OR next > packed) t"
    )


@dataclass(frozen=True)
class _Run:
    """The time `[start, end)` in which periods follow one another; `case` is what began it, where that is not the life."""

    start: int
    end: int
    case: Evidence | None = None


def _in_runs(ctx: Context, rule: Cadence, seen: Seen) -> Iterator[Judgement]:
    """The periods of each stretch of time `during RECORD` or `after EVENT until EVENT`, for each group that fits it."""
    exceptions, (begun, dimensions, spans) = Exceptions(ctx, rule, rule.per), _spans(ctx, rule)
    shared = [d for d in dimensions if d in rule.per]
    fitting: dict[tuple[str | None, ...], list[tuple[tuple[str | None, ...], Spans]]] = defaultdict(list)
    for texts, found in spans.items():
        fitting[tuple(texts[dimensions.index(d)] for d in shared)].append((texts, found))
    times = _times(ctx, rule, (*rule.per, *dimensions))
    for key, first in seen.items():
        for texts, found in fitting[tuple(key[rule.per.index(d)] for d in shared)]:
            values = tuple((d, text) for d, text in zip(dimensions, texts, strict=True) if text is not None)
            for stretch in found.merged:
                run = _Run(
                    max(first, ctx.life.start, stretch.start),
                    min(stretch.end, ctx.life.end),
                    Evidence(begun, stretch.start, values),
                )
                if run.start < run.end:
                    yield from _group(ctx, rule, exceptions, key, run, times[(*key, *texts)])


def _spans(ctx: Context, rule: Cadence) -> tuple[str, tuple[str, ...], dict[tuple[str | None, ...], Spans]]:
    """What begins the time, the dimensions in which it equals the event, and the time by their values.

    Where orders cover some rows, that of what they leave to this text.
    """
    anywhere = rule.model_copy(update={"environments": ()})
    if rule.between is not None:
        start, matching = rule.between.start, rule.between.matching
        table = ctx.table(start)
        listed = ", ".join(dimension(d) for d in matching) or "TRUE"
        begun = f"SELECT DISTINCT {listed} FROM {known(ctx, table)} WHERE {chosen(ctx, anywhere, start)}"
        keys = {tuple(key) if matching else () for key in ctx.engine.rows(begun)}
        found = between_spans(ctx, rule.between, matching)
        return start.name, matching, {key: spans for key, spans in found.items() if key in keys}
    [only] = rule.only
    return only.record.name, only.matching, record_spans(ctx, anywhere, only.record, only.matching)


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
    run: _Run,
    times: Sequence[int],
) -> Iterator[Judgement]:
    """Walks from event to event; `place` is the first event that has not been used.

    What was not done while the run lasted is no longer late after it.
    """
    start, case = run.start, run.case
    times = times[: bisect_left(times, run.end)]
    over = run.end if case is not None and run.end <= ctx.as_of else None
    place = bisect_left(times, start)
    if place < len(times) and times[place] == start:
        place += 1
    while True:
        due = add(start, rule.every, ctx.clock)
        following = times[place] if place < len(times) else None
        if following is not None and following <= due:
            yield judgement(rule, key, Stretch(start, following), Verdict.MET, samples=1, case=case)
            start, place = following, place + 1
            continue
        if due >= run.end and run.end <= ctx.as_of:
            return
        if ctx.as_of <= due:
            yield judgement(rule, key, Stretch(start, due), Verdict.PENDING, because=OPEN_DEADLINE, case=case)
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
                case=case,
            )
            resumed = min(opened[1], NEVER if following is None else following)
        else:
            done = over if following is None else following
            breach = Stretch(start, due)
            yield judgement(rule, key, breach, Verdict.BREACHED, decided=due, performed=done, case=case)
            resumed = NEVER if following is None else following
        if resumed == NEVER:
            return
        start = resumed
        if resumed == following:
            place += 1


def _times(ctx: Context, rule: Cadence, dimensions: Sequence[str]) -> Mapping[tuple[str | None, ...], Sequence[int]]:
    """When the event happened in the life, by its values of some dimensions, in order."""
    columns = ", ".join([*(dimension(d) for d in dimensions), '"time"'])
    found: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
    for *key, time in ctx.engine.rows(f"SELECT DISTINCT {columns} FROM {_events(ctx, rule)}"):
        found[tuple(key)].append(time)
    for times in found.values():
        times.sort()
    return found


def _events(ctx: Context, rule: Cadence) -> str:
    """SQL after FROM: the events in the life that no exception takes out."""
    table, life = ctx.table(rule.event), ctx.life_of(rule.event)
    return (
        f"{known(ctx, table)} WHERE {chosen(ctx, rule, rule.event)} AND NOT {exempt_where(ctx, rule, table)}"
        f' AND "time" >= {life.start} AND "time" < {life.end}'
    )
