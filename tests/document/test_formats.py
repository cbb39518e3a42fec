"""HTML, PDF and Markdown of the hand-made agreement, also with hostile words in every place a drafter can write."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from markdown_it import MarkdownIt

from tallystick.document.document import Break, Document, Emphasis, Strong, paragraph
from tallystick.document.finish_pdf import signature_fields
from tallystick.document.from_model import from_model
from tallystick.document.to_html import short_tally, to_html
from tallystick.document.to_markdown import to_markdown
from tallystick.document.to_pdf import PdfUnavailable, to_pdf
from tallystick.model.agreement import Note, Party
from tallystick.prose.sentence import Link

from .anchors import anchors
from .sample_agreement import SPAN, agreement, prose

TALLY = hashlib.sha256(b"sample").hexdigest()
EVIL = """x</style></title><script>alert(1)</script><img src=file:///etc/passwd> {{ 7*7 }} {% raw %} \
@import url(https://x.example/a.css); "' onload=x </p> [a](javascript:alert(1)) ![i](https://x.example/i.png)"""


def hostile() -> Document:
    """The sample with hostile words in titles, names, notes and prose."""
    sample = agreement()
    article = sample.articles[0]
    clause = replace(
        article.clauses[0],
        title=EVIL,
        content=(prose(EVIL), Note(prose(EVIL)), *article.clauses[0].content),
    )
    changed = replace(
        sample,
        title=EVIL,
        version=EVIL,
        governing_law=EVIL,
        timezone=EVIL,
        parties={name: Party(name, EVIL, EVIL, SPAN, EVIL, EVIL, EVIL, ((EVIL, EVIL),)) for name in sample.parties},
        recitals=(prose(EVIL),),
        articles=(
            replace(article, title=EVIL, clauses=(clause, *article.clauses[1:])),
            *sample.articles[1:],
        ),
    )
    return from_model(changed, draft=True)


class Elements(HTMLParser):
    """Elements and addresses of a page, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("href", "src") and value:
                self.addresses.append(value)


def elements(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    return found


# --- HTML ----------------------------------------------------------------------------------------------------


def test_html_needs_nothing_else() -> None:
    found = elements(to_html(from_model(agreement()), TALLY))
    assert found.addresses
    assert all(address.startswith("#") for address in found.addresses)
    assert {address[1:] for address in found.addresses} <= set(found.ids)
    assert not {"script", "img", "link", "iframe"} & found.names


def test_html_has_every_anchor_once() -> None:
    document = from_model(agreement())
    assert elements(to_html(document, TALLY)).ids == list(anchors(document))


def test_no_text_ends_in_a_space_before_an_element() -> None:
    """WeasyPrint 70 breaks such a line far too early where the space alone does not fit."""
    assert re.findall(r"[^>] <(?:a|em|strong)\b", to_html(from_model(agreement()), TALLY)) == []


def test_html_shows_the_tally_in_full_and_short() -> None:
    page = to_html(from_model(agreement()), TALLY)
    assert f'<p class="tally">{TALLY}</p>' in page
    assert f"Tally {short_tally(TALLY)}" in page
    assert short_tally("0123456789abcdef0123") == "0123 4567 89ab cdef"


def test_html_says_that_it_is_a_draft_only_when_it_is() -> None:
    assert "Drafting note" not in to_html(from_model(agreement()), TALLY)
    assert "background: url" not in to_html(from_model(agreement()), TALLY)
    draft = to_html(from_model(agreement(), draft=True), TALLY)
    assert "Draft agreement" in draft
    assert "Drafting note" in draft
    assert "background: url(data:image/svg+xml" in draft


def test_hostile_words_are_inert_in_html() -> None:
    page, clean = (
        to_html(hostile(), TALLY),
        to_html(from_model(agreement(), draft=True), TALLY),
    )
    assert elements(page).names == elements(clean).names
    assert elements(page).attributes == elements(clean).attributes
    assert all(address.startswith("#") for address in elements(page).addresses)
    assert page.count("</style>") == 1
    assert "{{ 7*7 }}" in page
    assert "@import" not in page[: page.index("</style>")].split("<style>")[1]


# --- PDF -----------------------------------------------------------------------------------------------------

ATTACHED = {"rules.json": b'{"a":1}', "agreement.msa": b"agreement"}


@pytest.fixture(scope="module")
def written() -> bytes:
    return to_pdf(from_model(agreement()), TALLY, ATTACHED)


def test_pdf_is_tagged_titled_and_dated_by_the_agreement(written: bytes) -> None:
    with pikepdf.open(BytesIO(written)) as pdf:
        assert str(pdf.docinfo["/Title"]) == "AI Governance Master Services Agreement"
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20270101")
        assert str(pdf.docinfo["/ModDate"]).startswith("D:20270101")
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle


def test_pdf_claims_both_standards_in_metadata_that_declares_them(written: bytes) -> None:
    with pikepdf.open(BytesIO(written)) as pdf:
        with pdf.open_metadata() as said:
            assert said.pdfa_status == "3A"
            assert said["pdfuaid:part"] == "1"
            assert said["dc:title"] == str(pdf.docinfo["/Title"])
            assert str(said["xmp:CreateDate"]) == "2027-01-01"
        packet = pdf.Root.Metadata.read_bytes()
        assert b"pdfaExtension:schemas" in packet
        assert packet.startswith(b"<?xpacket begin")
        intent = pdf.Root.OutputIntents[0]
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.N == 3
        assert not [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/JS" in each]


def test_pdf_carries_its_sources_once_each_with_what_they_are_to_it(written: bytes) -> None:
    with pikepdf.open(BytesIO(written)) as pdf:
        assert {name: file.get_file().read_bytes() for name, file in pdf.attachments.items()} == ATTACHED
        found = {str(file.UF): (str(file.AFRelationship), str(file.EF.F.Subtype)) for file in pdf.Root.AF}
        assert len(pdf.Root.AF) == 2
        dates = {str(file.EF.F.Params.ModDate)[:10] for file in pdf.Root.AF}
    assert found == {"agreement.msa": ("/Source", "/text/plain"), "rules.json": ("/Data", "/application/json")}
    assert dates == {"D:20270101"}


def test_pdf_has_one_empty_field_for_each_signatory(written: bytes) -> None:
    with pikepdf.open(BytesIO(written)) as pdf:
        assert list(pdf.Root.AcroForm) == ["/Fields"]
        fields = list(signature_fields(pdf))
        assert [str(field.T) for field in fields] == [
            "Signature_provider_1",
            "Signature_provider_2",
            "Signature_customer_1",
        ]
        assert str(fields[0].TU) == "Signature of Jane Roe for Provider"
        for field in fields:
            assert not {"/V", "/DA", "/Ff"} & set(field)
            left, bottom, right, top = (float(side) for side in field.Rect)
            assert right - left > 100
            assert top - bottom > 20
            assert field.objgen in {each.objgen for each in field.P.Annots}
        forms = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Form"]
        assert len(forms) == 3
        assert all(isinstance(form.K, pikepdf.Dictionary) and form.K.Type == "/OBJR" for form in forms)


def test_a_draft_has_nowhere_to_sign() -> None:
    with pikepdf.open(BytesIO(to_pdf(from_model(agreement(), draft=True), TALLY))) as pdf:
        assert list(signature_fields(pdf)) == []


def test_pdf_has_bookmarks_for_articles_and_clauses(written: bytes) -> None:
    with pikepdf.open(BytesIO(written)) as pdf, pdf.open_outline() as outline:
        top = [item.title for item in outline.root]
        assert top == ["AI Governance Master Services Agreement"]
        sections = {item.title: [inner.title for inner in item.children] for item in outline.root[0].children}
    assert sections["Article 2 Model performance"] == [
        "2.1 Accuracy",
        "2.2 Standards of work",
    ]
    assert "Schedule 1 Metrics and measures" in sections


def test_pdf_embeds_only_its_own_fonts(written: bytes) -> None:
    with pikepdf.open(BytesIO(written)) as pdf:
        names = {
            str(each.FontName) for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/FontName" in each
        }
    assert names
    assert all("Source-S" in name for name in names)


def test_pdf_is_the_same_without_system_fonts_in_another_zone_and_process(written: bytes, tmp_path: Path) -> None:
    configuration = tmp_path / "fonts.conf"
    configuration.write_text("<fontconfig></fontconfig>", encoding="utf-8")
    code = (
        "import hashlib; from document.test_formats import *; "
        "print(hashlib.sha256(to_pdf(from_model(agreement()), TALLY, dict(reversed(ATTACHED.items())))).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {
        "FONTCONFIG_FILE": str(configuration),
        "TZ": "Asia/Tokyo",
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root / 'tests'}",
    }
    again = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.strip() == hashlib.sha256(written).hexdigest()


def test_hostile_words_are_inert_in_pdf() -> None:
    with pikepdf.open(BytesIO(to_pdf(hostile(), TALLY))) as pdf:
        actions = [
            each
            for each in pdf.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/S") in ("/URI", "/JavaScript")
        ]
        assert actions == []
        assert list(pdf.attachments) == []


def test_missing_libraries_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_pango(name: str) -> object:
        raise OSError(f"cannot load library 'libpango-1.0-0' for {name}")

    monkeypatch.setattr("tallystick.document.to_pdf.import_module", without_pango)
    with pytest.raises(PdfUnavailable, match=r"Pango and HarfBuzz .*nstall them with"):
        to_pdf(from_model(agreement()), TALLY)


def test_without_the_part_for_subsets_of_fonts_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    import weasyprint.text.ffi

    monkeypatch.setattr(weasyprint.text.ffi, "harfbuzz_subset", None)
    with pytest.raises(PdfUnavailable, match="libharfbuzz-subset0"):
        to_pdf(from_model(agreement()), TALLY)


# --- Markdown ------------------------------------------------------------------------------------------------


def test_markdown_reads_well() -> None:
    text = to_markdown(from_model(agreement(), draft=True), TALLY)
    for line in (
        "# AI Governance Master Services Agreement",
        f"**Draft** · Version 1.0.0 · effective 1 January 2027 · tally {short_tally(TALLY)}",
        "  - [2.1 Accuracy](#clause-accuracy)",
        "## Article 2 Model performance",
        "### 2.1 Accuracy",
        "#### 2.2.1 Baseline",
        "> **Drafting note.**",
        "> Negotiate the floor.",
        "| Stage | Owner |",
        "| Training | [Approval](#clause-gate) |",
        "- Name: Jane Roe",
        f"Tally: `{TALLY}`",
    ):
        assert line in text.split("\n")
    assert text.endswith("`\n")


def test_markdown_is_not_a_draft_by_default() -> None:
    text = to_markdown(from_model(agreement()), TALLY)
    assert "Draft" not in text
    assert text.split("\n")[2].startswith("Version 1.0.0")


def test_hostile_words_are_inert_in_markdown() -> None:
    page = elements(MarkdownIt("commonmark", {"html": True}).enable("table").render(to_markdown(hostile(), TALLY)))
    assert not {"script", "img", "style", "b"} & page.names
    assert all(address.startswith("#") for address in page.addresses)


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("1. not a list", "<p>1. not a list</p>"),
        ("- not a list", "<p>- not a list</p>"),
        ("# not a heading", "<p># not a heading</p>"),
        ("a_b _c_ *d* &amp; ~e~ 1.5%", "<p>a_b _c_ *d* &amp;amp; ~e~ 1.5%</p>"),
    ],
)
def test_words_stay_words_in_markdown(words: str, html: str) -> None:
    document = from_model(agreement())
    section = replace(document.sections[0], blocks=(paragraph(words),))
    text = to_markdown(replace(document, sections=(section,)), TALLY)
    assert html in MarkdownIt("commonmark").render(text)


def test_every_kind_of_word_in_markdown() -> None:
    document = from_model(agreement())
    words = paragraph("a", Break(), Strong(("b",)), Emphasis(("c",)), Link("d", "parties"))
    section = replace(document.sections[0], blocks=(words,))
    assert "a\\\n**b***c*[d](#parties)" in to_markdown(replace(document, sections=(section,)), TALLY)
