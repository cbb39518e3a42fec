"""`keep` over windows, and `count`: a number for each group and window against a threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tallystick.evaluation.clock import ALWAYS
from tallystick.evaluation.comparing import nothing_before
from tallystick.evaluation.context import Context, Judgement, Key
from tallystick.evaluation.deciding import compared, interval_of, minimum_samples, with_note
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.groups import Seen, seen_anywhere, seen_in_series
from tallystick.evaluation.judging import (
    EXCEPTION,
    MISSING_EXCUSED,
    NO_DATA,
    NO_GROUP,
    NO_VALUE,
    NOTHING_BEFORE,
    OPEN_CASES,
    OPEN_WINDOW,
    TOO_FEW,
    certain,
    group_of,
    judgement,
    unbound,
)
from tallystick.evaluation.measures import (
    Computed,
    Measured,
    Scope,
    compiled,
    series_of,
    shown_unit,
    together,
)
from tallystick.evaluation.rows import Applies, Exceptions, time_records
from tallystick.evaluation.scans import Scans
from tallystick.evaluation.windows import Stretch, windows
from tallystick.quantities import Quantity, Unit
from tallystick.rules.measure import Aggregate, Comparison, Function, Value
from tallystick.rules.rule import CountEvents, Keep, RuleFields

_MISSING = Computed(None)


@dataclass(frozen=True)
class Plan:
    """A rule about windows, compiled: it gives findings once the scans have run."""

    ctx: Context
    rule: Keep
    windows: tuple[Stretch, ...]
    seen: Seen
    exceptions: Exceptions
    applies: Applies
    unit: Unit
    unbound: str
    sides: tuple[Measured, Measured] | None
    counts: bool = False
    nothing_before: Sequence[int] = ()

    def judgements(self) -> Iterator[Judgement]:
        """The findings in order of group and window."""
        for key, first in self.seen.items():
            for number, window in enumerate(self.windows):
                if window.end > first and (self.unbound or self.applies.within(group_of(self.rule, key), window)):
                    yield self._judge(key, number, first)
        if not self.seen and self.counts:
            reason = self.unbound or NO_GROUP
            yield judgement(self.rule, (), self.ctx.evaluated, Verdict.UNMEASURED, because=reason)
        elif not self.seen:
            yield from (self._judge((), number, ALWAYS) for number in range(len(self.windows)))

    def _judge(self, key: Key, number: int, first: int) -> Judgement:
        rule, window = self.rule, self.windows[number]
        if self.sides is None:
            return judgement(rule, key, window, Verdict.UNMEASURED, because=self.unbound)
        value, threshold = self._sides(key, number)
        samples, limits = together(value, threshold)
        too_few = limits and samples < minimum_samples(rule)
        if self.nothing_before and first >= self.nothing_before[number] and window.end <= self.ctx.as_of:
            verdict, because, excuse = Verdict.EXCUSED, NOTHING_BEFORE, "nothing before it"
        else:
            verdict, because, excuse = self._verdict(key, window, value, threshold, too_few)
        return judgement(
            rule,
            key,
            window,
            verdict,
            exact=value.value,
            threshold=threshold.value,
            interval=interval_of(rule, rule.measure, value),
            unit=self.unit,
            samples=max(samples, 0),
            decided=window.end,
            because=with_note(because, value),
            excuse=excuse,
        )

    def _sides(self, key: Key, number: int) -> tuple[Computed, Computed]:
        if self.sides is None or not (key or not self.rule.per):
            return _MISSING, _MISSING
        group = group_of(self.rule, key)
        return self.sides[0].value(group, number), self.sides[1].value(group, number)

    def _verdict(
        self,
        key: Key,
        window: Stretch,
        value: Computed,
        threshold: Computed,
        too_few: bool,
    ) -> tuple[Verdict, str, str]:
        rule, closed = self.rule, window.end <= self.ctx.as_of
        excuse = self.exceptions.excuse(group_of(rule, key), window) if closed else ""
        if excuse:
            return Verdict.EXCUSED, EXCEPTION, excuse
        if value.value is None or threshold.value is None or too_few:
            return self._missing(key, value, too_few, closed)
        settled = value.open == 0 and threshold.open == 0
        if closed and settled:
            return *compared(rule, rule.measure, rule.comparison, value, threshold.value), ""
        if rule.confidence:
            return Verdict.PENDING, OPEN_CASES if closed else OPEN_WINDOW, ""
        sure = certain(
            rule.measure,
            rule.comparison,
            rule.threshold,
            value.value,
            self.unit,
            closed=closed,
        )
        if self.counts and rule.comparison is Comparison.IS and value.value > threshold.value:
            sure = Verdict.BREACHED
        return (
            sure or Verdict.PENDING,
            "" if sure else OPEN_CASES if closed else OPEN_WINDOW,
            "",
        )

    def _missing(self, key: Key, value: Computed, too_few: bool, closed: bool) -> tuple[Verdict, str, str]:
        if not closed:
            return Verdict.PENDING, OPEN_WINDOW, ""
        if self.rule.missing_excused:
            return Verdict.EXCUSED, MISSING_EXCUSED, "missing data"
        if self.rule.per and not key:
            return Verdict.UNMEASURED, NO_GROUP, ""
        if too_few and value.samples > 0:
            return Verdict.UNMEASURED, TOO_FEW, ""
        return Verdict.UNMEASURED, NO_DATA if value.samples == 0 else NO_VALUE, ""


def plan_keep(ctx: Context, rule: Keep, scans: Scans) -> Plan:
    """Asks the scans for what the rule needs."""
    series = (*series_of(rule.measure), *series_of(rule.threshold))
    stretches = windows(rule.window, ctx.life, ctx.as_of, ctx.clock)
    reason = unbound(ctx, *series, *time_records(rule))
    scope = Scope(ctx, rule, scans, rule.per, stretches)
    sides = None if reason else (compiled(rule.measure, scope), compiled(rule.threshold, scope))
    unit = shown_unit(ctx, rule.measure, rule.threshold)
    seen = seen_in_series(ctx, rule, series)
    exceptions, applies = Exceptions(ctx, rule, rule.per), Applies(ctx, rule, rule.per)
    earlier = nothing_before(ctx, rule, (rule.measure, rule.threshold), stretches)
    return Plan(ctx, rule, stretches, seen, exceptions, applies, unit, reason, sides, nothing_before=earlier)


def plan_count(ctx: Context, rule: CountEvents, scans: Scans) -> Plan:
    """Counting an event is keeping its number, but for groups seen in any table."""
    fields = {name: getattr(rule, name) for name in RuleFields.model_fields}
    kept = Keep(
        **fields,
        measure=Aggregate(function=Function.COUNT, of=rule.event),
        comparison=rule.comparison,
        threshold=Value(quantity=Quantity(value=Decimal(rule.times), unit="count")),
        window=rule.window,
    )
    return replace(plan_keep(ctx, kept, scans), seen=seen_anywhere(ctx, rule), counts=True)
