"""What was added to a file after it was compiled. A signature is appended to a PDF, and so could anything else be.

A reader shows what the last revision says. So every object of the compiled file must still be there as it was, but for
the few entries that a signature needs; and every signature must sign all that stands before its own bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import pikepdf

# Entries that signing may add or change, by the object that they stand in.
_OF_CATALOG = frozenset({"/AcroForm", "/Perms", "/DSS", "/Extensions", "/Version"})
_OF_FORM = frozenset({"/SigFlags"})
_OF_FIELD = frozenset({"/V", "/AP"})
_PERMISSIONS = frozenset({"/DocMDP"})

_NONE = pikepdf.Dictionary()

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_DEEPEST = 64  # values within values; signatures and certificates have about twenty
_CONTENTS = re.compile(rb"<(?:[0-9a-f]+|[0-9A-F]+)>")


@dataclass(frozen=True)
class Coverage:
    """The bytes that a signature covers: all of `[0, end)` but its own hexadecimal in `[gap, after)`."""

    gap: int
    after: int
    end: int


@dataclass(frozen=True)
class Difference:
    """What a later revision did to the compiled file that no signature needs to do.

    Some of it shows on no page (`hidden`): signing services like to note in the file's description that they were there.
    """

    says: str
    hidden: bool = False


def differences(compiled: bytes, final: bytes) -> Iterator[Difference]:
    """The differences between a compiled file and what became of it.

    `final` begins with `compiled`. Raises pikepdf.PdfError for a file that cannot be read.
    """
    with pikepdf.open(BytesIO(compiled)) as before, pikepdf.open(BytesIO(final)) as after:
        yield from (Difference(says) for says in _trailer(before, after))
        fields = {field.objgen for field in before.Root.AcroForm.Fields} if "/AcroForm" in before.Root else set()
        descriptions = {part.objgen for part in (before.Root.get("/Metadata"), before.trailer.get("/Info")) if part}
        for index in range(1, len(before.objects)):
            place = (index, 0)
            found = _object(before, after, place, fields)
            yield from (Difference(says, hidden=place in descriptions) for says in found)


def _trailer(before: pikepdf.Pdf, after: pikepdf.Pdf) -> Iterator[str]:
    if after.is_encrypted:
        yield "The file was encrypted after it was compiled."
    for entry in ("/Root", "/Info"):
        old, new = before.trailer.get(entry), after.trailer.get(entry)
        if getattr(old, "objgen", None) != getattr(new, "objgen", None):
            yield f"The entry {entry} of the file was replaced after it was compiled."


def _object(
    before: pikepdf.Pdf, after: pikepdf.Pdf, place: tuple[int, int], fields: set[tuple[int, int]]
) -> Iterator[str]:
    old, new = before.get_object(place), after.get_object(place)
    if _same(old, new):
        return
    if place == before.Root.objgen:
        yield from _catalog(old, new)
    elif place in fields:
        yield from _field(old, new)
    else:
        yield f"Object {place[0]} of the compiled file ({_kind(old)}) was changed after it was compiled."


def _same(old: pikepdf.Object, new: pikepdf.Object) -> bool:
    if isinstance(old, pikepdf.Stream) != isinstance(new, pikepdf.Stream):
        return False
    if isinstance(old, pikepdf.Stream):
        return _written(old) == _written(new) and bool(old.read_raw_bytes() == new.read_raw_bytes())
    return bool(old.unparse(resolved=True) == new.unparse(resolved=True))


def _written(stream: pikepdf.Object) -> dict[str, bytes]:
    return {name: _text(value) for name, value in stream.items()}


def _text(value: object) -> bytes:
    """A value as it is written; what it refers to is a reference."""
    return pikepdf.Array([value]).unparse()


def _kind(item: pikepdf.Object) -> str:
    named = item.get("/Type") if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)) else None
    return str(named)[1:] if named is not None else "part of a page"


def _catalog(old: pikepdf.Object, new: pikepdf.Object) -> Iterator[str]:
    yield from _entries("catalog", old, new, _OF_CATALOG)
    yield from _entries("form", old.get("/AcroForm", _NONE), new.get("/AcroForm", _NONE), _OF_FORM)
    if not set(new.get("/Perms", _NONE)) <= _PERMISSIONS:
        yield "Permissions other than those of a certifying signature were added."


def _field(old: pikepdf.Object, new: pikepdf.Object) -> Iterator[str]:
    yield from _entries("signature field", old, new, _OF_FIELD)
    appearance = new.get("/AP")
    if not isinstance(appearance, pikepdf.Dictionary) or set(appearance) != {"/N"}:
        yield "A signature field has more than one appearance."
    if "/V" in old:
        yield "A signature was replaced by another."


def _entries(what: str, old: pikepdf.Object, new: pikepdf.Object, may_change: frozenset[str]) -> Iterator[str]:
    for entry in sorted({*old, *new} - may_change):
        if entry not in old or entry not in new or _text(old[entry]) != _text(new[entry]):
            yield f"The entry {entry} of the {what} was changed after the file was compiled."


# --- what signatures cover -------------------------------------------------------------------------------------


def coverages(final: bytes, compiled: int) -> tuple[Coverage, ...]:
    """What each signature appended after the first `compiled` bytes covers, in order of the file."""
    found = []
    for match in _BYTE_RANGE.finditer(final, compiled):
        start, gap, after, length = (int(number) for number in match.groups())
        if start == 0:
            found.append(Coverage(gap, after, after + length))
    return tuple(sorted(found, key=lambda each: each.end))


def uncovered(final: bytes, compiled: int, signatures: int) -> Iterator[str]:
    """What of the appended bytes no signature covers; a sentence for each."""
    found = coverages(final, compiled)
    if len(found) != signatures:
        yield f"The file has {signatures} signatures and {len(found)} statements of what they cover."
    for each in found:
        hexadecimal = final[each.gap : each.after]
        if not (compiled <= each.gap < each.after <= each.end <= len(final)) or not _CONTENTS.fullmatch(hexadecimal):
            yield "A signature does not cover all that stands before it."
        elif not _fills(hexadecimal):
            yield "There are bytes in the room of a signature that it does not cover."
    last = found[-1].end if found else compiled
    if last != len(final):
        yield f"{len(final) - last:,} bytes were added after the last signature."


def _fills(hexadecimal: bytes) -> bool:
    """Whether the room of a signature holds one value in DER, filled by its parts at each depth, and then nothing but zeros.
    DER states lengths, and no signature covers its own outermost ones."""
    from asn1crypto.parser import parse

    content = bytes.fromhex(hexadecimal[1:-1].decode())
    try:
        _, constructed, _, head, inner, tail = parse(content)
        whole = len(head) + len(inner) + len(tail)
        return bool(constructed) and not tail and not any(content[whole:]) and _filled(inner)
    except ValueError:
        return False


def _filled(content: bytes, depth: int = _DEEPEST) -> bool:
    """Whether values follow each other without a rest, at each depth. Raises ValueError where one is cut off."""
    from asn1crypto.parser import parse

    while content:
        kind, constructed, tag, head, inner, tail = parse(content)
        if tail or (kind, tag) == (0, 0) or not depth or (constructed and not _filled(inner, depth - 1)):
            return False
        content = content[len(head) + len(inner) :]
    return True
