"""The agreement as numbered blocks: the people's half, before it takes any file format.

Everything that is read on paper stands here once, in order, with its numbers and anchors as plain text. HTML, PDF
and Markdown are printed from it and add nothing but layout. Nothing here depends on the tally, on file names or on
the day of building: the tally is computed over these blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum

from tallystick.prose.sentence import Link

# --- words ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Strong:
    """Words in bold."""

    inlines: tuple[Inline, ...]


@dataclass(frozen=True)
class Emphasis:
    """Words in italics."""

    inlines: tuple[Inline, ...]


@dataclass(frozen=True)
class Break:
    """A new line within a paragraph or cell."""


Inline = str | Link | Strong | Emphasis | Break
Inlines = tuple[Inline, ...]

# --- blocks --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paragraph:
    """Words of their own. An operative sentence is `operative`; `anchor` is set where something points to it."""

    inlines: Inlines
    anchor: str | None = None
    operative: bool = False


@dataclass(frozen=True)
class Item:
    """An item of a list under the label it is cited by, such as `(a)`; a bullet in a list without labels."""

    label: str
    blocks: tuple[Block, ...]
    anchor: str | None = None


@dataclass(frozen=True)
class ItemList:
    """A list. Labels are text, counted here and not by a style sheet, so that every format shows the same."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: tuple[Inlines, ...]
    anchor: str | None = None


@dataclass(frozen=True)
class Table:
    """A table. Without `columns` it has no heading row, and its first cells are the names of its second ones."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def number_columns(self) -> frozenset[int]:
        """The columns after the first, counted from 0, that hold nothing but numbers, which are set to the right."""
        cells = [[text_of(cell) for cell in column] for column in zip(*(row.cells for row in self.rows), strict=True)]
        found = (place for place, column in enumerate(cells) if place and _are_numbers(column))
        return frozenset(found) if self.columns else frozenset()


def _are_numbers(texts: list[str]) -> bool:
    return all(map(_NUMBER.match, texts)) and any(
        text == "·" or text[-1:].isdigit() or text[-1:] == "%" for text in texts
    )


_NUMBER = re.compile(r"(?:[A-Z]{3}[ \u00a0])?[-\u2212+]?\d[\d,.]*%?\Z|[–·]?\Z")


@dataclass(frozen=True)
class Definition:
    """A defined term and what it means: `title` is printed in quotation marks before `inlines`."""

    title: str
    inlines: Inlines
    anchor: str | None = None
    more: tuple[Block, ...] = ()


@dataclass(frozen=True)
class DraftingNote:
    """A note among those who draft; only in drafts."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Subsection:
    """A clause (numbered, perhaps with clauses in it) or a part of a schedule (without a number)."""

    number: str
    title: str
    anchor: str | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Signature:
    """The lines on which one signatory signs for a party. `field` names the place to sign; a draft has none."""

    field: str
    party: str
    called: str
    name: str
    title: str
    notices: str


# --- plots ---------------------------------------------------------------------------------------------------

WHOLE = 1000
"""A plot is WHOLE wide and WHOLE high, from the lower left corner; who prints it decides what that is on paper."""


class PointMark(StrEnum):
    """How a point of a plot was judged."""

    KEPT = "kept"
    BREACHED = "breached"
    EXCUSED = "excused"
    OPEN = "open"


@dataclass(frozen=True)
class Point:
    """A value at its place. `says` is the same in words."""

    x: int
    y: int
    mark: PointMark
    says: str


@dataclass(frozen=True)
class Curve:
    """The values of one group, each run of them that follow one another by itself: no line crosses what is not known."""

    name: str
    runs: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True)
class Tick:
    """A place on an axis, and what it is called."""

    at: int
    says: str


@dataclass(frozen=True)
class Plot:
    """Values over time against what is agreed. `says` is the plot in words, for who cannot see it; `table` has its values,
    for formats that have no drawings. `agreed` are the corners of a line; `unmeasured` the places of missing values;
    `marks` what points are called that are not merely kept.
    """

    title: str
    says: str
    curves: tuple[Curve, ...]
    agreed: tuple[tuple[int, int], ...]
    agreed_says: str
    unmeasured: tuple[int, ...]
    marks: tuple[tuple[PointMark, str], ...]
    times: tuple[Tick, ...]
    values: tuple[Tick, ...]
    table: Table


