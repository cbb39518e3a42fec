"""The data itself: foreign tables, read through their bindings into the canonical tables.

For each table: the text of every cell, then instants and numbers, then what is wrong with the row, then the rows that
nothing is wrong with, reduced where the binding says so.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tallystick.facts.binding import Bindings, Cell, DataFile, NumberCell, Table
from tallystick.facts.checks import (
    FIRST_TIME,
    LAST_TIME,
    cases,
    instant_checks,
    number_cell,
    rate_of,
    sides_of,
    text_checks,
)
from tallystick.facts.declared import Source, Sources, sources_of, units
from tallystick.facts.events_in_place import view_in_place
from tallystick.facts.in_place import InPlace, read_in_place
from tallystick.facts.in_spark import InSpark, read_in_spark
from tallystick.facts.problem import DataError, Problem
from tallystick.facts.reading import FAULT_MARK, Needs, Raw, read
from tallystick.facts.sql import (
    cell,
    converted,
    identifier,
    instant,
    is_naive,
    literal,
    meets,
    number,
)
from tallystick.facts.tables import Facts, SetAside, table_name
from tallystick.facts.zones import offsets
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rulebook import WAIVER, EventData, MetricData, RecordData, Rulebook

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Progress = Callable[[str, int, int], None]
"""Told the source that is read next, how many are done and how many there are."""

_Key = tuple[SeriesKind, str]
_DAY = 86_400_000_000
_RAW, _PARSED, _JUDGED = "tallystick_raw", "tallystick_parsed", "tallystick_judged"


def load(
    rulebook: Rulebook,
    bindings: Bindings,
    as_of: int | None = None,
    progress: Progress | None = None,
    state: Path | None = None,
    spark: SparkSession | None = None,
    memory: str | None = None,
) -> Facts:
    """Read all bound data into the canonical tables of a new in-memory database; with `spark`, what is plain stays there.

    `as_of` (microseconds) leaves out what was not yet known then, before logs and checks are reduced. Afterwards
    the database can no longer reach any file. `state` is a folder of what is kept from one evaluation to the next;
    `memory` is how much the database may use, such as `500MB`, before it turns to the disk.
    Raises DataError with every reason why data cannot be read at all.
    """
    connection = connect(memory)
    sources = sources_of(rulebook)
    done = _Loading(connection, rulebook.environments, as_of)
    alone = [each for each in bindings.tables if _is_alone(each, bindings.tables)]
    lying, placed, viewed = InSpark(), InPlace({}, {}), dict[_Key, int]()
    if spark is not None:
        lying = read_in_spark(spark, alone, sources, rulebook.environments, as_of)
    else:
        files = [each for each in alone if not each.catalog]
        try:
            placed = read_in_place(connection, files, sources, rulebook.environments, as_of, state)
        except OSError as error:
            says = f"the state cannot be kept ({error.strerror})."
            raise DataError([Problem(str(error.filename or state), says)]) from None
        viewed = _viewed(connection, files, sources, rulebook.environments, as_of)
    done.problems.extend((*lying.problems, *_of_no_reader(bindings, spark)))
    done.set_aside.extend(lying.set_aside)
    read_there = lying.read.keys() | placed.shapes.keys() | viewed.keys()
    copied = [each for each in bindings.tables if (each.kind, each.name) not in read_there and not each.catalog]
    for table in copied:
        create(connection, table.kind, sources[table.kind, table.name])
    groups = _by_files(copied)
    for position, group in enumerate(groups):
        names = ", ".join(dict.fromkeys(table.name for table in group))
        if progress:
            progress(names, position, len(groups))
        try:
            _load_group(done, group, sources)
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            done.problems.append(Problem(names, f"there is no room for the data ({str(error).splitlines()[0]})."))
            break
    if done.problems:
        connection.close()
        raise DataError(done.problems)
    _lock(connection, bindings, placed.shapes.keys() | viewed.keys())
    bound = dict.fromkeys((table.kind, table.name) for table in bindings.tables)
    return Facts(
        connection,
        bound=frozenset(bound),
        read={name: _number(connection, (kind, name), placed, {**viewed, **lying.read}) for kind, name in bound},
        set_aside=tuple(done.set_aside),
        unused=bindings.unused,
        shapes={**placed.shapes, **lying.shapes},
        state=state,
        elsewhere=frozenset(lying.read),
    )


def _of_no_reader(bindings: Bindings, spark: SparkSession | None) -> Iterable[Problem]:
    """Tables of Spark that nothing reads: without a Spark, or of a source that has several."""
    for table in bindings.tables:
        if table.catalog and spark is None:
            says = f"`{table.catalog}` is a table of Spark, and the engine is DuckDB."
            yield Problem(table.place, says, "Say --engine spark:local, or the address of a Spark.")
        elif table.catalog and not _is_alone(table, bindings.tables):
            says = f"`{table.catalog}` is a table of Spark, and {table.kind} `{table.name}` has another table besides."
            yield Problem(table.place, says, "Make a view of both in Spark, and name it.")


def _is_alone(table: Table, tables: Sequence[Table]) -> bool:
    """Whether no other table gives rows to the same source."""
    return sum((each.kind, each.name) == (table.kind, table.name) for each in tables) == 1


def _viewed(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[Table],
    sources: Sources,
    environments: Sequence[str],
    as_of: int | None,
) -> dict[_Key, int]:
    """The events and records that are views over their files, and how many rows each has."""
    found: dict[_Key, int] = {}
    for table in tables:
        source = sources[table.kind, table.name]
        if not isinstance(source, MetricData):
            number_of = view_in_place(connection, table, source, environments, as_of)
            if number_of is not None:
                found[table.kind, table.name] = number_of
    return found


def _number(connection: duckdb.DuckDBPyConnection, key: _Key, placed: InPlace, viewed: Mapping[_Key, int]) -> int:
    """How many rows a source has."""
    if key in viewed:
        return viewed[key]
    return placed.read[key[1]] if key in placed.shapes else _count(connection, identifier(table_name(*key)))


def _lock(connection: duckdb.DuckDBPyConnection, bindings: Bindings, lying: AbstractSet[_Key]) -> None:
    """Nothing can be reached any more but the files that are read in place."""
    # Two hundred tables may have the same thousand files.
    files = {id(each.files): each.files for each in bindings.tables if (each.kind, each.name) in lying}
    paths = {str(file.path) for each in files.values() for file in each}
    if paths:
        connection.execute(f"SET allowed_paths = [{', '.join(map(literal, sorted(paths)))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


@dataclass(frozen=True)
class _Loading:
    """What one call of `load` works on and gathers."""

    connection: duckdb.DuckDBPyConnection
    environments: tuple[str, ...]
    as_of: int | None
    problems: list[Problem] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    rows: dict[tuple[SeriesKind, str], int] = field(default_factory=dict)


def connect(memory: str | None = None) -> duckdb.DuckDBPyConnection:
    """A new in-memory database that loads nothing by itself, and uses no more memory than that."""
    connection = duckdb.connect()
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    spill = Path(tempfile.gettempdir()) / f"tallystick-{os.getpid()}"
    connection.execute(f"SET temp_directory = {literal(str(spill))}")
    if memory is not None:
        connection.execute(f"SET memory_limit = {literal(memory)}")
    return connection


def create(connection: duckdb.DuckDBPyConnection, kind: SeriesKind, source: Source) -> None:
    """The canonical table of a source, empty."""
    times = ["begin", "end"] if kind is SeriesKind.RECORD else ["time"]
    dimensions = [f"d_{name}" for name in source.dimensions]
    value = ["value"] if isinstance(source, MetricData) else []
    attributes = [] if isinstance(source, MetricData) else [f"a_{each.name}" for each in source.attributes]
    types = [
        *((name, "BIGINT") for name in times),
        *((name, "DECIMAL(38,9)") for name in value),
        *((name, "VARCHAR") for name in dimensions),
        *((name, "DECIMAL(38,9)") for name in attributes),
        ("row", "BIGINT"),
    ]
    columns = [f"{identifier(name)} {kind_of}" for name, kind_of in types]
    name = identifier(table_name(kind, source.id))
    connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(columns)})")


def _count(connection: duckdb.DuckDBPyConnection, table: str, condition: str = "true") -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchall()[0][0])


def _by_files(tables: Iterable[Table]) -> list[list[Table]]:
    """Tables that read the same files in the same way, together: the files are read once."""
    groups: dict[tuple[tuple[DataFile, ...], str | None], list[Table]] = {}
    for table in tables:
        groups.setdefault((table.files, table.delimiter), []).append(table)
    return list(groups.values())


def _load_group(loading: _Loading, group: list[Table], sources: Sources) -> None:
    first = group[0]
    needs = [_needs(table, sources[table.kind, table.name]) for table in group]
    columns = tuple(dict.fromkeys(name for need in needs for name in need.columns))
    required = frozenset[str]().union(*(need.required for need in needs))
    raw, problems = read(loading.connection, _RAW, first.files, first.delimiter, Needs(columns, required))
    loading.problems.extend(problems)
    if not problems:
        for table in group:
            _load_table(loading, table, sources[table.kind, table.name], raw)
    loading.connection.execute(f"DROP TABLE {_RAW}")


def _needs(table: Table, source: Source) -> Needs:
    optional = source.optional if isinstance(source, EventData | RecordData) else ()
    cells = [
        table.begin,
        *(each for each in (table.end, table.value, table.state) if each),
        *table.attributes.values(),
        *(each for name, each in table.dimensions.items() if name not in optional),
    ]
    required = [each.column for each in cells if each.column is not None] + [*table.where, *table.distinct]
    extra = [table.dimensions[name].column for name in optional]
    names = dict.fromkeys([*required, *(name for name in extra if name is not None)])
    return Needs(tuple(names), frozenset(required))


# --- one table -------------------------------------------------------------------------------------------------


def _load_table(loading: _Loading, table: Table, source: Source, raw: Raw) -> None:
    connection = loading.connection
    connection.execute(f"CREATE TEMP TABLE {_PARSED} AS {_parsed(table, source, loading.environments, raw)}")
    if table.timezone is None and _no_zone_at_all(connection):
        says = "no time in the table has an offset."
        loading.problems.append(Problem(table.place, says, 'Write timezone = "UTC", or the zone that they are in.'))
    else:
        shifts = _shifts(connection, table)
        connection.execute(f"CREATE TEMP VIEW {_JUDGED} AS {_judged(table, shifts)}")
        loading.set_aside.extend(_set_aside(connection, table, raw))
        _insert(loading, table, source, raw)
        connection.execute(f"DROP VIEW {_JUDGED}")
    connection.execute(f"DROP TABLE {_PARSED}")


def _no_zone_at_all(connection: duckdb.DuckDBPyConnection) -> bool:
    read_times = "begin_at IS NOT NULL"
    return _count(connection, _PARSED, read_times) > 0 and not _count(
        connection, _PARSED, f"{read_times} AND NOT begin_naive"
    )


def _texts(table: Table, source: Source, raw: Raw) -> str:
    """`row`, `fault` and the text of each cell, of the rows that meet `where`."""
    cells = {
        "begin_text": table.begin,
        "end_text": table.end,
        "state_text": table.state,
        **{f"d_{name}": table.dimensions[name] for name in source.dimensions},
    }
    picked = [f"{cell(each, raw.columns)} AS {identifier(name)}" for name, each in cells.items() if each]
    numbers = [
        f"{_number_text(number_cell(table, name), raw.columns)} AS n{i}_text" for i, name in enumerate(units(source))
    ]
    keys = [f"{cell(Cell(column=name), raw.columns)} AS {identifier(f'k{i}')}" for i, name in enumerate(table.distinct)]
    conditions = [meets(raw.columns.get(name, "NULL"), match) for name, match in table.where.items()]
    met = " AND ".join(["true", *conditions])
    return (
        f"SELECT rowid + 1 AS row, fault, {', '.join([*picked, *numbers, *keys])} FROM {raw.table} "
        f"WHERE fault IS NOT NULL OR ({met})"
    )


def _number_text(given: NumberCell, columns: dict[str, str]) -> str:
    """The text of a number; where percentages are counted, a percent sign after it says nothing new."""
    text = cell(given, columns)
    return f"regexp_replace({text}, ' ?%$', '')" if given.unit == "percent" else text


def _parsed(table: Table, source: Source, environments: Sequence[str], raw: Raw) -> str:
    """Instants (less their offset; `…_naive` where they have none), exact numbers and texts, and `fault`.

    `fault` is NULL, or the reason and the text that is wrong, joined by `FAULT_MARK`. What can be seen of instants in
    UTC only is left to `_judged`.
    """
    sides = sides_of(table)
    parsed = [
        *(f"{instant(f'{side}_text', table.time_format)} AS {side}_at" for side in sides),
        *(f"{is_naive(f'{side}_text', table.time_format)} AS {side}_naive" for side in sides),
        *(f"{number(f'n{i}_text')} AS n{i}" for i in range(len(units(source)))),
    ]
    checks = text_checks(table, source, environments)
    kept = [
        *(f"{side}_{what}" for side in sides for what in ("at", "naive")),
        *(f"n{i}" for i in range(len(units(source)))),
        *(identifier(f"d_{name}") for name in source.dimensions),
        *(f"k{i}" for i in range(len(table.distinct))),
        *(["state_text"] if table.state else []),
    ]
    return (
        f"SELECT row, {', '.join(kept)}, CASE WHEN fault IS NOT NULL THEN fault {cases(checks)} END AS fault "
        f"FROM (SELECT *, {', '.join(parsed)} FROM ({_texts(table, source, raw)}))"
    )


def _shifts(connection: duckdb.DuckDBPyConnection, table: Table) -> list[tuple[int, int]]:
    """The offsets of the table's timezone over its times without offset; empty when there are none."""
    if table.timezone is None:
        return []
    sides = sides_of(table)
    naive = " UNION ALL ".join(f"SELECT {side}_at AS local FROM {_PARSED} WHERE {side}_naive" for side in sides)
    days = connection.execute(
        f"SELECT DISTINCT (local - {FIRST_TIME}) // {_DAY} + 1 AS day FROM ({naive}) "
        f"WHERE local BETWEEN {FIRST_TIME} AND {LAST_TIME} ORDER BY day"
    ).fetchall()
    return offsets(table.timezone, (day for (day,) in days))


