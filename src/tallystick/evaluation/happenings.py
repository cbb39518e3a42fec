"""Rows of one event by what they say, for asking what happened after a breach. Each question is a binary search."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tallystick.evaluation.context import Context, Table
from tallystick.evaluation.finding import Evidence
from tallystick.evaluation.rows import content, dimension, evidence, known
from tallystick.rules.measure import Series, SeriesKind
from tallystick.rules.rulebook import ABOUT


@dataclass(frozen=True)
class Happenings:
    """Rows by pattern (which of the shared dimensions they fill) and values, each list sorted by time and content."""

    dimensions: tuple[str, ...]
    _rows: Mapping[tuple[str, ...], Mapping[tuple[str, ...], Sequence[Evidence]]]

    def first(self, texts: Mapping[str, str], start: int, end: int, about: Sequence[str] = ()) -> Evidence | None:
        """The first row in `[start, end]` that equals the texts wherever it says something.

        What it says it is `about` must be one of these texts.
        """
        found = [
            rows[place]
            for rows in self._lists(texts, about)
            if (place := bisect_left(rows, start, key=_time)) < len(rows) and rows[place].time <= end
        ]
        return min(found, key=lambda row: (row.time, row.values), default=None)

    def between(self, texts: Mapping[str, str], after: int, before: int | None) -> Iterator[Evidence]:
        """Rows strictly between two instants that equal the texts on every shared dimension; an empty one is missing."""
        filled = tuple(d for d in self.dimensions if texts[d])
        rows = self._rows.get(filled, {}).get(tuple(texts[d] for d in filled), ())
        end = len(rows) if before is None else bisect_left(rows, before, key=_time)
        yield from rows[bisect_right(rows, after, key=_time) : end]

    def _lists(self, texts: Mapping[str, str], about: Sequence[str]) -> Iterator[Sequence[Evidence]]:
        for filled, by_values in self._rows.items():
            for said in about if ABOUT in filled else ("",):
                yield by_values.get(tuple(said if d == ABOUT else texts.get(d, "") for d in filled), ())


def _time(row: Evidence) -> int:
    return row.time


def happenings(ctx: Context, event: str, dimensions: Sequence[str], condition: str = "TRUE") -> Happenings | None:
    """The rows of an event, by those of the dimensions that it has; None when no table is bound for it."""
    table = ctx.table(Series(source=SeriesKind.EVENT, name=event))
    if not table.bound:
        return None
    shared = tuple(d for d in dimensions if d in table.dimensions)
    rows: dict[tuple[str, ...], dict[tuple[str, ...], list[Evidence]]] = defaultdict(lambda: defaultdict(list))
    for values, row in _read(ctx, table, shared, condition):
        filled = tuple(d for d, value in zip(shared, values, strict=True) if value is not None)
        rows[filled][tuple(value for value in values if value is not None)].append(row)
    for by_values in rows.values():
        for found in by_values.values():
            found.sort(key=lambda row: (row.time, row.values))
    return Happenings(shared, rows)


def _read(
    ctx: Context, table: Table, shared: Sequence[str], condition: str
) -> Iterator[tuple[tuple[str | None, ...], Evidence]]:
    columns = ", ".join(['"time"', *(dimension(d) for d in shared), *content(table)])
    for row in ctx.engine.rows(f"SELECT {columns} FROM {known(ctx, table)} t WHERE {condition}"):
        yield row[1 : 1 + len(shared)], evidence(table, row[0], row[1 + len(shared) :])
