"""Prose to blocks: CommonMark with tables, without HTML and images, and with links to nothing but this document.

What is not allowed is printed as the text it is, so that nothing a drafter wrote disappears from the paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from tallystick.document.document import (
    Block,
    Break,
    Emphasis,
    Inline,
    Inlines,
    Item,
    ItemList,
    Paragraph,
    Row,
    Strong,
    Table,
    text_of,
)
from tallystick.model.agreement import Prose, Reference
from tallystick.prose.sentence import Link

Resolve = Callable[[Reference], Inlines]
"""Gives the words that a reference stands for."""

# A reference travels through the Markdown parser as its index between two characters of the private use area. The
# same characters in the source are replaced first, so that no text can pass for a reference.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_RESERVED = str.maketrans({_OPEN: "\ufffd", _CLOSE: "\ufffd"})

# The parser drops what is nested deeper. Prose that comes near is printed as it was written.
_DEEPEST = 40


@dataclass(frozen=True)
class _Reading:
    """What is needed to read one prose: its references, how to print them, and the anchors that exist."""

    references: tuple[Reference, ...]
    resolve: Resolve
    anchors: frozenset[str]


def blocks(prose: Prose, resolve: Resolve, anchors: frozenset[str]) -> tuple[Block, ...]:
    """The paragraphs, lists and tables of a prose."""
    text, reading = _prepare(prose, resolve, anchors)
    tokens = _parser().parse(text)
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        return (Paragraph(_joined(_text(reading, text))),)
    return tuple(_blocks(reading, SyntaxTreeNode(tokens).children))


def inlines(prose: Prose, resolve: Resolve, anchors: frozenset[str]) -> Inlines:
    """A prose that has to fit into a sentence: its first paragraph's words, then any further paragraph's."""
    parts = [_words(block) for block in blocks(prose, resolve, anchors)]
    return tuple(inline for i, part in enumerate(parts) for inline in ((" ", *part) if i else part))


def _words(block: Block) -> Inlines:
    match block:
        case Paragraph():
            return block.inlines
        case ItemList():
            return tuple(word for item in block.items for inner in item.blocks for word in (" ", *_words(inner)))
        case Table():
            cells = (*((column,) for column in block.columns), *(cell for row in block.rows for cell in row.cells))
            return tuple(word for cell in cells for word in (" ", *cell))
        case _:
            raise TypeError(f"prose has no such block: {block!r}")


def _prepare(prose: Prose, resolve: Resolve, anchors: frozenset[str]) -> tuple[str, _Reading]:
    references: list[Reference] = []
    text: list[str] = []
    for part in prose.parts:
        if isinstance(part, str):
            text.append(part.translate(_RESERVED))
        else:
            text.append(f"{_OPEN}{len(references)}{_CLOSE}")
            references.append(part)
    return "".join(text), _Reading(tuple(references), resolve, anchors)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST}).enable("table").disable("image")
    # An address is only ever printed or compared with the anchors, so it is kept as it was written.
    parser.normalizeLink = str  # type: ignore[method-assign, assignment]
    parser.normalizeLinkText = str  # type: ignore[method-assign, assignment]
    return parser


# --- blocks --------------------------------------------------------------------------------------------------


def _blocks(reading: _Reading, nodes: Iterable[SyntaxTreeNode]) -> Iterator[Block]:
    for node in nodes:
        yield from _block(reading, node)


def _block(reading: _Reading, node: SyntaxTreeNode) -> Iterator[Block]:
    match node.type:
        case "paragraph":
            yield Paragraph(_inline_children(reading, node))
        case "heading":
            yield Paragraph((Strong(_inline_children(reading, node)),))
        case "bullet_list" | "ordered_list":
            yield _list(reading, node)
        case "table":
            yield _table(reading, node)
        case "fence" | "code_block":
            yield Paragraph(tuple(_lines(reading, node.content.rstrip("\n"))))
        case "hr":
            yield Paragraph(("* * *",))
        case _:
            yield from _blocks(reading, node.children)


def _list(reading: _Reading, node: SyntaxTreeNode) -> ItemList:
    first = int(str(node.attrs.get("start", 1)))
    ordered = node.type == "ordered_list"
    return ItemList(
        tuple(
            Item(f"({first + index})" if ordered else "", tuple(_blocks(reading, item.children)))
            for index, item in enumerate(node.children)
        )
    )


def _table(reading: _Reading, node: SyntaxTreeNode) -> Table:
    rows = [
        tuple(_inline_children(reading, cell) for cell in row.children)
        for part in node.children
        for row in part.children
    ]
    return Table(tuple(text_of(cell) for cell in rows[0]), tuple(Row(cells) for cells in rows[1:]))


# --- words ---------------------------------------------------------------------------------------------------


def _inline_children(reading: _Reading, node: SyntaxTreeNode) -> Inlines:
    return _joined(inline for child in node.children for inline in _inline(reading, child))


def _inline(reading: _Reading, node: SyntaxTreeNode) -> Iterator[Inline]:
    match node.type:
        case "inline":
            yield from _inline_children(reading, node)
        case "strong":
            yield Strong(_inline_children(reading, node))
        case "em":
            yield Emphasis(_inline_children(reading, node))
        case "link":
            yield from _link(reading, node)
        case "softbreak":
            yield " "
        case "hardbreak":
            yield Break()
        case _:
            yield from _text(reading, node.content)


def _link(reading: _Reading, node: SyntaxTreeNode) -> Iterator[Inline]:
    """A link into this document stays one; of any other the address is printed behind the words."""
    words, address = _inline_children(reading, node), str(node.attrs["href"])
    if address.startswith("#") and address[1:] in reading.anchors:
        yield Link(text_of(words), address[1:])
        return
    yield from words
    if not address.startswith("#") and text_of(words) not in (address, address.removeprefix("mailto:")):
        yield " ("
        yield from _text(reading, address)
        yield ")"


def _text(reading: _Reading, text: str) -> Iterator[Inline]:
    """Text with its references put back. `split` gives text and index by turns."""
    for position, piece in enumerate(_MARK.split(text)):
        if position % 2:
            yield from reading.resolve(reading.references[int(piece)])
        elif piece:
            yield piece


def _lines(reading: _Reading, text: str) -> Iterator[Inline]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield Break()
        yield from _text(reading, line)


def _joined(words: Iterable[Inline]) -> Inlines:
    """The words with texts that follow one another made one."""
    joined: list[Inline] = []
    for word in words:
        if isinstance(word, str) and joined and isinstance(joined[-1], str):
            joined[-1] += word
        else:
            joined.append(word)
    return tuple(joined)
