"""Data five times as large as the memory that DuckDB may use have the same findings."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tallystick.evaluating import Judged, judge
from tallystick.evaluation import bulk, counting
from tallystick.evaluation.dialect import DuckDBDialect
from tallystick.evaluation.engine import DuckDB, EngineFailed
from tallystick.evaluation.to_json import to_json
from tallystick.quantities import Quantity
from tallystick.rules.measure import Aggregate, Comparison, Function, Series, SeriesKind, Value
from tallystick.rules.rule import Calendar, CalendarUnit, Keep
from tallystick.rules.rulebook import MetricData, Rulebook

SAMPLES = 3_200_000
START, STEP = 1_798_761_600_000_000, 9_800_000
AS_OF = "2028-01-01"


def rules() -> Rulebook:
    latency = Series(source=SeriesKind.METRIC, name="latency")
    measures = [(Function.MEAN, None), *((Function.PERCENTILE, Decimal(p)) for p in ("50", "90", "99.5"))]
    return Rulebook(
        agreement="Large",
        version="1",
        effective=date(2027, 1, 1),
        until=date(2028, 1, 1),
        timezone="UTC",
        metrics=(MetricData(id="latency", title="latency", unit="milliseconds", dimensions=("model",)),),
        rules=tuple(
            Keep(
                id=f"keep_{number}",
                clause=f"c{number}",
                number=f"1.{number}",
                title="Latency",
                per=("model",),
                measure=Aggregate(function=function, of=latency, percentile=percentile),
                comparison=Comparison.AT_MOST,
                threshold=Value(quantity=Quantity(value=Decimal(500), unit="milliseconds")),
                window=Calendar(each=CalendarUnit.MONTH),
            )
            for number, (function, percentile) in enumerate(measures)
        ),
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples of a year, of twenty-one models in no order; half belong to one."""
    folder = tmp_path_factory.mktemp("large")
    duckdb.execute(
        f"COPY (SELECT make_timestamptz({START} + i * {STEP}) AS time, 'model_' || greatest(hash(i) % 40, 19) AS model,"
        f" (hash(i + 1) % 1000000000) / 1000000.0 AS value FROM range({SAMPLES}) t(i)) TO '{folder}/latency.parquet'"
        " (FORMAT parquet, ROW_GROUP_SIZE 8192, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1)"
    )
    return folder


def said(judged: Judged) -> str:
    return to_json(judged.rulebook, judged.evaluation)


@pytest.mark.parametrize("few", [0, bulk.FEW])
def test_little_memory_does_not_show(data: Path, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "FEW", few)
    expected = said(judge(rules(), data, AS_OF))
    assert (data / "latency.parquet").stat().st_size > 5 * 16_000_000
    connected, ranked, reads = duckdb.connect, DuckDBDialect.nearest_ranks, list[str]()

    def counted(*given: Any) -> str:
        reads.append(given[-1])
        return ranked(*given)

    monkeypatch.setattr(duckdb, "connect", lambda: connected(":memory:", config={"threads": 1}))
    monkeypatch.setattr(DuckDBDialect, "nearest_ranks", counted)
    assert said(judge(rules(), data, AS_OF, memory="16MB")) == expected
    assert len(reads) > 12


def test_less_than_is_needed_is_said() -> None:
    engine = DuckDB(duckdb.connect(config={"memory_limit": "8MB"}))
    for ask in (engine.rows, engine.table, engine.create):
        with pytest.raises(EngineFailed, match="there is not enough memory for the data"):
            ask("SELECT list(range) AS found FROM range(5000000)")


def test_all_that_is_known_of_memory_is_its_amount(data: Path) -> None:
    with pytest.raises(ValueError, match="not an amount of memory"):
        judge(rules(), data, AS_OF, memory="a lot")
