"""The formatter: one canonical layout for a source. It moves blank space only, so the meaning cannot change."""

from __future__ import annotations

from dataclasses import dataclass, field

from tallystick.syntax.tokens import Token, TokenKind, dedented, ends_statement, scan

WIDTH = 100
INDENT = "  "

# A long sentence is broken before these words.
_BREAKS = frozenset(
    {
        "over", "at", "per", "in", "where", "with", "matching", "within", "labelled", "worded", "tolerating", "without",
        "by", "for", "of", "excluding", "counting", "during", "outside", "after", "minimum", "if", "up", "exercisable",
        "until", "under", "each", "empty", "on", "from", "compounded", "simple", "prorated", "when", "lasting", "=",
    }
)  # fmt: skip
# A parenthesis after one of these words opens a group or list; after any other it is a call.
_BEFORE_GROUP = frozenset(
    {
        "in", "where", "and", "or", "not", "keep", "least", "most", "below", "above", "exactly", "is", "of", "credit",
        "at", "with", "from", "to", "minimum", "when",
    }
)  # fmt: skip


def format_source(text: str) -> str:
    """The text in canonical layout. It must parse; formatting its result again changes nothing."""
    return _formatted(text, scan(text))


def without_comments(text: str) -> str:
    """The same without comments and drafting notes, which are no part of what is agreed."""
    tokens = [token for token in scan(text) if token.kind is not TokenKind.COMMENT]
    kept: list[Token] = []
    statement: list[Token] = []
    for index, token in enumerate(tokens):
        statement.append(token)
        if ends_statement(tokens, index):
            kept += [] if _is_note(statement) else statement
            statement = []
    return _formatted(text, [*kept, *statement])


def _is_note(statement: list[Token]) -> bool:
    return len(statement) > 1 and statement[0].text == "note" and statement[1].text.startswith('"')


def _formatted(text: str, tokens: list[Token]) -> str:
    layout = _Layout()
    statement: list[Token] = []
    for index, token in enumerate(tokens):
        previous = tokens[index - 1] if index else None
        newlines = text.count("\n", previous.end, token.start) if previous else 0
        if token.kind is TokenKind.COMMENT and not statement:
            layout.comment(token.text, own_line=newlines > 0 or previous is None, blank_before=newlines > 1)
            continue
        if not statement:
            layout.begin(blank_before=newlines > 1)
        statement.append(token)
        if token.kind is not TokenKind.COMMENT and ends_statement(tokens, index):
            layout.statement(statement)
            statement = []
    if statement:
        layout.statement(statement)
    return layout.text()


@dataclass
class _Layout:
    lines: list[str] = field(default_factory=list)
    depth: int = 0
    _blank: bool = False

    def text(self) -> str:
        return "\n".join(self.lines) + "\n" if self.lines else ""

    def begin(self, *, blank_before: bool) -> None:
        self._blank = blank_before

    def comment(self, text: str, *, own_line: bool, blank_before: bool) -> None:
        if not own_line and self.lines:
            self.lines[-1] += "  " + text.rstrip()
            return
        self._blank = blank_before
        self._add([INDENT * self.depth + text.rstrip()])

    def statement(self, tokens: list[Token]) -> None:
        if tokens[-1].text == "}" and tokens[-1].kind is TokenKind.MARK:
            self.depth = max(self.depth - 1, 0)
            self._blank = False
        self._add(_Line(INDENT * self.depth).fill(tokens))
        if tokens[-1].text == "{" and tokens[-1].kind is TokenKind.MARK:
            self.depth += 1

    def _add(self, lines: list[str]) -> None:
        if self._blank and self.lines and not self.lines[-1].endswith("{"):
            self.lines.append("")
        self._blank = False
        self.lines.extend(lines)


class _Line:
    """Fills the lines of one statement."""

    def __init__(self, indent: str) -> None:
        self.indent = indent
        self.lines: list[str] = []
        self.current = ""

    def fill(self, tokens: list[Token]) -> list[str]:
        parentheses = 0
        for chunk in _chunks(tokens):
            words = self._joined(chunk)
            if self.current and parentheses == 0 and self._too_long(words) and chunk[0].text in _BREAKS:
                self._break()
            for position, token in enumerate(chunk):
                self._put(token, _spaced(self._before(chunk, position, tokens), token))
                parentheses += (token.text == "(") - (token.text == ")") if token.kind is TokenKind.MARK else 0
        if self.current:
            self.lines.append(self.current)
        return self.lines

    def _before(self, chunk: list[Token], position: int, tokens: list[Token]) -> Token | None:
        if position:
            return chunk[position - 1]
        index = tokens.index(chunk[0])
        return tokens[index - 1] if index else None

    def _put(self, token: Token, spaced: bool) -> None:
        if not self.current:
            self.current = self.indent + (INDENT if self.lines else "")
            spaced = False
        if token.kind is TokenKind.PROSE:
            self._prose(token, spaced)
            return
        self.current += (" " if spaced else "") + token.text.rstrip()
        if token.kind is TokenKind.COMMENT:
            self._break()

    def _prose(self, token: Token, spaced: bool) -> None:
        text, _ = dedented(token.text[3:-3], 0)
        lines = text.split("\n")
        margin = min((len(x) - len(x.lstrip()) for x in lines[1:] if x.strip()), default=0)
        opening = ['"""'] if margin else []
        first, *rest = [*opening, *lines] if margin else ['"""' + lines[0], *lines[1:]]
        self.current += (" " if spaced else "") + first
        for line in rest:
            self.lines.append(self.current)
            self.current = (self.indent + line).rstrip()
        self.current += '"""'

    def _joined(self, chunk: list[Token]) -> str:
        return " ".join(token.text for token in chunk if token.kind is not TokenKind.PROSE)

    def _too_long(self, words: str) -> bool:
        return len(self.current) + 1 + len(words) > WIDTH

    def _break(self) -> None:
        self.lines.append(self.current)
        self.current = ""


def _chunks(tokens: list[Token]) -> list[list[Token]]:
    """Runs of tokens that stay on one line: each begins with a word before which a sentence may be broken."""
    chunks: list[list[Token]] = [[]]
    depth = 0
    for index, token in enumerate(tokens):
        if depth == 0 and token.text in _BREAKS and chunks[-1] and not _continues(tokens, index):
            chunks.append([])
        depth += (token.text == "(") - (token.text == ")") if token.kind is TokenKind.MARK else 0
        chunks[-1].append(token)
    return chunks


def _continues(tokens: list[Token], index: int) -> bool:
    """Keeps `with at least`, `in at least`, `not in` and `for at least` together."""
    return index > 0 and tokens[index - 1].text in _BREAKS | {"not"}


def _spaced(before: Token | None, token: Token) -> bool:
    if before is None or token.kind is TokenKind.ATTRIBUTE:
        return False
    if token.kind is TokenKind.MARK and token.text in ",.):":
        return False
    if before.text == "(" and before.kind is TokenKind.MARK:
        return False
    if token.text == "(" and before.kind is TokenKind.WORD:
        return before.text in _BEFORE_GROUP
    return True
