"""Whether a laid-out paper shows the words that it should: a style sheet can leave out, hide or shrink them.

Words drawn over by others, or in the colour of the page, are beyond this; who relies on a style has to look at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tallystick.document.lines import CONTENTS, COVER, Grid, Line, Piece

_SMALLEST = 5.0 * 96 / 72
"""Five points, in the pixels that WeasyPrint counts in."""

_FREE = (COVER, CONTENTS)
_UNSEEN = re.compile(r"[\s\u00ad\u200b-]+")


def first_unseen(pieces: Iterable[Piece], laid_out: Any) -> str | None:
    """The first words of the text, in its order, that the pages do not show; None where they show all of it.

    The cover and the table of contents may be arranged freely; what they say, the text says again.
    """
    pages = [(page._page_box, (0, 0, page.width, page.height)) for page in laid_out.pages]  # noqa: SLF001 - no other way
    shown = _squeezed("".join(words for box, area in pages for words in _texts(box, area)))
    place = 0
    for words in _words(pieces):
        found = shown.find(_squeezed(words), place)
        if found < 0:
            return words if len(words) <= 80 else f"{words[:77]}..."
        place = found + len(_squeezed(words))
    return None


def _words(pieces: Iterable[Piece]) -> Iterator[str]:
    for piece in pieces:
        match piece:
            case Line() if piece.place not in _FREE:
                yield piece.number
                yield "".join(run.text for run in piece.runs)
            case Grid() if piece.place not in _FREE:
                yield from ("".join(run.text for run in cell) for row in piece.rows for cell in row.cells)
            case _:
                continue


def _squeezed(words: str) -> str:
    """Without capitals, which a style may set, and without spaces and hyphens, which come and go at the ends of lines."""
    return _UNSEEN.sub("", words).casefold()


_Area = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def _texts(box: Any, area: _Area) -> Iterator[str]:
    """The texts in a box that can be seen in an area, in the order of the document; not those in the margins of the page."""
    kind = type(box).__name__
    if kind == "MarginBox" or box.style["opacity"] == 0 or box.style["transform"]:
        return
    if kind == "TextBox":
        if _is_seen(box, area):
            yield box.text
        return
    if box.style["overflow"] != "visible" and kind != "PageBox":
        area = _common(area, _area(box))
    for child in getattr(box, "children", ()):
        yield from _texts(child, area)


def _area(box: Any) -> _Area:
    left, top = box.border_box_x(), box.border_box_y()
    return left, top, left + box.border_width(), top + box.border_height()


def _common(one: _Area, other: _Area) -> _Area:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def _is_seen(box: Any, area: _Area) -> bool:
    """Whether the middle of the words lies in the area, large enough and not transparent."""
    x, y = box.position_x + box.width / 2, box.position_y + box.height / 2
    inside = area[0] <= x <= area[2] and area[1] <= y <= area[3]
    style = box.style
    visible: bool = style["font_size"] >= _SMALLEST and style["visibility"] == "visible" and style["color"].alpha > 0
    return inside and visible
