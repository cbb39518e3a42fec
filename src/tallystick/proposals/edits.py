"""Which changes of a source might stand behind changed words of the paper.

Nothing here knows which of them is right: whoever asks compiles each, and looks whether the paper then says what the
other side wrote.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Protocol

from tallystick.document.to_markdown import escaped
from tallystick.model.agreement import Agreement
from tallystick.proposals.differences import Hunk
from tallystick.proposals.proposal import Edit
from tallystick.redline.from_documents import alike
from tallystick.source import Source, Span
from tallystick.syntax.names import VERB
from tallystick.syntax.tokens import TokenKind, ends_statement, scan

_AROUND = ((3, 3), (2, 2), (1, 1), (3, 0), (0, 3), (2, 0), (0, 2), (1, 0), (0, 1), (0, 0))


@dataclass(frozen=True)
class Names:
    """Names of the source for the words that the paper prints instead, such as `risk_officer` for “Risk Officer”."""

    by_title: dict[str, str]
    capital: dict[str, str]

    @staticmethod
    def of(agreement: Agreement) -> Names:
        """Parties, roles, terms, definitions, metrics, events and records."""
        titled = [(party.called, party.id) for party in agreement.parties.values()]
        for declared in (
            agreement.roles,
            agreement.terms,
            agreement.definitions,
            agreement.metrics,
            agreement.events,
            agreement.records,
        ):
            titled += [(each.title, each.id) for each in declared.values()]
        return Names(
            {title.casefold(): name for title, name in titled},
            {title: name for title, name in titled if title[:1].isupper()},
        )

    def pattern(self, words: str) -> str:
        """A regular expression for these words, in which references may stand for what they print."""
        found = []
        for blank, title, section, verb, other in re.findall(self._parts, words):
            if blank:
                found.append(r"\s+")
            elif title:
                found.append(rf"(?:{re.escape(title)}|\{{{self.capital[title]}\}})")
            elif section:
                found.append(rf"(?:{re.escape(section)}|\{{@\w+\}})")
            elif verb:
                found.append(rf"(?:{verb}|\{{{VERB}\}})")
            else:
                found.append(re.escape(other))
        return "".join(found)

    def referring(self, words: str) -> str:
        """The words with references for the defined terms, parties and roles in them."""
        return (
            re.sub(self._titles, lambda match: f"{{{self.capital[match.group()]}}}", words) if self.capital else words
        )

    @cached_property
    def _titles(self) -> str:
        longest = sorted(self.capital, key=lambda title: (-len(title), title))
        return rf"\b(?:{'|'.join(map(re.escape, longest))})(?!\w)" if longest else r"(?!)"

    @cached_property
    def _parts(self) -> str:
        return rf"(\s+)|({self._titles})|((?:Section|Article)\s[\d.]*\d)|\b(shall|must|will)\b|(.)"


def replacements(hunk: Hunk, regions: Sequence[Span], names: Names) -> Iterator[Edit]:
    """Edits that put the new words for the old ones: in the first region first, with many words around them first."""
    seen: set[Edit] = set()
    for region in regions:
        for left, right in _AROUND:
            around = "".join(hunk.before[-left:] if left else ()), "".join(hunk.behind[:right])
            for edit in chain(_in_words(region, hunk, around, names), _as_spelled(region, hunk, around, names)):
                if edit not in seen:
                    seen.add(edit)
                    yield edit


def _in_words(region: Span, hunk: Hunk, around: tuple[str, str], names: Names) -> Iterator[Edit]:
    """Where the source has the words as they are, or references that print them. What is around them stays."""
    before, behind = around
    if not (before + hunk.struck + behind).strip() or not _is_writable(hunk.added):
        return
    patterns = [names.pattern(part) for part in (before, hunk.struck, behind)]
    whole = f"({_START if (before + hunk.struck + behind)[:1].isalnum() else ''}{patterns[0]})({patterns[1]})({patterns[2]})"
    for match in re.finditer(whole + (_END if (before + hunk.struck + behind)[-1:].isalnum() else ""), region.text):
        start, end = (region.start + at for at in match.span(2))
        for text in dict.fromkeys((names.referring(hunk.added), hunk.added)):
            yield Edit(region.source.name, start, end, text)


def _as_spelled(region: Span, hunk: Hunk, around: tuple[str, str], names: Names) -> Iterator[Edit]:
    """Where the source has them as it spells what the paper prints otherwise."""
    before, behind = around
    for old, new in _spellings(before + hunk.struck + behind, before + hunk.added + behind, names):
        if not old.strip() or not _is_writable(new):
            continue
        pattern = r"\s+".join(re.escape(part) for part in old.split())
        start = _START if old.strip()[0].isalnum() else ""
        for match in re.finditer(start + pattern + (_END if old.strip()[-1].isalnum() else ""), region.text):
            yield Edit(region.source.name, region.start + match.start(), region.start + match.end(), new.strip())


_START, _END = r"(?<![\w.,])", r"(?!\w|%|[.,]\d)"


def _is_writable(words: str) -> bool:
    """Whether words can stand in prose without being taken for something else."""
    return not any(mark in words for mark in ('"""', "{", "}"))


def _spellings(old: str, new: str, names: Names) -> Iterator[tuple[str, str]]:
    """Both texts as the source spells what the paper prints otherwise."""
    for spelled in (_dated, _in_quotes, _plain_units, lambda text: _named(text, names)):
        was, now = spelled(old), spelled(new)
        if was is not None and now is not None and (was, now) != (old, new):
            yield was, now


