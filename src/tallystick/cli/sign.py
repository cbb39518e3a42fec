"""`tally sign`: a signature in the field of a signatory."""

from __future__ import annotations

import os
from pathlib import Path

from tallystick.cli.console import fail, out
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT

PASSPHRASE = "TALLY_PASSPHRASE"  # noqa: S105 - the name of a variable


def sign_file(
    file: Path,
    party: str,
    key: Path,
    signatory: int | None,
    passphrase: Path | None,
    timestamp: str | None,
    output: Path | None,
) -> int:
    """Sign a PDF that `tally build` made. Exit code: 0 signed, 1 it must not be signed, 2 it could not be."""
    try:
        from tallystick.signing.sign import CannotSign, choose, fields_of, sign, signer_of
        from tallystick.signing.verify import NotReadable, verify
    except ImportError:
        fail("Signing needs pyHanko. Install it with: pip install 'tallystick[sign]'")
        return COULD_NOT_RUN
    from tallystick.signing.proof import Outcome

    try:
        raw, p12 = file.read_bytes(), key.read_bytes()
        words = _passphrase(key, passphrase)
    except OSError as error:
        fail(f"{error.filename} cannot be read: {error.strerror}.")
        return COULD_NOT_RUN
    try:
        field = choose(fields_of(raw), party, signatory)
        proof = verify(raw, unsigned=True)
        doubts = [check for check in proof.checks if check.outcome is Outcome.FAILS and check.name != "all have signed"]
        if doubts:
            fail(f"{file} must not be signed. {doubts[0].says}")
            return FOUND
        signer = signer_of(p12, words)
        signed = sign(raw, field, signer, timestamp)
    except (CannotSign, NotReadable) as reason:
        fail(f"{file} was not signed. {str(reason)[:1].upper()}{str(reason)[1:]}")
        return COULD_NOT_RUN
    target = output or file
    try:
        _replace(target, signed)
    except OSError as error:
        fail(f"{target} cannot be written: {error.strerror}.")
        return COULD_NOT_RUN
    missing = [other.place for other in fields_of(signed) if other.free]
    out.print(f"{field.place}: signed. tally {proof.tally}", soft_wrap=True)
    out.print(f"Still to come: {'; '.join(missing)}." if missing else "All have signed.", soft_wrap=True)
    out.print(f"  {target}", soft_wrap=True)
    return KEPT


def _passphrase(key: Path, file: Path | None) -> bytes:
    """From a file, the environment, or asked for: never an argument, which others on the machine can see."""
    if file is not None:
        return file.read_bytes().rstrip(b"\r\n")
    if PASSPHRASE in os.environ:
        return os.environ[PASSPHRASE].encode()
    import typer

    return str(typer.prompt(f"Passphrase of {key}", hide_input=True, default="", show_default=False)).encode()


def _replace(target: Path, content: bytes) -> None:
    """All of it or nothing: a signature half written would spoil those before it."""
    beside = target.with_name(f"{target.name}.part")
    beside.write_bytes(content)
    beside.replace(target)
