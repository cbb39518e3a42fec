"""`keep` as a gate: a measure over the period before each event, of the rows that equal the event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tallystick.evaluation.clock import add
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.deciding import compared, interval_of, minimum_samples, with_note
from tallystick.evaluation.engine import Row
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.judging import (
    EXCEPTION,
    MISSING_EXCUSED,
    NO_DATA,
    NO_VALUE,
    TOO_FEW,
    judgement,
    unbound,
    without_cases,
)
from tallystick.evaluation.measures import Computed, Measured, Scope, compiled, series_of, shown_unit, together
from tallystick.evaluation.pairing import key
from tallystick.evaluation.rows import ROW_TIME, chosen, content, evidence, excuse, in_time, known, labels, time_records
from tallystick.evaluation.scans import Scans
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import Unit
from tallystick.rules.rule import Gate

_MISSING = Computed(None)


@dataclass(frozen=True)
class GatePlan:
    """A gate, compiled: it gives findings once the scans have run."""

    ctx: Context
    rule: Gate
    rows: tuple[Row, ...]
    windows: tuple[Stretch, ...]
    unit: Unit
    unbound_event: str
    unbound: str
    sides: tuple[Measured, Measured] | None

    def judgements(self) -> Iterator[Judgement]:
        """One finding for each event, or the one that says that none happened."""
        if not self.rows:
            yield from without_cases(self.ctx, self.rule, self.unbound_event)
        places = {window.end: place for place, window in enumerate(self.windows)}
        for row in self.rows:
            yield self._judge(row, places[row[0]])

    def _judge(self, row: Row, number: int) -> Judgement:
        rule, at = self.rule, row[0]
        width = 1 + len(rule.per)
        matched = row[width + 1 : width + 1 + len(rule.matching)]
        value, threshold = self._values(matched, number)
        samples, limits = together(value, threshold)
        excused = row[width] or ""
        too_few = limits and samples < minimum_samples(rule)
        verdict, because, excuse_named = self._verdict(value, threshold, too_few, excused)
        return judgement(
            rule,
            row[1:width],
            self.windows[number],
            verdict,
            exact=value.value,
            threshold=threshold.value,
            interval=interval_of(rule, rule.measure, value),
            unit=self.unit,
            samples=max(samples, 0),
            decided=at,
            because=with_note(because, value),
            excuse=excuse_named,
            case=evidence(self.ctx.table(rule.event), at, row[width + 1 + len(rule.matching) :]),
        )

    def _values(self, matched: Row, number: int) -> tuple[Computed, Computed]:
        """Both sides; nothing where a table, or a text that the rows would have to equal, is missing."""
        if self.sides is None or any(text is None for text in matched):
            return _MISSING, _MISSING
        group = dict(zip(self.rule.matching, matched, strict=True))
        return self.sides[0].value(group, number), self.sides[1].value(group, number)

    def _verdict(self, value: Computed, threshold: Computed, too_few: bool, excused: str) -> tuple[Verdict, str, str]:
        if value.value is not None and threshold.value is not None and not too_few:
            verdict, because = compared(self.rule, self.rule.measure, self.rule.comparison, value, threshold.value)
            if verdict is Verdict.BREACHED and excused:
                return Verdict.EXCUSED, EXCEPTION, excused
            return verdict, because, ""
        if excused:
            return Verdict.EXCUSED, EXCEPTION, excused
        if self.unbound:
            return Verdict.UNMEASURED, self.unbound, ""
        if self.rule.missing_excused:
            return Verdict.EXCUSED, MISSING_EXCUSED, "missing data"
        if too_few and value.samples > 0:
            return Verdict.UNMEASURED, TOO_FEW, ""
        return Verdict.UNMEASURED, NO_DATA if value.samples == 0 else NO_VALUE, ""


def plan_gate(ctx: Context, rule: Gate, scans: Scans) -> GatePlan:
    """Reads the events, and asks the scans for what the measures need in the period before each of them."""
    unbound_event = unbound(ctx, rule.event, *time_records(rule))
    rows = () if unbound_event else tuple(ctx.engine.rows(_events_sql(ctx, rule)))
    times = sorted({row[0] for row in rows})
    stretches = tuple(Stretch(add(at, rule.before, ctx.clock, times=-1), at) for at in times)
    series = (*series_of(rule.measure), *series_of(rule.threshold))
    reason = unbound(ctx, *series)
    # Environments, time and what orders cover are those of the event; what the measure reads is equal to it where `matching` says so.
    scope = Scope(
        replace(ctx, cells=None),
        rule.model_copy(update={"environments": (), "only": (), "between": None}),
        scans,
        rule.matching,
        stretches,
    )
    sides = None if reason else (compiled(rule.measure, scope), compiled(rule.threshold, scope))
    unit = shown_unit(ctx, rule.measure, rule.threshold)
    return GatePlan(ctx, rule, rows, stretches, unit, unbound_event, reason, sides)


def _events_sql(ctx: Context, rule: Gate) -> str:
    """Time, labels, excuse, the texts to match and the content of each event in the life."""
    table, life = ctx.table(rule.event), ctx.life_of(rule.event)
    columns = [
        '"time"',
        *labels(table, rule.per),
        excuse(ctx, rule, table, ROW_TIME),
        *key(table, rule.matching),
        *content(table),
    ]
    return (
        f"SELECT {', '.join(columns)} FROM {known(ctx, table)} t WHERE {chosen(ctx, rule, rule.event)}"
        f' AND "time" >= {life.start} AND "time" < {life.end} AND {in_time(ctx, rule, table)}'
    )
