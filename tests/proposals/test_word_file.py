"""Word files that came back: read with every change accepted, and refused with a sentence where they are hostile."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.proposals import word_file
from tallystick.proposals.word_file import Comment, WordFileRefused, WordLine, WordTable, read_word_file

HEAD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
END = "</w:body></w:document>"


def docx(body: str = "", parts: Mapping[str, bytes | str] | None = None) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", HEAD + body + END)
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return file.getvalue()


def p(content: str, end: str = "") -> str:
    mark = f"<w:pPr><w:rPr><w:{end}/></w:rPr></w:pPr>" if end else ""
    return f"<w:p>{mark}{content}</w:p>"


def r(text: str, tag: str = "t") -> str:
    return f'<w:r><w:{tag} xml:space="preserve">{text}</w:{tag}></w:r>'


def texts(body: str) -> list[str]:
    return [piece.text for piece in read_word_file(docx(body)).pieces if isinstance(piece, WordLine)]


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (p(r("a") + "<w:ins>" + r("b") + "</w:ins><w:del>" + r("c", "delText") + "</w:del>"), ["ab"]),
        (p("<w:moveFrom>" + r("a") + "</w:moveFrom>") + p("<w:moveTo>" + r("b") + "</w:moveTo>"), ["b"]),
        (p(r("first ") , "del") + p(r("second")), ["first second"]),
        (p(r("a"), "ins") + p(r("b")), ["a", "b"]),
        (p(r("a"), "del"), ["a"]),
        (p("<w:hyperlink>" + r("a") + "</w:hyperlink><w:sdt><w:sdtContent>" + r("b") + "</w:sdtContent></w:sdt>"), ["ab"]),
        (p("<w:r><w:t>a</w:t><w:tab/><w:br/><w:noBreakHyphen/><w:t>b</w:t></w:r>"), ["a\t\n-b"]),
        (p('<w:r><w:fldChar w:fldCharType="begin"/><w:instrText> REF x </w:instrText></w:r>' + r("2.1")), ["2.1"]),
        (p("") + p(r("  ")), []),
        ('<w:p><w:pPr><w:pStyle w:val="TOC1"/></w:pPr>' + r("contents") + "</w:p>" + p(r("a")), ["a"]),
    ],
)  # fmt: skip
def test_text_is_read_with_its_changes_accepted(body: str, read: list[str]) -> None:
    assert texts(body) == read


def test_tables_comments_authors_and_what_is_no_text() -> None:
    row = "<w:tr>{}<w:tc>" + p(r("a")) + p(r("b")) + "</w:tc><w:tc>" + p(r("c")) + "</w:tc></w:tr>"
    struck = row.format("<w:trPr><w:del/></w:trPr>")
    body = f"<w:tbl>{row.format('')}{struck}</w:tbl><w:tbl>{struck}</w:tbl>" + p(
        r("x") + '<w:r><w:drawing/><w:footnoteReference/></w:r><w:ins w:author="Them">' + r("y") + "</w:ins>"
    )
    comments = HEAD.replace("document", "comments").replace("<w:body>", "") + (
        f'<w:comment w:author="Them">{p(r("Why?"))}</w:comment></w:comments>'
    )
    file = read_word_file(docx(body, {"word/comments.xml": comments}))
    assert file.pieces == (
        WordTable((("a\nb", "c"),)),
        WordLine("xy", frozenset(), ("a picture or text box", "a footnote")),
    )
    assert file.comments == (Comment("Them", "Why?"),)
    assert file.authors == ("Them",)
    assert (file.tally, file.draft) == (None, False)


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a Word file"),
        (b"PK\x03\x04 and no more", "not a Word file"),
        (docx()[:200], "not a Word file"),
        (docx(parts={"word/vbaProject.bin": b"x"}), "macros"),
        (docx(parts={"word/embeddings/oleObject1.bin": b"x"}), "macros or embedded programs"),
        (docx(parts={"../evil.xml": b"x"}), "leads out of it"),
        (docx(parts={"/etc/passwd": b"x"}), "leads out of it"),
        (docx(parts={"word\\..\\x.xml": b"x"}), "leads out of it"),
        (docx(parts={"word/comments.xml": ENTITIES + "<x>&b;</x>"}), "declares a document type or entities"),
        (docx(parts={"customXml/item1.xml": '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'}), "declares a document type"),
        (docx(p("<w:r>")), "not well-formed"),
        (docx("<w:p>" * 200 + "</w:p>" * 200), "nested too deeply"),
        (docx(parts={"WORD/document.xml": b"x"}), "the same name"),
        (docx(parts={f"x{number}": b"" for number in range(2_001)}), "more than 2,000 parts"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_with_a_sentence(content: bytes, says: str) -> None:
    with pytest.raises(WordFileRefused, match=says):
        read_word_file(content)


def test_a_file_without_a_text_is_refused() -> None:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(WordFileRefused, match="it has no text"):
        read_word_file(file.getvalue())


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit counts what is unpacked, whatever the file says about itself."""
    monkeypatch.setattr(word_file, "MAXIMUM_PART", 100_000)
    bomb = docx(p(r("a" * 200_000)))
    assert len(bomb) < 2_000
    with pytest.raises(WordFileRefused, match="unpacks to more than 100,000 bytes"):
        read_word_file(bomb)
    monkeypatch.setattr(word_file, "MAXIMUM_FILE", 100)
    with pytest.raises(WordFileRefused, match="larger than 100 bytes"):
        read_word_file(bomb)


def test_an_encrypted_part_is_refused() -> None:
    content = bytearray(docx())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    with pytest.raises(WordFileRefused, match="encrypted"):
        read_word_file(bytes(content))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=5))
def test_damaged_bytes_are_read_or_refused(flips: list[tuple[int, int]]) -> None:
    content = bytearray(docx(p(r("some words")), {"word/comments.xml": "<x/>", "customXml/item1.xml": "<x/>"}))
    for at, byte in flips:
        content[at % len(content)] = byte
    with suppress(WordFileRefused):
        read_word_file(bytes(content))


def test_another_packing_is_refused() -> None:
    file = BytesIO()
    with ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("word/document.xml", HEAD + END)
    with pytest.raises(WordFileRefused, match="packed in a way"):
        read_word_file(file.getvalue())


def test_a_damaged_part_is_refused() -> None:
    content = bytearray(docx(p(r("some words to damage"))))
    with ZipFile(BytesIO(bytes(content))) as archive:
        entry = archive.getinfo("word/document.xml")
        assert entry.compress_type == zipfile.ZIP_DEFLATED
    content[60:70] = b"\xff" * 10
    with pytest.raises(WordFileRefused):
        read_word_file(bytes(content))
