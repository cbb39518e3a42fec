"""Checks of the agreement as a whole."""

from __future__ import annotations

import pytest

from tallystick.analysis.measurability import measurability
from tallystick.compilation import check, compile_source
from tallystick.source import Source

HEAD = """agreement "A" { version "1". effective 2027-01-01. timezone "UTC". currency USD. }
party provider "P" called "Provider".
party customer "C" called "Customer".
metric accuracy as fraction by model.
"""
RULE = "provider must keep mean(accuracy) {} over each month."


def codes(clause: str) -> list[str]:
    text = HEAD + f'article "A" {{ """Opening.""" clause c {{\n{clause}\n}} }}'
    return [item.code for item in check(Source("test.msa", text))[1]]


@pytest.mark.parametrize(
    ("rule", "tier", "expected"),
    [
        ("at least 92%", "below 92%", []),
        ("at least 92%", "at most 92%", []),
        ("at least 92%", "below 95%", []),
        ("at least 92%", "below 90%", ["T0509"]),
        ("above 92%", "at most 92%", []),
        ("above 92%", "below 92%", ["T0509"]),
        ("at most 5%", "above 5%", []),
        ("at most 5%", "above 8%", ["T0509"]),
        ("below 5%", "above 5%", ["T0509"]),
        ("at most 5%", "below 3%", ["T0512"]),
        ("at least 92%", "above 95%", ["T0512"]),
        ("at least 92%", "below 5 seconds", ["T0301"]),
        ("at least mean(accuracy) - 2%", "below 92%", []),
    ],
)
def test_tiers_begin_where_the_breach_begins(rule: str, tier: str, expected: list[str]) -> None:
    credit = f"on breach {{ credit customer by value {{ {tier}: USD 5. }} }}"
    assert codes(RULE.format(rule) + "\n" + credit) == expected


@pytest.mark.parametrize(
    ("prose", "numbers"),
    [
        ("Within 30 days, at $5,000.50 or 92%.", 3),
        ("See ISO/IEC-42001, v2, COVID-19 and {accuracy}.", 0),
        ("1. First\n2. Second", 0),
        ("Chapter 3. Third", 1),
    ],
)
def test_numbers_in_prose(prose: str, numbers: int) -> None:
    assert codes(f'"""{prose}"""\n' + RULE.format("at least 92%")) == ["T0504"] * numbers


def test_numbers_in_own_wording() -> None:
    worded = ' worded """{holder} keeps {measure} {comparison} {window} for 30 days""".'
    assert codes(RULE.format("at least 92%").removesuffix(".") + worded) == ["T0504"]


def test_measurability_counts_clauses_measured_themselves_or_in_a_nested_one() -> None:
    narrative = 'narrative "n". """t"""'
    clauses = f"clause a {{ clause b {{ {RULE.format('at least 92%')} }} }} clause d {{ {narrative} }}"
    result, _ = compile_source(Source("test.msa", HEAD + f'article "A" {{ {clauses} }}'))
    assert result is not None
    assert (result.measurability.measured, result.measurability.clauses) == (2, 3)
    assert measurability(result.agreement) == result.measurability
