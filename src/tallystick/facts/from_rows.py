"""Rows that are at hand, into the canonical tables: what a scenario gives, without files or bindings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext

import duckdb
import pyarrow as pa

from tallystick.facts.declared import Source, sources_of, units
from tallystick.facts.from_bindings import connect, create
from tallystick.facts.sql import identifier
from tallystick.facts.tables import Facts, table_name
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rulebook import MetricData, Rulebook

Key = tuple[SeriesKind, str]


@dataclass(frozen=True)
class Row:
    """One row: instants in microseconds since 1970 UTC, numbers in the declared units (a metric's is `value`)."""

    begin: int
    end: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, Decimal] = field(default_factory=dict)


def from_rows(rulebook: Rulebook, rows: Iterable[tuple[Key, Sequence[Row]]], as_of: int) -> Facts:
    """The rows of each source that is named, which may be none. What was not yet known at `as_of` is left out.

    Raises KeyError for a source that the rulebook does not declare.
    """
    sources = sources_of(rulebook)
    together: defaultdict[Key, list[Row]] = defaultdict(list)
    for key, own in rows:
        together[key].extend(row for row in own if row.begin < as_of)
    connection = connect()
    for (kind, name), own in together.items():
        create(connection, kind, sources[kind, name])
        _insert(connection, kind, sources[kind, name], own, as_of)
    return Facts(connection, bound=frozenset(together), read={name: len(own) for (_, name), own in together.items()})


def _insert(
    connection: duckdb.DuckDBPyConnection, kind: SeriesKind, source: Source, rows: Sequence[Row], as_of: int
) -> None:
    time, text, number = pa.int64(), pa.string(), pa.decimal128(38, 9)
    places = source.places if isinstance(source, MetricData) else 9
    columns: dict[str, pa.Array] = {}
    columns["begin" if kind is SeriesKind.RECORD else "time"] = pa.array([row.begin for row in rows], time)
    if kind is SeriesKind.RECORD:
        ends = [row.end if row.end is not None and row.end < as_of else None for row in rows]
        columns["end"] = pa.array(ends, time)
    for dimension in source.dimensions:
        columns[f"d_{dimension}"] = pa.array([row.texts.get(dimension) or None for row in rows], text)
    for name in units(source):
        column = name if isinstance(source, MetricData) else f"a_{name}"
        columns[column] = pa.array([_rounded(row.numbers.get(name), places) for row in rows], number)
    columns["row"] = pa.array(range(1, len(rows) + 1), time)
    connection.register("tally_rows", pa.table(columns))
    connection.execute(f"INSERT INTO {identifier(table_name(kind, source.id))} BY NAME SELECT * FROM tally_rows")
    connection.unregister("tally_rows")


def _rounded(value: Decimal | None, places: int) -> Decimal | None:
    """To the places that are read, half away from zero, as numbers of a file are."""
    if value is None:
        return None
    with localcontext(prec=60):
        return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