Block = Paragraph | ItemList | Table | Definition | DraftingNote | Subsection | Signature | Plot

# --- the whole -----------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What a section is, which decides how a style prints it and how its number reads."""

    PARTIES = "parties"
    RECITALS = "recitals"
    DEFINITIONS = "definitions"
    ARTICLE = "article"
    REMEDIES = "remedies"
    SIGNATURES = "signatures"
    SCHEDULE = "schedule"
    CHAPTER = "chapter"


@dataclass(frozen=True)
class Section:
    """A section with a heading. `number` is `Article 3` or `Schedule 1`, or empty."""

    kind: Kind
    number: str
    title: str
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Cover:
    """The first page: who the parties are, and the key terms."""

    parties: tuple[Row, ...]
    key_terms: Table


@dataclass(frozen=True)
class Letterhead:
    """What stands over a document besides the agreement: a `label` above its title, what `dated` it below, who makes it,
    and the `facts` that a reader wants first. `basis` says at its end what it rests on.
    """

    label: str
    dated: str
    by: tuple[str, ...]
    facts: Table
    basis: str


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents; `level` is 1 for sections and 2 for the clauses of an article."""

    level: int
    number: str
    title: str
    anchor: str


@dataclass(frozen=True)
class Document:
    """The whole document. `effective` is the date in words, `effective_on` in ISO form; `language` as in HTML.

    One besides the agreement has a letterhead in place of a cover, no contents, and the dates of its own.
    """

    title: str
    version: str
    effective: str
    effective_on: str
    draft: bool
    cover: Cover | Letterhead
    sections: tuple[Section, ...]
    language: str = "en"

    @property
    def label(self) -> str:
        """What stands above the title."""
        if isinstance(self.cover, Letterhead):
            return self.cover.label
        return "Draft agreement" if self.draft else "Agreement"

    @property
    def edition(self) -> str:
        """What stands below the title."""
        if isinstance(self.cover, Letterhead):
            return self.cover.dated
        return f"Version {self.version}, effective {self.effective}"

    @property
    def footing(self) -> str:
        """What stands at the foot of each page, before the tally."""
        if isinstance(self.cover, Letterhead):
            return self.label
        return f"{'Draft of version' if self.draft else 'Version'} {self.version}"

    @property
    def authors(self) -> tuple[str, ...]:
        """Whose document it is."""
        if isinstance(self.cover, Letterhead):
            return self.cover.by
        return tuple(text_of(party.cells[0]) for party in self.cover.parties)

    @property
    def basis(self) -> str:
        """What stands above the tally in full."""
        return self.cover.basis if isinstance(self.cover, Letterhead) else _BASIS

    @property
    def contents(self) -> tuple[Entry, ...]:
        """The table of contents: every section and the clauses directly in articles."""
        return tuple(entry for section in self.sections for entry in _entries(section))


_BASIS = "One digest, the tally, covers the text of this agreement and the rules that a machine checks it by."


def _entries(section: Section) -> Iterator[Entry]:
    yield Entry(1, section.number, section.title, section.anchor)
    for block in section.blocks:
        if isinstance(block, Subsection) and block.number and block.anchor:
            yield Entry(2, block.number, block.title, block.anchor)


# --- as data and as words -------------------------------------------------------------------------------------

Json = str | bool | int | None | list["Json"] | dict[str, "Json"]


def to_canonical(document: Document) -> Json:
    """The document as plain JSON, block by block: each record an object with its type's name as `is`.

    The tally covers exactly this.
    """
    return _plain(document)


def _plain(value: object) -> Json:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        named: dict[str, Json] = {"is": type(value).__name__}
        return named | {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if value is None or isinstance(value, (str, bool, int)):
        return str(value) if isinstance(value, StrEnum) else value
    raise TypeError(f"not part of a document: {value!r}")


def paragraph(*inlines: Inline) -> Paragraph:
    """A paragraph of these words, which nothing points to."""
    return Paragraph(inlines)


def text_of(inlines: Iterable[Inline]) -> str:
    """The bare words; a line break is a space."""
    return "".join(_text(inline) for inline in inlines)


def _text(inline: Inline) -> str:
    match inline:
        case str():
            return inline
        case Link():
            return inline.text
        case Break():
            return " "
        case Strong() | Emphasis():
            return text_of(inline.inlines)
