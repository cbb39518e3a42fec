"""From text to tree, with every syntax mistake of the file in one run.

A file without mistakes is parsed once. Otherwise each mistake is reported, its statement is blanked out of a copy of
the text (so that places stay the same) and the copy is parsed again. The tree that comes out of that is good for
finding further mistakes and for editors; it is never compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from lark import Lark
from lark import Token as LarkToken
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from tallystick.diagnostics.diagnostic import Diagnostic, Related
from tallystick.resources import resource
from tallystick.source import Source, Span
from tallystick.syntax.builder import Builder
from tallystick.syntax.tokens import Token, TokenKind, ends_statement, scan
from tallystick.syntax.tree import File

MAXIMUM_CHARACTERS = 20_000_000
MAXIMUM_DEPTH = 64
MAXIMUM_STATEMENT = 2_000
MAXIMUM_MISTAKES = 100

_WORDS_OF_TERMINALS = {
    "NAME": "a name",
    "CODE": "a currency code such as USD",
    "STRING": 'a text in double quotes ("…")',
    "PROSE": 'a text in triple quotes ("""…""")',
    "NUMBER": "a number",
    "PERCENT": "a percentage",
    "DATE": "a date such as 2027-01-01",
    "DOT_NAME": "an attribute",
    "$END": "the end of the file",
    "DOT": "a full stop",
    "COMMA": "a comma",
    "LBRACE": "an opening brace {",
    "RBRACE": "a closing brace }",
    "LPAR": "an opening parenthesis (",
    "RPAR": "a closing parenthesis )",
    "COLON": "a colon",
    "EQUAL": "an equals sign =",
    "PLUS": "+",
    "MINUS": "-",
    "STAR": "*",
    "SLASH": "/",
}

# What a misspelt block header is read as, so that the mistakes inside the block are found too.
_HEADERS = {
    "agreement": 'agreement""{',
    "party": 'party p""{',
    "metric": "metric m as count{",
    "event": "event e{",
    "record": "record r{",
    "article": 'article""{',
    "clause": "clause c{",
    "on": "on breach{",
}


class _NamesAnywhere:
    """Lets a word be lexed whole, as a NAME, even where the grammar wants something else: errors name whole words."""

    always_accept = ("NAME",)

    def process(self, stream: Iterator[LarkToken]) -> Iterator[LarkToken]:
        return stream


@dataclass(frozen=True)
class Parsed:
    """`file` is None when nothing could be read; `doubtful` are words of statements that were left out of it."""

    file: File | None
    diagnostics: tuple[Diagnostic, ...] = ()
    doubtful: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether the tree is the whole file, and may be compiled."""
        return self.file is not None and not self.diagnostics


@lru_cache(maxsize=1)
def parser() -> Lark:
    """The LALR(1) parser of `grammar/tallystick.lark`."""
    return Lark(
        resource("grammar", "tallystick.lark").read_text(encoding="utf-8"),
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        maybe_placeholders=True,
        postlex=_NamesAnywhere(),
    )


def from_source(source: Source) -> Parsed:
    """Parse a source. Never raises: what is wrong with the text is in the diagnostics."""
    limits = _beyond_limits(source)
    if limits is not None:
        return Parsed(None, (limits,))
    try:
        return Parsed(Builder(source).transform(parser().parse(source.text)))
    except UnexpectedInput:
        return _Recovery(source).run()


def _beyond_limits(source: Source) -> Diagnostic | None:
    """A file may come from anyone: its size, depth and sentences are bounded."""
    if len(source.text) > MAXIMUM_CHARACTERS:
        return Diagnostic("T0110", None, {"file": source.name, "limit": f"{MAXIMUM_CHARACTERS:,} characters"})
    depth = length = 0
    for token in scan(source.text):
        length = 0 if token.text in ".{}" else length + 1
        depth += (token.text in "({") - (token.text in ")}") if token.kind is TokenKind.MARK else 0
        if depth > MAXIMUM_DEPTH or length > MAXIMUM_STATEMENT:
            limit = f"{MAXIMUM_DEPTH} levels" if depth > MAXIMUM_DEPTH else f"{MAXIMUM_STATEMENT:,} words in a sentence"
            return Diagnostic("T0107", Span(source, token.start, token.end), {"limit": limit})
    return None


