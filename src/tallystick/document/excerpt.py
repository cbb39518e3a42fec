"""A schedule of the agreement by itself: the metric schedule for who measures, the playbook for who acts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from tallystick.document.document import Cover, Document, Kind, Letterhead, Row, Section, Table, text_of
from tallystick.prose.sentence import Link

_BASIS = (
    "This is an excerpt, printed from the same source as the Agreement, which decides. One digest, the tally, covers the "
    "text of the whole Agreement and the rules that a machine checks it by."
)


def schedules_of(document: Document) -> dict[str, Section]:
    """The schedules of an agreement by the short names that their anchors end in, such as `metrics` or `playbook`."""
    found = (section for section in document.sections if section.kind is Kind.SCHEDULE)
    return {section.anchor.rpartition("schedule-")[2]: section for section in found}


def excerpt(document: Document, section: Section) -> Document:
    """A document with that section alone. References to what is not in it are words without a link."""
    assert isinstance(document.cover, Cover), "an excerpt is of an agreement"
    parties = "; ".join(f"{text_of(party.cells[0])} (“{text_of(party.cells[2])}”)" for party in document.cover.parties)
    letterhead = Letterhead(
        label=f"{'Draft of an excerpt' if document.draft else 'Excerpt'} from the agreement",
        dated=document.edition,
        by=document.authors,
        facts=Table((), (Row((("Between",), (parties,))),)),
        basis=_BASIS,
    )
    alone = _unlinked(section, frozenset(_anchors(section)))
    return replace(document, cover=letterhead, sections=(alone,))


def _anchors(value: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for item in value:
            yield from _anchors(item)
    elif is_dataclass(value) and not isinstance(value, Link):
        own = getattr(value, "anchor", None)
        if own:
            yield own
        for each in fields(value):
            yield from _anchors(getattr(value, each.name))


def _unlinked(value: Any, kept: frozenset[str]) -> Any:
    if isinstance(value, Link):
        return value if value.anchor in kept else value.text
    if isinstance(value, tuple):
        return tuple(_unlinked(item, kept) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _unlinked(getattr(value, each.name), kept) for each in fields(value)})
    return value
