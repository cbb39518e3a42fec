"""How many rows have which verdict, told of many rows at once: none is sorted, and no finding is made.

Where a row is kept by the nearest row of another source (the first answer after it, the last approval before it), and
that one must lie on the right side of a limit:

- keys with one answer at most are joined to it;
- of few keys with many rows each, rows and answers are counted by key and stretch of time (a *cell*). The least and the
  most time in a cell, and in those beside it, tell of most cells that all their rows are kept, or that none is. Only the
  rows of the others are judged one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tallystick.evaluation.bulk import VERDICTS
from tallystick.evaluation.cases import Quick
from tallystick.evaluation.context import Context
from tallystick.evaluation.engine import Engine
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.pairing import nearest

_MET = VERDICTS.index(Verdict.MET)
_PROBE = 10_000
"""So many answers show whether keys have one answer each, mostly."""
_CELLS = 1024
"""No key has more cells."""
_UNSURE = 4
"""One in so many rows may be in cells that tell nothing; of more, each is judged in the first place."""


@dataclass(frozen=True)
class Nearest:
    """Rows, and what they are nearest to.

    `left` is SQL with a row for each case: its `time`, the `bound` of the answer, the verdict (`missed`, its place) without
    an answer in time, and `match_0` …; `right` has the `time` of each answer, its `match_0` …, and for each of `answers` a
    column with that time or NULL. A row is kept when it has each of these, at or after it and not after its bound
    (`forward`), or at or before it and not before its bound. `reach` is about how far the bound lies (microseconds; None
    for no bound).
    """

    engine: Engine
    left: str
    right: str
    matching: int
    answers: Sequence[str]
    forward: bool
    reach: int | None
    span: int

    def verdicts(self, number: int) -> Counter[Verdict] | None:
        """How many of the `number` left rows have each verdict; None where it is no quicker than to judge each."""
        found = self._joined(number) if len(self.answers) == 1 and self._one_each() else self._by_cells(number)
        return None if found is None else Counter({VERDICTS[place]: many for place, many in found.items()})

    @property
    def _matches(self) -> list[str]:
        return [f"match_{i}" for i in range(self.matching)]

    def _one_each(self) -> bool:
        """Whether hardly any key has two answers, by a glance at some: what this says decides how, and not what, is told."""
        keys = f"row({', '.join(self._matches) or 'TRUE'})"
        some = f"SELECT {keys} AS key FROM ({self.right}) LIMIT {_PROBE}"
        [(different, there)] = self.engine.rows(f"SELECT count(DISTINCT key), count(*) FROM ({some})")
        return bool(different >= there * 0.95)

    def _joined(self, number: int) -> dict[int, int] | None:
        """By a join, which gives more rows than there are on the left as soon as one of them finds two answers."""
        [answer] = self.answers
        good = self._kept(f"r.{answer}", "l.bound")
        since = f"r.{answer} {'>=' if self.forward else '<='} l.time"
        judged = f"CASE WHEN {since} AND {good} THEN {_MET} ELSE l.missed END AS verdict"
        right = f"SELECT * FROM ({self.right}) WHERE {answer} IS NOT NULL"
        rows = (
            f"SELECT {judged} FROM ({self.left}) l LEFT JOIN ({right}) r ON {self._same('l', 'r')} LIMIT {number + 1}"
        )
        found = self._counted(rows)
        return found if sum(found.values()) == number else None

    def _kept(self, answer: str, bound: str) -> str:
        return f"{answer} {'<=' if self.forward else '>='} {bound}"

    def _same(self, one: str, other: str) -> str:
        return " AND ".join(f"{one}.{m} IS NOT DISTINCT FROM {other}.{m}" for m in self._matches) or "TRUE"

    def _counted(self, rows: str) -> dict[int, int]:
        return {verdict: int(many) for verdict, many in self._grouped(rows, "count(*)")}

    def _grouped(self, rows: str, many: str) -> list[tuple[int, int]]:
        found = self.engine.rows(f"SELECT verdict, {many} FROM ({rows}) GROUP BY verdict")
        return [(verdict, int(each)) for verdict, each in found]

    # --- cells -------------------------------------------------------------------------------------------------------

    def _by_cells(self, number: int) -> dict[int, int] | None:
        cells = self.engine.create(self._cells(), stays=True)
        try:
            told = dict(self._grouped(f"SELECT * FROM {cells}", "sum(number)"))
            unsure = told.pop(-1, 0)
            if unsure * _UNSURE > number:
                return None
            if unsure:
                for verdict, many in self._counted(
                    self._one_by_one(f"(SELECT * FROM {cells} WHERE verdict = -1)")
                ).items():
                    told[verdict] = told.get(verdict, 0) + many
            return told
        finally:
            self.engine.drop([cells])

    @property
    def _cell(self) -> str:
        """SQL of the cell of an instant: half as long as a bound reaches, so that what lies two cells away is out of it."""
        length = max(self.span // 16 if self.reach is None else self.reach // 2, self.span // _CELLS, 1)
        return f'"time" // {length}'

    def _cells(self) -> str:
        """Each cell that has left rows, with their `number` and the verdict of all of them, -1 where that is not sure.

        `low` and `high` are the ends of its left rows, `least_i` and `most_i` those of its answers, and `beside_i` is the
        nearest answer in the cells that come after it (or before).
        """
        keys, each = self._matches, range(len(self.answers))
        listed = ", ".join([*keys, "cell"])
        none = ", ".join(f"CAST(NULL AS BIGINT) AS {answer}" for answer in self.answers)
        both = (
            f'SELECT {", ".join([*keys, f"{self._cell} AS cell"])}, "time" AS asked, bound, missed, {none} FROM ({self.left})'
            f" UNION ALL SELECT {', '.join([*keys, f'{self._cell} AS cell'])}, NULL, NULL, NULL, {', '.join(self.answers)}"
            f" FROM ({self.right})"
        )
        ends = "".join(
            f", min({answer}) AS least_{i}, max({answer}) AS most_{i}" for i, answer in enumerate(self.answers)
        )
        counted = (
            f"SELECT {listed}, count(asked) AS number, min(asked) AS low, max(asked) AS high, min(bound) AS least_bound,"
            f" max(bound) AS most_bound, min(missed) AS missed, max(missed) AS other{ends} FROM ({both}) GROUP BY {listed}"
        )
        partition = f"PARTITION BY {', '.join(keys)} " if keys else ""
        over = f"OVER ({partition}ORDER BY cell {'DESC' if self.forward else 'ASC'} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
        nearest_beside = "".join(
            f", {f'min(least_{i})' if self.forward else f'max(most_{i})'} {over} AS beside_{i}" for i in each
        )
        all_kept = " AND ".join(self._all_kept(i) for i in each)
        none_kept = " OR ".join(self._none_kept(i) for i in each)
        judged = (
            f"CASE WHEN {all_kept} THEN {_MET} WHEN ({none_kept}) AND missed = other THEN missed ELSE -1 END AS verdict"
        )
        return f"SELECT *, {judged} FROM (SELECT *{nearest_beside} FROM ({counted})) WHERE number > 0"

    def _all_kept(self, i: int) -> str:
        """SQL: whether the answer of each row of a cell is sure to lie within the least reaching bound."""
        if self.forward:
            farthest = (
                f"CASE WHEN least_{i} >= high THEN least_{i} WHEN most_{i} >= high THEN most_{i} ELSE beside_{i} END"
            )
            return f"coalesce({farthest} <= least_bound, FALSE)"
        farthest = f"CASE WHEN most_{i} <= low THEN most_{i} WHEN least_{i} <= low THEN least_{i} ELSE beside_{i} END"
        return f"coalesce({farthest} >= most_bound, FALSE)"

    def _none_kept(self, i: int) -> str:
        """SQL: whether the answer of each row of a cell, if there is one, is sure to lie beyond the farthest bound."""
        if self.forward:
            closest = f"CASE WHEN most_{i} >= low THEN least_{i} ELSE beside_{i} END"
            return f"coalesce({closest} > most_bound, TRUE)"
        closest = f"CASE WHEN least_{i} <= high THEN most_{i} ELSE beside_{i} END"
        return f"coalesce({closest} < least_bound, TRUE)"

    def _one_by_one(self, cells: str) -> str:
        """SQL of the `verdict` of each left row of some cells: their own answers, and those beside them, are all it needs."""
        each = range(len(self.answers))
        ends = "min(low), max(high), " + ", ".join(f"min(least_{i}), max(most_{i})" for i in each)
        [(low, high, *answered)] = self.engine.rows(f"SELECT {ends} FROM {cells} t")
        known = [at for at in answered if at is not None] or [low]
        here = f"{self._same('o', 'c')} AND o.cell = c.cell"
        left = self._within(self.left, low, high)
        right = self._within(self.right, min(known), max(known))
        keys = ", ".join([f"o.{m}" for m in self._matches])
        own = f"SELECT {', '.join(['o.time', *(f'o.{m}' for m in self._matches), *(f'o.{a}' for a in self.answers)])} FROM {right} o SEMI JOIN {cells} c ON {here}"
        beside = "".join(
            f" UNION ALL SELECT o.beside_{i}{', ' if keys else ''}{keys}, "
            + ", ".join(f"o.beside_{i}" if i == j else "NULL" for j in each)
            + f" FROM {cells} o WHERE o.beside_{i} IS NOT NULL"
            for i in each
        )
        paired = nearest(
            self.engine.dialect,
            f"SELECT o.* FROM {left} o SEMI JOIN {cells} c ON {here}",
            ["bound", "missed"],
            own + beside,
            self.matching,
            self.answers,
            forward=self.forward,
        )
        good = " AND ".join(self._kept(answer, "bound") for answer in self.answers)
        return f"SELECT CASE WHEN {good} THEN {_MET} ELSE missed END AS verdict FROM ({paired})"

    def _within(self, rows: str, first: int, last: int) -> str:
        return f'(SELECT *, {self._cell} AS cell FROM ({rows}) WHERE "time" BETWEEN {first} AND {last})'


def quick(
    ctx: Context,
    left: str,
    bound: str,
    missed: str,
    right: str | None,
    matching: int,
    answers: Sequence[str],
    reach: Fraction | None,
    *,
    forward: bool,
) -> Quick | None:
    """How verdicts are counted of the rows of `left`, by `Nearest`; None where the engine cannot, or there is no `right`.

    `bound` is the column of the bound, and `missed` SQL over the left rows of the verdict without an answer in time.
    """
    if right is None or not ctx.engine.dialect.joins_nearest:
        return None
    matches = "".join(f", match_{i}" for i in range(matching))
    rows = f'SELECT "time", {bound} AS bound, {missed} AS missed{matches} FROM ({left})'
    span = ctx.evaluated.end - ctx.evaluated.start
    found = Nearest(ctx.engine, rows, right, matching, answers, forward, None if reach is None else int(reach), span)
    return Quick(left, found.verdicts)
