"""The document as a Word file (Office Open XML, ECMA-376), the same bytes for the same document on every run.

Numbers of articles, clauses and lists are Word's own, references to clauses are fields, and the styles have names, so
that whoever edits the file is helped by Word as with one of their own. What never changes from document to document
stands as templates in the folder `word` of the house style. Sources and rules are carried as a custom part.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from io import BytesIO
from itertools import groupby
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from defusedxml.ElementTree import fromstring

from tallystick.document.apart import apart
from tallystick.document.document import Cover, Document, text_of
from tallystick.document.house_style import CLASSIC, HouseStyle, Paper, StyleRefused
from tallystick.document.lines import (
    BULLETS,
    HEADINGS,
    SCHEDULES,
    Cell,
    Grid,
    GridKind,
    GridRow,
    Line,
    Mark,
    Piece,
    Run,
    Style,
    lines,
)
from tallystick.document.to_html import environment, short_tally

AGREEMENT = "urn:tallystick:agreement"
"""The namespace of the custom part that carries the sources, the rules and the tally."""

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CONTENT = "application/vnd.openxmlformats-officedocument"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

# Twentieths of a point, as everywhere in Word: margins of 27 and 28 mm, and what lists are set in by.
_MARGIN_TOP, _MARGIN, _INSET, _HANGING = 1531, 1587, 680, 454


@dataclass(frozen=True)
class Author:
    """Who made the tracked changes of a file, and the day that they are stamped with."""

    name: str
    on: date


def to_docx(
    document: Document, tally: str, carried: Mapping[str, bytes] | None = None, style: HouseStyle = CLASSIC
) -> bytes:
    """The file. `tally` is in hexadecimal; `carried` are the sources and `rules.json` by name; of the `style` the folder
    `word` is used.

    Dates in it are the effective date. Characters that XML cannot hold are replaced. Raises StyleRefused.
    """
    return write_docx(document, tally, lines(document, tally), carried, style)


def write_docx(
    document: Document,
    tally: str,
    pieces: Sequence[Piece],
    carried: Mapping[str, bytes] | None = None,
    style: HouseStyle = CLASSIC,
    author: Author | None = None,
) -> bytes:
    """The same with these lines as its text; marks in them become tracked changes by the `author`."""
    writing = _Writing(
        bookmarks(pieces), _numbers(pieces), author, style.paper.width - 2 * _MARGIN, style.settings.anchors
    )
    body = writing.body(pieces)
    return _packed(
        {
            "[Content_Types].xml": _content_types(),
            "_rels/.rels": _relations(_PACKAGE_PARTS),
            "docProps/core.xml": _core(document, tally),
            "docProps/app.xml": _app(),
            "word/document.xml": _document(body, style.paper),
            "word/_rels/document.xml.rels": _relations(_DOCUMENT_PARTS),
            **_from_templates(document, tally, style, writing.lists, tracking=author is not None),
            "customXml/item1.xml": _agreement_part(document, tally, carried or {}),
            "customXml/itemProps1.xml": _agreement_properties(),
            "customXml/_rels/item1.xml.rels": _relations((("customXmlProps", "itemProps1.xml"),)),
        }
    )


# --- XML -----------------------------------------------------------------------------------------------------

_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _value(text: str) -> str:
    """Text as the value of an attribute."""
    return escape(_clean(text), {'"': "&quot;", "\n": " ", "\t": " "})


def _text(text: str, tag: str) -> str:
    """Words with their line breaks and tabs as elements. `tag` is `w:t`, or `w:delText` where they are struck."""
    parts = re.split("([\n\t])", _clean(text))
    elements = {"\n": "<w:br/>", "\t": "<w:tab/>"}
    written = (elements.get(part) or f'<{tag} xml:space="preserve">{escape(part)}</{tag}>' for part in parts if part)
    return "".join(written)


# --- bookmarks and numbers -----------------------------------------------------------------------------------


def bookmarks(pieces: Iterable[Piece]) -> dict[str, str]:
    """The bookmark for each anchor of the text: letters, digits and `_`, at most 40, unlike any other in any case."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for anchor in (each for piece in pieces for each in _anchors(piece)):
        if anchor not in found:
            name = re.sub(r"\W", "_", anchor, flags=re.ASCII)
            if len(name) > 40 or name.casefold() in taken:
                name = f"{name[:31]}_{sha256(anchor.encode()).hexdigest()[:8]}"
            taken.add(name.casefold())
            found[anchor] = name
    return found


