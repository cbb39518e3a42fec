"""The proof that the halves match: of a PDF, of the sources and rules that it carries, and of who signed it.

The sources in the file are compiled again. What they print must be the file to its last byte, up to where the first
signature was appended; so nobody has to trust what a reader shows, or what the file says of itself.

Whatever a library raises over a file that somebody has tampered with (also its assertions) means that the file cannot be
read; so what reads one catches everything, and the answer is no, with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from typing import Any

import pikepdf

from tallystick.building import NOTICE, RULES, printed
from tallystick.compilation import Compiled, compile_source, rules_json
from tallystick.document.document import Signature
from tallystick.document.finish_pdf import signature_fields
from tallystick.document.house_style import HouseStyle, StyleRefused, from_carried, is_of_style
from tallystick.document.to_pdf import producer
from tallystick.prose.manner import Manner
from tallystick.rules.from_json import from_json
from tallystick.signing.proof import Check, Outcome, Proof, Signed
from tallystick.signing.returned import Returned, compared
from tallystick.signing.revisions import Difference, differences, uncovered
from tallystick.signing.sign import fields_of
from tallystick.source import Source
from tallystick.sources import MAXIMUM_BYTES, wholes

HOLDS, FAILS, UNKNOWN = Outcome.HOLDS, Outcome.FAILS, Outcome.UNKNOWN


class NotReadable(Exception):
    """A file that is no PDF, or no certificate; the message says what is wrong with it."""


@dataclass(frozen=True)
class _File:
    """A PDF and what it carries."""

    raw: bytes
    sources: dict[str, bytes]
    style: dict[str, bytes]
    rules: bytes | None
    is_notice: bool
    producer: str
    fields: tuple[Signed, ...]

    @cached_property
    def signed(self) -> bool:
        return b"/ByteRange" in self.raw


def verify(
    raw: bytes,
    rules: bytes | None = None,
    trust: Sequence[bytes] = (),
    looked_at: HouseStyle | None = None,
    original: bytes | None = None,
    *,
    unsigned: bool = False,
    deep: bool = False,
) -> Proof:
    """Examine a PDF. `rules` are those on a machine, to be compared; `trust` certificates (PEM or DER) of those whose
    word is taken for who somebody is; `looked_at` is a house style of which somebody vouches that it shows every word; `original` the file that was built, for one that came back
    from a signing service without what it carried, or a notice printed again from the data. With `unsigned`, a file that is not signed yet can pass; `deep` adds pyHanko's
    analysis of each revision, which takes minutes on a long document.

    Raises NotReadable, and PdfUnavailable where nothing can be printed to compare with.
    """
    file = _read(raw)
    if original is not None and not file.sources:
        built = _read(original)
        file = replace(file, sources=built.sources, style=built.style, rules=built.rules)
    try:
        style = from_carried(file.style)
    except StyleRefused as reason:
        return Proof("", "", (Check("house style", FAILS, str(reason)),), file.fields)
    compiled, checks = _recompiled(file, style)
    if compiled is None:
        return Proof("", "", tuple(checks), file.fields)
    checks.append(_same_rules("rules in the file", file.rules, compiled))
    if rules is not None:
        checks.append(_same_rules("rules on this machine", rules, compiled))
    if file.is_notice:
        checks.extend(_house_style(style, looked_at))
        return _notice(file, compiled, original, checks, trust, unsigned=unsigned, deep=deep)
    try:
        again = printed(compiled, style)
    except StyleRefused as reason:
        return Proof(
            compiled.agreement.title, compiled.tally, (*checks, Check("house style", FAILS, str(reason))), file.fields
        )
    if _came_back(file, again):
        checks.extend(_house_style(style, looked_at))
        return _returned(file, compiled, again, checks, trust)
    checks.append(_paper(file, compiled, style, again))
    checks.extend(_house_style(style, looked_at))
    checks.extend(_added(file, len(again) if raw.startswith(again) else _first_revision(raw)))
    signatures, found = _signatures(file, _named(compiled), trust, deep=deep)
    checks.extend(found)
    if not unsigned or any(each.by for each in signatures):
        checks.append(_complete(signatures))
    return Proof(compiled.agreement.title, compiled.tally, tuple(checks), signatures)


# --- what the file carries -------------------------------------------------------------------------------------


def _read(raw: bytes) -> _File:
    try:
        with pikepdf.open(BytesIO(raw)) as pdf:
            attached = {name: file.get_file() for name, file in pdf.attachments.items()}
            sources = {name: _bounded(file) for name, file in attached.items() if name.endswith(".msa")}
            style = {name: _bounded(file) for name, file in attached.items() if is_of_style(name)}
            rules = _bounded(attached[RULES]) if RULES in attached else None
            fields = tuple(Signed(str(field.get("/T", "")), _place(field)) for field in signature_fields(pdf))
            return _File(raw, sources, style, rules, NOTICE in attached, str(pdf.docinfo.get("/Producer", "")), fields)
    except Exception as error:  # noqa: BLE001  (see the head of the module)
        raise NotReadable(f"it is not a PDF that can be read ({error})") from None


def _bounded(file: pikepdf.AttachedFile) -> bytes:
    if (file.size or 0) > MAXIMUM_BYTES:
        raise ValueError("an attachment is too large")
    return bytes(file.read_bytes())


def _place(field: pikepdf.Object) -> str:
    return str(field.get("/TU", field.get("/T", "")))


def _recompiled(file: _File, style: HouseStyle) -> tuple[Compiled | None, list[Check]]:
    name = "sources"
    if not file.sources or file.rules is None:
        says = (
            "It carries no source and rules: it was not made by tally build, or a service took them out (--original names the "
            "file that was built)."
        )
        return None, [Check(name, FAILS, says)]
    try:
        sources = wholes({title: content.decode() for title, content in file.sources.items()})
    except UnicodeDecodeError:
        return None, [Check(name, FAILS, "An attached source is not text.")]
    if not sources:
        return None, [Check(name, FAILS, "The attached sources are not those of one agreement.")]
    compiled, diagnostics = compile_source(sources[0], manner=style.manner)
    if compiled is None:
        return None, [Check(name, FAILS, f"The attached {sources[0].name} does not compile ({diagnostics[0].code}).")]
    printed_from = next(
        (each for each in _papers(sources, compiled, style.manner) if _rules_of(each) == file.rules), compiled
    )
    says = f"{printed_from.source.name} compiles to the tally {printed_from.tally}."
    return printed_from, [Check(name, HOLDS, says)]


def _papers(sources: Sequence[Source], whole: Compiled, manner: Manner) -> Iterator[Compiled]:
    """What can be printed from the same sources: the agreement with all its amendments and orders, as it stood from the
    day of each of them, as it was signed, and each amendment and order by itself."""
    yield whole
    days = sorted({*(each.effective for each in whole.versions), *(each.order.effective for each in whole.orders)})
    for at in days if len(days) > 1 else ():
        conformed, _ = compile_source(sources[0], at=at, manner=manner)
        if conformed is not None:
            yield conformed
    for source in sources[1:]:
        instrument, _ = compile_source(source, manner=manner)
        if instrument is not None:
            yield instrument


def _rules_of(compiled: Compiled) -> bytes:
    return rules_json(compiled.rulebook).encode()


def _same_rules(name: str, rules: bytes | None, compiled: Compiled) -> Check:
    if rules == _rules_of(compiled):
        return Check(name, HOLDS, f"The {name} are those that the attached source compiles to.")
    try:
        given = from_json(rules or b"")
    except (ValueError, RecursionError):
        return Check(name, FAILS, f"The {name} cannot be read as rules.")
    if given == compiled.rulebook:
        return Check(name, HOLDS, f"The {name} are those that the attached source compiles to.")
    return Check(name, FAILS, f"The {name} are not those that the attached source compiles to.")


# --- the paper -------------------------------------------------------------------------------------------------


def _paper(file: _File, compiled: Compiled, style: HouseStyle, again: bytes) -> Check:
    name = "paper"
    if file.raw.startswith(again):
        return Check(name, HOLDS, "The file is, to the byte, what the attached source prints.")
    if not file.fields and file.raw == _draft(compiled, style):
        return Check(name, FAILS, "It is a draft, which nobody can sign.")
    if file.producer == producer():
        return Check(name, FAILS, "The paper is not what the attached source prints: it was changed.")
    made = f"It was made with other versions ({file.producer or 'unnamed'}) than are here"
    if _words(file.raw) != _words(again):
        return Check(name, FAILS, f"The words of the paper are not those that the attached source prints. {made}.")
    says = f"{made}, so that its bytes cannot be compared. Its words are those that the attached source prints."
    return Check(name, UNKNOWN, says)


def _draft(compiled: Compiled, style: HouseStyle) -> bytes | None:
    draft, _ = compile_source(compiled.source, draft=True, manner=style.manner)
    return printed(draft, style) if draft else None


def _house_style(style: HouseStyle, looked_at: HouseStyle | None) -> Iterator[Check]:
    """Of a shipped style, also one with settings of its own, everybody knows how it looks. A style with files of its own shows
    every word, or nothing would have been printed; but it could cover them, or add others."""
    name = "house style"
    if style.own and looked_at is not None and style.carried == looked_at.carried:
        yield Check(name, HOLDS, "The paper is printed in the house style that was given.")
    elif style.own and looked_at is not None:
        yield Check(name, FAILS, "The paper is printed in another house style than the one that was given.")
    elif style.own:
        says = (
            "The paper is printed in a house style of its own, which shows every word but could add or cover some. Look at "
            f"it, and name the style if you know it (--style). Its own files are {', '.join(sorted(style.own))}."
        )
        yield Check(name, UNKNOWN, says)
    elif style.given is not None:
        yield Check(name, HOLDS, f"The paper is printed in the shipped style {style.shipped}.")


def _words(raw: bytes) -> list[str]:
    """What a reader would copy from the pages, without spaces. Whoever made the file decides what that is: equal words
    prove nothing, unequal ones do."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(raw) as pdf:
            return ["".join(page.get_textpage().get_text_bounded().split()) for page in pdf]
    except pypdfium2.PdfiumError:
        return []


