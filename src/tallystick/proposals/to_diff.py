"""Proposed changes of the source as a unified diff, for `patch -p1` in the folder of the source."""

from __future__ import annotations

from difflib import unified_diff
from posixpath import dirname, relpath

from tallystick.proposals.proposal import Import


def to_diff(imported: Import) -> str:
    """Every file that changes, named from the folder of the first source; empty where none does."""
    folder = dirname(imported.sources[0].name) or "."
    return "".join(
        _diff(relpath(source.name, folder), source.text, imported.changed[source.name]) for source in imported.sources
    )


def _diff(name: str, old: str, new: str) -> str:
    lines = unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{name}", f"b/{name}")
    ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join(ended)
