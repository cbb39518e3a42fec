"""What an agreement declares of its data."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.rules.measure import SeriesKind
from tallystick.rules.rulebook import EventData, MetricData, RecordData, Rulebook

Source = MetricData | EventData | RecordData
Sources = Mapping[tuple[SeriesKind, str], Source]


def sources_of(rulebook: Rulebook) -> Sources:
    """Every metric, event and record of the rulebook that is given as data, by kind and id."""
    derived = derived_of(rulebook)
    return {key: source for key, source in _declared(rulebook).items() if key not in derived}


def derived_of(rulebook: Rulebook) -> frozenset[tuple[SeriesKind, str]]:
    """The metrics and records that the agreement computes itself: they take no table."""
    metrics = ((SeriesKind.METRIC, metric.id) for metric in rulebook.metrics if metric.derived)
    records = ((SeriesKind.RECORD, record.id) for record in rulebook.records if record.derived)
    return frozenset((*metrics, *records))


def _declared(rulebook: Rulebook) -> Sources:
    return {
        **{(SeriesKind.METRIC, metric.id): metric for metric in rulebook.metrics},
        **{(SeriesKind.EVENT, event.id): event for event in rulebook.events},
        **{(SeriesKind.RECORD, record.id): record for record in rulebook.records},
    }


def units(source: Source) -> dict[str, str]:
    """The declared unit of each number of a source: `value` of a metric, the attributes of an event or record."""
    if isinstance(source, MetricData):
        return {"value": source.unit}
    return {each.name: each.unit for each in source.attributes}
