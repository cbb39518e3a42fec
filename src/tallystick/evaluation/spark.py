"""Apache Spark as the engine: the same plans, for data that has outgrown one machine.

Canonical tables that were read on this machine are handed over; what lies in Spark already stays there. Nothing but
findings, and the small tables that plans are made from, comes back to the driver.
"""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tallystick.evaluation.dialect import Dialect, SparkDialect, name
from tallystick.evaluation.engine import EngineFailed, Handing, Row
from tallystick.facts.tables import Facts

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

LOCAL = "spark:local"
_CLUSTER, _CONNECT = "spark://", "sc://"
_MEANING = {
    "spark.sql.ansi.enabled": "true",  # a number that does not fit is an error, not NULL
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",  # no decimal place is ever dropped
    "spark.sql.legacy.consecutiveStringLiterals.enabled": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.session.timeZone": "UTC",
}
"""What of a session's settings the meaning of a query depends on."""
_HERE = {"spark.master": "local[*]", "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1))}
"""Settings for this machine alone: what is exchanged is cut for its cores, not for those of a cluster."""
_QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
_PORTS = {_CLUSTER: 7077, _CONNECT: 15002}
_PATIENCE = 10.0
"""Seconds until a machine that says nothing counts as one that is not there."""
_SMALL = 1_000_000
"""A table of so many rows goes to every worker, and large data need not be moved to be joined with it."""


def connected(address: str, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session of the Spark at an address, begun with further settings of Spark's. Raises EngineFailed."""
    if not (address == LOCAL or address.startswith((_CLUSTER, _CONNECT))):
        says = f"“{address}” is no engine: write duckdb, spark:local, spark://HOST:PORT or sc://HOST:PORT."
        raise EngineFailed(says)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about versions of pandas, which is not used
            from pyspark.sql import SparkSession
    except ImportError:
        says = "Spark needs the package pyspark, and Java 17 or newer. Install it: pip install 'tallystick[spark]'"
        raise EngineFailed(says) from None
    _look_for(address)
    with _failures(f"no Spark answers at {address}"), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the same, when Connect is first used
        builder = SparkSession.builder.appName("tallystick")
        if address.startswith(_CONNECT):
            session = builder.remote(address).getOrCreate()
        else:
            usual = {"spark.master": address, "spark.log.level": "ERROR", **_QUIET}
            for key, value in {**usual, **(_HERE if address == LOCAL else {}), **(settings or {})}.items():
                builder = builder.config(key, value)
            session = builder.getOrCreate()
        return _understood(session)


def _look_for(address: str) -> None:
    """Raises EngineFailed where nobody listens; Spark itself would try for minutes, and tell of each attempt."""
    kind, _, rest = address.partition("//")
    if "//" not in address:
        return
    missing = [_missing(each, _PORTS[f"{kind}//"]) for each in rest.split(",")]
    if all(missing):
        raise EngineFailed(f"no Spark answers at {address} ({missing[0]})")


def _missing(place: str, usual: int) -> str:
    """Why nobody is reached at a place; empty where somebody listens."""
    found = urlsplit(f"//{place.partition('/')[0]}")
    if not found.hostname:
        return "the name of the machine is missing"
    try:
        socket.create_connection((found.hostname, found.port or usual), timeout=_PATIENCE).close()
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def _understood(session: SparkSession) -> SparkSession:
    """The session, with the settings that the meaning of a query depends on."""
    for key, value in _MEANING.items():
        session.conf.set(key, value)
    return session


class Spark(Handing):
    """A session of Spark, with the canonical tables of some facts as temporary views."""

    _numbers = count()

    def __init__(self, session: SparkSession, facts: Facts) -> None:
        super().__init__()
        self._session = session
        self.dialect: Dialect = SparkDialect()
        _understood(session)
        for table in facts.held():
            rows = facts.connection.sql(f"SELECT * FROM {name(table)}").to_arrow_table()
            self._frame(rows).createOrReplaceTempView(table)

    def rows(self, sql: str) -> list[Row]:
        found = self.table(sql)
        return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def table(self, sql: str) -> pa.Table:
        with _failures("Spark cannot judge the data"):
            return self._session.sql(sql).toArrow()

    def columns(self, table: str) -> list[str]:
        with _failures("Spark cannot read the data"):
            return self._session.table(name(table)).columns

    def create(self, sql: str, *, stays: bool = False) -> str:
        with _failures("Spark cannot judge the data"):
            table = self._named(self._session.sql(sql), stays=stays)
            self._session.catalog.cacheTable(table.strip('"'))
            return table

    def take(self, rows: pa.Table, *, stays: bool = False) -> str:
        return self._named(self._frame(rows), stays=stays)

    def write(self, sql: str, place: str, by: str, *, anew: bool = False) -> None:
        """Writes the rows of a query as Parquet, one folder for each text of a column; `anew`, nothing may be there."""
        with _failures("Spark cannot write the findings"):
            mode = "errorifexists" if anew else "append"
            self._session.sql(sql).write.mode(mode).partitionBy(by).parquet(place)

    def room(self) -> None:
        """What does not fit lies on the disks of the workers."""

    def drop(self, tables: Iterable[str]) -> None:
        for table in tables:  # a view that is dropped is no longer cached
            self._session.catalog.dropTempView(table.strip('"'))

    def _frame(self, rows: pa.Table) -> DataFrame:
        from pyspark.sql.pandas.types import from_arrow_schema

        with _failures("Spark cannot take the data over"):
            # Connect does not look at the columns of a table without rows.
            given = {"data": rows} if rows.num_rows else {"data": [], "schema": from_arrow_schema(rows.schema)}
            frame = self._session.createDataFrame(**given)
            return frame.hint("broadcast") if rows.num_rows <= _SMALL else frame

    def _named(self, frame: DataFrame, *, stays: bool) -> str:
        table = f"tally_handed_{next(self._numbers)}"
        frame.createOrReplaceTempView(table)
        if not stays:
            self._handed.append(name(table))
        return name(table)


@contextmanager
def _failures(what: str) -> Iterator[None]:
    """What Spark raises, as one plain sentence."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, OSError, RuntimeError) as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise EngineFailed(f"{what} ({first})") from error
