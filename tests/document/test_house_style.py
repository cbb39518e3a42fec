"""House styles: what they change and what they cannot, and styles that somebody sent with bad intent."""

from __future__ import annotations

import hashlib
import re
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pikepdf
import pytest

from tallystick.building import carried, printed
from tallystick.compilation import Compiled, compile_source
from tallystick.document import apart as apart_
from tallystick.document.document import Document
from tallystick.document.from_model import from_model
from tallystick.document.house_style import (
    CLASSIC,
    HouseStyle,
    StyleRefused,
    files_of,
    from_carried,
    from_files,
    house_style,
    shipped_style,
    shipped_styles,
)
from tallystick.document.to_docx import _guarded_parts, to_docx
from tallystick.document.to_html import guarded, page_of, to_html
from tallystick.document.to_markdown import to_markdown
from tallystick.document.to_pdf import _own, to_pdf
from tallystick.source import Source

from .sample_agreement import agreement

TALLY = hashlib.sha256(b"sample").hexdigest()
TERMS = """\
agreement "Small Agreement" {
  version "1.0".
  effective 2027-01-31.
  timezone "Europe/Berlin".
  currency EUR.
}
party provider "Provider GmbH" called "Provider" { signatory "Jane Roe", "Director". }
party customer "Customer GmbH" called "Customer" { signatory "Max Muster", "Director". }
role lead "Lead" of customer.
key term monthly_fee "Monthly Fee" = EUR 40,000.
metric latency "latency" as milliseconds by model.
event training "training" by model.
article "Service" {
  clause latency "Latency" {
    \"\"\"What counts is the time that Customer waits. The word shall stands in this prose.\"\"\"
    provider must keep mean(latency) at most 1,500 milliseconds over each month per model.
    provider must not perform training.
    on breach { credit customer 1% of monthly_fee. provider must notify lead within 24 hours. }
  }
}
"""


def sample() -> Document:
    return from_model(agreement())


def compiled(style: HouseStyle = CLASSIC) -> Compiled:
    made, diagnostics = compile_source(Source("small.msa", TERMS), manner=style.manner)
    assert made is not None, diagnostics
    return made


def styled(settings: str = "", **files: str) -> HouseStyle:
    """A style with these settings; `house_css` is the file `house.css`."""
    texts = {"style.toml": settings} | {name.replace("_", "."): text for name, text in files.items()}
    return from_files({name: text.encode() for name, text in texts.items()})


# --- manner ----------------------------------------------------------------------------------------------------


def test_a_style_chooses_words_and_leaves_the_tally_and_the_rules() -> None:
    plain, american = compiled(), compiled(styled('verb = "will"\nlanguage = "en-US"\nnumbers = "1 234.5"'))
    assert american.tally == plain.tally
    assert american.rulebook == plain.rulebook
    text = to_markdown(american.document, american.tally)
    assert " will keep " in text
    assert " will not perform " in text
    assert " will notify " in text
    assert "takes effect on **January 31, 2027**" in text
    assert "EUR 40\u00a0000" in text
    assert "1\u00a0500 milliseconds" in text
    assert "authorized signatories" in text
    assert "The word shall stands in this prose." in text
    assert text.count("shall") == 1
    assert american.document.language == "en-US"
    assert "authorised" in to_markdown(plain.document, plain.tally)


@pytest.mark.parametrize(
    ("settings", "day"),
    [
        ("", "31 January 2027"),
        ('language = "en-GB"', "31 January 2027"),
        ('language = "en-US"', "January 31, 2027"),
        ('language = "en-US"\ndates = "1 January 2027"', "31 January 2027"),
        ('dates = "1 Jan 2027"', "31 Jan 2027"),
        ('dates = "2027-01-01"', "2027-01-31"),
    ],
)
def test_dates_look_as_the_style_says(settings: str, day: str) -> None:
    assert compiled(styled(settings)).document.effective == day


