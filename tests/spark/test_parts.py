"""`--findings-to`: findings written by the workers are those that come here otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import dataset
from tests.evaluation.building import aggregate, metric
from tests.evaluation.test_counting import AS_OF, book, folder, keep, plain_rules, samples
from typer.testing import CliRunner

from tallystick.cli.main import app
from tallystick.evaluating import judge
from tallystick.evaluation import bulk, counting
from tallystick.evaluation.bulk import BulkFindings, parts_of
from tallystick.evaluation.engine import EngineFailed
from tallystick.evaluation.spark import LOCAL, Spark
from tallystick.evaluation.to_parts import write_parts
from tallystick.evaluation.to_table import to_table
from tallystick.rules.measure import Comparison

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


CONTRACT = Path(__file__).parents[2] / "contracts" / "uptime-sla" / "agreement.msa"


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows in an order of their own."""
    found: list[dict[str, Any]] = table.to_pylist()
    return sorted(found, key=lambda row: (row["rule"], row["group"], row["start_utc"], row["id"]))


def test_parts_hold_what_the_table_holds(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apart = keep(aggregate("stddev", metric("speed")), Comparison.AT_MOST, "30", per=("model",), id="apart")
    rules, data = book(*plain_rules(), apart), folder(tmp_path / "data", samples())
    wanted = to_table(rules, judge(rules, data, AS_OF).evaluation)
    monkeypatch.setattr(bulk, "FEW", 0)
    monkeypatch.setattr(counting, "FEW", 0)
    monkeypatch.setattr(bulk.gathered, "__defaults__", (0,))
    judged = judge(rules, data, AS_OF, engine=LOCAL)
    assert isinstance(judged.engine, Spark)
    write_parts(rules, judged.evaluation, judged.engine, str(tmp_path / "parts"))
    away = [part for part in parts_of(judged.evaluation.findings) if isinstance(part, BulkFindings)]
    assert away
    assert not any(part.bulk.is_read for part in away)
    found = dataset.dataset(tmp_path / "parts", partitioning="hive").to_table()
    assert set(found.column_names) == {*wanted.column_names, "month"}
    assert rows(found.select(wanted.column_names)) == rows(wanted)
    assert all(row["month"] == row["start_local"][:7] for row in found.to_pylist())
    with pytest.raises(EngineFailed, match="PATH_ALREADY_EXISTS"):
        write_parts(rules, judged.evaluation, judged.engine, str(tmp_path / "parts"))


def test_the_command_writes_parts(spark: SparkSession, tmp_path: Path) -> None:
    place = tmp_path / "parts"
    asked = ["evaluate", str(CONTRACT), "--as-of", "2027-04-20", "--findings-to", str(place)]
    result = CliRunner().invoke(app, [*asked, "--engine", "spark:local"])
    assert (result.exit_code, result.stderr) == (1, "")
    assert min(each.name for each in place.glob("month=*")) == "month=2027-01"
    again = CliRunner().invoke(app, [*asked, "--engine", "spark:local"])
    assert again.exit_code == 2
    assert "Spark cannot write the findings" in again.stderr
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 2
    assert "with DuckDB, write -o findings.parquet" in " ".join(refused.stderr.split())
