"""The canonical tables that every engine reads, whatever the data looked like at its source.

One table for each bound source, in one DuckDB connection:

| source | table | columns |
| --- | --- | --- |
| metric | `metric_<id>` | `time` BIGINT, `value` DECIMAL(38,9), `d_<dimension>` VARCHAR each, `row` BIGINT |
| event | `event_<id>` | `time` BIGINT, `d_<dimension>` VARCHAR each, `a_<attribute>` DECIMAL(38,9) each, `row` BIGINT |
| record | `record_<id>` | `begin` BIGINT, `end` BIGINT (NULL while open), `d_…`, `a_…`, `row` BIGINT |

A metric that is read in place has a `Shape` and no table. What lies in Spark has its table there, as a view.

Times are microseconds since 1970-01-01T00:00:00Z. Values are in the unit that the agreement declares. `row` numbers
the rows of one source from 1, over its files in order of name, also those that are not used. Rows that cannot be read
are in `set_aside`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tallystick.rules.measure import SeriesKind


@dataclass(frozen=True)
class SetAside:
    """Rows of one source that could not be read, for one reason: how many, and the first of them.

    `first_row` counts the rows of the file from 1, without a header, and is 0 where rows have no order; `example` is the text that is wrong in it.
    """

    source: str
    file: str
    reason: str
    count: int
    first_row: int
    example: str


@dataclass(frozen=True)
class Part:
    """Rows of a shape whose files belong together: a relation like the shape's, of these files only.

    `segment` names the part in the state folder, `of` the segments that were made into it; it is empty for files of
    which nothing is kept, because a row in them is not known yet. `files` are digests of the files.
    """

    relation: str
    segment: str
    of: tuple[str, ...]
    files: frozenset[str]


@dataclass(frozen=True)
class Shape:
    """Where the rows of a metric lie beside those of others, in files that are read in place: it has no table then.

    The relation has the columns `source`, `time`, `steps` BIGINT (the value times 10^9) and `d_…`, with raw texts. Its
    own rows are those with a `source` among `raws`, which without blanks is `said`. `environments` gives the text for each
    raw `d_environment`; `texts` names, for each dimension, a table with `raw`, `text` and its `number`. `parts` are those
    of the relation where something is kept from one evaluation to the next. `wide`: steps need more than 64 bits.
    `copied`: rules that ask about one metric alone read a copy of its rows.
    """

    relation: str
    said: str
    raws: tuple[str | None, ...]
    environments: Mapping[str | None, str]
    texts: Mapping[str, str]
    parts: tuple[Part, ...] = ()
    wide: bool = False
    copied: bool = True


@dataclass(frozen=True)
class Facts:
    """The data of one evaluation. `bound` names the sources that have a table, `read` how many rows each gave.
    `shapes` are those of metrics that lie together; `state` is the folder of what is kept about them. `elsewhere` are the
    sources that the engine has and not the connection.

    `unused` are data files of the folder that belong to nothing.
    """

    connection: duckdb.DuckDBPyConnection
    bound: frozenset[tuple[SeriesKind, str]]
    read: dict[str, int] = field(default_factory=dict)
    set_aside: tuple[SetAside, ...] = ()
    unused: tuple[str, ...] = ()
    shapes: Mapping[tuple[SeriesKind, str], Shape] = field(default_factory=dict)
    state: Path | None = None
    elsewhere: frozenset[tuple[SeriesKind, str]] = frozenset()

    def held(self) -> list[str]:
        """The canonical tables that the connection holds."""
        return sorted(table_name(*key) for key in self.bound - self.shapes.keys() - self.elsewhere)

    def has(self, kind: SeriesKind, name: str) -> bool:
        """Whether the source was bound to data (an empty table counts)."""
        return (kind, name) in self.bound


def table_name(kind: SeriesKind, name: str) -> str:
    """The canonical table of a source."""
    return f"{kind.value}_{name}"
