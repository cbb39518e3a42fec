"""Events and records in Parquet files whose columns are already instants, texts and numbers: views over the files.

One look at all rows finds whether any is out of order; then `from_bindings` copies them the careful way, and says what
is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import duckdb

from tallystick.facts.binding import Cell, Format, Table
from tallystick.facts.checks import FIRST_TIME, LAST_TIME, number_cell, rate_of
from tallystick.facts.declared import units
from tallystick.facts.in_place import MOST, instant_of, is_number, is_text, parquet, steps
from tallystick.facts.sql import EPOCHS, ISO, identifier, literal
from tallystick.facts.tables import table_name
from tallystick.quantities import Kind, known_unit
from tallystick.rules.rulebook import ABOUT, WAIVER, EventData, RecordData

_SIZED = "sized "
"""Before the name of a number: a column that says whether it is of a size that is read."""


@dataclass(frozen=True)
class _Columns:
    """The canonical columns of a source, and what must hold for each row: SQL over its files."""

    asked: Mapping[str, str]
    right: Sequence[str]


def view_in_place(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    source: EventData | RecordData,
    environments: Sequence[str],
    as_of: int | None,
) -> int | None:
    """Makes the canonical table of an event or record a view; gives how many rows it has, None where it must be copied."""
    if not _is_plain(table, source):
        return None
    try:
        types = _types(connection, table)
        columns = None if types is None else _columns(table, source, types, environments)
        if columns is None:
            return None
        begin = '"begin"' if table.end else '"time"'
        known = f" WHERE {begin} < {as_of}" if as_of is not None else ""
        listed = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.asked.items())
        rows = f"SELECT {listed} FROM {parquet(str(file.path) for file in table.files)}"
        right = " AND ".join(f"coalesce({each}, false)" for each in columns.right)
        counted = f"count(*) FILTER ({begin} < {as_of})" if known else "count(*)"
        wrong, number = connection.execute(
            f"SELECT count(*) FILTER (NOT ({right})), {counted} FROM ({rows})"
        ).fetchall()[0]
        if wrong:
            return None
        kept = [identifier(name) for name in columns.asked if not name.startswith(_SIZED)]
        if table.end and known:
            kept[1] = f'CASE WHEN "end" < {as_of} THEN "end" END AS "end"'
        view = identifier(table_name(table.kind, table.name))
        connection.execute(f"CREATE VIEW {view} AS SELECT {', '.join(kept)} FROM ({rows}){known}")
    except duckdb.Error:
        return None  # the careful reader says what is wrong with the files
    return int(number)


def _types(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str] | None:
    """The types of the columns; None where the files differ."""
    one = {
        tuple((str(row[0]), str(row[1])) for row in connection.execute(f"DESCRIBE SELECT * FROM {each}").fetchall())
        for each in (parquet([str(file.path)]) for file in table.files)
    }
    types = dict(one.pop())
    return None if one else types


def _is_plain(table: Table, source: EventData | RecordData) -> bool:
    """Whether there is nothing to translate, to convert or to choose."""
    cells: list[Cell] = [
        table.begin,
        *([table.end] if table.end else []),
        *table.dimensions.values(),
        *(number_cell(table, name) for name in units(source)),
    ]
    return (
        all(each.column is not None and not each.values and not each.default for each in cells)
        and all(rate_of(number_cell(table, name), unit) == Fraction(1) for name, unit in units(source).items())
        and all(file.format is Format.PARQUET for file in table.files)
        and not (table.where or table.distinct or table.state or table.name == WAIVER or ABOUT in source.dimensions)
        and (table.time_format == ISO or table.time_format in EPOCHS)
        and table.timezone in (None, "UTC")
        and (table.end is not None) is isinstance(source, RecordData)
    )


def _columns(
    table: Table,
    source: EventData | RecordData,
    types: Mapping[str, str],
    environments: Sequence[str],
) -> _Columns | None:
    """None where a column is not there, or not of a type that needs no care."""
    asked: dict[str, str] = {}
    right: list[str] = []
    for name, cell in (("begin" if table.end else "time", table.begin), ("end", table.end)):
        if cell is not None:
            kind = types.get(str(cell.column))
            at = None if kind is None else instant_of(str(cell.column), kind, table.time_format, table.timezone)
            if at is None:
                return None
            asked[name] = at
            inside = f"{identifier(name)} BETWEEN {FIRST_TIME} AND {LAST_TIME}"
            right.append(inside if name != "end" else f'("end" IS NULL OR ({inside} AND "end" >= "begin"))')
    for name in source.dimensions:
        column = str(table.dimensions[name].column)
        if not is_text(types.get(column, "")):
            return None
        raw = identifier(column)
        asked[f"d_{name}"] = raw if types[column] == "VARCHAR" else f"CAST({raw} AS VARCHAR)"
        right.extend(_right_text(name, name in source.optional, environments))
    for name, unit in units(source).items():
        column = str(number_cell(table, name).column)
        if not is_number(types.get(column, "")):
            return None
        value = (
            f"CAST({steps(identifier(column), types[column])} AS DECIMAL(29, 0)) * CAST(0.000000001 AS DECIMAL(9, 9))"
        )
        sized = f"{identifier(column)} IS NULL OR (isfinite(CAST({identifier(column)} AS DOUBLE)) AND abs({identifier(column)}) < {MOST})"
        asked[f"a_{name}"] = f"CASE WHEN {sized} THEN CAST({value} AS DECIMAL(38, 9)) END"
        asked[f"{_SIZED}{name}"] = sized
        right.extend([identifier(f"{_SIZED}{name}"), *_right_number(identifier(f"a_{name}"), known_unit(unit).kind)])
    return _Columns({**asked, "row": "CAST(NULL AS BIGINT)"}, right)


def _right_text(name: str, optional: bool, environments: Sequence[str]) -> Iterator[str]:
    """What must hold for a text: it is there where it must be, without outer blanks, and a known environment."""
    column = identifier(f"d_{name}")
    filled = f"({column} <> '' AND NOT starts_with({column}, ' ') AND NOT ends_with({column}, ' '))"
    yield f"({column} IS NULL OR {filled})" if optional else filled
    if name == "environment" and environments:
        yield f"({column} IS NULL OR {column} IN ({', '.join(map(literal, environments))}))"


def _right_number(column: str, kind: Kind) -> Iterator[str]:
    match kind:
        case Kind.FRACTION:
            yield f"({column} IS NULL OR {column} BETWEEN 0 AND 1)"
        case Kind.COUNT:
            yield f"({column} IS NULL OR ({column} >= 0 AND {column} = trunc({column})))"
        case Kind.DURATION | Kind.BYTES:
            yield f"({column} IS NULL OR {column} >= 0)"
        case Kind.SCORE | Kind.MONEY:
            return
