"""Engines: what runs the SQL, and takes small tables that Python computed (windows, deadlines) over to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol, Self

import duckdb
import pyarrow as pa

from tallystick.evaluation.dialect import PLACES, Dialect, DuckDBDialect, name

TIME = pa.int64()
TEXT = pa.string()
NUMBER = pa.decimal128(38, PLACES)
WHOLE = pa.decimal128(38, 0)
"""A whole number, as `Dialect.whole` makes it."""
TRUTH = pa.bool_()

_BINARY = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_SHARED = 3
"""Of the memory so much is left for tables, and for reading."""

Row = tuple[Any, ...]  # a row's types are those of the SQL that asked for it
Columns = Mapping[str, pa.DataType]


class EngineFailed(Exception):
    """An engine cannot be reached, or cannot do what it is asked; the message says why."""


class Engine(Protocol):
    """What runs the SQL. As a context manager it drops the tables it made, but those that were to stay."""

    @property
    def dialect(self) -> Dialect:
        """How it spells what others spell otherwise."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def rows(self, sql: str) -> list[Row]:
        """All rows of a query."""

    def table(self, sql: str) -> pa.Table:
        """All rows of a query, as columns."""

    def columns(self, table: str) -> list[str]:
        """The column names of a canonical table."""

    def create(self, sql: str, *, stays: bool = False) -> str:
        """A temporary table of the rows of a query; gives its quoted name."""

    def hand_over(self, columns: Columns, rows: Sequence[Sequence[object]], *, stays: bool = False) -> str:
        """A temporary table of the rows; gives its quoted name."""

    def take(self, rows: pa.Table, *, stays: bool = False) -> str:
        """The same of rows that are columns already."""

    def leave_handed(self) -> None:
        """All tables made so far stay: findings that lie with the data need them."""

    def drop(self, tables: Iterable[str]) -> None:
        """Drops tables that were to stay, by their quoted names."""

    def room(self) -> int | None:
        """How many bytes one query may hold of what cannot lie on disk; None where there is no end."""


def arrow(columns: Columns, rows: Sequence[Sequence[object]]) -> pa.Table:
    """Rows as columns."""
    arrays = [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(columns.values())]
    return pa.table(arrays, names=list(columns))


class Handing(ABC):
    """What every engine does with the tables that it made: it drops those that need not stay."""

    def __init__(self) -> None:
        self._handed: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop(self._handed)
        self._handed.clear()

    def leave_handed(self) -> None:
        self._handed.clear()

    def hand_over(self, columns: Columns, rows: Sequence[Sequence[object]], *, stays: bool = False) -> str:
        return self.take(arrow(columns, rows), stays=stays)

    @abstractmethod
    def take(self, rows: pa.Table, *, stays: bool = False) -> str:
        """As `Engine` has it."""

    @abstractmethod
    def drop(self, tables: Iterable[str]) -> None:
        """As `Engine` has it."""


class DuckDB(Handing):
    """A connection to the embedded database."""

    _numbers = count()

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__()
        self._connection = connection
        self.dialect: Dialect = DuckDBDialect()

    def rows(self, sql: str) -> list[Row]:
        with _room():
            return self._connection.execute(sql).fetchall()

    def table(self, sql: str) -> pa.Table:
        with _room():
            return self._connection.sql(sql).to_arrow_table()

    def columns(self, table: str) -> list[str]:
        return [str(row[0]) for row in self.rows(f"DESCRIBE {name(table)}")]

    def create(self, sql: str, *, stays: bool = False) -> str:
        table = name(f"tally_handed_{next(self._numbers)}")
        with _room():
            self._connection.execute(f"CREATE TEMP TABLE {table} AS {sql}")
        if not stays:
            self._handed.append(table)
        return table

    def take(self, rows: pa.Table, *, stays: bool = False) -> str:
        wide = (name(field.name) for field in rows.schema if field.type == WHOLE)
        replaced = ", ".join(f"{self.dialect.whole(column)} AS {column}" for column in wide)
        self._connection.register("tally_handed_rows", rows)
        table = self.create(
            f"SELECT *{f' REPLACE ({replaced})' if replaced else ''} FROM tally_handed_rows", stays=stays
        )
        self._connection.unregister("tally_handed_rows")
        return table

    def room(self) -> int:
        limit, unit = str(self.rows("SELECT current_setting('memory_limit')")[0][0]).split()
        return int(float(limit) * 2 ** (10 * _BINARY.index(unit))) // _SHARED

    def drop(self, tables: Iterable[str]) -> None:
        for table in tables:
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")


@contextmanager
def _room() -> Iterator[None]:
    """What does not fit, as one plain sentence."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise EngineFailed(f"there is not enough memory for the data ({str(error).splitlines()[0]})") from error