def _judged(table: Table, shifts: list[tuple[int, int]]) -> str:
    """The parsed rows with `begin` and `end` in UTC, and with what is wrong with those."""
    return f"SELECT * EXCLUDE (fault), CASE WHEN fault IS NOT NULL THEN fault {cases(instant_checks(table))} END AS fault FROM ({_placed(table, shifts)})"


def _placed(table: Table, shifts: list[tuple[int, int]]) -> str:
    """The parsed rows with `begin` and `end` in UTC."""
    joined = len(shifts) > 1
    shift = {side: f"{side}_zone.shift" if joined else str(shifts[0][1] if shifts else 0) for side in sides_of(table)}
    instants = ", ".join(
        f"{side}_at - CASE WHEN {side}_naive THEN {shift[side]} ELSE 0 END AS {identifier(side)}" for side in shift
    )
    if not joined:
        return f"SELECT *, {instants} FROM {_PARSED}"
    zone = ", ".join(f"({since}, {offset})" for since, offset in shifts)
    joins = " ".join(f"ASOF LEFT JOIN zone AS {side}_zone ON {side}_at >= {side}_zone.since" for side in shift)
    return f"WITH zone(since, shift) AS (VALUES {zone}) SELECT {_PARSED}.*, {instants} FROM {_PARSED} {joins}"


