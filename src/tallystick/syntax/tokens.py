"""The source as a run of tokens with nothing left out: what recovery and the formatter work on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class TokenKind(StrEnum):
    """What a token is; `bad` is a character or an unclosed text that belongs to nothing."""

    COMMENT = "comment"
    PROSE = "prose"
    STRING = "string"
    NUMBER = "number"
    ATTRIBUTE = "attribute"
    WORD = "word"
    MARK = "mark"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Token:
    """One token, by its place in the text."""

    kind: TokenKind
    text: str
    start: int
    end: int


TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
  | (?P<prose>\"\"\"(?:.|\n)*?\"\"\")
  | (?P<string>"(?!"")(?:[^"\\\n]|\\.)*")
  | (?P<number>(?:actual|30)/36[05]\b|\d+(?:st|nd|rd|th)\b|\d{4}-\d{2}-\d{2}|\d{2}:\d{2}(?::\d{2})?|(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?)
  | (?P<attribute>(?<=\w)\.[a-z_]\w*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<mark>[{}().,:=+\-*/])
  | (?P<bad>\"\"\"(?:.|\n)*\Z|"[^\n]*|[^\s])
    """,
    re.VERBOSE,
)


_KINDS = {kind.value: kind for kind in TokenKind}


def each_token(text: str) -> Iterator[Token]:
    """The tokens of the text one by one, comments included; only blank space lies between them."""
    for match in TOKEN.finditer(text):
        yield Token(_KINDS[match.lastgroup or "bad"], match.group(), match.start(), match.end())


def scan(text: str) -> list[Token]:
    """All tokens of the text, comments included."""
    return list(each_token(text))


def ends_statement(tokens: Sequence[Token], index: int) -> bool:
    """Whether a statement ends with this token: a full stop, a brace, or prose that stands by itself."""
    token = tokens[index]
    if token.kind is TokenKind.PROSE:
        before = index - 1
        while before >= 0 and tokens[before].kind is TokenKind.COMMENT:
            before -= 1
        return before < 0 or ends_statement(tokens, before)
    return token.kind is TokenKind.MARK and token.text in ".{}"


def dedented(text: str, start: int) -> tuple[str, tuple[int, ...]]:
    """Prose without the indentation of its source, and for each character of it the offset it came from.

    The first line counts as indented like the others. Outer blank space goes; lines end in `\\n`.
    """
    lines = text.splitlines()
    margin = _margin(lines[1:])
    kept: list[tuple[str, int]] = []
    offset = start
    for number, (line, raw) in enumerate(zip(lines, text.splitlines(keepends=True), strict=True)):
        cut = len(line) - len(line.lstrip()) if number == 0 else min(margin, len(line) - len(line.lstrip()))
        kept.extend((character, offset + cut + i) for i, character in enumerate(line[cut:].rstrip()))
        kept.append(("\n", offset + len(line)))
        offset += len(raw)
    while kept and kept[-1][0].isspace():
        kept.pop()
    while kept and kept[0][0].isspace():
        kept.pop(0)
    return "".join(character for character, _ in kept), tuple(place for _, place in kept)


def _margin(lines: list[str]) -> int:
    filled = [line for line in lines if line.strip()]
    return min((len(line) - len(line.lstrip()) for line in filled), default=0)