def _first_revision(raw: bytes) -> int:
    """The length of a file before anything was appended to it."""
    end = raw.find(b"%%EOF")
    return len(raw) if end < 0 else end + len(b"%%EOF\n")


def _added(file: _File, compiled: int) -> Iterator[Check]:
    name = "later changes"
    signatures = file.raw.count(b"/ByteRange", compiled)
    try:
        found = [
            *differences(file.raw[:compiled], file.raw),
            *(Difference(says) for says in uncovered(file.raw, compiled, signatures)),
        ]
    except Exception as error:  # noqa: BLE001  (see the head of the module)
        found = [Difference(f"What was added to the file cannot be read ({error}).")]
    for each in dict.fromkeys(found):
        yield Check(name, UNKNOWN if each.hidden else FAILS, each.says)
    if not found:
        yield Check(name, HOLDS, "Nothing but signatures was added, and they cover every byte.")


# --- a notice of breach ----------------------------------------------------------------------------------------


def _notice(
    file: _File,
    compiled: Compiled,
    original: bytes | None,
    checks: list[Check],
    trust: Sequence[bytes],
    *,
    unsigned: bool,
    deep: bool,
) -> Proof:
    """What is known of a notice: its words follow from data, so that sources alone cannot print them again. `original` is the
    notice that somebody printed from the same data."""
    same = original is not None and file.raw.startswith(original)
    checks.append(_paper_of_notice(same=same, given=original is not None))
    checks.extend(_added(file, len(original) if same and original is not None else _first_revision(file.raw)))
    signatures, found = _signatures(file, _of_party(compiled), trust, deep=deep)
    checks.extend(found)
    if not unsigned or any(each.by for each in signatures):
        checks.append(_complete(signatures))
    return Proof(compiled.agreement.title, compiled.tally, tuple(checks), signatures)


