"""Open times of records: their union, and which of them are open at an instant."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from tallystick.evaluation.windows import Stretch


class Spans:
    """A set of stretches of time, which may overlap."""

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        self.stretches = tuple(sorted(stretch for stretch in stretches if stretch.start < stretch.end))
        self.merged = _merge(self.stretches)
        self._begins = [stretch.start for stretch in self.stretches]
        self._ends = sorted(stretch.end for stretch in self.stretches)
        self._furthest = list(accumulate((stretch.end for stretch in self.stretches), max))
        self._starts = [stretch.start for stretch in self.merged]
        self._lengths = [
            0,
            *accumulate(stretch.end - stretch.start for stretch in self.merged),
        ]

    def __or__(self, other: Spans) -> Spans:
        return Spans((*self.merged, *other.merged))

    def covered(self, stretch: Stretch) -> int:
        """Microseconds of the stretch in which at least one span is open."""
        return self._before(stretch.end) - self._before(stretch.start) if stretch.start < stretch.end else 0

    def overlapping(self, stretch: Stretch) -> int:
        """How many spans have time in the stretch."""
        return bisect_left(self._begins, stretch.end) - bisect_right(self._ends, stretch.start)

    def overlaps(self, stretch: Stretch) -> Sequence[Stretch]:
        """The merged spans that have time in the stretch, in order."""
        first = bisect_right(self.merged, stretch.start, key=_end)
        return self.merged[first : bisect_left(self._starts, stretch.end)]

    def open_until(self, at: int) -> int | None:
        """The latest end of the spans open at an instant, or None when none is."""
        known = bisect_right(self._begins, at)
        return self._furthest[known - 1] if known and self._furthest[known - 1] > at else None

    def _before(self, at: int) -> int:
        known = bisect_left(self._starts, at)
        beyond = max(0, self.merged[known - 1].end - at) if known else 0
        return self._lengths[known] - beyond


def _end(stretch: Stretch) -> int:
    return stretch.end


def _merge(ordered: Iterable[Stretch]) -> tuple[Stretch, ...]:
    merged: list[Stretch] = []
    for stretch in ordered:
        if merged and stretch.start <= merged[-1].end:
            merged[-1] = Stretch(merged[-1].start, max(merged[-1].end, stretch.end))
        else:
            merged.append(stretch)
    return tuple(merged)