def _anchors(piece: Piece) -> Iterator[str]:
    """What of a piece is in the text that comes out in the end, under an anchor."""
    placed: Iterable[Line | GridRow] = (piece,) if isinstance(piece, Line) else piece.rows
    for each in placed:
        if each.anchor and each.mark not in (Mark.STRUCK, Mark.MOVED_AWAY):
            yield each.anchor


def _numbers(pieces: Iterable[Piece]) -> dict[str, str]:
    """The number that Word counts for each anchor of an article or clause."""
    return {
        piece.anchor: piece.number.replace(" ", "\u00a0")
        for piece in pieces
        if isinstance(piece, Line) and piece.anchor and piece.numbering == HEADINGS
    }


@dataclass(frozen=True)
class _List:
    """A list as Word's numbering knows it: its id, the definition it follows, and where it starts."""

    id: int
    kind: int
    level: int
    start: int


_FIXED = {HEADINGS: 1, SCHEDULES: 2, BULLETS: 3}
_KINDS = {"lowerLetter": 4, "upperLetter": 5, "decimal": 6}

# Lines that keep their distance themselves; before all others a table needs a little room behind it.
_STAND_OFF = (Style.SECTION, Style.SCHEDULE, Style.HEADING, Style.PART, Style.LABEL, Style.SIGNATURE_PARTY)

# --- the text ------------------------------------------------------------------------------------------------

_TRACKED = {Mark.NEW: "w:ins", Mark.STRUCK: "w:del", Mark.MOVED_AWAY: "w:moveFrom", Mark.MOVED_HERE: "w:moveTo"}


# Bookmarks and changes are numbered alike and must not share a number.
_FIRST_CHANGE = 100_000


def _together(piece: Piece) -> tuple[Style | None, Mark | None, str]:
    """What is written as one with what follows: the contents, and what moved."""
    if isinstance(piece, Line) and piece.style is Style.ENTRY:
        return Style.ENTRY, None, ""
    if isinstance(piece, Line) and piece.mark in (Mark.MOVED_AWAY, Mark.MOVED_HERE):
        return None, piece.mark, piece.place
    return None, None, ""