def _paper_of_notice(*, same: bool, given: bool) -> Check:
    name = "paper"
    if same:
        return Check(name, HOLDS, "The file is, to the byte, the notice that was given.")
    if given:
        return Check(name, FAILS, "The file is not the notice that was given.")
    says = (
        "It is a notice of breach, and what it says follows from data that is not in it. Whoever has the data prints it "
        "again (tally notice), and names that file (--original)."
    )
    return Check(name, UNKNOWN, says)


def _of_party(compiled: Compiled) -> Names:
    """Whose certificate fits the field of a notice: that of each signatory of the party, or that of the company."""
    return {
        f"Signature_{party.id}_1": frozenset(
            {party.name.casefold(), *(name.casefold() for name, _ in party.signatories)}
        )
        for party in compiled.agreement.parties.values()
    }


# --- what a signing service made of it -------------------------------------------------------------------------


def _came_back(file: _File, again: bytes) -> bool:
    """Whether somebody wrote the file anew and signed it, but in no field that was compiled into it."""
    known = {field.name for field in fields_of(again)}
    return file.signed and not file.raw.startswith(again) and not known & {field.field for field in file.fields}


def _returned(file: _File, compiled: Compiled, again: bytes, checks: list[Check], trust: Sequence[bytes]) -> Proof:
    found = compared(again, file.raw)
    checks.append(_pages(found))
    seals, sound = _signatures(file, {}, (), deep=False)
    _, vouched = _signatures(file, {}, trust, deep=False)
    checks.extend(_seal(fits, known) for fits, known in zip(sound, vouched, strict=True))
    loose = list(uncovered(file.raw, 0, file.raw.count(b"/ByteRange")))
    if loose:
        checks.append(Check("later changes", FAILS, loose[0]))
    says = (
        "Who signed cannot be known from the file: a service signs with its own certificate and keeps the record of who "
        "did what. Ask it for its certificate of completion."
    )
    checks.append(Check("all have signed", UNKNOWN, says))
    return Proof(compiled.agreement.title, compiled.tally, tuple(checks), seals)


