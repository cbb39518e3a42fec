"""Trees compared by what they say, wherever it stands; and the agreements that tests change."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from tallystick.resources import resource
from tallystick.source import Source
from tallystick.syntax.from_source import Parsed, from_source

CASES = Path(__file__).parent.parent / "cases"
SAMPLE = (CASES / "sample.md").read_text(encoding="utf-8").split("```msa\n")[1].split("```")[0]
CONTRACTS = {
    path.parent.name: path.read_text(encoding="utf-8") for path in resource("contracts").glob("*/agreement.msa")
}
AGREEMENTS = {"sample": SAMPLE, **CONTRACTS}


def parsed(text: str) -> Parsed:
    return from_source(Source("test.msa", text))


def plain(node: Any) -> Any:
    """A tree without its places."""
    if isinstance(node, tuple):
        return tuple(plain(item) for item in node)
    if is_dataclass(node):
        inside = (plain(getattr(node, item.name)) for item in fields(node) if item.name not in ("span", "offsets"))
        return (type(node).__name__, *inside)
    return node
