"""The document as a PDF/A-3a and PDF/UA-1 file, the same bytes for the same document on every run.

WeasyPrint lays out the page that `to_html` gives, in one pass. It may fetch nothing but `data:` addresses: fonts are in
the page, and anything else would be an attempt to read a file or a server.
"""

from __future__ import annotations

import hashlib
import platform
import warnings
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import pikepdf

from tallystick.document.document import Document
from tallystick.document.finish_pdf import finished
from tallystick.document.to_html import stamp_html, to_html

_INSTALL = (
    "The PDF needs the libraries Pango and HarfBuzz (with its part for subsets of fonts), which are not installed. "
    "On Debian or Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0. "
    "On macOS: brew install pango."
)


class PdfUnavailable(Exception):
    """The libraries that lay out a PDF are missing; the message says what to install."""


def to_pdf(
    document: Document, tally: str, attachments: Mapping[str, bytes] | None = None, style: Path | None = None
) -> bytes:
    """The PDF. `attachments` are carried in it by name (the sources, `rules.json`); `style` is as for `to_html`.

    Dates in it are the agreement's effective date, and its identifier follows from the page and the attachments: the
    clock leaves no trace. What it was made with stands in it (`producer`); the same gives the same bytes. Raises PdfUnavailable when Pango or HarfBuzz is missing.
    """
    weasyprint = _weasyprint()
    page = to_html(document, tally, style)
    carried = dict(sorted((attachments or {}).items()))
    made = datetime.fromisoformat(document.effective_on).replace(tzinfo=UTC)
    layout = weasyprint.HTML(string=page, url_fetcher=_fetcher(weasyprint)())
    written: bytes = layout.write_pdf(
        pdf_variant="pdf/a-3a",
        pdf_identifier=_identifier(page, carried),
        attachments=[
            weasyprint.Attachment(
                string=content,
                name=name,
                description=name,
                created=made,
                modified=made,
                relationship=_relationship(name),
            )
            for name, content in carried.items()
        ],
    )
    return finished(written, producer())


def stamp_pdf(who: str, at: datetime, width: float, height: float) -> bytes:
    """What a signature shows on paper: a page of `width` by `height` points. Raises PdfUnavailable."""
    weasyprint = _weasyprint()
    page = stamp_html(who, at, width, height)
    stamp: bytes = weasyprint.HTML(string=page, url_fetcher=_fetcher(weasyprint)()).write_pdf()
    return stamp


def producer() -> str:
    """What a PDF is made with here: programs, libraries and kind of machine, with versions, as the file names it.

    Where it is equal, the same document has the same bytes. Raises PdfUnavailable.
    """
    weasyprint = _weasyprint()
    native = import_module("weasyprint.text.ffi")
    pango = native.pango.pango_version()
    versions = {
        "tallystick": version("tallystick"),
        "WeasyPrint": weasyprint.__version__,
        "pydyf": version("pydyf"),
        "fontTools": version("fonttools"),
        "Pango": f"{pango // 10_000}.{pango // 100 % 100}.{pango % 100}",
        "HarfBuzz": _harfbuzz_version(native.harfbuzz),
        "qpdf": pikepdf.__libqpdf_version__,
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }
    return "; ".join([*(f"{name} {number}" for name, number in versions.items()), platform.machine()])


def _harfbuzz_version(harfbuzz: Any) -> str:
    """WeasyPrint can only ask whether a version is reached."""
    parts = [0, 0, 0]
    for place in range(3):
        while harfbuzz.hb_version_atleast(*parts[:place], parts[place] + 1, *[0] * (2 - place)):
            parts[place] += 1
    return ".".join(map(str, parts))


def _relationship(name: str) -> str:
    """What an attachment is to the page (ISO 19005-3, annex E): what it was made from, or data that goes with it."""
    return "Source" if name.endswith(".msa") else "Data"


def _identifier(page: str, attachments: Mapping[str, bytes]) -> bytes:
    digest = hashlib.sha256(page.encode())
    for name, content in attachments.items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.digest()[:16]


def _weasyprint() -> ModuleType:
    """WeasyPrint, imported late: it takes half a second and needs libraries of the system."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            found = import_module("weasyprint")
    except OSError as missing:
        raise PdfUnavailable(_INSTALL) from missing
    # Without it WeasyPrint writes the time of day into each font, and the bytes are never the same again.
    if import_module("weasyprint.text.ffi").harfbuzz_subset is None:
        raise PdfUnavailable(_INSTALL)
    return found


def _fetcher(weasyprint: ModuleType) -> type[Any]:
    """A class that fetches `data:` addresses only. Any other stops the rendering: a mere warning would be overlooked."""

    class DataOnly(weasyprint.urls.URLFetcher):  # type: ignore[misc, name-defined]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if not url.startswith("data:"):
                raise weasyprint.urls.FatalURLFetchingError(f"a document may not read {url}")
            return super().fetch(url, headers)

    return DataOnly
