"""Grouped scans: aggregates of one source by group and window. Measures that scan the same rows share one pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tallystick.evaluation.clock import DAY, HOUR
from tallystick.evaluation.context import Key
from tallystick.evaluation.dialect import Dialect
from tallystick.evaluation.engine import TIME, Engine, Row
from tallystick.evaluation.rows import dimension
from tallystick.evaluation.windows import Stretch

_MOST_SLOTS = 200_000
"""Keeps the table of slots small when windows are long and many, or one reaches far back."""


@dataclass
class Scan:
    """One pass over the rows of a sub-query (with a column `time`), grouped by dimensions and windows."""

    engine: Engine
    relation: str
    dimensions: tuple[str, ...]
    windows: tuple[Stretch, ...]
    _columns: dict[str, int] = field(default_factory=dict)
    _found: dict[tuple[Key, int], Row] = field(default_factory=dict)

    @property
    def dialect(self) -> Dialect:
        """In what the aggregates are spelled."""
        return self.engine.dialect

    def column(self, aggregate: str) -> int:
        """Asks for an aggregate; gives its place in the rows that `get` will give."""
        return self._columns.setdefault(aggregate, len(self._columns))

    def get(self, key: Key, window: int) -> Row | None:
        """The aggregates of a group in a window; None when it has no rows."""
        return self._found.get((key, window))

    def members(self, window: int) -> list[tuple[Key, Row]]:
        """All groups with rows in a window."""
        return self._members[window]

    def run(self) -> None:
        """Reads the data, once for all columns asked for."""
        width = len(self.dimensions)
        for row in self.engine.rows(self._sql()) if self._columns and self.windows else ():
            self._found[row[:width], row[width]] = row[width + 1 :]
        self._members: dict[int, list[tuple[Key, Row]]] = defaultdict(list)
        for (key, window), row in self._found.items():
            self._members[window].append((key, row))

    def _sql(self) -> str:
        """Rows find their windows through the slots of time that both lie in: a plain join, then the exact ends."""
        base = min(window.start for window in self.windows)
        size = DAY if all(window.end - window.start >= DAY // 2 for window in self.windows) else HOUR
        size = min(size, max(window.end - window.start for window in self.windows))
        size = max(size, sum(window.end - window.start for window in self.windows) // _MOST_SLOTS)
        columns = {"number": TIME, "starts": TIME, "ends": TIME, "slot": TIME}
        handed = self.engine.hand_over(
            columns,
            [
                (number, *window, slot)
                for number, window in enumerate(self.windows)
                for slot in range((window.start - base) // size, (window.end - 1 - base) // size + 1)
            ],
        )
        keys = [f"t.{dimension(d)}" for d in self.dimensions]
        present = "".join(f" AND {key} IS NOT NULL" for key in keys)
        listed = ", ".join([*keys, "w.number"])
        slot = self.dialect.quotient(f't."time" - {base}', str(size))
        return (
            f"SELECT {listed}, {', '.join(self._columns)} FROM {self.relation} t JOIN {handed} w"
            f' ON {slot} = w.slot AND t."time" >= w.starts AND t."time" < w.ends{present}'
            f" GROUP BY {listed}"
        )


class Scans:
    """All scans of an evaluation, each one only once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scans: dict[tuple[str, tuple[str, ...], tuple[Stretch, ...]], Scan] = {}

    def scan(self, relation: str, dimensions: tuple[str, ...], windows: tuple[Stretch, ...]) -> Scan:
        """The scan of these rows; it runs with all others, later."""
        return self._scans.setdefault(
            (relation, dimensions, windows), Scan(self._engine, relation, dimensions, windows)
        )

    def run(self, progress: Callable[[int, int], None]) -> None:
        """Runs every scan."""
        for done, scan in enumerate(self._scans.values()):
            progress(done, len(self._scans))
            scan.run()
