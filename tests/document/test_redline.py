"""Redlines: without what is new they are the old text, without what is struck the new one, to the last table row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO

import docx
import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tallystick.document.document import (
    Block,
    Document,
    Item,
    ItemList,
    Kind,
    Paragraph,
    Row,
    Section,
    Strong,
    Subsection,
    Table,
    paragraph,
)
from tallystick.document.from_model import from_model
from tallystick.document.house_style import house_style
from tallystick.document.lines import Line, Mark, Run, lines
from tallystick.document.to_docx import Author
from tallystick.document.to_docx import to_docx as one_docx
from tallystick.model.agreement import Agreement
from tallystick.prose.sentence import Link
from tallystick.redline.from_documents import from_documents
from tallystick.redline.redline import Change, Redline, changed_places
from tallystick.redline.to_docx import to_docx
from tallystick.redline.to_html import to_html
from tallystick.redline.to_markdown import to_markdown
from tallystick.redline.to_pdf import to_pdf
from tallystick.redline.words import compared, words

from .sample_agreement import agreement, percent, prose
from .test_docx import read
from .test_formats import elements, hostile
from .tracked import accepted, marks, rejected
from .word import W, body, part

OLD, NEW = "a" * 64, "b" * 64
AUTHOR = Author("Counsel & Co", date(2027, 6, 1))


def redline(old: Document, new: Document) -> Redline:
    return from_documents(old, OLD, new, NEW)


def texts(file: bytes) -> tuple[list[tuple[str, str]], list[list[list[str]]]]:
    """Every paragraph with its number, and every table."""
    tables = docx.Document(BytesIO(file)).tables
    return read(file), [[[cell.text for cell in row.cells] for row in table.rows] for table in tables]


def agrees(old: Document, new: Document) -> bytes:
    """The redline as a file, when accepting and rejecting it gives both texts."""
    file = to_docx(redline(old, new), AUTHOR)
    assert texts(accepted(file)) == texts(one_docx(new, NEW))
    assert texts(rejected(file)) == texts(one_docx(old, OLD))
    return file


# --- words ---------------------------------------------------------------------------------------------------


def said(old: str, new: str) -> str:
    tags = {Mark.KEPT: "{}", Mark.STRUCK: "[-{}-]", Mark.NEW: "[+{}+]"}
    return "".join(tags[run.mark].format(run.text) for run in compared((Run(old),), (Run(new),)))


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("at least 92.0% a month", "at least 94.5% a month", "at least [-92.0%-][+94.5%+] a month"),
        ("within 24 hours.", "within 3 days.", "within [-24 hours-][+3 days+]."),
        ("USD 40,000 or", "USD 400,000 or", "USD [-40,000-][+400,000+] or"),
        ("on 2027-01-01 at 10:00", "on 2027-01-02 at 10:30", "on [-2027-01-01-][+2027-01-02+] at [-10:00-][+10:30+]"),
        ("the 95th percentile", "the 99th percentile", "the [-95th-][+99th+] percentile"),
        ("the same", "the same", "the same"),
        ("", "new", "[+new+]"),
        ("gone", "", "[-gone-]"),
        ("party’s duty", "parties’ duty", "[-party’s-][+parties’+] duty"),
    ],
)
def test_words_and_numbers_stay_whole(old: str, new: str, marked: str) -> None:
    assert said(old, new) == marked


def test_a_reference_is_one_word_and_bold_is_a_change() -> None:
    assert [run.text for run in words((Run("Section 2.1", anchor="c"), Run("a b")))] == ["Section 2.1", "a", " ", "b"]
    assert {run.mark for run in compared((Run("a"),), (Run("a", strong=True),))} == {Mark.STRUCK, Mark.NEW}


RUNS = st.lists(
    st.builds(Run, st.text("a1 %.,", min_size=1, max_size=6), st.booleans(), anchor=st.sampled_from([None, "x"])),
    max_size=5,
)


@given(RUNS, RUNS)
def test_marked_words_hold_both_texts(old: list[Run], new: list[Run]) -> None:
    marked = compared(old, new)
    for side, mark in ((old, Mark.NEW), (new, Mark.STRUCK)):
        left = [replace(run, mark=Mark.KEPT) for run in marked if run.mark is not mark]
        assert letters(left) == letters(side)


def letters(runs: list[Run]) -> list[Run]:
    return [replace(run, text=letter) for run in runs for letter in run.text]


# --- whole documents -----------------------------------------------------------------------------------------


def changed_sample() -> Agreement:
    """The sample with a new floor, a new paragraph, a clause struck, one moved and one added."""
    sample = agreement()
    performance, governance = sample.articles
    accuracy, standards = performance.clauses
    gate, _access, incidents = governance.clauses
    accuracy = replace(accuracy, content=(*accuracy.content, prose("A paragraph was added in 2027.")))
    added = replace(gate, id="added", title="Added", number="3.2", content=(prose("Something new."),), satisfies=())
    return replace(
        sample,
        version="2.0.0",
        effective=date(2027, 6, 1),
        terms=sample.terms | {"accuracy_floor": replace(sample.terms["accuracy_floor"], value=percent("94.5"))},
        articles=(
            replace(performance, clauses=(accuracy, replace(standards, clauses=standards.clauses[:1]))),
            replace(governance, clauses=(replace(incidents, number="3.1"), added, replace(gate, number="3.3"))),
        ),
    )


def test_accepting_gives_the_new_text_and_rejecting_the_old() -> None:
    file = agrees(from_model(agreement()), from_model(changed_sample()))
    assert {author for _, author, _ in marks(file)} == {"Counsel & Co"}
    assert {day for *_, day in marks(file)} == {"2027-06-01T00:00:00Z"}
    assert {kind for kind, *_ in marks(file)} == {"ins", "del", "moveFrom", "moveTo"}
    assert to_docx(redline(from_model(agreement()), from_model(changed_sample())), AUTHOR) == file


def test_from_draft_to_what_is_signed_and_back() -> None:
    draft, signed = from_model(agreement(), draft=True), from_model(agreement())
    agrees(draft, signed)
    agrees(signed, draft)


def test_two_versions_that_are_the_same_have_no_change() -> None:
    same = from_documents(from_model(agreement()), OLD, from_model(agreement()), OLD)
    assert marks(to_docx(same, AUTHOR)) == []
    assert changed_places(same) == ()
    assert "Nothing changed." in to_markdown(same)
    assert "Nothing changed." in to_html(same)


def test_each_clause_says_what_happened_to_it() -> None:
    places = changed_places(redline(from_model(agreement()), from_model(changed_sample())))
    found = {place.anchor: (place.number, place.title, place.change) for place in places}
    assert found["clause-accuracy"] == ("2.1", "Accuracy", Change.CHANGED)
    assert found["clause-own"] == ("2.2.2", "Own wording", Change.STRUCK)
    assert found["clause-added"] == ("3.2", "Added", Change.NEW)
    assert found["clause-access"] == ("3.2", "Access to data", Change.STRUCK)
    assert found["clause-gate"] == ("3.3", "Approval", Change.MOVED)
    assert "clause-incidents" not in found
    assert "contents" not in found


def test_ids_of_marks_are_used_once_and_moves_have_both_ends() -> None:
    root = body(to_docx(redline(from_model(agreement()), from_model(changed_sample())), AUTHOR))
    tags = ("ins", "del", "moveFrom", "moveTo", "moveFromRangeStart", "moveToRangeStart", "bookmarkStart")
    ids = [each.attrib[f"{W}id"] for each in root.iter() if each.tag.removeprefix(W) in tags]
    assert len(ids) == len(set(ids))
    names = {
        tag: [each.attrib[f"{W}name"] for each in root.iter(f"{W}{tag}RangeStart")] for tag in ("moveFrom", "moveTo")
    }
    assert sorted(names["moveFrom"]) == sorted(names["moveTo"]) != []
    for tag in ("moveFrom", "moveTo"):
        starts = {each.attrib[f"{W}id"] for each in root.iter(f"{W}{tag}RangeStart")}
        assert starts == {each.attrib[f"{W}id"] for each in root.iter(f"{W}{tag}RangeEnd")}


def test_the_file_goes_on_tracking_and_carries_the_new_version() -> None:
    file = to_docx(redline(from_model(agreement()), from_model(changed_sample())), AUTHOR, {"new.msa": b"x"})
    assert part(file, "word/settings.xml").find(f"{W}trackRevisions") is not None
    assert part(file, "customXml/item1.xml").attrib["version"] == "2.0.0"
    assert part(file, "customXml/item1.xml").attrib["tally"] == NEW


# --- documents of every shape --------------------------------------------------------------------------------

WORDS = st.lists(
    st.sampled_from(["the", "party", "shall", "pay", "92%", "94.5%", "USD 40,000", "in", "time"]),
    min_size=1,
    max_size=6,
)
PARAGRAPHS = st.builds(
    lambda said, bold, link: Paragraph(
        (" ".join(said), *([Strong((" now",))] if bold else []), *([link] if link else []))
    ),
    WORDS,
    st.booleans(),
    st.sampled_from([None, Link("Section\u00a01.1", "clause-a"), Link("here", "clause-b")]),
)
LISTS = st.builds(
    lambda items, kind: ItemList(
        tuple(Item({"a": f"({chr(97 + n)})", "1": f"({n + 1})", "": ""}[kind], (item,)) for n, item in enumerate(items))
    ),
    st.lists(PARAGRAPHS, min_size=1, max_size=3),
    st.sampled_from(["a", "1", ""]),
)
ROWS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3)
TABLES = st.builds(
    lambda rows, head: Table(
        ("Name", "Value") if head else (), tuple(Row(((" ".join(name),), (" ".join(value),))) for name, value in rows)
    ),
    ROWS,
    st.booleans(),
)
BLOCKS = st.lists(st.one_of(PARAGRAPHS, LISTS, TABLES), min_size=1, max_size=4)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """One to three articles of clauses with names from a small stock, in any order."""
    names = draw(st.permutations("abcdef"))
    count = draw(st.integers(1, 6))
    clauses = [(name, draw(BLOCKS)) for name in names[:count]]
    cut = draw(st.integers(1, count))
    sections = [
        Section(
            Kind.ARTICLE, f"Article {number}", f"Title {number}", f"article-{number}", tuple(_numbered(number, part))
        )
        for number, part in enumerate((clauses[:cut], clauses[cut:]), 1)
        if part
    ]
    base = from_model(agreement())
    return replace(base, version=str(count), sections=tuple(sections))


def _numbered(article: int, clauses: Sequence[tuple[str, Sequence[Block]]]) -> list[Subsection]:
    return [
        Subsection(f"{article}.{number}", f"Clause {name}", f"clause-{name}", tuple(blocks))
        for number, (name, blocks) in enumerate(clauses, 1)
    ]


@settings(max_examples=30, deadline=None)
@given(documents(), documents())
def test_any_two_documents_come_out_of_their_redline(old: Document, new: Document) -> None:
    agrees(old, new)


@settings(max_examples=30, deadline=None)
@given(documents(), documents())
def test_lines_of_a_redline_are_those_of_both(old: Document, new: Document) -> None:
    pieces = redline(old, new).pieces
    for document, tally, gone in (
        (new, NEW, (Mark.STRUCK, Mark.MOVED_AWAY)),
        (old, OLD, (Mark.NEW, Mark.MOVED_HERE)),
    ):
        left = [
            (piece.style, "".join(run.text for run in piece.runs if run.mark not in gone))
            for piece in pieces
            if isinstance(piece, Line) and piece.mark not in gone
        ]
        assert left == [(piece.style, piece.text) for piece in lines(document, tally) if isinstance(piece, Line)]


# --- HTML and Markdown ---------------------------------------------------------------------------------------


def test_html_and_markdown_mark_what_changed() -> None:
    found = redline(from_model(agreement()), from_model(changed_sample()))
    page, text = to_html(found), to_markdown(found)
    for shown in (page, text):
        assert "<del>92%</del><ins>94.5%</ins>" in shown
        assert "<ins>A paragraph was added in 2027.</ins>" in shown
    assert "- 3.3 Approval: moved" in text
    assert "## <del>3.2 Access to data</del>" in text
    assert "**1 <del>January</del><ins>June</ins> 2027**" in text
    assert '<li><a href="#clause-added">3.2 Added</a>: new</li>' in page
    assert page.count('id="clause-accuracy"') == 1


def test_headings_and_tables_of_the_page_are_what_they_are() -> None:
    page = to_html(redline(from_model(agreement()), from_model(changed_sample())))
    assert re.search(r'<h3[^>]* class="Heading Heading-2 ?"><span class="number ?">3.1 </span>', page)
    assert page.count("<table") == page.count("</table>")
    assert page.count("<tbody>") == page.count("</tbody>")
    assert page.count("<thead>") == page.count("</thead>") > 0
    assert '<th scope="row">' in page
    assert 'id="contents"' not in page


@pytest.mark.parametrize("style", ["classic", "modern"])
def test_the_pdf_marks_the_same_and_is_the_same_each_time(style: str) -> None:
    found, house = redline(from_model(agreement()), from_model(changed_sample())), house_style(style)
    written = to_pdf(found, house)
    assert written == to_pdf(found, house)
    with pikepdf.open(BytesIO(written)) as pdf:
        packet = pdf.Root.Metadata.read_bytes().decode()
        assert "pdfaid:part" in packet
        assert "pdfuaid:part" in packet
    words = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(written))
    assert re.search(
        r"\[struck:\s92%\W*\[new:\s94\.5%", words
    )  # the words in brackets are for those who cannot see the lines


def test_hostile_words_are_inert() -> None:
    found = redline(from_model(agreement(), draft=True), hostile())
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(to_markdown(found))
    for page in (to_html(found), shown):
        assert not {"script", "img", "iframe"} & elements(page).names
        assert all(address.startswith("#") for address in elements(page).addresses)
    agrees(from_model(agreement(), draft=True), hostile())


def test_nothing_but_a_paragraph_is_needed() -> None:
    empty = replace(from_model(agreement()), sections=())
    one = replace(empty, sections=(Section(Kind.PARTIES, "", "Parties", "parties", (paragraph("a"),)),))
    agrees(empty, one)
    agrees(one, empty)
