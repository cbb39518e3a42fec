"""Which way a change of a clock that stops, or of what outlives the agreement, goes for whoever is bound."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.quantities import Period, PeriodUnit
from tallystick.rules.measure import Series, SeriesKind
from tallystick.rules.rule import Response, Survival
from tallystick.rules.strictness import Direction, differences, direction


def rule(**more: Any) -> Response:
    return Response.model_validate(
        {
            "id": "rule",
            "clause": "clause",
            "number": "1.1",
            "title": "Rule",
            "trigger": Series(source=SeriesKind.EVENT, name="incident"),
            "response": Series(source=SeriesKind.EVENT, name="resolution"),
            "within": Period(amount=8, unit=PeriodUnit.HOURS),
            **more,
        }
    )


def months(amount: int) -> Survival:
    return Survival(period=Period(amount=amount, unit=PeriodUnit.MONTHS))


WAIT, OTHER = (Series(source=SeriesKind.RECORD, name=name) for name in ("waiting", "maintenance"))


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        ({}, {"excluding": WAIT}, Direction.LOOSENS),
        ({"excluding": WAIT}, {}, Direction.TIGHTENS),
        ({"excluding": WAIT}, {"excluding": OTHER}, Direction.UNCLEAR),
        ({}, {"survives": months(3)}, Direction.TIGHTENS),
        ({"survives": months(3)}, {}, Direction.LOOSENS),
        ({"survives": months(3)}, {"survives": months(4)}, Direction.TIGHTENS),
        ({"survives": months(3)}, {"survives": months(2)}, Direction.LOOSENS),
        ({"survives": months(3)}, {"survives": Survival()}, Direction.TIGHTENS),
        ({"survives": Survival()}, {"survives": months(3)}, Direction.LOOSENS),
    ],
)
def test_which_way_a_change_goes(before: dict[str, Any], after: dict[str, Any], way: Direction) -> None:
    assert direction(differences(rule(**before), rule(**after))) is way