def _pages(found: Returned) -> Check:
    name = "paper"
    if found.pages is None:
        return Check(
            name, FAILS, "The file was written anew, and its pages are not those that the attached source prints."
        )
    if found.covered:
        pages = ", ".join(map(str, found.covered))
        says = f"The file was written anew, and what the attached source prints was changed or covered on page {pages}."
        return Check(name, FAILS, says)
    added = "; ".join(found.added) or "no words"
    appended = f" {found.appended} pages were appended." if found.appended else ""
    says = (
        "The file was written anew, as signing services do. Every page shows all that the attached source prints; "
        f"added to them: {added[:600]}.{appended} Whether that changes what was agreed has to be read."
    )
    return Check(name, UNKNOWN, says)


def _seal(fits: Check, known: Check) -> Check:
    """A service's own signature: whether it fits the file, and whether anybody vouches for it. The agreement names no service."""
    name = "seal of the service"
    if fits.outcome is FAILS:
        return Check(name, FAILS, fits.says)
    if known is fits or known.outcome is FAILS or known.says == fits.says:
        says = "It fits every byte that it covers, but nobody was named whose word is taken that it is the service's (--trust)."
        return Check(name, UNKNOWN, says)
    return Check(name, HOLDS, "It fits every byte that it covers, and its certificate is vouched for.")


# --- the signatures --------------------------------------------------------------------------------------------

Names = Mapping[str, frozenset[str]]


def _named(compiled: Compiled) -> Names:
    """Whose certificate fits each field: the signatory's, or that of the company."""
    return {
        field.field: frozenset({field.name.casefold(), field.party.casefold()})
        for section in compiled.document.sections
        for field in section.blocks
        if isinstance(field, Signature)
    }


def _signatures(
    file: _File, named: Names, trust: Sequence[bytes], *, deep: bool
) -> tuple[tuple[Signed, ...], list[Check]]:
    if not file.signed:
        return file.fields, []
    from pyhanko.pdf_utils.reader import PdfFileReader

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what it finds is said below
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    try:
        embedded = {each.field_name: each for each in PdfFileReader(BytesIO(file.raw)).embedded_signatures}
    except Exception as error:  # noqa: BLE001  (see the head of the module)
        return file.fields, [Check("signatures", FAILS, f"The signatures cannot be read ({error}).")]
    strangers = [name for name in embedded if name not in {each.field for each in file.fields}]
    found, checks = (
        [],
        [Check("signatures", FAILS, f"There is a signature in no known field ({n}).") for n in strangers],
    )
    for field in file.fields:
        if field.field in embedded:
            fitting = named.get(field.field, frozenset())
            signed, check = _signature(field, embedded[field.field], fitting, trust, deep=deep)
            checks.append(check)
            found.append(signed)
        else:
            found.append(field)
    return tuple(found), checks


