"""Breaches that come in a row, or in several of some consecutive calendar periods: grounds of a right to terminate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tallystick.evaluation.belonging import belongs
from tallystick.evaluation.clock import add
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.evaluation.windows import calendar_period
from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.rule import RuleFields, Spans, Terminate, has_sequence, unversioned

Ground = tuple[int, tuple[str, ...]]
"""The instant at which a right can arise, and the findings that give rise to it."""

Counts = Mapping[str, int]
"""The breaches that count towards a right, by their findings, and from which instant each does."""

Judged = Sequence[tuple[RuleFields, Sequence[Judgement]]]


def in_row(remedy: Terminate, judged: Judged, counts: Counts) -> Iterator[Ground]:
    """Each breach that is the last of enough in a row, in order of instant."""
    texts: dict[str, list[Judgement]] = defaultdict(list)
    for rule, found in judged:
        if has_sequence(rule):
            texts[unversioned(rule.id)].extend(found)
    grounds = [
        ground
        for found in texts.values()
        for members in _by_group(found).values()
        for ground in _rows(remedy.count, members, counts)
    ]
    yield from sorted(grounds)


def _by_group(judged: Sequence[Judgement]) -> dict[tuple[tuple[str, str], ...], list[Finding]]:
    groups: dict[tuple[tuple[str, str], ...], list[Finding]] = defaultdict(list)
    for each in judged:
        groups[each.finding.group].append(each.finding)
    return groups


def _rows(count: int, findings: Sequence[Finding], counts: Counts) -> Iterator[Ground]:
    """Excused and unmeasured findings are passed over; met and pending ones, and breaches that do not count, interrupt.

    Findings of one start come in no order of their own: those that interrupt come first.
    """
    row: list[Finding] = []
    for each in sorted(findings, key=lambda f: (f.start, f.end, f.id in counts, f.decided or 0, f.id)):
        if each.verdict in (Verdict.EXCUSED, Verdict.UNMEASURED):
            continue
        row = [*row, each][-count:] if each.id in counts else []
        if len(row) == count:
            yield max(counts[f.id] for f in row), tuple(f.id for f in row)


def in_spans(ctx: Context, remedy: Terminate, spans: Spans, judged: Judged, counts: Counts) -> Iterator[Ground]:
    """Each instant of a breach in one of some consecutive calendar periods of which enough have had one."""
    length = Period(amount=spans.number, unit=PeriodUnit(f"{spans.each.value.removeprefix('fiscal ')}s"))
    breaches: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for rule, found in judged:
        for finding in (j.finding for j in found):
            if finding.id in counts:
                period = calendar_period(spans.each, belongs(rule, finding), ctx.clock).start
                breaches[counts[finding.id]].append((period, finding.id))
    seen: dict[int, str] = {}
    for at, members in sorted(breaches.items()):
        for period, finding_id in sorted(members):
            seen.setdefault(period, finding_id)
        for first in sorted(seen):
            end = add(first, length, ctx.clock)
            inside = [period for period in sorted(seen) if first <= period < end]
            if len(inside) >= remedy.count and any(first <= period < end for period, _ in members):
                yield at, tuple(seen[period] for period in inside)
                break
