"""The document as a PDF/A-3a and PDF/UA-1 file, the same bytes for the same document on every run.

WeasyPrint lays out the page that `to_html` gives. It may fetch nothing but `data:` addresses: fonts are in
the page, and anything else would be an attempt to read a file or a server.
"""

from __future__ import annotations

import gc
import hashlib
import platform
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from io import StringIO
from types import ModuleType
from typing import Any

import pikepdf

from tallystick.document.apart import Unavailable, apart
from tallystick.document.document import Document
from tallystick.document.finish_pdf import finished
from tallystick.document.house_style import CARRIED, CLASSIC, HouseStyle, StyleRefused
from tallystick.document.libraries import how_to_install
from tallystick.document.lines import Piece, lines
from tallystick.document.shown import first_unseen
from tallystick.document.to_html import guarded, page_of, stamp_html

_VARIANT = "pdf/a-3a"


class PdfUnavailable(Unavailable):
    """The libraries that lay out a PDF are missing; the message says what to install."""


def to_pdf(
    document: Document, tally: str, attachments: Mapping[str, bytes] | None = None, style: HouseStyle = CLASSIC
) -> bytes:
    """The PDF. `attachments` are carried in it by name (the sources, `rules.json`); `style` is as for `to_html`.

    Dates in it are the agreement's effective date, and its identifier follows from the page and the attachments: the
    clock leaves no trace. What it was made with stands in it (`producer`); the same gives the same bytes. Raises
    PdfUnavailable when Pango or HarfBuzz is missing, and StyleRefused for a style that is broken, reaches out or does not
    show every word.
    """
    _weasyprint()
    carried = dict(sorted((attachments or {}).items()))
    return apart(_own, document, tally, carried, style) if style.own else _shipped(document, tally, carried, style)


def _shipped(document: Document, tally: str, carried: Mapping[str, bytes], style: HouseStyle) -> bytes:
    return page_to_pdf(page_of(document, tally, style), document.effective_on, carried)


def _own(document: Document, tally: str, carried: Mapping[str, bytes], style: HouseStyle) -> bytes:
    """The same with a style that somebody sent. Raises StyleRefused when it reaches out or does not show every word."""
    page = guarded(page_of(document, tally, style))
    return page_to_pdf(page, document.effective_on, carried, lines(document, tally))


def page_to_pdf(page: str, made: str, carried: Mapping[str, bytes], must_show: Iterable[Piece] | None = None) -> bytes:
    """A page as a PDF that was `made` on a day (ISO 8601). Raises StyleRefused when it reaches out, or when a word of what
    it `must_show` cannot be seen.
    """
    with _no_collection():
        laid_out = _laid_out(page)
        unseen = None if must_show is None else first_unseen(must_show, laid_out)
        if unseen is not None:
            raise StyleRefused(
                f"The house style does not show all words of the paper: “{unseen}” is missing or hidden."
            )
        return _written(made, page, laid_out, carried)


def _laid_out(page: str) -> Any:
    weasyprint = _weasyprint()
    try:
        return weasyprint.HTML(string=page, url_fetcher=_fetcher(weasyprint)()).render(pdf_variant=_VARIANT)
    except weasyprint.urls.FatalURLFetchingError as address:
        raise StyleRefused(f"A house style may read its own files only: {address}.") from None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pages are a million objects that refer to each other; looking through them for garbage takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _written(made: str, page: str, laid_out: Any, carried: Mapping[str, bytes]) -> bytes:
    weasyprint = _weasyprint()
    day = datetime.fromisoformat(made).replace(tzinfo=UTC)
    written: bytes = laid_out.write_pdf(
        pdf_variant=_VARIANT,
        pdf_identifier=_identifier(page, carried),
        attachments=[
            weasyprint.Attachment(
                string=content,
                name=name,
                description=name,
                created=day,
                modified=day,
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
    return "Source" if name.endswith(".msa") or name.startswith(CARRIED) else "Data"


def _identifier(page: str, attachments: Mapping[str, bytes]) -> bytes:
    digest = hashlib.sha256(page.encode())
    for name, content in attachments.items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.digest()[:16]


def _weasyprint() -> ModuleType:
    """WeasyPrint, imported late: it takes half a second and needs libraries of the system."""
    try:
        # It prints its own advice, to standard output, where results stand.
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore", DeprecationWarning)
            found = import_module("weasyprint")
    except OSError as missing:
        raise _unavailable() from missing
    # Without it WeasyPrint writes the time of day into each font, and the bytes are never the same again.
    if import_module("weasyprint.text.ffi").harfbuzz_subset is None:
        raise _unavailable()
    return found


def _unavailable() -> PdfUnavailable:
    return PdfUnavailable(
        "The PDF needs the libraries Pango and HarfBuzz (with its part for subsets of fonts), which are not installed. "
        f"{how_to_install()}"
    )


def _fetcher(weasyprint: ModuleType) -> type[Any]:
    """A class that fetches `data:` addresses only. Any other stops the rendering: a mere warning would be overlooked."""

    class DataOnly(weasyprint.urls.URLFetcher):  # type: ignore[misc, name-defined]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if not url.startswith("data:"):
                raise weasyprint.urls.FatalURLFetchingError(f"a document may not read {url}")
            return super().fetch(url, headers)

    return DataOnly
