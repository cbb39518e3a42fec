"""Results of scenarios as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tallystick.scenarios.mutants import Judged
from tallystick.scenarios.outcome import Result
from tallystick.scenarios.words import expectation, instead


def to_json(file: str, results: Sequence[Result], zone: ZoneInfo, mutants: Sequence[Judged] | None) -> dict[str, Any]:
    """The scenarios of one file; with their mutants, where the rules were changed."""
    found: dict[str, Any] = {"file": file, "scenarios": [_result(result, zone) for result in results]}
    if mutants is not None:
        found["mutants"] = [_mutant(item) for item in mutants]
    return found


def _result(result: Result, zone: ZoneInfo) -> dict[str, Any]:
    expectations = [
        {
            "line": outcome.expected.span.line,
            "expects": expectation(outcome.expected),
            "state": outcome.state.value,
            "instead": list(instead(outcome, zone)),
        }
        for outcome in result.outcomes
    ]
    scenario = result.scenario
    return {"title": scenario.title, "line": scenario.span.line, "held": result.held, "expectations": expectations}


def _mutant(judged: Judged) -> dict[str, Any]:
    change = judged.mutant.change
    return {
        "rule": judged.mutant.rule,
        "part": change.part.value,
        "of": change.of,
        "before": change.before,
        "after": change.after,
        "noticed_by": judged.noticed_by,
    }