# --- what comes of the rows ----------------------------------------------------------------------------------------


def _set_aside(connection: duckdb.DuckDBPyConnection, table: Table, raw: Raw) -> list[SetAside]:
    parts = ", ".join(f"({literal(part.name)}, {part.start}, {part.stop})" for part in raw.parts)
    rows = connection.execute(
        f"WITH part(file, start, stop) AS (VALUES {parts}) "
        f"SELECT file, reason, count(*), min(row - start), left(arg_min(split_part(fault, '{FAULT_MARK}', 2), row), 80) "
        f"FROM (SELECT *, split_part(fault, '{FAULT_MARK}', 1) AS reason FROM {_JUDGED} WHERE fault IS NOT NULL) "
        "JOIN part ON row > start AND row <= stop GROUP BY ALL ORDER BY min(row), reason"
    ).fetchall()
    return [SetAside(table.name, *row) for row in rows]


def _insert(loading: _Loading, table: Table, source: Source, raw: Raw) -> None:
    """Append the good rows to the canonical table, reduced where the binding says so."""
    key = (table.kind, table.name)
    before = loading.rows.get(key, 0)
    places = source.places if isinstance(source, MetricData) else 9
    values = [
        converted(f"n{i}", rate_of(number_cell(table, name), unit_name), places)
        for i, (name, unit_name) in enumerate(units(source).items())
    ]
    dimensions = [identifier(f"d_{name}") for name in source.dimensions]
    known_until = None if table.name == WAIVER else loading.as_of
    times = ['"begin"', _end_before(known_until)] if table.kind is SeriesKind.RECORD else ['"begin"']
    columns = [*times, *values, *dimensions] if table.value else [*times, *dimensions, *values]
    known = "" if loading.as_of is None else f' AND "begin" < {loading.as_of}'
    good = f"SELECT * FROM {_JUDGED} WHERE fault IS NULL{known}"
    loading.connection.execute(
        f"INSERT INTO {identifier(table_name(*key))} SELECT {', '.join(columns)}, row + {before} "
        f"FROM ({_reduced(table, good, dimensions)})"
    )
    loading.rows[key] = before + (raw.parts[-1].stop if raw.parts else 0)


