"""The redline as a PDF: the page that `to_html` gives, laid out as every paper is."""

from __future__ import annotations

from tallystick.document.apart import apart
from tallystick.document.house_style import CLASSIC, HouseStyle
from tallystick.document.lines import CONTENTS
from tallystick.document.to_html import guarded
from tallystick.document.to_pdf import page_to_pdf, producer
from tallystick.redline.redline import Redline
from tallystick.redline.to_html import page_of


def to_pdf(redline: Redline, style: HouseStyle = CLASSIC) -> bytes:
    """The PDF, the same bytes for the same two versions. Raises PdfUnavailable and StyleRefused."""
    producer()  # says what is missing before a page is made
    return apart(_own, redline, style) if style.own else _shipped(redline, style)


def _shipped(redline: Redline, style: HouseStyle) -> bytes:
    return page_to_pdf(page_of(redline, style), redline.new.effective_on, {})


def _own(redline: Redline, style: HouseStyle) -> bytes:
    """With a style that somebody sent, every word has to be seen, but for the contents, which follow from the rest."""
    pieces = [piece for piece in redline.pieces if piece.place != CONTENTS]
    return page_to_pdf(guarded(page_of(redline, style)), redline.new.effective_on, {}, pieces)
