"""The pages of the documentation and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language, the words after it (a file's name), its text, its place in the page."""

    language: str
    about: str
    text: str
    heading: str
    line: int
    start: int
    end: int


def fences(page: str) -> Iterator[Fence]:
    """Every fenced block, in order."""
    for match in _FENCE.finditer(page):
        language, _, about = match["kind"].partition(" ")
        headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", page[: match.start()]), re.MULTILINE)
        line = page.count("\n", 0, match.start()) + 1
        yield Fence(language, about, match["text"], headings[-1] if headings else "", line, match.start(), match.end())


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page)
