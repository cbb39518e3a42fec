"""What a proof holds against, and what it does not let pass."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any as Anything

import pikepdf
import pytest

from tallystick.building import printed
from tallystick.compilation import Compiled, compile_source, load, rules_json
from tallystick.document.house_style import CLASSIC, HouseStyle, from_files
from tallystick.signing import verify as examined
from tallystick.signing.proof import Outcome, Proof
from tallystick.signing.verify import NotReadable, verify
from tallystick.source import Source

from .conftest import AGREEMENT, Papers, compiled, signed_by
from .keys import authority


def outcomes(proof: Proof) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in proof.checks}


def proven(raw: bytes, papers: Papers) -> bool:
    """Whether a file passes."""
    try:
        return verify(raw, None, papers.trust, unsigned=True).outcome is Outcome.HOLDS
    except NotReadable:
        return False


def failing(proof: Proof) -> list[str]:
    return [check.says for check in proof.checks if check.outcome is Outcome.FAILS]


# --- what holds ------------------------------------------------------------------------------------------------


def test_a_signed_agreement_is_proven(papers: Papers) -> None:
    proof = verify(papers.signed, rules_json(compiled().rulebook).encode(), papers.trust)
    assert set(outcomes(proof).values()) == {Outcome.HOLDS}
    assert proof.line == "Yes. Paper and rules match, and this is what Jane Roe and Max Muster signed."
    assert proof.tally == compiled().tally
    assert [(each.by, each.issuer) for each in proof.signatures] == [
        ("Jane Roe", "Test Authority"),
        ("Max Muster", "Test Authority"),
    ]


def test_the_deep_analysis_agrees(papers: Papers) -> None:
    assert verify(papers.signed, None, papers.trust, deep=True).outcome is Outcome.HOLDS


def test_what_is_not_signed_yet_passes_only_where_that_is_asked_for(papers: Papers) -> None:
    proof = verify(papers.plain, unsigned=True)
    assert proof.line == "Yes. Paper and rules match, and nobody has signed yet."
    proof = verify(papers.plain)
    assert (
        proof.line == "No. Missing: the signature of Jane Roe for Provider; the signature of Max Muster for Customer."
    )
    once = verify(papers.once, None, papers.trust, unsigned=True)
    assert once.line == "No. Missing: the signature of Max Muster for Customer."


def test_a_signature_keeps_every_byte_before_it_and_both_standards(papers: Papers) -> None:
    assert papers.signed.startswith(papers.once)
    assert papers.once.startswith(papers.plain)
    with pikepdf.open(BytesIO(papers.signed)) as pdf:
        assert pdf.open_metadata().pdfa_status == "3A"
        for field in pdf.Root.AcroForm.Fields:
            assert field.V.SubFilter == "/ETSI.CAdES.detached"
            stamp = field.AP.N
            inner = stamp.Resources.XObject
            fonts = [each for form in inner.values() for each in form.Resources.Font.values()]
            assert fonts
            for font in fonts:
                assert "/FontFile3" in font.DescendantFonts[0].FontDescriptor or (
                    "/FontFile2" in font.DescendantFonts[0].FontDescriptor
                )
        assert pdf.Root.Perms.DocMDP.objgen == pdf.Root.AcroForm.Fields[0].V.objgen


# --- agreements over time --------------------------------------------------------------------------------------

AMENDMENT = """\
amendment {number} to "small.msa" {{
  effective 2027-0{month}-01.
  replace clause latency "Latency" {{
    provider must keep mean(latency) at most {limit} milliseconds over each month per model.
  }}
}}
"""


@pytest.fixture
def amended(tmp_path: Path) -> Path:
    (tmp_path / "small.msa").write_text(AGREEMENT, encoding="utf-8")
    for number, month, limit in ((1, 6, 150), (2, 8, 120)):
        text = AMENDMENT.format(number=number, month=month, limit=limit)
        (tmp_path / f"amendment-{number}.msa").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "at"),
    [
        ("small.msa", None),
        ("small.msa", date(2027, 1, 1)),
        ("small.msa", date(2027, 7, 31)),
        ("small.msa", date(2028, 1, 1)),
        ("amendment-1.msa", None),
        ("amendment-2.msa", None),
    ],
)
def test_every_paper_of_an_amended_agreement_is_proven(amended: Path, file: str, at: date | None) -> None:
    source, _ = load(amended / file)
    assert source is not None
    made, diagnostics = compile_source(source, at=at)
    assert made is not None, diagnostics
    proof = verify(printed(made), rules_json(made.rulebook).encode(), unsigned=True)
    assert proof.outcome is Outcome.HOLDS, proof.line
    assert proof.tally == made.tally


# --- house styles ----------------------------------------------------------------------------------------------


def in_style(files: dict[str, bytes]) -> tuple[HouseStyle, bytes]:
    style = from_files(files)
    made, _ = compile_source(Source("small.msa", AGREEMENT), manner=style.manner)
    assert made is not None
    assert made.tally == compiled().tally
    return style, printed(made, style)


def test_a_paper_with_settings_of_its_own_is_printed_again_in_them(papers: Papers) -> None:
    settings = b'base = "modern"\nverb = "will"\nlanguage = "en-US"\npaper = "A4"\ninitials = true\n'
    _, raw = in_style({"style.toml": settings})
    proof = verify(raw, rules_json(compiled().rulebook).encode(), unsigned=True)
    assert outcomes(proof)["paper"] is Outcome.HOLDS
    assert outcomes(proof)["house style"] is Outcome.HOLDS
    assert proof.line == "Yes. Paper and rules match, and nobody has signed yet."
    signed = signed_by(signed_by(raw, "provider", papers.jane), "customer", papers.max)
    assert verify(signed, None, papers.trust).outcome is Outcome.HOLDS


def test_a_style_that_is_not_shipped_is_to_be_looked_at() -> None:
    style, raw = in_style({"style.toml": b"", "house.css": b".cover h1 { color: #900 }"})
    unknown = verify(raw, unsigned=True)
    assert unknown.outcome is Outcome.UNKNOWN
    assert unknown.line.startswith("Not proven. The paper is printed in a house style of its own")
    assert "house.css" in unknown.line
    assert verify(raw, looked_at=style, unsigned=True).outcome is Outcome.HOLDS
    other = verify(raw, looked_at=CLASSIC, unsigned=True)
    assert other.line == "No. The paper is printed in another house style than the one that was given."


def test_a_style_exchanged_in_the_file_is_noticed() -> None:
    _, raw = in_style({"style.toml": b'verb = "must"'})
    _, other = in_style({"style.toml": b'verb = "will"'})
    assert verify(with_attachments_of(raw, other), unsigned=True).outcome is not Outcome.HOLDS


def test_a_paper_whose_style_hides_words_is_refused() -> None:
    style = from_files({"style.toml": b"", "house.css": b".clause p { display: none }"})
    forged = printed(compiled())
    for name, content in style.carried.items():
        forged = with_attachment(forged, name, content)
    proof = verify(forged, unsigned=True)
    assert proof.line.startswith("No. The house style does not show all words of the paper")
    broken = verify(with_attachment(forged, "style/style.toml", b"verb = 3"), unsigned=True)
    assert broken.line.startswith("No. style.toml: verb: 3 is not possible")


# --- who signed ------------------------------------------------------------------------------------------------


def test_without_an_authority_nothing_is_proven_of_who_signed(papers: Papers) -> None:
    proof = verify(papers.signed)
    assert proof.outcome is Outcome.UNKNOWN
    assert "--trust" in proof.line


def test_a_certificate_that_nobody_vouches_for_does_not_pass(papers: Papers) -> None:
    proof = verify(papers.signed, None, [authority("Another Authority").pem])
    assert failing(proof)[0].startswith("Nobody whose word is taken vouches now for the certificate of Jane Roe")


def test_a_stranger_with_a_sound_certificate_does_not_pass(papers: Papers) -> None:
    signed = signed_by(papers.once, "customer", papers.authority.vouched("Eve Stranger"))
    proof = verify(signed, None, papers.trust)
    assert proof.outcome is Outcome.UNKNOWN
    assert proof.line.endswith("with the certificate of Eve Stranger, whom the agreement does not name there.")


def test_a_company_may_sign_with_a_certificate_of_its_own(papers: Papers) -> None:
    signed = signed_by(papers.once, "customer", papers.authority.vouched("Customer GmbH"))
    assert verify(signed, None, papers.trust).outcome is Outcome.HOLDS


# --- other rules, other paper ----------------------------------------------------------------------------------

OTHER = AGREEMENT.replace("200 milliseconds", "300 milliseconds")


@pytest.mark.parametrize("rules", [rules_json(compiled(OTHER).rulebook).encode(), b"{}", b"", b"\xff[["])
def test_other_rules_are_not_the_signed_ones(papers: Papers, rules: bytes) -> None:
    proof = verify(papers.signed, rules, papers.trust)
    assert outcomes(proof)["rules on this machine"] is Outcome.FAILS
    assert proof.outcome is Outcome.FAILS


def test_rules_that_are_laid_out_differently_are_the_same_rules(papers: Papers) -> None:
    rules = compiled().rulebook.model_dump_json().encode()
    assert verify(papers.signed, rules, papers.trust).outcome is Outcome.HOLDS


def with_attachment(raw: bytes, name: str, content: bytes) -> bytes:
    """The file with one attachment replaced or added, as one who tampers would."""
    with pikepdf.open(BytesIO(raw)) as pdf:
        if name in pdf.attachments:
            pdf.attachments[name].obj.EF.F.write(content)
        else:
            pdf.attachments[name] = content
        return saved(pdf)


def with_attachments_of(carrier: bytes, raw: bytes) -> bytes:
    """The file with all that another carries."""
    with pikepdf.open(BytesIO(carrier)) as pdf:
        carried = {name: file.get_file().read_bytes() for name, file in pdf.attachments.items()}
    for name, attached in carried.items():
        raw = with_attachment(raw, name, attached)
    return raw


def saved(pdf: pikepdf.Pdf) -> bytes:
    made = BytesIO()
    pdf.save(made, deterministic_id=True)
    return made.getvalue()


def test_an_attachment_replaced_under_unchanged_words_is_caught(papers: Papers) -> None:
    source = with_attachment(papers.plain, "small.msa", OTHER.encode())
    assert outcomes(verify(source, unsigned=True))["rules in the file"] is Outcome.FAILS
    both = with_attachment(source, "rules.json", rules_json(compiled(OTHER).rulebook).encode())
    proof = verify(both, unsigned=True)
    assert outcomes(proof)["rules in the file"] is Outcome.HOLDS
    assert outcomes(proof)["paper"] is Outcome.FAILS


def test_words_replaced_over_unchanged_attachments_are_caught(papers: Papers) -> None:
    other = printed(compiled(OTHER))
    proof = verify(with_attachments_of(papers.plain, other), unsigned=True)
    assert failing(proof)[0] == "The paper is not what the attached source prints: it was changed."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"agreement", "does not compile"),
        (b"\xff\xfe", "is not text"),
    ],
)
def test_sources_that_are_none_are_caught(papers: Papers, content: bytes, says: str) -> None:
    proof = verify(with_attachment(papers.plain, "small.msa", content), unsigned=True)
    assert says in proof.line


def test_a_file_without_its_sources_proves_nothing(papers: Papers) -> None:
    with pikepdf.open(BytesIO(papers.plain)) as pdf:
        for name in list(pdf.attachments):
            del pdf.attachments[name]
        proof = verify(saved(pdf))
    assert proof.line.startswith("No. It carries no source and rules")


def test_a_draft_is_called_one() -> None:
    draft, _ = compile_source(compiled().source, draft=True)
    assert draft is not None
    assert failing(verify(printed(draft), unsigned=True))[0] == "It is a draft, which nobody can sign."


@pytest.mark.parametrize("raw", [b"", b"%PDF-1.7", b"{}", b"%PDF-1.7\n%%EOF\n" * 100])
def test_what_is_no_pdf_is_refused(raw: bytes) -> None:
    with pytest.raises(NotReadable, match="not a PDF that can be read"):
        verify(raw)


def test_what_other_versions_printed_is_not_proven_and_never_passes(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.document.to_pdf.producer", lambda: "a later version")
    later = printed(compiled())
    changed = with_attachments_of(papers.plain, printed(compiled(OTHER)))
    monkeypatch.undo()
    proof = verify(later, unsigned=True)
    assert proof.outcome is Outcome.UNKNOWN
    assert "Its words are those that the attached source prints." in proof.line
    proof = verify(changed, unsigned=True)
    assert failing(proof)[0].startswith("The words of the paper are not those that the attached source prints.")


# --- revisions that were appended ------------------------------------------------------------------------------


def appended(raw: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """The file with one more revision, as a program that edits PDF files would append it."""
    with pikepdf.open(BytesIO(raw)) as pdf:
        before = {each.objgen: content(each) for each in pdf.objects}
        change(pdf)
        after = {each.objgen: content(each) for each in pdf.objects}
        changed = {place: written for place, written in after.items() if written != before.get(place)}
        trailer = {"/Root": pdf.trailer.Root, "/Info": pdf.trailer.Info, "/ID": pdf.trailer.ID}
        made, table = bytearray(raw), bytearray(b"xref\n")
        for (number, generation), written in changed.items():
            table += b"%d 1\n%010d %05d n \n" % (number, len(made), generation)
            made += b"%d %d obj\n%b\nendobj\n" % (number, generation, written)
        previous = int(raw[raw.rindex(b"startxref") :].split()[1])
        closing = pikepdf.Dictionary({**trailer, "/Size": len(pdf.objects) + 1, "/Prev": previous}).unparse()
    return bytes(made + table + b"trailer\n" + closing + b"\nstartxref\n%d\n%%%%EOF\n" % len(made))


def content(item: pikepdf.Object) -> bytes:
    """An object as it is written."""
    if not isinstance(item, pikepdf.Stream):
        return bytes(item.unparse(resolved=True))
    raw = item.read_raw_bytes()
    head = pikepdf.Dictionary({**dict(item.items()), "/Length": len(raw)}).unparse()
    return bytes(head + b"\nstream\n" + raw + b"\nendstream")


def other_words(pdf: pikepdf.Pdf) -> None:
    pdf.pages[1].Contents.write(b"BT ET")


def swapped_pages(pdf: pikepdf.Pdf) -> None:
    kids = pdf.Root.Pages.Kids
    first = kids[0]
    kids[0] = kids[1]
    kids[1] = first


def other_rules(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["rules.json"].obj.EF.F.write(b"{}")


def a_note(pdf: pikepdf.Pdf) -> None:
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[100, 100, 300, 200], Contents="250 milliseconds"
    )
    pdf.pages[0].Annots = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(note)]))


def a_script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def a_wider_field(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AcroForm.Fields[0].Rect = pikepdf.Array([0, 0, 600, 800])


def another_name(pdf: pikepdf.Pdf) -> None:
    pdf.docinfo["/Title"] = "Another Agreement"


TAMPERING = [other_words, swapped_pages, other_rules, a_note, a_script, a_wider_field]


@pytest.mark.parametrize("change", TAMPERING, ids=lambda change: change.__name__)
@pytest.mark.parametrize("step", ["plain", "once", "signed"])
def test_an_appended_revision_is_caught(papers: Papers, step: str, change: Callable[[pikepdf.Pdf], None]) -> None:
    raw = getattr(papers, step)
    forged = appended(raw, change)
    assert forged.startswith(raw)
    proof = verify(forged, None, papers.trust, unsigned=True)
    assert proof.outcome is Outcome.FAILS
    assert [says for says in failing(proof) if "changed after" in says or "compiled file" in says]


def test_a_description_that_was_changed_shows_on_no_page_and_is_not_proven(papers: Papers) -> None:
    forged = appended(papers.plain, another_name)
    proof = verify(forged, unsigned=True)
    assert {check.outcome for check in proof.checks if "Info" in check.says or "part of a page" in check.says} >= {
        Outcome.UNKNOWN
    }
    assert proof.outcome is not Outcome.HOLDS


def test_bytes_after_the_last_signature_are_caught(papers: Papers) -> None:
    assert "1 bytes were added after the last signature." in failing(verify(papers.signed + b"\n", None, papers.trust))


def test_a_signature_taken_from_another_file_is_caught(papers: Papers) -> None:
    other = signed_by(printed(compiled(OTHER)), "provider", papers.jane)
    forged = papers.plain + other[len(printed(compiled(OTHER))) :]
    assert not proven(forged, papers)


@pytest.mark.parametrize("entry", [b"/XRef", b"/Catalog", b"/Sig\n", b"/Annot", b"/ETSI.CAdES.detached"])
def test_what_a_library_asserts_of_a_file_fails_instead_of_ending_the_proof(papers: Papers, entry: bytes) -> None:
    place = papers.signed.rindex(entry)
    forged = papers.signed[:place] + b"/Z" + papers.signed[place + 2 :]
    assert not proven(forged, papers)


@pytest.mark.parametrize("longer", [0x0200, 0x0001, 0x0002])
def test_a_signature_that_claims_more_of_its_room_than_it_fills_is_noticed(papers: Papers, longer: int) -> None:
    place = papers.signed.rindex(b"/Contents <3082") + len(b"/Contents <3082")
    length = int(papers.signed[place : place + 4], 16) + longer
    forged = papers.signed[:place] + f"{length:04X}".encode() + papers.signed[place + 4 :]
    assert failing(verify(forged, None, papers.trust))
    assert not proven(forged, papers)


@pytest.mark.usefixtures("printed_once")
def test_the_name_by_which_a_signature_finds_its_certificate_is_noticed(papers: Papers) -> None:
    issuer, other = (name.hex().upper().encode() for name in (b"Test Authority", b"TesT Authority"))
    places = [each.start() for each in re.finditer(issuer, papers.signed)]
    assert len(places) > 4
    for place in places:
        forged = papers.signed[:place] + other + papers.signed[place + len(issuer) :]
        assert not proven(forged, papers)


# --- changed bits ------------------------------------------------------------------------------------------------


@pytest.fixture
def printed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile and lay out each text once: what comes of it depends on nothing else."""
    known: dict[str, bytes] = {}

    def cached(made: Compiled, style: HouseStyle) -> bytes:
        assert style == CLASSIC
        if made.tally not in known:
            known[made.tally] = printed(made)
        return known[made.tally]

    monkeypatch.setattr(examined, "printed", cached)
    made: dict[str, Anything] = {}

    def once(source: Source, **asked: Anything) -> Anything:
        key = f"{source!r} {asked!r}"
        if key not in made:
            made[key] = compile_source(source, **asked)
        return made[key]

    monkeypatch.setattr(examined, "compile_source", once)


@cache
def places(length: int) -> tuple[tuple[int, int], ...]:
    chance = random.Random(20270101)
    return tuple((chance.randrange(length), 1 << chance.randrange(8)) for _ in range(80))


@pytest.mark.usefixtures("printed_once")
@pytest.mark.no_cover
def test_changed_bits_are_all_caught(papers: Papers) -> None:
    for place, bit in places(len(papers.signed)):
        forged = bytearray(papers.signed)
        forged[place] ^= bit
        assert not proven(bytes(forged), papers), f"byte {place} ^ {bit}"
