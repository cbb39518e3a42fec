"""The redline as Markdown: the clauses that differ, with what is struck and what is new, for a message or a review."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from tallystick.document.lines import Grid, GridRow, Line, Mark, Piece, Run, Style
from tallystick.document.to_markdown import escaped
from tallystick.redline.redline import HEADING_STYLES, Change, ChangedPlace, Redline, changed_places, is_changed

_TAGS = {Mark.NEW: "ins", Mark.MOVED_HERE: "ins", Mark.STRUCK: "del", Mark.MOVED_AWAY: "del"}


def to_markdown(redline: Redline) -> str:
    """CommonMark with tables, `<ins>` and `<del>`, ending in a line break. Clauses that moved are only named."""
    old, new = redline.old, redline.new
    changed = {place.anchor: place for place in changed_places(redline)}
    earlier = f"version {escaped(old.version)}, effective {old.effective}"
    later = f"version {escaped(new.version)}, effective {new.effective}"
    parts = [
        f"# {escaped(new.title)}: changes",
        f"From {earlier}, to {later}.",
        "\n".join(_named(place) for place in changed.values()) or "Nothing changed.",
        *_changes(redline.pieces, changed),
    ]
    return "\n\n".join(parts) + "\n"


def _named(place: ChangedPlace) -> str:
    return f"- {escaped(_title(place))}: {place.change.value}"


def _title(place: ChangedPlace) -> str:
    return f"{place.number} {place.title}".strip()


def _changes(pieces: Iterable[Piece], changed: dict[str, ChangedPlace]) -> Iterator[str]:
    for anchor, group in groupby(pieces, lambda piece: piece.place):
        place = changed.get(anchor)
        if place is None or place.change is Change.MOVED:
            continue
        differing = [piece for piece in group if is_changed(piece)]
        if not any(isinstance(piece, Line) and piece.style in HEADING_STYLES for piece in differing):
            yield f"## {escaped(_title(place))}"
        yield from (_piece(piece) for piece in differing)


def _piece(piece: Piece) -> str:
    if isinstance(piece, Grid):
        return _grid(piece)
    number = f"{escaped(piece.number)} " if piece.number else ""
    words = _words((Run(number, mark=piece.mark), *piece.runs) if number else piece.runs)
    if piece.style in HEADING_STYLES:
        return f"## {words}"
    return f"- {words}" if piece.style is Style.ITEM else words


def _grid(grid: Grid) -> str:
    """The rows that differ, below the names of the columns."""
    head = grid.rows[0] if grid.rows[0].heading else None
    rows = [row for row in grid.rows if not row.heading and is_changed(Grid("", grid.kind, (row,)))]
    columns = [_words(cell) for cell in head.cells] if head else [""] * len(grid.rows[0].cells)
    return "\n".join([_line(columns), _line("---" for _ in columns), *(_row(row) for row in rows)])


def _row(row: GridRow) -> str:
    return _line(_words(cell).replace("\n", "<br>") for cell in row.cells)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(runs: Iterable[Run]) -> str:
    """Bold and italics around the marks, and not the other way: `**` does not end a word behind a blank."""
    return "".join(
        _printed(strong, emphasis, group)
        for (strong, emphasis), group in groupby(runs, lambda run: (run.strong, run.emphasis))
    )


def _printed(strong: bool, emphasis: bool, runs: Iterable[Run]) -> str:
    marked = groupby(runs, lambda run: _TAGS.get(run.mark))
    words = "".join(
        _tagged(tag, "".join(escaped(run.text.replace("\t", " ")) for run in group)) for tag, group in marked
    )
    around = "**" if strong else "*" if emphasis else ""
    return f"{around}{words}{around}"


def _tagged(tag: str | None, words: str) -> str:
    return f"<{tag}>{words}</{tag}>" if tag else words
