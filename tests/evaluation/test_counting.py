"""Plain rules judged together: counting says what sorting says, wherever the rows lie and however many findings there are."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any as Anything

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tallystick.evaluating import Judged, judge
from tallystick.evaluation import bulk, counting
from tallystick.evaluation.bulk import curable, having, tallied
from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.numbers import holds, shown
from tallystick.evaluation.to_json import to_json
from tallystick.evaluation.to_table import to_table, write_csv, write_parquet
from tallystick.facts.in_place import steps
from tallystick.rules.measure import Comparison, Share
from tallystick.rules.rule import Cure, Keep, Rule
from tallystick.rules.rulebook import MetricData, Rulebook

from .building import BASE, aggregate, at, each, facts, metric, period, quantity, rulebook

VALUES = st.decimals(min_value=-3, max_value=3, places=1, allow_nan=False)
UNITS = {"speed": "score", "share": "fraction", "requests": "count"}


def keep(measure: Anything, comparison: Comparison, threshold: str, unit: str = "score", **more: Anything) -> Keep:
    given = {"per": (), "window": each("month")} | more
    return Keep(**(BASE | given), measure=measure, comparison=comparison, threshold=quantity(threshold, unit))


def nearest_rank(samples: list[Decimal], percent: Decimal) -> Decimal:
    """The smallest sample that at least that share of the samples does not exceed."""
    ordered = sorted(samples)
    return ordered[math.ceil(Fraction(percent) * len(ordered) / 100) - 1]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(VALUES, min_size=1, max_size=12),
    st.sampled_from(["0.1", "1", "33.3", "50", "75", "90", "95", "99.9", "100"]).map(Decimal),
    VALUES,
)
def test_a_percentile_is_decided_by_counting(samples: list[Decimal], percent: Decimal, threshold: Decimal) -> None:
    data = facts(score=[{"time": at("2027-01-05"), "value": str(value)} for value in samples])
    expected = nearest_rank(samples, percent)
    rules = [
        keep(aggregate("percentile", metric("score"), str(percent)), comparison, str(threshold), id=comparison.name)
        for comparison in Comparison
    ]
    found = evaluate(rulebook(*rules), data, at("2027-02-01")).findings
    for finding, comparison in zip(found, Comparison, strict=True):
        met = holds(Fraction(expected), comparison, Fraction(threshold))
        assert finding.verdict is (Verdict.MET if met else Verdict.BREACHED)
        assert finding.value == shown(Fraction(expected))
    data.connection.close()


# --- data of a folder ------------------------------------------------------------------------------------------------


def book(*rules: Rule, **more: Anything) -> Rulebook:
    metrics = tuple(
        MetricData(id=name, title=name, unit=unit, dimensions=("model", "environment")) for name, unit in UNITS.items()
    )
    return rulebook(*rules, metrics=metrics, environments=("production", "staging"), **more)


def plain_rules() -> list[Keep]:
    measures: list[tuple[str, Anything]] = [
        ("speed", aggregate(function, metric("speed"))) for function in ("mean", "min", "max", "sum", "median")
    ]
    measures += [("speed", aggregate("percentile", metric("speed"), percent)) for percent in ("90", "99.5")]
    measures += [
        ("speed", Share(of=metric("speed"), comparison=comparison, threshold=quantity("40.5", "score")))
        for comparison in Comparison
    ]
    measures += [("requests", aggregate("count", metric("requests"))), ("share", aggregate("mean", metric("share")))]
    thresholds = {"speed": "40.5", "requests": "20", "share": "0.5"}
    return [
        keep(
            measure,
            comparison,
            "0.4" if isinstance(measure, Share) else thresholds[source],
            "fraction" if isinstance(measure, Share) else UNITS[source],
            id=f"r{number}_{comparison.name}",
            clause=f"c{number}",
            per=(("model",), (), ("model", "environment"))[number % 3],
            environments=((), ("production",), ("production", "staging"))[number % 3],
            window=each(("day", "month", "week")[number % 3]),
            minimum_samples=1 + number % 3,
        )
        for number, (source, measure) in enumerate(measures)
        for comparison in (Comparison.AT_LEAST, Comparison.BELOW)
    ]


BIND = "[defaults]\nfile = 'FILE'\n" + "".join(f"[metric.{name}]\nwhere = {{ metric = '{name}' }}\n" for name in UNITS)


def samples(seed: int = 1) -> list[dict[str, Anything]]:
    chance = random.Random(seed)
    of = {
        "speed": lambda: chance.choice([chance.uniform(-50, 100), round(chance.uniform(0, 100), 2), 40.5]),
        "share": lambda: chance.choice([chance.random(), 0.5, 1.0, 0.0]),
        "requests": lambda: float(chance.randrange(100)),
    }
    return [
        {
            "time": at("2026-12-25") + chance.randrange(60 * 86_400) * 1_000_000,
            "metric": name,
            "model": chance.choice(["a", "b", "c é"]),
            "environment": chance.choice(["production", "staging"]),
            "value": of[name](),
        }
        for name in chance.choices(list(UNITS), k=600)
    ]


SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("us", "UTC")),
        *((name, pa.string()) for name in ("metric", "model", "environment")),
        ("value", pa.float64()),
    ]
)


def folder(path: Path, rows: list[dict[str, Anything]], files: int = 1, schema: pa.Schema = SCHEMA) -> Path:
    path.mkdir()
    for number in range(files):
        table = pa.Table.from_pylist(rows[number::files], schema)
        parquet.write_table(table, path / f"samples_{number}.parquet")
    (path / "tally.toml").write_text(BIND.replace("FILE", "samples_*.parquet"), encoding="utf-8")
    return path


def texts(path: Path, rows: list[dict[str, Anything]]) -> Path:
    """The same rows as CSV, which is read with care."""
    path.mkdir()
    lines = [
        ",".join([str(row["time"]), row["metric"], row["model"] or "", row["environment"] or "", repr(row["value"])])
        for row in rows
    ]
    (path / "samples.csv").write_text("\n".join(["time,metric,model,environment,value", *lines]), encoding="utf-8")
    toml = BIND.replace("FILE", "samples.csv").replace("\n", "\ntime_format = 'epoch microseconds'\n", 1)
    (path / "tally.toml").write_text(toml, encoding="utf-8")
    return path


def said(judged: Judged) -> str:
    return to_json(judged.rulebook, judged.evaluation)


AS_OF = "2027-02-10T12:00:00Z"


def test_parquet_in_place_says_what_text_says(tmp_path: Path) -> None:
    rules, rows = book(*plain_rules()), samples()
    placed = judge(rules, folder(tmp_path / "parquet", rows), AS_OF)
    read = judge(rules, texts(tmp_path / "csv", rows), AS_OF)
    assert len(placed.facts.shapes) == 3
    assert not read.facts.shapes
    assert placed.facts.read == read.facts.read
    assert said(placed) == said(read)
    assert {finding.verdict for finding in placed.evaluation.findings} > {
        Verdict.MET,
        Verdict.BREACHED,
        Verdict.PENDING,
    }


def test_neither_order_nor_split_shows(tmp_path: Path) -> None:
    rules, rows = book(*plain_rules()), samples()
    expected = said(judge(rules, folder(tmp_path / "one", rows), AS_OF))
    for number, files in enumerate((1, 2, 7)):
        random.Random(number).shuffle(rows)
        assert said(judge(rules, folder(tmp_path / f"split_{number}", rows, files), AS_OF)) == expected


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_threads_do_not_show(tmp_path: Path, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rules, rows = book(*plain_rules()), samples()
    expected = said(judge(rules, folder(tmp_path / "some", rows), AS_OF))
    plain = duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda: plain(":memory:", config={"threads": threads}))
    assert said(judge(rules, folder(tmp_path / "others", rows), AS_OF)) == expected


FAULTS: list[Callable[[dict[str, Anything]], dict[str, Anything]]] = [
    lambda row: row | {"metric": "speed", "value": float("nan")},
    lambda row: row | {"metric": "speed", "value": float("inf")},
    lambda row: row | {"metric": "speed", "value": None},
    lambda row: row | {"metric": "speed", "value": 1e300},
    lambda row: row | {"metric": "share", "value": 1.0000000001},
    lambda row: row | {"metric": "requests", "value": 1.5},
    lambda row: row | {"metric": "requests", "value": -1.0},
    lambda row: row | {"metric": "speed", "environment": "nowhere"},
    lambda row: row | {"metric": "speed", "environment": " "},
    lambda row: row | {"metric": "speed", "model": None},
    lambda row: row | {"metric": "speed", "time": None},
]


@pytest.mark.parametrize("fault", FAULTS)
def test_rows_out_of_order_are_set_aside(tmp_path: Path, fault: Callable[[dict[str, Anything]], Anything]) -> None:
    rules, rows = book(*plain_rules()), samples()
    wrong = fault(rows[100])
    judged = judge(rules, folder(tmp_path / "data", [*rows, wrong]), AS_OF)
    assert [(one.source, one.count, one.first_row) for one in judged.facts.set_aside] == [(wrong["metric"], 1, 601)]
    assert len(judged.facts.shapes) in (0, 2)
    sound = judge(rules, folder(tmp_path / "sound", rows), AS_OF)
    assert said(judged) == said(sound)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("said_of_columns", [True, False])
def test_what_files_say_of_columns_hides_no_row(
    tmp_path: Path, fault: Callable[[dict[str, Anything]], Anything], said_of_columns: bool
) -> None:
    name = fault({})["metric"]
    rules = book(*(rule for rule in plain_rules() if f'"{name}"' in rule.model_dump_json()))
    rows = [row for row in samples() if row["metric"] == name]
    expected = said(judge(rules, folder(tmp_path / "sound", rows), AS_OF))
    data = folder(tmp_path / "data", [])
    table = pa.Table.from_pylist([*rows, fault(rows[100])], SCHEMA)
    parquet.write_table(table, data / "samples_0.parquet", write_statistics=said_of_columns)
    judged = judge(rules, data, AS_OF)
    assert [(one.count, one.first_row) for one in judged.facts.set_aside] == [(1, len(rows) + 1)]
    assert said(judged) == expected


def test_blanks_around_texts_say_nothing(tmp_path: Path) -> None:
    rules, rows = book(*plain_rules()), samples()
    blank = [row | {name: f" {row[name]} " for name in ("metric", "model", "environment")} for row in rows[:300]]
    expected = said(judge(rules, folder(tmp_path / "plain", rows), AS_OF))
    judged = judge(rules, folder(tmp_path / "blank", [*blank, *rows[300:]]), AS_OF)
    assert len(judged.facts.shapes) == 3
    assert said(judged) == expected


@settings(max_examples=60, deadline=None)
@given(st.floats(-8.9e9, 8.9e9), st.integers(0, 12))
def test_binary_numbers_are_read_as_their_text(value: float, places: int) -> None:
    for one in (value, round(value, places), math.nextafter(round(value, places), 0)):
        sql = f"SELECT {steps('v', 'DOUBLE')} FROM (SELECT CAST(? AS DOUBLE) AS v)"
        found = duckdb.execute(sql, [one]).fetchall()[0][0]
        exact = Decimal(repr(one)).quantize(Decimal("1e-9"), ROUND_HALF_UP)
        assert found == int(exact.scaleb(9))


@pytest.mark.parametrize(
    ("value", "kind"),
    [(pa.int32(), "whole"), (pa.decimal128(12, 3), "decimal"), (pa.float32(), "single"), (pa.string(), "text")],
)
def test_other_numbers_say_the_same(tmp_path: Path, value: pa.DataType, kind: str) -> None:
    rows = [row | {"value": row["value"] // 1} for row in samples() if row["metric"] == "speed"]
    typed = [
        row | {"value": {"whole": int, "decimal": Decimal, "single": float, "text": str}[kind](row["value"])}
        for row in rows
    ]
    rules = book(*(rule for rule in plain_rules() if "speed" in rule.model_dump_json()))
    expected = said(judge(rules, folder(tmp_path / "double", rows), AS_OF))
    schema = SCHEMA.set(4, pa.field("value", value))
    assert said(judge(rules, folder(tmp_path / kind, typed, schema=schema), AS_OF)) == expected


def test_rules_apart_read_the_same_rows(tmp_path: Path) -> None:
    """A rule that is not plain, beside plain ones, of metrics in place; and one with something that follows."""
    apart = keep(aggregate("stddev", metric("speed")), Comparison.AT_MOST, "30", per=("model",), id="apart")
    followed = plain_rules()[0].model_copy(update={"id": "followed", "remedies": (Cure(within=period(3, "days")),)})
    rules, rows = book(*plain_rules(), apart, followed), samples()
    placed = judge(rules, folder(tmp_path / "parquet", rows), AS_OF)
    assert said(placed) == said(judge(rules, texts(tmp_path / "csv", rows), AS_OF))
    assert any(cure.rule == "followed" and cure.until for cure in placed.evaluation.cures)


# --- many findings ---------------------------------------------------------------------------------------------------


@pytest.fixture
def lying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Judged, Judged]:
    """The same evaluation with its findings made at once, and with findings that lie in columns."""
    followed = plain_rules()[0].model_copy(update={"id": "followed", "remedies": (Cure(within=period(30, "days")),)})
    rules, data = book(*plain_rules()[:5], followed, *plain_rules()[5:]), folder(tmp_path / "data", samples())
    few = judge(rules, data, AS_OF)
    monkeypatch.setattr(bulk, "FEW", 0)
    monkeypatch.setattr(counting, "FEW", 0)
    monkeypatch.setattr(bulk.gathered, "__defaults__", (0,))
    return few, judge(rules, data, AS_OF)


def test_findings_in_columns_are_the_same(lying: tuple[Judged, Judged]) -> None:
    few, many = lying
    assert isinstance(few.evaluation.findings, tuple)
    assert isinstance(many.evaluation.findings, bulk.Joined)
    assert many.evaluation.findings == few.evaluation.findings
    assert repr(many.evaluation.findings) == repr(few.evaluation.findings)
    assert hash(many.evaluation.findings) == hash(few.evaluation.findings)
    assert many.evaluation.findings[-1] == few.evaluation.findings[-1]
    assert many.evaluation.findings[100:104] == list(few.evaluation.findings[100:104])
    assert many.evaluation.cures == few.evaluation.cures
    assert many.evaluation.cures[0] == few.evaluation.cures[0]
    assert list(curable(many.evaluation.cures)) == list(curable(few.evaluation.cures)) != []
    assert said(many) == said(few)
    assert many.kept is few.kept is False


def test_findings_in_columns_are_counted_and_picked(lying: tuple[Judged, Judged]) -> None:
    few, many = (judged.evaluation.findings for judged in lying)
    assert tallied(many, lambda f: f.clause, lambda r: r.clause) == tallied(few, lambda f: f.clause, lambda r: r.clause)
    picked = [list(islice(having(found, [Verdict.UNMEASURED, Verdict.PENDING]), 10)) for found in (few, many)]
    assert picked[0] == picked[1] != []


def test_findings_in_columns_are_written_the_same(lying: tuple[Judged, Judged], tmp_path: Path) -> None:
    written = []
    for number, judged in enumerate(lying):
        table = to_table(judged.rulebook, judged.evaluation)
        write_parquet(table, tmp_path / f"{number}.parquet")
        write_csv(table, tmp_path / f"{number}.csv")
        written.append((parquet.read_table(tmp_path / f"{number}.parquet"), (tmp_path / f"{number}.csv").read_bytes()))
    assert written[0][0].schema == written[1][0].schema
    assert written[0][0].to_pylist() == written[1][0].to_pylist()
    assert written[0][1] == written[1][1]