def _dated(text: str) -> str | None:
    """`1 January 2027` is `2027-01-01`."""
    try:
        return datetime.strptime(text.strip(), "%d %B %Y").date().isoformat()  # noqa: DTZ007
    except ValueError:
        return None


def _in_quotes(text: str) -> str | None:
    return text.replace("“", '"').replace("”", '"')


def _plain_units(text: str) -> str | None:
    """`10 Business Days` is `10 business days`, `each calendar month` is `each month`."""
    return text.lower().replace("calendar ", "").replace("clock ", "")


def _named(text: str, names: Names) -> str | None:
    return names.by_title.get(re.sub(r"^(?:the|a|an) ", "", text.strip().casefold()))


# --- paragraphs and sentences --------------------------------------------------------------------------------


def removals(struck: str, regions: Sequence[Span]) -> Iterator[Edit]:
    """Edits that take out a paragraph of prose or a statement, those first that read most like what was struck."""
    found: list[tuple[float, Edit]] = []
    for region in regions:
        text = region.source.text
        for start, end, gone in chain(_paragraphs(region), _statements(region)):
            found.append((alike(_bag(struck), _bag(text[start:end])), Edit(region.source.name, *gone, "")))
    yield from (edit for share, edit in sorted(found, key=lambda each: -each[0]) if share > 0.1)


def whole(region: Span) -> Edit:
    """The edit that takes out a clause."""
    return Edit(region.source.name, *_whole_lines(region.source.text, region.start, region.end), "")


def insertions(added: str, after: str, region: Span) -> Iterator[Edit]:
    """Edits that put a paragraph in: behind the one that reads like `after`, at the beginning of a clause, at its end."""
    if not _is_writable(added):
        return
    text, name = region.source.text, region.source.name
    words = escaped(added)
    paragraphs = sorted(_paragraphs(region), key=lambda each: -alike(_bag(after), _bag(text[each[0] : each[1]])))
    for _, end, _ in paragraphs[:1]:
        yield Edit(name, end, end, f"\n\n{words}")
    for at in _places(region):
        yield Edit(name, at, at, f'\n    """{words}"""')


def _places(region: Span) -> Iterator[int]:
    """Where a statement of a clause may stand: behind its brace, and behind each of its statements, the last first."""
    tokens = [token for token in scan(region.text) if token.kind is not TokenKind.COMMENT]
    depth, found = 0, []
    for index, token in enumerate(tokens):
        depth += (token.text == "{") - (token.text == "}") if token.kind is TokenKind.MARK else 0
        if depth == 1 and ends_statement(tokens, index):
            found.append(region.start + token.end)
    yield from reversed(found)


Range = tuple[int, int]


def _paragraphs(region: Span) -> Iterator[tuple[int, int, Range]]:
    """The paragraphs of every prose of a region, and what goes with each: a blank line, or the whole of its prose."""
    for token in scan(region.text):
        if token.kind is not TokenKind.PROSE:
            continue
        start, end = region.start + token.start, region.start + token.end
        inner = region.source.text[start + 3 : end - 3]
        parts = [match.span() for match in re.finditer(r"\S(?:(?!\n[ \t]*\n).)*", inner, re.DOTALL)]
        places = [(start + 3 + first, start + 3 + last) for first, last in parts]
        for at, (first, last) in enumerate(places):
            if len(places) == 1:
                gone = _whole_lines(region.source.text, start, end)
            else:
                gone = (places[at - 1][1], last) if at else (first, places[1][0])
            yield first, last, gone


def _statements(region: Span) -> Iterator[tuple[int, int, Range]]:
    """The statements of a region with the lines they are on."""
    tokens = [token for token in scan(region.text) if token.kind is not TokenKind.COMMENT]
    start: int | None = None
    for index, token in enumerate(tokens):
        if token.kind is TokenKind.MARK and token.text in "{}":
            start = None
            continue
        start = token.start if start is None else start
        if ends_statement(tokens, index):
            first, last = region.start + start, region.start + token.end
            yield first, last, _whole_lines(region.source.text, first, last)
            start = None


def _whole_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """With the blanks before it, and the line break, where nothing else stands on its lines."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    if text[first:start].strip() or text[end:last].strip():
        return start, end
    return max(first - 1, 0), last


def _bag(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.casefold()))


def regions_of(agreement: Agreement, place: str, anchors: Iterable[str], source: Source) -> tuple[Span, ...]:
    """Where to look: the clause itself, what its words lead to, and then everything."""
    spans = _spans(agreement)
    found = [spans[anchor] for anchor in (*anchors, place) if anchor in spans]
    clause = [span for span in (spans.get(place),) if span is not None]
    everything = [Span(file, 0, len(file.text)) for file in source.all]
    return tuple(dict.fromkeys([*clause, *found, *everything]))


class _Placed(Protocol):
    @property
    def span(self) -> Span | None: ...


def _spans(agreement: Agreement) -> dict[str, Span]:
    """The place in the source for each anchor that has one."""
    found: dict[str, Span] = {}
    declared: dict[str, Mapping[str, _Placed]] = {
        "term": agreement.terms,
        "party": agreement.parties,
        "role": agreement.roles,
        "definition": agreement.definitions,
        "metric": agreement.metrics,
        "event": agreement.events,
        "record": agreement.records,
        "standard": agreement.standards,
    }
    for kind, things in declared.items():
        found |= {f"{kind}-{name}": thing.span for name, thing in things.items() if thing.span is not None}
    for article in agreement.articles:
        found[f"article-{article.id}"] = article.span
    for clause in agreement.clauses:
        found[f"clause-{clause.id}"] = clause.span
        found |= {f"rule-{rule.id}": clause.span for rule in clause.rules}
    return found
