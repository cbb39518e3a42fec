"""A sentence of contract English: named parts, with links to what they name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """Words that point to a place of the document by its anchor, such as `term-accuracy_floor` or `clause-accuracy`."""

    text: str
    anchor: str


Inline = str | Link


@dataclass(frozen=True)
class Part:
    """A run of words; measurable parts have a name (`threshold`, `window`, …) by which own wording must cite them."""

    inlines: tuple[Inline, ...]
    name: str | None = None


@dataclass(frozen=True)
class Sentence:
    """One sentence (or a few: a boundary is said in a sentence of its own)."""

    parts: tuple[Part, ...]

    @property
    def inlines(self) -> tuple[Inline, ...]:
        """The words and links, in order."""
        return tuple(inline for part in self.parts for inline in part.inlines)

    @property
    def text(self) -> str:
        """The bare words."""
        return "".join(inline if isinstance(inline, str) else inline.text for inline in self.inlines)
