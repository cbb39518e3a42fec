"""Every shipped contract, through every stage: what it must give was worked out by hand in its `expected.toml`."""

from __future__ import annotations

import random
import runpy
import shutil
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import tallystick
from tallystick.compilation import rules_json
from tallystick.evaluating import Judged, instant_of, read_rules
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.evaluation.to_json import to_json
from tallystick.quantities import known_unit
from tallystick.rules.rule import Remedy
from tallystick.syntax.to_source import format_source

CONTRACTS = Path(__file__).parents[2] / "contracts"
NAMES = tuple(sorted(path.parent.name for path in CONTRACTS.glob("*/expected.toml")))
FLAGSHIP = "ai-governance-msa"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

every_contract = pytest.mark.parametrize("name", NAMES)


@cache
def compiled(name: str) -> tallystick.Compiled:
    source, problems = tallystick.load(CONTRACTS / name / "agreement.msa")
    assert source is not None, problems
    found, diagnostics = tallystick.compile(source)
    assert found is not None
    assert diagnostics == ()
    return found


@cache
def expected(name: str) -> dict[str, Any]:
    return tomllib.loads((CONTRACTS / name / "expected.toml").read_text(encoding="utf-8"))


@cache
def judged(name: str) -> Judged:
    rulebook = compiled(name).rulebook
    return tallystick.evaluate(
        rulebook, CONTRACTS / name / "data", instant_of(expected(name)["as_of"], rulebook.timezone)
    )


def day_of(name: str, at: int | None) -> date:
    assert at is not None
    zone = ZoneInfo(compiled(name).rulebook.timezone)
    return (EPOCH + timedelta(microseconds=at)).astimezone(zone).date()


def the_finding(name: str, rule: str, group: dict[str, str], start: date) -> Finding:
    found = [
        item
        for item in judged(name).evaluation.findings
        if item.rule == rule and dict(item.group) == group and day_of(name, item.start) == start
    ]
    assert len(found) == 1, (rule, group, start, found)
    return found[0]


def in_unit(value: Decimal, unit: str | None, wanted: str | None) -> Decimal:
    if unit is None or wanted is None or unit == wanted:
        return value
    factor = Fraction(known_unit(unit).factor, known_unit(wanted).factor)
    return round(value * factor.numerator / factor.denominator, 6)


# --- the text ------------------------------------------------------------------------------------------------


@every_contract
def test_source_is_in_canonical_layout(name: str) -> None:
    text = (CONTRACTS / name / "agreement.msa").read_text(encoding="utf-8")
    assert format_source(text) == text


def test_flagship_is_a_whole_agreement() -> None:
    agreement = compiled(FLAGSHIP).agreement
    assert len(list(agreement.clauses)) >= 30
    assert len(list(agreement.rules)) >= 25
    covered = {stage for clause in agreement.clauses for stage in clause.stages}
    assert covered == set(agreement.stages)
    kinds = {rule.kind for rule in agreement.rules}
    assert kinds == {
        "keep", "keep_always", "cadence", "count", "response", "precedence", "prohibition", "permission", "retention",
        "deletion", "occasion",
    }  # fmt: skip


# --- the findings --------------------------------------------------------------------------------------------


@every_contract
def test_no_row_is_set_aside(name: str) -> None:
    assert judged(name).facts.set_aside == ()


@every_contract
def test_findings_are_those_worked_out_by_hand(name: str) -> None:
    wanted = expected(name)["finding"]
    assert len(wanted) >= (12 if name == FLAGSHIP else 6)
    for row in wanted:
        found = the_finding(name, row["rule"], row["group"], row["start"])
        assert found.verdict.value == row["verdict"], row
        if "value" in row:
            assert found.value is not None, row
            assert in_unit(found.value, found.unit, row.get("unit")) == Decimal(row["value"]), row


@every_contract
def test_credits_are_those_worked_out_by_hand(name: str) -> None:
    wanted = sorted(
        (row["rule"], sorted(row["group"].items()), row["party"], row["month"], Decimal(row["amount"]))
        for row in expected(name).get("credit", [])
    )
    found = sorted(
        (item.rule, sorted(item.group), item.party, f"{day_of(name, item.belongs):%Y-%m}", item.amount)
        for item in judged(name).evaluation.credits
    )
    assert found == wanted
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for item in judged(name).evaluation.credits:
        totals[item.party] += item.amount
    assert totals == {party: Decimal(amount) for party, amount in expected(name).get("credit_total", {}).items()}


