"""The reference of the bindings is true: its examples bind, and it names every key and every reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tallystick.facts.binding import Cell, Defaults, EventSection, MetricSection, NumberCell, RecordSection
from tallystick.facts.from_toml import bind
from tallystick.rules.rulebook import AttributeData, EventData, RecordData

from .helpers import ACCURACY, LATENCY, OUTAGE, QUEUE, rulebook

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
LOSS, AMOUNT = AttributeData(name="loss", unit="USD"), AttributeData(name="amount", unit="USD")
DECLARED = rulebook(
    LATENCY,
    ACCURACY,
    QUEUE,
    EventData(id="incident", title="incident", dimensions=("incident_id", "severity"), attributes=(LOSS,)),
    EventData(id="resolution", title="resolution", dimensions=("incident_id",)),
    OUTAGE,
    RecordData(id="invoice", title="invoice", dimensions=("customer",), attributes=(AMOUNT,)),
    environments=("staging", "production"),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.splitlines()[0] for example in EXAMPLES])
def test_an_example_binds(tmp_path: Path, example: str) -> None:
    for name in re.findall(r'file = "(.*?)"', example):
        file = tmp_path / name.replace("**", "deep").replace("*", "1")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "tally.toml").write_text(example)
    bindings, problems = bind(DECLARED, tmp_path)
    assert problems == ()
    assert len(bindings.tables) == len(re.findall(r"^\[+(?:metric|event|record)\.\w+\]", example, re.MULTILINE))


def test_every_key_is_described() -> None:
    for model in (Cell, NumberCell, Defaults, MetricSection, EventSection, RecordSection):
        for key in model.model_fields:
            assert f"`{key}`" in PAGE, key
            if key not in ("column", "format"):
                assert re.search(rf"\b{key}\b = |, {key} = ", "\n".join(EXAMPLES)) or f".{key}]" in PAGE, key
