"""What `tally new` starts from: no warnings, canonical layout, and findings worth looking at, at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tallystick.cli.new import templates
from tallystick.compilation import compile_source, load
from tallystick.document.to_markdown import to_markdown
from tallystick.evaluating import Judged, instant_of, judge
from tallystick.evaluation.finding import Verdict
from tallystick.scenarios.run import run
from tallystick.syntax.to_source import format_source

FOLDERS = templates()
AS_OF = "2027-07-01"
BREACHES = {
    "ai-governance": {
        "accuracy_held": 2,
        "latency_held": 1,
        "bias_tested": 1,
        "bias_tested/block-deployment": 1,
        "release_approved": 1,
        "incident_notified": 1,
        "incidents_resolved": 1,
    },
    "uptime": {"available": 3, "maintenance_limited": 1, "urgent_answered": 1},
    "cover-page": {
        "available": 2,
        "answered": 1,
        "trained_with_permission": 1,
        "trained_with_permission/notify-privacy_officer": 1,
        "incident_noticed": 1,
    },
    "order-form": {"available@OF-1": 2, "repaired@OF-1": 1, "continuity_tested@OF-1": 1, "reported": 1},
    "amendment": {
        "complete_enough": 1,
        "complete_enough@2027-04-01": 1,
        "timely": 1,
        "corrected": 1,
        "corrected@2027-04-01": 1,
    },
}
# By hand: 10% + 25% of USD 40,000 and 5% of it; 10% + 25% + 10% of USD 8,000 and USD 250; 10% + 25% of USD 12,000 and
# USD 150; 10% + 30% of USD 30,000; 10% + 5% + 10% of USD 6,000.
CREDITS = {
    "ai-governance": Decimal(16_000),
    "uptime": Decimal(3_850),
    "cover-page": Decimal(4_350),
    "order-form": Decimal(12_000),
    "amendment": Decimal(1_500),
}


def judged(folder: Path) -> Judged:
    source, _ = load(folder / "agreement.msa")
    assert source is not None
    compiled, diagnostics = compile_source(source)
    assert compiled is not None
    assert diagnostics == ()
    return judge(compiled.rulebook, folder / "data", instant_of(AS_OF, compiled.rulebook.timezone))


def test_all_are_shipped() -> None:
    assert set(FOLDERS) == set(BREACHES)


@pytest.mark.parametrize("name", BREACHES)
def test_a_template_is_laid_out_and_told(name: str) -> None:
    for file in FOLDERS[name].rglob("*.msa"):
        text = file.read_text(encoding="utf-8")
        assert format_source(text) == text, file
    assert f"--as-of {AS_OF}" in (FOLDERS[name] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BREACHES)
def test_a_template_evaluates_at_once(name: str) -> None:
    result = judged(FOLDERS[name])
    findings = result.evaluation.findings
    assert result.facts.set_aside == ()
    assert not [finding for finding in findings if finding.verdict is Verdict.UNMEASURED]
    breached = [finding.rule for finding in findings if finding.verdict is Verdict.BREACHED]
    assert {rule: breached.count(rule) for rule in breached} == BREACHES[name]
    assert sum(credit.amount for credit in result.evaluation.credits) == CREDITS[name]


@pytest.mark.parametrize(
    "file",
    [path for folder in FOLDERS.values() for path in sorted(folder.rglob("*.msa")) if "scenario" in path.read_text()],
)
def test_the_scenarios_of_a_template_hold(file: Path) -> None:
    source, _ = load(file)
    assert source is not None
    compiled, diagnostics = compile_source(source)
    assert compiled is not None
    assert diagnostics == ()
    assert compiled.agreement.scenarios
    assert [each.title for each in compiled.agreement.scenarios if not run(compiled.rulebook, each).held] == []


def test_standard_terms_are_used_without_change() -> None:
    """What the cover page chooses reaches the sentences; the file of the standard terms has no word of the deal."""
    source, _ = load(FOLDERS["cover-page"] / "agreement.msa")
    assert source is not None
    compiled, _ = compile_source(source)
    assert compiled is not None
    paper = to_markdown(compiled.document, compiled.tally)
    assert "| [Availability Target](#term-availability_target) | 99.9% |" in paper
    assert "at least the [Availability Target](#term-availability_target) (99.9%)" in paper
    assert "has no effect until the [Review Interval](#term-review_interval) is set" in paper
    standard = (FOLDERS["cover-page"] / "standard-terms.msa").read_text(encoding="utf-8")
    assert "99.9%" not in standard
    assert "Lumen Row" not in standard
