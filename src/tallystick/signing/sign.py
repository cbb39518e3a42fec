"""Signing: a PAdES signature in the field of a signatory, with a stamp that keeps both standards of the file."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf

from tallystick.document.finish_pdf import signature_fields
from tallystick.document.to_pdf import stamp_pdf


class CannotSign(Exception):
    """Why nothing was signed, and what to do; the message is for the one who signs."""


@dataclass(frozen=True)
class Field:
    """A place to sign. `party` is the id of the party; `free` while nobody has signed there."""

    name: str
    place: str
    party: str
    free: bool
    width: float
    height: float


def fields_of(raw: bytes) -> tuple[Field, ...]:
    """The places to sign of a compiled file, in order. Raises CannotSign."""
    try:
        with pikepdf.open(BytesIO(raw)) as pdf:
            return tuple(_field(field) for field in signature_fields(pdf))
    except Exception as error:  # noqa: BLE001  (whatever a damaged file makes the library raise)
        raise CannotSign(f"It is not a PDF that can be read ({error}).") from None


def _field(field: pikepdf.Object) -> Field:
    name = str(field.T)
    left, bottom, right, top = (float(side) for side in field.Rect)
    party = name.removeprefix("Signature_").rpartition("_")[0]
    return Field(name, str(field.TU), party, "/V" not in field, right - left, top - bottom)


def choose(fields: Sequence[Field], party: str, signatory: int | None) -> Field:
    """The field that a party signs in: of its own free ones the first, or the one of a signatory counted from 1.

    Raises CannotSign.
    """
    if not fields:
        raise CannotSign("It has nowhere to sign: it is a draft, or was not made by tally build.")
    own = [field for field in fields if field.party == party]
    if not own:
        known = ", ".join(dict.fromkeys(field.party for field in fields))
        raise CannotSign(f"No party is called {party}. Those that sign are: {known}.")
    if signatory is not None and not 1 <= signatory <= len(own):
        raise CannotSign(f"{party} has {len(own)} signatories; there is no number {signatory}.")
    free = [field for field in ([own[signatory - 1]] if signatory else own) if field.free]
    if not free:
        raise CannotSign(f"{own[0].place}: there is a signature already.")
    return free[0]


def signer_of(p12: bytes, passphrase: bytes) -> Any:
    """The key and certificate in a PKCS #12 file. Raises CannotSign, and never repeats the passphrase."""
    from pyhanko.sign.signers import SimpleSigner

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    try:
        signer = SimpleSigner.load_pkcs12_data(p12, [], passphrase)
    except (ValueError, TypeError):
        raise CannotSign("The key cannot be opened: the passphrase is wrong, or it is not a PKCS #12 file.") from None
    if signer is None or signer.signing_cert is None:
        raise CannotSign("The key file holds no certificate with its key.")
    until = signer.signing_cert.not_valid_after
    if until < datetime.now(UTC):
        raise CannotSign(f"The certificate has expired on {until:%Y-%m-%d}.")
    return signer


def sign(raw: bytes, field: Field, signer: Any, timestamp: str | None = None, at: datetime | None = None) -> bytes:
    """The file with the signature appended; what stood there before stays as it was, byte for byte.

    The first signature certifies: after it only further signatures are allowed. `timestamp` is the address of a
    timestamping authority (RFC 3161). Raises CannotSign.
    """
    from pyhanko.pdf_utils.content import ImportedPdfPage
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
    from pyhanko.sign import PdfSignatureMetadata, PdfSigner
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError
    from pyhanko.stamp import StaticStampStyle

    first = b"/ByteRange" not in raw
    moment = at or datetime.now(UTC)
    who = str(signer.signing_cert.subject.native.get("common_name", "")) or field.place
    about = PdfSignatureMetadata(
        field_name=field.name,
        name=who,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=first,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )

    class Appending(IncrementalPdfFileWriter):
        """Leaves the description of the file as it was compiled."""

        def _update_meta(self) -> None:
            pass

    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "stamp.pdf"
        page.write_bytes(stamp_pdf(who, moment, field.width, field.height))
        style = StaticStampStyle(
            background=ImportedPdfPage(str(page)),  # type: ignore[no-untyped-call]
            background_layout=SimpleBoxLayoutRule(
                AxisAlignment.ALIGN_MIN, AxisAlignment.ALIGN_MID, Margins(0, 0, 0, 0)
            ),
            background_opacity=1.0,
            border_width=0,
        )
        stamper = HTTPTimeStamper(timestamp) if timestamp else None
        signing = PdfSigner(about, signer, stamp_style=style, timestamper=stamper)
        try:
            made = signing.sign_pdf(Appending(BytesIO(raw)), output=BytesIO())
        except TimestampRequestError:
            raise CannotSign(f"The timestamping authority at {timestamp} gave no timestamp.") from None
        except SigningError as error:
            raise CannotSign(f"{error}.") from None
    return bytes(made.getvalue())
