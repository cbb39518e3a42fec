"""What WeasyPrint leaves undone: one file that is PDF/A-3a and PDF/UA-1 at once, with empty fields to sign in.

The page carries an `<input>` where a signatory signs. WeasyPrint makes a text field of it and puts it into the structure
of the document, which a field added afterwards would not be; here it becomes a signature field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ElementTree, SubElement, fromstring, register_namespace

import pikepdf

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_UA = "http://www.aiim.org/pdfua/ns/id/"
_EXTENSION = "http://www.aiim.org/pdfa/ns/extension/"
_SCHEMA = "http://www.aiim.org/pdfa/ns/schema#"
_PROPERTY = "http://www.aiim.org/pdfa/ns/property#"
_PREFIXES = {
    "x": "adobe:ns:meta/",
    "rdf": _RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "pdfuaid": _UA,
    "pdfaExtension": _EXTENSION,
    "pdfaSchema": _SCHEMA,
    "pdfaProperty": _PROPERTY,
}

_PRODUCER = f"{{{_PREFIXES['pdf']}}}Producer"
_MEDIA = {
    ".json": "/application/json",
    ".html": "/text/html",
    ".css": "/text/css",
    ".xml": "/application/xml",
    ".svg": "/image/svg+xml",
    ".woff2": "/font/woff2",
}
_TEXT = "/text/plain"


def finished(written: bytes, producer: str) -> bytes:
    """The same pages as PDF/A-3a and PDF/UA-1, made by `producer`. Equal bytes give equal bytes."""
    with pikepdf.open(BytesIO(written)) as pdf:
        pdf.docinfo["/Producer"] = producer
        _claim_both(pdf, producer)
        _attach_once(pdf)
        _make_signature_fields(pdf)
        made = BytesIO()
        pdf.save(made, deterministic_id=True)
        return made.getvalue()


# --- the two standards -----------------------------------------------------------------------------------------


def _claim_both(pdf: pikepdf.Pdf, producer: str) -> None:
    """WeasyPrint claims one standard. PDF/A lets another be claimed when the property is declared (ISO 19005-3, 6.6.2.3)."""
    for prefix, address in _PREFIXES.items():
        register_namespace(prefix, address)
    packet = pdf.Root.Metadata.read_bytes()
    meta = fromstring(packet)  # noqa: S314 - WeasyPrint wrote it a moment ago
    rdf = meta[0]
    for about in rdf:
        if _PRODUCER in about.attrib:
            about.attrib[_PRODUCER] = producer
    about = SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    SubElement(about, f"{{{_UA}}}part").text = "1"
    _declare_extension(SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""}))
    text = BytesIO()
    ElementTree(meta).write(text, encoding="utf-8")
    head, foot = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n', b'\n<?xpacket end="r"?>'
    pdf.Root.Metadata = pikepdf.Stream(
        pdf, head + text.getvalue() + foot, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML
    )


def _declare_extension(about: Element) -> None:
    schema = _only_item(SubElement(about, f"{{{_EXTENSION}}}schemas"), "Bag")
    SubElement(schema, f"{{{_SCHEMA}}}schema").text = "PDF/UA identification schema"
    SubElement(schema, f"{{{_SCHEMA}}}namespaceURI").text = _UA
    SubElement(schema, f"{{{_SCHEMA}}}prefix").text = "pdfuaid"
    declared = _only_item(SubElement(schema, f"{{{_SCHEMA}}}property"), "Seq")
    for name, value in (
        ("name", "part"),
        ("valueType", "Integer"),
        ("category", "internal"),
        ("description", "Part of ISO 14289 that the file conforms to"),
    ):
        SubElement(declared, f"{{{_PROPERTY}}}{name}").text = value


def _only_item(parent: Element, collection: str) -> Element:
    listed = SubElement(parent, f"{{{_RDF}}}{collection}")
    return SubElement(listed, f"{{{_RDF}}}li", {f"{{{_RDF}}}parseType": "Resource"})


def _attach_once(pdf: pikepdf.Pdf) -> None:
    """WeasyPrint lists each attachment twice, and takes an agreement for the image of a disk."""
    if pikepdf.Name.AF not in pdf.Root:
        return
    files = {file.objgen: file for file in pdf.Root.AF}
    pdf.Root.AF = pikepdf.Array(files.values())
    for file in files.values():
        name = str(file.UF)
        kind = next((kind for end, kind in _MEDIA.items() if name.endswith(end)), _TEXT)
        file.EF.F.Subtype = pikepdf.Name(kind)
        file.EF.UF = file.EF.F


# --- fields to sign in -----------------------------------------------------------------------------------------


def signature_fields(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """The signature fields of a file, signed or not, in order."""
    form = pdf.Root.get("/AcroForm")
    fields: Iterable[pikepdf.Object] = form.Fields if form is not None else ()
    return (field for field in fields if field.get("/FT") == pikepdf.Name.Sig)


def _make_signature_fields(pdf: pikepdf.Pdf) -> None:
    if pikepdf.Name.AcroForm not in pdf.Root:
        return
    for field in pdf.Root.AcroForm.Fields:
        _make_signature_field(pdf, field)
    # An appearance that a reader makes for itself would not be the one that was signed (ISO 19005-3, 6.4.1).
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pdf.Root.AcroForm.Fields)
    for element in pdf.objects:
        if _is_form(element) and isinstance(element.K, pikepdf.Array) and len(element.K) == 1:
            element.K = element.K[0]  # else pyHanko calls a second signature suspicious


def _is_form(element: pikepdf.Object) -> bool:
    return isinstance(element, pikepdf.Dictionary) and element.get("/S") == pikepdf.Name.Form and "/K" in element


def _make_signature_field(pdf: pikepdf.Pdf, field: pikepdf.Object) -> None:
    for text_only in ("/DA", "/V", "/MaxLen", "/Ff"):
        if text_only in field:
            del field[text_only]
    field.FT = pikepdf.Name.Sig
    left, right = sorted((field.Rect[0], field.Rect[2]))
    bottom, top = sorted((field.Rect[1], field.Rect[3]))
    field.Rect = pikepdf.Array([left, bottom, right, top])
    blank = pikepdf.Stream(
        pdf,
        b"",
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form,
        BBox=pikepdf.Array([0, 0, right - left, top - bottom]),
        Resources=pikepdf.Dictionary(),
    )
    field.AP = pikepdf.Dictionary(N=pdf.make_indirect(blank))
