"""A careful reader of lines: slow, but every line that cannot be read becomes a row that says why.

DuckDB reads whole files of clean CSV; this reads the others, and JSON lines (whose numbers keep every digit).
Memory is bounded by the longest line that is accepted.
"""

from __future__ import annotations

import csv
import gzip
import json
from codecs import BOM_UTF8, getincrementaldecoder
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

LINE_LIMIT = 8 * 1024 * 1024
"""Bytes of the longest line (for CSV: row) that is read."""

_EXCERPT = 60
_CHUNK = LINE_LIMIT // 2


@dataclass(frozen=True)
class Fault:
    """A line that cannot be read: why, and how it begins."""

    reason: str
    excerpt: str


def open_bytes(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked where its name ends in `.gz`."""
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def is_clean(path: Path) -> bool:
    """Whether the whole file is UTF-8 without NUL, stray carriage returns and overlong lines."""
    decoder = getincrementaldecoder("utf-8")()
    with open_bytes(path) as stream:
        while chunk := stream.read(_CHUNK):
            if chunk.endswith(b"\r"):
                chunk += stream.read(1)
            overlong = len(chunk) >= _CHUNK and b"\n" not in chunk
            if overlong or b"\x00" in chunk or chunk.count(b"\r") != chunk.count(b"\r\n"):
                return False
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return False
    return True


def lines(path: Path) -> Iterator[str | Fault]:
    """The lines of a file with their line breaks, without a byte order mark."""
    with open_bytes(path) as stream:
        first = True
        while line := stream.readline(LINE_LIMIT + 1):
            yield _decoded(line.removeprefix(BOM_UTF8) if first else line)
            first = False
            while len(line) > LINE_LIMIT and not line.endswith(b"\n"):
                line = stream.readline(LINE_LIMIT + 1)


def _decoded(line: bytes) -> str | Fault:
    excerpt = line[: _EXCERPT * 4].decode("utf-8", "replace")[:_EXCERPT].rstrip("\r\n").replace("\x00", "\ufffd")
    if len(line) > LINE_LIMIT:
        return Fault("line too long", excerpt)
    if b"\x00" in line:
        return Fault("line with a NUL character", excerpt)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return Fault("not UTF-8", excerpt)


class _Feed:
    """Lines for one row of CSV, which may go over several. What was taken can be put back."""

    def __init__(self, source: Iterator[str | Fault]) -> None:
        self._source = source
        self._waiting: deque[str | Fault] = deque()
        self._taken: list[str] = []
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """The next line of the row; the row ends before a fault and when it gets too long."""
        item = self.peek()
        if not isinstance(item, str) or self._size + len(item) > LINE_LIMIT:
            raise StopIteration
        self._taken.append(item)
        self._size += len(item)
        self._waiting.popleft()
        return item

    def peek(self) -> str | Fault | None:
        """The next line, left where it is; None at the end."""
        if not self._waiting and (item := next(self._source, None)) is not None:
            self._waiting.append(item)
        return self._waiting[0] if self._waiting else None

    def drop(self) -> None:
        """Leave out the next line."""
        self._waiting.popleft()

    def begin(self) -> None:
        """A new row begins."""
        self._taken = []
        self._size = 0

    def give_up(self) -> Fault:
        """The row cannot be read: its first line is the fault, the others are read again."""
        self._waiting.extendleft(reversed(self._taken[1:]))
        return Fault("malformed line", self._taken[0].rstrip("\r\n")[:_EXCERPT])


def csv_rows(path: Path, delimiter: str, width: int) -> Iterator[list[str] | Fault]:
    """The rows of a CSV file after its header, each of `width` texts. Empty lines are no rows."""
    csv.field_size_limit(LINE_LIMIT)
    feed = _Feed(lines(path))
    next(feed, None)
    while (item := feed.peek()) is not None:
        if isinstance(item, Fault):
            feed.drop()
            yield item
            continue
        feed.begin()
        try:
            row = next(csv.reader(feed, delimiter=delimiter, strict=True), [])
        except csv.Error:
            yield feed.give_up()
            continue
        if len(row) == width + 1 and row[-1] == "":
            row.pop()
        if len(row) == width:
            yield row
        elif row:
            yield Fault("malformed line", delimiter.join(row)[:_EXCERPT])


def json_rows(path: Path) -> Iterator[dict[str, str] | Fault]:
    """The objects of a JSON lines file as texts by key: numbers as written, null as empty, nested values as JSON."""
    for line in lines(path):
        if isinstance(line, Fault):
            yield line
        elif line.strip():
            yield _json_row(line)


def _json_row(line: str) -> dict[str, str] | Fault:
    try:
        found = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
        if isinstance(found, dict):
            texts = {key: _json_text(value) for key, value in found.items()}
            "".join(texts.values()).encode()
            if not any("\x00" in text for text in texts.values()):
                return texts
    except (ValueError, RecursionError):
        pass
    return Fault("malformed line", line.strip()[:_EXCERPT])


def _json_text(value: object) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case _:
            return json.dumps(value)
