"""Sources in which no mistake was found, remembered, so that what has not changed is not examined again.

A source is remembered by a digest of it, of every file that belongs to it, of the program and of what is installed.
"""

from __future__ import annotations

import os
import sys
import zoneinfo
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tallystick.resources import cache_folder, digest_of, resource
from tallystick.source import Source

MOST = 2_000
"""So many are remembered; beyond, the older half is forgotten."""


def is_clean(source: Source) -> bool:
    """Whether this very source was remembered to have no mistakes."""
    place = _place(source)
    return place is not None and place.exists()


def remember_clean(source: Source) -> None:
    """Remembers that the source has no mistakes. A disk that is full is no reason to fail."""
    place = _place(source)
    if place is None:
        return
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, exist_ok=True)
        place.touch()
        _forget(place.parent)


def _place(source: Source) -> Path | None:
    folder = cache_folder()
    if folder is None:
        return None
    about = (sys.version, *_program(), *_installed(), *_timezones())
    return folder / "clean" / digest_of((*(text.encode() for text in about), *source.parts))


def _forget(folder: Path) -> None:
    known = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime)
    if len(known) > MOST:
        for each in known[: len(known) // 2]:
            each.unlink(missing_ok=True)


def _program() -> Iterator[str]:
    """The program's own files as they stand, told apart as Python tells whether byte code is old: by size and time of change."""
    for root in (Path(__file__).parent, resource("grammar"), resource("contracts", "library")):
        for path, about in sorted(_files(os.fspath(root))):
            yield f"{path} {about.st_size} {about.st_mtime_ns}"


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            else:
                yield entry.path, entry.stat()


def _installed() -> Iterator[str]:
    """Every package that is installed, with its version, as the names of its folders say it."""
    for folder in sys.path:
        with suppress(OSError):
            yield from sorted(
                each.name for each in Path(folder).iterdir() if each.suffix in (".dist-info", ".egg-info")
            )


def _timezones() -> Iterator[str]:
    for folder in zoneinfo.TZPATH:
        with suppress(OSError):
            yield f"{folder} {Path(folder).stat().st_mtime_ns}"