@every_contract
def test_interest_is_that_worked_out_by_hand(name: str) -> None:
    wanted = [
        (row["rule"], row["party"], row["month"], row["days"], Decimal(row["amount"]))
        for row in expected(name).get("interest", [])
    ]
    found = [
        (item.rule, item.party, f"{day_of(name, item.end):%Y-%m}", item.days, item.amount)
        for item in judged(name).evaluation.interest
    ]
    assert sorted(found) == sorted(wanted)


@every_contract
def test_rights_to_terminate_are_those_worked_out_by_hand(name: str) -> None:
    wanted = [(r["clause"], r["party"], r["uncured"], r["arises"]) for r in expected(name).get("termination", [])]
    found = [
        (item.clause, item.party, item.uncured, day_of(name, item.arises))
        for item in judged(name).evaluation.terminations
    ]
    assert sorted(found) == sorted(wanted)


@every_contract
def test_duties_cures_and_blocks_are_those_worked_out_by_hand(name: str) -> None:
    evaluation = judged(name).evaluation
    for row in expected(name).get("cured", []):
        breach = the_finding(name, row["rule"], row["group"], row["start"])
        assert [item.state.value for item in evaluation.cures if item.finding == breach.id] == [row["status"]], row
    for row in expected(name).get("blocked", []):
        found = [f for f in blocked_acts(evaluation.findings, row["rule"]) if day_of(name, f.start) == row["start"]]
        assert len(found) == 1, row
    for row in expected(name).get("duty", []):
        breach = the_finding(name, row["rule"], row["group"], row["of"])
        kind = f"{row['rule']}/{row['does']}-"
        duties = [
            f
            for f in evaluation.findings
            if f.rule.startswith(kind) and f.group == breach.group and f.start == breach.decided
        ]
        assert [f.verdict.value for f in duties] == [row["verdict"]], row


def blocked_acts(findings: Sequence[Finding], rule: str) -> Iterator[Finding]:
    return (f for f in findings if f.rule.startswith(f"{rule}/block-") and f.verdict is Verdict.BREACHED)


def test_every_verdict_and_consequence_occurs_in_the_flagship() -> None:
    evaluation = judged(FLAGSHIP).evaluation
    verdicts = Counter(finding.verdict for finding in evaluation.findings)
    assert set(verdicts) == set(Verdict)
    assert {cure.state.value for cure in evaluation.cures} >= {"cured", "uncured"}
    assert any(credit.amount < credit.before for credit in evaluation.credits)
    assert any(step.due for step in evaluation.escalations)
    assert {right.uncured for right in evaluation.terminations} == {True, False}
    assert evaluation.blocks
    kinds = {remedy.kind for remedy in all_remedies(FLAGSHIP)}
    assert kinds == {
        "notify",
        "perform",
        "credit",
        "cap",
        "cure",
        "escalate",
        "terminate",
        "block",
        "interest",
        "refund",
    }


def all_remedies(name: str) -> Iterator[Remedy]:
    rulebook = compiled(name).rulebook
    yield from rulebook.remedies
    for rule in rulebook.rules:
        yield from rule.remedies


# --- the same, again and otherwise ---------------------------------------------------------------------------


@every_contract
def test_sample_data_is_what_its_script_writes(name: str, tmp_path: Path) -> None:
    script = shutil.copy(CONTRACTS / name / "make_data.py", tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    shipped = {p.name: p.read_bytes() for p in (CONTRACTS / name / "data").iterdir() if p.suffix == ".csv"}
    written = {p.name: p.read_bytes() for p in (tmp_path / "data").iterdir() if p.suffix == ".csv"}
    assert written == shipped


def test_rules_alone_give_the_same_findings(tmp_path: Path) -> None:
    """An auditor needs rules.json and the data, and the order of rows does not matter."""
    name = "uptime-sla"
    (tmp_path / "rules.json").write_text(rules_json(compiled(name).rulebook), encoding="utf-8")
    chance = random.Random(7)
    for file in (CONTRACTS / name / "data").iterdir():
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        body = lines[1:]
        chance.shuffle(body)
        (tmp_path / file.name).write_text("".join([lines[0], *body]), encoding="utf-8")
    rulebook = read_rules(tmp_path / "rules.json")
    assert rulebook == compiled(name).rulebook
    again = tallystick.evaluate(rulebook, tmp_path, judged(name).evaluation.as_of)
    assert to_json(rulebook, again.evaluation) == to_json(rulebook, judged(name).evaluation)


@every_contract
def test_compiling_again_gives_the_same_bytes(name: str) -> None:
    source, _ = tallystick.load(CONTRACTS / name / "agreement.msa")
    assert source is not None
    again, _ = tallystick.compile(source)
    assert again is not None
    assert rules_json(again.rulebook) == rules_json(compiled(name).rulebook)
    assert again.tally == compiled(name).tally
