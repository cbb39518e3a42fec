"""Events and records in Parquet files whose columns are already instants, texts and numbers: views over the files.

What a file says of itself (the least and the most of a column, how many are missing) shows of most columns that no row
is out of order; a look at the rows finds the rest. If any is, `from_bindings` copies them the careful way, and says what
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
class _Check:
    """What must hold for each row, as SQL over canonical columns; and SQL over the least, the most and the number of raw
    columns from which it follows for all rows (nothing, where a look is needed)."""

    holds: str
    follows: str = "FALSE"


@dataclass(frozen=True)
class _Columns:
    """The canonical columns of a source, and what must hold for each row: SQL over its files. `newest` is SQL of the
    latest instant at which a row happens or begins."""

    asked: Mapping[str, str]
    right: Sequence[_Check]
    newest: str


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
        wrong, number = _looked(connection, table, columns, rows, begin, as_of)
        if wrong:
            return None
        kept = [identifier(name) for name in columns.asked if not name.startswith(_SIZED)]
        if table.end and known:
            kept[1] = f'CASE WHEN "end" < {as_of} THEN "end" END AS "end"'
        view = identifier(table_name(table.kind, table.name))
        connection.execute(f"CREATE VIEW {view} AS SELECT {', '.join(kept)} FROM ({rows}){known}")
    except duckdb.Error:
        return None  # the careful reader says what is wrong with the files
    return number


def _looked(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: _Columns, rows: str, begin: str, as_of: int | None
) -> tuple[int, int]:
    """How many rows are out of order, and how many are known: as the files say, or by a look at what they leave open.

    Each file is asked alone, for then the database answers from what stands at its end.
    """
    known = "TRUE" if as_of is None else f"coalesce({columns.newest} < {as_of}, TRUE)"
    follows = ", ".join(f"coalesce({each.follows}, FALSE)" for each in columns.right)
    said = [
        connection.execute(f"SELECT count(*), {known}, {follows} FROM {parquet([str(file.path)])}").fetchall()[0]
        for file in table.files
    ]
    all_known, *proved = (all(column) for column in list(zip(*said, strict=True))[1:])
    open_still = [each.holds for each, sure in zip(columns.right, proved, strict=True) if not sure]
    wrong = f"({' AND '.join(open_still)}) IS NOT TRUE" if open_still else "FALSE"
    [(faults,)] = connection.execute(f"SELECT count(*) FROM ({rows}) WHERE {wrong}").fetchall()
    if all_known:
        return faults, sum(count for count, *_ in said)
    [(number,)] = connection.execute(f"SELECT count(*) FROM ({rows}) WHERE {begin} < {as_of}").fetchall()
    return faults, number


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
    right: list[_Check] = []
    newest = ""
    for name, cell in (("begin" if table.end else "time", table.begin), ("end", table.end)):
        if cell is not None:
            kind = types.get(str(cell.column))
            raw = identifier(str(cell.column))
            if kind is None or (at := instant_of(raw, kind, table.time_format, table.timezone)) is None:
                return None
            asked[name] = at
            least, most = (
                str(instant_of(f"{end}({raw})", kind, table.time_format, table.timezone)) for end in ("min", "max")
            )
            within = f"{least} >= {FIRST_TIME} AND {most} <= {LAST_TIME}"
            inside = f"{identifier(name)} BETWEEN {FIRST_TIME} AND {LAST_TIME}"
            if name == "end":
                right.append(_Check(f'("end" IS NULL OR {inside})', f"min({raw}) IS NULL OR {within}"))
                right.append(_Check('("end" IS NULL OR "end" >= "begin")'))
            else:
                right.append(_Check(inside, f"count({raw}) = count(*) AND {within}"))
                newest = most
    for name in source.dimensions:
        column = str(table.dimensions[name].column)
        if not is_text(types.get(column, "")):
            return None
        raw = identifier(column)
        asked[f"d_{name}"] = raw if types[column] == "VARCHAR" else f"CAST({raw} AS VARCHAR)"
        if name not in source.optional:
            right.append(_Check(f"{identifier(f'd_{name}')} IS NOT NULL", f"count({raw}) = count(*)"))
        if types[column] == "VARCHAR":
            right.extend(_right_text(identifier(f"d_{name}"), raw))
        if name == "environment" and environments:
            listed = ", ".join(map(literal, environments))
            right.append(_Check(f'("d_environment" IS NULL OR "d_environment" IN ({listed}))'))
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
        of_size = [identifier(f"{_SIZED}{name}"), *_right_number(identifier(f"a_{name}"), known_unit(unit).kind)]
        right.extend(map(_Check, of_size))
    return _Columns({**asked, "row": "CAST(NULL AS BIGINT)"}, right, newest)


def _right_text(column: str, raw: str) -> Iterator[_Check]:
    """What must hold for a text: where there is one, it is not empty, and has no outer blanks. A blank comes before all
    characters that texts begin with."""
    begun = f"({column} IS NULL OR ({column} <> '' AND NOT starts_with({column}, ' ')))"
    yield _Check(begun, f"coalesce(min({raw}) >= '!', TRUE)")
    yield _Check(f"({column} IS NULL OR NOT ends_with({column}, ' '))")


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
