"""`keep` at all times: runs of violating samples that last longer than tolerated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from tallystick.evaluation.clock import add
from tallystick.evaluation.conditions import against
from tallystick.evaluation.context import Context, Judgement, Key
from tallystick.evaluation.engine import Row
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.groups import Seen, seen_in_series
from tallystick.evaluation.judging import (
    MISSING_EXCUSED,
    NO_DATA,
    NO_GROUP,
    OPEN_DEADLINE,
    group_of,
    judgement,
    unbound,
    without_cases,
)
from tallystick.evaluation.measures import series_unit
from tallystick.evaluation.rows import Applies, chosen, dimension, exempt_where, time_records, unexempted
from tallystick.evaluation.windows import Stretch
from tallystick.rules.measure import Comparison, SeriesKind
from tallystick.rules.rule import KeepAlways


@dataclass(frozen=True)
class _Run:
    """Violating instants in a row; `end` is None while no later sample ends it."""

    begin: int
    end: int | None
    samples: int
    worst: Fraction


def always(ctx: Context, rule: KeepAlways) -> list[Judgement]:
    """The findings of the rule."""
    unlimited = unbound(ctx, *time_records(rule))
    if unlimited:
        return without_cases(ctx, rule, unlimited)
    reason = unbound(ctx, rule.series)
    seen: Seen = seen_in_series(ctx, rule, [rule.series])
    if reason or not seen:
        keys = list(seen) or [()]
        return [_unmeasured(ctx, rule, key, reason or NO_GROUP) for key in keys]
    totals = {row[:-4]: row[-4:] for row in ctx.engine.rows(_totals_sql(ctx, rule))}
    runs: dict[Key, list[_Run]] = defaultdict(list)
    for *key, begin, end, samples, worst in ctx.engine.rows(_runs_sql(ctx, rule)):
        runs[tuple(key)].append(
            _Run(
                begin,
                end,
                samples,
                Fraction(worst) * series_unit(ctx, rule.series).factor,
            )
        )
    applies = Applies(ctx, rule, rule.per)
    return [
        found
        for key in seen
        if applies.within(group_of(rule, key), ctx.evaluated)
        for found in _group(ctx, rule, key, totals.get(key), runs[key])
    ]


def _group(ctx: Context, rule: KeepAlways, key: Key, totals: Row | None, runs: list[_Run]) -> Iterator[Judgement]:
    if totals is None or totals[1] == 0:
        yield _unmeasured(ctx, rule, key, NO_DATA)
        return
    breached = False
    for run in runs:
        found = _judge_run(ctx, rule, key, run)
        if found is not None:
            breached = breached or found.finding.verdict is Verdict.BREACHED
            yield found
    if not breached:
        first, samples, least, greatest = totals
        unit = series_unit(ctx, rule.series)
        worst = runs[0].worst if runs and rule.comparison in (Comparison.IS, Comparison.IS_NOT) else None
        plain = Fraction(greatest if rule.comparison in (Comparison.AT_MOST, Comparison.BELOW) else least)
        exact = plain * unit.factor if worst is None else worst
        yield _finding(
            ctx,
            rule,
            key,
            Stretch(first, ctx.evaluated.end),
            Verdict.MET,
            exact,
            samples,
        )


def _judge_run(ctx: Context, rule: KeepAlways, key: Key, run: _Run) -> Judgement | None:
    end = ctx.evaluated.end if run.end is None else run.end
    limit = run.begin if rule.tolerance is None else add(run.begin, rule.tolerance, ctx.clock)
    if end > limit:
        verdict = Verdict.BREACHED
    elif run.end is None and ctx.as_of < ctx.life.end:
        verdict = Verdict.PENDING
    else:
        return None
    return _finding(ctx, rule, key, Stretch(run.begin, end), verdict, run.worst, run.samples, limit)


def _finding(
    ctx: Context,
    rule: KeepAlways,
    key: Key,
    stretch: Stretch,
    verdict: Verdict,
    exact: Fraction,
    samples: int,
    decided: int | None = None,
) -> Judgement:
    return judgement(
        rule,
        key,
        stretch,
        verdict,
        exact=exact,
        threshold=rule.threshold.quantity.base,
        unit=series_unit(ctx, rule.series),
        samples=samples,
        decided=decided,
        because=OPEN_DEADLINE if verdict is Verdict.PENDING else "",
    )


def _unmeasured(ctx: Context, rule: KeepAlways, key: Key, reason: str) -> Judgement:
    if rule.missing_excused and reason in (NO_DATA, NO_GROUP):
        return judgement(
            rule,
            key,
            ctx.evaluated,
            Verdict.EXCUSED,
            because=MISSING_EXCUSED,
            excuse="missing data",
        )
    return judgement(rule, key, ctx.evaluated, Verdict.UNMEASURED, because=reason)


def _samples_sql(ctx: Context, rule: KeepAlways) -> str:
    """Samples in the life: the group's columns, `time`, `number`, and `bad`: whether it misses the threshold."""
    table = ctx.table(rule.series)
    column = table.column("value" if rule.series.source is SeriesKind.METRIC else rule.series.attribute or "")
    good = against(
        str(column),
        series_unit(ctx, rule.series),
        rule.comparison,
        rule.threshold.quantity.base,
    )
    life = ctx.life_of(rule.series)
    conditions = [
        f'"time" >= {life.start} AND "time" < {life.end}',
        f"{column} IS NOT NULL",
        chosen(ctx, rule, rule.series),
        f"NOT {exempt_where(ctx, rule, table)}",
        *(f"{dimension(d)} IS NOT NULL" for d in rule.per),
    ]
    columns = ", ".join(
        [
            *(dimension(d) for d in rule.per),
            '"time"',
            f"{column} AS number",
            f"NOT {good} AS bad",
        ]
    )
    return f"SELECT {columns} FROM {unexempted(ctx, rule, table)} WHERE {' AND '.join(conditions)}"


