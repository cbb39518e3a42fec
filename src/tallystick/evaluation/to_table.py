"""Findings as one flat table, for spreadsheets and data frames: CSV and Parquet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.to_json import local_text, number_text, utc_text
from tallystick.rules.rule import order_of
from tallystick.rules.rulebook import Rulebook

if TYPE_CHECKING:
    import pyarrow as pa


def to_table(rulebook: Rulebook, evaluation: Evaluation) -> pa.Table:
    """One row for each finding. Values and thresholds are decimal text in `unit`, as are the ends of a confidence interval; the group is a JSON object."""
    import pyarrow as pa

    zone = ZoneInfo(rulebook.timezone)
    rules = {rule.id: rule for rule in rulebook.rules}
    found = evaluation.findings
    named = [rules.get(finding.rule.partition("/")[0]) for finding in found]
    columns = {
        "id": [finding.id for finding in found],
        "rule": [finding.rule for finding in found],
        "clause": [finding.clause for finding in found],
        "number": [rule.number if rule else None for rule in named],
        "title": [rule.title if rule else None for rule in named],
        "verdict": [finding.verdict.value for finding in found],
        "group": [json.dumps(dict(finding.group), ensure_ascii=False) for finding in found],
        "about": [json.dumps(dict(finding.about), ensure_ascii=False) for finding in found],
        "start_utc": [utc_text(finding.start) for finding in found],
        "end_utc": [utc_text(finding.end) for finding in found],
        "start_local": [local_text(finding.start, zone) for finding in found],
        "end_local": [local_text(finding.end, zone) for finding in found],
        "value": [number_text(finding.value) for finding in found],
        "threshold": [number_text(finding.threshold) for finding in found],
        "unit": [finding.unit for finding in found],
        "interval_low": [number_text(finding.interval.low) if finding.interval else None for finding in found],
        "interval_high": [number_text(finding.interval.high) if finding.interval else None for finding in found],
        "excluded": [number_text(finding.excluded) for finding in found],
        "decided_utc": [utc_text(finding.decided) for finding in found],
        "because": [finding.because for finding in found],
        "excuse": [finding.excuse for finding in found],
        "order": [order_of(finding.rule) for finding in found],
    }
    texts = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return pa.table({**texts, "samples": pa.array([finding.samples for finding in found], pa.int64())})


def write_csv(table: pa.Table, path: Path) -> None:
    """Write the findings as CSV with a header."""
    from pyarrow import csv

    csv.write_csv(table, path)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write the findings as Parquet."""
    from pyarrow import parquet

    parquet.write_table(table, path)