@pytest.mark.parametrize(("form", "shown"), [("1'234.5", "EUR 40’000"), ("1234.5", "EUR 40000")])
def test_numbers_look_as_the_style_says(form: str, shown: str) -> None:
    made = compiled(styled(f'numbers = "{form}"'))
    assert shown in to_markdown(made.document, made.tally)


def test_the_manner_ends_with_the_document() -> None:
    compiled(styled('verb = "will"'))
    assert " shall keep " in to_markdown(compiled().document, "")


# --- paper -----------------------------------------------------------------------------------------------------


def boxes(pdf: bytes) -> set[tuple[int, int]]:
    with pikepdf.open(BytesIO(pdf)) as file:
        return {(round(float(page.mediabox[2])), round(float(page.mediabox[3]))) for page in file.pages}


def test_the_size_of_the_paper_is_that_of_the_style() -> None:
    a4 = styled('paper = "A4"')
    assert boxes(printed(compiled())) == {(612, 792)}
    assert boxes(printed(compiled(a4), a4)) == {(595, 842)}
    word = ZipFile(BytesIO(to_docx(sample(), TALLY, style=a4))).read("word/document.xml").decode()
    assert '<w:pgSz w:w="11906" w:h="16838"/>' in word
    assert {int(width) for width in re.findall(r'<w:tblW w:w="(\d+)"', word)} <= set(range(8733))


def test_initials_have_a_place_in_the_footer_of_each_page() -> None:
    style = styled("initials = true")
    made = compiled(style)
    page = to_html(made.document, made.tally, style)
    assert "Initials:  Provider ________  Customer ________" in page
    assert "Initials" not in to_html(made.document, made.tally)
    assert b"Initials:" in ZipFile(BytesIO(to_docx(sample(), TALLY, style=style))).read("word/footer1.xml")
    assert b"Initials:" not in ZipFile(BytesIO(to_docx(sample(), TALLY))).read("word/footer1.xml")


@pytest.mark.parametrize("name", list(shipped_styles()))
def test_every_shipped_style_keeps_both_standards_and_its_bytes(name: str) -> None:
    style = shipped_style(name)
    made = compiled(style)
    written = printed(made, style)
    assert written == printed(made, style)
    with pikepdf.open(BytesIO(written)) as pdf:
        meta = pdf.open_metadata()
        assert (meta.pdfa_status, meta["pdfuaid:part"]) == ("3A", "1")
        assert len(pdf.Root.AcroForm.Fields) == 2
        assert ("style/style.toml" in pdf.attachments) == (name != "classic")


def test_modern_says_must() -> None:
    made = compiled(shipped_style("modern"))
    assert " must keep " in to_markdown(made.document, made.tally)


# --- folders ---------------------------------------------------------------------------------------------------


def test_a_style_is_found_again_in_what_the_paper_carries() -> None:
    style = styled('base = "modern"\nverb = "will"', house_css=".cover h1 { color: #900 }", own_svg="<svg/>")
    attached = carried(compiled(style), style)
    assert sorted(attached) == ["rules.json", "small.msa", "style/house.css", "style/own.svg", "style/style.toml"]
    assert from_carried(attached) == style
    assert from_carried(carried(compiled())) == CLASSIC


def test_files_that_are_shipped_are_none_of_its_own() -> None:
    for name in shipped_styles():
        copied = from_files(files_of(shipped_style(name)))
        assert copied.own == {}
        assert copied.settings == shipped_style(name).settings
    assert styled(house_css="p { color: #111 }").own == {"house.css": b"p { color: #111 }"}


def test_a_source_in_a_folder_called_style_is_a_source() -> None:
    assert from_carried({"style/part.msa": b"article"}) == CLASSIC


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('verb = "should"', "verb: 'should' is not possible; it is 'shall', 'must' or 'will'."),
        ('colour = "red"', "there is no setting “colour”. There are: base, verb, language"),
        ("initials = 3", "initials: 3 is not possible"),
        ('base = "baroque"', "base: “baroque” is not a shipped style (classic, modern)."),
        ("verb = ", "style.toml cannot be read"),
    ],
)
def test_settings_that_are_none_are_refused(settings: str, says: str) -> None:
    with pytest.raises(StyleRefused, match=re.escape(says)):
        styled(settings)


