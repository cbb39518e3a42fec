"""Which files data was read from, and the digest of each, so that the same data can be shown to be the same."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from tallystick.facts.binding import Bindings
from tallystick.rules.measure import SeriesKind


@dataclass(frozen=True)
class FileDigest:
    """A file that a source was read from: its name in the folder of data, and its SHA-256 in hexadecimal."""

    source: str
    file: str
    sha256: str


def digests(bindings: Bindings, of: Collection[tuple[SeriesKind, str]]) -> tuple[FileDigest, ...]:
    """The files of these sources, in the order of the bindings. Raises OSError for a file that is gone."""
    found = []
    for table in bindings.tables:
        for file in table.files if (table.kind, table.name) in of else ():
            with file.path.open("rb") as opened:
                found.append(FileDigest(table.name, file.name, hashlib.file_digest(opened, "sha256").hexdigest()))
    return tuple(dict.fromkeys(found))