def _signature(
    field: Signed, embedded: Any, fitting: frozenset[str], trust: Sequence[bytes], *, deep: bool
) -> tuple[Signed, Check]:
    from pyhanko.sign.validation import validate_pdf_signature

    name = f"{field.place[:1].lower()}{field.place[1:]}"
    authorities = _authorities(trust)
    try:
        status = validate_pdf_signature(embedded, authorities, skip_diff=not deep)
        loose = _uncovered_parts(embedded, status) if status.trusted else None
    except Exception as error:  # noqa: BLE001  (see the head of the module)
        return field, Check(name, FAILS, f"The {name} cannot be read ({error}).")
    certificate = status.signing_cert
    stamped = status.timestamp_validity
    at = stamped.timestamp if stamped is not None and stamped.valid else status.signer_reported_dt
    who, issuer = _common_name(certificate.subject), _common_name(certificate.issuer)
    signed = Signed(field.field, field.place, who, issuer, at, bool(stamped and stamped.valid and stamped.trusted))
    if not (status.intact and status.valid):
        return signed, Check(name, FAILS, f"The {name} does not fit the bytes that it covers.")
    if deep and not status.docmdp_ok:
        return signed, Check(name, FAILS, f"The {name} was followed by changes that it does not allow.")
    if loose is not None:
        return signed, Check(name, FAILS, f"The {name} carries {loose}, which it does not cover.")
    if status.trusted and who.casefold() not in fitting:
        says = f"The {name} was made with the certificate of {who}, whom the agreement does not name there."
        return signed, Check(name, UNKNOWN, says)
    if status.trusted:
        return signed, Check(name, HOLDS, f"Signed by {who}, as {issuer} vouches.")
    if not trust:
        says = f"The {name} is sound, but nobody was named whose word is taken that it is {who}'s (--trust)."
        return signed, Check(name, UNKNOWN, says)
    now = status.trust_problem_indic
    reason = "" if now is None else f" ({str(now).rsplit('.', 1)[-1].lower().replace('_', ' ')})"
    says = f"Nobody whose word is taken vouches now for the certificate of {who}{reason}."
    return signed, Check(name, FAILS, says)


# Algorithms may state that they have no parameters, or say nothing (RFC 5754, 2).
_NO_PARAMETERS = (b"", b"\x05\x00")


def _uncovered_parts(embedded: Any, status: Any) -> str | None:
    """What stands in the container of a sound signature (RFC 5652) without being signed; None where nothing does that
    could have been changed."""
    path = {certificate.dump() for certificate in status.validation_path}
    carried = embedded.signed_data["certificates"]
    if any(each.chosen.dump() not in path for each in carried):
        return "a certificate that vouches for nobody"
    signer = embedded.signer_info
    if [each["type"].native for each in signer["unsigned_attrs"]] not in ([], ["signature_time_stamp_token"]):
        return "a note"
    named, certificate = signer["sid"].chosen, status.signing_cert  # names are compared without regard to case
    if signer["sid"].name == "issuer_and_serial_number" and named["issuer"].dump() != certificate.issuer.dump():
        return "a name for its certificate"
    used, versions = signer["digest_algorithm"], (embedded.signed_data["version"], signer["version"])
    listed = [each.dump() for each in embedded.signed_data["digest_algorithms"]]
    plain = used["parameters"].dump() in _NO_PARAMETERS and listed == [used.dump()]
    return None if plain and all(version.native == "v1" for version in versions) else "a form of its own"


def _common_name(name: Any) -> str:
    return str(name.native.get("common_name", name.human_friendly))


def _authorities(trust: Sequence[bytes]) -> Any:
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(trust_roots=[*certificates(trust)], allow_fetching=False)


def certificates(given: Sequence[bytes]) -> Iterator[Any]:
    """Certificates in PEM (several in a file) or DER. Raises NotReadable."""
    from asn1crypto import pem, x509

    for content in given:
        try:
            if pem.detect(content):
                yield from (
                    x509.Certificate.load(each, strict=True) for _, _, each in pem.unarmor(content, multiple=True)
                )
            else:
                yield x509.Certificate.load(content, strict=True)
        except ValueError as error:
            raise NotReadable(f"it is not a certificate ({error})") from None


def _complete(signatures: Sequence[Signed]) -> Check:
    missing = [each.place for each in signatures if not each.by]
    if not signatures:
        return Check("all have signed", FAILS, "There is nowhere to sign.")
    if missing:
        return Check("all have signed", FAILS, f"Missing: the {'; the '.join(n[:1].lower() + n[1:] for n in missing)}.")
    return Check("all have signed", HOLDS, f"All {len(signatures)} signatures are there.")
