"""What is known about the files of a data set since an earlier evaluation, so that only new files are looked at.

A state folder holds segments: files that were looked at together, and what the look found. A segment holds as long as
each of its files is as it was and none of its rows is later than the instant of the evaluation. Files in no segment are
looked at, and become segments: the one with the newest row by itself, because it may still grow, the others together.
Many segments are made into one. Whoever can write to the folder can change what is found: keep it as the data are kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.resources import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 3
"""Raised when what is kept means something else than before."""
_END = 8
"""Of a Parquet file the last bytes: how long the footer before them is, and a mark."""
_MOST_SEGMENTS = 16
_MOST_TEXTS = 100_000
_SEAL = 32
"""So many bytes has a digest."""

Looked = tuple[str | None, int, int, float | None, float | None, int]
"""A raw text that tells metrics apart, and of its rows: how many before as-of, how many out of order, the least and the
most value, how many are not whole."""


@dataclass(frozen=True)
class Look:
    """What one look at rows found: their number and range by the text that tells metrics apart, the raw texts of each
    dimension, and the newest time (None without rows)."""

    rows: tuple[Looked, ...]
    texts: Mapping[str, pa.Array]
    last: int | None


@dataclass(frozen=True)
class Segment:
    """Files (by path, with their digests) and what the look at them found. `of` names the segments it was made of."""

    name: str
    files: Mapping[str, str]
    look: Look
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settled:
    """The segments of a data set, and the files (with their digests) that belong to none because a row in them is not
    known yet."""

    segments: tuple[Segment, ...]
    open: Mapping[str, str]


def digest(*parts: object) -> str:
    """A short name for what is kept: the digest of all that it depends on."""
    return sha256(json.dumps([VERSION, *parts], sort_keys=True, default=str).encode()).hexdigest()[:24]


def settled(
    folder: Path,
    layout: str,
    paths: Sequence[str],
    as_of: int,
    look: Callable[[Sequence[str]], Look],
    newest: Callable[[Sequence[str]], Mapping[str, int]],
) -> Settled:
    """The segments of the files at an instant; new ones are kept. `layout` names how the files are read, `look` looks
    at some of them, `newest` gives the newest time in each. Raises OSError where the folder cannot be used."""
    folder.mkdir(parents=True, exist_ok=True)
    marks = {path: _mark(Path(path)) for path in paths}
    place = folder / f"segments-{layout}.json"
    standing = [each for each in _read(place) if each.files.items() <= marks.items()]
    known = [each for each in standing if each.look.last is None or each.look.last < as_of]
    fresh = [path for path in paths if not any(path in each.files for each in known)]
    last = newest(fresh) if fresh else {}
    ended = sorted((path for path in fresh if last.get(path, as_of - 1) < as_of), key=lambda path: last.get(path, 0))
    groups = [group for group in (ended[:-1], ended[-1:]) if group]
    new = [_segment({path: marks[path] for path in group}, look(group)) for group in groups]
    found = _few([*known, *new])
    if new and len(known) == len(standing):  # an evaluation of an earlier day forgets nothing
        _write(place, found)
    return Settled(tuple(found), {path: marks[path] for path in fresh if path not in ended})


def _mark(path: Path) -> str:
    """What tells one content of a Parquet file from another: its size, when it was changed, and its footer, which says
    where each column lies and what it holds at least and at most."""
    about = path.stat()
    with path.open("rb") as file:
        file.seek(max(0, about.st_size - _END))
        length = int.from_bytes(file.read(_END)[:4], "little") + _END
        file.seek(max(0, about.st_size - length))
        return sha256(f"{about.st_size} {about.st_mtime_ns} ".encode() + file.read()).hexdigest()


def _segment(files: Mapping[str, str], look: Look, of: Sequence[str] = ()) -> Segment:
    return Segment(digest(sorted(files.items())), files, look, tuple(of))


def _few(segments: list[Segment]) -> list[Segment]:
    """Of too many segments, all but the newest are made into one."""
    if len(segments) <= _MOST_SEGMENTS:
        return segments
    *old, newest = segments
    files = {path: mark for each in old for path, mark in each.files.items()}
    return [_segment(files, joined([each.look for each in old]), [each.name for each in old]), newest]


def joined(looks: Sequence[Look]) -> Look:
    """What a look at all of the rows would have found."""
    import pyarrow as pa

    if len(looks) == 1:
        return looks[0]
    rows: dict[str | None, Looked] = {}
    for each in (row for look in looks for row in look.rows):
        raw, count, wrong, least, most, broken = each
        before = rows.get(raw, (raw, 0, 0, None, None, 0))
        lowest = min((value for value in (least, before[3]) if value is not None), default=None)
        highest = max((value for value in (most, before[4]) if value is not None), default=None)
        rows[raw] = (raw, count + before[1], wrong + before[2], lowest, highest, broken + before[5])
    texts = {
        name: pa.chunked_array([look.texts[name] for look in looks], pa.string()).combine_chunks().unique()
        for name in (looks[0].texts if looks else ())
    }
    lasts = [look.last for look in looks if look.last is not None]
    return Look(tuple(rows.values()), texts, max(lasts, default=None))


# --- the folder ------------------------------------------------------------------------------------------------


def _read(place: Path) -> list[Segment]:
    """The segments that are kept; none where the file is missing or damaged."""
    import pyarrow as pa

    try:
        kept = json.loads(read_sealed(place))
        return [
            Segment(
                each["name"],
                each["files"],
                Look(
                    tuple((row[0], row[1], row[2], row[3], row[4], row[5]) for row in each["rows"]),
                    {name: pa.array(texts, pa.string()) for name, texts in each["texts"].items()},
                    each["last"],
                ),
                tuple(each["of"]),
            )
            for each in kept
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return []


def _write(place: Path, segments: Sequence[Segment]) -> None:
    kept = [
        {
            "name": each.name,
            "files": dict(each.files),
            "of": each.of,
            "rows": each.look.rows,
            "texts": {name: texts.to_pylist() for name, texts in each.look.texts.items()},
            "last": each.look.last,
        }
        for each in segments
        if all(len(texts) <= _MOST_TEXTS for texts in each.look.texts.values())
    ]
    write_sealed(place, json.dumps(kept).encode())


def write_sealed(place: Path, content: bytes) -> None:
    """Writes a file with its digest at the end."""
    write_whole(place, lambda path: Path(path).write_bytes(content + sha256(content).digest()))


def read_sealed(place: Path) -> bytes:
    """The content of such a file. Raises OSError where it is missing, ValueError where it is damaged."""
    raw = place.read_bytes()
    content, seal = raw[:-_SEAL], raw[-_SEAL:]
    if sha256(content).digest() != seal:
        raise ValueError(f"{place} is damaged")
    return content
