"""Findings as one flat table, for spreadsheets and data frames: CSV and Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tallystick.evaluation.bulk import BECAUSE, VERDICTS, Bulk, Rows, stretches
from tallystick.evaluation.cases import CaseFindings
from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.evaluation.in_columns import decimals, instants, objects, times_in
from tallystick.evaluation.to_json import local_text, number_text, utc_text
from tallystick.rules.rule import Rule, order_of
from tallystick.rules.rulebook import Rulebook

if TYPE_CHECKING:
    import pyarrow as pa


def to_table(rulebook: Rulebook, evaluation: Evaluation) -> pa.Table:
    """One row for each finding. Values and thresholds are decimal text in `unit`, as are the ends of a confidence interval; the group is a JSON object."""
    import pyarrow as pa

    zone, rules = ZoneInfo(rulebook.timezone), {rule.id: rule for rule in rulebook.rules}
    whole: dict[int, pa.Table] = {}
    tables = [_plain((), rules, zone)]
    for found in stretches(evaluation.findings):
        if isinstance(found, Rows):
            if id(found.bulk) not in whole:
                whole[id(found.bulk)] = _of_bulk(found.bulk, zone)
            tables.append(whole[id(found.bulk)].slice(found.start, found.length))
        else:
            tables.append(_of_cases(found, zone) if isinstance(found, CaseFindings) else _plain(found, rules, zone))
    same = next(iter(whole.values()), tables[0]).schema
    return pa.concat_tables(table.cast(same) for table in tables)


def _plain(found: Sequence[Finding], rules: Mapping[str, Rule], zone: ZoneInfo) -> pa.Table:
    import pyarrow as pa

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


def _of_bulk(bulk: Bulk, zone: ZoneInfo) -> pa.Table:
    """The same of a bulk: each text stands once, and rows have its number."""
    import pyarrow as pa
    from pyarrow import compute

    rows, places = bulk.whole.combine_chunks(), sorted(bulk.rules)
    at = {place: number for number, place in enumerate(places)}
    rules = compute.index_in(rows["rule"], pa.array(places, rows["rule"].type)).combine_chunks()
    own = [bulk.rules[place] for place in sorted(at, key=at.__getitem__)]
    groups = sorted(bulk.groups)
    keys = compute.index_in(rows["group"], pa.array(groups, rows["group"].type)).combine_chunks()
    per = own[0].rule.per
    said = [json.dumps(dict(zip(per, bulk.groups[group], strict=False)), ensure_ascii=False) for group in groups]
    windows, breached = (
        rows["window"].combine_chunks(),
        compute.equal(rows["verdict"], VERDICTS.index(Verdict.BREACHED)),
    )
    excused = compute.equal(rows["verdict"], VERDICTS.index(Verdict.EXCUSED))

    def listed(places: pa.Array, texts: Iterable[str | None]) -> pa.Array:
        said = pa.array(texts, pa.string())
        if said.null_count:
            return said.take(places).dictionary_encode()
        return pa.DictionaryArray.from_arrays(places.cast(pa.int32()), said)

    none, values = pa.nulls(len(rows), pa.int32()), rows["value"].combine_chunks().dictionary_encode()
    ends = [utc_text(window.end) for window in bulk.windows]
    columns = {
        "id": rows["id"].combine_chunks(),
        "rule": listed(rules, (each.rule.id for each in own)),
        "clause": listed(rules, (each.rule.clause for each in own)),
        "number": listed(rules, (each.rule.number for each in own)),
        "title": listed(rules, (each.rule.title for each in own)),
        "verdict": listed(rows["verdict"].combine_chunks(), (verdict.value for verdict in VERDICTS)),
        "group": listed(keys, said),
        "about": listed(compute.multiply(keys, 0), ["{}"]),
        "start_utc": listed(windows, (utc_text(window.start) for window in bulk.windows)),
        "end_utc": listed(windows, ends),
        "start_local": listed(windows, (local_text(window.start, zone) for window in bulk.windows)),
        "end_local": listed(windows, (local_text(window.end, zone) for window in bulk.windows)),
        "value": pa.DictionaryArray.from_arrays(values.indices, decimals(values.dictionary)),
        "threshold": listed(rules, (number_text(each.threshold) for each in own)),
        "unit": listed(rules, (each.unit.name for each in own)),
        "interval_low": listed(none, []),
        "interval_high": listed(none, []),
        "excluded": listed(none, []),
        "decided_utc": listed(compute.if_else(breached, windows, None).combine_chunks(), ends),
        "because": listed(rows["because"].combine_chunks(), BECAUSE),
        "excuse": listed(compute.cast(excused, pa.int32()).combine_chunks(), ["", "missing data"]),
        "order": listed(rules, (order_of(each.rule.id) for each in own)),
    }
    return pa.table({**columns, "samples": rows["samples"].cast(pa.int64())})


def _of_cases(found: CaseFindings, zone: ZoneInfo) -> pa.Table:
    """The same of cases that lie with the data. Instants and texts differ from row to row, and are written in columns."""
    import pyarrow as pa
    from pyarrow import compute

    rows, cases, rule = found.named(), found.cases, found.rule
    cased, breached = rows["cased"], compute.equal(rows["verdict"], VERDICTS.index(Verdict.BREACHED))
    unit, threshold = cases.unit, number_text(cases.shown_threshold)

    def same(text: str | None, where: pa.ChunkedArray | None = None) -> pa.ChunkedArray:
        given = pa.chunked_array([pa.array([text], pa.string()).take(pa.repeat(pa.scalar(0), len(rows)))])
        return given if where is None else compute.if_else(where, given, None)

    decided = compute.if_else(breached, rows["end"], None)
    measured = cased if threshold else compute.and_(cased, compute.is_valid(rows["value"]))
    columns = {
        "id": rows["id"],
        **{name: same(text) for name, text in zip(("rule", "clause", "number", "title"), (rule.id, rule.clause, rule.number, rule.title), strict=True)},
        "verdict": pa.array([verdict.value for verdict in VERDICTS]).take(rows["verdict"].combine_chunks()),
        "group": objects({d: rows[label] for d, label in zip(rule.per, cases.labels, strict=True)}, len(rows)),
        "about": objects({name: rows[column] for name, column in cases.told}, len(rows)),
        "start_utc": instants(rows["start"], None),
        "end_utc": instants(rows["end"], None),
        "start_local": instants(rows["start"], zone),
        "end_local": instants(rows["end"], zone),
        "value": times_in(rows["value"], unit) if unit else same(None),
        "threshold": same(threshold, cased),
        "unit": same(unit.name, measured) if unit else same(None),
        "interval_low": same(None),
        "interval_high": same(None),
        "excluded": same(None),
        "decided_utc": instants(decided, None),
        "because": rows["because"],
        "excuse": rows["excuse"],
        "order": same(order_of(rule.id)),
    }  # fmt: skip
    texts = {name: compute.cast(column, pa.string()) for name, column in columns.items()}
    return pa.table({**texts, "samples": rows["samples"].cast(pa.int64())})


def write_csv(table: pa.Table, path: Path) -> None:
    """Write the findings as CSV with a header."""
    import pyarrow as pa
    from pyarrow import csv

    texts = [field.with_type(pa.int64() if field.name == "samples" else pa.string()) for field in table.schema]
    csv.write_csv(table.cast(pa.schema(texts)), path)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write the findings as Parquet."""
    from pyarrow import parquet

    # Without the schema of Arrow a reader sees texts, however they were held here.
    parquet.write_table(table.unify_dictionaries(), path, store_schema=False)
