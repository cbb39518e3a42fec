"""The document as Markdown: for reading in a terminal, for reviewing changes, for pasting into a message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import assert_never

from tallystick.document.document import (
    Block,
    Break,
    Definition,
    Document,
    DraftingNote,
    Emphasis,
    Inline,
    Inlines,
    Item,
    ItemList,
    Letterhead,
    Paragraph,
    Plot,
    Section,
    Signature,
    Strong,
    Subsection,
    Table,
)
from tallystick.document.to_html import short_tally
from tallystick.prose.sentence import Link

# What would be read as Markdown or HTML in running text, and what only at the start of a line (`-`, `+`, `=`, `1.`).
_SPECIAL = re.compile(r"[\\`*\[\]<>|~#]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)(?=[-+=])|^(\s*\d+)(?=[.)](?:\s|$))", re.MULTILINE)


def to_markdown(document: Document, tally: str) -> str:
    """CommonMark with tables, ending in a line break. `tally` is the digest in hexadecimal."""
    parts = [
        *_cover(document, tally),
        *(part for section in document.sections for part in _section(section)),
        *((escaped(document.basis),) if isinstance(document.cover, Letterhead) else ()),
        f"---\n\nTally: `{tally}`",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _cover(document: Document, tally: str) -> Iterator[str]:
    if isinstance(document.cover, Letterhead):
        yield f"{escaped(document.label)}\n\n# {escaped(document.title)}\n\n{escaped(document.edition)}"
        yield _table(document.cover.facts)
        return
    yield f"# {escaped(document.title)}"
    draft = "**Draft** · " if document.draft else ""
    yield f"{draft}Version {escaped(document.version)} · effective {document.effective} · tally {short_tally(tally)}"
    yield "## Key terms"
    yield _table(document.cover.key_terms)
    yield "## Contents"
    yield "\n".join(
        f"{'  ' * (entry.level - 1)}- [{_heading(entry.number, entry.title)}](#{entry.anchor})"
        for entry in document.contents
    )


def _section(section: Section) -> Iterator[str]:
    yield f"{_place(section.anchor)}\n## {_heading(section.number, section.title)}"
    yield from _blocks(section.blocks, 3)


def _heading(number: str, title: str) -> str:
    return escaped(f"{number} {title}" if number else title)


def _place(anchor: str | None) -> str:
    return f'<a id="{anchor}"></a>' if anchor else ""


def _blocks(blocks: Iterable[Block], level: int) -> Iterator[str]:
    for block in blocks:
        yield from _block(block, level)


def _block(block: Block, level: int) -> Iterator[str]:
    match block:
        case Paragraph():
            yield _place(block.anchor) + _words(block.inlines)
        case ItemList():
            yield "\n".join(_item(item, level) for item in block.items)
        case Table():
            yield _table(block)
        case Definition():
            yield f"{_place(block.anchor)}“**{escaped(block.title)}**” {_words(block.inlines)}"
            yield from _blocks(block.more, level)
        case DraftingNote():
            yield "\n>\n".join(_quoted(part) for part in ("**Drafting note.**", *_blocks(block.blocks, level)))
        case Subsection():
            yield f"{_place(block.anchor)}\n{'#' * min(level, 6)} {_heading(block.number, block.title)}"
            yield from _blocks(block.blocks, level + 1)
        case Signature():
            yield _signature(block)
        case Plot():
            yield f"**{escaped(block.title)}**"
            yield _table(block.table)
        case _:
            assert_never(block)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def _item(item: Item, level: int) -> str:
    """An item, its label in the text: Markdown has no lists that count (a), (b)."""
    label = f"{item.label} " if item.label else ""
    text = "\n\n".join(_blocks(item.blocks, level)).replace("\n", "\n  ")
    return f"- {_place(item.anchor)}{label}{text}"


def _table(table: Table) -> str:
    columns = table.columns or ("",) * len(table.rows[0].cells)
    right = table.number_columns
    lines = [
        _row(escaped(column) for column in columns),
        _row("--:" if place in right else "---" for place in range(len(columns))),
    ]
    lines += [
        _row((_place(row.anchor) if i == 0 else "") + _cell(cell) for i, cell in enumerate(row.cells))
        for row in table.rows
    ]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Inlines) -> str:
    return _words(cell).replace("\\\n", "<br>").replace("\n", " ")


def _signature(block: Signature) -> str:
    lines = [
        ("Signature", "____________________"),
        ("Name", block.name),
        ("Title", block.title),
        ("Notice address", block.notices),
        ("Date", "____________________"),
    ]
    said = "\n".join(f"- {label}: {value if '__' in value else escaped(value)}" for label, value in lines)
    return f"**{escaped(block.party)}** (“{escaped(block.called)}”)\n\n{said}"


def _words(inlines: Inlines) -> str:
    return _LINE_START.sub(r"\1\2\\", "".join(_inline(inline) for inline in inlines))


def _inline(inline: Inline) -> str:
    match inline:
        case str():
            return escaped(inline)
        case Link():
            return f"[{escaped(inline.text)}](#{inline.anchor})"
        case Strong():
            return f"**{_words(inline.inlines)}**"
        case Emphasis():
            return f"*{_words(inline.inlines)}*"
        case Break():
            return "\\\n"
        case _:
            assert_never(inline)


def escaped(text: str) -> str:
    """Text that Markdown prints as it is."""
    return _SPECIAL.sub(r"\\\g<0>", text)
