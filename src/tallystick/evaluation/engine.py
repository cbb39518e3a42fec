"""DuckDB: runs SQL, and takes small tables that Python computed (windows, deadlines) over to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import duckdb
import pyarrow as pa

from tallystick.evaluation.dialect import PLACES, name

TIME = pa.int64()
TEXT = pa.string()
NUMBER = pa.decimal128(38, PLACES)

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
