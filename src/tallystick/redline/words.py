"""The words of two versions of a line as one, each word marked as kept, struck or new."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from tallystick.document.lines import Mark, Run

# A number is one word with all that belongs to it: `92.0%`, `40,000`, `2027-01-01`, `15:30`, `95th`.
_WORD = re.compile(r"\d+(?:[.,:/-]\d+)*(?:%|[A-Za-z]+)?|\w+(?:['’-]\w+)*|\s+|.", re.DOTALL)


def compared(old: Sequence[Run], new: Sequence[Run]) -> tuple[Run, ...]:
    """The words of both in one row. What is struck stands before what is new in its place."""
    before, after = words(old), words(new)
    marked: list[Run] = []
    for struck, added, kept in _hunks(before, after):
        marked += [replace(word, mark=Mark.STRUCK) for word in struck]
        marked += [replace(word, mark=Mark.NEW) for word in added]
        marked += kept
    return joined(marked)


def words(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Each word as a run of its own; a reference is one word."""
    return tuple(
        replace(run, text=text)
        for run in joined(runs)
        for text in ([run.text] if run.anchor else _WORD.findall(run.text))
    )


def joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same words in as few runs as they need."""
    found: list[Run] = []
    for run in runs:
        if found and run.anchor is None and replace(found[-1], text=run.text) == run:
            found[-1] = replace(run, text=found[-1].text + run.text)
        else:
            found.append(run)
    return tuple(found)


Hunk = tuple[Sequence[Run], Sequence[Run], Sequence[Run]]


def _hunks(old: Sequence[Run], new: Sequence[Run]) -> Iterator[Hunk]:
    """What is struck, what is new in its place, and what is kept behind it, again and again.

    A lone blank between two changes belongs to them: `24 hours` becomes `3 days` as a whole.
    """
    struck: list[Run] = []
    added: list[Run] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal" and not (
            (struck or added) and end < len(old) and new_end < len(new) and _is_blank(old[start:end])
        ):
            yield struck, added, old[start:end]
            struck, added = [], []
        else:
            struck += old[start:end]
            added += new[new_start:new_end]
    yield struck, added, ()


def _is_blank(runs: Sequence[Run]) -> bool:
    return all(run.text.isspace() for run in runs)
