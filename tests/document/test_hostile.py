"""A hostile agreement, from its source to every paper: words that would be a template, an image, a link, a font or a rule of
CSS stay words, wherever a drafter can write."""

from __future__ import annotations

import re
from io import BytesIO
from zipfile import ZipFile

import pikepdf
import pytest
from markdown_it import MarkdownIt

from tallystick.building import carried, printed
from tallystick.compilation import Compiled, compile_source
from tallystick.document.to_docx import to_docx
from tallystick.document.to_html import guarded, to_html
from tallystick.document.to_markdown import to_markdown
from tallystick.source import Source

EVIL = {
    "template": "{{ 7*7 }} {% include '/etc/passwd' %} {# x #}",
    "image": "<img src='file:///etc/passwd'> ![i](https://x.example/i.png)",
    "link": "[a](javascript:alert(1)) [b](file:///etc/passwd) <https://x.example> <a href='https://x.example'>c</a>",
    "font": "</style><style>@font-face { font-family: x; src: url(https://x.example/f.woff2) }</style>",
    "css": "</style><style>@import url(file:///etc/passwd); p { display: none }</style> expression(alert(1))",
    "script": "<script>alert(1)</script><svg onload=alert(1)> &lt;script&gt;",
    "field": "INCLUDETEXT file:///etc/passwd </w:t><w:fldSimple w:instr='DDEAUTO'/> ]]> <!ENTITY x SYSTEM 'file:///etc/passwd'>",
}

AGREEMENT = """\
agreement "EVIL" {{
  version "EVIL".
  effective 2027-01-01.
  timezone "Europe/Berlin".
  currency EUR.
  governing law "EVIL".
  recital \"\"\"PROSE\"\"\".
}}
party provider "EVIL" called "Provider EVIL" {{
  entity "EVIL".
  address "EVIL".
  notices "EVIL".
  signatory "EVIL", "EVIL".
}}
party customer "C" called "Customer".
role lead "EVIL" of customer.
metric latency "EVIL" as milliseconds by model {{ means \"\"\"PROSE\"\"\". }}
define "Word EVIL" as \"\"\"PROSE\"\"\".
article "EVIL" {{
  clause latency "EVIL" {{
    note \"\"\"PROSE\"\"\".
    \"\"\"PROSE {{provider}} {{latency}}\"\"\"
    provider must keep mean(latency) at most 200 milliseconds over each month per model.
    on breach {{ provider must notify lead within 24 hours. }}
  }}
}}
schedule "Schedule EVIL" {{ \"\"\"PROSE\"\"\" }}
"""


def compiled(evil: str, *, draft: bool = True) -> Compiled:
    text = AGREEMENT.replace("{{", "{").replace("}}", "}")
    # In prose braces are references, and the compiler refuses any other (T0502).
    prose = evil.replace("{", "(").replace("}", ")")
    made, diagnostics = compile_source(
        Source("evil.msa", text.replace("PROSE", prose).replace("EVIL", evil.replace('"', "'"))), draft=draft
    )
    assert made is not None, diagnostics
    return made


@pytest.mark.parametrize("kind", EVIL)
def test_hostile_words_stay_words_in_text_formats(kind: str) -> None:
    evil, plain = compiled(EVIL[kind]), compiled("plain")
    page = to_html(evil.document, evil.tally)
    assert guarded(page)
    assert tags(page) == tags(to_html(plain.document, plain.tally))
    assert page.count("<style>") == page.count("</style>") == 1
    live = MarkdownIt("commonmark", {"html": True}).enable("table").parse(to_markdown(evil.document, evil.tally))
    inside = [each for token in live for each in (token, *(token.children or ()))]
    assert not [each for each in inside if each.type in ("image", "html_block")]
    addresses = [str(each.attrs["href"]) for each in inside if each.type == "link_open"]
    assert all(address.startswith("#") for address in addresses)
    html = {each.content for each in inside if each.type == "html_inline"}
    assert all(re.fullmatch(r"""<a id="[\w.-]+"></a>|<a id="[\w.-]+">|</a>|<br>""", each) for each in html), html
    with ZipFile(BytesIO(to_docx(evil.document, evil.tally, carried(evil)))) as word:
        parts = {name: word.read(name).decode() for name in word.namelist()}
    assert not any("TargetMode" in text for text in parts.values())
    fields = set(re.findall(r"<w:instrText[^>]*>\s*(\w+)", "".join(parts.values())))
    assert fields <= {"PAGE", "NUMPAGES", "REF", "TOC", "PAGEREF"}, fields
    assert "<w:fldSimple" not in parts["word/document.xml"]
    assert "<!ENTITY" not in "".join(parts.values())


def tags(page: str) -> set[str]:
    return set(re.findall(r"<([a-z][a-z0-9]*)", page[page.index("</style>") :]))


def test_hostile_words_stay_words_in_the_pdf() -> None:
    evil = compiled(" ".join(EVIL.values()), draft=False)
    with pikepdf.open(BytesIO(printed(evil))) as pdf:
        for page in pdf.pages:
            for note in page.get("/Annots", ()):
                assert note.Subtype in ("/Link", "/Widget")
                assert "/A" not in note or note.A.get("/S") == "/GoTo"
        assert sorted(pdf.attachments) == ["evil.msa", "rules.json"]
        assert "/OpenAction" not in pdf.Root
        assert "/JavaScript" not in pdf.Root.get("/Names", {})
        families = {
            str(item.get("/FontFamily"))
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and "/FontName" in item
        }
        assert families <= {"Source Serif 4", "Source Sans 3"}
