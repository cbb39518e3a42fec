"""Small builders for the tests: times, rows in canonical tables, rulebooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any as Anything
from zoneinfo import ZoneInfo

import duckdb

from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.finding import Finding
from tallystick.facts.tables import Facts, table_name
from tallystick.quantities import Period, PeriodUnit, Quantity
from tallystick.rules.measure import (
    Aggregate,
    Comparison,
    Function,
    Series,
    SeriesKind,
    Value,
)
from tallystick.rules.rule import Amount, Calendar, CalendarUnit, Rule
from tallystick.rules.rulebook import (
    AttributeData,
    EventData,
    MetricData,
    RecordData,
    Rulebook,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR


def at(text: str, zone: ZoneInfo | None = None, fold: int = 0) -> int:
    """An instant from `2027-03-01 12:00`, in UTC unless a zone is given."""
    moment = datetime.fromisoformat(text).replace(tzinfo=zone or UTC, fold=fold)
    seconds = moment - _EPOCH
    return (seconds.days * 86_400 + seconds.seconds) * SECOND + seconds.microseconds


def quantity(value: str, unit: str = "fraction") -> Value:
    return Value(quantity=Quantity(value=Decimal(value), unit=unit))


def period(amount: int, unit: str) -> Period:
    return Period(amount=amount, unit=PeriodUnit(unit))


def money(value: str, currency: str = "USD") -> Amount:
    return Amount(money=Quantity(value=Decimal(value), unit=currency))


def metric(name: str, **more: Anything) -> Series:
    return Series(source=SeriesKind.METRIC, name=name, **more)


def event(name: str, **more: Anything) -> Series:
    return Series(source=SeriesKind.EVENT, name=name, **more)


def record(name: str, **more: Anything) -> Series:
    return Series(source=SeriesKind.RECORD, name=name, **more)


def aggregate(function: str, of: Series, percentile: str | None = None) -> Aggregate:
    return Aggregate(
        function=Function(function),
        of=of,
        percentile=None if percentile is None else Decimal(percentile),
    )


def each(unit: str) -> Calendar:
    return Calendar(each=CalendarUnit(unit))


BASE: dict[str, Anything] = {
    "id": "rule",
    "clause": "clause",
    "number": "1.1",
    "title": "Rule",
}
AT_LEAST, AT_MOST, BELOW, ABOVE = (
    Comparison.AT_LEAST,
    Comparison.AT_MOST,
    Comparison.BELOW,
    Comparison.ABOVE,
)

METRICS = (
    MetricData(
        id="accuracy",
        title="accuracy",
        unit="fraction",
        dimensions=("model", "environment"),
    ),
    MetricData(id="latency", title="latency", unit="milliseconds", dimensions=("model",)),
    MetricData(id="score", title="score", unit="score"),
    MetricData(id="approved", title="approval", unit="fraction", dimensions=("model", "part")),
)
EVENTS = (
    EventData(
        id="deployment",
        title="deployment",
        dimensions=("model", "version", "environment", "role"),
    ),
    EventData(id="approval", title="approval", dimensions=("model", "version", "role")),
    EventData(
        id="incident",
        title="incident",
        dimensions=("incident_id", "severity"),
        attributes=(
            AttributeData(name="loss", unit="USD"),
            AttributeData(name="gross", unit="USD"),
            AttributeData(name="delay", unit="minutes"),
        ),
        optional=("severity",),
    ),
    EventData(id="resolution", title="resolution", dimensions=("incident_id",)),
    EventData(id="evaluation", title="evaluation", dimensions=("model", "environment")),
    EventData(
        id="notice",
        title="notice",
        dimensions=("clause", "role", "model"),
        optional=("clause", "role", "model"),
    ),
    EventData(
        id="cure",
        title="cure",
        dimensions=("clause", "model"),
        optional=("clause", "model"),
    ),
    EventData(id="claim", title="claim", dimensions=("clause", "model"), optional=("clause", "model")),
    EventData(id="termination", title="termination"),
)
RECORDS = (
    RecordData(id="outage", title="outage", dimensions=("model",)),
    RecordData(id="maintenance", title="maintenance", dimensions=("model",)),
    RecordData(id="log", title="log", dimensions=("model",)),
    RecordData(id="waiting", title="wait", dimensions=("incident_id",)),
    RecordData(id="customer_data", title="data", dimensions=("data_set",)),
)


def rulebook(
    *rules: Rule,
    effective: str = "2027-01-01",
    until: str | None = None,
    **more: Anything,
) -> Rulebook:
    fields: dict[str, Anything] = {
        "timezone": "UTC",
        "metrics": METRICS,
        "events": EVENTS,
        "records": RECORDS,
    } | more
    return Rulebook(
        agreement="Test",
        version="1",
        effective=date.fromisoformat(effective),
        until=None if until is None else date.fromisoformat(until),
        rules=rules,
        **fields,
    )


def facts(**sources: list[dict[str, Anything]]) -> Facts:
    """Canonical tables of the named sources. Rows are dicts; a missing key is an empty cell."""
    connection = duckdb.connect()
    bound = set()
    for kind, declared in (
        (SeriesKind.METRIC, METRICS),
        (SeriesKind.EVENT, EVENTS),
        (SeriesKind.RECORD, RECORDS),
    ):
        for source in declared:
            if source.id in sources:
                bound.add((kind, source.id))
                _table(connection, kind, source, sources[source.id])
    assert {name for _, name in bound} == set(sources)
    return Facts(connection, frozenset(bound))


def _table(
    connection: duckdb.DuckDBPyConnection,
    kind: SeriesKind,
    source: Anything,
    rows: list[dict[str, Anything]],
) -> None:
    times = ["begin", "end"] if kind is SeriesKind.RECORD else ["time"]
    numbers = ["value"] if kind is SeriesKind.METRIC else [a.name for a in source.attributes]
    columns = [f'"{name}" BIGINT' for name in times]
    columns += ['"value" DECIMAL(38,9)'] if kind is SeriesKind.METRIC else []
    columns += [f'"d_{d}" VARCHAR' for d in source.dimensions]
    columns += [f'"a_{n}" DECIMAL(38,9)' for n in numbers] if kind is not SeriesKind.METRIC else []
    name = table_name(kind, source.id)
    connection.execute(f'CREATE TABLE "{name}" ({", ".join(columns)}, "row" BIGINT)')
    ordered = [
        *times,
        *(numbers if kind is SeriesKind.METRIC else []),
        *source.dimensions,
    ]
    ordered += numbers if kind is not SeriesKind.METRIC else []
    for place, row in enumerate(rows, start=1):
        assert row.keys() <= set(ordered), row
        cells = [Decimal(row[n]) if n in numbers and row.get(n) is not None else row.get(n) for n in ordered]
        marks = ", ".join(["?"] * (len(cells) + 1))
        connection.execute(f'INSERT INTO "{name}" VALUES ({marks})', [*cells, place])


def judged(rule: Rule, data: Facts, as_of: str, **more: Anything) -> Evaluation:
    return evaluate(rulebook(rule, **more), data, at(as_of))


def short(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """The verdicts and values of findings, for comparing at a glance."""
    return [(f.verdict.value, "" if f.value is None else str(f.value)) for f in findings]
