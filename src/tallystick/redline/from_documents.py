"""From two documents to the redline between them: clause by clause, within a clause line by line, within a line word by
word.

A clause is known by its id, so that one which moved or got another number is compared with itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import TypeVar

from tallystick.document.document import Document
from tallystick.document.lines import Grid, GridRow, Line, Mark, Piece, Run, Style, lines
from tallystick.redline.redline import Redline
from tallystick.redline.words import compared, words

Item = TypeVar("Item")


def from_documents(old: Document, old_tally: str, new: Document, new_tally: str) -> Redline:
    """The redline from `old` to `new`; the tallies are in hexadecimal."""
    pieces = tuple(_places(lines(old, old_tally), lines(new, new_tally)))
    return Redline(old, new, new_tally, pieces)


# --- clauses and sections ------------------------------------------------------------------------------------

Key = tuple[str, int]


def _places(old: Sequence[Piece], new: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces of both, those of the old version before those of the new one wherever they differ."""
    before, after = _by_place(old), _by_place(new)
    fixed = _in_order([key for key in before if key in after], list(after))
    gone, come = list(before), list(after)
    for key in [*fixed, None]:
        struck, gone = _until(gone, key)
        added, come = _until(come, key)
        for each in struck:
            yield from _all(before[each], Mark.MOVED_AWAY if _moved(before, after, each) else Mark.STRUCK)
        for each in added:
            yield from _all(after[each], Mark.MOVED_HERE if _moved(before, after, each) else Mark.NEW)
        if key is not None:
            yield from _pieces(before[key], after[key])


def _by_place(pieces: Sequence[Piece]) -> dict[Key, tuple[Piece, ...]]:
    """The pieces of each place. Where other places lie between them, the number tells them apart."""
    found: dict[Key, tuple[Piece, ...]] = {}
    seen: Counter[str] = Counter()
    for place, group in groupby(pieces, lambda piece: piece.place):
        found[place, seen[place]] = tuple(group)
        seen[place] += 1
    return found


def _until(keys: list[Key], key: Key | None) -> tuple[list[Key], list[Key]]:
    """The keys before this one, and those behind it."""
    if key is None:
        return keys, []
    at = keys.index(key)
    return keys[:at], keys[at + 1 :]


def _in_order(common: Sequence[Key], order: Sequence[Key]) -> list[Key]:
    """As many of the common keys as stand in both versions in the same order: the longest rising row of their places."""
    places = {key: at for at, key in enumerate(order)}
    ends: list[int] = []
    rows: list[tuple[Key, ...]] = []
    for key in common:
        length = bisect_left(ends, places[key])
        ends[length : length + 1] = [places[key]]
        rows[length : length + 1] = [((*rows[length - 1], key) if length else (key,))]
    return list(rows[-1]) if rows else []


def _moved(before: dict[Key, tuple[Piece, ...]], after: dict[Key, tuple[Piece, ...]], key: Key) -> bool:
    """Whether a place stands elsewhere with the same words. One that changed as well is struck here and new there."""
    old, new = before.get(key), after.get(key)
    return old is not None and new is not None and _said(old) == _said(new)


def _said(pieces: Sequence[Piece]) -> list[object]:
    """The words without the numbers. A table is like nothing else: Word cannot track that it moved."""
    return [(piece.style, piece.runs) if isinstance(piece, Line) else object() for piece in pieces]


def _all(pieces: Iterable[Piece], mark: Mark) -> Iterator[Piece]:
    for piece in pieces:
        yield _marked(piece, mark)


def _marked(piece: Piece, mark: Mark) -> Piece:
    if isinstance(piece, Grid):
        return replace(piece, rows=tuple(_marked_row(row, mark) for row in piece.rows))
    old = mark in (Mark.STRUCK, Mark.MOVED_AWAY)
    numbering = f"was {piece.numbering}" if old and " " in piece.numbering else piece.numbering
    runs = tuple(replace(run, mark=mark) for run in piece.runs)
    return replace(piece, mark=mark, runs=runs, numbering=numbering)


def _marked_row(row: GridRow, mark: Mark) -> GridRow:
    cells = tuple(tuple(replace(run, mark=mark) for run in cell) for cell in row.cells)
    return replace(row, mark=mark, cells=cells)


# --- lines and tables of one place ---------------------------------------------------------------------------


def _pieces(old: Sequence[Piece], new: Sequence[Piece]) -> Iterator[Piece]:
    lists: dict[str, str] = {}
    pairs = aligned(old, new, _likeness)
    for was, now in _one_list_to_one(pairs, lists):
        if was is None and now is not None:
            yield _marked(now, Mark.NEW)
        elif now is None and was is not None:
            yield _struck(was, lists)
        elif isinstance(was, Line) and isinstance(now, Line):
            yield replace(now, runs=compared(was.runs, now.runs))
        elif isinstance(was, Grid) and isinstance(now, Grid):
            yield replace(now, rows=tuple(_rows(was.rows, now.rows)))


def _struck(piece: Piece, lists: Mapping[str, str]) -> Piece:
    """An item that is struck counts in the list that the others are in."""
    struck = _marked(piece, Mark.STRUCK)
    if isinstance(struck, Line) and isinstance(piece, Line) and piece.numbering in lists:
        return replace(struck, numbering=lists[piece.numbering])
    return struck


