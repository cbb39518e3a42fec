"""The engine equals the reference on every shipped contract and its data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tallystick
from tallystick.evaluating import instant_of
from tallystick.facts.tables import Facts, table_name

from .evaluator import evaluate
from .rows import Tables
from .test_agreement import assert_consequences_agree, assert_findings_agree

CONTRACTS = Path(__file__).parents[2] / "contracts"

# The reference needs minutes for the whole year of the flagship.
CASES = [
    ("ai-governance-msa", "2027-02-15"),
    ("data-access-licence", "2027-07-01"),
    ("data-processing-agreement", "2027-06-18"),
    ("data-processing-agreement", "2028-01-01"),
    ("ict-outsourcing", "2027-10-01"),
    ("inference-api", "2027-01-02T18:00"),
    ("object-storage-sla", "2027-01-21"),
    ("software-support", "2027-06-13T11:00:30"),
    ("software-support", "2027-07-01T12:00"),
    ("uptime-sla", "2027-04-20T06:30:00"),
    ("uptime-sla", "2027-07-01"),
    ("model-hosting", "2027-07-01"),
]


def rows_of(facts: Facts) -> Tables:
    """The canonical tables as plain rows."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for kind, name in facts.bound:
        result = facts.connection.execute(f'SELECT * EXCLUDE "row" FROM "{table_name(kind, name)}"')
        names = [column[0].removeprefix("d_").removeprefix("a_") for column in result.description]
        found[kind.value, name] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return found


@pytest.mark.parametrize(("name", "as_of"), CASES)
def test_engine_equals_reference_on_a_contract(name: str, as_of: str) -> None:
    source, problems = tallystick.load(CONTRACTS / name / "agreement.msa")
    assert source is not None, problems
    compiled, diagnostics = tallystick.compile(source)
    assert compiled is not None, diagnostics
    rulebook = compiled.rulebook
    judged = tallystick.evaluate(rulebook, CONTRACTS / name / "data", instant_of(as_of, rulebook.timezone))
    expected = evaluate(rulebook.model_dump(mode="json"), rows_of(judged.facts), judged.evaluation.as_of)
    assert_findings_agree(judged.evaluation, expected, rulebook)
    assert_consequences_agree(judged.evaluation, expected)
