"""A Word file that came back, as the text it has when every tracked change in it is accepted.

Whoever sends a file chooses what is in it. Nothing is unpacked to a disk; what is read is bounded; a file with macros,
entities or odd paths is refused with a sentence that says why.
"""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from tallystick.document.house_style import CARRIED, SETTINGS, StyleRefused, from_carried
from tallystick.document.to_docx import AGREEMENT
from tallystick.prose.manner import PLAIN, Manner

MAXIMUM_FILE = 50_000_000
MAXIMUM_PART = 40_000_000
MAXIMUM_PARTS = 2_000
MAXIMUM_DEPTH = 100

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class WordFileRefused(Exception):
    """The file cannot or must not be read; the message says why, in a sentence."""


@dataclass(frozen=True)
class WordLine:
    """A paragraph: its words, the bookmarks in it, and what in it is no text (a picture, a footnote)."""

    text: str
    bookmarks: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class WordTable:
    """A table, each cell as its words."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Comment:
    """A comment in the margin."""

    author: str
    text: str


@dataclass(frozen=True)
class WordFile:
    """What a file says. `tally` is that of the agreement it was made from, None where the file does not know it; `manner` that
    of the house style in which it was written."""

    pieces: tuple[WordLine | WordTable, ...]
    comments: tuple[Comment, ...]
    authors: tuple[str, ...]
    tally: str | None
    draft: bool
    manner: Manner = PLAIN


def read_word_file(content: bytes) -> WordFile:
    """The text of a file, with every change accepted. Raises WordFileRefused."""
    if len(content) > MAXIMUM_FILE:
        raise WordFileRefused(f"it is larger than {MAXIMUM_FILE:,} bytes.")
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = _checked(archive)
            document = _part(archive, parts, "word/document.xml")
            comments = _part(archive, parts, "word/comments.xml")
            carried = [_part(archive, parts, name) for name in sorted(parts) if _is_custom(name)]
    except (BadZipFile, NotImplementedError, EOFError, OSError, ValueError, struct.error, zlib.error) as broken:
        raise WordFileRefused("it is not a Word file (.docx), or it is damaged.") from broken
    if document is None:
        raise WordFileRefused("it is not a Word file (.docx): it has no text.")
    body = document.find(f"{_W}body")
    known = next((each for each in carried if each is not None and each.tag == f"{{{AGREEMENT}}}agreement"), None)
    return WordFile(
        tuple(_joined(_blocks(body))) if body is not None else (),
        tuple(_comments(comments)),
        tuple(sorted({each.attrib[f"{_W}author"] for each in document.iter() if f"{_W}author" in each.attrib})),
        None if known is None else known.attrib.get("tally"),
        known is not None and known.attrib.get("draft") == "true",
        PLAIN if known is None else _manner(known),
    )


def _manner(known: Element) -> Manner:
    """That of the house style in the file. Whoever sends a file could write any there; a broken one says nothing."""
    try:
        files = {file.attrib["name"]: b64decode(file.text or "") for file in known if "name" in file.attrib}
        return from_carried({name: content for name, content in files.items() if name == f"{CARRIED}{SETTINGS}"}).manner
    except (StyleRefused, ValueError):
        return PLAIN


# --- the package ---------------------------------------------------------------------------------------------


def _checked(archive: ZipFile) -> dict[str, ZipInfo]:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(names) > MAXIMUM_PARTS:
        raise WordFileRefused(f"it has more than {MAXIMUM_PARTS:,} parts.")
    if len({name.casefold() for name in names}) < len(names):
        raise WordFileRefused("two of its parts have the same name.")
    if any(name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names):
        raise WordFileRefused("it has a part whose path leads out of it.")
    if any("vbaproject" in name.casefold() or name.casefold().endswith(".bin") for name in names):
        raise WordFileRefused("it carries macros or embedded programs. Ask for it as a plain .docx.")
    if any(entry.flag_bits & 1 for entry in entries):
        raise WordFileRefused("it is encrypted.")
    if any(entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for entry in entries):
        raise WordFileRefused("it is packed in a way that Word does not use.")
    return dict(zip(names, entries, strict=True))


def _is_custom(name: str) -> bool:
    return name.startswith("customXml/item") and name.endswith(".xml") and "Props" not in name


def _part(archive: ZipFile, parts: dict[str, ZipInfo], name: str) -> Element | None:
    """A part as XML. How long it says it is does not count: no more than the limit is ever unpacked."""
    if name not in parts:
        return None
    with archive.open(parts[name]) as file:
        content = file.read(MAXIMUM_PART + 1)
    if len(content) > MAXIMUM_PART:
        raise WordFileRefused(f"its part {name} unpacks to more than {MAXIMUM_PART:,} bytes.")
    depth, root = 0, None
    try:
        for event, element in iterparse(BytesIO(content), events=("start", "end"), forbid_dtd=True):
            root = element if root is None else root
            depth += 1 if event == "start" else -1
            if depth > MAXIMUM_DEPTH:
                raise WordFileRefused(f"its part {name} is nested too deeply.")
    except (ParseError, ValueError) as broken:
        if isinstance(broken, DefusedXmlException):
            raise WordFileRefused(f"its part {name} declares a document type or entities.") from broken
        raise WordFileRefused(f"its part {name} is not well-formed XML.") from broken
    return root


# --- the text ------------------------------------------------------------------------------------------------

_GONE = {f"{_W}del", f"{_W}moveFrom"}
_HIDDEN = {f"{_W}pPr", f"{_W}rPr", f"{_W}instrText", f"{_W}delText"}
_WORDS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_UNREAD = {
    f"{_W}drawing": "a picture or text box",
    f"{_W}pict": "a picture or text box",
    f"{_W}object": "an embedded object",
    f"{_W}footnoteReference": "a footnote",
    f"{_W}endnoteReference": "an endnote",
}


# How Word and LibreOffice call the styles of the lines of a table of contents.
_CONTENTS = re.compile(r"(?:TOC|Contents)\d", re.IGNORECASE)


@dataclass(frozen=True)
class _Paragraph:
    """A paragraph, and whether its end was struck, so that it goes on in the next one."""

    line: WordLine
    goes_on: bool


def _blocks(element: Element) -> Iterator[_Paragraph | WordTable]:
    for child in element:
        if child.tag == f"{_W}p":
            style = child.find(f"{_W}pPr/{_W}pStyle")
            if style is None or not _CONTENTS.match(style.attrib.get(f"{_W}val", "")):
                yield _paragraph(child)
        elif child.tag == f"{_W}tbl":
            rows = tuple(_row(row) for row in child.iter(f"{_W}tr") if row.find(f"{_W}trPr/{_W}del") is None)
            if rows:
                yield WordTable(rows)
        elif child.tag == f"{_W}sdt" and child.find(f"{_W}sdtPr/{_W}docPartObj") is not None:
            continue  # the table of contents
        elif child.tag not in _GONE:
            yield from _blocks(child)


# What stands in a place to sign for services that look for it.
_SIGNING_LABEL = re.compile(r"/(?:Signature|Date)_\w+_\d+/\Z")


def _row(row: Element) -> tuple[str, ...]:
    return tuple(
        _SIGNING_LABEL.sub("", "\n".join(piece.text for piece in _joined(_blocks(cell)) if isinstance(piece, WordLine)))
        for cell in row.findall(f"{_W}tc")
    )


def _paragraph(element: Element) -> _Paragraph:
    words: list[str] = []
    unread: list[str] = []
    _read(element, words, unread)
    names = frozenset(each.attrib.get(f"{_W}name", "") for each in element.iter(f"{_W}bookmarkStart"))
    end = element.find(f"{_W}pPr/{_W}rPr")
    goes_on = end is not None and any(end.find(tag) is not None for tag in _GONE)
    return _Paragraph(WordLine("".join(words), names, tuple(unread)), goes_on)


def _read(element: Element, words: list[str], unread: list[str]) -> None:
    for child in element:
        if child.tag in _GONE or child.tag in _HIDDEN:
            continue
        if child.tag in _UNREAD:
            unread.append(_UNREAD[child.tag])
        elif child.tag == f"{_W}t":
            words.append(child.text or "")
        elif child.tag in _WORDS:
            words.append(_WORDS[child.tag])
        else:
            _read(child, words, unread)


def _joined(blocks: Iterator[_Paragraph | WordTable]) -> Iterator[WordLine | WordTable]:
    """Paragraphs whose end was struck are one with the next; what has no words is no paragraph."""
    begun = WordLine("")
    for block in blocks:
        if isinstance(block, WordTable):
            if begun.text or begun.unread:
                yield begun
            begun = WordLine("")
            yield block
            continue
        line = block.line
        begun = WordLine(begun.text + line.text, begun.bookmarks | line.bookmarks, begun.unread + line.unread)
        if not block.goes_on:
            if begun.text.strip() or begun.unread:
                yield begun
            begun = WordLine("")
    if begun.text.strip() or begun.unread:
        yield begun


def _comments(part: Element | None) -> Iterator[Comment]:
    for each in () if part is None else part.iter(f"{_W}comment"):
        text = "\n".join(block.line.text for block in _blocks(each) if isinstance(block, _Paragraph))
        yield Comment(each.attrib.get(f"{_W}author", ""), text)
