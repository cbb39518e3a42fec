"""Data that Spark reads where it lies is read as the careful reader reads it."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.evaluation.building import each, event, period, record
from tests.evaluation.test_counting import (
    AS_OF,
    BIND,
    SCHEMA,
    book,
    folder,
    plain_rules,
    said,
    samples,
)

from tallystick.evaluating import judge
from tallystick.evaluation.spark import LOCAL
from tallystick.facts.problem import DataError
from tallystick.rules.rule import Keep, Occasion, Retention
from tallystick.rules.rulebook import Rulebook

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def some_rules() -> list[Keep]:
    """One shape, all metrics: so that Spark has one plan to make."""
    same = {"per": ("model",), "environments": (), "window": each("day")}
    return [rule.model_copy(update=same) for rule in (*plain_rules()[:2], *plain_rules()[-4:])]


def counted(judged: Any) -> Counter[tuple[str, str]]:
    """Rows set aside, by source and reason."""
    return Counter({(each.source, each.reason): each.count for each in judged.facts.set_aside})


def bound(path: Path, table: str) -> Path:
    """A folder whose data is a table of Spark."""
    path.mkdir()
    toml = BIND.replace("file = 'FILE'", f"table = '{table}'")
    (path / "tally.toml").write_text(toml, encoding="utf-8")
    return path


def test_files_and_tables_have_the_same_findings(spark: SparkSession, tmp_path: Path) -> None:
    """Several metrics in one table, by path, by a name of the catalog, and by a path that is named as a table."""
    rules, data = book(*plain_rules()[::3]), folder(tmp_path / "files", samples(), files=3)
    here = judge(rules, data, AS_OF)
    files = judge(rules, data, AS_OF, engine=LOCAL)
    assert said(files) == said(here)
    assert len(files.facts.shapes) == 3
    assert not files.facts.held()
    assert files.facts.read == here.facts.read
    fewer = book(*some_rules())
    here = judge(fewer, data, AS_OF)
    spark.read.parquet(str(data / "*.parquet")).createOrReplaceTempView("lake")
    assert said(judge(fewer, bound(tmp_path / "named", "lake"), AS_OF, engine=LOCAL)) == said(here)
    by_path = f"parquet.`{data}/samples_*.parquet`"
    assert said(judge(fewer, bound(tmp_path / "by path", by_path), AS_OF, engine=LOCAL)) == said(here)


def test_rows_that_cannot_be_read_are_set_aside_for_the_same_reasons(spark: SparkSession, tmp_path: Path) -> None:
    speed = {"time": samples()[0]["time"], "metric": "speed", "model": "a", "environment": "production", "value": 1.0}
    wrong = [
        speed | {"time": None},
        speed | {"model": "  "},
        speed | {"model": None},
        speed | {"environment": "moon"},
        speed | {"value": None},
        speed | {"value": math.nan},
        speed | {"value": -math.inf},
        speed | {"value": 2e18},
        speed | {"metric": "share", "value": 1.0000000001},
        speed | {"metric": "share", "value": -0.1},
        speed | {"metric": "requests", "value": 1.5},
        speed | {"metric": "requests", "value": -1.0},
        speed | {"metric": "elsewhere", "value": math.nan},
    ]
    rules, data = book(*some_rules()), folder(tmp_path / "data", [*wrong, *samples()])
    here, there = judge(rules, data, AS_OF), judge(rules, data, AS_OF, engine=LOCAL)
    assert counted(there) == counted(here)
    assert sum(counted(there).values()) == len(wrong) - 1
    assert said(there) == said(here)
    assert not there.facts.held()


def test_binary_numbers_are_read_as_their_shortest_text(spark: SparkSession) -> None:
    """Also those in the middle of two steps, and those beside it; Java 17 does not write the shortest text itself."""
    from pyspark.sql import functions as f

    from tallystick.facts.in_spark import _binary

    chance = random.Random(5)
    given = [round(chance.uniform(-1e6, 1e6), places) for places in range(13) for _ in range(300)]
    given += [chance.uniform(-1, 1) * 10.0 ** chance.randrange(-12, 6) for _ in range(3_000)]
    given += [chance.uniform(2**19, 2**22) for _ in range(3_000)]
    given += [
        float(f"{chance.choice((10**3, 10**6, 4 * 10**6)) - chance.randrange(10**3)}.{chance.randrange(10**9):09d}5")
        for _ in range(2_000)
    ]
    given += [math.nextafter(each, to) for each in given[-2_000:] for to in (math.inf, -math.inf)]
    given += [float(chance.randrange(9 * 10**9)) for _ in range(300)] + [0.0, -0.0, 5e-324, 8999999999.0, 1234567.89]
    session = spark.newSession()
    session.conf.set("spark.sql.ansi.enabled", "true")
    session.conf.set("spark.sql.decimalOperations.allowPrecisionLoss", "false")
    number = _binary(f.col("v"))
    rows = session.createDataFrame(pa.table({"v": given}))
    found = rows.select("v", number.steps.alias("steps"), number.careful.alias("careful")).collect()
    assert len(found) == len(given)
    for row in found:
        exact = Decimal(repr(row["v"])).quantize(Decimal("1e-9"), ROUND_HALF_UP)
        assert (row["steps"], row["careful"]) == (int(exact.scaleb(9)), False), row["v"]
    large = session.createDataFrame(pa.table({"v": [5_000_000.1, 9e9, 9.1e17]}))
    assert [row[0] for row in large.select(number.careful).collect()] == [True, True, True]


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        (pa.int32(), int),
        (pa.int64(), int),
        (pa.decimal128(12, 3), Decimal),
        (pa.decimal128(38, 12), lambda value: Decimal(value) + Decimal("0.0000000005")),
    ],
)
def test_other_numbers_say_the_same(spark: SparkSession, tmp_path: Path, kind: pa.DataType, make: Any) -> None:
    rows = [row | {"value": make(row["value"] // 1)} for row in samples() if row["metric"] == "speed"]
    rules = book(*(rule for rule in some_rules() if "speed" in rule.model_dump_json()))
    data = folder(tmp_path / "data", rows, schema=SCHEMA.set(4, pa.field("value", kind)))
    there = judge(rules, data, AS_OF, engine=LOCAL)
    assert said(there) == said(judge(rules, data, AS_OF))
    assert not there.facts.held()


def test_what_is_not_plain_is_read_with_care(spark: SparkSession, tmp_path: Path) -> None:
    """Numbers whose digits a binary number does not vouch for, and bindings that translate."""
    rules = book(*some_rules())
    large = [row | {"value": 5_500_000.1} if row["metric"] == "speed" else row for row in samples()]
    data = folder(tmp_path / "large", large)
    there = judge(rules, data, AS_OF, engine=LOCAL)
    assert said(there) == said(judge(rules, data, AS_OF))
    assert there.facts.held() == ["metric_requests", "metric_share", "metric_speed"]
    data = folder(tmp_path / "translated", samples())
    toml = (data / "tally.toml").read_text(encoding="utf-8")
    (data / "tally.toml").write_text(
        toml.replace(
            "[defaults]\n", "[defaults]\ndimensions = { model = { column = 'model', values = { a = 'b' } } }\n"
        ),
        encoding="utf-8",
    )
    assert said(judge(rules, data, AS_OF, engine=LOCAL)) == said(judge(rules, data, AS_OF))


def test_events_and_records_lie_in_spark_too(spark: SparkSession, tmp_path: Path) -> None:
    rules, chance = happenings_book(), random.Random(3)
    base = datetime(2027, 1, 1, tzinfo=UTC).timestamp()

    def moment() -> datetime:
        return datetime.fromtimestamp(base + chance.randrange(40 * 86_400), UTC)

    incidents: list[dict[str, Any]] = [
        {
            "time": moment(),
            "incident_id": f" {n} ",
            "severity": chance.choice([None, "high"]),
            "kind": chance.choice("xy"),
        }
        | {"loss": Decimal(n) / 7, "gross": None, "delay": chance.choice([None, 0.5])}
        for n in range(60)
    ]
    incidents.append(incidents[0] | {"incident_id": None, "kind": "x"})
    incidents.append(incidents[0] | {"delay": -1.0, "kind": "x"})
    outages = [{"begin": moment(), "end": chance.choice([None, moment()]), "model": "a"} for _ in range(30)]
    instant, text = pa.timestamp("us", "UTC"), pa.string()
    loss = pa.decimal128(30, 12)
    shape = {"time": instant, "incident_id": text, "severity": text, "kind": text}
    shape |= {"loss": loss, "gross": loss, "delay": pa.float64()}
    rounded = [row | {"loss": row["loss"].quantize(Decimal("1e-12"))} for row in incidents]
    parquet.write_table(pa.Table.from_pylist(rounded, pa.schema(shape)), tmp_path / "incident.parquet")
    shape = {"begin": instant, "end": instant, "model": text}
    parquet.write_table(pa.Table.from_pylist(outages, pa.schema(shape)), tmp_path / "outage.parquet")
    (tmp_path / "tally.toml").write_text("[event.incident]\nwhere = { kind = { not = 'y' } }\n", encoding="utf-8")
    here, there = judge(rules, tmp_path, AS_OF), judge(rules, tmp_path, AS_OF, engine=LOCAL)
    assert said(there) == said(here)
    assert counted(there) == counted(here)
    assert counted(there)["outage", "end before begin"] > 0
    assert counted(there)["incident", "a negative duration in delay"] == 1
    assert not there.facts.held()


def happenings_book() -> Rulebook:
    """Rules about rows one by one, with all that the rows say as evidence."""
    common: dict[str, Any] = {"clause": "c", "number": "1", "title": "T"}
    return book(
        Occasion(id="happened", trigger=event("incident"), per=("severity",), **common),
        Retention(id="kept", record=record("outage"), period=period(3, "days"), per=("model",), **common),
    )


# --- what cannot be read ---------------------------------------------------------------------------------------------


def refused(path: Path, engine: str = LOCAL) -> str:
    """Why the data cannot be read."""
    with pytest.raises(DataError) as error:
        judge(book(*some_rules()), path, AS_OF, engine=engine)
    return str(error.value)


def test_a_table_needs_a_spark(tmp_path: Path) -> None:
    says = refused(bound(tmp_path / "a", "lake"), "duckdb")
    assert "`lake` is a table of Spark, and the engine is DuckDB. Say --engine spark:local" in says


def test_a_table_must_be_there_and_be_plain(spark: SparkSession, tmp_path: Path) -> None:
    assert "[metric.speed]: the table `nowhere` is read where it lies, and Spark says of it: [TABLE_OR_VIEW" in refused(
        bound(tmp_path / "a", "nowhere")
    )
    spark.sql("SELECT 1 AS one").createOrReplaceTempView("bare")
    assert "and it has no column `metric`. Its columns: `one`." in refused(bound(tmp_path / "b", "bare"))
    rows = pa.Table.from_pylist(samples(), SCHEMA)
    spark.createDataFrame(rows).selectExpr(
        "*", "CAST(value AS FLOAT) AS single", "CAST(time AS DATE) AS day"
    ).createOrReplaceTempView("lake")
    for change, says in (
        ("value = 'single'", "a number of it is of type float"),
        ("time = 'day'", "its times are of type date: give instants"),
        ("distinct = 'model'", "its rows cannot be reduced by `distinct` or `state`"),
        ("dimensions = { model = { value = 'a' } }", "its cells cannot be translated"),
        ("file = 'samples.csv'", "`file` and `table` do not go together"),
    ):
        (tmp_path / "tally.toml").write_text(f"[metric.speed]\ntable = 'lake'\n{change}\n", encoding="utf-8")
        (tmp_path / "samples.csv").write_text("time,value\n", encoding="utf-8")
        assert says in refused(tmp_path)
    (tmp_path / "tally.toml").write_text("[[metric.speed]]\ntable = 'lake'\n" * 2, encoding="utf-8")
    assert "has another table besides. Make a view of both in Spark" in refused(tmp_path)