def _totals_sql(ctx: Context, rule: KeepAlways) -> str:
    keys = "".join(f"{dimension(d)}, " for d in rule.per)
    grouped = f" GROUP BY {keys.removesuffix(', ')}" if keys else ""
    return f'SELECT {keys}min("time"), count(*), min(number), max(number) FROM ({_samples_sql(ctx, rule)}){grouped}'


def _runs_sql(ctx: Context, rule: KeepAlways) -> str:
    """Runs of violating instants, in order: one pass over the instants sorted by group and time."""
    keys = "".join(f"{dimension(d)}, " for d in rule.per)
    partition = f"PARTITION BY {keys.removesuffix(', ')} " if keys else ""
    over = f'OVER ({partition}ORDER BY "time"'
    instants = (
        f'SELECT {keys}"time", bool_or(bad) AS bad, count(CASE WHEN bad THEN 1 END) AS samples,'
        f" min(CASE WHEN bad THEN number END) AS least, max(CASE WHEN bad THEN number END) AS greatest"
        f' FROM ({_samples_sql(ctx, rule)}) GROUP BY {keys}"time"'
    )
    marked = (
        f'SELECT *, lead("time") {over}) AS next,'
        f" CASE WHEN bad AND NOT coalesce(lag(bad) {over}), FALSE) THEN 1 ELSE 0 END AS opens FROM ({instants})"
    )
    numbered = f"SELECT *, sum(opens) {over} ROWS UNBOUNDED PRECEDING) AS run FROM ({marked})"
    worst = {
        Comparison.AT_MOST: "max(greatest)",
        Comparison.BELOW: "max(greatest)",
        Comparison.AT_LEAST: "min(least)",
        Comparison.ABOVE: "min(least)",
    }.get(rule.comparison, "min(CASE WHEN opens = 1 THEN least END)")
    return (
        f'SELECT {keys}min("time") AS begins, {_END} AS ends, sum(samples), {worst}'
        f" FROM ({numbered}) WHERE bad GROUP BY {keys}run ORDER BY {keys}begins"
    )


# The run ends at the instant after its last one; when there is none, `next` of the last one is NULL.
_END = "CASE WHEN bool_or(next IS NULL) THEN NULL ELSE max(next) END"