@dataclass
class _Writing:
    """Writes the body, and counts what Word wants counted: bookmarks, changes, lists."""

    bookmarks: Mapping[str, str]
    numbers: Mapping[str, str]
    author: Author | None
    text_width: int
    anchors: bool
    numbered: dict[str, _List] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)
    moves: dict[str, int] = field(default_factory=dict)
    changes: int = 0

    @property
    def lists(self) -> tuple[_List, ...]:
        return tuple(self.numbered.values())

    def body(self, pieces: Sequence[Piece]) -> str:
        written: list[str] = []
        following = zip(pieces, (*pieces[1:], None), strict=True)
        for (style, moved, place), group in groupby(following, lambda each: _together(each[0])):
            paragraphs = [self.piece(piece, after) for piece, after in group]
            if style is Style.ENTRY:
                written.append(_contents_field(paragraphs))
            else:
                written.append(self.moved(moved, place, "".join(paragraphs)) if moved else "".join(paragraphs))
        return "".join(written)

    def moved(self, mark: Mark, place: str, written: str) -> str:
        """What moved, between marks that bear the same name where it was and where it is."""
        name = f"move{self.moves.setdefault(place, len(self.moves) + 1)}"
        tag = f"{_TRACKED[mark]}Range"
        start = self.change(f"{tag}Start", named=f' w:name="{name}"')
        return f'{start}{written}<{tag}End w:id="{_FIRST_CHANGE + self.changes}"/>'

    def piece(self, piece: Piece, after: Piece | None) -> str:
        if isinstance(piece, Line):
            return self.line(piece)
        stands_off = isinstance(after, Line) and after.style in _STAND_OFF and after.mark is Mark.KEPT
        return self.grid(piece) + ("" if stands_off else _small())

    # paragraphs

    def line(self, line: Line) -> str:
        words = self.runs(self.with_number(line), fields=line.style is not Style.ENTRY)
        start, end = self.bookmark(line)
        return f"<w:p>{self.paragraph_properties(line)}{start}{words}{end}</w:p>"

    def with_number(self, line: Line) -> tuple[Run, ...]:
        """The words, with the number before them where Word does not count it."""
        if not line.number or line.numbering:
            return line.runs
        return Run(f"{line.number}\t", mark=line.mark), *line.runs

    def paragraph_properties(self, line: Line) -> str:
        style = f"{line.style.value}{line.level}" if line.style in (Style.HEADING, Style.ENTRY) else line.style.value
        written = f'<w:pStyle w:val="{style}"/>'
        if line.with_next:
            written += "<w:keepNext/>"
        if line.new_page:
            written += "<w:pageBreakBefore/>"
        written += self.numbering(line) + _indent(line)
        if line.mark is not Mark.KEPT:
            written += f"<w:rPr>{self.change(_TRACKED[line.mark])}</w:rPr>"
        return f"<w:pPr>{written}</w:pPr>"

    def numbering(self, line: Line) -> str:
        if line.style in (Style.HEADING, Style.SCHEDULE):
            return "" if line.numbering else '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>'
        if not line.numbering:
            return ""
        level = min(line.level, 9) - 1
        number = _FIXED.get(line.numbering) or self.list_of(line.numbering, level).id
        return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'

    def list_of(self, name: str, level: int) -> _List:
        if name not in self.numbered:
            *_, start, kind = name.split(" ")
            self.numbered[name] = _List(len(_FIXED) + len(self.numbered) + 1, _KINDS[kind], level, int(start))
        return self.numbered[name]

    def bookmark(self, placed: Line | GridRow) -> tuple[str, str]:
        anchor = placed.anchor
        if not anchor or placed.mark in (Mark.STRUCK, Mark.MOVED_AWAY) or anchor in self.placed:
            return "", ""
        self.placed.add(anchor)
        number = len(self.placed)
        start = f'<w:bookmarkStart w:id="{number}" w:name="{self.bookmarks[anchor]}"/>'
        return start, f'<w:bookmarkEnd w:id="{number}"/>'

    # words

    def runs(self, runs: Iterable[Run], *, fields: bool = True) -> str:
        return "".join(self.run(run, fields) for run in runs if run.text)

    def run(self, run: Run, fields: bool) -> str:
        if run.mark is Mark.STRUCK:
            return self.tracked(run.mark, _run(run, _text(run.text, "w:delText")))
        if run.anchor is None or run.anchor not in self.bookmarks or run.mark is Mark.MOVED_AWAY:
            return self.tracked(run.mark, _run(run, _text(run.text, "w:t")))
        name, number = self.bookmarks[run.anchor], self.numbers.get(run.anchor)
        if fields and number and run.text.endswith(number):
            before = run.text.removesuffix(number)
            shown = _run(run, _text(before, "w:t")) if before else ""
            return self.tracked(run.mark, shown + _field(f"REF {name} \\n \\h", _text(number, "w:t"), run))
        words = self.tracked(run.mark, _run(run, _text(run.text, "w:t")))
        return f'<w:hyperlink w:anchor="{name}" w:history="1">{words}</w:hyperlink>'

    def tracked(self, mark: Mark, written: str) -> str:
        if mark is Mark.KEPT:
            return written
        return self.change(_TRACKED[mark], written)

    def change(self, tag: str, written: str = "", named: str = "") -> str:
        assert self.author is not None, "only what has an author has marks"
        self.changes += 1
        stamp = f'w:id="{_FIRST_CHANGE + self.changes}" w:author="{_value(self.author.name)}" '
        stamp += f'w:date="{self.author.on}T00:00:00Z"{named}'
        return f"<{tag} {stamp}>{written}</{tag}>" if written else f"<{tag} {stamp}/>"

    # tables

    def grid(self, grid: Grid) -> str:
        left = _INSET if grid.inset else 0
        widths = _widths(grid, self.text_width - left)
        heading = grid.rows[0].heading if grid.rows else False
        properties = (
            f'<w:tblStyle w:val="{grid.kind.value}"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
            f'<w:tblInd w:w="{left}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
            f'<w:tblLook w:val="{"0020" if heading else "0000"}" w:firstRow="{int(heading)}" w:lastRow="0" '
            'w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
        )
        columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        rows = "".join(self.row(grid, row, widths, row is grid.rows[-1]) for row in grid.rows)
        return f"<w:tbl><w:tblPr>{properties}</w:tblPr><w:tblGrid>{columns}</w:tblGrid>{rows}</w:tbl>"

    def row(self, grid: Grid, row: GridRow, widths: Sequence[int], last: bool) -> str:
        properties = "<w:cantSplit/>"
        if grid.kind is GridKind.SIGNATURE:
            properties += f'<w:trHeight w:val="{600 if row is grid.rows[0] else 370}" w:hRule="atLeast"/>'
        if row.heading:
            properties += "<w:tblHeader/>"
        if row.mark is not Mark.KEPT:
            properties += self.change("w:ins" if row.mark in (Mark.NEW, Mark.MOVED_HERE) else "w:del")
        start, end = self.bookmark(row)
        cells = "".join(
            self.cell(grid, row, index, cell, width, (start, end) if index == 0 else ("", ""), last)
            for index, (cell, width) in enumerate(zip(row.cells, widths, strict=True))
        )
        return f"<w:tr><w:trPr>{properties}</w:trPr>{cells}</w:tr>"

    def cell(
        self, grid: Grid, row: GridRow, index: int, cell: Cell, width: int, marks: tuple[str, str], last: bool
    ) -> str:
        signature = grid.kind is GridKind.SIGNATURE
        plain_heads = not grid.rows[0].heading
        style = "TableHeader" if row.heading else "TableName" if index == 0 and plain_heads else "TableText"
        keep = "<w:keepNext/>" if plain_heads and not last else ""
        aligned = '<w:jc w:val="right"/>' if index in grid.right else ""
        properties = f'<w:tcW w:w="{width}" w:type="dxa"/>'
        if signature and index == 1:
            properties += '<w:tcBorders><w:bottom w:val="single" w:sz="5" w:space="0" w:color="1B1B1F"/></w:tcBorders>'
        if signature:
            properties += '<w:vAlign w:val="bottom"/>'
        label = _label(row.field) if signature and index == 1 and self.anchors and row.field else ""
        paragraph = f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{keep}{aligned}</w:pPr>{marks[0]}{self.runs(cell)}{label}{marks[1]}</w:p>'
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph}</w:tc>"


