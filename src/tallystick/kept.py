"""What earlier builds made, kept so that an agreement that has not changed is not laid out again.

An entry is found by a digest of all that a build depends on: every source, the house style, what was asked for, the program
itself, and the libraries that it prints with. It is used only when it was kept whole, in a folder that nobody else can write to.
"""

from __future__ import annotations

import ctypes
import json
import platform
import re
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, requires, version
from io import BytesIO
from itertools import chain
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import pikepdf

from tallystick.resources import cache_folder, digest_of, resource, write_whole
from tallystick.source import Source

MAXIMUM_ENTRIES = 50
_SAID = "said.json"


@dataclass(frozen=True)
class Kept:
    """What a build wrote, by the names of the files, and what it said: `warned` on standard error, `said` on standard output."""

    files: Mapping[str, bytes]
    warned: str
    said: tuple[str, ...]


def key_of(source: Source, asked: Sequence[str], style: Mapping[str, bytes]) -> str | None:
    """The digest of all that a build depends on; None where that cannot be known. `asked` are the options."""
    libraries = _libraries()
    if libraries is None:
        return None
    texts = (_program(), *libraries, *asked)
    styled = chain.from_iterable((name.encode(), content) for name, content in sorted(style.items()))
    return digest_of((*(text.encode() for text in texts), *source.parts, *styled))


# --- the folder ------------------------------------------------------------------------------------------------


def find(key: str | None) -> Kept | None:
    """What was kept under a key; None where nothing was, or not all of it."""
    place = cache_folder()
    if place is None or key is None:
        return None
    try:
        with ZipFile(place / f"{key}.zip") as archive:  # each part has its checksum
            said = json.loads(archive.read(_SAID))
            files = {name: archive.read(name) for name in archive.namelist() if name != _SAID}
            return Kept(files, str(said["warned"]), tuple(said["said"]))
    except (OSError, BadZipFile, ValueError, KeyError):
        return None


def keep(key: str | None, kept: Kept) -> None:
    """Keep a build, and forget the oldest. A disk that is full is no reason to fail."""
    place = cache_folder()
    if place is None or key is None or not _prints_alike(kept.files):
        return
    with suppress(OSError):
        write_whole(place / f"{key}.zip", lambda path: _pack(path, kept))
        _forget(place)


def _pack(path: str, kept: Kept) -> None:
    with ZipFile(path, "w") as archive:
        for name, content in kept.files.items():
            archive.writestr(name, content)
        archive.writestr(_SAID, json.dumps({"warned": kept.warned, "said": kept.said}))


def _forget(place: Path) -> None:
    entries = sorted(place.glob("*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in entries[MAXIMUM_ENTRIES:]:
        path.unlink(missing_ok=True)


# --- what a build depends on -----------------------------------------------------------------------------------


@cache
def _program() -> str:
    """A digest of the program's own files: a version alone would not know a checkout that was changed."""
    digest = sha256()
    roots = [Path(__file__).parent, resource("grammar"), resource("templates"), resource("contracts", "library")]
    for root in roots:
        for path in sorted(each for each in root.rglob("*") if each.is_file() and each.suffix != ".pyc"):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def _libraries() -> tuple[str, ...] | None:
    """Interpreter, packages and libraries of the system, with versions; None where a library does not say which it is."""
    native = (*_native("pango", "pango_version_string"), *_native("harfbuzz", "hb_version_string"))
    if len(native) < 2:
        return None
    packages = sorted({name for root in ("tallystick", "weasyprint", "pikepdf") for name in _needed(root)})
    versions = (f"{name} {_version(name)}" for name in packages)
    bundled = (f"qpdf {pikepdf.__libqpdf_version__}", f"zlib {zlib.ZLIB_RUNTIME_VERSION}")
    return (sys.version, platform.platform(), *versions, *bundled, *native)


def _needed(package: str) -> Iterator[str]:
    yield package
    with suppress(PackageNotFoundError):
        for line in requires(package) or ():
            name = re.match(r"[A-Za-z0-9._-]+", line)
            if name and "extra ==" not in line:
                yield name[0]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


_FILES = {
    "pango": ("libpango-1.0.so.0", "libpango-1.0.0.dylib", "libpango-1.0-0.dll"),
    "harfbuzz": ("libharfbuzz.so.0", "libharfbuzz.0.dylib", "libharfbuzz-0.dll"),
}


def _native(name: str, function: str) -> Iterator[str]:
    for file in _FILES[name]:
        with suppress(OSError, AttributeError):
            ask = getattr(ctypes.CDLL(file), function)
            ask.restype = ctypes.c_char_p
            yield f"{name} {ask().decode()}"
            return


def _prints_alike(files: Mapping[str, bytes]) -> bool:
    """Whether the PDF uses fonts of the house style only: those of the system may be others tomorrow."""
    return all(_fonts(content) <= _SHIPPED for name, content in files.items() if name.endswith(".pdf"))


_SHIPPED = frozenset({"Source Serif 4", "Source Sans 3"})


def _fonts(pdf: bytes) -> set[str]:
    """The families of the fonts in a PDF."""
    with pikepdf.open(BytesIO(pdf)) as file:
        return {str(each.get("/FontFamily")) for each in file.objects if _is_font(each)}


def _is_font(item: pikepdf.Object) -> bool:
    return isinstance(item, pikepdf.Dictionary) and "/FontName" in item
