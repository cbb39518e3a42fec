"""From a Word file that came back to the changes of the source that it stands for.

A sentence of the paper is written by its rule and cannot be patched word by word. So every change that might stand
behind changed words is tried: the source is compiled with it, and it is proposed when the paper then reads as the other
side wrote. What no change explains is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tallystick.compilation import Compiled, compile_source
from tallystick.document.lines import Line, lines
from tallystick.proposals.differences import (
    Difference,
    Hunk,
    Spot,
    differences,
    hunks,
    spots,
    spots_of_file,
)
from tallystick.proposals.edits import Names, insertions, regions_of, removals, replacements, whole
from tallystick.proposals.meaning import meaning
from tallystick.proposals.proposal import Edit, Import, Proposal, Unmapped
from tallystick.proposals.word_file import WordFile, WordLine
from tallystick.redline.redline import HEADING_STYLES
from tallystick.source import Source
from tallystick.sources import assembled, not_found
from tallystick.syntax.references import LIBRARY

Told = Callable[[str, int, int], None]

# How many changes are tried for one difference. The right one is nearly always among the first few.
_TRIED = 24

_NOTHING = "no change of the source that was tried makes the paper read so"
_BACK = "left as it was, although another change makes it read otherwise"


def from_word_file(compiled: Compiled, file: WordFile, told: Told | None = None) -> Import:
    """Every difference between the file and the agreement that it was made from."""
    return _Importing(compiled, file, told).result()


@dataclass(frozen=True)
class _State:
    """The sources with every proposal so far, compiled."""

    texts: dict[str, str]
    compiled: Compiled
    spots: tuple[Spot, ...]

    @staticmethod
    def of(compiled: Compiled) -> _State:
        texts = {file.name: file.text for file in compiled.source.all}
        return _State(texts, compiled, tuple(spots(lines(compiled.document, ""))))

    def edited(self, edit: Edit, *, draft: bool) -> _State | None:
        """With one more change; None when it does not compile. Shipped libraries are not ours to change."""
        if edit.file.startswith(f"{LIBRARY}/"):
            return None
        text = self.texts[edit.file]
        texts = self.texts | {edit.file: text[: edit.start] + edit.text + text[edit.end :]}
        root = self.compiled.source.name
        source = assembled(
            Source(root, texts[root]), lambda name: texts[name] if name in texts else not_found(name, texts)
        )
        compiled, _ = compile_source(source, draft=draft, manner=self.compiled.manner)
        return None if compiled is None else _State(texts, compiled, tuple(spots(lines(compiled.document, ""))))


class _Importing:
    def __init__(self, compiled: Compiled, file: WordFile, told: Told | None) -> None:
        self.first = _State.of(compiled)
        self.state = self.first
        self.file = file
        self.told = told
        self.theirs = spots_of_file(file, lines(compiled.document, compiled.tally))
        self.proposals: list[Proposal] = []
        self.unmapped: list[Unmapped] = []
        self.failed: list[tuple[Difference, Hunk | None, Unmapped]] = []
        self.refused: list[Unmapped] = []
        self.edited: list[Edit] = []
        self.headings = _headings(compiled)
        self.tried: set[object] = set()
        self.original: dict[Spot, set[str]] = {}
        self.put_in: set[Spot | None] = set()
        self.struck: set[Spot | None] = set()

    def result(self) -> Import:
        asked = differences(self.first.spots, self.theirs)
        for difference in asked:
            if difference.was and difference.now:
                wanted = self.original.setdefault(difference.now, set())
                wanted |= {hunk.added for hunk in hunks(difference.was, difference.now)}
        self.put_in = {difference.now for difference in asked if difference.was is None}
        self.struck = {difference.was for difference in asked if difference.now is None}
        self.struck_clauses()
        while (todo := self.next()) is not None:
            if self.told:
                self.told("trying changes of the source", len(self.tried), len(self.tried) + 1)
            self.take(*todo)
        self.unmapped = [*self.still_there(), *self.beside()]
        files = tuple(self.first.compiled.source.all)
        return Import(tuple(self.proposals), tuple(self.unmapped), self.file.authors, files, self.state.texts)

    # which difference is next

    def next(self) -> tuple[Difference, Hunk | None] | None:
        for difference in differences(self.state.spots, self.theirs):
            for hunk in self.asked(difference):
                key = _key(difference, hunk)
                if key not in self.tried:
                    self.tried.add(key)
                    return difference, hunk
        return None

    def asked(self, difference: Difference) -> Iterator[Hunk | None]:
        """What of a difference the other side wrote; the rest follows from changes that were taken already."""
        if difference.was and difference.now:
            wanted = self.original.get(difference.now, set())
            yield from (hunk for hunk in hunks(difference.was, difference.now) if hunk.added in wanted)
        elif difference.now in self.put_in or difference.was in self.struck:
            yield None

    def take(self, difference: Difference, hunk: Hunk | None) -> None:
        was = hunk.struck if hunk else difference.was.text if difference.was else ""
        now = hunk.added if hunk else difference.now.text if difference.now else ""
        for edit in islice(self.edits(difference, hunk), _TRIED):
            state = self.state.edited(edit, draft=self.file.draft)
            if state is not None and self.explains(state, difference, hunk):
                self.accept(difference.place, was, now, edit, state)
                return
        number, title = self.headings.get(difference.place, ("", ""))
        self.failed.append((difference, hunk, Unmapped(difference.place, number, title, was, now, _NOTHING)))

    def still_there(self) -> Iterator[Unmapped]:
        """What was not found by itself, and did not follow from what was found later."""
        left = differences(self.state.spots, self.theirs)
        pairs = [(each.was, each.now) for each in left]
        words = {(now, hunk.added) for was, now in pairs if was and now for hunk in hunks(was, now)}
        for difference, hunk, unmapped in self.failed:
            known = (difference.now, hunk.added) in words if hunk else (difference.was, difference.now) in pairs
            if known:
                yield unmapped
        yield from self.refused

    def edits(self, difference: Difference, hunk: Hunk | None) -> Iterator[Edit]:
        agreement, source = self.state.compiled.agreement, self.state.compiled.source
        spot = difference.was or difference.after
        regions = regions_of(agreement, difference.place, spot.anchors if spot else (), source)
        if hunk is not None:
            yield from replacements(hunk, regions, Names.of(agreement))
        elif difference.now is None and difference.was is not None:
            yield from removals(difference.was.text, regions[:1])
        elif difference.now is not None and not difference.now.row:
            after = difference.after.text if difference.after else ""
            yield from insertions(difference.now.text, after, regions[0])

    def explains(self, state: _State, difference: Difference, hunk: Hunk | None) -> bool:
        """Whether the paper now reads as they wrote, at this place."""
        if hunk is None:
            return _distance(state.spots, self.theirs) < _distance(self.state.spots, self.theirs)
        assert difference.was is not None
        made = {each.was: each.now for each in differences(self.state.spots, state.spots)}
        now = made.get(difference.was)
        return now is not None and len(now.cells) == len(difference.was.cells) and hunk in hunks(difference.was, now)

    def accept(self, place: str, was: str, now: str, edit: Edit, state: _State) -> None:
        number, title = self.headings.get(place, ("", ""))
        changed = differences(self.state.spots, state.spots)
        elsewhere = dict.fromkeys(_named(self.headings.get(each.place)) for each in changed if each.place != place)
        self.proposals.append(
            Proposal(
                place, number, title, was, now, edit.file, self.line(edit),
                tuple(dict.fromkeys(meaning(self.state.compiled, state.compiled))), tuple(name for name in elsewhere if name),
            )
        )  # fmt: skip
        self.state = state
        self.edited.append(edit)

    def line(self, edit: Edit) -> int:
        """The line in the source as it was given, before the other changes."""
        at = edit.start
        for other in reversed(self.edited):
            if other.file == edit.file and at > other.start:
                at = max(at - len(other.text) + other.end - other.start, other.start)
        return self.first.texts[edit.file].count("\n", 0, at) + 1

    # whole clauses

    def struck_clauses(self) -> None:
        """A clause all of whose lines were struck is taken out as a whole."""
        for clause in list(self.first.compiled.agreement.clauses):
            place = f"clause-{clause.id}"
            own = [spot for spot in self.first.spots if spot.place == place]
            if not own or not all(spot in self.struck for spot in own):
                continue
            current = next((each for each in self.state.compiled.agreement.clauses if each.id == clause.id), None)
            if current is None:
                continue
            edit = whole(current.span)
            state = self.state.edited(edit, draft=self.file.draft)
            text = "\n".join(spot.text for spot in own)
            for spot in own:
                self.tried.add(_key(Difference(spot, None, None), None))
            if state is not None:
                self.accept(place, text, "", edit, state)
            else:
                reason = "without this clause the agreement does not compile; something else refers to it"
                self.refused.append(Unmapped(place, clause.number, clause.title, text, "", reason))

    # what is no text

    def beside(self) -> Iterator[Unmapped]:
        for difference in differences(self.state.spots, self.theirs):
            left = list(hunks(difference.was, difference.now)) if difference.was and difference.now else []
            for hunk in left:
                if difference.now in self.original and hunk.added not in self.original[difference.now]:
                    number, title = self.headings.get(difference.place, ("", ""))
                    yield Unmapped(difference.place, number, title, hunk.struck, hunk.added, _BACK)
        for comment in self.file.comments:
            yield Unmapped("", "", "", "", comment.text, f"a comment by {comment.author or 'an unnamed author'}")
        for piece in self.file.pieces:
            if isinstance(piece, WordLine):
                for what in piece.unread:
                    yield Unmapped("", "", "", piece.text, "", f"{what} in this paragraph, which is not read")


def _key(difference: Difference, hunk: Hunk | None) -> object:
    if hunk is not None and difference.now is not None:
        return difference.place, difference.now, hunk.struck, hunk.added
    return difference.place, difference.was, difference.now


def _distance(mine: Sequence[Spot], theirs: Sequence[Spot]) -> int:
    """How many words differ."""
    found = 0
    for difference in differences(mine, theirs):
        if difference.was and difference.now:
            found += sum(len((hunk.struck + hunk.added).split()) for hunk in hunks(difference.was, difference.now))
        else:
            found += sum(len(spot.text.split()) for spot in (difference.was, difference.now) if spot)
    return found


def _headings(compiled: Compiled) -> dict[str, tuple[str, str]]:
    """Number and title of each clause and section."""
    return {
        piece.place: (piece.number, piece.text)
        for piece in reversed(lines(compiled.document, ""))
        if isinstance(piece, Line) and piece.style in HEADING_STYLES
    } | {"cover": ("", "Cover")}


def _named(heading: tuple[str, str] | None) -> str:
    return " ".join(part for part in heading if part) if heading else ""
