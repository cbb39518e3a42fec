"""Accepts or rejects every tracked change of a Word file, as the standard describes it (ECMA-376 part 1, 17.13.5)."""

from __future__ import annotations

from io import BytesIO
from xml.etree.ElementTree import Element, fromstring, tostring
from zipfile import ZipFile

from .word import W

_NEW, _OLD = ("ins", "moveTo"), ("del", "moveFrom")


def accepted(file: bytes) -> bytes:
    return _with_document(file, gone=_OLD, kept=_NEW)


def rejected(file: bytes) -> bytes:
    return _with_document(file, gone=_NEW, kept=_OLD)


def _with_document(file: bytes, gone: tuple[str, ...], kept: tuple[str, ...]) -> bytes:
    result = BytesIO()
    with ZipFile(BytesIO(file)) as archive, ZipFile(result, "w") as written:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "word/document.xml":
                root = fromstring(content)
                _resolve(root, {W + tag for tag in gone}, {W + tag for tag in kept})
                content = tostring(root)
            written.writestr(name, content)
    return result.getvalue()


def _resolve(element: Element, gone: set[str], kept: set[str]) -> None:
    children: list[Element] = []
    for child in element:
        _resolve(child, gone, kept)
        if child.tag.endswith(("RangeStart", "RangeEnd")) or (child.tag in gone and len(child)):
            continue
        if child.tag in kept and len(child):
            children.extend(child)
        elif (child.tag == f"{W}tr" and any(child.find(f"{W}trPr/{tag}") is not None for tag in gone)) or (
            child.tag == f"{W}tbl" and child.find(f"{W}tr") is None
        ):
            continue
        elif child.tag == f"{W}p" and any(child.find(f"{W}pPr/{W}rPr/{tag}") is not None for tag in gone):
            assert not list(child.iter(f"{W}r")), "nothing of a paragraph is left when its mark goes"
        else:
            children.append(child)
    for child in children:
        if child.tag == f"{W}delText":
            child.tag = f"{W}t"
    element[:] = children


def marks(file: bytes) -> list[tuple[str, str, str]]:
    """Kind, author and day of every change."""
    with ZipFile(BytesIO(file)) as archive:
        root = fromstring(archive.read("word/document.xml"))
    tags = {W + tag for tag in (*_NEW, *_OLD)}
    return [
        (each.tag.removeprefix(W), each.attrib[f"{W}author"], each.attrib[f"{W}date"])
        for each in root.iter()
        if each.tag in tags
    ]