Pair = tuple[Piece | None, Piece | None]


def _one_list_to_one(pairs: Iterable[Pair], lists: dict[str, str]) -> list[Pair]:
    """The pairs, without those that would join two lists or part one: their numbers could not be right in both
    versions. In `lists` stands what each list of the old version is called in the new one.
    """
    found: list[Pair] = []
    for was, now in pairs:
        if isinstance(was, Line) and isinstance(now, Line) and " " in was.numbering:
            known = lists.get(was.numbering)
            if known != now.numbering and (known is not None or now.numbering in lists.values()):
                found += [(was, None), (None, now)]
                continue
            lists[was.numbering] = now.numbering
        found.append((was, now))
    return found


def _rows(old: Sequence[GridRow], new: Sequence[GridRow]) -> Iterator[GridRow]:
    for was, now in aligned(old, new, _row_likeness):
        if now is None and was is not None:
            yield _marked_row(was, Mark.STRUCK)
        elif was is None and now is not None:
            yield _marked_row(now, Mark.NEW)
        elif was is not None and now is not None:
            cells = tuple(compared(*pair) for pair in zip(was.cells, now.cells, strict=True))
            yield replace(now, cells=cells)


# --- what belongs together -----------------------------------------------------------------------------------

Likeness = Callable[[Item, Item], float]
"""How much the one is like the other: 0 where they cannot be the same, more where they are rather."""


def aligned(
    old: Sequence[Item], new: Sequence[Item], likeness: Likeness[Item]
) -> Iterator[tuple[Item | None, Item | None]]:
    """Both in one row, what is alike in pairs and in order, so that the likeness of all pairs together is the most that
    can be (Needleman and Wunsch, 1970). What has no pair stands alone, of the old version first.
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        yield old[start], new[start]
        start += 1
    before, after = old[start:], new[start:]
    like = [[likeness(was, now) for now in after] for was in before]
    best = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i in reversed(range(len(before))):
        for j in reversed(range(len(after))):
            paired = like[i][j] + best[i + 1][j + 1] if like[i][j] else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < len(before) and j < len(after):
        if like[i][j] and best[i][j] == like[i][j] + best[i + 1][j + 1]:
            yield before[i], after[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            yield before[i], None
            i += 1
        else:
            yield None, after[j]
            j += 1
    yield from ((was, None) for was in before[i:])
    yield from ((None, now) for now in after[j:])


# Of these there is one in a place, or one follows the other in a fixed order: they are themselves whatever they say.
_FIXED = (Style.KIND, Style.TITLE, Style.EDITION, Style.BETWEEN, Style.LABEL, Style.SECTION, Style.SCHEDULE,
          Style.HEADING, Style.NOTE_LABEL, Style.COLOPHON, Style.SIGNATURE_CALLED)  # fmt: skip
_ALIKE = 0.4


def _likeness(old: Piece, new: Piece) -> float:
    if isinstance(old, Grid) and isinstance(new, Grid):
        same = old.kind is new.kind and _columns(old) == _columns(new)
        return 0.5 + alike(_grid_words(old), _grid_words(new)) if same else 0.0
    if not isinstance(old, Line) or not isinstance(new, Line) or _frame(old) != _frame(new):
        return 0.0
    if _identity(old) != _identity(new):
        return 0.0
    share = alike(_texts(old), _texts(new))
    if _identity(old) is not None or old.style in _FIXED:
        return 2 + share
    return share if share >= _ALIKE else 0.0


def _frame(line: Line) -> tuple[object, ...]:
    """What tracked changes cannot express within one paragraph."""
    number = "" if line.numbering else line.number
    kind = line.numbering.split(" ")[-2:]
    return line.style, line.level, kind, number


def _identity(line: Line) -> str | None:
    if line.style is Style.ENTRY:
        return next((run.anchor for run in line.runs if run.anchor), None)
    return line.anchor


def _texts(line: Line) -> Counter[str]:
    return _bag(line.runs)


@lru_cache(maxsize=4096)
def _bag(runs: tuple[Run, ...]) -> Counter[str]:
    """The words without their order. Each line is compared with many others."""
    return Counter(run.text for run in words(runs) if not run.text.isspace())


def _columns(grid: Grid) -> tuple[bool, int]:
    return grid.rows[0].heading, len(grid.rows[0].cells)


def _grid_words(grid: Grid) -> Counter[str]:
    return sum((_row_words(row) for row in grid.rows), Counter())


def _row_words(row: GridRow) -> Counter[str]:
    return sum((_bag(cell) for cell in row.cells), Counter())


def _row_likeness(old: GridRow, new: GridRow) -> float:
    if old.heading != new.heading or len(old.cells) != len(new.cells) or old.anchor != new.anchor:
        return 0.0
    if old.heading or old.anchor:
        return 2.0
    named = [run.text for run in old.cells[0]] == [run.text for run in new.cells[0]]
    share = alike(_row_words(old), _row_words(new))
    return share + named if named or share >= _ALIKE else 0.0


def alike(old: Counter[str], new: Counter[str]) -> float:
    """The share of the words of both that they have in common, from 0 to 1."""
    total = old.total() + new.total()
    return 2 * (old & new).total() / total if total else 1.0
