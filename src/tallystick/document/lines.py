"""The document as lines and tables in a row, as they follow one another on paper, each with the place it belongs to.

A tree of blocks is right for HTML. Word, and whoever compares two versions, know paragraphs and rows only; both work
on what stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from tallystick.document.document import (
    Block,
    Break,
    Cover,
    Definition,
    Document,
    DraftingNote,
    Emphasis,
    Inline,
    Item,
    ItemList,
    Kind,
    Letterhead,
    Paragraph,
    Plot,
    Row,
    Section,
    Signature,
    Strong,
    Subsection,
    Table,
)
from tallystick.prose.sentence import Link


class Mark(StrEnum):
    """What a later version did to words, a line or a row. In one version alone everything is `KEPT`."""

    KEPT = "kept"
    NEW = "new"
    STRUCK = "struck"
    MOVED_AWAY = "moved away"
    MOVED_HERE = "moved here"


@dataclass(frozen=True)
class Run:
    """Words that are printed alike and lead to the same place. A line break in them is a new line."""

    text: str
    strong: bool = False
    emphasis: bool = False
    anchor: str | None = None
    mark: Mark = Mark.KEPT


class Style(StrEnum):
    """What a line is. The value is the name of its style in Word; that of a heading or entry has its level behind it."""

    KIND = "CoverKind"
    UNDER = "LetterUnder"
    TITLE = "Title"
    EDITION = "Subtitle"
    BETWEEN = "CoverBetween"
    PARTY = "CoverParty"
    PARTY_DETAIL = "CoverPartyDetail"
    LABEL = "LabelHeading"
    ENTRY = "TOC"
    SECTION = "SectionHeading"
    SCHEDULE = "ScheduleHeading"
    HEADING = "Heading"
    PART = "PartHeading"
    BODY = "BodyText"
    CLAUSE = "ClauseText"
    OPERATIVE = "Operative"
    ITEM = "ListItem"
    DEFINITION = "Definition"
    NOTE_LABEL = "DraftingNoteLabel"
    NOTE = "DraftingNote"
    SIGNATURE_PARTY = "SignatureParty"
    SIGNATURE_CALLED = "SignatureCalled"
    COLOPHON = "Colophon"


@dataclass(frozen=True)
class Line:
    """A paragraph. `place` is the anchor of the clause or section it stands in, `number` the number or label before it.

    `level` counts from 1: of a heading, an entry of the contents, or a list in a list. `numbering` names the list that
    counts the number, where counting one after the other comes to it; without that name the number is mere text.
    """

    place: str
    style: Style
    runs: tuple[Run, ...]
    anchor: str | None = None
    number: str = ""
    level: int = 0
    numbering: str = ""
    inset: bool = False
    with_next: bool = False
    new_page: bool = False
    mark: Mark = Mark.KEPT

    @property
    def text(self) -> str:
        """The bare words, without the number."""
        return "".join(run.text for run in self.runs)


Cell = tuple[Run, ...]


@dataclass(frozen=True)
class GridRow:
    """A row of a table; `heading` where it names the columns. `field` names what a signatory fills in there."""

    cells: tuple[Cell, ...]
    anchor: str | None = None
    heading: bool = False
    mark: Mark = Mark.KEPT
    field: str = ""


class GridKind(StrEnum):
    """How a table looks; the value is the name of its style in Word."""

    PLAIN = "AgreementTable"
    KEY_TERMS = "KeyTerms"
    SIGNATURE = "SignatureTable"


@dataclass(frozen=True)
class Grid:
    """A table. `right` are the columns that are set to the right."""

    place: str
    kind: GridKind
    rows: tuple[GridRow, ...]
    inset: bool = False
    right: frozenset[int] = frozenset()


Piece = Line | Grid

HEADINGS, SCHEDULES, BULLETS = "headings", "schedules", "bullets"
COVER, CONTENTS, COLOPHON = "cover", "contents", "colophon"


def lines(document: Document, tally: str) -> tuple[Piece, ...]:
    """Every line and table of the document, from the cover to the tally in full. `tally` is in hexadecimal."""
    front = (
        _letterhead(document, document.cover)
        if isinstance(document.cover, Letterhead)
        else _front(document, document.cover)
    )
    return tuple(_counted((*front, *_sections(document), *_colophon(document, tally))))


# --- words ---------------------------------------------------------------------------------------------------


def runs(inlines: Iterable[Inline], *, strong: bool = False, emphasis: bool = False) -> tuple[Run, ...]:
    """The words as runs."""
    return tuple(run for inline in inlines for run in _runs(inline, strong, emphasis))


def _runs(inline: Inline, strong: bool, emphasis: bool) -> Iterator[Run]:
    match inline:
        case str():
            if inline:
                yield Run(inline, strong, emphasis)
        case Link():
            yield Run(inline.text, strong, emphasis, inline.anchor)
        case Strong():
            yield from runs(inline.inlines, strong=True, emphasis=emphasis)
        case Emphasis():
            yield from runs(inline.inlines, strong=strong, emphasis=True)
        case Break():
            yield Run("\n", strong, emphasis)
        case _:
            assert_never(inline)


# --- cover, contents, end ------------------------------------------------------------------------------------


def _front(document: Document, cover: Cover) -> Iterator[Piece]:
    yield from _title(document, Style.KIND)
    yield _on_cover(Style.BETWEEN, "between")
    yield from _cover_parties(cover)
    yield _on_cover(Style.LABEL, "Key terms")
    yield _grid(COVER, cover.key_terms, GridKind.KEY_TERMS)
    yield from _contents(document)


def _letterhead(document: Document, letterhead: Letterhead) -> Iterator[Piece]:
    yield from _title(document, Style.UNDER)
    yield _grid(COVER, letterhead.facts, GridKind.KEY_TERMS)


def _title(document: Document, label: Style) -> Iterator[Line]:
    yield _on_cover(label, document.label)
    yield _on_cover(Style.TITLE, document.title)
    yield _on_cover(Style.EDITION, document.edition)


def _on_cover(style: Style, *inlines: Inline) -> Line:
    return Line(COVER, style, runs(inlines))


def _cover_parties(cover: Cover) -> Iterator[Line]:
    for party in cover.parties:
        name, detail, called = party.cells
        yield Line(COVER, Style.PARTY, runs(name))
        yield Line(COVER, Style.PARTY_DETAIL, runs((*detail, " (“" if any(detail) else "(“", *called, "”)")))


def _contents(document: Document) -> Iterator[Line]:
    yield Line(CONTENTS, Style.LABEL, runs(("Contents",)), new_page=True)
    for entry in document.contents:
        words = (entry.number, "\t", entry.title) if entry.number else (entry.title,)
        yield Line(CONTENTS, Style.ENTRY, tuple(Run(word, anchor=entry.anchor) for word in words), level=entry.level)


def _colophon(document: Document, tally: str) -> Iterator[Line]:
    yield Line(COLOPHON, Style.COLOPHON, runs((document.basis,)), with_next=True)
    yield Line(COLOPHON, Style.COLOPHON, runs((tally,)))


# --- sections ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """Where blocks stand: the nearest anchor, the level of the next heading, how deep in lists, and in what."""

    anchor: str
    level: int
    depth: int = 0
    inset: bool = False
    note: bool = False

    @property
    def text_style(self) -> Style:
        if self.note:
            return Style.NOTE
        return Style.CLAUSE if self.inset else Style.BODY


def _sections(document: Document) -> Iterator[Piece]:
    before = None
    for section in document.sections:
        place = _Place(section.anchor, 2)
        yield Line(
            section.anchor,
            _heading_style(section),
            runs((section.title,)),
            section.anchor,
            section.number,
            level=1,
            new_page=section.kind in (Kind.PARTIES, Kind.SIGNATURES) or before is Kind.SIGNATURES,
        )
        yield from _blocks(section.blocks, place)
        before = section.kind


def _heading_style(section: Section) -> Style:
    if not section.number:
        return Style.SECTION
    return Style.SCHEDULE if section.kind is Kind.SCHEDULE else Style.HEADING


def _blocks(blocks: tuple[Block, ...], place: _Place) -> Iterator[Piece]:
    for block, following in zip(blocks, (*blocks[1:], None), strict=False):
        yield from _block(block, place, with_next=isinstance(following, ItemList | Table))


def _block(block: Block, place: _Place, *, with_next: bool) -> Iterator[Piece]:
    match block:
        case Paragraph():
            style = Style.OPERATIVE if block.operative else Style.ITEM if place.depth else place.text_style
            yield _line(place, style, runs(block.inlines), block.anchor, with_next=with_next)
        case ItemList():
            for item in block.items:
                yield from _item(item, replace(place, depth=place.depth + 1))
        case Table():
            yield _grid(place.anchor, block, GridKind.PLAIN, inset=place.inset)
        case Definition():
            words = ("“", Strong((block.title,)), "” ", *block.inlines)
            yield _line(place, Style.DEFINITION, runs(words), block.anchor, with_next=bool(block.more))
            yield from _blocks(block.more, replace(place, inset=True))
        case DraftingNote():
            yield _line(place, Style.NOTE_LABEL, runs(("Drafting note",)))
            yield from _blocks(block.blocks, replace(place, note=True))
        case Subsection():
            yield from _subsection(block, place)
        case Signature():
            yield from _signature(block, place)
        case Plot():
            yield _line(place, Style.PART, runs((block.title,)))
            yield _grid(place.anchor, block.table, GridKind.PLAIN, inset=place.inset)
        case _:
            assert_never(block)


def _line(
    place: _Place, style: Style, words: tuple[Run, ...], anchor: str | None = None, *, with_next: bool = False
) -> Line:
    return Line(place.anchor, style, words, anchor, level=place.depth, inset=place.inset, with_next=with_next)


def _item(item: Item, place: _Place) -> Iterator[Piece]:
    """The label stands before the first line of the item; where that is none, alone."""
    inner = list(_blocks(item.blocks, place))
    first = inner[0] if inner else None
    if not isinstance(first, Line) or first.number:
        first = _line(place, Style.ITEM, ())
        inner.insert(0, first)
    inner[0] = replace(first, number=item.label or "•", anchor=item.anchor or first.anchor)
    yield from inner


def _subsection(block: Subsection, place: _Place) -> Iterator[Piece]:
    anchor = block.anchor or place.anchor
    style = Style.HEADING if block.number else Style.PART
    words = runs((block.title,))
    level, part = place.level if block.number else 0, place.inset and not block.number
    yield Line(anchor, style, words, block.anchor, block.number, level=level, inset=part)
    inset = place.inset or bool(block.number)
    yield from _blocks(block.blocks, replace(place, anchor=anchor, level=place.level + 1, inset=inset))


def _signature(block: Signature, place: _Place) -> Iterator[Piece]:
    yield _line(place, Style.SIGNATURE_PARTY, runs((block.party,)), with_next=True)
    yield _line(place, Style.SIGNATURE_CALLED, runs((f"(“{block.called}”)",)), with_next=True)
    facts = (
        ("Signature", "", block.field),
        ("Name", block.name, ""),
        ("Title", block.title, ""),
        ("Company", block.party, ""),
        ("Notice address", block.notices, ""),
        ("Date", "", block.field.replace("Signature_", "Date_", 1)),
    )
    rows = (GridRow((runs((name,)), runs((value,))), field=field) for name, value, field in facts)
    yield Grid(place.anchor, GridKind.SIGNATURE, tuple(rows))


def _grid(place: str, table: Table, kind: GridKind, *, inset: bool = False) -> Grid:
    head = [GridRow(tuple(runs((column,)) for column in table.columns), heading=True)] if table.columns else []
    return Grid(place, kind, (*head, *(_row(row) for row in table.rows)), inset, table.number_columns)


def _row(row: Row) -> GridRow:
    return GridRow(tuple(runs(cell) for cell in row.cells), row.anchor)


# --- numbers that a word processor counts to, too ------------------------------------------------------------

_LABEL = re.compile(r"\((?:(?P<decimal>[1-9]\d*)|(?P<lower>([a-z])\3*)|(?P<upper>([A-Z])\5*))\)\Z")


def _counted(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces, each line with the list that counts its number. A number that counting does not come to is text."""
    headings = _Headings()
    lists = _Lists()
    for piece in pieces:
        if isinstance(piece, Line) and piece.style in (Style.HEADING, Style.SCHEDULE):
            piece = replace(piece, numbering=headings.next(piece))
        elif isinstance(piece, Line) and piece.number:
            piece = replace(piece, numbering=lists.next(piece))
        elif isinstance(piece, Line) and not piece.level:
            lists.end(piece.place)
        yield piece


