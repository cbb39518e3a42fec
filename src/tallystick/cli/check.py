"""`tally check`: every mistake at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tallystick.cli.console import counted, out, show_diagnostics
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.compilation import check, load
from tallystick.diagnostics.catalogue import severity
from tallystick.diagnostics.diagnostic import Diagnostic, Severity
from tallystick.diagnostics.to_json import to_json


def check_files(files: Sequence[Path], *, as_json: bool) -> int:
    """Check each file. Exit code: 0 clean, 1 mistakes, 2 a file could not be read."""
    found: list[Diagnostic] = []
    unreadable = False
    for file in files:
        source, problems = load(file)
        unreadable = unreadable or source is None
        found.extend(check(source)[1] if source else problems)
    if as_json:
        out.file.write(json.dumps([to_json(item) for item in found], indent=2, ensure_ascii=False) + "\n")
    else:
        show_diagnostics(found)
        out.print(_summary(found, len(files)))
    return COULD_NOT_RUN if unreadable else FOUND if found else KEPT


def _summary(found: Sequence[Diagnostic], files: int) -> str:
    errors = sum(severity(item) is Severity.ERROR for item in found)
    checked = f"{counted(files, 'file')} checked"
    if not found:
        return f"{checked}: no mistakes."
    return f"{checked}: {counted(errors, 'error')}, {counted(len(found) - errors, 'warning')}."