@pytest.mark.parametrize("name", ["../x.css", "/x.css", "a//x.css", "x.py", "x.exe", "a\\x.css"])
def test_files_that_are_none_of_a_style_are_refused(name: str) -> None:
    with pytest.raises(StyleRefused, match="not a file that a house style can have"):
        from_files({"style.toml": b"", name: b""})


def test_folders_that_are_no_style_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StyleRefused, match=r"no house style “baroque”\. Shipped are classic, modern"):
        house_style("baroque")
    with pytest.raises(StyleRefused, match=r"needs a file style\.toml"):
        house_style(str(tmp_path))
    (tmp_path / "style.toml").write_text("")
    assert house_style(str(tmp_path)).settings == CLASSIC.settings
    (tmp_path / "house.css").symlink_to("/etc/passwd")
    with pytest.raises(StyleRefused, match="is a link"):
        house_style(str(tmp_path))
    (tmp_path / "house.css").unlink()
    (tmp_path / "house.css").write_bytes(b"x" * 8_000_001)
    with pytest.raises(StyleRefused, match="more or larger files"):
        house_style(str(tmp_path))


# --- styles that somebody sent ---------------------------------------------------------------------------------

PAGE = "<!DOCTYPE html><html lang='en'><head><title>t</title></head><body>{}</body></html>"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ unknown }}", "UndefinedError"),
        ("{{ asset('../secret.svg') }}", "NotInStyle"),
        ("{{ asset('style.toml') }}", "NotInStyle"),
        ("{{ document.__class__.__mro__ }}", "SecurityError"),
        ("{% include '/etc/passwd' %}", "TemplateNotFound"),
        ("{% include '../../pyproject.toml' %}", "TemplateNotFound"),
        ("{{ 'x' * 99999999999 }}", "MemoryError"),
        ("<p>no head</p>", "must begin with"),
        (PAGE.format("<script>alert(1)</script>"), "element <script>"),
        (PAGE.format("<iframe src='https://x.example'></iframe>"), "element <iframe>"),
        (PAGE.format("<p onclick='x'>"), "attribute onclick"),
        (PAGE.format("<a href='javascript:alert(1)'>x</a>"), "places of the paper only, not to javascript"),
        (PAGE.format("<a href='file:///etc/passwd'>x</a>"), "places of the paper only, not to file"),
        (PAGE.format("<img src='https://x.example/i.png'>"), "own drawings only"),
        (PAGE.format("<meta http-equiv='refresh' content='0;url=https://x.example'>"), "http-equiv"),
        (PAGE.format("<form action='https://x.example'></form>"), "element <form>"),
        (PAGE.format("<link rel='attachment' href='file:///etc/passwd'>"), "element <link>"),
    ],
)
def test_a_template_cannot_reach_out(template: str, says: str) -> None:
    with pytest.raises(StyleRefused, match=re.escape(says)):
        to_html(sample(), TALLY, styled(agreement_html=template))


def test_a_page_of_a_style_of_ones_own_may_load_nothing() -> None:
    page = to_html(sample(), TALLY, styled(house_css="p { color: #111 }"))
    assert page.index("default-src 'none'") < page.index("<style>")
    assert "form-action 'none'" in page
    assert page.count("p { color: #111 }") == 1


def test_a_template_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart_, "SECONDS", 3)
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    with pytest.raises(StyleRefused, match="was stopped"):
        to_html(sample(), TALLY, styled(agreement_html=endless))


@pytest.mark.parametrize(
    "rule",
    [
        ".items { display: none }",
        ".clause { visibility: hidden }",
        ".clause > p { font-size: 1pt }",
        ".clause p { color: transparent }",
        ".clause { opacity: 0 }",
        ".clause { height: 0; overflow: hidden }",
        ".clause { transform: scale(0) }",
        "main { position: relative; left: -9000pt }",
        ".signature .party { text-indent: -9000pt }",
    ],
)
def test_a_style_that_hides_words_is_refused(rule: str) -> None:
    style = styled(house_css=rule)
    with pytest.raises(StyleRefused, match=r"does not show all words of the paper: “.+” is missing or hidden"):
        _own(compiled(style).document, TALLY, {}, style)


