"""Reads a Word file back by what the standard says, and shares no code with what wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZipFile

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def part(file: bytes, name: str) -> Element:
    with ZipFile(BytesIO(file)) as archive:
        return fromstring(archive.read(name))


def body(file: bytes) -> Element:
    found = part(file, "word/document.xml").find(f"{W}body")
    assert found is not None
    return found


def value(element: Element | None, name: str = "val") -> str:
    assert element is not None
    return element.attrib[W + name]


def text(element: Element) -> str:
    """The words of a paragraph: results of fields, without their codes; struck words too."""
    found = []
    for each in element.iter():
        match each.tag.removeprefix(W):
            case "t" | "delText":
                found.append(each.text or "")
            case "tab" if W + "pos" not in each.attrib:
                found.append("\t")
            case "br":
                found.append("\n")
    return "".join(found)


@dataclass(frozen=True)
class Read:
    """A paragraph as it is seen: with the number that Word puts before it."""

    style: str
    number: str
    text: str
    bookmarks: tuple[str, ...]
    in_table: bool


def paragraphs(file: bytes) -> list[Read]:
    return list(_paragraphs(body(file), Counting(part(file, "word/numbering.xml"), part(file, "word/styles.xml"))))


def _paragraphs(element: Element, counting: Counting, in_table: bool = False) -> Iterator[Read]:
    for child in element:
        if child.tag == f"{W}p":
            style = child.find(f"{W}pPr/{W}pStyle")
            names = tuple(value(mark, "name") for mark in child.iter(f"{W}bookmarkStart"))
            name = "Normal" if style is None else value(style)
            yield Read(name, counting.number(child, name), text(child), names, in_table)
        else:
            yield from _paragraphs(child, counting, in_table or child.tag == f"{W}tbl")


class Counting:
    """ECMA-376 part 1, 17.9: counters belong to the definition that lists share; an override begins anew at first use."""

    def __init__(self, numbering: Element, styles: Element) -> None:
        self.levels = {
            value(each, "abstractNumId"): {int(value(level, "ilvl")): level for level in each.findall(f"{W}lvl")}
            for each in numbering.findall(f"{W}abstractNum")
        }
        self.lists = {value(each, "numId"): each for each in numbering.findall(f"{W}num")}
        self.styles = {value(each, "styleId"): each for each in styles.findall(f"{W}style")}
        self.counts: dict[str, dict[int, int]] = {}
        self.used: set[tuple[str, int]] = set()

    def number(self, paragraph: Element, style: str) -> str:
        number, level = self._numbering(paragraph, style)
        if number in (None, "0"):
            return ""
        listed = self.lists[number]
        abstract = value(listed.find(f"{W}abstractNumId"))
        counts = self.counts.setdefault(abstract, {})
        start = listed.find(f"{W}lvlOverride[@{W}ilvl='{level}']/{W}startOverride")
        if start is not None and (number, level) not in self.used:
            counts[level] = int(value(start)) - 1
        self.used.add((number, level))
        counts[level] = counts.get(level, int(value(self.levels[abstract][level].find(f"{W}start"))) - 1) + 1
        for deeper in [each for each in counts if each > level]:
            del counts[deeper]
        pattern = value(self.levels[abstract][level].find(f"{W}lvlText"))
        return re.sub(r"%(\d)", lambda found: self._shown(abstract, int(found[1]) - 1), pattern)

    def _shown(self, abstract: str, level: int) -> str:
        count = self.counts[abstract].get(level, 1)
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        match value(self.levels[abstract][level].find(f"{W}numFmt")):
            case "lowerLetter":
                return letter
            case "upperLetter":
                return letter.upper()
            case _:
                return str(count)

    def _numbering(self, paragraph: Element, style: str) -> tuple[str | None, int]:
        """Of the paragraph itself, else of its style, else of what that is based on."""
        number: str | None = None
        level: str | None = None
        places = [paragraph.find(f"{W}pPr")]
        name: str | None = style
        while name is not None:
            found = self.styles.get(name)
            places.append(found.find(f"{W}pPr") if found is not None else None)
            based = found.find(f"{W}basedOn") if found is not None else None
            name = None if based is None else value(based)
        for place in places:
            if place is None or (numbered := place.find(f"{W}numPr")) is None:
                continue
            at, of = numbered.find(f"{W}ilvl"), numbered.find(f"{W}numId")
            number = number or (None if of is None else value(of))
            level = level or (None if at is None else value(at))
        return number, int(level or 0)