class _Headings:
    """Counts headings as Word does: each level by itself, begun anew below a new heading of a level above."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.schedules = 0

    def next(self, line: Line) -> str:
        if line.style is Style.SCHEDULE:
            if line.number != f"Schedule {self.schedules + 1}":
                return ""
            self.schedules += 1
            return SCHEDULES
        if line.level > 9 or any(level not in self.counts for level in range(1, line.level)):
            return ""
        counts = {level: count for level, count in self.counts.items() if level <= line.level}
        counts[line.level] = counts.get(line.level, 0) + 1
        number = ".".join(str(count) for count in counts.values())
        if line.number != (f"Article {number}" if line.level == 1 else number):
            return ""
        self.counts = counts
        return HEADINGS


class _Lists:
    """Counts the items of each list. A list goes on until words of its place that are in no list, or one level up."""

    def __init__(self) -> None:
        self.open: dict[int, tuple[str, int]] = {}
        self.begun: dict[str, int] = {}

    def end(self, place: str) -> None:
        self.open = {}
        self.begun.setdefault(place, 0)

    def next(self, line: Line) -> str:
        if line.number == "•":
            return BULLETS
        self.open = {level: each for level, each in self.open.items() if level <= line.level}
        found = label_value(line.number)
        if found is None:
            return ""
        kind, value = found
        numbering, last = self.open.get(line.level, ("", 0))
        if not numbering.endswith(f" {kind}") or value != last + 1 or not numbering.startswith(f"{line.place} "):
            self.begun[line.place] = self.begun.get(line.place, 0) + 1
            numbering = f"{line.place} {self.begun[line.place]} {value} {kind}"
        self.open[line.level] = (numbering, value)
        return numbering


def label_value(label: str) -> tuple[str, int] | None:
    """Format and number of a label that Word can count to: `(c)` is the third lower-case letter, `(bb)` the 28th."""
    match = _LABEL.match(label)
    if match is None:
        return None
    if match["decimal"]:
        return "decimal", int(match["decimal"])
    kind, letters = ("lowerLetter", match["lower"]) if match["lower"] else ("upperLetter", match["upper"])
    return kind, (len(letters) - 1) * 26 + ord(letters[0].lower()) - ord("a") + 1