@pytest.mark.parametrize(
    "rule", ["p { text-transform: uppercase; hyphens: auto }", ".clause { columns: 2; font-size: 8pt }"]
)
def test_a_style_that_shows_every_word_prints(rule: str) -> None:
    style = styled(house_css=rule)
    assert _own(compiled(style).document, TALLY, {}, style).startswith(b"%PDF")
    whole = _own(sample(), TALLY, {}, style)
    assert whole.startswith(b"%PDF")


def test_a_template_that_leaves_words_out_is_refused() -> None:
    left_out = files_of(CLASSIC)["blocks.html"].decode().replace("{{ words(block.inlines) }}</p>", "</p>")
    with pytest.raises(StyleRefused, match="does not show all words"):
        _own(compiled().document, TALLY, {}, styled(blocks_html=left_out))


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "https://x.example/a.css", "http://127.0.0.1:9/a", "FILE:///a"]
)
@pytest.mark.parametrize(
    "rule",
    [
        "@import url({});",
        "p {{ background: url({}) }}",
        "@font-face {{ font-family: x; src: url({}) }} p {{ font-family: x }}",
    ],
)
def test_css_that_reads_an_address_is_refused(address: str, rule: str) -> None:
    style = styled(fonts_css=rule.format(address))
    with pytest.raises(StyleRefused, match="may read its own files only"):
        _own(compiled(style).document, TALLY, {}, style)


def test_a_hostile_style_is_printed_in_a_process_of_its_own() -> None:
    style = styled(house_css=".clause { display: none }")
    with pytest.raises(StyleRefused, match="does not show all words"):
        to_pdf(compiled(style).document, TALLY, {}, style)


@pytest.mark.parametrize(
    ("part", "evil", "says"),
    [
        ("footer.xml", '<w:r><w:instrText> INCLUDETEXT "https://x.example" </w:instrText></w:r>', "no other fields"),
        ("footer.xml", "<w:r><w:instrText> DDEAUTO c:\\\\cmd.exe </w:instrText></w:r>", "no other fields"),
        ("settings.xml", '<w:attachedTemplate w:val="x"/>', "attachedTemplate"),
        ("header.xml", "<w:r><w:object/></w:r>", "object"),
        ("header.xml", '<v:shape xmlns:v="urn:schemas-microsoft-com:vml"/>', "shape"),
        ("header.xml", '<w:p xmlns:r="urn:r" r:id="rId1"/>', "text and looks only"),
    ],
)
def test_a_part_of_a_word_file_cannot_reach_out(part: str, evil: str, says: str) -> None:
    text = files_of(CLASSIC)[f"word/{part}"].decode()
    end = text.rindex("</w:")
    inside = text.index("</w:p>") if "<w:r>" in evil else end
    style = from_files({"style.toml": b"", f"word/{part}": (text[:inside] + evil + text[inside:]).encode()})
    facts = {"title": "", "footing": "", "initials": "", "language": "en", "lists": (), "tracking": False, "width": 1}
    with pytest.raises(StyleRefused, match=says):
        _guarded_parts(style, facts)


def test_a_style_may_bring_its_own_word_parts() -> None:
    header = files_of(CLASSIC)["word/header.xml"].decode().replace("{{ title }}", "Own: {{ title }}")
    style = from_files({"style.toml": b"", "word/header.xml": header.encode()})
    assert b"Own: AI Governance" in ZipFile(BytesIO(to_docx(sample(), TALLY, style=style))).read("word/header1.xml")


def test_shipped_pages_would_pass_as_those_of_a_stranger() -> None:
    for name in shipped_styles():
        assert guarded(page_of(sample(), TALLY, shipped_style(name)))
