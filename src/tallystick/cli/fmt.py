"""`tally fmt`: one canonical layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tallystick.cli.console import fail, out, show_diagnostics
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.compilation import load
from tallystick.syntax.from_source import from_source
from tallystick.syntax.to_source import format_source


def format_files(files: Sequence[Path], *, only_check: bool) -> int:
    """Format each file that parses. Exit code: 0 done, 1 a file would change (`--check`), 2 one could not be read."""
    changed = broken = 0
    for file in files:
        text = _formatted(file)
        if text is None:
            broken += 1
        elif text[0] != text[1]:
            changed += 1
            out.print(f"{'would change' if only_check else 'changed'} {file}")
            if not only_check and not _written(file, text[1]):
                broken += 1
    if broken:
        return COULD_NOT_RUN
    return FOUND if only_check and changed else KEPT


def _formatted(file: Path) -> tuple[str, str] | None:
    """The text of a file before and after; None when it does not parse."""
    source, problems = load(file)
    if source is None:
        show_diagnostics(problems)
        return None
    parsed = from_source(source)
    if not parsed.complete:
        show_diagnostics(parsed.diagnostics)
        return None
    return source.text, format_source(source.text)


def _written(file: Path, text: str) -> bool:
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")
        return False
    return True
