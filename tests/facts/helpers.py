"""Small rulebooks and folders of data for the tests of facts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tallystick.facts.from_bindings import load
from tallystick.facts.from_toml import bind
from tallystick.facts.problem import DataError, Problem
from tallystick.facts.tables import Facts, table_name
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rulebook import AttributeData, EventData, MetricData, RecordData, Rulebook

METRIC, EVENT, RECORD = SeriesKind.METRIC, SeriesKind.EVENT, SeriesKind.RECORD
SECOND = 1_000_000
DAY = 86_400 * SECOND
START = 1_767_225_600 * SECOND
"""2026-01-01T00:00:00Z."""


def rulebook(*data: MetricData | EventData | RecordData, environments: tuple[str, ...] = ()) -> Rulebook:
    """A rulebook without rules."""
    return Rulebook(
        agreement="Test",
        version="1",
        effective=date(2026, 1, 1),
        timezone="UTC",
        environments=environments,
        metrics=tuple(each for each in data if isinstance(each, MetricData)),
        events=tuple(each for each in data if isinstance(each, EventData)),
        records=tuple(each for each in data if isinstance(each, RecordData)),
    )


LATENCY = MetricData(id="latency", title="latency", unit="milliseconds", dimensions=("model",))
ACCURACY = MetricData(id="accuracy", title="accuracy", unit="fraction", dimensions=("model", "environment"))
QUEUE = MetricData(id="queue", title="queue", unit="count")
INCIDENT = EventData(
    id="incident",
    title="incident",
    dimensions=("incident_id", "severity"),
    attributes=(AttributeData(name="loss", unit="USD"),),
    optional=("severity",),
)
OUTAGE = RecordData(id="outage", title="outage", dimensions=("site",))

COMMON = rulebook(LATENCY, ACCURACY, QUEUE, INCIDENT, OUTAGE, environments=("staging", "production"))


def write(folder: Path, **files: str | bytes) -> Path:
    """Files by name, with `__` for the point before the suffix."""
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def loaded(folder: Path, rules: Rulebook = COMMON, as_of: int | None = None) -> Facts:
    """The facts of a folder whose bindings have no problem."""
    bindings, problems = bind(rules, folder)
    assert problems == ()
    return load(rules, bindings, as_of)


def problems_of(folder: Path, rules: Rulebook = COMMON) -> tuple[Problem, ...]:
    """What stops a folder from being bound or loaded."""
    bindings, problems = bind(rules, folder)
    if problems:
        return problems
    try:
        load(rules, bindings)
    except DataError as error:
        return error.problems
    return ()


def rows(facts: Facts, kind: SeriesKind, name: str, columns: str = "*") -> list[tuple[object, ...]]:
    """The rows of a canonical table in order of their numbers."""
    return facts.connection.execute(f'SELECT {columns} FROM "{table_name(kind, name)}" ORDER BY "row"').fetchall()


def reasons(facts: Facts) -> dict[str, tuple[int, int, str]]:
    """Set-aside rows by reason: how many, the first, an example."""
    return {each.reason: (each.count, each.first_row, each.example) for each in facts.set_aside}