def _run(run: Run, content: str) -> str:
    if not content:
        return ""
    properties = ("<w:b/>" if run.strong else "") + ("<w:i/>" if run.emphasis else "")
    return f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}{content}</w:r>"


def _label(field: str) -> str:
    """What a signing service looks for, small and in grey; `word_file` reads over it."""
    return f'<w:r><w:rPr><w:color w:val="8D95A5"/><w:sz w:val="10"/></w:rPr>{_text(f"/{field}/", "w:t")}</w:r>'


def _field(code: str, shown: str, like: Run) -> str:
    """A field with the result that it has already, printed like the run."""
    parts = (
        '<w:fldChar w:fldCharType="begin"/>',
        f'<w:instrText xml:space="preserve"> {code} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
        shown,
        '<w:fldChar w:fldCharType="end"/>',
    )
    return "".join(_run(like, part) for part in parts)


def _contents_field(entries: Sequence[str]) -> str:
    """The contents as one field around its entries. Only Word knows the pages, and puts them in when it is asked to.

    The field begins and ends in paragraphs of its own, which no change can strike.
    """
    begin = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        '<w:r><w:instrText xml:space="preserve"> TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/><w:docPartUnique/></w:docPartObj>'
    content = "".join((_small(begin), *entries, _small(end)))
    return f"<w:sdt><w:sdtPr>{gallery}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def _small(content: str = "") -> str:
    """A paragraph that takes hardly any room."""
    return f'<w:p><w:pPr><w:pStyle w:val="Small"/></w:pPr>{content}</w:p>'


def _indent(line: Line) -> str:
    """Lists are set in by how deep they are, from where their clause is set in; a number that is text hangs, too."""
    if line.style is Style.ITEM or (line.number and line.style not in (Style.HEADING, Style.SCHEDULE)):
        left = (_INSET if line.inset else 0) + _HANGING * line.level
        hanging = f' w:hanging="{_HANGING}"' if line.number else ' w:firstLine="0"'
        return f'<w:ind w:left="{left}"{hanging}/>'
    if line.style is Style.PART and line.inset:
        return f'<w:ind w:left="{_INSET}"/>'
    if line.number and not line.numbering:
        return '<w:ind w:left="1474" w:hanging="1474"/>'
    return ""


def _longest(texts: Sequence[str], *, whole: bool) -> int:
    """The length of the longest word; of a column of numbers, that of its longest cell."""
    first, *cells = texts
    words = [*first.split(), *cells] if whole else [word for text in texts for word in text.split()]
    return max((len(word) for word in words), default=0)


