"""Where the text of a Word file differs from that of a document: line by line, and row by row in tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from tallystick.document.lines import COLOPHON, CONTENTS, Grid, Line, Mark, Piece, Run, Style
from tallystick.proposals.word_file import WordFile, WordLine
from tallystick.redline.from_documents import aligned, alike
from tallystick.redline.words import compared, words


@dataclass(frozen=True)
class Spot:
    """A line, or a row of a table, as the words of its cells. `place` is the anchor of its clause or section, `anchors`
    are those of itself and of what its words lead to; of what stands in a file neither is known.
    """

    cells: tuple[str, ...]
    row: bool
    place: str = ""
    anchors: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words; cells are set apart by a bar."""
        return " | ".join(self.cells)


@dataclass(frozen=True)
class Difference:
    """A line or row that reads otherwise in the file. `was` is None where it was put in, behind `after`; `now` is None
    where it was struck.
    """

    was: Spot | None
    now: Spot | None
    after: Spot | None

    @property
    def place(self) -> str:
        """The anchor of the clause or section it is in."""
        spot = self.was or self.after
        return spot.place if spot else ""


@dataclass(frozen=True)
class Hunk:
    """Words replaced within a line, with the words before and behind them, of which none differ in this hunk."""

    before: tuple[str, ...]
    struck: str
    added: str
    behind: tuple[str, ...]


def spots(pieces: Iterable[Piece]) -> list[Spot]:
    """The lines and rows of a document that somebody may change: neither the contents nor the tally at the end."""
    found = (spot for piece in pieces if piece.place not in (CONTENTS, COLOPHON) for spot in _spots(piece))
    return [spot for spot in found if any(spot.cells)]


def _spots(piece: Piece) -> Iterator[Spot]:
    if isinstance(piece, Grid):
        for row in piece.rows:
            cells = tuple(plain("".join(run.text for run in cell)) for cell in row.cells)
            leads = (run.anchor for cell in row.cells for run in cell if run.anchor)
            yield Spot(cells, True, piece.place, (*([row.anchor] if row.anchor else []), *leads))
        return
    number = f"{piece.number}\t" if piece.number and not piece.numbering else ""
    leads = (run.anchor for run in piece.runs if run.anchor)
    anchors = (*([piece.anchor] if piece.anchor else []), *leads)
    yield Spot((plain(number + piece.text),), False, piece.place, anchors)


def spots_of_file(file: WordFile, pieces: Sequence[Piece]) -> list[Spot]:
    """The lines and rows of the file, but for those that stand in no clause: the contents' title, the tally."""
    lines = [piece for piece in pieces if isinstance(piece, Line) and piece.style is not Style.ENTRY]
    generated = {plain(line.text) for line in lines if line.place in (CONTENTS, COLOPHON)}
    found: list[Spot] = []
    for piece in file.pieces:
        if not isinstance(piece, WordLine):
            found += [Spot(tuple(map(plain, row)), True) for row in piece.rows if any(map(plain, row))]
        elif plain(piece.text) not in generated and not _is_tally(plain(piece.text)):
            found.append(Spot((plain(piece.text),), False))
    return [spot for spot in found if any(spot.cells)]


def _is_tally(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def plain(text: str) -> str:
    """Words as they are compared: a blank is a blank, and those at the ends do not count."""
    return text.replace("\u00a0", " ").strip()


def differences(mine: Sequence[Spot], theirs: Sequence[Spot]) -> tuple[Difference, ...]:
    """Every difference, in order."""
    return tuple(_differences(mine, theirs))


def _differences(mine: Sequence[Spot], theirs: Sequence[Spot]) -> Iterator[Difference]:
    last: Spot | None = None
    matcher = SequenceMatcher(None, [each.cells for each in mine], [each.cells for each in theirs], autojunk=False)
    for tag, start, end, other, other_end in matcher.get_opcodes():
        if tag == "equal":
            last = mine[end - 1]
            continue
        for was, now in aligned(mine[start:end], theirs[other:other_end], _likeness):
            yield Difference(was, now, last)
            last = was or last


def _likeness(mine: Spot, theirs: Spot) -> float:
    if mine.row != theirs.row or len(mine.cells) != len(theirs.cells):
        return 0.0
    share = alike(_bag(mine.text), _bag(theirs.text))
    named = mine.row and mine.cells[0] == theirs.cells[0]
    return share + named if named or share >= 0.3 else 0.0


@lru_cache(maxsize=8192)
def _bag(text: str) -> Counter[str]:
    return Counter(token for token in _tokens(text) if not token.isspace())


def hunks(was: Spot, now: Spot) -> tuple[Hunk, ...]:
    """The runs of words that differ, in the cells of a row too."""
    return tuple(hunk for pair in zip(was.cells, now.cells, strict=True) for hunk in _hunks(*pair))


def _hunks(was: str, now: str) -> Iterator[Hunk]:
    marked = compared((Run(was),), (Run(now),))
    for at, run in enumerate(marked):
        last = marked[at - 1].mark if at else Mark.KEPT
        if run.mark is Mark.KEPT or (run.mark is Mark.NEW and last is Mark.STRUCK):
            continue
        following = marked[at + 1] if at + 1 < len(marked) else None
        if run.mark is Mark.NEW:
            struck, added = "", run.text
        else:
            struck, added = run.text, following.text if following and following.mark is Mark.NEW else ""
        before, behind = (
            "".join(each.text for each in part if each.mark is not Mark.NEW) for part in (marked[:at], marked[at + 1 :])
        )
        yield Hunk(_tokens(before), struck, added, _tokens(behind))


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(run.text for run in words((Run(text),))) if text else ()
