"""The files of one agreement: the source and what it refers to, read from a folder or from the attachments of a PDF.

Whoever sends a source chooses the paths in it, so they are relative, end in `.msa`, and lead to regular files only;
how many there are, how long they are together and how deep they refer to each other is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from posixpath import basename, dirname, join, normpath

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.resources import resource
from tallystick.source import Source, Span, Unread
from tallystick.syntax.references import LIBRARY, FileReference, file_references
from tallystick.syntax.to_source import without_comments

MAXIMUM_BYTES = 40_000_000
MAXIMUM_FILES = 200
MAXIMUM_DEPTH = 16

_SHIPPED = re.compile(rf"{LIBRARY}/[a-z0-9]+(?:-[a-z0-9]+)*\.msa\Z")

# The text of a file by its name, which is normalized and begins where the name of the first source begins.
Read = Callable[[str], str | Unread]


def load(path: Path, without: Collection[Path] = ()) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """Read a source, every file it refers to, and the amendments and orders beside it, but those left out. A source that
    cannot be read is a diagnostic; of another file `check` says so, at the place that names it.
    """
    name = path.as_posix()
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            return None, (Diagnostic("T0110", None, {"file": name, "limit": f"{MAXIMUM_BYTES:,} bytes"}),)
        raw = path.read_bytes()
    except OSError as error:
        return None, (Diagnostic("T0109", None, {"file": name, "reason": (error.strerror or "unknown").lower()}),)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, (Diagnostic("T0108", None, {"file": name, "byte": f"{error.start:,}"}),)
    source = assembled(Source(name, text.replace("\r\n", "\n")), read_file)
    left_out = [normpath(each.as_posix()) for each in without]
    return amended(source, beside(source), read_file, left_out), ()


def assembled(source: Source, read: Read) -> Source:
    """The source with every file that it refers to, directly or not. What cannot be read says why in its place."""
    return _Assembly(read).with_files(replace(source, name=normpath(source.name)), ())


def amended(source: Source, others: Iterable[str], read: Read, left_out: Collection[str] = ()) -> Source:
    """The source with its amendments and orders: those of the others that name it.

    Of an amendment or order, the agreement in it gets the others, those that were `left_out` excepted.
    """
    if not _amended_by(source):
        return _with_amendments(source, others, read, left_out)
    files = dict(source.files)
    for path in _amended_by(source):
        agreement = files[path]
        if isinstance(agreement, Source):
            beside_it = [name for name in others if name != source.name]
            files[path] = _with_amendments(agreement, beside_it, read, left_out)
    return replace(source, files=files)


def beside(source: Source) -> list[str]:
    """The names of the sources in the folder of an agreement, and in its folders `amendments` and `orders`.

    For an amendment or order, the folder is that of the agreement that it names.
    """
    found: list[str] = []
    for name in [normpath(join(dirname(source.name), path)) for path in _amended_by(source)] or [source.name]:
        for folder in ("", "amendments", "orders"):
            path = Path(dirname(name)) / folder
            found += sorted(normpath(each.as_posix()) for each in path.glob("*.msa"))
    return [name for name in dict.fromkeys(found) if name != source.name]


def _with_amendments(source: Source, others: Iterable[str], read: Read, left_out: Collection[str]) -> Source:
    found: list[str] = []
    aside: list[str] = []
    unread: list[Unread] = []
    for name in others:
        text = "" if name == source.name else read(name)
        if isinstance(text, Unread):
            unread.append(text)
            continue
        amendment = Source(name, text)
        if source.name in {normpath(join(dirname(name), path)) for path in _amended_by(amendment)}:
            (aside if name in left_out else found).append(name)
    if len(found) > MAXIMUM_FILES:
        return replace(source, unread=(too_much(f"{MAXIMUM_FILES} files"),))
    known = {source.name: source.text}
    read_once = _remembering(read, known)
    files = tuple(assembled(Source(name, str(read(name))), read_once) for name in found)
    return replace(source, amendments=files, left_out=tuple(aside), unread=tuple(unread))


def _remembering(read: Read, known: Mapping[str, str]) -> Read:
    return lambda name: known[name] if name in known else read(name)


def _amended_by(source: Source) -> list[str]:
    """The paths of the agreements that a source says it amends, or is an order under."""
    return [reference.path for reference in file_references(source) if reference.word in ("amendment", "order")]


def bare(source: Source) -> Source:
    """The source and every file that belongs to it without comments and drafting notes, which might be meant for one side only."""
    files = {path: bare(file) if isinstance(file, Source) else file for path, file in source.files.items()}
    amendments = tuple(bare(each) for each in source.amendments)
    text = source.text if source.name.startswith(f"{LIBRARY}/") else without_comments(source.text)
    return replace(source, text=text, files=files, amendments=amendments)


def attachments(source: Source) -> dict[str, str]:
    """The text of every file by a name under which they find each other again, wherever they are written to.

    A folder above that of the source has no name of its own here; the folder of the source is then called `agreement`.
    """
    start = dirname(source.name)
    names = {file.name: _relative(file.name, start) for file in source.all}
    above = max(name.split("/").count("..") for name in names.values())
    folder = "agreement"
    while any(folder in name.split("/") for name in names.values()):
        folder += "-"
    base = "/".join([folder] * above)
    return {_carried(name, base): file.text for name, file in zip(names.values(), source.all, strict=True)}


def from_attachments(texts: Mapping[str, str]) -> Source | None:
    """The source again, from what `attachments` gave: the agreement that all belong to, or the one file that no
    other refers to. None where it is unclear.
    """
    whole = wholes(texts)
    agreements = [source for source in whole if not _amended_by(source)]
    roots = agreements or whole
    return roots[0] if len(roots) == 1 else None


def wholes(texts: Mapping[str, str]) -> list[Source]:
    """The sources that all of the texts belong to: an agreement, and each of its amendments and orders, of which
    `attachments` gives the same. Agreements come first.
    """

    def read(name: str) -> str | Unread:
        return texts[name] if name in texts else not_found(name, texts)

    every = [amended(assembled(Source(name, text), read), sorted(texts), read) for name, text in sorted(texts.items())]
    whole = [source for source in every if {file.name for file in source.all} == set(texts)]
    return sorted(whole, key=lambda source: bool(_amended_by(source)))


def read_file(name: str) -> str | Unread:
    """Read a file that another one refers to; a name in the folder `@library` is that of a shipped one."""
    try:
        path = _shipped(name) if name.startswith(f"{LIBRARY}/") else Path(name)
        if not path.exists():
            beside = (join(dirname(name), other.name) for other in sorted(path.parent.glob("*.msa"))[:1000])
            return not_found(name, dict.fromkeys(beside, ""))
        if not path.is_file() or path.resolve().suffix != ".msa":
            return _unreadable(name, "it is not a file of text that ends in .msa")
        if path.stat().st_size > MAXIMUM_BYTES:
            return too_much(f"{MAXIMUM_BYTES:,} bytes")
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        return _unreadable(name, (error.strerror or "unknown").lower())
    except UnicodeDecodeError as error:
        return _unreadable(name, f"it is not text in UTF-8 (byte {error.start:,})")


def not_found(name: str, known: Mapping[str, str]) -> Unread:
    """A file that is not there, with the nearest name among those that are."""
    close = get_close_matches(name, known, 1, 0.6)
    if name.startswith(f"{LIBRARY}/"):
        meant = close or sorted(known)
        listed = ": " + ", ".join(basename(each).removesuffix(".msa") for each in meant) if meant else ""
        asked = basename(name).removesuffix(".msa")
        return Unread("T0120", {"file": asked, "looked": "in the clause library", "help": f"Write one of it{listed}"})
    near = f"; that folder has {basename(close[0])}" if close else ""
    written = f"Write the path from the folder of the file that names it{near}"
    return Unread("T0120", {"file": basename(name), "looked": f"at {name}", "help": written})


def too_much(limit: str) -> Unread:
    """Files beyond a limit."""
    return Unread("T0123", {"limit": limit})


def _unreadable(name: str, reason: str) -> Unread:
    return Unread("T0124", {"file": name, "reason": reason})


def _shipped(name: str) -> Path:
    return resource("contracts", "library") / PurePosixPath(name).relative_to(LIBRARY)


def _relative(name: str, start: str) -> str:
    if name.startswith(f"{LIBRARY}/"):
        return name
    parts, base = name.split("/"), start.split("/") if start else []
    while parts and base and parts[0] == base[0]:
        parts, base = parts[1:], base[1:]
    return "/".join([".."] * len(base) + parts)


def _carried(name: str, base: str) -> str:
    return name if name.startswith(f"{LIBRARY}/") else normpath(join(base, name))


class _Assembly:
    """Reads each file once, however many refer to it."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.known: dict[str, Source] = {}
        self.length = 0

    def with_files(self, source: Source, way: tuple[Span, ...]) -> Source:
        """`way` are the places through which the source was reached from the first one."""
        files: dict[str, Source | Unread] = {}
        for reference in file_references(source):
            if reference.path not in files:
                files[reference.path] = self._file(source, reference, way)
        return replace(source, files=files)

    def _file(self, source: Source, reference: FileReference, way: tuple[Span, ...]) -> Source | Unread:
        path, way = reference.path, (*way, reference.span)
        if not (_SHIPPED.match(path) if reference.shipped else _is_allowed(path)):
            return Unread("T0121", {"path": path.removeprefix(f"{LIBRARY}/")})
        name = path if reference.shipped else normpath(join(dirname(source.name), path))
        circle = _circle(name, way)
        if circle:
            named = " → ".join([*(basename(span.source.name) for span in circle), basename(name)])
            return Unread("T0122", {"circle": named}, circle[:-1])
        if name not in self.known:
            text = too_much(f"{MAXIMUM_FILES} files") if len(self.known) >= MAXIMUM_FILES else self._text(name, way)
            if isinstance(text, Unread):
                return text
            self.known[name] = self.with_files(Source(name, text), way)
        return self.known[name]

    def _text(self, name: str, way: tuple[Span, ...]) -> str | Unread:
        if len(way) > MAXIMUM_DEPTH:
            return too_much(f"{MAXIMUM_DEPTH} files that each refer to the next")
        text = self.read(name)
        if isinstance(text, Unread):
            return text
        self.length += len(text)
        return text if self.length <= MAXIMUM_BYTES else too_much(f"{MAXIMUM_BYTES:,} characters in all")


def _circle(name: str, way: tuple[Span, ...]) -> tuple[Span, ...]:
    """The places that lead from a file to itself; none where it was not come from."""
    for index, span in enumerate(way):
        if span.source.name == name:
            return way[index:]
    return ()


def _is_allowed(path: str) -> bool:
    parts = path.split("/")
    plain = path.isprintable() and not set(path) & set('\\:*?"<>|~')
    return plain and all(part and part[0] != "@" for part in parts) and path.endswith(".msa") and parts[-1] != ".msa"