class _Recovery:
    """Parses again and again, each time without the mistakes already reported."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.diagnostics: list[Diagnostic] = []
        self.doubtful: set[str] = set()
        self._last_error = (-1, "")

    def run(self) -> Parsed:
        file = None
        while file is None and len(self.diagnostics) < MAXIMUM_MISTAKES:
            try:
                file = Builder(self.source).transform(parser().parse(self.text))
            except UnexpectedToken as error:
                self._unexpected(error.token, set(error.accepts or error.expected))
            except UnexpectedCharacters as error:
                self._unexpected_character(error.pos_in_stream or 0)
        return Parsed(file, tuple(self.diagnostics), frozenset(self.doubtful))

    # --- kinds of mistakes

    def _unexpected(self, found: LarkToken, accepts: set[str]) -> None:
        tokens = [token for token in scan(self.text) if token.kind is not TokenKind.COMMENT]
        at_end = found.type == "$END"
        start = len(self.text) if at_end else found.start_pos or 0
        index = next((i for i, token in enumerate(tokens) if token.start >= start), len(tokens))
        stuck = self._last_error == (start, self.text)
        self._last_error = (start, self.text)
        if "DOT" in accepts and index > 0 and (at_end or self._begins_anew(tokens, index)) and not stuck:
            self._missing_mark("T0102", tokens[index - 1], ".")
        elif "LBRACE" in accepts and index > 0 and not at_end and self._begins_anew(tokens, index) and not stuck:
            self._missing_mark("T0111", tokens[index - 1], "{")
        elif at_end:
            self._unclosed(tokens)
        elif found.value == "}" and self._depth(tokens, index) <= 0:
            self._report("T0104", tokens[index], {})
            self._blank(tokens[index].start, tokens[index].end)
        else:
            self._report("T0101", tokens[index], self._expected(tokens, index, accepts))
            self._skip(tokens, index)

    def _unexpected_character(self, position: int) -> None:
        token = next((t for t in scan(self.text) if t.start <= position < t.end), None)
        token = token or Token(TokenKind.BAD, self.text[position], position, position + 1)
        unclosed = token.kind is TokenKind.BAD and token.text.startswith('"')
        first_line = token.text.split("\n")[0]
        shown = Token(token.kind, first_line, token.start, token.start + len(first_line))
        self._report("T0105" if unclosed else "T0106", shown, {"found": shown.text[:40]})
        tokens = [t for t in scan(self.text) if t.kind is not TokenKind.COMMENT]
        if unclosed and token.text.startswith('"""'):
            self._blank(token.start, token.end)
            return
        index = next((i for i, t in enumerate(tokens) if t.start >= token.start), len(tokens) - 1)
        self._skip(tokens, index)

    def _missing_mark(self, code: str, before: Token, mark: str) -> None:
        """A full stop or brace is missing after a token: report it, and put one into the blank space there."""
        self._report(code, before, {"after": before.text if len(before.text) <= 40 else before.text[:40] + "…"})
        place = before.end
        if place >= len(self.text):
            self.text += mark
        elif self.text[place].isspace():
            self.text = self.text[:place] + mark + self.text[place + 1 :]

    def _unclosed(self, tokens: list[Token]) -> None:
        opened: list[Token] = []
        for token in tokens:
            if token.text == "{":
                opened.append(token)
            elif token.text == "}" and opened:
                opened.pop()
        if not opened:
            last = tokens[-1] if tokens else Token(TokenKind.BAD, "", 0, 0)
            self._report("T0102", last, {"after": last.text[:40]})
            start = self._statement_start(tokens, len(tokens) - 1)
            self._blank(tokens[start].start, last.end)
            return
        index = tokens.index(opened[-1])
        self._report("T0103", tokens[self._statement_start(tokens, index - 1) if index else index], {})
        self.text += "}"

    # --- ways on

    def _skip(self, tokens: list[Token], index: int) -> None:
        """Leave out the statement around the token, and its block unless its header can be guessed."""
        start = self._statement_start(tokens, index)
        end = index
        while end < len(tokens) and tokens[end].text not in (".", "{", "}"):
            end += 1
        if end == len(tokens):
            self._blank(tokens[start].start, len(self.text))
        elif tokens[end].text == "{":
            self._skip_header(tokens, start, end)
        else:
            stop = tokens[end].end if tokens[end].text == "." or end == index else tokens[end].start
            self._blank(tokens[start].start, stop)

    def _skip_header(self, tokens: list[Token], start: int, brace: int) -> None:
        begin, end = tokens[start].start, tokens[brace].end
        close = get_close_matches(tokens[start].text, _HEADERS, 1, 0.7)
        header = _HEADERS[close[0]] if close else ""
        if header and len(header) <= end - begin and self.text[begin:end].split() != header.split():
            self._blank(begin, end)
            self.text = self.text[:begin] + header + self.text[begin + len(header) :]
            return
        depth = 0
        for token in tokens[brace:]:
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                self._blank(begin, token.end)
                return
        self._blank(begin, len(self.text))

    def _blank(self, start: int, end: int) -> None:
        self.doubtful.update(t.text for t in scan(self.text[start:end]) if t.kind is TokenKind.WORD)
        gone = "".join(character if character == "\n" else " " for character in self.text[start:end])
        self.text = self.text[:start] + gone + self.text[end:]

    # --- facts

    def _report(self, code: str, token: Token, facts: dict[str, str], related: tuple[Related, ...] = ()) -> None:
        span = Span(self.source, min(token.start, len(self.source.text)), min(token.end, len(self.source.text)))
        instead = facts.pop("instead", None)
        self.diagnostics.append(Diagnostic(code, span, facts, related, instead))

    def _begins_anew(self, tokens: list[Token], index: int) -> bool:
        """Whether the token begins a line, or closes a block: so that what is before it should have ended."""
        between = self.text[tokens[index - 1].end : tokens[index].start]
        return "\n" in between or tokens[index].text == "}"

    def _statement_start(self, tokens: list[Token], index: int) -> int:
        while index > 0 and not ends_statement(tokens, index - 1):
            index -= 1
        return index

    def _depth(self, tokens: list[Token], index: int) -> int:
        return sum((token.text == "{") - (token.text == "}") for token in tokens[:index])

    def _expected(self, tokens: list[Token], index: int, accepts: set[str]) -> dict[str, str]:
        found = tokens[index].text
        facts = {"found": found if len(found) <= 40 else found[:40] + "…", "expected": expected_words(accepts)}
        words = [_keyword(terminal) for terminal in accepts if _keyword(terminal)]
        close = get_close_matches(found, words, 1, 0.6)
        if close and found != close[0]:
            facts["instead"] = close[0]
        return facts


@lru_cache(maxsize=1)
def _keywords() -> dict[str, str]:
    """Terminal name -> the word or mark it stands for."""
    return {t.name: t.pattern.value for t in parser().terminals if t.pattern.type == "str"}


def _keyword(terminal: str) -> str:
    word = _keywords().get(terminal, "")
    return word if word.isalpha() else ""


def expected_words(accepts: set[str]) -> str:
    """What the grammar would take, as a lawyer would say it: `"within", "of" or a full stop`."""
    marks = sorted(_WORDS_OF_TERMINALS[name] for name in accepts if name in _WORDS_OF_TERMINALS)
    words = sorted(f'"{_keyword(name)}"' for name in accepts if _keyword(name))
    if len(words) > 12:
        words = ["the beginning of another sentence or declaration"]
    options = words + marks
    if len(options) <= 1:
        return "".join(options)
    return ", ".join(options[:-1]) + " or " + options[-1]
