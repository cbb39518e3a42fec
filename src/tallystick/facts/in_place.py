"""Metrics in Parquet files whose columns are already instants, numbers and texts: read where they lie, not copied.

Their canonical tables are views over the files. Several metrics of one file, told apart by a column, lie together in
one relation, so that one scan can judge them all. What is wrong with a row takes the careful way of `from_bindings` to
say: a metric is read in place only when nothing is to be set aside, by what the files say of their columns (the least,
the most, how many are missing) and by a look at what that leaves open.
"""

from __future__ import annotations

import glob
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tallystick.facts.binding import DataFile, Format, Match, Table
from tallystick.facts.checks import FIRST_TIME, LAST_TIME, number_cell, rate_of
from tallystick.facts.declared import Source, Sources
from tallystick.facts.settled import Look, Looked, digest, joined, settled
from tallystick.facts.sql import EPOCHS, ISO, converted, identifier, literal, number
from tallystick.facts.tables import Part, Shape
from tallystick.quantities import Kind, known_unit
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rulebook import MetricData

if TYPE_CHECKING:
    import pyarrow as pa

_GRID = 10**9
MOST = 9.0e9
"""Values of this size and more do not fit into a 64-bit number of steps of 10^-9."""
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_NANOSECONDS = 1_000
_STEPS = "steps"
_NOT_WHOLE = "count(*) FILTER (given <> trunc(given))"


@dataclass(frozen=True)
class InPlace:
    """Metrics that were found to lie in order: where, and how many rows each has before as-of."""

    shapes: Mapping[tuple[SeriesKind, str], Shape]
    read: Mapping[str, int]


@dataclass(frozen=True)
class _Layout:
    """What metrics must share to lie together: files, cells, and the column that tells them apart."""

    files: tuple[DataFile, ...] = field(hash=False)
    begin: str
    time_format: str
    timezone: str | None
    value: str
    dimensions: tuple[tuple[str, str], ...]
    apart: str | None


def read_in_place(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[Table],
    sources: Sources,
    environments: Sequence[str],
    as_of: int | None,
    state: Path | None = None,
) -> InPlace:
    """Finds the metrics that can be read in place. With a `state` folder, files that were looked at before are not
    looked at again. Raises OSError where that folder cannot be used."""
    layouts: dict[_Layout, list[Table]] = {}
    for table in tables:
        source = sources[table.kind, table.name]
        layout = _layout(table, source) if isinstance(source, MetricData) else None
        if layout is not None:
            layouts.setdefault(layout, []).append(table)
    shapes: dict[tuple[SeriesKind, str], Shape] = {}
    read: dict[str, int] = {}
    for layout, members in layouts.items():
        by_text = {_text_of(table): table for table in members}
        if len(by_text) < len(members):
            continue
        try:
            kinds = {known_unit(_metric(sources, table).unit).kind for table in members}
            lying = _Lying(connection, f"tally_rows_{len(shapes)}", layout, environments, as_of, kinds)
            parts = lying.parts(state) if state is not None else ()
            look = joined(lying.looks) if lying.looks else lying.look(lying.paths)
        except (_NotPlain, duckdb.Error):
            continue  # the careful reader says what is wrong with the files
        texts = {name: lying.dictionary(place, look.texts[name]) for place, name in enumerate(lying.dimensions)}
        metrics = {text: _metric(sources, table) for text, table in by_text.items()}
        raws: dict[str, list[str | None]] = {}
        for raw, *_ in look.rows:
            raws.setdefault(_text(raw), []).append(raw)
        for text, number_of in _in_order(look.rows, metrics).items():
            metric = metrics[text]
            own = tuple(raws.get(text, ()))
            shapes[SeriesKind.METRIC, metric.id] = Shape(lying.relation, text, own, _environments(look), texts, parts)
            read[metric.id] = number_of
    return InPlace(shapes, read)


