"""DuckDB: runs SQL, and takes small tables that Python computed (windows, deadlines) over to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import duckdb
import pyarrow as pa

from tallystick.evaluation.dialect import PLACES, name

TIME = pa.int64()
TEXT = pa.string()
NUMBER = pa.decimal128(38, PLACES)
_ARROW = {"BIGINT": TIME, "VARCHAR": TEXT, "HUGEINT": pa.decimal128(38, 0), "BOOLEAN": pa.bool_()}

Row = tuple[Any, ...]  # a row's types are those of the SQL that asked for it


class Engine:
    """A connection, and the temporary tables handed over to it; a context manager that drops them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._handed: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for table in self._handed:
            self._connection.execute(f"DROP TABLE IF EXISTS {name(table)}")
        self._handed.clear()

    def rows(self, sql: str) -> list[Row]:
        """All rows of a query."""
        return self._connection.execute(sql).fetchall()

    def run(self, sql: str) -> None:
        """A statement that gives nothing."""
        self._connection.execute(sql)

    def table(self, sql: str) -> pa.Table:
        """All rows of a query, as columns."""
        return self._connection.sql(sql).to_arrow_table()

    def keep(self, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        """A temporary table of the rows that stays as long as the connection. `columns` says the SQL type of each."""
        arrays = [pa.array([row[i] for row in rows], _ARROW[kind]) for i, kind in enumerate(columns.values())]
        self.take(table, columns, pa.table(arrays, names=list(columns)))

    def take(self, table: str, columns: Mapping[str, str], rows: pa.Table) -> None:
        """The same from columns."""
        listed = ", ".join(f"CAST({name(column)} AS {kind}) AS {name(column)}" for column, kind in columns.items())
        self._connection.register(f"{table}_rows", rows)
        self._connection.execute(f"CREATE TEMP TABLE {name(table)} AS SELECT {listed} FROM {name(f'{table}_rows')}")
        self._connection.unregister(f"{table}_rows")

    def create(self, sql: str) -> str:
        """A temporary table of the rows of a query; gives its quoted name."""
        table = f"tally_handed_{len(self._handed)}"
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name(table)} AS {sql}")
        self._handed.append(table)
        return name(table)

    def columns(self, table: str) -> list[str]:
        """The column names of a canonical table."""
        return [str(row[0]) for row in self.rows(f"DESCRIBE {name(table)}")]

    def hand_over(self, columns: dict[str, pa.DataType], rows: Sequence[Sequence[object]]) -> str:
        """A temporary table of the rows; gives its quoted name."""
        table = f"tally_handed_{len(self._handed)}"
        arrays = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(columns.values())]
        view = f"{table}_rows"
        self._connection.register(view, pa.table(arrays, names=list(columns)))
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name(table)} AS SELECT * FROM {name(view)}")
        self._connection.unregister(view)
        self._handed.append(table)
        return name(table)
