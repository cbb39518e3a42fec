"""Files to raw tables: every needed column as text, one row for each row of the files, also for those that cannot be read.

A raw table has the columns `fault` (why and how the row begins, joined by `FAULT_MARK`; NULL for a row that was
read) and `c0`, `c1`, …; its `rowid` counts rows from 0 over its files in order.
"""

from __future__ import annotations

import csv
import glob
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import duckdb
import pyarrow as pa

from tallystick.facts.binding import DataFile, Format
from tallystick.facts.careful import LINE_LIMIT, Fault, csv_rows, is_clean, json_rows, lines
from tallystick.facts.problem import Problem, suggestion
from tallystick.facts.sql import identifier, literal

FAULT_MARK = "\x1f"

_BATCH_ROWS = 20_000
_BATCH_SIZE = 32 * 1024 * 1024
_KEYS_SHOWN = 1_000
_DELIMITERS = ",;\t|"
_DAMAGED = (OSError, EOFError, zlib.error)


@dataclass(frozen=True)
class Needs:
    """The columns to read from some files; those in `required` must be there."""

    columns: tuple[str, ...]
    required: frozenset[str]


@dataclass(frozen=True)
class Part:
    """The rows of one file in a raw table: `start < row <= stop`."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True)
class Raw:
    """A raw table: `columns` maps each column of the files that was found to its column in the table."""

    table: str
    columns: dict[str, str]
    parts: tuple[Part, ...]


class _UnreadableFile(Exception):
    """A file cannot be read at all; the message says why."""


def read(
    connection: duckdb.DuckDBPyConnection, table: str, files: Sequence[DataFile], delimiter: str | None, needs: Needs
) -> tuple[Raw, list[Problem]]:
    """Read the needed columns of files into a new raw table."""
    names = [identifier(f"c{i}") for i in range(len(needs.columns))]
    connection.execute(f"CREATE TEMP TABLE {table} ({', '.join(f'{name} VARCHAR' for name in ['fault', *names])})")
    parts, problems, present = list[Part](), list[Problem](), set[str]()
    stop = 0
    for file in files:
        start = stop
        try:
            seen = _read_file(connection, table, file, delimiter, needs.columns)
        except _UnreadableFile as error:
            problems.append(Problem(file.name, str(error)))
            continue
        except _DAMAGED as error:
            problems.append(Problem(file.name, _damage(error)))
            continue
        stop = _count(connection, table)
        parts.append(Part(file.name, start, stop))
        present |= set(seen)
        if stop > start or file.format is not Format.JSON_LINES:
            problems += _missing(file, seen, needs.required)
    columns = {name: column for name, column in zip(needs.columns, names, strict=True) if name in present}
    return Raw(table, columns, tuple(parts)), problems


def _damage(error: BaseException) -> str:
    says = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"the file cannot be read ({says})."


def _missing(file: DataFile, seen: Sequence[str], required: frozenset[str]) -> list[Problem]:
    known = ", ".join(f"`{name}`" for name in seen) or "none"
    return [
        Problem(file.name, f"the table has no column `{name}`.", _nearest_column(name, seen) + f"Its columns: {known}.")
        for name in sorted(required - set(seen))
    ]


def _nearest_column(name: str, seen: Sequence[str]) -> str:
    near = suggestion(name, seen, "columns")
    return f"{near} " if near.startswith("Did") else ""


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _read_file(
    connection: duckdb.DuckDBPyConnection, table: str, file: DataFile, delimiter: str | None, columns: Sequence[str]
) -> Sequence[str]:
    """Append the rows of a file; gives the columns that it has."""
    match file.format:
        case Format.CSV:
            return _read_csv(connection, table, file.path, delimiter, columns)
        case Format.PARQUET:
            return _read_parquet(connection, table, file.path, columns)
        case Format.JSON_LINES:
            return _read_json(connection, table, file.path, columns)
        case _:
            assert_never(file.format)


# --- CSV -----------------------------------------------------------------------------------------------------


def _read_csv(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, given: str | None, columns: Sequence[str]
) -> Sequence[str]:
    delimiter, header = _header(path, given)
    places = {name: header.index(name) for name in columns if name in header}
    twice = [name for name in places if header.count(name) > 1]
    if twice:
        raise _UnreadableFile(f"two columns are called `{twice[0]}`; rename one.")
    if not (is_clean(path) and _read_clean_csv(connection, table, path, delimiter, columns, places, len(header))):
        rows = (
            row if isinstance(row, Fault) else [row[places[name]] if name in places else None for name in columns]
            for row in csv_rows(path, delimiter, len(header))
        )
        _append(connection, table, rows, len(columns))
    return header


def _header(path: Path, given: str | None) -> tuple[str, list[str]]:
    """The delimiter (where none is given, the most frequent of the usual ones) and the names of the columns."""
    first = next(lines(path), None)
    if first is None or (isinstance(first, str) and not first.strip("\r\n")):
        raise _UnreadableFile("the file is empty: a CSV file has a line with the names of its columns.")
    if isinstance(first, Fault):
        raise _UnreadableFile(f"the line with the names of the columns cannot be read ({first.reason}).")
    delimiter = given or max(_DELIMITERS, key=first.count)
    try:
        return delimiter, [name.strip() for name in next(csv.reader([first], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise _UnreadableFile(f"the line with the names of the columns cannot be read ({error}).") from error


def _read_clean_csv(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    delimiter: str,
    columns: Sequence[str],
    places: dict[str, int],
    width: int,
) -> bool:
    """Let DuckDB read it. False, and nothing appended, when a line is malformed: then the careful reader must."""
    picked = ["NULL", *(identifier(f"f{places[name]}") if name in places else "NULL" for name in columns)]
    types = ", ".join(f"'f{i}': 'VARCHAR'" for i in range(width))
    try:
        connection.execute(
            f"INSERT INTO {table} SELECT {', '.join(picked)} FROM read_csv(?, "
            f"header = false, skip = 1, auto_detect = false, strict_mode = true, delim = {literal(delimiter)}, "
            f"quote = '\"', escape = '\"', columns = {{{types}}}, max_line_size = {LINE_LIMIT}, "
            f"hive_partitioning = false, compression = '{'gzip' if path.suffix == '.gz' else 'none'}')",
            [glob.escape(str(path))],
        )
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    return True


# --- Parquet -------------------------------------------------------------------------------------------------


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, columns: Sequence[str]
) -> Sequence[str]:
    source = f"read_parquet({literal(glob.escape(str(path)))}, hive_partitioning = false)"
    with path.open("rb"):
        pass
    try:
        types = {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        picked = ["NULL", *(_parquet_text(name, types[name]) if name in types else "NULL" for name in columns)]
        connection.execute(f"INSERT INTO {table} SELECT {', '.join(picked)} FROM {source}")
    except duckdb.Error as error:
        raise _UnreadableFile(f"the file is not readable as Parquet ({str(error).splitlines()[0]}).") from error
    return list(types)


def _parquet_text(name: str, kind: str) -> str:
    """A column as text; an instant as ISO 8601 in UTC, without the session's timezone coming into it."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({identifier(name)})), '%Y-%m-%dT%H:%M:%S.%fZ')"
    return f"CAST({identifier(name)} AS VARCHAR)"


