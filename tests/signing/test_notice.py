"""A notice of breach is signed by the party that gives it, and proven by whoever has the data."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from tallystick.signing.proof import Check, Outcome, Proof
from tallystick.signing.sign import choose, fields_of, sign, signer_of
from tallystick.signing.verify import verify

from .conftest import AGREEMENT, Papers
from .keys import PASSPHRASE
from .test_commands import run

SAMPLES = "time,model,value\n2027-02-01T10:00+01:00,credit,{}\n"


@pytest.fixture(scope="module")
def notices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A notice, the same printed again, and one from other data."""
    folder = tmp_path_factory.mktemp("notices")
    (folder / "small.msa").write_text(AGREEMENT + "# The other side does not read this.\n")
    (folder / "data").mkdir()
    made = {}
    for name, value in (("notice", 250), ("again", 250), ("other", 260)):
        (folder / "data" / "latency.csv").write_text(SAMPLES.format(value))
        told = run("notice", "latency", str(folder / "small.msa"), "--as-of", "2027-03-01", "-o", str(folder / name))
        assert told.exit_code == 0, told.output
        made[name] = (folder / name / "notice-latency.pdf").read_bytes()
    return made


def signed(notice: bytes, key: bytes) -> bytes:
    return sign(notice, choose(fields_of(notice), "customer", None), signer_of(key, PASSPHRASE))


def of(proof: Proof, name: str) -> Check:
    return next(check for check in proof.checks if check.name == name)


def test_one_field_for_the_party_that_gives_it_and_no_remarks(notices: dict[str, bytes]) -> None:
    assert [(field.party, field.place) for field in fields_of(notices["notice"])] == [
        ("customer", "Signature of Max Muster for Customer")
    ]
    assert notices["notice"] == notices["again"]
    with pikepdf.open(BytesIO(notices["notice"])) as pdf:
        assert b"other side" not in pdf.attachments["small.msa"].get_file().read_bytes()
        meta = pdf.open_metadata()
        assert (meta.pdfa_status, meta["pdfuaid:part"]) == ("3A", "1")


def test_who_has_the_data_proves_a_signed_notice(papers: Papers, notices: dict[str, bytes]) -> None:
    trust = [papers.authority.pem]
    made = signed(notices["notice"], papers.max)
    alone = verify(made, trust=trust)
    assert alone.outcome is Outcome.UNKNOWN
    assert "follows from data that is not in it" in alone.line
    assert verify(made, trust=trust, original=notices["again"]).line == (
        "Yes. Paper and rules match, and this is what Max Muster signed."
    )
    other = verify(made, trust=trust, original=notices["other"])
    assert other.line == "No. The file is not the notice that was given."


def test_the_other_party_cannot_give_it(papers: Papers, notices: dict[str, bytes]) -> None:
    made = signed(notices["notice"], papers.jane)
    found = verify(made, trust=[papers.authority.pem], original=notices["again"])
    assert found.outcome is Outcome.UNKNOWN
    assert "the certificate of Jane Roe, whom the agreement does not name there" in found.line


def test_what_is_added_or_changed_is_found(papers: Papers, notices: dict[str, bytes]) -> None:
    made = signed(notices["notice"], papers.max)
    later = verify(made + b"\n% more\n", original=notices["again"])
    assert of(later, "later changes").outcome is Outcome.FAILS
    assert of(verify(made + b"\n% more\n"), "later changes").outcome is Outcome.FAILS
    with pikepdf.open(BytesIO(notices["notice"])) as pdf:
        pdf.attachments["rules.json"] = pikepdf.AttachedFileSpec(pdf, b"{}", filename="rules.json")  # type: ignore[call-arg]
        written = BytesIO()
        pdf.save(written)
    assert of(verify(written.getvalue(), unsigned=True), "rules in the file").outcome is Outcome.FAILS
    empty = verify(notices["notice"], original=notices["again"])
    assert empty.line == "No. Missing: the signature of Max Muster for Customer."
    assert verify(notices["notice"], original=notices["again"], unsigned=True).outcome is Outcome.HOLDS


def test_the_command_signs_it(papers: Papers, notices: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALLY_PASSPHRASE", PASSPHRASE.decode())
    for name, content in {"n.pdf": notices["notice"], "again.pdf": notices["again"], "max.p12": papers.max, "ca.pem": papers.authority.pem}.items():  # fmt: skip
        Path(name).write_bytes(content)
    assert run("sign", "n.pdf", "--as", "customer", "--p12", "max.p12").exit_code == 0
    assert run("verify", "n.pdf", "--trust", "ca.pem").exit_code == 1
    assert run("verify", "n.pdf", "--trust", "ca.pem", "--original", "again.pdf").exit_code == 0