def _end_before(as_of: int | None) -> str:
    return '"end"' if as_of is None else f'CASE WHEN "end" < {as_of} THEN "end" END'


def _reduced(table: Table, good: str, dimensions: list[str]) -> str:
    """One row for each key of a log, one for each stretch of open checks, or all rows."""
    if table.state:
        return _stretches(good, table.open, f"PARTITION BY {', '.join(dimensions)}" if dimensions else "")
    if table.distinct:
        keys = ", ".join(f"k{i}" for i in range(len(table.distinct)))
        way = "ASC" if table.keep == "first" else "DESC"
        order = f'ORDER BY "begin" {way}, row {way}'
        return f"{good} QUALIFY row_number() OVER (PARTITION BY {keys} {order}) = 1"
    return good


def _stretches(good: str, states: Sequence[str], same: str) -> str:
    """From the first open check of a stretch to the next check that is not open. Of several at an instant, open wins."""
    opened = (
        f"SELECT *, state_text IN ({', '.join(literal(state.strip()) for state in states)}) AS is_open FROM ({good})"
    )
    instant_of = f'{same}, "begin"' if same else 'PARTITION BY "begin"'
    once = f"SELECT * FROM ({opened}) QUALIFY row_number() OVER ({instant_of} ORDER BY is_open DESC, row) = 1"
    changes = f'SELECT * FROM ({once}) QUALIFY is_open IS DISTINCT FROM lag(is_open) OVER ({same} ORDER BY "begin")'
    ended = f'SELECT *, lead("begin") OVER ({same} ORDER BY "begin") AS "end" FROM ({changes})'
    return f"SELECT * FROM ({ended}) WHERE is_open"
