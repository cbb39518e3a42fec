"""Anchors and links of a document, for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from tallystick.prose.sentence import Link


def anchors(part: object) -> Iterator[str]:
    """Every anchor that something in the document stands under."""
    for each in _records(part):
        place = getattr(each, "anchor", None)
        if place is not None and not isinstance(each, Link):
            yield place


def links(part: object) -> Iterator[str]:
    """Every anchor that a link of the document leads to."""
    return (each.anchor for each in _records(part) if isinstance(each, Link))


def _records(part: object) -> Iterator[object]:
    if isinstance(part, tuple):
        for item in part:
            yield from _records(item)
    elif is_dataclass(part):
        yield part
        for each in fields(part):
            yield from _records(getattr(part, each.name))
