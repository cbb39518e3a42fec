"""Spark comes to what DuckDB and the reference come to, to the last byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.cases.page import FOLDER, compiled, fences, pages
from tests.reference.strategies import Example, examples
from tests.reference.test_agreement import assert_agreement, made_plain

import tallystick
from tallystick.evaluating import instant_of, judge
from tallystick.evaluation import counting
from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.spark import Spark
from tallystick.evaluation.to_json import to_json
from tallystick.facts.tables import Facts
from tallystick.rules.rulebook import Rulebook

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


CONTRACTS = Path(__file__).parents[2] / "contracts"
FEW = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
"""Spark is slow on small data: an example that fails is tried on DuckDB to find a smaller one."""


def assert_same(spark: SparkSession, rulebook: Rulebook, folder: Path, as_of: str) -> None:
    """Findings and what follows from them, as JSON."""
    judged = judge(rulebook, folder, instant_of(as_of, rulebook.timezone))
    found = evaluate(rulebook, judged.facts, judged.evaluation.as_of, engine=on(spark, judged.facts))
    assert to_json(rulebook, found, ()) == to_json(rulebook, judged.evaluation, ())


def on(spark: SparkSession, facts: Facts) -> Spark:
    """An engine with names of its own."""
    return Spark(spark.newSession(), facts)


CASES = [path.stem for path in pages() if "```findings" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("case", CASES[::3])
def test_a_case_has_the_same_findings(spark: SparkSession, case: str, tmp_path: Path) -> None:
    found = fences((FOLDER / f"{case}.md").read_text(encoding="utf-8"))
    result, _ = compiled(found)
    assert result is not None
    for fence in found:
        if fence.kind == "data":
            (tmp_path / f"{fence.detail}.csv").write_text(fence.text, encoding="utf-8")
    *_, as_of = (fence.detail for fence in found if fence.kind == "findings")
    assert_same(spark, result.rulebook, tmp_path, as_of)


@pytest.mark.parametrize(
    ("name", "as_of"),
    [("uptime-sla", "2027-07-01"), ("object-storage-sla", "2027-01-21"), ("model-hosting", "2027-07-01")],
)
def test_a_contract_has_the_same_findings(spark: SparkSession, name: str, as_of: str) -> None:
    source, problems = tallystick.load(CONTRACTS / name / "agreement.msa")
    assert source is not None, problems
    result, diagnostics = tallystick.compile(source)
    assert result is not None, diagnostics
    assert_same(spark, result.rulebook, CONTRACTS / name / "data", as_of)


def test_generated_agreements_have_the_findings_of_the_reference(spark: SparkSession) -> None:
    def agrees(example: Example) -> None:
        assert_agreement(example, lambda facts: on(spark, facts))

    FEW(given(examples())(agrees))()


def test_rules_judged_together_have_the_findings_of_the_reference(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where findings lie in columns until they are looked at."""
    monkeypatch.setattr(counting, "FEW", 0)

    def agrees(example: Example) -> None:
        assert_agreement(made_plain(example), lambda facts: on(spark, facts))

    FEW(given(examples(("keep",)))(agrees))()
