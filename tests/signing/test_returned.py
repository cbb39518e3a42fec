"""Files that came back from a signing service: written anew, with pictures on the pages, and sealed by the service."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name

from tallystick.building import printed
from tallystick.compilation import Compiled, compile_source
from tallystick.document.house_style import from_files
from tallystick.signing.proof import Outcome, Proof
from tallystick.signing.verify import verify
from tallystick.source import Source

from .conftest import AGREEMENT, Papers, compiled
from .keys import PASSPHRASE, authority

SERVICE = authority("Service Authority")


def sealed(raw: bytes) -> bytes:
    """Signed by the service as a whole, in a field of its own."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata
    from pyhanko.sign.signers import SimpleSigner, sign_pdf

    signer = SimpleSigner.load_pkcs12_data(SERVICE.vouched("Signing Service"), [], PASSPHRASE)
    made = BytesIO()
    sign_pdf(IncrementalPdfFileWriter(BytesIO(raw)), PdfSignatureMetadata(field_name="Envelope"), signer, output=made)
    return made.getvalue()


def returned(
    raw: bytes,
    drawing: str = "",
    *,
    page: int = -1,
    appended: int = 1,
    carries: bool = True,
    words: str = "Signed by Jane Roe",
) -> bytes:
    """What a service makes of a file: fields flattened, words and drawings put over a page, pages appended, all written anew."""
    with pikepdf.open(BytesIO(raw)) as pdf:
        del pdf.Root.AcroForm
        for each in pdf.pages:
            if "/Annots" in each:
                each.Annots = Array([note for note in each.Annots if note.get("/Subtype") != Name.Widget])
        font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        sheet = pdf.pages[page]
        sheet.Resources.Font["/Service"] = font
        content = f"q {drawing} BT /Service 8 Tf 90 600 Td ({words}) Tj ET Q"
        sheet.contents_add(content.encode())
        for _ in range(appended):
            pdf.add_blank_page(page_size=(612, 792))
        if not carries:
            for name in list(pdf.attachments):
                del pdf.attachments[name]
        made = BytesIO()
        pdf.save(made)
    return sealed(made.getvalue())


def signature_page(raw: bytes) -> int:
    with pypdfium2.PdfDocument(raw) as pdf:
        texts = [page.get_textpage().get_text_bounded() for page in pdf]
    return next(number for number, text in enumerate(texts) if "authorised signatories" in text)


def check(proof: Proof, name: str) -> tuple[Outcome, str]:
    [found] = [each for each in proof.checks if each.name == name]
    return found.outcome, found.says


def test_a_file_that_came_back_is_not_proven_and_says_what_is_known(papers: Papers) -> None:
    page = signature_page(papers.plain)
    raw = returned(papers.plain, page=page)
    unknown = verify(raw, None, papers.trust)
    assert check(unknown, "seal of the service")[0] is Outcome.UNKNOWN
    proof = verify(raw, None, [SERVICE.pem])
    assert proof.outcome is Outcome.UNKNOWN
    assert proof.tally == compiled().tally
    assert check(proof, "rules in the file")[0] is Outcome.HOLDS
    assert check(proof, "seal of the service")[0] is Outcome.HOLDS
    outcome, says = check(proof, "paper")
    assert outcome is Outcome.UNKNOWN
    assert f"page {page + 1}: “Signed by Jane Roe”. 1 pages were appended." in says
    assert check(proof, "all have signed")[0] is Outcome.UNKNOWN
    assert [each.by for each in proof.signatures] == ["Signing Service"]


def test_what_was_covered_or_changed_is_found(papers: Papers) -> None:
    white = "1 1 1 rg 60 300 500 60 re f"
    covered = verify(returned(papers.plain, white, page=2), None, papers.trust)
    assert covered.line == (
        "No. The file was written anew, and what the attached source prints was changed or covered on page 3."
    )
    other, _ = compile_source(Source("small.msa", AGREEMENT.replace("200 milli", "900 milli")))
    assert other is not None
    carried = attachments(papers.plain)
    swapped = returned(with_attachments(printed(other), carried))
    assert verify(swapped, None, papers.trust).outcome is Outcome.FAILS


def test_pages_that_are_missing_or_of_another_size_are_not_those(papers: Papers) -> None:
    with pikepdf.open(BytesIO(papers.plain)) as pdf:
        del pdf.pages[1]
        made = BytesIO()
        pdf.save(made)
    proof = verify(returned(made.getvalue(), appended=0), None, papers.trust)
    assert check(proof, "paper") == (
        Outcome.FAILS,
        "The file was written anew, and its pages are not those that the attached source prints.",
    )


def test_bytes_behind_the_seal_fail(papers: Papers) -> None:
    raw = returned(papers.plain)
    longer = verify(raw + b"\n% more", None, papers.trust)
    assert longer.outcome is Outcome.FAILS
    place = raw.index(b"%", 5) + 2  # in a comment, which no reader looks at
    changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
    assert "does not fit the bytes" in verify(changed, None, papers.trust).line


def test_sources_that_were_taken_out_come_from_the_original(papers: Papers) -> None:
    bare = returned(papers.plain, carries=False)
    assert verify(bare, None, papers.trust).line.startswith("No. It carries no source and rules")
    proof = verify(bare, None, papers.trust, original=papers.plain)
    assert (proof.outcome, proof.tally) == (Outcome.UNKNOWN, compiled().tally)


def attachments(raw: bytes) -> dict[str, bytes]:
    with pikepdf.open(BytesIO(raw)) as pdf:
        return {name: file.get_file().read_bytes() for name, file in pdf.attachments.items()}


def with_attachments(raw: bytes, carried: dict[str, bytes]) -> bytes:
    with pikepdf.open(BytesIO(raw)) as pdf:
        for name, content in carried.items():
            pdf.attachments[name].obj.EF.F.write(content)
        made = BytesIO()
        pdf.save(made)
        return made.getvalue()


def in_style(settings: bytes) -> tuple[Compiled, bytes]:
    style = from_files({"style.toml": settings})
    made, _ = compile_source(Source("small.msa", AGREEMENT), manner=style.manner)
    assert made is not None
    return made, printed(made, style)


@pytest.mark.parametrize("base", ["classic", "modern"])
def test_labels_for_services_can_be_read_on_the_page(base: str) -> None:
    made, raw = in_style(f'base = "{base}"\nanchors = true\ninitials = true\n'.encode())
    assert made.tally == compiled().tally
    with pypdfium2.PdfDocument(raw) as pdf:
        texts = [page.get_textpage().get_text_bounded() for page in pdf]
    whole = "\n".join(texts)
    for label in ("/Signature_provider_1/", "/Date_provider_1/", "/Signature_customer_1/", "/Date_customer_1/"):
        assert whole.count(label) == 1
    assert all("Provider ________" in text for text in texts)
    with pikepdf.open(BytesIO(raw)) as file:
        assert [str(field.T) for field in file.Root.AcroForm.Fields] == ["Signature_provider_1", "Signature_customer_1"]
    assert verify(raw, unsigned=True).outcome is Outcome.HOLDS


def test_without_the_setting_there_are_no_labels(papers: Papers) -> None:
    with pypdfium2.PdfDocument(papers.plain) as pdf:
        assert "/Signature" not in "".join(page.get_textpage().get_text_bounded() for page in pdf)