def _widths(grid: Grid, whole: int) -> list[int]:
    """Column widths that suit the words: as wide as the longest word needs, and the rest by how much there is to read."""
    if grid.kind is GridKind.SIGNATURE:
        return [1700, 3700]
    if not grid.rows[0].heading and len(grid.rows[0].cells) == 2:
        name = whole * (38 if grid.kind is GridKind.KEY_TERMS else 27) // 100
        return [name, whole - name]
    columns = list(zip(*(row.cells for row in grid.rows), strict=True))
    texts = [["".join(run.text for run in cell) for cell in column] for column in columns]
    least = [_longest(text, whole=place in grid.right) * 105 + 200 for place, text in enumerate(texts)]
    least = [min(each, whole // len(columns)) for each in least]
    read = [min(max(len(text) for text in column), 120) + 4 for column in texts]
    spare = whole - sum(least)
    widths = [low + spare * weight // sum(read) for low, weight in zip(least, read, strict=True)]
    widths[-1] += whole - sum(widths)
    return widths


# --- the parts of the package --------------------------------------------------------------------------------

_TEMPLATES = {
    "word/styles.xml": "styles.xml",
    "word/numbering.xml": "numbering.xml",
    "word/settings.xml": "settings.xml",
    "word/fontTable.xml": "fontTable.xml",
    "word/header1.xml": "header.xml",
    "word/header2.xml": "header-first.xml",
    "word/footer1.xml": "footer.xml",
}
_PACKAGE_PARTS = (
    ("officeDocument", "word/document.xml"),
    ("extended-properties", "docProps/app.xml"),
    (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
)
_DOCUMENT_PARTS = (
    ("styles", "styles.xml"),
    ("numbering", "numbering.xml"),
    ("settings", "settings.xml"),
    ("fontTable", "fontTable.xml"),
    ("header", "header1.xml"),
    ("header", "header2.xml"),
    ("footer", "footer1.xml"),
    ("customXml", "../customXml/item1.xml"),
)
_CONTENT_TYPES = {
    "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    "/docProps/app.xml": f"{_CONTENT}.extended-properties+xml",
    "/word/document.xml": f"{_CONTENT}.wordprocessingml.document.main+xml",
    "/word/styles.xml": f"{_CONTENT}.wordprocessingml.styles+xml",
    "/word/numbering.xml": f"{_CONTENT}.wordprocessingml.numbering+xml",
    "/word/settings.xml": f"{_CONTENT}.wordprocessingml.settings+xml",
    "/word/fontTable.xml": f"{_CONTENT}.wordprocessingml.fontTable+xml",
    "/word/header1.xml": f"{_CONTENT}.wordprocessingml.header+xml",
    "/word/header2.xml": f"{_CONTENT}.wordprocessingml.header+xml",
    "/word/footer1.xml": f"{_CONTENT}.wordprocessingml.footer+xml",
    "/customXml/itemProps1.xml": f"{_CONTENT}.customXmlProperties+xml",
}


def _document(body: str, paper: Paper) -> str:
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="rId5"/><w:headerReference w:type="first" r:id="rId6"/>'
        '<w:footerReference w:type="default" r:id="rId7"/><w:footerReference w:type="first" r:id="rId7"/>'
        f'<w:pgSz w:w="{paper.width}" w:h="{paper.height}"/><w:pgMar w:top="{_MARGIN_TOP}" w:right="{_MARGIN}" '
        f'w:bottom="{_MARGIN_TOP}" w:left="{_MARGIN}" '
        'w:header="850" w:footer="850" w:gutter="0"/><w:titlePg/></w:sectPr>'
    )
    return f'{_HEAD}<w:document xmlns:w="{_WORD}" xmlns:r="{_RELATIONS}"><w:body>{body}{section}</w:body></w:document>'


def _from_templates(
    document: Document, tally: str, style: HouseStyle, lists: Sequence[_List], *, tracking: bool
) -> dict[str, str]:
    parties = document.cover.parties if isinstance(document.cover, Cover) else ()
    initials = "".join(f"  {text_of(party.cells[2])} ________" for party in parties)
    facts: dict[str, object] = {
        "title": _clean(document.title),
        "footing": _clean(f"{document.footing}  ·  Tally {short_tally(tally)}"),
        "initials": _clean(f"Initials:{initials}") if initials and style.settings.initials else "",
        "language": _language(document),
        "lists": lists,
        "tracking": tracking,
        "width": style.paper.width - 2 * _MARGIN,
    }
    return apart(_guarded_parts, style, facts) if style.own else _parts(style, facts)


def _parts(style: HouseStyle, facts: Mapping[str, object]) -> dict[str, str]:
    templates = environment(style)
    return {part: templates.get_template(f"word/{name}").render(facts) for part, name in _TEMPLATES.items()}


def _guarded_parts(style: HouseStyle, facts: Mapping[str, object]) -> dict[str, str]:
    """The same from a style of somebody's own. Raises StyleRefused where a part could fetch or run something."""
    parts = _parts(style, facts)
    for part, text in parts.items():
        for element in fromstring(text).iter():
            if element.tag == f"{{{_WORD}}}instrText" and (element.text or "").strip() not in _FIELDS:
                raise StyleRefused(f"{part} of the house style may have no other fields than {' and '.join(_FIELDS)}.")
            outside = [
                name for name in element.attrib if not name.startswith((f"{{{_WORD}}}", "{http://www.w3.org/XML"))
            ]
            if not element.tag.startswith(f"{{{_WORD}}}") or outside or element.tag in _REACHING:
                raise StyleRefused(f"{part} of the house style may hold text and looks only, not {element.tag}.")
    return parts


_FIELDS = ("PAGE", "NUMPAGES")
_REACHING = frozenset(
    f"{{{_WORD}}}{name}"
    for name in [
        "attachedTemplate",
        "mailMerge",
        "altChunk",
        "object",
        "pict",
        "drawing",
        "fldSimple",
        "hyperlink",
        "subDoc",
        "control",
        "saveXmlDocument",
    ]
)


def _language(document: Document) -> str:
    """Word checks spelling by language and country."""
    return "en-US" if document.language == "en" else document.language


def _core(document: Document, tally: str) -> str:
    authors = "; ".join(document.authors)
    made = f'xsi:type="dcterms:W3CDTF">{document.effective_on}T00:00:00Z'
    edition = f"{document.edition}. Tally {tally}"
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dcterms:created {made}</dcterms:created><dc:creator>{escape(_clean(authors))}</dc:creator>"
        f"<dc:description>{escape(_clean(edition))}</dc:description><dc:language>{_language(document)}</dc:language>"
        f"<dcterms:modified {made}</dcterms:modified><dc:title>{escape(_clean(document.title))}</dc:title>"
        f"<cp:version>{escape(_clean(document.version))}</cp:version></cp:coreProperties>"
    )


def _app() -> str:
    space = f"{_RELATIONS.removesuffix('relationships')}extended-properties"
    return f'{_HEAD}<Properties xmlns="{space}"><Application>tallystick</Application></Properties>'


def _agreement_part(document: Document, tally: str, carried: Mapping[str, bytes]) -> str:
    """What the text was made from. Files are in Base64: a source may hold characters that XML cannot."""
    files = "".join(
        f'<file name="{_value(name)}">{b64encode(content).decode("ascii")}</file>'
        for name, content in sorted(carried.items())
    )
    named = f'title="{_value(document.title)}" version="{_value(document.version)}" tally="{_value(tally)}"'
    return f'{_HEAD}<agreement xmlns="{AGREEMENT}" {named} draft="{str(document.draft).lower()}">{files}</agreement>'


def _agreement_properties() -> str:
    space = f"{_RELATIONS.removesuffix('relationships')}customXml"
    return (
        f'{_HEAD}<ds:datastoreItem xmlns:ds="{space}" ds:itemID="{{7A11757C-0A6E-4E3B-9C1D-5B1D2F527A11}}">'
        f'<ds:schemaRefs><ds:schemaRef ds:uri="{AGREEMENT}"/></ds:schemaRefs></ds:datastoreItem>'
    )


def _content_types() -> str:
    kinds = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in _CONTENT_TYPES.items())
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{kinds}</Types>'
    )


def _relations(parts: Iterable[tuple[str, str]]) -> str:
    written = "".join(
        f'<Relationship Id="rId{number}" Type="{kind if ":" in kind else f"{_RELATIONS}/{kind}"}" Target="{target}"/>'
        for number, (kind, target) in enumerate(parts, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{written}</Relationships>'


def _packed(parts: Mapping[str, str]) -> bytes:
    """The parts as one file; the date of each is the first that a ZIP file can hold."""
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, content in parts.items():
            entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system = ZIP_DEFLATED, 0
            archive.writestr(entry, content.encode())
    return file.getvalue()
