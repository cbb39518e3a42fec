"""The tables of the parser, kept from one run to the next: to make them takes several times as long as to read them.

They are kept as JSON, which holds nothing that could run, under a digest of the grammar and of the versions that made
them, in a folder that is one's own.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import lark

from tallystick.resources import cache_folder, write_whole
from tallystick.syntax.builder import Builder
from tallystick.syntax.inlined import InlinedParser

_MOST = 8
"""So many grammars are kept: other versions may be at work on the same machine."""


def parser_of(grammar: str, builder: Builder, postlex: Any) -> InlinedParser:
    """The parser of a grammar: from tables that are kept, or made and kept."""
    key = sha256(f"{lark.__version__} {sys.version_info[:2]} {InlinedParser.OPTIONS} {grammar}".encode()).hexdigest()
    folder = cache_folder()
    place = folder / f"grammar-{key[:32]}.json" if folder else None
    kept = _read(place) if place else None
    if kept is not None:
        with suppress(Exception):  # whatever is wrong with what is kept, it can be made again
            return InlinedParser.from_tables(kept, builder, postlex)
    made = InlinedParser(grammar, builder, postlex)
    if place:
        with suppress(OSError):
            _write(place, made.tables())
    return made


def _read(place: Path) -> Any:
    try:
        return json.loads(place.read_text(encoding="utf-8"), object_hook=_numbered)
    except (OSError, ValueError, RecursionError):
        return None


def _numbered(item: dict[str, Any]) -> dict[int | str, Any]:
    """Numbers as keys, which JSON holds as texts."""
    return {int(name) if name.isdecimal() else name: value for name, value in item.items()}


def _write(place: Path, tables: Any) -> None:
    write_whole(place, lambda path: Path(path).write_text(json.dumps(tables), encoding="utf-8"))
    kept = sorted(place.parent.glob("grammar-*.json"), key=lambda each: each.stat().st_mtime, reverse=True)
    for other in kept[_MOST:]:
        other.unlink(missing_ok=True)
