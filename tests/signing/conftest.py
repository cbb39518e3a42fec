"""A small agreement on paper: not signed, signed once, and signed by all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tallystick.building import printed
from tallystick.compilation import Compiled, compile_source
from tallystick.signing.sign import choose, fields_of, sign, signer_of
from tallystick.source import Source

from .keys import PASSPHRASE, Authority, authority

AGREEMENT = """\
agreement "Small Agreement" {
  version "1.0".
  effective 2027-01-01.
  timezone "Europe/Berlin".
  currency EUR.
}

party provider "Provider GmbH" called "Provider" {
  signatory "Jane Roe", "Director".
}
party customer "Customer GmbH" called "Customer" {
  signatory "Max Muster", "Director".
}

metric latency "latency" as milliseconds by model.

article "Service" {
  clause latency "Latency" {
    provider must keep mean(latency) at most 200 milliseconds over each month per model.
  }
}
"""


def compiled(text: str = AGREEMENT) -> Compiled:
    """The compiled agreement."""
    made, diagnostics = compile_source(Source("small.msa", text))
    assert made is not None, diagnostics
    return made


@dataclass(frozen=True)
class Papers:
    """One agreement at each step to its signatures."""

    authority: Authority
    jane: bytes
    max: bytes
    plain: bytes
    once: bytes
    signed: bytes

    @property
    def trust(self) -> list[bytes]:
        return [self.authority.pem]


def signed_by(raw: bytes, party: str, p12: bytes) -> bytes:
    """The file with one more signature."""
    return sign(raw, choose(fields_of(raw), party, None), signer_of(p12, PASSPHRASE))


@pytest.fixture(scope="session")
def papers() -> Papers:
    vouches = authority("Test Authority")
    jane, muster = vouches.vouched("Jane Roe"), vouches.vouched("Max Muster")
    plain = printed(compiled())
    once = signed_by(plain, "provider", jane)
    return Papers(vouches, jane, muster, plain, once, signed_by(once, "customer", muster))


@pytest.fixture
def folder(tmp_path: Path, papers: Papers) -> Path:
    """The same as files."""
    (tmp_path / "small.msa").write_text(AGREEMENT, encoding="utf-8")
    (tmp_path / "small.pdf").write_bytes(papers.plain)
    (tmp_path / "signed.pdf").write_bytes(papers.signed)
    (tmp_path / "jane.p12").write_bytes(papers.jane)
    (tmp_path / "max.p12").write_bytes(papers.max)
    (tmp_path / "authority.pem").write_bytes(papers.authority.pem)
    return tmp_path
