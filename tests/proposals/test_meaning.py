"""What a change means: for a consequence the numbers that differ, and whether they loosen, where one alone says so."""

from __future__ import annotations

import pytest

from tallystick.proposals.meaning import meaning

from .test_import import UPTIME, compiled


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([("after 3 breaches in 6 months", "after 4 breaches in 6 months")], "loosens {} (right to terminate 3 → 4)"),
        (
            [("after 3 breaches in 6 months", "after 2 breaches in 9 months")],
            "changes {} (right to terminate 3 → 2, 6 months → 9 months)",
        ),
        ([("within 3 days", "within 5 days")], "loosens {} (notice 3 days → 5 days)"),
        ([("within 3 days", "within 2 days")], "tightens {} (notice 3 days → 2 days)"),
        ([("within 3 days", "within 1 month")], "changes {} (notice 3 days → 1 month)"),
        ([("below 99%: 25%", "below 98.5%: 25%")], "changes {} (credit 99% → 98.5%)"),
        (
            [("within 3 days", "within 5 days"), ("after 3 breaches", "after 4 breaches")],
            "changes {} (notice 3 days → 5 days, right to terminate 3 → 4)",
        ),
        ([("      cap credits at 50% of monthly_fee each month.\n", "")], "changes {} (remedies)"),
    ],
)
def test_a_consequence_is_told_by_its_numbers(changes: list[tuple[str, str]], said: str) -> None:
    text = UPTIME
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    assert meaning(compiled(UPTIME), compiled(text)) == (said.format("2.1 Availability"),)


def test_less_money_loosens() -> None:
    said = meaning(compiled(UPTIME), compiled(UPTIME.replace("GBP 250", "GBP 150", 1)))
    assert said
    assert all(each.startswith("loosens 3.1") for each in said)
    assert all(each.endswith("(credit GBP 250 → GBP 150)") for each in said)
