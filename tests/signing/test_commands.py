"""`tally sign` and `tally verify` as their users meet them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import which
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner, Result

from tallystick.cli.main import app

from .conftest import Papers
from .keys import PASSPHRASE, Authority, pem_of


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TALLY_PASSPHRASE", PASSPHRASE.decode())
    return folder


def run(*arguments: str, typed: str | None = None) -> Result:
    result = CliRunner().invoke(app, arguments, input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert PASSPHRASE.decode() not in result.output
    return result


# --- sign ------------------------------------------------------------------------------------------------------


def test_parties_sign_in_turn(papers: Papers) -> None:
    first = run("sign", "small.pdf", "--as", "customer", "--p12", "max.p12")
    assert first.exit_code == 0
    assert "Still to come: Signature of Jane Roe for Provider." in first.output
    second = run("sign", "small.pdf", "--as", "provider", "--p12", "jane.p12", "-o", "all.pdf")
    assert second.exit_code == 0
    assert "All have signed." in second.output
    assert Path("small.pdf").read_bytes().startswith(papers.plain)
    assert Path("all.pdf").read_bytes().startswith(Path("small.pdf").read_bytes())
    assert run("verify", "all.pdf", "--trust", "authority.pem").exit_code == 0
    assert sorted(path.name for path in Path().glob("*.part")) == []


def test_the_passphrase_comes_from_a_file_or_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TALLY_PASSPHRASE")
    Path("words").write_bytes(PASSPHRASE + b"\n")
    key = ("--as", "provider", "--p12", "jane.p12")
    assert run("sign", "small.pdf", *key, "--passphrase-file", "words", "-o", "a.pdf").exit_code == 0
    assert run("sign", "small.pdf", *key, "-o", "b.pdf", typed=f"{PASSPHRASE.decode()}\n").exit_code == 0
    wrong = run("sign", "small.pdf", *key, "-o", "c.pdf", typed="wrong\n")
    assert wrong.exit_code == 2
    assert "the passphrase is wrong" in wrong.output
    assert not Path("c.pdf").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["small.pdf", "--as", "auditor", "--p12", "jane.p12"], 2, "No party is called auditor. Those that sign are:"),
        (["small.pdf", "--as", "provider", "--p12", "jane.p12", "--signatory", "2"], 2, "there is no number 2"),
        (["signed.pdf", "--as", "provider", "--p12", "jane.p12"], 2, "there is a signature already"),
        (["small.pdf", "--as", "provider", "--p12", "authority.pem"], 2, "not a PKCS #12 file"),
        (["small.pdf", "--as", "provider", "--p12", "none.p12"], 2, "none.p12 cannot be read: No such file"),
        (["small.msa", "--as", "provider", "--p12", "jane.p12"], 2, "It is not a PDF that can be read"),
        (["old.pdf", "--as", "provider", "--p12", "old.p12"], 2, "The certificate has expired on"),
        (["cut.pdf", "--as", "provider", "--p12", "jane.p12"], 1, "must not be signed"),
    ],
)
def test_what_cannot_be_signed_says_why(papers: Papers, arguments: list[str], code: int, says: str) -> None:
    Path("old.pdf").write_bytes(papers.plain)
    Path("old.p12").write_bytes(papers.authority.vouched("Jane Roe", days=0))
    Path("cut.pdf").write_bytes(papers.plain.replace(b"/Producer", b"/Producex"))
    Path("cut.pdf").write_bytes(papers.plain + b"\n%later\n")
    before = {path: path.read_bytes() for path in Path().glob("*.pdf")}
    result = run("sign", *arguments)
    assert (result.exit_code, says in result.output) == (code, True), result.output
    assert {path: path.read_bytes() for path in Path().glob("*.pdf")} == before


# --- verify ----------------------------------------------------------------------------------------------------


def test_verify_says_yes_in_one_line_and_why_in_a_table() -> None:
    result = run("verify", "signed.pdf", "--trust", "authority.pem")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == (
        "Yes. Paper and rules match, and this is what Jane Roe and Max Muster signed."
    )
    assert "by the signer's own clock" in " ".join(result.output.split())


def test_verify_as_data() -> None:
    run("build", "small.msa", "-o", "out")
    result = run("verify", "signed.pdf", "--trust", "authority.pem", "--rules", "out/rules.json", "--format", "json")
    data = json.loads(result.stdout)
    assert data["verdict"] == "holds"
    assert {check["outcome"] for check in data["checks"]} == {"holds"}
    assert [each["by"] for each in data["signatures"]] == ["Jane Roe", "Max Muster"]
    assert datetime.now(UTC) - datetime.fromisoformat(data["signatures"][0]["at"]) < timedelta(hours=1)


def test_verify_says_no() -> None:
    assert run("verify", "small.pdf").exit_code == 1
    assert run("verify", "small.pdf", "--unsigned").exit_code == 0
    assert run("verify", "signed.pdf").exit_code == 1
    for arguments in (
        ["none.pdf"],
        ["small.msa"],
        ["signed.pdf", "--trust", "small.msa"],
        ["signed.pdf", "--rules", "none.json"],
    ):
        result = run("verify", *arguments)
        assert result.exit_code == 2, arguments
        assert "cannot be" in result.output


# --- a timestamping authority ------------------------------------------------------------------------------------

CONFIGURATION = """\
[tsa]
default_tsa = here
[here]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/stamp.pem
signer_key = {folder}/stamp.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@pytest.fixture
def timestamps(papers: Papers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A timestamping authority (RFC 3161) on this machine: OpenSSL behind a web server."""
    if which("openssl") is None:
        pytest.skip("openssl, which makes the timestamps, is not installed")
    folder = tmp_path_factory.mktemp("authority")
    prepared(folder, papers.authority)

    class Stamps(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query"]
            reply = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Stamps) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def prepared(folder: Path, vouches: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = vouches.certificate_for("Test Clock", key, stamps=True)
    (folder / "stamp.key").write_bytes(pem_of(key))
    (folder / "stamp.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "serial").write_text("01\n", encoding="utf-8")
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder), encoding="utf-8")


def test_a_timestamp_is_asked_for_and_believed(timestamps: str) -> None:
    result = run("sign", "small.pdf", "--as", "provider", "--p12", "jane.p12", "--timestamp", timestamps)
    assert result.exit_code == 0, result.output
    proof = run("verify", "small.pdf", "--trust", "authority.pem", "--format", "json")
    data = json.loads(proof.stdout)
    assert data["signatures"][0]["timestamped"] is True
    assert [check["says"] for check in data["checks"] if check["outcome"] == "fails"] == [
        "Missing: the signature of Max Muster for Customer."
    ]


def test_an_authority_that_does_not_answer_leaves_the_file_as_it_was(papers: Papers) -> None:
    result = run("sign", "small.pdf", "--as", "provider", "--p12", "jane.p12", "--timestamp", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert "gave no timestamp" in result.output
    assert Path("small.pdf").read_bytes() == papers.plain
