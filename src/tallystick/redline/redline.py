"""Two versions of an agreement as one text, in which everything that differs is marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tallystick.document.document import Document
from tallystick.document.lines import COLOPHON, CONTENTS, COVER, Grid, Line, Mark, Piece, Run, Style


@dataclass(frozen=True)
class Redline:
    """Both versions, and the lines of both in one row: without what is new they are the old text, without what is
    struck the new one. `tally` is that of the new version, in hexadecimal.
    """

    old: Document
    new: Document
    tally: str
    pieces: tuple[Piece, ...]


class Change(StrEnum):
    """What happened to a clause or section."""

    NEW = "new"
    STRUCK = "struck"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True)
class ChangedPlace:
    """A clause or section that differs, under the number and title that it has now (or had, where it is struck)."""

    anchor: str
    number: str
    title: str
    change: Change


_TITLES = {COVER: "Cover", CONTENTS: "Contents", COLOPHON: "Tally"}


def changed_places(redline: Redline) -> tuple[ChangedPlace, ...]:
    """Every clause and section that differs, in order. The contents and the tally follow from the rest."""
    places: dict[str, list[Piece]] = defaultdict(list)
    for piece in redline.pieces:
        places[piece.place].append(piece)
    return tuple(
        ChangedPlace(anchor, *_heading(anchor, pieces), change)
        for anchor, pieces in places.items()
        if anchor not in (CONTENTS, COLOPHON) and (change := _change(pieces))
    )


def _heading(anchor: str, pieces: Iterable[Piece]) -> tuple[str, str]:
    """Number and title; of a place that moved, those that it has now."""
    found = "", _TITLES.get(anchor, anchor)
    for piece in pieces:
        if isinstance(piece, Line) and piece.anchor == anchor and piece.style in HEADING_STYLES:
            if piece.mark not in OLD:
                return piece.number, "".join(run.text for run in piece.runs if run.mark not in OLD)
            found = piece.number, piece.text
    return found


HEADING_STYLES = (Style.SECTION, Style.SCHEDULE, Style.HEADING, Style.PART)
OLD = (Mark.STRUCK, Mark.MOVED_AWAY)
"""The marks of what is in the old version alone."""


def _change(pieces: Iterable[Piece]) -> Change | None:
    whole = {mark for piece in pieces for mark in _own_marks(piece)}
    if whole <= {Mark.MOVED_AWAY, Mark.MOVED_HERE}:
        return Change.MOVED
    if whole == {Mark.NEW}:
        return Change.NEW
    if whole == {Mark.STRUCK}:
        return Change.STRUCK
    return Change.CHANGED if any(is_changed(piece) for piece in pieces) else None


def _own_marks(piece: Piece) -> set[Mark]:
    return {piece.mark} if isinstance(piece, Line) else {row.mark for row in piece.rows}


def is_changed(piece: Piece) -> bool:
    """Whether anything of it differs."""
    return any(mark is not Mark.KEPT for mark in (*_own_marks(piece), *(run.mark for run in _runs(piece))))


def _runs(piece: Piece) -> Iterable[Run]:
    match piece:
        case Line():
            return piece.runs
        case Grid():
            return (run for row in piece.rows for cell in row.cells for run in cell)
