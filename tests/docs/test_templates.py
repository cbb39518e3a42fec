"""What `tally new` starts from: no warnings, canonical layout, and findings worth looking at, at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tallystick.cli.new import templates
from tallystick.compilation import compile_source, load
from tallystick.evaluating import Judged, instant_of, judge
from tallystick.evaluation.finding import Verdict
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
}
# By hand: 10% + 25% of USD 40,000 and 5% of it; 10% + 25% + 10% of USD 8,000 and USD 250.
CREDITS = {"ai-governance": Decimal(16_000), "uptime": Decimal(3_850)}


def judged(folder: Path) -> Judged:
    source, _ = load(folder / "agreement.msa")
    assert source is not None
    compiled, diagnostics = compile_source(source)
    assert compiled is not None
    assert diagnostics == ()
    return judge(compiled.rulebook, folder / "data", instant_of(AS_OF, compiled.rulebook.timezone))


def test_both_are_shipped() -> None:
    assert set(FOLDERS) == set(BREACHES)


@pytest.mark.parametrize("name", BREACHES)
def test_a_template_is_laid_out_and_told(name: str) -> None:
    text = (FOLDERS[name] / "agreement.msa").read_text(encoding="utf-8")
    assert format_source(text) == text
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