def _layout(table: Table, source: MetricData) -> _Layout | None:
    """How the metric lies, where it is plain: nothing to translate, to convert or to choose but by one text."""
    cells = [table.begin, *table.dimensions.values(), number_cell(table, "value")]
    plain = all(each.column is not None and not each.values and not each.default for each in cells)
    wheres = list(table.where.items())
    if (
        not plain
        or table.distinct
        or source.places != 9
        or rate_of(number_cell(table, "value"), source.unit) != Fraction(1)
        or len(wheres) > 1
        or not all(_is_one(match) for _, match in wheres)
        or not all(file.format is Format.PARQUET for file in table.files)
        or not (table.time_format == ISO or table.time_format in EPOCHS)
        or table.timezone not in (None, "UTC")
    ):
        return None
    return _Layout(
        table.files,
        str(table.begin.column),
        table.time_format,
        table.timezone,
        str(number_cell(table, "value").column),
        tuple((name, str(table.dimensions[name].column)) for name in source.dimensions),
        wheres[0][0] if wheres else None,
    )


def _is_one(match: Match) -> bool:
    return len(match.values) == 1 and not match.negated


def _text_of(table: Table) -> str:
    """The text by which a metric's rows are told apart; empty where all are its own."""
    return next((match.values[0].strip(" ") for match in table.where.values()), "")


# --- the relation ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Select:
    """SQL of the rows of some files: what can be asked for of each, and the instant of it."""

    columns: Mapping[str, str]
    types: Mapping[str, str]

    def of(self, paths: Iterable[str], *but: str) -> str:
        """All columns but some: those that are not looked at take time to understand."""
        asked = (f"{sql} AS {identifier(name)}" for name, sql in self.columns.items() if name not in but)
        return f"SELECT {', '.join(asked)} FROM {parquet(paths)}"


class _NotPlain(Exception):
    """Files that must be read with care."""


def _select(connection: duckdb.DuckDBPyConnection, layout: _Layout) -> _Select:
    """Rows with `source`, `time`, `steps` and the dimensions, and what is checked, by the columns of the first file."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {parquet([str(layout.files[0].path)])}").fetchall()
    types = {str(row[0]): str(row[1]) for row in described}
    if not {layout.begin, layout.value, *(column for _, column in layout.dimensions)} | ({layout.apart} - {None}) <= {
        *types
    }:
        raise _NotPlain
    at = instant_of(identifier(layout.begin), types[layout.begin], layout.time_format, layout.timezone)
    if at is None or not _known(layout, types):
        raise _NotPlain
    value = identifier(layout.value)
    raw = {column: identifier(column) for column in types}
    if layout.apart is not None and types[layout.apart] != "VARCHAR":
        raw[layout.apart] = f"CAST({raw[layout.apart]} AS VARCHAR)"
    apart = "''" if layout.apart is None else raw[layout.apart]
    dimensions = {
        f"d_{name}": raw[column] if types[column] == "VARCHAR" else f"CAST({raw[column]} AS VARCHAR)"
        for name, column in layout.dimensions
    }
    numbers = {_STEPS: steps(value, types[layout.value]), "given": value}
    return _Select({"source": apart, "time": at, **numbers, **dimensions}, types)


def parquet(paths: Iterable[str], more: str = "") -> str:
    """SQL of the rows of some files."""
    files = ", ".join(literal(glob.escape(path)) for path in paths)
    return f"read_parquet([{files}], hive_partitioning = false{more})"


def _known(layout: _Layout, types: Mapping[str, str]) -> bool:
    """Whether texts are texts, and numbers of a type that can be read exactly."""
    texts = [column for _, column in layout.dimensions] + ([layout.apart] if layout.apart is not None else [])
    return all(is_text(types[column]) for column in texts) and is_number(types[layout.value])


def is_text(kind: str) -> bool:
    """Whether a column of that type holds texts, or whole numbers, whose texts are plain."""
    return kind == "VARCHAR" or kind in _WHOLE


def is_number(kind: str) -> bool:
    """Whether `steps` reads numbers of that type."""
    return kind == "DOUBLE" or kind in _WHOLE or _narrow(kind)


@dataclass(frozen=True)
class _Said:
    """What files say of a column: how many row groups say nothing of its range, how many values are missing (None: they
    do not say), the least and the most, and the same as instants."""

    unknown: int
    missing: int | None
    least: float | None
    most: float | None
    first: int | None
    last: int | None

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and the last instant, where each row is known to have one."""
        known = self.missing == 0 and not self.unknown
        return (self.first, self.last) if known and self.first is not None and self.last is not None else None