# --- JSON lines and what the careful reader gives ---------------------------------------------------------------


def _read_json(connection: duckdb.DuckDBPyConnection, table: str, path: Path, columns: Sequence[str]) -> Sequence[str]:
    seen: dict[str, None] = {}

    def rows() -> Iterator[Sequence[str | None] | Fault]:
        for row in json_rows(path):
            if isinstance(row, Fault):
                yield row
            else:
                seen.update((key, None) for key in row if len(seen) < _KEYS_SHOWN or key in columns)
                yield [row.get(name) for name in columns]

    _append(connection, table, rows(), len(columns))
    return list(seen)


def _append(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Iterator[Sequence[str | None] | Fault], width: int
) -> None:
    names = ["fault", *(f"c{i}" for i in range(width))]
    for batch in _batches(rows, width):
        arrays = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
        connection.register("tallystick_batch", pa.Table.from_arrays(arrays, names=names))
        connection.execute(f"INSERT INTO {table} SELECT * FROM tallystick_batch")
        connection.unregister("tallystick_batch")


def _batches(rows: Iterator[Sequence[str | None] | Fault], width: int) -> Iterator[list[list[str | None]]]:
    """Rows with their fault in front, so many at a time that few long ones do not fill the memory."""
    batch, size = list[list[str | None]](), 0
    for row in rows:
        fault = FAULT_MARK.join((row.reason, row.excerpt)) if isinstance(row, Fault) else None
        batch.append([fault, *([None] * width if isinstance(row, Fault) else row)])
        size += sum(len(text) for text in batch[-1] if text)
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
