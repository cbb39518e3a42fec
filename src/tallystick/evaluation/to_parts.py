"""Findings as Parquet in parts, one folder for each month: written by the workers of Spark, where the data lies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tallystick.evaluation.bulk import BECAUSE, VERDICTS, Bulk, BulkFindings, Joined, parts_of
from tallystick.evaluation.dialect import NO_TEXT, decimal_of_steps, number_text, text
from tallystick.evaluation.engine import TEXT, TIME
from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.spark import Spark
from tallystick.evaluation.to_json import local_text, utc_text
from tallystick.evaluation.to_json import number_text as shown_number
from tallystick.evaluation.to_table import to_table
from tallystick.rules.rule import order_of
from tallystick.rules.rulebook import Rulebook

if TYPE_CHECKING:
    import pyarrow as pa

MONTH = "month"
"""The column by whose values findings lie apart: the local month in which they begin, such as `2027-03`."""


def write_parts(rulebook: Rulebook, evaluation: Evaluation, engine: Spark, place: str) -> None:
    """Write one row for each finding, with the columns of `to_table`. Findings that lie with the data are not brought here.

    Raises EngineFailed when the place exists already, or cannot be written.
    """
    parts = parts_of(evaluation.findings)
    away = {id(p.bulk): p.bulk for p in parts if isinstance(p, BulkFindings) and not p.bulk.is_read}
    here = [p for p in parts if not (isinstance(p, BulkFindings) and id(p.bulk) in away)]
    table = to_table(rulebook, replace(evaluation, findings=Joined(here)))
    engine.write(_with_months(engine, table), place, MONTH, anew=True)
    for bulk in away.values():
        engine.write(_query(engine, bulk, ZoneInfo(rulebook.timezone)), place, MONTH)


def _with_months(engine: Spark, table: pa.Table) -> str:
    import pyarrow as pa

    texts = [field.with_type(pa.int64() if field.name == "samples" else pa.string()) for field in table.schema]
    handed = engine.take(table.cast(pa.schema(texts)))
    return f"SELECT *, left(start_local, 7) AS {MONTH} FROM {handed}"


def _query(engine: Spark, bulk: Bulk, zone: ZoneInfo) -> str:
    """SQL: the findings of a bulk as `to_table` has them."""
    rules = engine.hand_over(
        {"place": TIME, **dict.fromkeys(("rule", "clause", "number", "title", "threshold", "unit", "order"), TEXT)},
        [
            (
                *(place, each.rule.id, each.rule.clause, each.rule.number, each.rule.title),
                *(shown_number(each.threshold), each.unit.name, order_of(each.rule.id)),
            )
            for place, each in bulk.rules.items()
        ],
    )
    per = next(iter(bulk.rules.values())).rule.per
    groups = engine.hand_over(
        {"place": TIME, "group": TEXT},
        [
            (place, json.dumps(dict(zip(per, key, strict=False)), ensure_ascii=False))
            for place, key in bulk.groups.items()
        ],
    )
    windows = engine.hand_over(
        {"place": TIME, **dict.fromkeys(("start_utc", "end_utc", "start_local", "end_local"), TEXT)},
        [
            (place, utc_text(each.start), utc_text(each.end), local_text(each.start, zone), local_text(each.end, zone))
            for place, each in enumerate(bulk.windows)
        ],
    )
    return (
        f"SELECT {', '.join(_columns())}, left(w.start_local, 7) AS {MONTH} FROM ({bulk.query()}) f"
        f' JOIN {rules} r ON r.place = f.rule JOIN {groups} g ON g.place = f."group"'
        f' JOIN {windows} w ON w.place = f."window"'
    )


def _columns() -> Iterator[str]:
    is_verdict = {verdict: f"f.verdict = {place}" for place, verdict in enumerate(VERDICTS)}
    yield from ("f.id", "r.rule", "r.clause", "r.number", "r.title")
    yield f"CASE {' '.join(f'WHEN {test} THEN {text(each.value)}' for each, test in is_verdict.items())} END AS verdict"
    yield from ('g."group"', "'{}' AS about", "w.start_utc", "w.end_utc", "w.start_local", "w.end_local")
    yield f"{number_text(decimal_of_steps('f.value'))} AS value"
    yield from ("r.threshold", "r.unit")
    yield from (f"{NO_TEXT} AS {each}" for each in ("interval_low", "interval_high", "excluded"))
    yield f"CASE WHEN {is_verdict[Verdict.BREACHED]} THEN w.end_utc END AS decided_utc"
    reasons = " ".join(f"WHEN {place} THEN {text(reason)}" for place, reason in enumerate(BECAUSE))
    yield f"CASE f.because {reasons} END AS because"
    yield f"CASE WHEN {is_verdict[Verdict.EXCUSED]} THEN 'missing data' ELSE '' END AS excuse"
    yield from ('r."order"', "CAST(f.samples AS BIGINT) AS samples")
