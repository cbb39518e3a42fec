"""Source text and places in it: what every later stage points back to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Source:
    """The text of one `.msa` file under the name that messages show for it.

    `files` are the files that it refers to, by what it calls them: compiling reads nothing from a disk. `amendments` are
    the files that amend it or are orders under it, `left_out` the names of those left aside on purpose, `unread`
    why files that might be such could not be read.
    """

    name: str
    text: str
    files: Mapping[str, Source | Unread] = field(default_factory=dict, compare=False, repr=False)
    amendments: tuple[Source, ...] = field(default=(), compare=False, repr=False)
    left_out: tuple[str, ...] = field(default=(), compare=False, repr=False)
    unread: tuple[Unread, ...] = field(default=(), compare=False, repr=False)

    @cached_property
    def all(self) -> tuple[Source, ...]:
        """The source itself, every file it refers to, directly or not, in the order of their names in it, and those that
        amend it; each once."""
        found = {self.name: self}
        for file in (*self.files.values(), *self.amendments):
            if isinstance(file, Source):
                found |= {each.name: each for each in file.all if each.name not in found}
        return tuple(found.values())

    @property
    def parts(self) -> Iterator[bytes]:
        """All that compiling it depends on, for a digest."""
        yield f"{len(self.left_out)} {len(self.unread)} {len(self.all)}".encode()
        yield from (name.encode() for name in self.left_out)
        yield from (f"{each.code}{each.facts}".encode() for each in self.unread)
        for file in self.all:
            yield from (file.name.encode(), file.text.encode())

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset of the first character of each line."""
        return (0, *(i + 1 for i, character in enumerate(self.text) if character == "\n"))

    def line(self, number: int) -> str:
        """The text of a line (counted from 1), without its line break."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] - 1 if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@dataclass(frozen=True)
class Unread:
    """Why a file that a source refers to is not there: code and facts of the diagnostic, and the places of a circle."""

    code: str
    facts: Mapping[str, str]
    circle: tuple[Span, ...] = ()
    instead: str | None = None


@dataclass(frozen=True)
class Span:
    """A half-open range of characters `[start, end)` of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line the span starts on, counted from 1."""
        return bisect_right(self.source.line_starts, self.start)

    @property
    def column(self) -> int:
        """The column the span starts at, counted from 1."""
        return self.start - self.source.line_starts[self.line - 1] + 1

    @property
    def text(self) -> str:
        """The characters of the span."""
        return self.source.text[self.start : self.end]

    def __repr__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"
