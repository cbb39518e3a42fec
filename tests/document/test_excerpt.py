"""A schedule by itself, and what every document besides the agreement has in common."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import docx
import pikepdf
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH

from tallystick.document.document import Document, Kind, Letterhead, Row, Section, Table
from tallystick.document.excerpt import excerpt, schedules_of
from tallystick.document.from_model import from_model
from tallystick.document.house_style import house_style, shipped_styles
from tallystick.document.lines import CONTENTS, Line, lines
from tallystick.document.to_docx import to_docx
from tallystick.document.to_html import to_html
from tallystick.document.to_markdown import to_markdown
from tallystick.document.to_pdf import to_pdf

from .anchors import anchors
from .sample_agreement import agreement

TALLY = hashlib.sha256(b"sample").hexdigest()
WHOLE = from_model(agreement())


def alone(name: str = "metrics") -> Document:
    return excerpt(WHOLE, schedules_of(WHOLE)[name])


def test_schedules_have_short_names() -> None:
    assert {"metrics", "playbook", "roles"} <= set(schedules_of(WHOLE))


@pytest.mark.parametrize("name", schedules_of(WHOLE))
def test_an_excerpt_says_what_the_schedule_says_and_leads_nowhere_else(name: str) -> None:
    whole, page = schedules_of(WHOLE)[name], to_html(alone(name), TALLY)
    assert [section.title for section in alone(name).sections] == [whole.title]
    known = set(re.findall(r' id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= known
    assert known == set(anchors(alone(name)))
    assert "Key terms" not in page


def test_words_of_an_excerpt_are_those_of_the_schedule() -> None:
    bare = re.compile(r"\[([^]]*)\]\(#[^)]*\)")
    in_whole, in_excerpt = (bare.sub(r"\1", to_markdown(each, TALLY)) for each in (WHOLE, alone()))
    body = in_excerpt[in_excerpt.index("## Schedule") :].partition("This is an excerpt")[0].strip()
    assert body in in_whole


def test_an_excerpt_has_no_contents_and_says_that_the_agreement_decides() -> None:
    found = alone()
    assert isinstance(found.cover, Letterhead)
    assert found.label == "Excerpt from the agreement"
    assert found.edition == WHOLE.edition
    texts = [line.text for line in lines(found, TALLY) if isinstance(line, Line)]
    assert not [line for line in lines(found, TALLY) if line.place == CONTENTS]
    assert texts[-2].startswith("This is an excerpt")
    assert texts[-1] == TALLY


def test_a_draft_says_so() -> None:
    draft = from_model(agreement(), draft=True)
    assert excerpt(draft, schedules_of(draft)["metrics"]).label == "Draft of an excerpt from the agreement"


def test_the_pdf_of_an_excerpt_claims_both_standards_and_is_the_same_each_time() -> None:
    written = to_pdf(alone(), TALLY)
    assert written == to_pdf(alone(), TALLY)
    with pikepdf.open(BytesIO(written)) as pdf:
        packet = pdf.Root.Metadata.read_bytes().decode()
        assert "pdfaid:part" in packet
        assert "pdfuaid:part" in packet


# --- columns of numbers --------------------------------------------------------------------------------------


def table(*cells: str, columns: tuple[str, ...] = ("Section", "Credit")) -> Table:
    return Table(columns, tuple(Row((("2.1",), (cell,))) for cell in cells))


def test_columns_of_numbers_stand_to_the_right() -> None:
    assert table("USD 4,000", "–", "12.5%").number_columns == {1}
    assert table("USD 4,000", "not known").number_columns == frozenset()
    assert table("4", columns=()).number_columns == frozenset()
    assert table("", "–").number_columns == frozenset()


def test_every_format_shows_which_columns_are_numbers() -> None:
    section = Section(Kind.CHAPTER, "", "Sums", "sums", (table("USD 4,000"),))
    document = replace(alone(), sections=(section,))
    assert '<td class="number">USD\u00a04,000</td>' in to_html(document, TALLY)
    assert "| --- | --: |" in to_markdown(document, TALLY)
    found = docx.Document(BytesIO(to_docx(document, TALLY))).tables[-1].rows[1].cells
    assert [cell.paragraphs[0].alignment for cell in found] == [None, WD_ALIGN_PARAGRAPH.RIGHT]


@pytest.mark.parametrize("style", sorted(shipped_styles()))
def test_a_word_file_names_no_style_that_it_lacks(style: str) -> None:
    with ZipFile(BytesIO(to_docx(alone(), TALLY, style=house_style(style)))) as parts:
        text, styles = (parts.read(f"word/{name}.xml").decode() for name in ("document", "styles"))
    used = set(re.findall(r'<w:(?:pStyle|tblStyle|rStyle) w:val="([^"]+)"', text))
    assert "LetterUnder" in used
    assert used <= set(re.findall(r'w:styleId="([^"]+)"', styles))
