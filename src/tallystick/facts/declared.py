"""What an agreement declares of its data."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.rules.measure import SeriesKind
from tallystick.rules.rulebook import EventData, MetricData, RecordData, Rulebook

Source = MetricData | EventData | RecordData
Sources = Mapping[tuple[SeriesKind, str], Source]


def sources_of(rulebook: Rulebook) -> Sources:
    """Every metric, event and record of the rulebook by kind and id."""
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