_NOTHING = _Said(0, None, None, None, None, None)
"""Of a column of files without rows."""


def _said(
    connection: duckdb.DuckDBPyConnection, layout: _Layout, types: Mapping[str, str], paths: Sequence[str]
) -> tuple[_Said, _Said]:
    """What files say of their times and numbers. Raises _NotPlain for files with other columns than the first, or that do
    not vouch for the size of every number."""
    listed = f"[{', '.join(literal(glob.escape(path)) for path in paths)}]"
    said = "concat_ws(' ', name, type, type_length, converted_type, scale, precision, logical_type)"
    kinds = connection.execute(
        f"SELECT count(DISTINCT said) FROM (SELECT string_agg({said}, chr(10) ORDER BY name) AS said"
        f" FROM parquet_schema({listed}) GROUP BY file_name)"
    ).fetchall()[0][0]
    begin, value = (column.replace(".", "\\.") for column in (layout.begin, layout.value))
    kind = types[layout.begin]
    first, last = (
        instant_of(f"{end}(TRY_CAST(stats_{end}_value AS {kind}))", kind, layout.time_format, layout.timezone)
        for end in ("min", "max")
    )
    found = connection.execute(
        "SELECT path_in_schema, count(*) FILTER ((stats_min_value IS NULL OR stats_max_value IS NULL)"
        " AND num_values IS DISTINCT FROM stats_null_count),"
        " CASE WHEN count(stats_null_count) = count(*) THEN CAST(sum(stats_null_count) AS BIGINT) END,"
        " min(TRY_CAST(stats_min_value AS DOUBLE)), max(TRY_CAST(stats_max_value AS DOUBLE)),"
        f" {first}, {last} FROM parquet_metadata({listed})"
        f" WHERE path_in_schema IN ({literal(begin)}, {literal(value)}) GROUP BY path_in_schema"
    ).fetchall()
    columns = {path: _Said(*row) for path, *row in found}
    numbers, times = columns.get(value, _NOTHING), columns.get(begin, _NOTHING)
    sized = numbers.least is None or numbers.most is None or -MOST < numbers.least <= numbers.most < MOST
    if kinds != 1 or numbers.unknown or not sized:
        raise _NotPlain
    return times, numbers


def _narrow(kind: str) -> bool:
    """Whether it is a decimal of at most 18 digits, nine of them after the point."""
    if not kind.startswith("DECIMAL("):
        return False
    width, scale = (int(part) for part in kind[len("DECIMAL(") : -1].split(","))
    return width <= 18 and scale <= 9


def instant_of(value: str, kind: str, time_format: str, timezone: str | None) -> str | None:
    """SQL: microseconds since 1970 in UTC; None where the value needs the careful reader."""
    if time_format in EPOCHS:
        size = EPOCHS[time_format]
        exact = kind in _WHOLE and size >= _NANOSECONDS
        return f"CAST({value} AS BIGINT) * {size // _NANOSECONDS}" if exact else None
    zoned = kind == "TIMESTAMP WITH TIME ZONE" or (kind == "TIMESTAMP" and timezone == "UTC")
    return f"epoch_us({value})" if zoned else None


