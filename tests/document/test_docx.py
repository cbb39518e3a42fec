"""The Word file: its numbers, references, styles and parts, read back by other means than those that wrote it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import tostring
from zipfile import ZipFile

import docx
import pytest

from tallystick.compilation import compile_source, load
from tallystick.document.document import Document, Item, ItemList, Row, Section, Subsection, Table, paragraph
from tallystick.document.document import Kind as SectionKind
from tallystick.document.from_model import from_model
from tallystick.document.lines import Grid, Line, Style, label_value, lines
from tallystick.document.to_docx import AGREEMENT, bookmarks, to_docx
from tallystick.prose.sentence import Link

from .sample_agreement import agreement
from .test_formats import ATTACHED, TALLY, hostile
from .word import Counting, Read, W, body, paragraphs, part, value

CONTRACTS = sorted((Path(__file__).parents[2] / "contracts").glob("*/agreement.msa"))


def sample(*, draft: bool = False) -> Document:
    return from_model(agreement(), draft=draft)


@pytest.fixture(scope="module")
def written() -> bytes:
    return to_docx(sample(), TALLY, ATTACHED)


def seen(document: Document) -> list[tuple[str, str]]:
    """Number and words of every paragraph, as the document has them."""
    return [(line.number, line.text) for line in lines(document, TALLY) if isinstance(line, Line)]


def read(file: bytes) -> list[tuple[str, str]]:
    """The same as the file has them; numbers that are text are taken apart."""
    return [_apart(each) for each in paragraphs(file) if not each.in_table and each.style != "Small"]


def _apart(each: Read) -> tuple[str, str]:
    number, text = each.number, each.text
    if not number and each.style != "TOC1" and each.style != "TOC2" and "\t" in text:
        number, _, text = text.partition("\t")
    return number.replace("\u00a0", " "), text


# --- numbers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draft", [False, True])
def test_numbers_and_words_read_back_are_those_of_the_document(draft: bool) -> None:
    assert read(to_docx(sample(draft=draft), TALLY)) == seen(sample(draft=draft))


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.parent.name)
def test_every_number_of_the_contracts_is_counted_by_word(path: Path) -> None:
    source, _ = load(path)
    assert source is not None
    compiled, _ = compile_source(source)
    assert compiled is not None
    assert read(to_docx(compiled.document, TALLY)) == seen(compiled.document)
    numbered = [line for line in lines(compiled.document, TALLY) if isinstance(line, Line) and line.number]
    assert all(line.numbering for line in numbered)


def with_blocks(*blocks: ItemList | Subsection) -> Document:
    section = Section(SectionKind.ARTICLE, "Article 1", "One", "one", blocks)
    return replace(sample(), sections=(section,))


def items(*labels: str, inner: ItemList | None = None) -> ItemList:
    return ItemList(tuple(Item(label, (paragraph(f"item {label}"), *([inner] if inner else []))) for label in labels))


def test_lists_in_lists_and_lists_that_begin_elsewhere_are_counted() -> None:
    document = with_blocks(
        items("(a)", "(b)", inner=items("(1)", "(2)", inner=items("(A)", "(B)"))),
        items("(a)", "(b)"),
        items("(7)", "(8)"),
        items("", ""),
    )
    file = to_docx(document, TALLY)
    assert read(file) == seen(document)
    assert all(line.numbering for line in lines(document, TALLY) if isinstance(line, Line) and line.number)


def test_labels_that_word_counts_otherwise_are_text() -> None:
    letters = [f"({chr(97 + number)})" for number in range(26)]
    document = with_blocks(items(*letters, "(aa)", "(ab)", "(ac)"), items("(iv)", "*"))
    file = to_docx(document, TALLY)
    assert read(file) == seen(document)
    as_text = [
        line.number for line in lines(document, TALLY) if isinstance(line, Line) and line.number and not line.numbering
    ]
    assert as_text == ["(ab)", "(ac)", "(iv)", "*"]


@pytest.mark.parametrize(
    ("label", "value"),
    [("(a)", ("lowerLetter", 1)), ("(bb)", ("lowerLetter", 28)), ("(C)", ("upperLetter", 3)), ("(12)", ("decimal", 12)),
     ("(ab)", None), ("(aA)", None), ("(0)", None), ("a", None), ("•", None)],
)  # fmt: skip
def test_labels(label: str, value: tuple[str, int] | None) -> None:
    assert label_value(label) == value


def test_clauses_that_are_not_in_order_keep_their_numbers() -> None:
    clauses = [Subsection(number, "T", f"clause-{index}", (paragraph(Link(f"Section\u00a0{number}", f"clause-{index}")),))
               for index, number in enumerate(["1.1", "1.3", "1.2", "1.2A", "1.3"])]  # fmt: skip
    document = with_blocks(*clauses)
    assert read(to_docx(document, TALLY)) == seen(document)
    headings = [line for line in lines(document, TALLY) if isinstance(line, Line) and line.style is Style.HEADING]
    assert [bool(line.numbering) for line in headings] == [True, True, False, True, False, True]


def test_counting_in_the_tests_is_able_to_fail(written: bytes) -> None:
    numbering, styles = part(written, "word/numbering.xml"), part(written, "word/styles.xml")
    for start in numbering.iter(f"{W}startOverride"):
        start.set(f"{W}val", "2")
    counting = Counting(numbering, styles)
    styled = [(each, value(each.find(f"{W}pPr/{W}pStyle"))) for each in body(written).iter(f"{W}p")]
    assert "(2)" in [counting.number(*each) for each in styled]
    assert "(1)" not in [counting.number(*each) for each in styled]


# --- references ----------------------------------------------------------------------------------------------


def test_references_are_fields_that_already_show_the_right_number(written: bytes) -> None:
    targets = {name: each for each in paragraphs(written) for name in each.bookmarks}
    text = tostring(body(written), encoding="unicode")
    shown = re.findall(r"> REF (\w+) \\n \\h <.*?fldCharType=\"separate\".*?<ns0:t [^>]*>([^<]*)<", text)
    assert ("clause_gate", "3.1") in shown
    assert ("article_governance", "Article\u00a03") in shown
    assert [number for _, number in shown] == [targets[name].number for name, _ in shown]


def test_links_lead_to_bookmarks_that_stand_once(written: bytes) -> None:
    names = [name for each in paragraphs(written) for name in each.bookmarks]
    rows = [value(each, "name") for each in body(written).iter(f"{W}bookmarkStart")]
    assert sorted(rows) == sorted(set(rows))
    assert {"clause_accuracy", "rule_accuracy", "term_accuracy_floor", "party_provider"} <= set(names)
    links = [value(each, "anchor") for each in body(written).iter(f"{W}hyperlink")]
    assert links
    assert set(links) <= set(rows)


def test_bookmarks_are_names_that_word_takes() -> None:
    long = "clause-" + "long_" * 12
    anchors = ["term-fee", "term-Fee", long + "a", long + "b", "schedule-metrics", "term_fee"]
    found = bookmarks([Line("", Style.BODY, (), anchor) for anchor in anchors])
    assert list(found) == anchors
    assert len({name.casefold() for name in found.values()}) == len(anchors)
    assert all(re.fullmatch(r"[A-Za-z]\w{0,39}", name) for name in found.values())


# --- tables, styles, parts -----------------------------------------------------------------------------------


def test_tables_are_tables_that_do_not_split_in_a_row(written: bytes) -> None:
    grids = [piece for piece in lines(sample(), TALLY) if isinstance(piece, Grid)]
    tables = docx.Document(BytesIO(written)).tables
    shown = [[[cell.text for cell in row.cells] for row in table.rows] for table in tables]
    assert shown == [[["".join(run.text for run in cell) for cell in row.cells] for row in grid.rows] for grid in grids]
    rows = list(body(written).iter(f"{W}tr"))
    assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)
    repeated = sum(row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows)
    assert repeated == sum(grid.rows[0].heading for grid in grids) > 3
    for grid, table in zip(grids, tables, strict=True):
        widths = [int(value(each, "w")) for each in table._tbl.iter(f"{W}gridCol")]
        assert sum(widths) in (9066, 8386, 5400), grid
        assert min(widths) > 300


def test_every_style_is_declared(written: bytes) -> None:
    declared = {value(each, "styleId") for each in part(written, "word/styles.xml").iter(f"{W}style")}
    draft = to_docx(sample(draft=True), TALLY)
    used = {
        value(each) for file in (written, draft) for tag in ("pStyle", "tblStyle") for each in body(file).iter(W + tag)
    }
    assert {"Heading1", "Heading2", "Heading3", "Operative", "Definition", "TableHeader", "DraftingNote"} <= used
    assert used <= declared


ORDER = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore widowControl numPr pBdr shd tabs spacing ind jc outlineLvl rPr",
    "rPr": "rFonts b i caps color spacing sz szCs lang",
    "tblPr": "tblStyle tblW tblInd tblBorders tblLayout tblCellMar tblLook",
    "tcPr": "tcW tcBorders vAlign",
    "style": "name basedOn next uiPriority qFormat pPr rPr tblPr tblStylePr",
    "lvl": "start numFmt pStyle lvlText lvlJc pPr rPr",
    "settings": "zoom trackRevisions defaultTabStop characterSpacingControl compat themeFontLang decimalSymbol listSeparator",
}


def test_elements_stand_in_the_order_of_the_schema(written: bytes) -> None:
    """Word calls a file damaged where they do not. The orders are those of the schema, of the elements used here."""
    draft = to_docx(sample(draft=True), TALLY)
    parts = [
        body(written),
        body(draft),
        *(part(written, f"word/{name}.xml") for name in ("styles", "numbering", "settings")),
    ]
    for element in (each for found in parts for each in found.iter()):
        order = ORDER.get(element.tag.removeprefix(W), "").split()
        children = [child.tag.removeprefix(W) for child in element]
        if order:
            assert children == sorted(children, key=order.index), element.tag


def test_properties_are_those_of_the_agreement(written: bytes) -> None:
    properties = docx.Document(BytesIO(written)).core_properties
    assert properties.title == "AI Governance Master Services Agreement"
    assert properties.author == "Acme Models, Inc.; Globex Bank, N.A."
    assert properties.language == "en-US"
    assert properties.version == "1.0.0"
    assert TALLY in properties.comments
    made = {each.replace(tzinfo=None) for each in (properties.created, properties.modified) if each}
    assert made == {datetime(2027, 1, 1)}  # noqa: DTZ001


def test_foot_of_the_page_has_version_tally_and_pages(written: bytes) -> None:
    [section] = docx.Document(BytesIO(written)).sections
    assert section.different_first_page_header_footer
    assert section.header.paragraphs[0].text == "AI Governance Master Services Agreement"
    assert section.first_page_header.paragraphs[0].text == ""
    for foot in (section.footer, section.first_page_footer):
        assert foot.paragraphs[0].text.startswith("Version 1.0.0  ·  Tally ")
        assert [each.text for each in foot._element.iter(f"{W}instrText")] == [" PAGE ", " NUMPAGES "]


def test_contents_are_a_field_with_its_entries(written: bytes) -> None:
    [contents] = body(written).iter(f"{W}sdtContent")
    codes = [each.text for each in contents.iter(f"{W}instrText")]
    assert codes == [' TOC \\o "1-2" \\h \\z \\u ']
    kinds = [value(each, "fldCharType") for each in contents.iter(f"{W}fldChar")]
    assert kinds == ["begin", "separate", "end"]
    shown = [each.text for each in paragraphs(written) if each.style.startswith("TOC")]
    assert shown == [f"{entry.number}\t{entry.title}".strip() for entry in sample().contents]


def test_sources_and_rules_are_carried(written: bytes) -> None:
    carried = part(written, "customXml/item1.xml")
    assert carried.tag == f"{{{AGREEMENT}}}agreement"
    assert carried.attrib == {"title": sample().title, "version": "1.0.0", "tally": TALLY, "draft": "false"}
    assert {each.attrib["name"]: b64decode(each.text or "") for each in carried} == ATTACHED


def test_drafts_show_their_notes_and_say_what_they_are() -> None:
    file = to_docx(sample(draft=True), TALLY)
    assert ("DraftingNote", "Negotiate the floor.") in [(each.style, each.text) for each in paragraphs(file)]
    assert paragraphs(file)[0].text == "Draft agreement"
    assert "Negotiate" not in "".join(each.text for each in paragraphs(to_docx(sample(), TALLY)))


def test_every_part_is_declared_and_every_relation_leads_to_a_part(written: bytes) -> None:
    with ZipFile(BytesIO(written)) as archive:
        names = set(archive.namelist())
        assert archive.namelist()[0] == "[Content_Types].xml"
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    declared = {
        each.attrib["PartName"][1:] for each in part(written, "[Content_Types].xml") if "PartName" in each.attrib
    }
    assert declared <= names
    for relations in (name for name in names if name.endswith(".rels")):
        folder = Path(relations).parent.parent
        for each in part(written, relations):
            assert "TargetMode" not in each.attrib
            assert os.path.normpath(folder / each.attrib["Target"]) in names


# --- safety and sameness -------------------------------------------------------------------------------------


def test_hostile_words_are_inert() -> None:
    def tags(file: bytes) -> set[str]:
        return {each.tag for each in body(file).iter()}

    file = to_docx(hostile(), TALLY)
    assert tags(file) <= tags(to_docx(sample(draft=True), TALLY))
    words = "".join(text for _, text in read(file))
    assert "<script>alert(1)</script>" in words
    assert "{{ 7*7 }}" in words


def test_what_xml_cannot_hold_is_replaced() -> None:
    evil = "a\x00b\x0bc\ufffed\ud800e"
    document = replace(sample(), title=evil, version=evil)
    table = Table((evil,), (Row(((evil,),)),))
    document = replace(document, sections=(*document.sections, Section(SectionKind.SCHEDULE, "", evil, evil, (table,))))
    file = to_docx(document, TALLY, {evil: b"x"})
    assert docx.Document(BytesIO(file)).core_properties.title == "a\ufffdb\ufffdc\ufffdd\ufffde"
    assert docx.Document(BytesIO(file)).tables[-1].cell(0, 0).text == "a\ufffdb\ufffdc\ufffdd\ufffde"


def test_the_same_bytes_in_another_process_and_zone(written: bytes) -> None:
    code = (
        "import hashlib; from document.test_docx import *; "
        "print(hashlib.sha256(to_docx(sample(), TALLY, dict(reversed(ATTACHED.items())))).hexdigest())"
    )
    root = Path(__file__).parents[2]
    environment = os.environ | {
        "TZ": "Asia/Tokyo",
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root / 'tests'}",
    }
    again = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert again.stdout.strip() == hashlib.sha256(written).hexdigest()


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_counts_and_refers_alike(written: bytes, tmp_path: Path) -> None:
    (tmp_path / "agreement.docx").write_bytes(written)
    call = ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"]
    folder = ["--outdir", str(tmp_path), str(tmp_path / "agreement.docx")]
    subprocess.run([*call, "--convert-to", "txt:Text (encoded):UTF8", *folder], check=True, capture_output=True)
    text = (tmp_path / "agreement.txt").read_text(encoding="utf-8-sig").replace("\u00a0", " ")
    shown = [" ".join(line.split()) for line in text.splitlines()]
    for number, words in seen(sample()):
        for line in f"{number} {words}".replace("\u00a0", " ").split("\n"):
            assert " ".join(line.split()) in shown
