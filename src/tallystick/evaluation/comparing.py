"""What a measure of change or drift is compared with: a time before each window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from tallystick.evaluation.clock import ALWAYS, NEVER, add, midnight
from tallystick.evaluation.context import Context
from tallystick.evaluation.windows import Stretch
from tallystick.rules.measure import (
    Across,
    Age,
    Aggregate,
    Arithmetic,
    Change,
    Distinct,
    Drift,
    Elapsed,
    FirstTime,
    Measure,
    OpenTime,
    Share,
    TimeBefore,
    TimeBetween,
    Uptime,
    Value,
)
from tallystick.rules.rule import Calendar, Gate, Rolling, Rule

Before = Stretch | None
"""The time compared with; None where there is none."""


def windows_before(ctx: Context, rule: Rule, windows: Sequence[Stretch]) -> tuple[Before, ...]:
    """For each window the one just before it: of the calendar, of the same length, or of the same length as a gate's."""
    match rule:
        case Gate(before=length):
            return tuple(Stretch(add(each.start, length, ctx.clock, times=-1), each.start) for each in windows)
        case _:
            pass
    match getattr(rule, "window", None):
        case Calendar():
            ends = {each.end: each for each in windows}
            return tuple(ends.get(each.start) for each in windows)
        case Rolling(length=length):
            starts = (add(each.start, length, ctx.clock, times=-1) for each in windows)
            return tuple(
                Stretch(start, each.start) if start >= ctx.life.start else None
                for start, each in zip(starts, windows, strict=True)
            )
        case _:
            raise ValueError(f"a rule of kind {rule.kind} has no windows to compare")


def reference_times(ctx: Context, drift: Drift, rule: Rule, windows: Sequence[Stretch]) -> tuple[Before, ...]:
    """For each window the reference time; None where it has not ended when the window begins, or begins before the life.

    A gate reads what came before the life, as it does otherwise.
    """
    match drift.reference:
        case FirstTime(length=length):
            fixed = Stretch(ctx.life.start, add(ctx.life.start, length, ctx.clock))
        case TimeBetween(first=first, until=until):
            fixed = Stretch(midnight(first, ctx.zone), midnight(until, ctx.zone))
        case TimeBefore(length=length):
            found = (Stretch(add(each.start, length, ctx.clock, times=-1), each.start) for each in windows)
            earliest = ALWAYS if isinstance(rule, Gate) else ctx.life.start
            return tuple(each if each.start >= earliest else None for each in found)
        case _:
            assert_never(drift.reference)
    return tuple(fixed if each.start >= fixed.end else None for each in windows)


def nothing_before(ctx: Context, rule: Rule, measures: Sequence[Measure], windows: Sequence[Stretch]) -> Sequence[int]:
    """For each window: groups first seen at this instant or later have nothing there to be compared with."""
    since = [NEVER] * len(windows)
    for part in (part for measure in measures for part in _compared(measure)):
        moving = isinstance(part, Change) or isinstance(part.reference, TimeBefore)
        for number, (window, before) in enumerate(zip(windows, _before(ctx, rule, part, windows), strict=True)):
            start = ALWAYS if before is None else window.start if moving else NEVER
            since[number] = min(since[number], start)
    return since


def _before(ctx: Context, rule: Rule, part: Change | Drift, windows: Sequence[Stretch]) -> tuple[Before, ...]:
    return windows_before(ctx, rule, windows) if isinstance(part, Change) else reference_times(ctx, part, rule, windows)


def _compared(measure: Measure) -> Iterator[Change | Drift]:
    match measure:
        case Change() | Drift():
            yield measure
        case Across(measure=inner):
            yield from _compared(inner)
        case Arithmetic(left=left, right=right):
            yield from _compared(left)
            yield from _compared(right)
        case Aggregate() | Share() | Distinct() | Uptime() | OpenTime() | Age() | Elapsed() | Value():
            return
        case _:
            assert_never(measure)
