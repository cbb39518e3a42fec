"""`tally check`: every mistake at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.clean import is_clean, remember_clean
from tallystick.cli.console import counted, out, show_diagnostics
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.diagnostics.diagnostic import Diagnostic, Severity
from tallystick.sources import load

if TYPE_CHECKING:
    from tallystick.compilation import Checked
    from tallystick.source import Source


def check_files(files: Sequence[Path], *, as_json: bool, strict: bool) -> int:
    """Check each file. Exit code: 0 no errors (if `strict`, no warnings either), 1 some, 2 a file could not be read."""
    found: list[Diagnostic] = []
    libraries: dict[Path, Checked] = {}
    unreadable = False
    for file in files:
        source, problems = load(file)
        unreadable = unreadable or source is None
        found.extend(problems)
        if source is None or is_clean(source):
            continue
        checked = _examined(source)
        found.extend(checked.diagnostics)
        if checked.library:
            libraries[file] = checked
        elif not checked.diagnostics:
            remember_clean(source)
    if as_json:
        from tallystick.diagnostics.to_json import to_json

        out.file.write(json.dumps([to_json(item) for item in found], indent=2, ensure_ascii=False) + "\n")
    else:
        show_diagnostics(found)
        for file, checked in libraries.items():
            _show_library(file, checked)
        out.print(_summary(found, len(files)))
    wrong = bool(found) and (strict or _errors(found) > 0)
    return COULD_NOT_RUN if unreadable else FOUND if wrong else KEPT


def _examined(source: Source) -> Checked:
    from tallystick.compilation import examine

    return examine(source)


def _show_library(file: Path, checked: Checked) -> None:
    """What a clause library asks of those who use it."""
    from tallystick.syntax.tree import OpenParamNode

    required = [param for param in checked.params if param.default is None and not isinstance(param, OpenParamNode)]
    needs = ", ".join(f"{param.name.text} ({param.type.text})" for param in required) or "nothing"
    out.print(f"{file} is a clause library. It requires: {needs}.", soft_wrap=True)
    for param in checked.params:
        if param not in required:
            value = param.default.span.text if param.default else "optional"
            out.print(f"  {param.name.text} ({param.type.text}): {value}", soft_wrap=True)


def _errors(found: Sequence[Diagnostic]) -> int:
    from tallystick.diagnostics.catalogue import severity

    return sum(severity(item) is Severity.ERROR for item in found)


def _summary(found: Sequence[Diagnostic], files: int) -> str:
    checked = f"{counted(files, 'file')} checked"
    if not found:
        return f"{checked}: no mistakes."
    errors = _errors(found)
    return f"{checked}: {counted(errors, 'error')}, {counted(len(found) - errors, 'warning')}."