def steps(value: str, kind: str) -> str:
    """SQL: the number in steps of 10^-9, as the careful reader would read its text.

    Of a binary number that text is the shortest that gives it back. The product below is off by at most 2^-52 of
    itself: where that cannot turn the nearest whole number into another it is taken, elsewhere the text is read.
    """
    if kind != "DOUBLE":
        scale = 0 if kind in _WHOLE else int(kind[len("DECIMAL(") : -1].split(",")[1])
        return f"CAST({value} * {10**scale} AS BIGINT) * {10 ** (9 - scale)}"
    times = f"({value} * 1e9)"
    sure = f"abs({times} - round({times})) < 0.5 - abs({times}) * 2.5e-16"
    text = f"CAST({value} AS VARCHAR)"
    read = f"CAST({converted(number(text), Fraction(1), 9)} * {_GRID} AS BIGINT)"
    return f"CASE WHEN {sure} THEN CAST(round({times}) AS BIGINT) ELSE {read} END"


# --- a look at rows --------------------------------------------------------------------------------------------------


class _Lying:
    """The rows of a layout: a view over all its files, and parts of them."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        relation: str,
        layout: _Layout,
        environments: Sequence[str],
        as_of: int | None,
        kinds: Collection[Kind],
    ) -> None:
        self.connection, self.relation, self.as_of, self.kinds = connection, relation, as_of, sorted(kinds)
        self.layout, self.select, self.environments = layout, _select(connection, layout), environments
        self.dimensions = [name for name, _ in layout.dimensions]
        self.paths = [str(file.path) for file in layout.files]
        self.looks: list[Look] = []
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {relation} AS {self.select.of(self.paths)}")

    def parts(self, state: Path) -> tuple[Part, ...]:
        """The segments of the files in a state folder, each a part, and the look at each of them. None without as-of."""
        if self.as_of is None:
            return ()
        described = replace(self.layout, files=())
        layout = digest(repr(described), dict(self.select.columns), self.environments, self.kinds)
        found = settled(state, layout, self.paths, self.as_of, self.look, self._newest)
        self.looks = [each.look for each in found.segments] + ([self.look([*found.open])] if found.open else [])
        groups = [(each.name, each.of, each.files) for each in found.segments] + [("", (), found.open)] * bool(
            found.open
        )
        return tuple(
            Part(f"({self.select.of(files)})", name, of, frozenset(files.values())) for name, of, files in groups
        )

    def _newest(self, paths: Sequence[str]) -> dict[str, int]:
        asked = f"SELECT filename, max({self.select.columns['time']}) FROM {parquet(paths, ', filename = true')} GROUP BY filename"
        return {path: last for path, last in self.connection.execute(asked).fetchall() if last is not None}

    def look(self, paths: Sequence[str]) -> Look:
        """Which texts the columns of files have, how many rows there are, and whether any is out of order. Raises
        _NotPlain for files with other columns than the first, or with numbers of unknown size."""
        times, numbers = _said(self.connection, self.layout, self.select.types, paths)
        lying = f"({self.select.of(paths, _STEPS)})"
        texts = {name: self._texts(lying, name) for name in self.dimensions}
        named = {_text(raw) for raw in texts["environment"].to_pylist()} if "environment" in texts else set()
        unknown = bool(self.environments) and not named <= {*self.environments}
        found = self._looked(lying, times, numbers, careful=unknown or any(map(_has_blank, texts.values())))
        lasts = [last for *_, last in found if last is not None]
        rows = tuple((raw, number, wrong, least, most, broken) for raw, number, wrong, least, most, broken, _ in found)
        return Look(rows, texts, max(lasts, default=None))

    def _texts(self, rows: str, dimension: str) -> pa.Array:
        import pyarrow as pa

        asked = self.connection.sql(f"SELECT DISTINCT {identifier(f'd_{dimension}')} AS raw FROM {rows}")
        return asked.to_arrow_table()["raw"].cast(pa.string()).combine_chunks()

    def _looked(self, rows: str, times: _Said, numbers: _Said, *, careful: bool) -> list[tuple[Any, ...]]:
        """For each raw text that tells apart: rows before as-of, rows out of order, least and most value, how many are
        not whole, and the newest time. What files say of all rows is not looked for again: then the least and the most are
        those of the files, and all numbers count as not whole where they can be. `careful` looks at each text too, and
        not at their list alone."""
        span, least, most = times.span, numbers.least, numbers.most
        in_time = span is not None and span[0] >= FIRST_TIME and span[1] <= LAST_TIME
        all_known = self.as_of is None or (span is not None and span[1] < self.as_of)
        kind = self.select.types[self.layout.value]
        settled = all(_in_domain(each, least, most, kind not in _WHOLE) for each in self.kinds)
        right = [] if in_time else [f'"time" BETWEEN {FIRST_TIME} AND {LAST_TIME}']
        right += [] if numbers.missing == 0 and kind != "DOUBLE" else ["isfinite(given)"]
        if careful:
            right += [f"nullif(trim({identifier(f'd_{name}')}), '') IS NOT NULL" for name in self.dimensions]
            if self.environments and "environment" in self.dimensions:
                listed = ", ".join(literal(name) for name in self.environments)
                right.append(f'trim("d_environment") IN ({listed})')
        broken = "0" if kind in _WHOLE else "count(*)"
        asked = [
            "source",
            "count(*)" if all_known else f'count(*) FILTER ("time" < {self.as_of})',
            f"count(*) - count(*) FILTER ({' AND '.join(right)})" if right else "0",
            *(["?::DOUBLE", "?::DOUBLE", broken] if settled else ["min(given)", "max(given)", _NOT_WHOLE]),
            str(span[1]) if span else 'max("time")',
        ]
        return self.connection.execute(
            f"SELECT {', '.join(asked)} FROM {rows} GROUP BY source", [least, most] if settled else []
        ).fetchall()

    def dictionary(self, place: int, raws: pa.Array) -> str:
        """A table of the texts of a dimension: `raw`, `text` without blanks (NULL when empty), its `number`."""
        import pyarrow as pa

        table, given = f"{self.relation}_texts_{place}", f"{self.relation}_raws"
        self.connection.register(given, pa.table({"raw": raws}))
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT raw, text, dense_rank() OVER (ORDER BY text) AS number"
            f" FROM (SELECT raw, nullif(trim(raw), '') AS text FROM {given})"
        )
        self.connection.unregister(given)
        return table


def _text(raw: str | None) -> str:
    return (raw or "").strip(" ")


def _has_blank(raws: pa.Array) -> bool:
    import pyarrow.compute as pc

    blank = pc.any(pc.equal(pc.utf8_trim(raws, characters=" "), "")).as_py()
    return bool(raws.null_count or blank)


def _environments(look: Look) -> dict[str | None, str]:
    raws = look.texts["environment"].to_pylist() if "environment" in look.texts else []
    return {raw: _text(raw) for raw in raws}


def _in_order(rows: Iterable[Looked], metrics: Mapping[str, MetricData]) -> dict[str, int]:
    """How many rows each metric has before as-of, by its text: those metrics of which no row is out of order."""
    found = dict.fromkeys(metrics, 0)
    for raw, number_of, faults, least, most, broken in rows:
        text = _text(raw)
        if text in found:
            right = not faults and _in_domain(known_unit(metrics[text].unit).kind, least, most, broken)
            found[text] = found[text] + number_of if right and found[text] >= 0 else -1
    return {text: number_of for text, number_of in found.items() if number_of >= 0}


def _metric(sources: Sources, table: Table) -> MetricData:
    source: Source = sources[table.kind, table.name]
    assert isinstance(source, MetricData)
    return source


def _in_domain(kind: Kind, least: float | None, most: float | None, broken: int) -> bool:
    if least is None or most is None:
        return False
    match kind:
        case Kind.FRACTION:
            return least >= 0 and most <= 1
        case Kind.COUNT:
            return least >= 0 and not broken
        case Kind.DURATION | Kind.BYTES:
            return least >= 0
        case Kind.SCORE | Kind.MONEY:
            return True
