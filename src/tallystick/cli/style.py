"""`tally style`: a copy of a shipped house style, for a firm to change."""

from __future__ import annotations

from pathlib import Path

from tallystick.cli.console import fail, out
from tallystick.cli.main import COULD_NOT_RUN, KEPT
from tallystick.document.house_style import SETTINGS, StyleRefused, files_of, shipped_style, shipped_styles

_RULES = "house.css"


def copy_style(name: str | None, folder: Path | None, *, whole: bool) -> int:
    """List the shipped styles, or copy one into a new folder. Exit code: 0 done, 2 no such style, or the folder exists."""
    if name is None or folder is None:
        for each in shipped_styles():
            out.print(each)
        return KEPT if name is None else _refused(f"Say where to: tally style {name} FOLDER")
    try:
        files = files_of(shipped_style(name))
    except StyleRefused as reason:
        return _refused(str(reason))
    if folder.exists():
        return _refused(f"{folder} exists already; choose another name.")
    kept = files if whole else {each: files[each] for each in (SETTINGS, _RULES)}
    try:
        for each, content in kept.items():
            path = folder / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        return _refused(f"{error.filename or folder} cannot be written: {error.strerror}.")
    out.print(f"Made {folder} from the house style {name}. Change {SETTINGS} and {_RULES}, then:")
    out.print(f"  tally build agreement.msa --style {folder}")
    return KEPT


def _refused(reason: str) -> int:
    fail(reason)
    return COULD_NOT_RUN
