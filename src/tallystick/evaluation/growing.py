"""The scan of plain rules over data that grow: what earlier evaluations kept is not read, counted or judged again.

Of each file that was counted the aggregates are kept, and of each window that was closed how many findings each rule has
of each verdict. A window is judged again when a file that was not counted then has a row in it, or when a group is seen
earlier than before. All windows are judged again when a file was changed or is gone. Findings themselves are made from
the aggregates when they are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.evaluation.context import Context
from tallystick.evaluation.counting import Plain, Run, Shape
from tallystick.evaluation.dialect import name
from tallystick.evaluation.remembered import Batch, Closed, Percentiles, Remembered, stretches
from tallystick.facts.tables import Part
from tallystick.rules.rule import Calendar

if TYPE_CHECKING:
    import pyarrow as pa


def run_of(state: Path | None, ctx: Context, shape: Shape, rules: Sequence[Plain]) -> Run:
    """The scan of a shape; with a state, of files of which something can be kept, one that grows."""
    return GrowingRun(state, ctx, shape, rules) if state and shape.parts else Run(ctx, shape, rules)


class GrowingRun(Run):
    """A scan that keeps in a folder what the next one need not do again."""

    def __init__(self, state: Path, ctx: Context, shape: Shape, rules: Sequence[Plain]) -> None:
        super().__init__(ctx, shape, rules)
        asked = [(row[1:], each.need, each.threshold) for row, each in zip(self._rule_rows, self.rules, strict=True)]
        self.remembered = Remembered(state, self._said(), asked)
        self.before = self.remembered.closed()
        self.kept = self._usable(self.before)
        self.seen_in: dict[Part, set[int]] = {}
        """The windows in which the parts that were scanned whole have rows."""

    # --- the scan

    def _scan(self) -> None:
        """The aggregates of what must be judged: windows that are not kept, have rows in new files, or are open."""
        old = [part for part in self.shape.parts if part.segment and part.files <= self.kept.files]
        fresh = [(part, self._part(part)) for part in self.shape.parts if part not in old]
        if self.shape.per:
            self._see_first(fresh)
        judged = {*range(len(self.shape.windows))} - self._standing()
        judged |= set().union(*self.seen_in.values()) | self._moved("known")
        self.judged = sorted(window for window in judged if window >= 0)
        self._gather([*(table for _, table in fresh), *(self._part(part, self.judged) for part in old)])

    def _gather(self, tables: Sequence[str]) -> None:
        self._make("cells", " UNION ALL ".join(f"SELECT * FROM {table}" for table in tables))
        self.engine.drop(tables)

    def _usable(self, kept: Closed) -> Closed:
        """What is kept, if no file that it is of was changed or is gone."""
        known = not self.shape.per or (
            kept.firsts is not None and _holds(kept.firsts, ("view", "starts"), self._texts())
        )
        return kept if kept.files <= self._files() and known else Closed()

    def _standing(self) -> set[int]:
        """The windows that were closed before, and are now."""
        found = frozenset().union(*(each.windows for each in self.kept.batches))
        closed = enumerate(self.shape.windows)
        return {number for number, window in closed if window in found and window.end <= self.ctx.as_of}

    def _texts(self) -> list[str]:
        return [f"key_{d}" for d in self.shape.per]

    def _see_first(self, fresh: Sequence[tuple[Part, str]]) -> None:
        """When each view has first seen a group: at all, as it was kept, and without files of which nothing is kept."""
        given = [
            f"SELECT *, FALSE AS known, {'TRUE' if part.segment else 'FALSE'} AS settled FROM ({self._firsts(table)})"
            for part, table in fresh
        ]
        before = [] if self.kept.firsts is None else [self.engine.take(self.kept.firsts, stays=True)]
        keys = "".join(f", {name(f'text_{d}')}.number AS {name(f'key_{d}')}" for d in self.shape.per)
        given += [
            f"SELECT k.view{keys}, w.number AS first, TRUE AS known, TRUE AS settled FROM {table} k"
            f" JOIN {self.table['windows']} w ON w.starts = k.starts{self._texts_of('k', 'text')}"
            for table in before
        ]
        together = ", ".join(["view", *self.keys])
        found = ", ".join(f"min(first) FILTER (WHERE {each}) AS {each}" for each in ("known", "settled"))
        self._make(
            "firsts",
            f"SELECT {together}, min(first) AS first, {found} FROM ({' UNION ALL '.join(given)}) GROUP BY {together}",
        )
        self.engine.drop(before)

    def _moved(self, since: str) -> set[int]:
        """The windows that have other groups, or a group where there was none, since groups were first seen then."""
        if not self.shape.per:
            return set()
        number, firsts = len(self.shape.windows), self.table["firsts"]
        moved = self.engine.rows(
            f"SELECT DISTINCT first, coalesce({since}, {number}) FROM {firsts} WHERE {since} IS NULL OR first < {since}"
            f" UNION ALL SELECT 0, {number} FROM (SELECT view FROM {firsts} GROUP BY view HAVING max({since}) IS NULL)"
        )
        return {window for first, end in moved for window in range(first, end)}

    def _complete(self) -> None:
        """The aggregates of all windows, for who looks at findings."""
        everything = range(len(self.shape.windows))
        if len(self.seen_in) < len(self.shape.parts):
            self.engine.drop([self.table["cells"]])
            self._gather([self._part(part) for part in self.shape.parts])
        elif len(self.judged) == len(everything):
            return
        self.engine.drop([self.table["seen"]])
        self.judged = everything
        self._see()

    # --- the aggregates of a part

    def _said(self) -> tuple[object, ...]:
        """All that the cells of a file depend on, but the file. Which windows they are of stands with them."""
        shape, layout = self.shape, self.layout
        limits = [sorted(each.items()) for each in layout.limits]
        said = [(table.id, table.shape and table.shape.said) for table in layout.sources.values()]
        lengths = sorted({each.rule.window.each for each in self.rules if isinstance(each.rule.window, Calendar)})
        end = shape.windows[-1].end  # rows after it are not counted
        calendar = (lengths, self.ctx.zone.key, self.ctx.rulebook.fiscal_year)
        time = (calendar, shape.windows[0].start, end if end < self.ctx.as_of else None)
        rows = (shape.dimensions, shape.per, time, layout.named, layout.strips, said)
        return (*rows, layout.views, limits, self.aggregates, self.ranks)

    def _files(self, *, settled: bool = True) -> frozenset[str]:
        """The files of which something is kept, by their digests; or those of which nothing is."""
        return frozenset().union(*(part.files for part in self.shape.parts if bool(part.segment) is settled))

    def _part(self, part: Part, judged: Sequence[int] | None = None) -> str:
        """A table of the aggregates of one part, or of those in some windows: what is kept of it, or from a scan of its
        files."""
        starts = None if judged is None else [self.shape.windows[number].start for number in judged]
        kept = self.remembered.cells(part, starts) if part.segment else None
        joined = self.remembered.joined(part) if kept is None else None
        known = next((each for each in (kept, joined) if each is not None and self._fits(each)), None)
        found = self.engine.create(self._cells_of(part.relation), stays=True) if known is None else self._taken(known)
        if part.segment and (known is None or kept is None):
            self.remembered.keep_cells(part, self.engine.table(self._as_kept(found)))
        if judged is None:
            rows = self.engine.rows(f'SELECT DISTINCT "window" FROM {found}')
            self.seen_in[part] = {window for (window,) in rows}
        return found

    def _fits(self, kept: pa.Table) -> bool:
        """Whether it is what was kept of such a part: each of its windows is one of these."""
        numbers = ("strip", "starts", "ends", "samples", *self.counts, *self.aggregates)
        return _holds(kept, numbers, self._texts()) and stretches(kept) <= {*self.shape.windows}

    def _taken(self, kept: pa.Table) -> str:
        """A table of aggregates that were kept."""
        table = self.engine.take(kept, stays=True)
        keys = "".join(f", {name(f'text_{d}')}.number AS {name(f'key_{d}')}" for d in self.shape.per)
        grouped = "".join(f", {name(f'text_{d}')}.number" for d in self.shape.per)
        found = self.engine.create(
            f'SELECT k.strip, coalesce(w.number, -1) AS "window"{keys}, {", ".join(self._summed("k"))}'
            f" FROM {table} k LEFT JOIN {self.table['windows']} w ON w.starts = k.starts{self._texts_of('k', 'text')}"
            f" GROUP BY k.strip, coalesce(w.number, -1){grouped}",
            stays=True,
        )
        self.engine.drop([table])
        return found

    def _as_kept(self, table: str) -> str:
        """SQL: aggregates as they are kept, with texts for the numbers of groups and the start for that of a window."""
        texts = [f"{name(f'text_{d}')}.text AS {name(f'key_{d}')}" for d in self.shape.per]
        sums = [f"c.{each}" for each in ("samples", *self.counts, *self.aggregates)]
        return (
            f"SELECT {', '.join(['c.strip', 'w.starts', 'w.ends', *texts, *sums])} FROM {table} c"
            f' LEFT JOIN {self.table["windows"]} w ON w.number = c."window"{self._texts_of("c", "number")}'
            " ORDER BY w.starts"
        )

    # --- closed windows

    def count(self) -> pa.Table:
        """How many findings there are of each rule and verdict: those that are kept, and those of what was judged."""
        import pyarrow as pa
        from pyarrow import compute

        number = 'SELECT rule, "window", verdict, count(*) AS many FROM'
        counted = self.engine.table(
            f"SELECT rule, w.starts, w.ends, verdict, many FROM"
            f' ({number} ({self._judged(values=False, places=None)}) GROUP BY rule, "window", verdict)'
            f' JOIN {self.table["windows"]} w ON w.number = "window"'
        )
        places = pa.array([each.place for each in self.rules], counted["rule"].type)
        own = counted.set_column(0, "rule", compute.index_in(counted["rule"], places))
        own = own.cast(
            pa.schema(zip(own.column_names, (pa.int32(), pa.int64(), pa.int64(), pa.int8(), pa.int64()), strict=True))
        )
        again = {self.shape.windows[number] for number in self.judged}
        standing = [each.without(again | (each.windows - {*self.shape.windows})) for each in self.kept.batches]
        self._keep_closed(standing, Batch(own))
        whole = pa.concat_tables([own, *(each.counted for each in standing)])
        summed = (
            whole.group_by(["rule", "verdict"]).aggregate([("many", "sum")]).rename_columns(["rule", "verdict", "many"])
        )
        return summed.set_column(0, "rule", places.take(summed["rule"].combine_chunks()))

    def _keep_closed(self, standing: Sequence[Batch], judged: Batch) -> None:
        """Keeps what windows came to that are closed, and have no rows in files of which nothing is kept. An evaluation of
        an earlier day forgets nothing."""
        if not self.before.files.isdisjoint(self._files(settled=False)):
            return
        windows = [self.shape.windows[number] for number in self._unsettled()]
        open_ones = [each for each in self.shape.windows if each.end > self.ctx.as_of]
        closed = judged.without([*windows, *open_ones])
        self.remembered.keep_closed(self._files(), [*standing, closed], self._kept_firsts())

    def _unsettled(self) -> set[int]:
        """The windows that files have a part in of which nothing is kept."""
        found = [self.seen_in[part] for part in self.shape.parts if not part.segment]
        return {window for each in found for window in each if window >= 0} | (
            self._moved("settled") if found else set()
        )

    def _kept_firsts(self) -> pa.Table | None:
        if not self.shape.per:
            return None
        texts = "".join(f", {name(f'text_{d}')}.text AS {name(f'key_{d}')}" for d in self.shape.per)
        return self.engine.table(
            f"SELECT c.view, w.starts{texts} FROM {self.table['firsts']} c"
            f" JOIN {self.table['windows']} w ON w.number = c.settled{self._texts_of('c', 'number')} ORDER BY ALL"
        )

    def query(self, exact: bool = False, places: Sequence[int] | None = None) -> str:
        """SQL: the findings, in no order."""
        self._complete()
        return super().query(exact, places)

    # --- percentiles

    def _observe(self) -> None:
        """Reads what each percentile came to, once, and keeps it."""
        if "observed" not in self.table:
            super()._observe()
            self._keep_percentiles()

    def _percentiles(self) -> list[str]:
        """Those that are kept, and those of the windows in which files have rows that were not read before."""
        kept = self.remembered.percentiles
        if kept is None or not kept.files <= self._files() or not stretches(kept.rows) <= {*self.shape.windows}:
            return super()._percentiles()
        touched, table = self._touched(kept), self.engine.take(kept.rows, stays=True)
        ranks = ", ".join(f"k.r{place}" for place in range(len(self.ranks)))
        same = "".join(f" AND g.{name(f'said_{d}')} = k.{name(f'key_{d}')}" for d in self.shape.per)
        listed = ", ".join(map(str, sorted(touched))) or "NULL"
        known = self.engine.create(
            f'SELECT k.view, g."group", w.number AS "window", {ranks} FROM {table} k'
            f" JOIN {self.table['windows']} w ON w.starts = k.starts JOIN {self.table['groups']} g ON TRUE{same}"
            f" WHERE coalesce(w.number NOT IN ({listed}), TRUE)",
            stays=True,
        )
        self.engine.drop([table])
        return [known, *self._ranked(touched)]

    def _touched(self, kept: Percentiles) -> set[int]:
        """The windows of which no percentiles are kept, or with rows in other files."""
        found = (self.seen_in[part] for part in self.shape.parts if not part.segment or not part.files <= kept.files)
        new = {number for number, each in enumerate(self.shape.windows) if each.start not in kept.starts}
        return new | {window for each in found for window in each}

    def _keep_percentiles(self) -> None:
        """Keeps those of windows of which every row is in a file that is kept."""
        ranks = ", ".join(f"o.r{place}" for place in range(len(self.ranks)))
        texts = "".join(f", g.{name(f'said_{d}')} AS {name(f'key_{d}')}" for d in self.shape.per)
        settled = {*range(len(self.shape.windows))} - self._unsettled()
        listed = ", ".join(map(str, sorted(settled))) or "NULL"
        rows = self.engine.table(
            f"SELECT o.view, w.starts, w.ends{texts}, {ranks} FROM {self.table['observed']} o"
            f' JOIN {self.table["windows"]} w ON w.number = o."window" JOIN {self.table["groups"]} g ON g."group" = o."group"'
            f" WHERE w.number IN ({listed})"
        )
        starts = frozenset(self.shape.windows[number].start for number in settled)
        self.remembered.keep_percentiles(Percentiles(self._files(), starts, rows))


def _holds(rows: pa.Table, numbers: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether these are the columns of a table."""
    import pyarrow as pa

    kinds = {field.name: pa.types.is_string(field.type) for field in rows.schema}
    whole = (pa.types.is_integer(each.type) or pa.types.is_decimal(each.type) for each in rows.schema)
    expected = {**dict.fromkeys(numbers, False), **dict.fromkeys(texts, True)}
    return kinds == expected and sum(whole) == len(numbers)
