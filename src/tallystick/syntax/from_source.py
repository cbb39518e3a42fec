"""From text to tree, with every syntax mistake of the file in one run.

A file without mistakes is parsed once. Otherwise each mistake is reported, its statement is blanked out of a copy of
the text (so that places stay the same) and the copy is parsed again. The tree that comes out of that is good for
finding further mistakes and for editors; it is never compiled.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from threading import RLock

from lark import Token as LarkToken
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.resources import resource
from tallystick.source import Source, Span
from tallystick.syntax.builder import Builder
from tallystick.syntax.inlined import InlinedParser
from tallystick.syntax.sayings import Saying, habit, later
from tallystick.syntax.tables import parser_of
from tallystick.syntax.tokens import TOKEN, Token, TokenKind, ends_statement, scan
from tallystick.syntax.tree import File

MAXIMUM_CHARACTERS = 20_000_000
MAXIMUM_DEPTH = 64
MAXIMUM_STATEMENT = 2_000
MAXIMUM_OPERATORS = 64
MAXIMUM_DIGITS = 15
MAXIMUM_DECIMALS = 9
MAXIMUM_MISTAKES = 100
MAXIMUM_PARSED_AGAIN = 5_000_000

_WORDS_OF_TERMINALS = {
    "NAME": "a name",
    "CODE": "a currency code such as USD",
    "STRING": 'a text in quotes ("…")',
    "PROSE": 'prose in triple quotes ("""…""")',
    "NUMBER": "a number",
    "PERCENT": "a percentage",
    "DATE": "a date such as 2027-01-01",
    "TIME": "a time of day such as 10:00",
    "VERDICT": "a verdict such as “breached”",
    "CURE_STATE": "“cured”, “curable” or “uncured”",
    "_DRIFT": "drift(…)",
    "_RELATIVE": "a relative change",
    "DOT_NAME": "the name of an attribute",
    "$END": "the end of the file",
    "DOT": "a full stop",
    "COMMA": "a comma",
    "LBRACE": "an opening brace {",
    "RBRACE": "a closing brace }",
    "LPAR": "an opening parenthesis (",
    "RPAR": "a closing parenthesis )",
    "COLON": "a colon",
    "EQUAL": "an equals sign =",
}
_COMPARING = {"AT", "BELOW", "ABOVE", "EXACTLY", "IS"}
_ARITHMETIC = {"PLUS", "MINUS", "STAR", "SLASH"}
_QUALIFYING = {"PER", "IN", "WITH", "MATCHING", "LABELLED", "WORDED"}

# The words that statements begin with: a first word close to one of them was meant to be it.
_DECLARING = (
    "agreement", "party", "role", "environments", "stages", "metric", "event", "record", "key", "term", "define",
    "standard", "article", "calendar", "scenario", "schedule", "use", "param", "amendment", "order",
)  # fmt: skip
_BEGINNINGS = (
    *_DECLARING, "clause", "on", "version", "effective", "governing", "timezone", "currency", "recital", "annex", "entity",
    "address", "notices", "signatory", "means", "reported", "places", "note", "stage", "narrative", "except",
    "missing", "satisfies", "business", "hours", "holidays", "only", "credit", "cap", "cure", "escalate", "block", "trigger",
    "given", "expect", "set", "replace", "strike", "add", "covers", "until", "overriding", "title",
)  # fmt: skip

# What a misspelt block header is read as, so that the mistakes inside the block are found too.
_HEADERS = {
    "agreement": 'agreement""{',
    "party": 'party p""{',
    "metric": "metric m as count{",
    "event": "event e{",
    "record": "record r{",
    "calendar": "calendar c{",
    "article": 'article""{',
    "clause": "clause c{",
    "on": "on breach{",
    "scenario": 'scenario""{',
    "schedule": 'schedule""{',
    "amendment": 'amendment 1 to""{',
    "order": 'order""under""{',
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


_BUILDER, _ONE_AT_A_TIME = Builder(), RLock()


@lru_cache(maxsize=1)
def parser() -> InlinedParser:
    """The LALR(1) parser of `grammar/tallystick.lark`."""
    grammar = resource("grammar", "tallystick.lark").read_text(encoding="utf-8")
    return parser_of(grammar, _BUILDER, _NamesAnywhere())


def _tree(source: Source, text: str) -> File:
    """The tree of a text whose places are those of the source.

    Nothing in it is garbage before it is whole, so nothing is collected meanwhile.
    """
    with _ONE_AT_A_TIME:
        _BUILDER.of(source)
        collecting = gc.isenabled()
        gc.disable()
        try:
            file: File = parser().parse(text)[2]  # type: ignore[index]
        finally:
            if collecting:
                gc.enable()
        return file


def from_source(source: Source) -> Parsed:
    """Parse a source. Never raises: what is wrong with the text is in the diagnostics."""
    limits, empty = _looked_through(source)
    if limits is not None:
        return Parsed(None, (limits,))
    try:
        return Parsed(_tree(source, source.text), empty)
    except UnexpectedInput:
        found = _Recovery(source).run()
        return Parsed(found.file, (*found.diagnostics, *empty), found.doubtful)


def _looked_through(source: Source) -> tuple[Diagnostic | None, tuple[Diagnostic, ...]]:
    """What is beyond the limits, and the texts that are empty.

    A file may come from anyone: its size, depth, sentences and numbers are bounded.
    """
    if len(source.text) > MAXIMUM_CHARACTERS:
        return Diagnostic("T0110", None, {"file": source.name, "limit": f"{MAXIMUM_CHARACTERS:,} characters"}), ()
    empty: list[Diagnostic] = []
    depth = length = operators = 0
    for match in TOKEN.finditer(source.text):
        kind, text = match.lastgroup, match.group()
        length += 1
        limit = ""
        if kind == "mark":
            depth += (text in "({") - (text in ")}")
            if text in ".{}":
                length = operators = 0
            limit = f"{MAXIMUM_DEPTH} levels" if depth > MAXIMUM_DEPTH else ""
        elif kind == "number":
            limit = _too_long(text)
        elif kind in ("string", "prose") and not text.strip('"').strip():
            empty.append(Diagnostic("T0114", Span(source, *match.span())))
        operators += text in _OPERATORS
        if length > MAXIMUM_STATEMENT:
            limit = f"{MAXIMUM_STATEMENT:,} words in a sentence"
        elif operators > MAXIMUM_OPERATORS:
            limit = f"{MAXIMUM_OPERATORS} operators in a sentence"
        if limit:
            return Diagnostic("T0107", Span(source, *match.span()), {"limit": limit}), ()
    return None, tuple(empty)


_OPERATORS = frozenset({"+", "-", "*", "/", "of", "not"})


def _too_long(number: str) -> str:
    whole, _, decimals = number.rstrip("%").replace(",", "").partition(".")
    if len(whole) > MAXIMUM_DIGITS or len(decimals) > MAXIMUM_DECIMALS:
        return f"{MAXIMUM_DIGITS} digits before the decimal point and {MAXIMUM_DECIMALS} after it"
    return ""


class _Recovery:
    """Parses again and again, each time without the mistakes already reported."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.diagnostics: list[Diagnostic] = []
        self.doubtful: set[str] = set()

    def run(self) -> Parsed:
        file = None
        # Each mistake costs another parse: in a very long file fewer of them are shown at once.
        most = max(5, min(MAXIMUM_MISTAKES, MAXIMUM_PARSED_AGAIN // (len(self.text) + 1)))
        while file is None and len(self.diagnostics) < most:
            try:
                file = _tree(self.source, self.text)
            except UnexpectedToken as error:
                self._unexpected(error.token, set(error.accepts or error.expected))
            except UnexpectedCharacters as error:
                self._unexpected_character(error.pos_in_stream or 0)
        return Parsed(file, tuple(self.diagnostics), frozenset(self.doubtful))

    # --- kinds of mistakes

    def _unexpected(self, found: LarkToken, accepts: set[str]) -> None:
        tokens = self._tokens()
        at_end = found.type == "$END"
        place = len(self.text) if at_end else found.start_pos or 0
        index = next((i for i, token in enumerate(tokens) if token.start >= place), len(tokens))
        if at_end:
            self._unexpected_end(tokens, accepts)
        elif tokens[index].text == "}" and self._depth(tokens, index) <= 0:
            self._report("T0104", tokens[index])
            self._blank(tokens[index].start, tokens[index].end)
        elif not self._misspelt(tokens, index, accepts) and not self._foreign(tokens, index, accepts):
            self._misplaced(tokens, index, accepts)

    def _unexpected_end(self, tokens: list[Token], accepts: set[str]) -> None:
        if "DOT" in accepts:
            self._missing_mark("T0102", tokens, len(tokens), ".")
        else:
            self._unclosed(tokens)

    def _misspelt(self, tokens: list[Token], index: int, accepts: set[str]) -> bool:
        """A word that is nearly one which would do: here, or at the beginning of the statement."""
        start, found = self._statement_start(tokens, index), tokens[index]
        words = [_keyword(terminal) for terminal in accepts if _keyword(terminal)]
        close = _nearest(found.text, words) if found.kind is TokenKind.WORD else None
        if close and not (index == start and found.text in _BEGINNINGS):
            self._instead(tokens, index, accepts, Saying(found.start, found.end, close))
            return True
        first = tokens[start]
        meant = _nearest(first.text, _BEGINNINGS)
        if index == start + 1 and meant and {"MUST", "MAY"} <= accepts and first.text != meant:
            self._instead(tokens, start, accepts, Saying(first.start, first.end, meant))
            return True
        return False

    def _foreign(self, tokens: list[Token], index: int, accepts: set[str]) -> bool:
        """Words of a later version, and words that other contracts use."""
        start, place = tokens[self._statement_start(tokens, index)].start, tokens[index].start
        end = self._statement_end(tokens, index)
        unknown = later(self.text, start, place, end + 1)
        if unknown is not None:
            shown = Token(TokenKind.WORD, self.text[unknown.start : unknown.end], unknown.start, unknown.end)
            self._report("T0112", shown, found=" ".join(shown.text.split()))
            self._skip(tokens, index, whole_block=True)
            return True
        words = [_keyword(terminal) for terminal in accepts if _keyword(terminal)]
        known = habit(self.text, start, place, end, words)
        if known is not None:
            self._instead(tokens, index, accepts, known)
        return known is not None

    def _misplaced(self, tokens: list[Token], index: int, accepts: set[str]) -> None:
        start, found = self._statement_start(tokens, index), tokens[index]
        anew = index > 0 and self._begins_anew(tokens, index)
        if index > 0 and (accepts == {"DOT"} or ("DOT" in accepts and anew)):
            self._missing_mark("T0102", tokens, index, ".")
        elif "LBRACE" in accepts and (anew or accepts == {"LBRACE"} or found.text in _BEGINNINGS):
            self._missing_mark("T0111", tokens, index, "{")
        elif tokens[start].text in _DECLARING and index - start <= 2 and self._depth(tokens, start) > 0:
            self._unclosed(tokens, start)
        elif index == start > 0 and "$END" in accepts and tokens[index - 1].text == "}":
            self._surplus_brace(tokens[:index])
        elif index == start and found.text == ".":
            self._report("T0115", found)
            self._blank(found.start, found.end)
        elif self._is_no_sentence(tokens, start, index, accepts):
            self._report("T0113", tokens[start], found=_shortened(tokens[start].text))
            self._skip(tokens, index)
        else:
            self._report("T0101", found, found=_shortened(found.text), expected=expected_words(accepts))
            self._skip(tokens, index)

    def _surplus_brace(self, tokens: list[Token]) -> None:
        """Text goes on after the last block: most likely a closing brace too many, one that is indented."""
        opened: list[Token] = []
        surplus = tokens[-1]
        for token in tokens:
            if token.text == "{":
                opened.append(token)
            elif token.text == "}" and opened and self._indent(opened.pop().start) < self._indent(token.start):
                surplus = token
                break
        self._report("T0104", surplus)
        self._blank(surplus.start, surplus.end)

    def _is_no_sentence(self, tokens: list[Token], start: int, index: int, accepts: set[str]) -> bool:
        """Bare words or a quoted text where a sentence could begin, with no must or may after them."""
        if index == start and "PROSE" in accepts:
            return True
        words = self.text[tokens[start].start : self._statement_end(tokens, index)].split()
        return index == start + 1 and {"MUST", "MAY"} <= accepts and not {"must", "may"} & set(words)

    def _instead(self, tokens: list[Token], index: int, accepts: set[str], saying: Saying) -> None:
        """Report words with what to write instead; go on as if that stood there, where there is room for it."""
        assert saying.instead is not None
        words = self.text[saying.start : saying.end]
        shown = Token(TokenKind.WORD, words, saying.start, saying.end)
        found = " ".join(words.split())
        expected = expected_words(accepts) if saying.start == tokens[index].start else f"“{saying.instead}”"
        self._report("T0101", shown, saying.instead, found=_shortened(found), expected=expected)
        room = len(words) - len(saying.instead)
        self.doubtful.update(words.split())
        if room >= 0:
            self.text = self.text[: saying.start] + saying.instead + " " * room + self.text[saying.end :]
        else:
            self.doubtful.update(saying.instead.split())
            self._skip(tokens, index)

    def _unexpected_character(self, place: int) -> None:
        tokens = self._tokens()
        index = next(i for i, token in enumerate(tokens) if place < token.end)
        token, start = tokens[index], tokens[self._statement_start(tokens, index)].start
        known = habit(self.text, start, place, self._statement_end(tokens, index), ())
        if token.text.startswith('"'):
            self._unclosed_text(tokens, index)
        elif known is not None and known.instead is not None and token.kind is TokenKind.BAD:
            shown = Token(TokenKind.BAD, "", known.start, known.end)
            self._report("T0106", shown, known.instead, found=self.text[known.start : known.end])
            self._skip(tokens, index)
        else:
            character = self.text[place]
            self._report("T0106", token, found=character if character.isprintable() else f"U+{ord(character):04X}")
            self._skip(tokens, index)

    def _unclosed_text(self, tokens: list[Token], index: int) -> None:
        """A text runs to the end of its line; prose to the end of the file. The brace of a block header is kept."""
        token = tokens[index]
        line = token.text.split("\n")[0]
        self._report("T0105", Token(token.kind, line, token.start, token.start + len(line)))
        if line.startswith('"""'):
            self._blank(tokens[self._statement_start(tokens, index)].start, token.end)
            self.text += "}" * self._depth(tokens, index)
        elif line.rstrip().endswith("{") and len(line) > 3:
            closed = '"' + " " * (len(line) - 3) + '"{'
            self.text = self.text[: token.start] + closed + self.text[token.end :]
        else:
            self._blank(tokens[self._statement_start(tokens, index)].start, token.end)

    def _missing_mark(self, code: str, tokens: list[Token], index: int, mark: str) -> None:
        """A full stop or brace is missing before a token: report it, and put one into the blank space there."""
        before = tokens[index - 1]
        self._report(code, before, after=_shortened(before.text))
        if before.end >= len(self.text):
            self.text += mark
        elif self.text[before.end].isspace():
            self.text = self.text[: before.end] + mark + self.text[before.end + 1 :]
        else:
            self._blank(tokens[self._statement_start(tokens, index - 1)].start, before.end)

    def _unclosed(self, tokens: list[Token], before: int | None = None) -> None:
        """Blocks are open before a declaration or at the end: report the one that most likely lacks its brace."""
        index = len(tokens) if before is None else before
        opened = self._unclosed_block(tokens[:index])
        if opened is None:
            self._report("T0102", tokens[-1], after=_shortened(tokens[-1].text))
            self._blank(tokens[self._statement_start(tokens, len(tokens) - 1)].start, len(self.text))
            return
        header = self._statement_start(tokens, opened - 1) if opened else opened
        self._report("T0103", tokens[header])
        braces = "}" * self._depth(tokens, index)
        if before is None:
            self.text += braces
            return
        end, start = tokens[before - 1].end, tokens[before].start
        if start - end >= len(braces):
            self.text = self.text[:end] + braces + self.text[end + len(braces) :]
        else:
            self._blank(start, len(self.text))
            self.text += braces

    def _unclosed_block(self, tokens: list[Token]) -> int | None:
        """The first block that is closed by a brace further left than its heading, else the innermost open one."""
        opened: list[int] = []
        for index, token in enumerate(tokens):
            if token.text == "{":
                opened.append(index)
            elif token.text == "}" and opened:
                block = opened.pop()
                if self._indent(tokens[block].start) > self._indent(token.start):
                    return block
        return opened[-1] if opened else None

    def _indent(self, place: int) -> int:
        line = self.source.text[self.source.text.rfind("\n", 0, place) + 1 :]
        return len(line[:200]) - len(line[:200].lstrip())

    # --- ways on

    def _skip(self, tokens: list[Token], index: int, *, whole_block: bool = False) -> None:
        """Leave out the statement around the token, and its block unless its header can be guessed."""
        start = self._statement_start(tokens, index)
        if tokens[index].text == "}" and index == start:
            start = self._statement_start(tokens, index - 1)
            self._blank(tokens[start].start, tokens[index].end)
            return
        end = index
        while (
            end < len(tokens) and tokens[end].text not in (".", "{", "}") and not self._new_sentence(tokens, end, index)
        ):
            end += 1
        if end == len(tokens):
            self._blank(tokens[start].start, len(self.text))
        elif tokens[end].text == "{":
            self._skip_header(tokens, start, end, whole_block)
        else:
            stop = tokens[end].end if tokens[end].text == "." else tokens[end].start
            self._blank(tokens[start].start, stop)

    def _new_sentence(self, tokens: list[Token], index: int, after: int) -> bool:
        """Whether a line later than a token begins with who must or may do something."""
        follows = tokens[index + 1].text if index + 1 < len(tokens) else ""
        return (
            index > after
            and follows in ("must", "may")
            and "\n" in self.text[tokens[index - 1].end : tokens[index].start]
        )

    def _skip_header(self, tokens: list[Token], start: int, brace: int, whole_block: bool) -> None:
        begin, end = tokens[start].start, tokens[brace].end
        fitting = ("clause", "on") if self._depth(tokens, start) else (*_DECLARING, "on")
        close = None if whole_block else _nearest(tokens[start].text, [word for word in _HEADERS if word in fitting])
        header = _HEADERS[close] if close else ""
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

    def _report(self, code: str, token: Token, instead: str | None = None, **facts: str) -> None:
        length = len(self.source.text)
        span = Span(self.source, min(token.start, length), min(token.end, length))
        self.diagnostics.append(Diagnostic(code, span, facts, (), instead))

    def _tokens(self) -> list[Token]:
        return [token for token in scan(self.text) if token.kind is not TokenKind.COMMENT]

    def _begins_anew(self, tokens: list[Token], index: int) -> bool:
        """Whether the token begins a line or a sentence, or closes a block: what is before it should have ended."""
        between = self.text[tokens[index - 1].end : tokens[index].start]
        follows = tokens[index + 1].text if index + 1 < len(tokens) else ""
        return "\n" in between or tokens[index].text == "}" or follows in ("must", "may")

    def _statement_start(self, tokens: list[Token], index: int) -> int:
        while index > 0 and not ends_statement(tokens, index - 1):
            index -= 1
        return index

    def _statement_end(self, tokens: list[Token], index: int) -> int:
        """The offset at which the statement around a token ends."""
        for token in tokens[index:]:
            if token.text in (".", "{", "}"):
                return token.start
        return len(self.text)

    def _depth(self, tokens: list[Token], index: int) -> int:
        return sum((token.text == "{") - (token.text == "}") for token in tokens[:index])


def _nearest(word: str, known: Iterable[str]) -> str | None:
    """The word most like it, one with the same first letter before others."""
    close = get_close_matches(word, known, 3, 0.65)
    return next((other for other in close if other[0] == word[0]), close[0] if close else None)


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"


@lru_cache(maxsize=1)
def _keywords() -> dict[str, str]:
    """Terminal name -> the word or mark it stands for."""
    return {t.name: t.pattern.value for t in parser().terminals if t.pattern.type == "str"}


def _keyword(terminal: str) -> str:
    word = _keywords().get(terminal, "")
    return word if word.isalpha() else ""


def expected_words(accepts: set[str]) -> str:
    """What the grammar would take, as a lawyer would say it: `“within”, “of” or a full stop`."""
    groups: list[str] = []
    left = accepts - {"_IN_THAT"}  # it could follow any measure, and belongs to sums of money alone
    if left - _ARITHMETIC - {"OF"}:
        left -= _ARITHMETIC | ({"OF"} if "STAR" in accepts else set())
    if left >= _COMPARING:
        left -= _COMPARING
        groups.append("a comparison such as “at least”")
    if left >= _QUALIFYING:
        left -= _QUALIFYING
        groups.append("a qualifier such as “per” or “in”")
    words = sorted(f"“{_said(name, accepts)}”" for name in left if _keyword(name))
    if len(words) > 12 and "$END" in left:
        return "a declaration such as “metric” or “article”"
    marks = sorted(_WORDS_OF_TERMINALS.get(name) or _keywords()[name] for name in left if not _keyword(name))
    options = [*groups, *words, *marks]
    return options[0] if len(options) == 1 else ", ".join(options[:-1]) + " or " + options[-1]


def _said(terminal: str, accepts: set[str]) -> str:
    """`at` never stands alone."""
    if terminal != "AT":
        return _keyword(terminal)
    return "at all times" if "OVER" in accepts else "at least"
