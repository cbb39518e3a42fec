"""The redline as a Word file with tracked changes: accepting all gives the new text, rejecting all the old one."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.document.house_style import CLASSIC, HouseStyle
from tallystick.document.to_docx import Author, write_docx
from tallystick.redline.redline import Redline


def to_docx(
    redline: Redline, author: Author, carried: Mapping[str, bytes] | None = None, style: HouseStyle = CLASSIC
) -> bytes:
    """The file; `carried` are the sources and rules of the new version, `style` as for a single document."""
    return write_docx(redline.new, redline.tally, redline.pieces, carried, style, author)
