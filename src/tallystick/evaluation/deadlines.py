"""Deadlines of triggers: one period for all, one for each class, and the later or earlier of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from tallystick.evaluation.clock import NEVER, add, add_outside, day_end
from tallystick.evaluation.context import Context
from tallystick.evaluation.finding import Evidence
from tallystick.evaluation.pairing import key
from tallystick.evaluation.rows import chosen, known, record_spans
from tallystick.evaluation.spans import Spans
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import Period
from tallystick.rules.measure import Series
from tallystick.rules.rule import AfterEvent, AgreedDay, AgreedTime, ByClass, Response

NO_TIME = Spans(())


@dataclass(frozen=True)
class Due:
    """The last instant that is in time, and where a finding says that its window ends: the former, once it is known.

    `period` is that after the trigger, which the finding shows; without one no deadline is set, and both are the time of
    the trigger. `stops` is the time that it leaves out.
    """

    last: int
    shown: int
    period: Period | None
    stops: Spans = NO_TIME


def period_of(within: Period | ByClass, text: object) -> Period | None:
    """The period of a trigger whose class is that text; None where none is set."""
    return within.period(text) if isinstance(within, ByClass) else within


def no_deadline(within: Period | ByClass, trigger: Evidence) -> str:
    """Why a trigger cannot be judged: its class is not in the table."""
    assert isinstance(within, ByClass), "every trigger has a deadline where they have one for all"
    found = dict(trigger.values).get(within.dimension, "")
    return f"no deadline is set for {within.dimension} “{found}”"


def other_sources(rule: Response) -> tuple[Series, ...]:
    """What else a deadline goes by: the event from which another one runs, and the record in which it does not run."""
    return (*other_events(rule), *((rule.excluding,) if rule.excluding else ()))


def other_events(rule: Response) -> tuple[Series, ...]:
    """The event from which the other deadline runs, if it runs from one."""
    other = rule.whichever and rule.whichever.other
    return (other.event,) if isinstance(other, AfterEvent) else ()


class _Stops:
    """The time in which the deadlines of a rule do not run, by what its records share with the triggers.

    A record that is still open stops the clock until as-of: what comes after is not known.
    """

    def __init__(self, ctx: Context, rule: Response, record: Series) -> None:
        names = ctx.table(rule.trigger).dimensions
        shared = tuple(d for d in ctx.table(record).dimensions if d in names)
        self._places = [names.index(d) for d in shared]
        found = record_spans(ctx, rule.model_copy(update={"environments": ()}), record, shared)
        self._open = {key for key, spans in found.items() if spans.stretches and spans.merged[-1].end == NEVER}
        self._spans = {
            key: Spans(Stretch(start, min(end, ctx.as_of)) for start, end in spans.merged)
            for key, spans in found.items()
        }

    def due(self, at: int, content: Sequence[object], period: Period | None, ctx: Context) -> Due:
        """The deadline of a trigger: none is known yet while the clock stands still before it."""
        key = tuple(None if content[place] is None else str(content[place]) for place in self._places)
        stops = self._spans.get(key, NO_TIME)
        if period is None:
            return Due(at, at, None, stops)
        own = add_outside(at, period, stops.merged, ctx.clock)
        standing = key in self._open and own > ctx.as_of
        return Due(NEVER if standing else own, own, period, stops)


class Deadlines:
    """The deadlines of the triggers of one rule."""

    def __init__(self, ctx: Context, rule: Response) -> None:
        self._ctx, self._rule = ctx, rule
        table = ctx.table(rule.trigger)
        names = (*table.dimensions, *table.units)
        self._places = {name: place for place, name in enumerate(names)}
        self._first = {match: at for event in other_events(rule) for match, at in self._first_events(event)}
        self._stops = None if rule.excluding is None else _Stops(ctx, rule, rule.excluding)

    def of(self, at: int, content: Sequence[object]) -> Due:
        """The deadline of a trigger, from its time and the columns that `rows.content` names."""
        within, whichever = self._rule.within, self._rule.whichever
        text = content[self._places[within.dimension]] if isinstance(within, ByClass) else None
        period = period_of(within, text)
        if self._stops is not None:
            return self._stops.due(at, content, period, self._ctx)
        if period is None:
            return Due(at, at, None)
        own = add(at, period, self._ctx.clock)
        if whichever is None:
            return Due(own, own, period)
        other = self._other(at, content)
        if other is None:
            return Due(own, own, period)
        last = max(own, other) if whichever.later else min(own, other)
        return Due(last, own if last == NEVER else last, period)

    def _other(self, at: int, content: Sequence[object]) -> int | None:
        """The other deadline. None where the trigger states none; NEVER while its event has not happened."""
        assert self._rule.whichever is not None
        match self._rule.whichever.other:
            case AfterEvent(within=within):
                match_key = tuple(content[self._places[d]] for d in self._matching)
                begins = self._first.get(match_key)
                return NEVER if begins is None else add(begins, within, self._ctx.clock)
            case AgreedTime(attribute=attribute):
                agreed = content[self._places[attribute]]
                factor = self._ctx.table(self._rule.trigger).units[attribute].factor
                return None if agreed is None else at + int(Fraction(str(agreed)) * factor)
            case AgreedDay(day=day):
                return day_end(day, self._ctx.zone) - 1
            case other:
                assert_never(other)

    @property
    def _matching(self) -> tuple[str, ...]:
        """What trigger and other event have in common; a termination, of which there is one, nothing."""
        once = any(event.name == "termination" for event in other_events(self._rule))
        return () if once else self._rule.matching

    def _first_events(self, event: Series) -> list[tuple[tuple[object, ...], int]]:
        """The first event for each combination of texts of `matching`."""
        ctx, table = self._ctx, self._ctx.table(event)
        texts = key(table, self._matching)
        listed = "".join(f"{text}, " for text in texts)
        grouped = f" GROUP BY {', '.join(texts)}" if texts else " HAVING count(*) > 0"
        condition = chosen(ctx, self._rule, event, environments=False)
        sql = f'SELECT {listed}min("time") FROM {known(ctx, table)} WHERE {condition}{grouped}'
        return [(tuple(row[:-1]), row[-1]) for row in ctx.engine.rows(sql)]
