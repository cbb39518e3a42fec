"""A file that came back from a signing service. It wrote the file anew, put pictures of signatures on the pages, perhaps added
pages, and sealed the whole with a certificate of its own; so the bytes that were compiled are no longer there to compare.

What can be known: whether each page still shows every mark that the sources print, and what was added to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

import pypdfium2
from PIL import ImageChops

_SCALE = 1.5
"""Pixels for each point: fine strokes of small print are still there."""

_FAINT = 80
"""Of 255: how much lighter a pixel may be; the ink of a letter differs by more."""


@dataclass(frozen=True)
class Page:
    """What became of a page. `covered` tells that some of its marks are gone; `added` are words that it did not have."""

    number: int
    covered: bool
    added: str


@dataclass(frozen=True)
class Returned:
    """What became of the pages; None where the two files cannot be compared page by page."""

    pages: tuple[Page, ...] | None
    appended: int = 0

    @property
    def covered(self) -> list[int]:
        """The pages on which something is gone."""
        return [page.number for page in self.pages or () if page.covered]

    @property
    def added(self) -> Iterator[str]:
        """What was added, page by page, in words."""
        return (f"page {page.number}: “{page.added}”" for page in self.pages or () if page.added)


def compared(printed: bytes, returned: bytes) -> Returned:
    """The pages that the sources print, beside those that came back."""
    try:
        with pypdfium2.PdfDocument(printed) as old, pypdfium2.PdfDocument(returned) as new:
            sizes = [(old[place].get_size(), new[place].get_size()) for place in range(min(len(old), len(new)))]
            if len(new) < len(old) or any(_rounded(a) != _rounded(b) for a, b in sizes):
                return Returned(None)
            pages = tuple(_page(place + 1, old[place], new[place]) for place in range(len(old)))
            return Returned(pages, len(new) - len(old))
    except pypdfium2.PdfiumError:
        return Returned(None)


def _rounded(size: tuple[float, float]) -> tuple[int, int]:
    return round(size[0]), round(size[1])


def _page(number: int, old: pypdfium2.PdfPage, new: pypdfium2.PdfPage) -> Page:
    before, after = (each.render(scale=_SCALE, grayscale=True).to_pil() for each in (old, new))
    lighter = sum(ImageChops.subtract(after, before).histogram()[_FAINT:]) > 0
    return Page(
        number, lighter or not _holds_all(_words(old), _words(new)), " ".join(_new_words(_words(old), _words(new)))
    )


def _words(page: pypdfium2.PdfPage) -> list[str]:
    return str(page.get_textpage().get_text_bounded()).split()


def _new_words(old: list[str], new: list[str]) -> list[str]:
    matching = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [word for kind, _, _, start, end in matching if kind in ("insert", "replace") for word in new[start:end]]


def _holds_all(old: list[str], new: list[str]) -> bool:
    """Whether no word was taken out. Words may be told in another order: what is seen is compared as a picture."""
    left = list(new)
    for word in old:
        if word not in left:
            return False
        left.remove(word)
    return True
