"""`tally evaluate --engine`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from tallystick.cli.main import app
from tallystick.evaluation.engine import EngineFailed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


CONTRACT = Path(__file__).parents[2] / "contracts" / "uptime-sla" / "agreement.msa"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", str(CONTRACT), "--as-of", "2027-04-20", *arguments])


def test_both_engines_print_the_same(spark: SparkSession, tmp_path: Path) -> None:
    here = run("--all", "-o", str(tmp_path / "here.csv"))
    there = run("--all", "-o", str(tmp_path / "there.csv"), "--engine", "spark:local")
    assert (there.exit_code, there.stdout) == (here.exit_code, here.stdout)
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_what_is_explained_and_reported_is_the_same(spark: SparkSession, tmp_path: Path) -> None:
    found = json.loads(run("--format", "json").stdout)["findings"]
    breached = next(each["id"] for each in found if each["verdict"] == "breached")

    def shown(*arguments: str) -> str:
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == 0, done.output
        return done.stdout

    explain = ("explain", breached, str(CONTRACT), "--as-of", "2027-04-20")
    assert shown(*explain, "--engine", "spark:local") == shown(*explain)
    report = ("report", str(CONTRACT), "--month", "2027-03", "--as-of", "2027-04-20", "--format", "json")
    assert shown(*report, "--engine", "spark:local") == shown(*report)


def test_an_engine_that_does_not_exist() -> None:
    refused = run("--engine", "sqlite")
    says = "“sqlite” is no engine: write duckdb, spark:local, spark://HOST:PORT or sc://HOST:PORT."
    assert (refused.exit_code, refused.stdout, " ".join(refused.stderr.split())) == (2, "", says)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("sc://localhost:1", "Connection refused"),
        ("spark://localhost:1,localhost:2", "Connection refused"),
        ("spark://", "the name of the machine is missing"),
        ("sc://localhost:99999", "Port out of range"),
    ],
)
def test_a_spark_that_is_not_there_is_said_at_once(address: str, why: str) -> None:
    refused = run("--engine", address)
    assert (refused.exit_code, refused.stdout) == (2, "")
    says = " ".join(refused.stderr.split())
    assert says.startswith(f"no Spark answers at {address} (")
    assert why in says


def test_spark_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    refused = run("--engine", "spark:local")
    says = "Spark needs the package pyspark, and Java 17 or newer. Install it: pip install 'tallystick[spark]'"
    assert (refused.exit_code, refused.stdout, " ".join(refused.stderr.split())) == (2, "", says)


def test_a_spark_that_gives_up_is_one_sentence(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it does so while findings are shown."""

    def gone(*_: object, **__: object) -> None:
        raise EngineFailed("Spark cannot judge the data (it is gone)")

    monkeypatch.setattr("tallystick.cli.evaluate.show", gone)
    refused = run("--engine", "spark:local")
    assert (refused.exit_code, refused.stderr.strip()) == (2, "Spark cannot judge the data (it is gone)")
