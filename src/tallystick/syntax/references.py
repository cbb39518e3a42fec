"""Which other files a source refers to: found word by word, so that they are known before anything is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tallystick.source import Source, Span
from tallystick.syntax.tokens import Token, TokenKind, ends_statement, scan

# The folder that stands before the names of shipped clause libraries; a path that is written out never begins so.
LIBRARY = "@library"

_FIRST = re.compile(r"\b(?:use|amendment|order)\b")
# The words before the path, a text or number among them as its kind. A new statement that names a file is a line here.
_STATEMENTS = (
    ("use",),
    ("use", "library"),
    ("amendment", TokenKind.NUMBER, "to"),
    ("order", TokenKind.STRING, "under"),
)


@dataclass(frozen=True)
class FileReference:
    """A path as it is written, and the place of it; a `shipped` clause library is named without a path. `word` is the
    first of the statement."""

    path: str
    span: Span
    shipped: bool = False
    word: str = "use"


def file_references(source: Source) -> tuple[FileReference, ...]:
    """Every file that a statement of the source names, in order."""
    return tuple(_references(source)) if _FIRST.search(source.text) else ()


def library_path(name: str) -> str:
    """The path of a shipped clause library: `use library "retention"` refers to `@library/retention.msa`."""
    return f"{LIBRARY}/{name}.msa"


def _references(source: Source) -> Iterator[FileReference]:
    tokens = [token for token in scan(source.text) if token.kind is not TokenKind.COMMENT]
    for index, token in enumerate(tokens):
        if token.kind is TokenKind.WORD and (index == 0 or ends_statement(tokens, index - 1)):
            for words in _STATEMENTS:
                named = tokens[index : index + len(words) + 1]
                if len(named) > len(words) and named[-1].kind is TokenKind.STRING and _begins(named, words):
                    text, shipped = named[-1].text[1:-1], words[-1] == "library"
                    span = Span(source, named[-1].start, named[-1].end)
                    yield FileReference(library_path(text) if shipped else text, span, shipped, str(words[0]))


def _begins(tokens: list[Token], words: tuple[str, ...]) -> bool:
    pairs = zip(tokens, words, strict=False)
    return all(token.kind is word if isinstance(word, TokenKind) else token.text == word for token, word in pairs)
